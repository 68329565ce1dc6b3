"""The sandbox's local COC: an HTTP server on 127.0.0.1 that answers the three read calls as the real COC does.

It checks the signature, then permissions, then parameters, in the gateway's order: without permission, nobody learns
whether a task exists. Errors have the vendor's codes and wording. Two things are assumptions, because the vendor does
not document them: the order of rows, and that paging markers are row ids. :meth:`LocalCoc.fail` makes calls fail, and
:attr:`LocalCoc.requests` records the latest requests.
"""

import asyncio
import re
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from aiohttp import web

from bot.sandbox.coc.answers import (
    FORBIDDEN,
    REQUEST_ID,
    HttpAnswer,
    encode_json,
    fault_answer,
    gateway_error,
    json_answer,
)
from bot.sandbox.coc.faults import AnswerFault, PathKind
from bot.sandbox.coc.queries import InvalidParameter, run_history, task_list
from bot.sandbox.coc.samples.catalog import sample_tasks
from bot.sandbox.coc.samples.errors import INVALID, NOT_FOUND
from bot.sandbox.coc.samples.parts import DETAIL_FIELDS, LISTING_FIELDS, SampleTask
from bot.sandbox.coc.signature import SignatureRefused, SignatureVerifier
from bot.sandbox.local_server import LocalServer

ACCESS_KEY = "SANDBOXAK00000000001"
SECRET_KEY = "sandbox-secret-key-that-opens-nothing-00"  # noqa: S105 - it opens nothing but this sandbox

MAX_REQUESTS = 1000
"""Requests in :attr:`LocalCoc.requests`; older ones are dropped."""

PERMISSIONS = {"detail": "coc:schedule:get", "list": "coc:schedule:list", "history": "coc:schedule:getHistories"}
EXCERPT_BYTES = 20_000
"""How much of an answer's body is recorded with its request."""

_TASK_ID = re.compile(r"ST[0-9A-Za-z]{24}")
_ROOT = "/v1/schedule/task"


@dataclass
class RecordedRequest:
    """A request as received: ``headers`` has lower-case names, ``at`` is in Unix seconds by the server's clock.

    ``status`` is None until the request is answered, and stays None if the connection is reset. ``outcome`` is empty
    while the request is in progress, then "answered", "reset" or "the client gave up". ``excerpt`` is the beginning
    of the answer's body.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float
    status: int | None = None
    outcome: str = ""
    request_id: str = ""
    excerpt: bytes = b""


class LocalCoc(LocalServer):
    """A COC for one key pair. ``tasks`` and ``permissions`` may be changed at any time.

    ``tasks`` are the sample tasks unless others are passed in. ``clock`` returns Unix seconds; the sample tasks'
    times are relative to the moment of construction. Use it as an async context manager, or call :meth:`start` and
    :meth:`stop`; it can be started only once.
    """

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        access_key: str = ACCESS_KEY,
        secret_key: str = SECRET_KEY,
        security_token: str | None = None,
        *,
        tasks: dict[str, SampleTask] | None = None,
    ) -> None:
        super().__init__(port)
        self.observe: Callable[[RecordedRequest], None] = lambda _: None
        """Called twice for each request: when it arrives, and when it has its outcome."""
        self.access_key = access_key
        self.secret_key = secret_key
        self.security_token = security_token
        self.tasks = sample_tasks(int(clock() * 1000)) if tasks is None else tasks
        self.permissions = set(PERMISSIONS.values())
        self.requests: deque[RecordedRequest] = deque(maxlen=MAX_REQUESTS)
        self.faults: list[AnswerFault] = []
        self._verifier = SignatureVerifier(access_key, secret_key, security_token)
        self._clock = clock
        self._stopping = asyncio.Event()

    def _make_runner(self) -> web.ServerRunner:
        # With handler_cancellation, a client that gives up ends its handler, and the request is recorded as given up.
        # Slow handlers are woken by _stopping, so the shutdown has nothing to wait for.
        return web.ServerRunner(
            web.Server(self._handle, handler_cancellation=True, access_log=None), shutdown_timeout=1.0
        )

    async def stop(self) -> None:
        """Close every connection, also those that a fault keeps waiting, and stop listening."""
        self._stopping.set()
        await super().stop()

    def fail(
        self,
        path_kind: PathKind = "any",
        *,
        status: int = 429,
        body: dict[str, Any] | bytes | str | None = None,
        headers: dict[str, str] | None = None,
        delay: float = 0.0,
        times: int | None = None,
        drop: bool = False,
        truncate: int | None = None,
        drip: tuple[int, float] | None = None,
    ) -> AnswerFault:
        """Make requests of this kind fail, ``times`` times or until :meth:`clear_faults`; see `AnswerFault`."""
        fault = AnswerFault(path_kind, status, body, dict(headers or {}), delay, times, drop, truncate, drip)
        self.faults.append(fault)
        return fault

    def clear_faults(self) -> None:
        """HttpAnswer normally. The sample ids that demonstrate errors still do so."""
        self.faults.clear()

    def change(self, task_id: str, **fields: Any) -> None:
        """Set fields of a task (``approve_status="PASSED"``) in its detail and in its row of the list.

        Raises ValueError for a field that neither has, KeyError for an unknown id.
        """
        task = self.tasks[task_id]
        for name, value in fields.items():
            if name not in DETAIL_FIELDS and name not in LISTING_FIELDS:
                raise ValueError(f"neither call has a field {name}")
            if name in DETAIL_FIELDS and isinstance(task.detail, dict):
                task.detail[name] = value
            if name in LISTING_FIELDS and task.listing is not None:
                task.listing[name] = value

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        target = request.raw_path
        path, _, query = target.partition("?")
        headers = _headers(request)
        record = RecordedRequest(request.method, unquote(path), _query(query), headers, self._clock())
        self.requests.append(record)
        self.observe(record)
        try:
            response = await self._respond(request, record, target, headers)
        except asyncio.CancelledError:
            record.outcome = "the client gave up"
            raise
        else:
            record.outcome = record.outcome or "answered"
            return response
        finally:
            self.observe(record)

    async def _respond(
        self, request: web.BaseRequest, record: RecordedRequest, target: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        kind, task_id = _route(request.method, target.partition("?")[0])
        if kind is None:
            return await self._send(request, record, gateway_error(404), AnswerFault(status=200))
        try:
            self._verifier.verify(request.method, target, headers, await request.read(), now=self._clock())
        except SignatureRefused as refused:
            message = f"Incorrect IAM authentication information: {refused}"
            return await self._send(request, record, gateway_error(401, message), AnswerFault(status=200))
        except web.HTTPRequestEntityTooLarge:
            return await self._send(request, record, gateway_error(413), AnswerFault(status=200))
        fault = next((fault for fault in self.faults if fault.use_on(kind)), None)
        if fault is None:
            answer, fault = self._answer(kind, task_id, record.query)
        else:
            answer = self._answer(kind, task_id, record.query)[0] if fault.keeps_answer else fault_answer(fault)
        return await self._send(request, record, answer, fault)

    def _answer(self, kind: str, task_id: str, query: dict[str, str]) -> tuple[HttpAnswer, AnswerFault]:
        """The answer to a signed request, and the fault of its delivery."""
        clean = AnswerFault(status=200)
        permission = PERMISSIONS[kind]
        if permission not in self.permissions:
            return gateway_error(403, f"{FORBIDDEN} Policy doesn't allow {permission} to be performed."), clean
        try:
            if kind == "list":
                return json_answer(200, task_list(query, list(self.tasks.values()))), clean
            if kind == "history":
                return json_answer(200, run_history(query, self._task(query.get("task_id", "")).runs)), clean
            task = self._task(task_id)
        except InvalidParameter as error:
            return json_answer(400, {**INVALID, "error_msg": f"Invalid parameter: {error}."}), clean
        except KeyError:
            return json_answer(400, NOT_FOUND), clean
        if task.answer is not None and not task.answer.keeps_answer:
            return fault_answer(task.answer), task.answer
        body = task.detail if isinstance(task.detail, bytes) else encode_json(task.detail)
        return HttpAnswer(200, body), task.answer or clean

    def _task(self, task_id: str) -> SampleTask:
        if not _TASK_ID.fullmatch(task_id):
            raise InvalidParameter("task_id")
        return self.tasks[task_id]

    async def _send(
        self, request: web.BaseRequest, record: RecordedRequest, answer: HttpAnswer, fault: AnswerFault
    ) -> web.StreamResponse:
        await self._wait(fault.delay)
        if fault.drop or self._stopping.is_set():
            record.outcome = "reset"
            _reset(request)
            return web.Response()
        request_id = record.request_id = uuid4().hex
        body = answer.body.replace(REQUEST_ID.encode(), request_id.encode())
        headers = {"X-Request-Id": request_id, "Content-Type": answer.content_type, **fault.headers}
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_length = len(body)
        record.status, record.excerpt = answer.status, body[:EXCERPT_BYTES]
        await response.prepare(request)
        size, pause = fault.drip or (len(body), 0.0)
        sent = body if fault.truncate is None else body[: fault.truncate]
        for start in range(0, len(sent), max(size, 1)):
            try:
                await response.write(sent[start : start + size])
            except ConnectionResetError:
                record.outcome = "the client gave up"
                return response  # a client that gives up on a dripping answer is what the fault is for
            await self._wait(pause)
        if len(sent) < len(body) and request.transport is not None:
            request.transport.close()
            return response
        await response.write_eof()
        return response

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not beyond the stop of the server."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _route(method: str, path: str) -> tuple[PathKind | None, str]:
    """The kind of call and the task id of a path, with or without a slash at its end; (None, "") for other paths."""
    path = path.removesuffix("/")
    if method != "GET":
        return None, ""
    if path == _ROOT:
        return "list", ""
    if path == f"{_ROOT}/history":
        return "history", ""
    rest = path.removeprefix(f"{_ROOT}/")
    return ("detail", unquote(rest)) if rest != path and "/" not in rest else (None, "")


def _headers(request: web.BaseRequest) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.raw_headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("utf-8", "surrogateescape")
        # A repeated header counts as one header with both values, so a second one cannot slip past the signature.
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _query(query: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _reset(request: web.BaseRequest) -> None:
    """Close the connection with a reset: with a linger time of zero, the kernel sends RST instead of FIN."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
