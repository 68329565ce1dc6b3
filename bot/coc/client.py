"""The COC client: three calls of the scheduled-task API, with deadlines and few, bounded retries.

Paths, parameters and permissions follow the vendor's OpenAPI definition of the calls.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar

import httpx

from bot import errors
from bot.coc import answers
from bot.coc.answers import Answer
from bot.coc.memory import MemoryBudget, Reservation
from bot.coc.reading import MOST_VALUES
from bot.coc.transport import BODY_CAP, Deadlines, open_http, read_body, send
from bot.coc.wire import Run, Task, TaskSummary
from bot.pacing import DECODE_MS_PER_BYTE, Pacer
from bot.task_id import is_task_id
from bot.timings import TIMINGS
from bot.version import version

__all__ = ["Call", "CocClient", "Deadlines", "Fetched"]

T = TypeVar("T")

DEADLINES = Deadlines()
"""Somebody is waiting in a chat, for a second or two; the vendor's own client waits up to 60 s and 120 s."""

MAX_TRIES = 3

VALUE_BYTES = 200
"""Most memory that one JSON value takes beside its text: an unknown key with a number as its value (measured)."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """The result of a call. ``weight`` is an upper bound of the bytes that the value takes in memory."""

    value: T
    request_id: str | None
    weight: int


@dataclass(frozen=True, slots=True)
class Call:
    """One finished try, for logs and metrics.

    ``operation`` is task, summary or runs. ``outcome`` is "ok" or the error's class name. ``status`` is None where
    no answer came. ``seconds`` is the duration of this try.
    """

    operation: str
    outcome: str
    status: int | None
    seconds: float
    request_id: str | None


@dataclass(frozen=True, slots=True)
class _Request(Generic[T]):
    operation: str
    permission: str
    path: str
    decode: Callable[[Answer], T]
    """Takes long for a large answer, so the pacer decides where it runs."""
    query: Mapping[str, str] = field(default_factory=dict)


class CocClient:
    """Asks COC about one scheduled task at a time, over one connection pool. Close it with ``aclose``.

    Its methods raise errors of the tree in ``bot.errors`` and no others. ``observe`` gets a record of every finished
    try. ``pacer`` is the one of the process. The clocks, the sleep and the jitter (0 to 1) are arguments so that
    tests need not wait.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        auth: httpx.Auth,
        deadlines: Deadlines = DEADLINES,
        retry_s: float = TIMINGS.lookup.retry_s,
        max_bytes: int = BODY_CAP,
        max_values: int = MOST_VALUES,
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        observe: Callable[[Call], None] = lambda _call: None,
        pacer: Pacer | None = None,
    ) -> None:
        self._deadlines = deadlines
        self._retry_s = retry_s
        self._max_bytes, self._max_values = max_bytes, max_values
        self._monotonic = monotonic
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._observe = observe
        self._pacer = pacer or Pacer()
        self._memory = MemoryBudget()
        self._http = open_http(
            endpoint, auth=auth, deadlines=deadlines, user_agent=f"schedtask-bot/{version()}", transport=transport
        )

    async def task(self, task_id: str) -> Fetched[Task]:
        """The task itself: GET /v1/schedule/task/{task_id}. Needs ``coc:schedule:get``."""
        return await self.detail(task_id, lambda task: task)

    async def detail(self, task_id: str, decode: Callable[[Task], T]) -> Fetched[T]:
        """The task as ``decode`` returns it, which runs in a thread where the answer is large."""
        path = f"/v1/schedule/task/{_checked(task_id)}"
        decode_answer = partial(_decode_task, task_id, decode)
        return await self._fetch(_Request("task", "coc:schedule:get", path, decode_answer))

    async def summary(self, task_id: str, enterprise_project_id: str | None) -> Fetched[TaskSummary | None]:
        """What only the list call knows of the task; None where it does not list it. Needs ``coc:schedule:list``.

        ``enterprise_project_id`` is the one that the task names: without it COC searches project "0" only.
        """
        query = {"task_id": _checked(task_id), "limit": "10"}
        if enterprise_project_id:
            query["enterprise_project_id"] = enterprise_project_id
        decode = partial(_decode_summary, task_id)
        return await self._fetch(_Request("summary", "coc:schedule:list", "/v1/schedule/task", decode, query))

    async def runs(self, task_id: str, limit: int = 20) -> Fetched[tuple[Run, ...]]:
        """The latest runs, newest first, at most ``limit`` (1 to 100). Needs ``coc:schedule:getHistories``."""
        query = {"task_id": _checked(task_id), "limit": str(limit), "sort_key": "started_time", "sort_dir": "desc"}
        path = "/v1/schedule/task/history"
        return await self._fetch(_Request("runs", "coc:schedule:getHistories", path, _decode_runs, query))

    async def aclose(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        await self._http.aclose()

    async def _fetch(self, request: _Request[T]) -> Fetched[T]:
        """Try until one try succeeds, fails for good, or the next one would be too many or too late."""
        started = self._monotonic()
        deadline = asyncio.get_running_loop().time() + self._deadlines.total
        tries = 0
        while True:
            tries += 1
            try:
                return await self._try(request, deadline)
            except errors.CocError as error:
                if not error.retryable or tries == MAX_TRIES:
                    raise
                pause = self._pause(error, tries)
                if self._monotonic() - started + pause > self._retry_s:
                    raise
            await self._sleep(pause)

    def _pause(self, error: errors.CocError, tries: int) -> float:
        """Seconds until the next try: what the service asked for, else a backoff that doubles."""
        asked = error.retry_after
        if asked is None and isinstance(error, errors.Throttled):
            asked = 1.0
        if asked is not None:
            return asked + 0.1 * self._jitter()  # throttled callers must not come back all at once
        # 0.1 to 0.3 s, then 0.2 to 0.6 s.
        return 0.1 * 2.0 ** (tries - 1) * (1 + 2 * self._jitter())

    async def _try(self, request: _Request[T], deadline: float) -> Fetched[T]:
        """One try, which the observer hears of."""
        started = self._monotonic()

        def observe(outcome: str, status: int | None, request_id: str | None) -> None:
            self._observe(Call(request.operation, outcome, status, self._monotonic() - started, request_id))

        try:
            answer, value, weight = await self._ask(request, deadline)
        except errors.CocError as error:
            observe(type(error).__name__, error.status, error.request_id)
            raise
        observe("ok", answer.status, answer.request_id)
        return Fetched(value, answer.request_id, weight)

    async def _ask(self, request: _Request[T], deadline: float) -> tuple[Answer, T, int]:
        """The answer, decoded, and its weight. Takes its slots of the event loop and its memory."""
        reservation = Reservation(self._memory)
        try:
            async with asyncio.timeout_at(deadline):
                # Signing and sending take half a millisecond.
                await self._pacer.slot()
                answer = await self._send(request, reservation)
                await reservation.before_decoding(len(answer.body))
                value, weight = await self._pacer.run(
                    DECODE_MS_PER_BYTE * len(answer.body),
                    lambda: (request.decode(answer), _weight(answer.body)),
                    on_thread=reservation.hold_until_done,
                )
                return answer, value, weight
        except TimeoutError as error:
            if reservation.is_waiting:
                raise errors.Busy(f"no room for the answer within {self._deadlines.total:g} s") from error
            raise errors.TimedOut(f"total deadline: not done within {self._deadlines.total:g} s") from error
        finally:
            reservation.release()

    async def _send(self, request: _Request[T], reservation: Reservation) -> Answer:
        """The answer, read to its end."""
        get = self._http.build_request("GET", request.path, params=request.query)
        response = await send(self._http, get, self._deadlines)
        answer = Answer(
            response.status_code, response.headers, b"", request.permission, self._clock(), self._max_values
        )
        try:
            return replace(answer, body=await read_body(response, reservation, self._deadlines, self._max_bytes))
        except errors.CocError as error:
            error.request_id = answer.request_id  # it came with the headers, and support asks for it
            raise
        finally:
            await response.aclose()


def _checked(task_id: str) -> str:
    # Other words in the id's place, such as /history, are other calls of the API.
    if not is_task_id(task_id):
        raise errors.InvalidRequest("a task id is ST followed by 24 letters and digits")
    return task_id


def _weight(body: bytes) -> int:
    return len(body) + VALUE_BYTES * sum(map(body.count, (b",", b"[", b"{")))


def _decode_task(task_id: str, decode: Callable[[Task], T], answer: Answer) -> T:
    return decode(Task.model_validate(answers.parse_task(answer, task_id)))


def _decode_summary(task_id: str, answer: Answer) -> TaskSummary | None:
    summaries = map(TaskSummary.model_validate, answers.parse_list(answer, "scheduled_tasks"))
    return next((summary for summary in summaries if summary.id and summary.id.strip() == task_id), None)


def _decode_runs(answer: Answer) -> tuple[Run, ...]:
    runs = map(Run.model_validate, answers.parse_list(answer, "scheduled_task_history_list"))
    # The request asks for this sequence, but a card must never call the wrong run the last one.
    return tuple(sorted(runs, key=_began, reverse=True))


def _began(run: Run) -> float:
    """Milliseconds since 1970 UTC. A run that has not begun is the newest."""
    if run.started_time is not None:
        return run.started_time
    return run.finished_time if run.finished_time is not None else float("inf")
