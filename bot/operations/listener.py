"""The process's own HTTP server: health and metrics always, Slack's requests in HTTP mode."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot.errors import StartError
from bot.operations.connections import BOUNDS, Bounds, Connection, InboundConnections
from bot.timings import TIMINGS, HttpTimings

MAX_BODY = 1024 * 1024
"""Bytes of the largest request that is read. Slack's largest, a click on a full message, is about 100 KB."""
MAX_HEADERS = 64
"""Headers of a request; each may have 8 KB. Slack and three proxies on the way send about 30."""

log = structlog.get_logger(__name__)

_MUTED = logging.getLogger("bot.http.strangers")
_MUTED.setLevel(logging.CRITICAL)
"""aiohttp logs an error with a traceback for bytes that are not HTTP: anybody could fill the log with it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _track_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Track the request on its connection, log errors of our own handlers, and close after every failure."""
    protocol = request.transport.get_protocol() if request.transport is not None else None
    connection = protocol if isinstance(protocol, Connection) else None
    if connection is not None:
        connection.begin_request(request)
    is_good = False
    try:
        response = await handler(request)
        is_good = response.status < 400 and request.content.is_eof()
        if not is_good:
            response.force_close()
        return response
    except web.HTTPException as refusal:
        refusal.force_close()
        raise
    except Exception as error:
        if request.transport is None or request.transport.is_closing():
            # The peer has gone, and reading or answering failed for that: a crowd of strangers could fill the log.
            log.debug("http_peer_gone", path=request.path, error=type(error).__name__)
        else:
            log.error("http_handler_failed", path=request.path, exc_info=error)
        response = web.Response(status=500, text="internal error\n")
        response.force_close()
        return response
    finally:
        if connection is not None:
            connection.end_request(is_good=is_good)


async def _leave_continue_to_handler(_request: web.Request) -> None:
    """The handler sends "100 Continue" itself, after it has checked the headers."""


class Listener:
    """Serves ``/livez``, ``/readyz``, ``/metrics`` and, where given, handlers of POST requests.

    ``on_refused`` gets the reason when a connection is closed before its request is complete.
    """

    def __init__(
        self,
        *,
        is_ready: Callable[[], Awaitable[bool]],
        render_metrics: Callable[[], Awaitable[bytes]],
        on_refused: Callable[[str], None] = lambda _reason: None,
        timings: HttpTimings = TIMINGS.http,
    ) -> None:
        self._is_ready = is_ready
        self._render_metrics = render_metrics
        self._on_refused = on_refused
        self._timings = timings
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._connections: InboundConnections | None = None

    async def start(self, host: str, port: int, posts: dict[str, Handler], *, bounds: Bounds = BOUNDS) -> int:
        """Listen and return the port, a free one for 0. Raises StartError if the port is taken."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[_track_request])
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        for path, handler in posts.items():
            app.router.add_post(path, handler, expect_handler=_leave_continue_to_handler)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=self._timings.stop_s,
            logger=_MUTED,
            auto_decompress=False,
            lingering_time=self._timings.linger_s,
            max_headers=MAX_HEADERS,
        )
        await self._runner.setup()
        assert self._runner.server is not None  # noqa: S101 - setup has made it
        self._connections = InboundConnections(self._on_refused, bounds, self._timings)
        try:
            self._server = await self._connections.listen(self._runner.server, host, port)
        except OSError as error:
            raise StartError(
                f"Can't listen on {host}:{port} ({error.strerror or error}): check SCHEDTASK_HOST and SCHEDTASK_PORT"
            ) from None
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop accepting connections and answer the requests that are complete; acks take milliseconds."""
        if self._server is not None and self._connections is not None:
            self._server.close()
            self._server = None
            await self._connections.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _livez(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        is_ready = await self._is_ready()
        return web.Response(text="ready\n" if is_ready else "not ready\n", status=200 if is_ready else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=await self._render_metrics(), content_type="text/plain", charset="utf-8")
