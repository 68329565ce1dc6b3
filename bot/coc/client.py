"""The query client: three calls of COC's scheduled-task API, each with deadlines and few, bounded retries.

Paths, parameters and permissions follow the vendor's OpenAPI definition of the calls.
"""

import asyncio
import importlib.metadata
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from bot import errors
from bot.coc import answers
from bot.coc.answers import Answer
from bot.coc.room import Place, Room
from bot.coc.transport import FAILURES, Deadlines, broken_answer, no_answer, open_http, read_body
from bot.coc.wire import Run, Task, TaskSummary
from bot.pacing import DECODE_MS_PER_BYTE, Pacer

__all__ = ["Call", "CocClient", "Deadlines", "Fetched"]

T = TypeVar("T")

DEADLINES = Deadlines()
"""Somebody is waiting in a chat, and has a second or two; the vendor's own client waits up to 60 s and 120 s."""

MAX_TRIES = 3
RETRY_BUDGET = 2.5
"""Seconds since the first try after which no further one starts."""

VALUE_BYTES = 200
"""What one JSON value takes in memory at most, beside its text: an unknown key with a number behind it (measured)."""

_TASK_ID = re.compile(r"ST[0-9A-Za-z]{24}")


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """What a call brought, with the cloud's id of the request and the size of the answer's body in bytes.

    ``weight`` is a bound for the bytes that the value takes in memory.
    """

    value: T
    request_id: str | None
    size: int
    weight: int


@dataclass(frozen=True, slots=True)
class Call:
    """One finished try, for logs and metrics.

    ``operation`` is task, summary or runs; ``outcome`` is "ok" or the name of the error's class; ``status`` is
    None where no answer came; ``seconds`` is how long this try took.
    """

    operation: str
    outcome: str
    status: int | None
    seconds: float
    request_id: str | None


@dataclass(frozen=True, slots=True)
class _Operation:
    name: str
    permission: str


_TASK = _Operation("task", "coc:schedule:get")
_SUMMARY = _Operation("summary", "coc:schedule:list")
_RUNS = _Operation("runs", "coc:schedule:getHistories")


class CocClient:
    """Asks COC about one scheduled task at a time, over one connection pool. Close it with ``aclose``.

    Each method raises errors of the tree in ``bot.errors`` and no others. ``observe`` gets a record of
    every finished try; ``pacer`` is the one of the process. The clocks, the sleep and the jitter (0 to 1)
    are arguments so that tests need not wait.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        auth: httpx.Auth,
        deadlines: Deadlines = DEADLINES,
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        observe: Callable[[Call], None] | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self._deadlines = deadlines
        self._monotonic = monotonic
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._observe = observe
        self._pacer = pacer or Pacer()
        self._room = Room()
        self._http = open_http(
            endpoint, auth=auth, deadlines=deadlines, user_agent=_user_agent(), transport=transport
        )

    async def task(self, task_id: str) -> Fetched[Task]:
        """The task itself: GET /v1/schedule/task/{task_id}. Needs ``coc:schedule:get``."""
        return await self.detail(task_id, lambda task: task)

    async def detail(self, task_id: str, decode: Callable[[Task], T]) -> Fetched[T]:
        """The task as ``decode`` makes it, which runs in a thread where the answer is large."""
        _check(task_id)
        return await self._fetch(
            _TASK, f"/v1/schedule/task/{task_id}", {}, lambda answer: decode(_task(task_id, answer))
        )

    async def summary(self, task_id: str, enterprise_project_id: str | None) -> Fetched[TaskSummary | None]:
        """What only the list call knows of the task; None where it lists no such task. Needs ``coc:schedule:list``.

        ``enterprise_project_id`` is the one the task itself names: without it COC looks in project "0" only.
        """
        _check(task_id)
        query = {"task_id": task_id, "limit": "10"}
        if enterprise_project_id:
            query["enterprise_project_id"] = enterprise_project_id
        return await self._fetch(_SUMMARY, "/v1/schedule/task", query, partial(_summary, task_id))

    async def runs(self, task_id: str, limit: int = 20) -> Fetched[tuple[Run, ...]]:
        """The latest runs, newest first, at most ``limit`` (1 to 100). Needs ``coc:schedule:getHistories``."""
        _check(task_id)
        query = {"task_id": task_id, "limit": str(limit), "sort_key": "started_time", "sort_dir": "desc"}
        return await self._fetch(_RUNS, "/v1/schedule/task/history", query, _runs)

    async def aclose(self) -> None:
        """Close the connections. Nothing may be asked afterwards."""
        await self._http.aclose()

    async def _fetch(
        self, operation: _Operation, path: str, query: Mapping[str, str], read: Callable[[Answer], T]
    ) -> Fetched[T]:
        started = self._monotonic()
        end = asyncio.get_running_loop().time() + self._deadlines.total
        try:
            return await self._try(operation, path, query, read, end)
        except errors.CocError as error:
            if not error.retryable:
                raise
            failed = [error]

        async def again() -> Fetched[T]:
            # tenacity counts the try that has failed already; where none fails, its half millisecond is spared.
            if failed:
                raise failed.pop()
            return await self._try(operation, path, query, read, end)

        def give_up(state: RetryCallState) -> bool:
            # Decided before the pause, so that nobody waits for a try that will not come.
            elapsed = self._monotonic() - started
            return state.attempt_number >= MAX_TRIES or elapsed + state.upcoming_sleep > RETRY_BUDGET

        tries = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, errors.CocError) and error.retryable),
            wait=self._pause,
            stop=give_up,
            sleep=self._sleep,
            reraise=True,
        )
        return await tries(again)

    def _pause(self, state: RetryCallState) -> float:
        """Seconds until the next try: what the service asked for, else a jittered, doubling backoff."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, errors.CocError) else None
        if asked is None and isinstance(error, errors.Throttled):
            asked = 1.0
        if asked is not None:
            return asked + 0.1 * self._jitter()  # those who were sent away together don't come back together
        # 0.1 to 0.3 s, then 0.2 to 0.6 s.
        return 0.1 * 2.0 ** (state.attempt_number - 1) * (1 + 2 * self._jitter())

    async def _try(
        self, operation: _Operation, path: str, query: Mapping[str, str], read: Callable[[Answer], T], end: float
    ) -> Fetched[T]:
        started = self._monotonic()
        try:
            answer, (value, weight) = await self._within(end, operation, path, query, partial(_weighed, read))
        except errors.CocError as error:
            self._tell(operation, type(error).__name__, error.status, started, error.request_id)
            raise
        self._tell(operation, "ok", answer.status, started, answer.request_id)
        return Fetched(value, answer.request_id, len(answer.body), weight)

    async def _within(
        self, end: float, operation: _Operation, path: str, query: Mapping[str, str], read: Callable[[Answer], T]
    ) -> tuple[Answer, T]:
        place = Place(self._room)
        try:
            async with asyncio.timeout_at(end), place:
                # Signing and sending take half a millisecond, reading and what is done with it more.
                await self._pacer.slot()
                answer = await self._ask(operation, path, query, place)
                await place.decoding(len(answer.body))
                cost_ms = DECODE_MS_PER_BYTE * len(answer.body)
                decode = partial(read, answer)
                return answer, await self._pacer.run(cost_ms, decode, on_thread=place.keep_until)
        except TimeoutError as error:
            if place.is_waiting:
                raise errors.Busy(f"no room for the answer within {self._deadlines.total:g} s") from error
            raise errors.TimedOut(f"total deadline: not done within {self._deadlines.total:g} s") from error

    async def _ask(self, operation: _Operation, path: str, query: Mapping[str, str], place: Place) -> Answer:
        request = self._http.build_request("GET", path, params=query)
        try:
            response = await self._http.send(request, stream=True)
        except FAILURES as error:
            raise no_answer(error, self._deadlines) from error
        answer = Answer(response.status_code, response.headers, b"", operation.permission, self._clock())
        try:
            return replace(answer, body=await read_body(response, place))
        except errors.CocError as error:
            error.request_id = answer.request_id
            raise
        except FAILURES as error:
            broken = broken_answer(error, response.status_code, self._deadlines)
            broken.request_id = answer.request_id  # the headers came, and with them what support asks for
            raise broken from error
        finally:
            await response.aclose()

    def _tell(
        self, operation: _Operation, outcome: str, status: int | None, started: float, request_id: str | None
    ) -> None:
        if self._observe is not None:
            self._observe(Call(operation.name, outcome, status, self._monotonic() - started, request_id))


def _weighed(read: Callable[[Answer], T], answer: Answer) -> tuple[T, int]:
    values = sum(map(answer.body.count, (b",", b"[", b"{")))
    return read(answer), len(answer.body) + VALUE_BYTES * values


def _check(task_id: str) -> None:
    # Before any call: other words in the id's place are other calls of the API, such as /history.
    if not _TASK_ID.fullmatch(task_id):
        raise errors.InvalidRequest("a task id is ST followed by 24 letters and digits")


def _task(task_id: str, answer: Answer) -> Task:
    return Task.model_validate(answers.task_object(answer, task_id))


def _summary(task_id: str, answer: Answer) -> TaskSummary | None:
    found = (TaskSummary.model_validate(entry) for entry in answers.entries(answer, "scheduled_tasks"))
    return next((summary for summary in found if summary.id and summary.id.strip() == task_id), None)


def _runs(answer: Answer) -> tuple[Run, ...]:
    found = (Run.model_validate(entry) for entry in answers.entries(answer, "scheduled_task_history_list"))
    # The order was asked for, but a card that calls the wrong run the last one would mislead. One that has not
    # begun is the newest.
    return tuple(sorted(found, key=_began, reverse=True))


def _began(run: Run) -> float:
    if run.started_time is not None:
        return run.started_time
    return run.finished_time if run.finished_time is not None else float("inf")


def _user_agent() -> str:
    try:
        return f"schedtask-bot/{importlib.metadata.version('schedtask-bot')}"
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "schedtask-bot"
