"""One line of the doctor's, and the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DEADLINE_S = 10.0
"""For each thing that is asked over the network."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and found; where it is not good, what to do."""

    good: bool
    what: str


def skew_s(date: str | None) -> float | None:
    """How many seconds this clock is ahead of an answer's Date header; None where that says no time."""
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date or "")).total_seconds()
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return None
