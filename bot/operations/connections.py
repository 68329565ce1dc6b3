"""Limits of the listener's connections: how many there are, how long each request takes, how much it sends.

aiohttp has no such limits: a request that never ends lives as long as its connection, and connections end only when
the descriptors do. Then nothing can be sent to Slack either. The connection that has waited longest is closed first,
because a request of Slack's is complete within milliseconds: in a crowd of strangers it is always the newest.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.timings import HttpTimings

MAX_CONNECTIONS = 1000
"""Of a process. asyncio accepts 128 in one pass of its loop; a request of Slack's needs three passes."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections the listener takes, and how many bytes of requests without an answer."""

    connections: int = MAX_CONNECTIONS
    bytes_of_one: int = 4 * 1024 * 1024
    """Slack's largest request is about 100 KB."""
    bytes_of_all: int = 32 * 1024 * 1024


BOUNDS = Bounds()


def connection_limit(descriptors: int) -> int:
    """The share of a process's descriptors for its listener; most are for COC, Slack, files, and for accepting."""
    return max(1, min(MAX_CONNECTIONS, descriptors // 3))


class Connection(asyncio.Protocol):
    """Forwards everything to aiohttp's protocol and counts the bytes that the peer has not finished."""

    def __init__(self, connections: "InboundConnections", http: asyncio.Protocol) -> None:
        self._connections = connections
        self._http = http
        self._request: web.BaseRequest | None = None
        self._was_answered = False
        self._waiting_since = 0.0
        self._transport: asyncio.Transport
        self.unfinished = 0
        """Bytes since the last answer."""

    @property
    def is_being_answered(self) -> bool:
        """Whether a whole request has arrived and its handler is working."""
        return self._request is not None and self._request.content.is_eof()

    @property
    def is_idle(self) -> bool:
        """Whether the peer has read the answer to its last request and has not begun another."""
        return self._was_answered and not self.unfinished and not self._transport.get_write_buffer_size()

    def is_overdue(self, now: float) -> bool:
        """Whether the peer has taken too long. A handler that reads a body limits that itself."""
        timings = self._connections.timings
        allowed_s = timings.idle_s if self.is_idle else timings.request_s
        return self._request is None and now - self._waiting_since > allowed_s

    def begin_request(self, request: web.BaseRequest) -> None:
        """Note that the headers of a request are complete."""
        self._request = request

    def end_request(self, *, is_good: bool) -> None:
        """Note that the request has an answer. Only a good one makes the connection worth more than a stranger's."""
        self._request = None
        self._waiting_since = asyncio.get_running_loop().time()
        self._connections.finish_request(self, is_good=is_good)
        self._was_answered |= is_good

    def abort(self) -> None:
        """Close the connection, whatever is still to be sent."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server makes no other
        self._transport = transport
        self._waiting_since = asyncio.get_running_loop().time()
        self._http.connection_made(transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if not self.unfinished and self._request is None:
            self._waiting_since = asyncio.get_running_loop().time()
        if self._connections.admit_bytes(self, len(data)):
            self._http.data_received(data)

    def eof_received(self) -> bool | None:
        return self._http.eof_received()

    def pause_writing(self) -> None:
        self._http.pause_writing()

    def resume_writing(self) -> None:
        self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.remove(self)
        self._http.connection_lost(exc)


class InboundConnections:
    """All open connections, those that have waited longest first.

    ``on_refused`` gets the reason when one is closed before its answer: "crowded", "slow" or "too large".
    """

    def __init__(self, on_refused: Callable[[str], None], bounds: Bounds, timings: HttpTimings) -> None:
        self.timings = timings
        self._bounds = bounds
        self._on_refused = on_refused
        self._open: dict[Connection, None] = {}
        self._unfinished = 0
        self._loop = asyncio.get_running_loop()
        self._sweeping: asyncio.TimerHandle | None = None
        self._previous_handler: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None = None
        self._accept_errors, self._log_errors_at = 0, 0.0

    async def listen(self, factory: Callable[[], asyncio.Protocol], host: str, port: int) -> asyncio.Server:
        """Serve with the protocols of ``factory``, aiohttp's. Raises OSError if the port is taken."""
        server = await self._loop.create_server(lambda: Connection(self, factory()), host, port, backlog=128)
        self._previous_handler = self._loop.get_exception_handler()
        self._loop.set_exception_handler(self._handle_loop_error)
        self._sweep()
        return server

    async def close(self) -> None:
        """Close every connection whose request is not complete; handlers under way go on."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._loop.get_exception_handler() == self._handle_loop_error:
            self._loop.set_exception_handler(self._previous_handler)
        await asyncio.sleep(0.05)  # requests that have just arrived are handed to their handlers
        for connection in [one for one in self._open if not one.is_being_answered]:
            self._drop(connection)

    def add(self, connection: Connection) -> None:
        """Add a new connection; over the limit, close the one that has waited longest."""
        self._open[connection] = None
        if len(self._open) > self._bounds.connections:
            self._drop(next((one for one in self._open if not one.is_being_answered), connection), "crowded")

    def admit_bytes(self, connection: Connection, size: int) -> bool:
        """Whether so many more bytes of a request may be read. False: the connection is closed."""
        if connection not in self._open:
            return False
        connection.unfinished += size
        self._unfinished += size
        if connection.unfinished > self._bounds.bytes_of_one:
            self._drop(connection, "too large")
        elif self._unfinished > self._bounds.bytes_of_all:
            unfinished = (one for one in self._open if one.unfinished and not one.is_being_answered)
            self._drop(next(unfinished, connection), "crowded")
        return connection in self._open

    def finish_request(self, connection: Connection, *, is_good: bool) -> None:
        """Release the bytes of a request. After a good answer the other connections have waited longer."""
        self._unfinished -= connection.unfinished
        connection.unfinished = 0
        if is_good and connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def remove(self, connection: Connection) -> None:
        """Remove a connection that is closed or about to be."""
        if connection in self._open:
            del self._open[connection]
            self.finish_request(connection, is_good=False)

    def _drop(self, connection: Connection, reason: str | None = None) -> None:
        if reason is not None:
            self._on_refused(reason)
        self.remove(connection)
        connection.abort()

    def _sweep(self) -> None:
        self._sweeping = self._loop.call_later(self.timings.sweep_s, self._sweep)
        now = self._loop.time()
        for connection in [one for one in self._open if one.is_overdue(now)]:
            self._drop(connection, None if connection.is_idle else "slow")

    def _handle_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """asyncio logs a traceback for each connection that it has no descriptor for, a hundred times a second."""
        error = context.get("exception")
        if not (isinstance(error, OSError) and "accept" in str(context.get("message"))):
            (self._previous_handler or (lambda loop, context: loop.default_exception_handler(context)))(loop, context)
            return
        self._accept_errors += 1
        if loop.time() >= self._log_errors_at:
            log.error("out_of_descriptors", times=self._accept_errors, connections=len(self._open))
            self._accept_errors, self._log_errors_at = 0, loop.time() + self.timings.log_s
