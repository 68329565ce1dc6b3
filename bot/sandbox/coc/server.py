"""The sandbox's local COC: an HTTP server on 127.0.0.1 that answers the three read calls as the real one does.

It checks each signature, then permissions, then parameters, in the gateway's order, so that nobody learns of
a task without being allowed to. Errors have the vendor's codes and wording; what it does not document and what
is assumed here: the order of rows, and that paging markers are row ids. It can be told to fail in every way
that matters (:meth:`LocalCoc.fail`), and keeps the requests it has seen.
"""

import asyncio
import re
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote
from uuid import uuid4

from aiohttp import web

from bot.sandbox.coc.answers import FORBIDDEN, REQUEST_ID, Answer, encoded, gateway_error, instead, json_answer
from bot.sandbox.coc.faults import Fault, PathKind
from bot.sandbox.coc.queries import InvalidParameter, run_history, task_list
from bot.sandbox.coc.samples.catalog import sample_tasks
from bot.sandbox.coc.samples.errors import INVALID, NOT_FOUND
from bot.sandbox.coc.samples.parts import DETAIL_FIELDS, LISTING_FIELDS, SampleTask
from bot.sandbox.coc.signature import KeyCheck, SignatureRefused

ACCESS_KEY = "SANDBOXAK00000000001"
SECRET_KEY = "sandbox-secret-key-that-opens-nothing-00"  # noqa: S105  it opens this sandbox alone

REQUESTS_KEPT = 1000
"""Requests kept in :attr:`LocalCoc.requests`; older ones are forgotten."""

PERMISSIONS = {"detail": "coc:schedule:get", "list": "coc:schedule:list", "history": "coc:schedule:getHistories"}
EXCERPT_BYTES = 20_000
"""How much of an answer is kept with its request."""

_TASK_ID = re.compile(r"ST[0-9A-Za-z]{24}")
_ROOT = "/v1/schedule/task"


@dataclass
class Seen:
    """A request as it came: ``headers`` with lower-case names, ``at`` in Unix seconds by the sandbox's clock.

    ``status`` is None until it is answered, and stays None where the connection was reset. ``ended`` says that it
    is over: "answered", "reset", or "the client gave up". ``excerpt`` is the beginning of the body.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float
    status: int | None = None
    ended: str = ""
    request_id: str = ""
    excerpt: bytes = b""


class LocalCoc:
    """A COC of one's own. ``tasks`` holds what it knows, ``permissions`` what the key may do; change both freely.

    ``clock`` returns Unix seconds; sample tasks are made for the moment of construction. Use it as an async
    context manager, or call :meth:`start` and :meth:`stop`; it can be started once.
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
        self.observe: Callable[[Seen], None] = lambda _: None
        """Told of each request twice: when it came, and when it is over."""
        self.access_key = access_key
        self.secret_key = secret_key
        self.security_token = security_token
        self.tasks = sample_tasks(int(clock() * 1000)) if tasks is None else tasks
        self.permissions = set(PERMISSIONS.values())
        self.requests: deque[Seen] = deque(maxlen=REQUESTS_KEPT)
        self.faults: list[Fault] = []
        self._key = KeyCheck(access_key, secret_key, security_token)
        self._port = port
        self._clock = clock
        self._stopping = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """The base URL, ``http://127.0.0.1:PORT``: what COC_ENDPOINT is set to. Known once started."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        # No reason to wait for handlers on the way out: the slow ones are woken by _stopping.
        self._runner = web.ServerRunner(
            # A client that gives up ends its handler, and so it is seen that it did.
            web.Server(self._handle, handler_cancellation=True, access_log=None),
            shutdown_timeout=1.0,
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection, also those that are being kept waiting, and stop listening."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

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
    ) -> Fault:
        """From now on answer requests of this kind so, ``times`` times or until :meth:`heal`; see :class:`Fault`."""
        fault = Fault(path_kind, status, body, dict(headers or {}), delay, times, drop, truncate, drip)
        self.faults.append(fault)
        return fault

    def heal(self) -> None:
        """Answer rightly again. Sample ids that demonstrate errors go on doing so."""
        self.faults.clear()

    def change(self, task_id: str, **fields: Any) -> None:
        """Set fields of a task, in the detail and in the list, wherever they occur (``approve_status="PASSED"``).

        Raises ValueError for a field that neither call has, KeyError for an id that nobody knows.
        """
        task = self.tasks[task_id]
        for name, value in fields.items():
            if name not in DETAIL_FIELDS and name not in LISTING_FIELDS:
                raise ValueError(f"{name} is a field of neither call")
            if name in DETAIL_FIELDS and isinstance(task.detail, dict):
                task.detail[name] = value
            if name in LISTING_FIELDS and task.listing is not None:
                task.listing[name] = value

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        target = request.raw_path
        path, _, query = target.partition("?")
        headers = _headers(request)
        seen = Seen(request.method, unquote(path), _query(query), headers, self._clock())
        self.requests.append(seen)
        self.observe(seen)
        try:
            response = await self._respond(request, seen, target, headers)
        except asyncio.CancelledError:
            seen.ended = "the client gave up"
            raise
        else:
            seen.ended = seen.ended or "answered"
            return response
        finally:
            self.observe(seen)

    async def _respond(
        self, request: web.BaseRequest, seen: Seen, target: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        kind, task_id = _route(request.method, target.partition("?")[0])
        if kind is None:
            return await self._send(request, seen, gateway_error(404), Fault(status=200))
        try:
            self._key.check(request.method, target, headers, await request.read(), now=self._clock())
        except SignatureRefused as refused:
            message = f"Incorrect IAM authentication information: {refused}"
            return await self._send(request, seen, gateway_error(401, message), Fault(status=200))
        except web.HTTPRequestEntityTooLarge:
            return await self._send(request, seen, gateway_error(413), Fault(status=200))
        fault = next((fault for fault in self.faults if fault.meets(kind)), None)
        if fault is None:
            answer, fault = self._answer(kind, task_id, seen.query)
        else:
            answer = self._answer(kind, task_id, seen.query)[0] if fault.keeps_answer else instead(fault)
        return await self._send(request, seen, answer, fault)

    def _answer(self, kind: str, task_id: str, query: dict[str, str]) -> tuple[Answer, Fault]:
        """What is answered to a signed request, and what befalls it on the way."""
        clean = Fault(status=200)
        permission = PERMISSIONS[kind]
        if permission not in self.permissions:
            return gateway_error(403, f"{FORBIDDEN} Policy doesn't allow {permission} to be performed."), clean
        try:
            if kind == "list":
                return json_answer(200, task_list(query, list(self.tasks.values()))), clean
            if kind == "history":
                return json_answer(200, run_history(query, self._known(query.get("task_id", "")).runs)), clean
            task = self._known(task_id)
        except InvalidParameter as error:
            return json_answer(400, {**INVALID, "error_msg": f"Invalid parameter: {error}."}), clean
        except KeyError:
            return json_answer(400, NOT_FOUND), clean
        if task.answer is not None and not task.answer.keeps_answer:
            return instead(task.answer), task.answer
        body = task.detail if isinstance(task.detail, bytes) else encoded(task.detail)
        return Answer(200, body), task.answer or clean

    def _known(self, task_id: str) -> SampleTask:
        if not _TASK_ID.fullmatch(task_id):
            raise InvalidParameter("task_id")
        return self.tasks[task_id]

    async def _send(self, request: web.BaseRequest, seen: Seen, answer: Answer, fault: Fault) -> web.StreamResponse:
        await self._wait(fault.delay)
        if fault.drop or self._stopping.is_set():
            seen.ended = "reset"
            _reset(request)
            return web.Response()
        request_id = seen.request_id = uuid4().hex
        body = answer.body.replace(REQUEST_ID.encode(), request_id.encode())
        headers = {"X-Request-Id": request_id, "Content-Type": answer.content_type, **fault.headers}
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_length = len(body)
        seen.status, seen.excerpt = answer.status, body[:EXCERPT_BYTES]
        await response.prepare(request)
        size, pause = fault.drip or (len(body), 0.0)
        sent = body if fault.truncate is None else body[: fault.truncate]
        for start in range(0, len(sent), max(size, 1)):
            try:
                await response.write(sent[start : start + size])
            except ConnectionResetError:
                seen.ended = "the client gave up"
                return response  # the client has had enough: that is what dripping is for
            await self._wait(pause)
        if len(sent) < len(body) and request.transport is not None:
            request.transport.close()
            return response
        await response.write_eof()
        return response

    async def _wait(self, seconds: float) -> None:
        """Wait so long, or until the server stops."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _route(method: str, path: str) -> tuple[PathKind | None, str]:
    """Which call a path is, and the task id in it. A slash at the end is fine."""
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
    found: dict[str, str] = {}
    for raw_name, raw_value in request.raw_headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("utf-8", "surrogateescape")
        # Sent twice, it counts as one header with both values: a second one cannot slip past the signature.
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _query(query: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _reset(request: web.BaseRequest) -> None:
    """Close the connection with a reset: lingering for no time makes the kernel send RST instead of FIN."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
