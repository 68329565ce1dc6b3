"""The use case: one task id in, one Snapshot out.

The list and history calls get only a little longer than the detail call, because a card without them is still
right. While COC is healthy all three run concurrently, if the task's enterprise project is known or can be guessed;
otherwise the detail call comes first. Targets need the detail call only.

Overlapping look-ups of the same task share one set of calls. A moment after one person's look-up another person gets
the same answer, marked as such. Where COC fails with a transient error, the last good answer stands in for a while,
marked with its age and the error. A few recent details are cached for paging through a modal.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal, TypeVar

from bot.coc.client import CocClient
from bot.errors import CocError, Forbidden, ForeignTask, TaskNotFound, TimedOut
from bot.lookup.cache import Entry, SnapshotCache
from bot.lookup.projects import Projects
from bot.lookup.single_flight import SingleFlight
from bot.redact import Redactor
from bot.task.assemble import read_detail, read_run, read_summary
from bot.task.snapshot import Missing, Snapshot, Stale
from bot.task.task import Listing, Run, Task
from bot.timings import TIMINGS, LookupTimings

T = TypeVar("T")

Source = Literal["joined", "reused", "stale"]
"""Where an answer came from, if not from a COC call of its own: a call in flight, another person's, the cache."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a look-up may take, and how old an answer may be. In seconds.

    ``deadline_s`` bounds one look-up with all its calls; None leaves it to the deadlines of the calls. ``share_s``
    is the age up to which another person gets the same answer. ``stale_s`` is the age up to which an answer may
    stand in for one that COC fails to give.
    """

    deadline_s: float | None = None
    share_s: float = 0.0
    stale_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Requester:
    """The person who asks. Nobody gets the same shared answer twice.

    ``newer_than`` is the as-of time of the card on screen: only a newer cached answer may replace it. ``waited_s``
    is how long the person has waited already; it counts towards the deadline.
    """

    user: str = ""
    newer_than: datetime | None = None
    waited_s: float = 0.0


ANONYMOUS = Requester()
"""Never gets an answer that somebody else asked for."""


class Lookup:
    """Asks COC for a task. One instance per process, used from one event loop.

    ``observe`` gets the source of each answer that cost no COC call of its own.
    """

    def __init__(
        self,
        coc: CocClient,
        redactor: Redactor,
        *,
        policy: Policy = Policy(),
        timings: LookupTimings = TIMINGS.lookup,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        observe: Callable[[Source], None] = lambda _source: None,
    ) -> None:
        self._coc = coc
        self._redactor = redactor
        self._policy = policy
        self._timings = timings
        self._now = now
        self._monotonic = monotonic
        self._observe = observe
        self._detail_calls = SingleFlight(self._fetch_detail)
        self._detail_cache = SnapshotCache(monotonic)
        self._card_calls = SingleFlight(self._fetch_card)
        self._card_cache = SnapshotCache(monotonic)
        self._projects = Projects()
        self._is_coc_healthy = False

    async def snapshot(self, task_id: str, requester: Requester = ANONYMOUS) -> Snapshot:
        """The task now or, as the policy allows, from the cache. Raises CocError."""
        return await self._serve(task_id, requester, self._card_cache, self._card_calls)

    async def targets(self, task_id: str, *, max_age_s: float = 0.0, requester: Requester = ANONYMOUS) -> Snapshot:
        """Like ``snapshot``, from the detail call only; a cached one younger than ``max_age_s`` will do."""
        cached = self.cached(task_id, max_age_s)
        if cached is not None:
            return cached
        return await self._serve(task_id, requester, self._detail_cache, self._detail_calls)

    def cached(self, task_id: str, max_age_s: float) -> Snapshot | None:
        """What ``targets`` returns without asking COC; None where the cache has nothing young enough."""
        entry = self._detail_cache.get(task_id, max_age_s)
        return entry.snapshot if entry is not None else None

    async def history(self, task_id: str, requester: Requester = ANONYMOUS) -> Snapshot:
        """The task now, with its runs even where COC needs longer for them than a card waits. Raises CocError."""
        began = self._monotonic() - requester.waited_s
        snapshot = await self.snapshot(task_id, requester)
        is_late = isinstance(snapshot.runs, Missing) and snapshot.runs.reason == "timed out"
        if not is_late or snapshot.stale is not None:
            return snapshot
        as_of = self._now()
        runs = await _within(self._time_left(began, self._timings.history_wait_s), self._fetch_runs(task_id))
        return replace(snapshot, runs=runs, as_of=as_of)

    async def _serve(
        self, task_id: str, requester: Requester, cache: SnapshotCache, calls: SingleFlight[Entry]
    ) -> Snapshot:
        """Another person's answer of a moment ago, else a new one, else a stale one."""
        entry = cache.get(task_id, self._policy.share_s)
        if entry is not None and _may_share(entry, requester):
            entry.served_to.add(requester.user)
            self._observe("reused")
            return replace(entry.snapshot, reused_s=cache.age_s(entry))
        if task_id in calls:
            self._observe("joined")
        try:
            entry = await self._before_deadline(calls.join(task_id), requester.waited_s)
        except CocError as error:
            if isinstance(error, TaskNotFound | ForeignTask | Forbidden):
                self._detail_cache.remove(task_id)
                self._card_cache.remove(task_id)
            stale = cache.get(task_id, self._policy.stale_s) if error.transient else None
            if stale is None or not _is_newer(stale, requester):
                raise
            self._observe("stale")
            return replace(stale.snapshot, stale=Stale(error, cache.age_s(stale)))
        entry.served_to.add(requester.user)
        return entry.snapshot

    async def _before_deadline(self, fetching: Awaitable[Entry], waited_s: float) -> Entry:
        limit_s = self._policy.deadline_s and self._policy.deadline_s - waited_s
        try:
            async with asyncio.timeout(limit_s):
                return await fetching
        except TimeoutError as error:
            raise TimedOut(f"look-up deadline: not done within {limit_s} s") from error

    async def _fetch_card(self, task_id: str) -> Entry:
        """The detail with the answers of the list and history calls, which start early where the project is known."""
        guess = self._projects.guess(task_id) if self._is_coc_healthy else None
        summary = runs = None
        if guess is not None:
            summary = asyncio.create_task(self._fetch_summary(task_id, guess))
            runs = asyncio.create_task(self._fetch_runs(task_id))
        try:
            detail = await self._detail_calls.join(task_id)
            project = _project(detail.snapshot.task) or ""
            if summary is not None and project != guess:
                summary.cancel()
                summary = None
            if summary is None:
                summary = asyncio.create_task(self._fetch_summary(task_id, project))
            if runs is None:
                runs = asyncio.create_task(self._fetch_runs(task_id))
            wait_s = self._time_left(detail.requested_at, self._timings.extra_wait_s)
            summary_and_runs = await asyncio.gather(_within(wait_s, summary), _within(wait_s, runs))
        finally:
            for call in (summary, runs):
                if call is not None:
                    call.cancel()
        elapsed_s = self._monotonic() - detail.requested_at
        snapshot = replace(
            detail.snapshot, summary=summary_and_runs[0], runs=summary_and_runs[1], elapsed_s=elapsed_s
        )
        # Both entries share ``served_to``: a person who has seen a part of an answer gets the next one fresh.
        entry = replace(detail, snapshot=snapshot)
        self._card_cache.put(entry)
        return entry

    async def _fetch_detail(self, task_id: str) -> Entry:
        requested_at = self._monotonic()
        try:
            fetched = await self._coc.detail(task_id, partial(read_detail, redactor=self._redactor))
        except CocError as error:
            # COC is still healthy where it answers that a task is unknown or foreign.
            self._is_coc_healthy = self._is_coc_healthy and isinstance(error, TaskNotFound | ForeignTask)
            raise
        self._is_coc_healthy = True
        detail = fetched.value
        self._projects.record(task_id, _project(detail.task))
        snapshot = Snapshot(
            task_id=task_id,
            task=detail.task,
            targets=detail.targets,
            parameters=detail.parameters,
            summary=Missing("not asked"),
            runs=Missing("not asked"),
            as_of=self._now(),
            elapsed_s=self._monotonic() - requested_at,
            request_id=fetched.request_id,
            digest=detail.digest,
            redactor=self._redactor,
        )
        entry = Entry(snapshot, requested_at, fetched.weight)
        self._detail_cache.put(entry)
        return entry

    async def _fetch_summary(self, task_id: str, project: str) -> Listing | Missing:
        try:
            fetched = await self._coc.summary(task_id, project)
        except CocError as error:
            return Missing.because(error)
        if fetched.value is None:
            return Missing("not listed", request_id=fetched.request_id)
        return read_summary(fetched.value, self._redactor)

    async def _fetch_runs(self, task_id: str) -> tuple[Run, ...] | Missing:
        try:
            runs = (await self._coc.runs(task_id)).value
        except CocError as error:
            return Missing.because(error)
        return tuple(read_run(run, self._redactor) for run in runs)

    def _time_left(self, began: float, wanted_s: float) -> float:
        """As long as wanted, but not beyond the deadline of a look-up that began then."""
        if self._policy.deadline_s is None:
            return wanted_s
        end = began + self._policy.deadline_s - self._timings.spare_s
        return max(min(wanted_s, end - self._monotonic()), 0.0)


def _project(task: Task) -> str | None:
    return task.project.raw if task.project else None


async def _within(wait_s: float, fetching: Awaitable[T]) -> T | Missing:
    try:
        async with asyncio.timeout(wait_s):
            return await fetching
    except TimeoutError:
        return Missing("timed out")


def _may_share(entry: Entry, requester: Requester) -> bool:
    return bool(requester.user) and requester.user not in entry.served_to and _is_newer(entry, requester)


def _is_newer(entry: Entry, requester: Requester) -> bool:
    """Whether the entry may replace the card on screen. A card carries its as-of time in whole seconds."""
    if requester.newer_than is None:
        return True
    return int(entry.snapshot.as_of.timestamp()) > int(requester.newer_than.timestamp())
