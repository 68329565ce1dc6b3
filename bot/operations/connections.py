"""The listener's connections: how many there may be, how long each may take over a request, how much it may send.

aiohttp has no such limits: a request that never ends lives as long as its connection, and connections end only when
the descriptors do. Then nothing can be sent to Slack either. Whoever has waited longest goes first, because a request
of Slack's is complete within milliseconds: in a crowd of strangers it is always the newest.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.timings import HttpTimings

MOST = 1000
"""Connections of a process. asyncio accepts 128 in one turn of its loop; a request of Slack's needs three turns."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much the listener takes on."""

    connections: int = MOST
    of_one: int = 4 * 1024 * 1024
    """Bytes of one connection's requests without an answer. Slack's largest is about 100 KB."""
    of_all: int = 32 * 1024 * 1024
    """The same of all connections together."""


BOUNDS = Bounds()


def most_connections(descriptors: int) -> int:
    """How many of a process's descriptors its listener may use: most are for COC, Slack, files, and for accepting."""
    return max(1, min(MOST, descriptors // 3))


class Connection(asyncio.Protocol):
    """Hands everything on to aiohttp's protocol and keeps account of what the peer has not finished."""

    def __init__(self, crowd: "Connections", http: asyncio.Protocol) -> None:
        self._crowd = crowd
        self._http = http
        self._request: web.BaseRequest | None = None
        self._answered = False
        self._since = 0.0
        self._transport: asyncio.Transport
        self.unfinished = 0
        """Bytes since the last answer."""

    @property
    def being_answered(self) -> bool:
        """Whether all of a request has come, and its handler works."""
        return self._request is not None and self._request.content.is_eof()

    @property
    def idle(self) -> bool:
        """Whether nothing is owed: the last request is answered, the peer has taken the answer and begun no other."""
        return self._answered and not self.unfinished and not self._transport.get_write_buffer_size()

    def overdue(self, now: float) -> bool:
        """Whether it has been waited for too long. A handler that reads a body limits that itself."""
        timings = self._crowd.timings
        return self._request is None and now - self._since > (timings.idle_s if self.idle else timings.request_s)

    def begin(self, request: web.BaseRequest) -> None:
        """The headers of a request are complete."""
        self._request = request

    def end(self, *, good: bool) -> None:
        """The request has an answer. Only a good one makes the connection worth more than a stranger's."""
        self._request = None
        self._since = asyncio.get_running_loop().time()
        self._crowd.settle(self, answered=good)
        self._answered |= good

    def abort(self) -> None:
        """Close the connection, whatever is still to be sent."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The peer has connected."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server makes no other
        self._transport = transport
        self._since = asyncio.get_running_loop().time()
        self._http.connection_made(transport)
        self._crowd.admit(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of the peer's."""
        if not self.unfinished and self._request is None:
            self._since = asyncio.get_running_loop().time()
        if self._crowd.takes(self, len(data)):
            self._http.data_received(data)

    def eof_received(self) -> bool | None:
        """The peer sends no more."""
        return self._http.eof_received()

    def pause_writing(self) -> None:
        """The peer is slow to read."""
        self._http.pause_writing()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._crowd.forget(self)
        self._http.connection_lost(exc)


class Connections:
    """All of them, those that have waited longest first.

    ``refused`` is told why one was closed before it was answered: "crowded", "slow" or "too large".
    """

    def __init__(
        self,
        refused: Callable[[str], None],
        *,
        bounds: Bounds,
        timings: HttpTimings,
    ) -> None:
        self.timings = timings
        self._bounds = bounds
        self._refused = refused
        self._all: dict[Connection, None] = {}
        self._unfinished = 0
        self._loop = asyncio.get_running_loop()
        self._sweeping: asyncio.TimerHandle | None = None
        self._before: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None = None
        self._not_accepted, self._say_at = 0, 0.0

    async def listen(self, factory: Callable[[], asyncio.Protocol], host: str, port: int) -> asyncio.Server:
        """Serve what ``factory`` makes, aiohttp's protocols. Raises OSError if the port is taken."""
        server = await self._loop.create_server(lambda: Connection(self, factory()), host, port, backlog=128)
        self._before = self._loop.get_exception_handler()
        self._loop.set_exception_handler(self._loop_error)
        self._sweep()
        return server

    async def close(self) -> None:
        """Hang up on everybody whose request is not complete; what is being answered goes on."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._loop.get_exception_handler() == self._loop_error:
            self._loop.set_exception_handler(self._before)
        await asyncio.sleep(0.05)  # requests that have just arrived are handed to their handlers
        for one in [one for one in self._all if not one.being_answered]:
            self._drop(one)

    def admit(self, connection: Connection) -> None:
        """Count a new connection in; where that is one too many, the one that has waited longest is closed."""
        self._all[connection] = None
        if len(self._all) > self._bounds.connections:
            self._drop(next((one for one in self._all if not one.being_answered), connection), "crowded")

    def takes(self, connection: Connection, size: int) -> bool:
        """Whether so many more bytes of a request may be read. False: the connection is closed."""
        if connection not in self._all:
            return False
        connection.unfinished += size
        self._unfinished += size
        if connection.unfinished > self._bounds.of_one:
            self._drop(connection, "too large")
        elif self._unfinished > self._bounds.of_all:
            unfinished = (one for one in self._all if one.unfinished and not one.being_answered)
            self._drop(next(unfinished, connection), "crowded")
        return connection in self._all

    def settle(self, connection: Connection, *, answered: bool) -> None:
        """A request of this connection has been handled; if it was answered well, others have waited longer now."""
        self._unfinished -= connection.unfinished
        connection.unfinished = 0
        if answered and connection in self._all:
            self._all[connection] = self._all.pop(connection)

    def forget(self, connection: Connection) -> None:
        """The connection is gone, or as good as gone."""
        if connection in self._all:
            del self._all[connection]
            self.settle(connection, answered=False)

    def _drop(self, connection: Connection, reason: str | None = None) -> None:
        if reason is not None:
            self._refused(reason)
        self.forget(connection)
        connection.abort()

    def _sweep(self) -> None:
        self._sweeping = self._loop.call_later(self.timings.sweep_s, self._sweep)
        now = self._loop.time()
        for one in [one for one in self._all if one.overdue(now)]:
            self._drop(one, None if one.idle else "slow")

    def _loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """asyncio logs a traceback for each connection that it has no descriptor for, a hundred times a second."""
        error = context.get("exception")
        if not (isinstance(error, OSError) and "accept" in str(context.get("message"))):
            (self._before or (lambda loop, context: loop.default_exception_handler(context)))(loop, context)
            return
        self._not_accepted += 1
        if loop.time() >= self._say_at:
            log.error("out_of_descriptors", times=self._not_accepted, connections=len(self._all))
            self._not_accepted, self._say_at = 0, loop.time() + self.timings.log_s
