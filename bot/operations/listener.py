"""The process's own HTTP server: health and metrics always, Slack's requests in HTTP mode."""

import logging
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

MAX_BODY = 1024 * 1024
"""Bytes of the largest request that is read. Slack's largest, a click on a full message, is about 100 KB."""

log = structlog.get_logger(__name__)

_STRANGERS = logging.getLogger("bot.http.strangers")
_STRANGERS.setLevel(logging.CRITICAL)
"""aiohttp writes an error with a traceback for whatever is no HTTP: anybody could fill the log with it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _own_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors of our own handlers are logged by us, because aiohttp's are not."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:
        log.error("http_handler_failed", path=request.path, exc_info=error)
        return web.Response(status=500, text="internal error\n")


class Listener:
    """Serves ``/livez``, ``/readyz``, ``/metrics`` and, where given, a handler for Slack's requests."""

    def __init__(self, *, ready: Callable[[], Awaitable[bool]], text: Callable[[], Awaitable[bytes]]) -> None:
        self._ready = ready
        self._metrics = text
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int, posts: dict[str, Handler]) -> int:
        """Listen; the port, which differs from the one asked for if that was 0. Raises OSError if it is taken."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[_own_faults])
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._text)
        for path, handler in posts.items():
            app.router.add_post(path, handler)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=5.0, logger=_STRANGERS
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Take no more requests, let those under way finish (their acks take milliseconds)."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _livez(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        ready = await self._ready()
        return web.Response(text="ready\n" if ready else "not ready\n", status=200 if ready else 503)

    async def _text(self, _request: web.Request) -> web.Response:
        body = await self._metrics()
        return web.Response(body=body, content_type="text/plain", charset="utf-8")
