"""The use case: one task id in, one Snapshot out.

The list and history calls are waited for only a little longer than the detail call, because a card without
them is still right. While COC is well all three run beside each other, where it is known or likely in which project
the task is listed; otherwise the detail call comes first. Targets need the detail call only.

Look-ups of the same task that overlap share one set of calls. Who asks a moment after somebody else gets that
answer, which says so. Where COC fails in a way that tells nothing about the task, the last good answer is given for
a while, marked with its age and the error. A few recent details are kept for paging through a modal.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeVar

from bot.coc.client import CocClient
from bot.coc.wire import Run, TaskSummary
from bot.errors import CocError, Forbidden, ForeignTask, TaskNotFound, TimedOut
from bot.lookup.cache import Entry, Recent
from bot.lookup.projects import Projects
from bot.lookup.single_flight import Flights
from bot.task.snapshot import Detail, Missing, Snapshot, Stale
from bot.timings import TIMINGS, LookupTimings

T = TypeVar("T")

How = Literal["joined", "reused", "stale"]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long somebody waits, and how old an answer may be. In seconds.

    ``deadline_s`` is for one look-up with all its calls, None for those of the calls alone; ``share_s`` is how long
    after COC was asked other people get the same answer; ``stale_s`` how old an answer may be that stands in for one
    that COC fails to give.
    """

    deadline_s: float | None = None
    share_s: float = 0.0
    stale_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants to know: nobody gets the same answer twice from memory.

    ``newer_than`` is as of when what they see now is: nothing from memory replaces it that is not newer.
    ``waited_s`` is how long they have waited already: their deadline is so much nearer.
    """

    user: str = ""
    newer_than: datetime | None = None
    waited_s: float = 0.0


NOBODY = Asker()
"""Gets nothing that was asked for by somebody else."""


class Lookup:
    """Asks COC for a task. One instance per process, used from one event loop.

    ``tell`` is told of each answer that cost no call of its own: "joined" one under way, "reused" that of a moment
    ago, "stale" where COC failed.
    """

    def __init__(
        self,
        coc: CocClient,
        *,
        limits: Limits = Limits(),
        timings: LookupTimings = TIMINGS.lookup,
        now: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
        tell: Callable[[How], None] = lambda _how: None,
    ) -> None:
        self._coc = coc
        self._limits = limits
        self._timings = timings
        self._now = now
        self._monotonic = monotonic
        self._tell = tell
        self._details = Flights[Entry]()
        self._snapshots = Flights[Entry]()
        self._recent = Recent(monotonic)
        self._recent_whole = Recent(monotonic)
        self._projects = Projects()
        self._well = False

    async def snapshot(self, task_id: str, asker: Asker = NOBODY) -> Snapshot:
        """The task now; or as Limits allow: as somebody else was told it, or as it was. Raises CocError."""
        return await self._given(self._recent_whole, task_id, asker, self._shared_whole)

    async def targets(self, task_id: str, *, max_age_s: float = 0.0, asker: Asker = NOBODY) -> Snapshot:
        """The same as the detail call alone tells it; also what is at most ``max_age_s`` seconds old."""
        kept = self.kept(task_id, max_age_s)
        if kept is not None:
            return kept
        return await self._given(self._recent, task_id, asker, self._shared_detail)

    def kept(self, task_id: str, max_age_s: float) -> Snapshot | None:
        """What ``targets`` gives without asking COC; None where nothing in hand is young enough."""
        kept = self._recent.get(task_id, max_age_s)
        return kept.snapshot if kept is not None else None

    async def history(self, task_id: str, asker: Asker = NOBODY) -> Snapshot:
        """The task now, with its runs also where COC needs longer for them than a card waits. Raises CocError."""
        began = self._monotonic() - asker.waited_s
        snapshot = await self.snapshot(task_id, asker)
        late = isinstance(snapshot.runs, Missing) and snapshot.runs.reason == "timed out"
        if not late or snapshot.stale is not None:
            return snapshot
        as_of = self._now()
        runs = await _within(self._left(began, self._timings.history_wait_s), self._runs(task_id))
        return replace(snapshot, runs=runs, as_of=as_of)

    async def _given(
        self, recent: Recent, task_id: str, asker: Asker, ask: Callable[[str], Awaitable[Entry]]
    ) -> Snapshot:
        """What somebody gets: the answer of a moment ago to somebody else, a new one, or in need an old one."""
        entry = recent.get(task_id, self._limits.share_s)
        if entry is not None and _may_share(entry, asker):
            entry.told.add(asker.user)
            self._tell("reused")
            return replace(entry.snapshot, reused_s=recent.age_s(entry))
        try:
            entry = await self._in_time(ask(task_id), asker.waited_s)
        except CocError as error:
            if isinstance(error, TaskNotFound | ForeignTask | Forbidden):
                self._recent.drop(task_id)
                self._recent_whole.drop(task_id)
            old = recent.get(task_id, self._limits.stale_s) if error.passing else None
            if old is None or not _newer(old, asker):
                raise
            self._tell("stale")
            return replace(old.snapshot, stale=Stale(error, recent.age_s(old)))
        entry.told.add(asker.user)
        return entry.snapshot

    async def _in_time(self, asking: Awaitable[Entry], waited_s: float) -> Entry:
        limit_s = self._limits.deadline_s and self._limits.deadline_s - waited_s
        try:
            async with asyncio.timeout(limit_s):
                return await asking
        except TimeoutError as error:
            raise TimedOut(f"look-up deadline: not done within {limit_s} s") from error

    async def _shared_whole(self, task_id: str) -> Entry:
        if task_id in self._snapshots:
            self._tell("joined")
        return await self._snapshots.join(task_id, lambda: self._whole(task_id))

    async def _shared_detail(self, task_id: str) -> Entry:
        if task_id in self._details:
            self._tell("joined")
        return await self._detail(task_id)

    async def _detail(self, task_id: str) -> Entry:
        """What the detail call alone tells, decoded; kept."""

        async def ask() -> Entry:
            asked = self._monotonic()
            try:
                fetched = await self._coc.detail(task_id, Detail.of)
            except CocError as error:
                # COC is well when it says that a task is unknown or foreign.
                self._well = self._well and isinstance(error, TaskNotFound | ForeignTask)
                raise
            self._well = True
            detail = fetched.value
            self._projects.learn(task_id, detail.task.enterprise_project_id)
            snapshot = Snapshot(
                task_id=task_id,
                task=detail.task,
                targets=detail.targets,
                parameters=detail.parameters,
                summary=Missing("not asked"),
                runs=Missing("not asked"),
                as_of=self._now(),
                elapsed_s=self._monotonic() - asked,
                request_id=fetched.request_id,
                digest=detail.digest,
            )
            # Its age counts from when COC was asked, however long the answer and decoding took.
            entry = Entry(snapshot, asked, fetched.weight)
            self._recent.keep(entry)
            return entry

        return await self._details.join(task_id, ask)

    async def _whole(self, task_id: str) -> Entry:
        early = self._begun(task_id)
        try:
            detail = await self._detail(task_id)
            project = detail.snapshot.task.enterprise_project_id
            listing = early.listing if early and early.project == project else None
            runs = early.runs if early else None
            wait_s = self._left(detail.asked, self._timings.extra_wait_s)
            summary, found_runs = await asyncio.gather(
                _within(wait_s, listing if listing is not None else self._summary(task_id, project)),
                _within(wait_s, runs if runs is not None else self._runs(task_id)),
            )
        finally:
            if early:
                early.cancel()
        elapsed_s = self._monotonic() - detail.asked
        snapshot = replace(detail.snapshot, summary=summary, runs=found_runs, elapsed_s=elapsed_s)
        # Whoever has been told a part of an answer gets the next one fresh.
        entry = Entry(snapshot, detail.asked, detail.weight, detail.told)
        self._recent_whole.keep(entry)
        return entry

    def _begun(self, task_id: str) -> "_Early | None":
        """The list and history calls, begun beside the detail call; None where they had better wait for it."""
        place = self._projects.likely(task_id) if self._well else None
        if place is None:
            return None
        listing = asyncio.create_task(self._summary(task_id, place.project))
        return _Early(place.project, listing, asyncio.create_task(self._runs(task_id)))

    def _left(self, began: float, wanted_s: float) -> float:
        """As long as wanted, or until shortly before the deadline of a look-up that began then."""
        if self._limits.deadline_s is None:
            return wanted_s
        end = began + self._limits.deadline_s - self._timings.spare_s
        return max(min(wanted_s, end - self._monotonic()), 0.0)

    async def _summary(self, task_id: str, project: str | None) -> TaskSummary | Missing:
        try:
            found = await self._coc.summary(task_id, project)
        except CocError as error:
            return Missing.because(error)
        return found.value if found.value is not None else Missing("not listed", request_id=found.request_id)

    async def _runs(self, task_id: str) -> tuple[Run, ...] | Missing:
        try:
            return (await self._coc.runs(task_id)).value
        except CocError as error:
            return Missing.because(error)


@dataclass(frozen=True, slots=True)
class _Early:
    """Calls that were begun before the detail call has answered; ``project`` is where the task was looked for."""

    project: str | None
    listing: asyncio.Task[TaskSummary | Missing]
    runs: asyncio.Task[tuple[Run, ...] | Missing]

    def cancel(self) -> None:
        """Give up what nobody waits for any more."""
        self.listing.cancel()
        self.runs.cancel()


async def _within(wait_s: float, asking: Awaitable[T]) -> T | Missing:
    try:
        async with asyncio.timeout(wait_s):
            return await asking
    except TimeoutError:
        return Missing("timed out")


def _may_share(entry: Entry, asker: Asker) -> bool:
    """Whether somebody else asked for it, and it is newer than what they see now."""
    return bool(asker.user) and asker.user not in entry.told and _newer(entry, asker)


def _newer(entry: Entry, asker: Asker) -> bool:
    """Whether it may replace what they see now; what a card carries has whole seconds."""
    if asker.newer_than is None:
        return True
    return int(entry.snapshot.as_of.timestamp()) > int(asker.newer_than.timestamp())
