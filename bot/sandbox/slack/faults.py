"""What may go wrong with calls of Slack, as data: the fault of a single call, or a condition of the whole service."""

from dataclasses import dataclass
from typing import Literal

Condition = Literal["well", "limited", "late", "failing"]

LIMIT_SECONDS = 1
"""The Retry-After of a rate-limited Slack; its documented limit is about one message a second."""
LATE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class CallFault:
    """How one call fails.

    =============  ==================================================================================
    `error`        Slack's error code; None for a call that is only delayed
    `status`       the HTTP status: 429 comes with `retry_after`, 5xx with a page of HTML,
                   0 closes the connection without an answer
    `retry_after`  seconds in the Retry-After header
    `delay`        seconds before anything else happens
    =============  ==================================================================================
    """

    error: str | None
    status: int = 200
    retry_after: int | None = None
    delay: float = 0


class Service:
    """The condition of the whole service; it may be set at any time.

    ==========  ============================================================================================
    `well`      calls succeed
    `limited`   each call of a method is refused with 429 at first, and succeeds after its Retry-After
    `late`      each call takes two seconds longer
    `failing`   each call gets a 503
    ==========  ============================================================================================
    """

    def __init__(self) -> None:
        self.condition: Condition = "well"
        self.late_s = LATE_SECONDS
        self._limited_until: dict[str, float] = {}

    def fault(self, method: str, now: float) -> CallFault | None:
        """The fault of a call of `method` at `now` (in seconds of any clock), if there is one."""
        match self.condition:
            case "late":
                return CallFault(None, delay=self.late_s)
            case "failing":
                return CallFault("internal_error", status=503)
            case "limited":
                return self._limited(method, now)
            case _:
                return None

    def _limited(self, method: str, now: float) -> CallFault | None:
        if now >= self._limited_until.get(method, float("inf")):
            del self._limited_until[method]
            return None
        self._limited_until.setdefault(method, now + LIMIT_SECONDS)
        return CallFault("ratelimited", status=429, retry_after=LIMIT_SECONDS)
