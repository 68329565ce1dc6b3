"""All that is known of a task at one moment, including what is missing and why."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.errors import CocError, Forbidden, TimedOut
from bot.redact import Redactor
from bot.task.parameters import Parameters
from bot.task.targets import Targets
from bot.task.task import Listing, Run, Task


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that COC did not send. The card shows the rest and says so."""

    reason: Literal["no permission", "timed out", "failed", "not listed", "not asked"]
    permission: str | None = None
    """The permission to grant, e.g. ``coc:schedule:list``, where that is the reason."""
    request_id: str | None = None

    @classmethod
    def because(cls, error: CocError) -> "Missing":
        """The reason, taken from an error."""
        if isinstance(error, Forbidden):
            return cls("no permission", permission=error.permission, request_id=error.request_id)
        if isinstance(error, TimedOut):
            return cls("timed out", request_id=error.request_id)
        return cls("failed", request_id=error.request_id)


@dataclass(frozen=True, slots=True)
class Stale:
    """Why an older answer is shown: COC failed now with ``error``. The answer is ``age_s`` seconds old.

    ``reference`` belongs to the click that gets this answer.
    """

    error: CocError
    age_s: float
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One task at ``as_of`` (UTC). ``elapsed_s`` is how long COC took, all calls together.

    ``reused_s`` is set on an answer that was fetched for another click, so many seconds ago.
    """

    task_id: str
    task: Task
    targets: Targets
    parameters: Parameters
    summary: Listing | Missing
    runs: tuple[Run, ...] | Missing
    as_of: datetime
    elapsed_s: float
    redactor: Redactor = field(repr=False, compare=False)
    request_id: str | None = None
    reused_s: float | None = None
    stale: Stale | None = None
    digest: str = ""
    """A short hash of the whole task as COC sent it; ``""`` where there is none."""
