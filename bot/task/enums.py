"""COC's enumerations. Sources spell the words differently, and the service may add new ones."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.redact import Redactor
from bot.redact.untrusted import Untrusted

Words = TypeVar("Words", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A word that no document names."""

    word: Untrusted

    @property
    def normalized(self) -> Untrusted:
        """The word in the spelling of known words."""
        return Untrusted(normalized(self.word.raw), self.word.redactor)


class ApprovalStatus(StrEnum):
    """``approve_status``. PASSED also stands where nothing had to be approved."""

    PASSED = "PASSED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"


class Kind(StrEnum):
    """``task_type``: what a task executes. People call a runbook a job."""

    SCRIPT = "SCRIPT"
    RUNBOOK = "RUNBOOK"


class Origin(StrEnum):
    """``associated_task_type``: whose script or job it is. COMMUNAL is public."""

    CUSTOMIZATION = "CUSTOMIZATION"
    COMMUNAL = "COMMUNAL"


class Risk(StrEnum):
    """``risk_level``: as the author of the task chose it."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Selection(StrEnum):
    """``target_selection``: listed machines, all that match when it runs, or no machines."""

    MANUAL = "MANUAL"
    ALL = "ALL"
    NONE = "NONE"


class ResourceKind(StrEnum):
    """What an ALL selection chooses from."""

    REGION = "REGION"
    APPLICATION = "APPLICATION"


class Rotation(StrEnum):
    """What follows a batch: the next one, or a pause for a person."""

    CONTINUE = "CONTINUE"
    PAUSE = "PAUSE"


class AgentState(StrEnum):
    """The state of a machine's agent when the task was saved."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    INSTALLING = "INSTALLING"
    FAILED = "FAILED"
    UNINSTALLED = "UNINSTALLED"


class RecipientKind(StrEnum):
    """``notification_endpoint_type``."""

    ONCALL = "ONCALL"
    USER = "USER"


class Event(StrEnum):
    """``policy`` of a notification."""

    START_EXECUTION = "START_EXECUTION"
    EXECUTION_FAILED = "EXECUTION_FAILED"
    EXECUTION_SUCCEEDED = "EXECUTION_SUCCEEDED"


class Channel(StrEnum):
    """``protocol`` of a notification."""

    DEFAULT = "DEFAULT"
    NONE = "NONE"
    SMS = "SMS"
    EMAIL = "EMAIL"
    DINGTALK = "DINGTALK"
    LARK = "LARK"
    CALLNOTIFY = "CALLNOTIFY"
    WECHAT = "WECHAT"
    WELINK = "WELINK"


_ALIASES = {"ON_CALL": "ONCALL", "DINGDING": "DINGTALK", "CANCELLED": "CANCELED"}


def normalized(word: str) -> str:
    """The spelling that enumerations use: upper case, ``_`` for blanks and hyphens, one word for synonyms."""
    text = word.strip().upper().replace("-", "_").replace(" ", "_")
    return _ALIASES.get(text, text)


def known(words: type[Words], text: str | None, redactor: Redactor) -> Words | Unknown | None:
    """The member that ``text`` names, or ``Unknown`` with the word as it came; None where it is absent."""
    if text is None:
        return None
    try:
        return words(normalized(text))
    except ValueError:
        return Unknown(Untrusted(text, redactor))
