"""A scheduled task in the bot's own terms: what ``bot.task.assemble`` makes of COC's answers.

Text from outside is ``Untrusted``; words of enumerations are members or ``Unknown``; None means COC did not say.
"""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel

from bot.redact.untrusted import Untrusted, UntrustedJson
from bot.schedule.trigger import Trigger
from bot.task.enums import ApprovalStatus, Channel, Event, Kind, Origin, RecipientKind, Risk, Unknown
from bot.task.verdict import Outcome, outcome_of


@dataclass(frozen=True, slots=True)
class Approval:
    """The approval of a task. ``is_required`` is False where nobody has to approve it."""

    status: ApprovalStatus | Unknown | None = None
    is_required: bool | None = None
    reviewer: Untrusted | None = None
    comment: Untrusted | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """``trigger_time`` as COC sent it, for display. Computations use ``Task.trigger``."""

    cron: Untrusted | None
    zone: Untrusted | None


@dataclass(frozen=True, slots=True)
class Notification:
    """Who is notified of which events of a run, and by which channel."""

    kind: RecipientKind | Unknown | None
    people: int
    events: tuple[Event | Unknown, ...]
    channel: Channel | Unknown | None


@dataclass(frozen=True, slots=True)
class Task:
    """The detail call's answer without targets and parameters."""

    trigger: Trigger
    name: Untrusted | None = None
    project: Untrusted | None = None
    """The id of its enterprise project."""
    kind: Kind | Unknown | None = None
    executes: Untrusted | None = None
    """The name of its script or job."""
    executes_in_english: Untrusted | None = None
    origin: Origin | Unknown | None = None
    version: Untrusted | None = None
    schedule: Schedule | None = None
    risk: Risk | Unknown | None = None
    approval: Approval = Approval()
    agency: Untrusted | None = None
    created_by: Untrusted | None = None
    notifies: bool | None = None
    notification: Notification | None = None
    unknown_keys: tuple[tuple[Untrusted, UntrustedJson], ...] = ()
    """The first few keys that no document names, with their values."""
    unknown_key_count: int = 0
    sent: BaseModel | None = field(default=None, repr=False, compare=False)
    """COC's answer without targets and parameters, for ``show --json``."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution. ``status`` is a known word in capitals; ``finished`` is None while it runs."""

    status: str | Unknown | None = None
    started: datetime | None = None
    finished: datetime | None = None
    message: Untrusted | None = None
    id: Untrusted | None = None
    created_by: Untrusted | None = None
    region: Untrusted | None = None
    sent: BaseModel | None = field(default=None, repr=False, compare=False)

    @property
    def outcome(self) -> Outcome:
        """What the status means."""
        return outcome_of(self.status if isinstance(self.status, str) else "")


@dataclass(frozen=True, slots=True)
class Listing:
    """What only the list call returns. ``last_run`` has at most a status and a start."""

    enabled: bool | None = None
    last_run: Run | None = None
    run_count: int | None = None
    created_by: Untrusted | None = None
    sent: BaseModel | None = field(default=None, repr=False, compare=False)
