"""The use case: one task id in, one Snapshot out.

The detail call comes first; the list and history calls then run beside each other and are waited for at most
``EXTRA_WAIT_S`` more, because a card without them is still right. Look-ups of the same task that overlap share
one set of calls. A few recent snapshots are kept for paging through a modal, which says as of when they are.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bot.coc.client import CocClient, Fetched
from bot.coc.errors import CocError
from bot.coc.models import Run, Task, TaskSummary
from bot.coc.parameters import Parameters, decode_parameters
from bot.coc.snapshot import Missing, Snapshot
from bot.coc.targets import Targets, decode_targets

EXTRA_WAIT_S = 1.5
"""How much longer than the detail call a card may take for what only the list and history calls know."""

HISTORY_WAIT_S = 5.0
"""How long COC may take for the runs where it is the runs that somebody wants to see."""

KEPT = 32
"""How many recent snapshots are kept. A full task of 999 machines is about 1 MB."""

OFF_LOOP_BYTES = 256 * 1024
"""Answers larger than this are decoded in a thread: 1 MB of targets takes tens of milliseconds."""


def _now() -> datetime:
    return datetime.now(UTC)


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
        self._flights: dict[str, asyncio.Task[Snapshot]] = {}
        self._recent: OrderedDict[str, tuple[float, Snapshot]] = OrderedDict()

    async def snapshot(self, task_id: str, *, max_age_s: float = 0.0) -> Snapshot:
        """The task now, or as of at most ``max_age_s`` seconds ago. Raises CocError."""
        kept = self.kept(task_id, max_age_s)
        if kept is not None:
            return kept
        flight = self._flights.get(task_id)
        if flight is None:
            flight = asyncio.create_task(self._fetch(task_id), name=f"lookup {task_id}")
            self._flights[task_id] = flight
            flight.add_done_callback(lambda done: self._landed(task_id, done))
        # Shielded: one person's cancelled wait must not cancel the answer for the others.
        return await asyncio.shield(flight)

    def kept(self, task_id: str, max_age_s: float) -> Snapshot | None:
        """What is in hand of a task, if it is younger than ``max_age_s`` seconds."""
        kept = self._recent.get(task_id)
        return kept[1] if kept is not None and self._monotonic() - kept[0] < max_age_s else None

    async def history(self, task_id: str) -> Snapshot:
        """The task now, with its runs also where COC needs longer for them than a card waits. Raises CocError."""
        snapshot = await self.snapshot(task_id)
        if not isinstance(snapshot.runs, Missing) or snapshot.runs.reason != "timed out":
            return snapshot
        as_of = self._now()
        return replace(snapshot, runs=await self._runs(task_id, HISTORY_WAIT_S), as_of=as_of)

    def _landed(self, task_id: str, flight: asyncio.Task[Snapshot]) -> None:
        self._flights.pop(task_id, None)
        if flight.cancelled() or flight.exception() is not None:
            return
        snapshot = flight.result()
        # Its age counts from when COC was asked, not from when the slowest of the three calls was done.
        self._recent[task_id] = (self._monotonic() - snapshot.elapsed_s, snapshot)
        self._recent.move_to_end(task_id)
        while len(self._recent) > KEPT:
            self._recent.popitem(last=False)

    async def _fetch(self, task_id: str) -> Snapshot:
        began = self._monotonic()
        detail = await self._coc.task(task_id)
        task = detail.value
        as_of = self._now()
        extras = asyncio.gather(self._summary(task_id, task.enterprise_project_id), self._runs(task_id))
        try:
            targets, parameters = await _decoded(detail)
        except BaseException:
            extras.cancel()
            raise
        summary, runs = await extras
        return Snapshot(
            task_id=task_id,
            task=task,
            targets=targets,
            parameters=parameters,
            summary=summary,
            runs=runs,
            as_of=as_of,
            elapsed_s=self._monotonic() - began,
            request_id=detail.request_id,
        )

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
