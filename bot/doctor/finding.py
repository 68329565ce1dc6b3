"""A line of the doctor's report, and how far a clock is off."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.redact import Redactor
from bot.redact.untrusted import Untrusted

_REDACTOR = Redactor()


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; a bad one says what to do."""

    good: bool
    what: str


def shown(text: str, limit: int) -> str:
    """Words from outside as a finding may show them: one line without secrets, cut."""
    return Untrusted(text, _REDACTOR).shown(limit) or "–"


def skew_s(date: str | None) -> float | None:
    """How many seconds this clock is ahead of an answer's Date header; None without a usable one."""
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date or "")).total_seconds()
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return None
