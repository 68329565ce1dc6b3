"""What may go wrong on the way to Slack, as data: one call that fails, or a mood that lasts."""

from dataclasses import dataclass
from typing import Literal

Mood = Literal["well", "limited", "late", "failing"]

LIMIT_SECONDS = 1
"""What the Retry-After of a limited Slack says: about one message a second is its documented limit."""
LATE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Fault:
    """How a call is made to fail. `status` 0 cuts the connection; `delay` in seconds comes first."""

    error: str | None
    status: int = 200
    retry_after: int | None = None
    delay: float = 0


class Weather:
    """How Slack is today: `mood` may be set at any time.

    Limited means what it means at Slack: a method that was refused is taken again once its Retry-After is over.
    """

    def __init__(self) -> None:
        self.mood: Mood = "well"
        self.late_s = LATE_SECONDS
        self._open_again: dict[str, float] = {}

    def fault(self, method: str, now: float) -> Fault | None:
        """What befalls a call of `method` at `now` (seconds on any clock), if anything."""
        match self.mood:
            case "late":
                return Fault(None, delay=self.late_s)
            case "failing":
                return Fault("internal_error", status=503)
            case "limited":
                return self._limited(method, now)
            case _:
                return None

    def _limited(self, method: str, now: float) -> Fault | None:
        if now >= self._open_again.get(method, float("inf")):
            del self._open_again[method]
            return None
        self._open_again.setdefault(method, now + LIMIT_SECONDS)
        return Fault("ratelimited", status=429, retry_after=LIMIT_SECONDS)
