"""The use case: one task id in, one Snapshot out.

The detail call comes first; the list and history calls then run beside each other and are waited for at most
``EXTRA_WAIT_S`` more, because a card without them is still right. Targets need the detail call only. Look-ups of
the same task that overlap share one set of calls. A few recent details are kept for paging through a modal, which
says as of when they are.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from bot.coc.client import CocClient, Fetched
from bot.coc.errors import CocError
from bot.coc.models import Run, Task, TaskSummary
from bot.coc.parameters import Parameters, decode_parameters
from bot.coc.snapshot import Missing, Snapshot
from bot.coc.targets import Targets, decode_targets

T = TypeVar("T")

EXTRA_WAIT_S = 1.5
"""How much longer than the detail call a card may take for what only the list and history calls know."""

HISTORY_WAIT_S = 5.0
"""How long COC may take for the runs where it is the runs that somebody wants to see."""

KEPT = 32
"""How many recent details are kept. A full task of 999 machines is about 1 MB."""

KEPT_MACHINES = 50_000
"""How many machines the kept details may have together, unless the newest alone has more.

The vendor's limit of 999 for each never comes to so many. The garbage collector walks over all of them from time to
time, in which everything waits: some 3 ms for every 10,000.
"""

OFF_LOOP_BYTES = 256 * 1024
"""Answers larger than this are decoded in a thread: 1 MB of targets takes tens of milliseconds."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The detail call's answer. ``asked`` and ``came`` are readings of the monotonic clock, in seconds."""

    task_id: str
    detail: Fetched[Task]
    asked: float
    came: float
    as_of: datetime


class _Flights(Generic[T]):
    """What is under way, by task: whoever comes meanwhile gets the same answer."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.Task[T]] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def join(self, task_id: str, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What is under way for this task, else what ``start`` begins."""
        flight = self._open.get(task_id)
        if flight is None:
            flight = asyncio.create_task(start(), name=f"lookup {task_id}")
            self._open[task_id] = flight
            flight.add_done_callback(lambda done: self._landed(task_id, done))
        # Shielded: one person's cancelled wait must not cancel the answer for the others.
        return await asyncio.shield(flight)

    def _landed(self, task_id: str, flight: asyncio.Task[T]) -> None:
        self._open.pop(task_id, None)
        if not flight.cancelled():
            flight.exception()  # seen, also where everybody has given up waiting


class Lookup:
    """Asks COC for a task. One instance per process, used from one event loop."""

    def __init__(
        self,
        coc: CocClient,
        *,
        now: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._coc = coc
        self._now = now
        self._monotonic = monotonic
        self._answers = _Flights[_Answer]()
        self._details = _Flights[Snapshot]()
        self._snapshots = _Flights[Snapshot]()
        self._recent: OrderedDict[str, tuple[float, Snapshot]] = OrderedDict()

    async def snapshot(self, task_id: str) -> Snapshot:
        """The task now. Raises CocError."""
        return await self._snapshots.join(task_id, lambda: self._whole(task_id))

    async def targets(self, task_id: str, *, max_age_s: float = 0.0) -> Snapshot:
        """The task now, or as of at most ``max_age_s`` seconds ago, as the detail call tells it. Raises CocError."""
        kept = self.kept(task_id, max_age_s)
        return kept if kept is not None else await self._detail(await self._answer(task_id))

    def kept(self, task_id: str, max_age_s: float) -> Snapshot | None:
        """What ``targets`` gives without asking COC; None where nothing in hand is young enough."""
        kept = self._recent.get(task_id)
        return kept[1] if kept is not None and self._monotonic() - kept[0] < max_age_s else None

    async def history(self, task_id: str) -> Snapshot:
        """The task now, with its runs also where COC needs longer for them than a card waits. Raises CocError."""
        snapshot = await self.snapshot(task_id)
        if not isinstance(snapshot.runs, Missing) or snapshot.runs.reason != "timed out":
            return snapshot
        as_of = self._now()
        return replace(snapshot, runs=await self._runs(task_id, HISTORY_WAIT_S), as_of=as_of)

    async def _answer(self, task_id: str) -> "_Answer":
        """COC's detail of the task, not yet decoded."""

        async def ask() -> _Answer:
            began = self._monotonic()
            detail = await self._coc.task(task_id)
            return _Answer(task_id, detail, began, self._monotonic(), self._now())

        return await self._answers.join(task_id, ask)

    async def _detail(self, answer: "_Answer") -> Snapshot:
        """What the detail call alone tells, decoded; kept."""

        async def decode() -> Snapshot:
            targets, parameters = await _decoded(answer.detail)
            found = Snapshot(
                task_id=answer.task_id,
                task=answer.detail.value,
                targets=targets,
                parameters=parameters,
                summary=Missing("not asked"),
                runs=Missing("not asked"),
                as_of=answer.as_of,
                elapsed_s=answer.came - answer.asked,
                request_id=answer.detail.request_id,
            )
            # Its age counts from when COC was asked, however long that and decoding took.
            self._recent[answer.task_id] = (answer.asked, found)
            self._recent.move_to_end(answer.task_id)
            self._forget()
            return found

        return await self._details.join(answer.task_id, decode)

    def _forget(self) -> None:
        """Let the oldest details go until those that stay are within both bounds."""
        machines = sum(len(found.targets.machines) for _, found in self._recent.values())
        while len(self._recent) > KEPT or (machines > KEPT_MACHINES and len(self._recent) > 1):
            _, (_, oldest) = self._recent.popitem(last=False)
            machines -= len(oldest.targets.machines)

    async def _whole(self, task_id: str) -> Snapshot:
        answer = await self._answer(task_id)
        extras = asyncio.gather(
            self._summary(task_id, answer.detail.value.enterprise_project_id), self._runs(task_id)
        )
        try:
            found = await self._detail(answer)
        except BaseException:
            extras.cancel()
            raise
        summary, runs = await extras
        return replace(found, summary=summary, runs=runs, elapsed_s=self._monotonic() - answer.asked)

    async def _summary(self, task_id: str, enterprise_project_id: str | None) -> TaskSummary | Missing:
        try:
            async with asyncio.timeout(EXTRA_WAIT_S):
                found = await self._coc.summary(task_id, enterprise_project_id)
        except CocError as error:
            return Missing.because(error)
        except TimeoutError:
            return Missing("timed out")
        return found.value if found.value is not None else Missing("not listed", request_id=found.request_id)

    async def _runs(self, task_id: str, wait_s: float = EXTRA_WAIT_S) -> tuple[Run, ...] | Missing:
        try:
            async with asyncio.timeout(wait_s):
                return (await self._coc.runs(task_id)).value
        except CocError as error:
            return Missing.because(error)
        except TimeoutError:
            return Missing("timed out")


async def _decoded(detail: Fetched[Task]) -> tuple[Targets, Parameters]:
    def both() -> tuple[Targets, Parameters]:
        return decode_targets(detail.value.target_instances), decode_parameters(detail.value.input_param)

    return await asyncio.to_thread(both) if detail.size > OFF_LOOP_BYTES else both()
