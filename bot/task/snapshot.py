"""What is known of one task at one moment: up to three calls' answers, decoded, with what is missing and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from bot.coc.wire import Run, Task, TaskSummary, digest
from bot.errors import CocError, Forbidden, TimedOut
from bot.task.parameters import Parameters, decode_parameters
from bot.task.targets import Targets, decode_targets


@dataclass(frozen=True, slots=True)
class Detail:
    """The detail call's answer, decoded. ``task`` is without the strings that were decoded: they can be megabytes."""

    task: Task
    targets: Targets
    parameters: Parameters
    digest: str

    @classmethod
    def of(cls, task: Task) -> Self:
        """Decode a task as it came. Takes tens of milliseconds for each megabyte."""
        return cls(
            task=task.model_copy(update={"input_param": None, "target_instances": None}),
            targets=decode_targets(task.target_instances),
            parameters=decode_parameters(task.input_param),
            digest=digest(task),
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of the picture that could not be had. The rest is shown without it, and this is said."""

    reason: Literal["no permission", "timed out", "failed", "not listed", "not asked"]
    permission: str | None = None
    """What to grant, e.g. ``coc:schedule:list``, where that is the reason."""
    request_id: str | None = None

    @classmethod
    def because(cls, error: CocError) -> "Missing":
        """The reason that an error gives."""
        if isinstance(error, Forbidden):
            return cls("no permission", permission=error.permission, request_id=error.request_id)
        if isinstance(error, TimedOut):
            return cls("timed out", request_id=error.request_id)
        return cls("failed", request_id=error.request_id)


@dataclass(frozen=True, slots=True)
class Stale:
    """Why an answer of before is shown: COC failed now with ``error``. It is ``age_s`` seconds old.

    ``reference`` is that of the click that is answered with it.
    """

    error: CocError
    age_s: float
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One task as COC told it at ``as_of`` (UTC). ``elapsed_s`` is how long COC took, all calls together.

    ``reused_s`` is for an answer to somebody else's click, given again: how many seconds ago COC was asked for it.
    """

    task_id: str
    task: Task
    targets: Targets
    parameters: Parameters
    summary: TaskSummary | Missing
    runs: tuple[Run, ...] | Missing
    as_of: datetime
    elapsed_s: float
    request_id: str | None = None
    reused_s: float | None = None
    stale: Stale | None = None
    digest: str = ""
    """A short hash of the whole task as it came; ``""`` says nothing."""
