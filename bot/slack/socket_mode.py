"""Socket Mode: several WebSockets to Slack at once, so that replacing one loses nothing.

Slack sends each request down any one of an app's connections, and closes every connection after some hours, with a
warning first. The SDK's client closes its connection before it opens the next, and retries for ever, also with a
revoked token. Here a connection is replaced before it goes, and so is one whose pongs stay away. When nothing helps,
``Connections.failed`` ends.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.envelopes import Envelopes
from bot.timings import TIMINGS, SocketTimings

log = structlog.get_logger(__name__)

FINAL = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
    | {"missing_scope", "link_disabled", "user_removed_from_team", "team_access_not_granted"}
)
"""Slack's error codes after which no retry can help."""

Acked = Callable[[float], None]


class _WithoutTracebacks(logging.LoggerAdapter[logging.Logger]):
    """The SDK's log. A connection that fails is an everyday event, and the message says why."""

    level = property(lambda self: self.logger.level)

    def exception(self, msg: object, *args: object, **_: Any) -> None:
        self.warning(msg, *args)


class _Client(SocketModeClient):
    """The SDK's client for one connection. Where it would reconnect, it reports that the connection is lost."""

    def __init__(self, *, on_lost: Callable[[str], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_lost = on_lost

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Called by the SDK after a ``disconnect`` message (``force``), a close, or pongs that stay away."""
        self._on_lost("asked to" if force else "closed")


class _Connection(AsyncSocketModeHandler):
    """One connection: hands requests to the Bolt app and sends the acknowledgements back."""

    def __init__(self, pool: "Connections", app: AsyncApp, app_token: str, web_client: AsyncWebClient) -> None:
        # Not the base class's __init__, whose client reconnects by itself.
        self.app = app
        self.app_token = app_token
        self.lost = asyncio.Event()
        self.why = ""
        self.client = _Client(
            on_lost=self._lose,
            app_token=app_token,
            logger=_WithoutTracebacks(app.logger),
            web_client=web_client,
            ping_interval=pool.timings.ping_s,
        )
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]
        self._pool = pool
        self._timings = pool.timings
        self._opened = time.time()
        self._busy = 0

    @property
    def live(self) -> bool:
        """Whether it is usable and Slack has not announced that it will close it."""
        return self.usable and not self.lost.is_set()

    @property
    def usable(self) -> bool:
        """Whether it is open and its pongs arrive: Slack may still send requests down it."""
        session = self.client.current_session
        return session is not None and not session.closed and self.pong_age_s < self._timings.stale_s

    @property
    def pong_age_s(self) -> float:
        """Seconds since the last pong; before the first pong, since the connection was opened."""
        # The SDK keeps wall time: where the clock was set, a connection is replaced once too often.
        return max(time.time() - max(self.client.last_ping_pong_time or 0.0, self._opened), 0.0)

    async def open(self) -> None:
        """Connect. Raises SlackApiError, TimeoutError and connection errors."""
        async with asyncio.timeout(self._timings.open_s):
            answer = await self.client.web_client.apps_connections_open(app_token=self.app_token)
            self.client.wss_uri = str(answer["url"])
            await self.client.connect()
        self._opened = time.time()

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Acknowledge one request, over another connection if this one has closed meanwhile."""
        began = time.monotonic()
        self._busy += 1
        try:
            response = await self._pool.envelopes.response(req.envelope_id, lambda: run_async_bolt_app(self.app, req))
            if response.status != 200:
                # The manifest lets Slack send nothing like it. Without an acknowledgement the person sees an error.
                log.warning("unhandled_request", type=req.type, status=response.status)
                return
            for open_client in self._pool.clients(first=client):
                with contextlib.suppress(ConnectionError):
                    await send_async_response(open_client, req, response, began)
                    self._pool.acked(time.monotonic() - began)
                    return
            log.error("ack_lost", type=req.type)
        finally:
            self._busy -= 1

    async def close(self) -> None:
        """Disconnect after the acknowledgements under way; Slack sends further requests down other connections."""
        client = self.client
        for _ in range(int(self._timings.busy_s / 0.01)):
            if not self._busy and client.message_queue.empty():
                break
            await asyncio.sleep(0.01)
        pending = [client.message_processor, client.current_session_monitor, client.message_receiver]
        with contextlib.suppress(aiohttp.ClientError, OSError):  # it is closed already
            async with asyncio.timeout(self._timings.close_s):
                await client.close()
        # close() cancels these without awaiting them; a loop that ends earlier complains.
        tasks = [task for task in pending if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.aiohttp_client_session.close()

    def check(self) -> None:
        """Notice a dead connection, in case the SDK's own monitor has not."""
        if not self.live:
            self._lose("no pong" if self.pong_age_s >= self._timings.stale_s else "dropped")

    def _lose(self, why: str) -> None:
        if not self.lost.is_set():
            self.why = why
            self.lost.set()


@dataclass(frozen=True, slots=True)
class Health:
    """How many connections are live, and the age of the oldest last pong among them, in seconds."""

    live: int
    pong_age_s: float


class Connections:
    """Several connections, each replaced when it is lost. ``start``, then ``close``.

    ``acked`` takes the seconds from each request to its acknowledgement, ``replaced`` the reason of each replacement.
    ``failed`` is done, with a sentence, once no connection has been live for ``give_up_s`` seconds or Slack has
    refused the token for good.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        client: AsyncWebClient,
        *,
        wanted: int = 2,
        give_up_s: float = 120.0,
        timings: SocketTimings = TIMINGS.socket,
        acked: Acked = lambda _seconds: None,
        replaced: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self.acked = acked
        self.timings = timings
        self.envelopes = Envelopes()
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._app = app
        self._app_token = app_token
        self._web_client = client
        self._wanted = wanted
        self._give_up_s = give_up_s
        self._replaced = replaced
        self._open: list[_Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._alive = time.monotonic()

    @property
    def health(self) -> Health:
        """The state now."""
        ages = [connection.pong_age_s for connection in self._open if connection.live]
        return Health(len(ages), max(ages, default=0.0))

    def clients(self, first: SocketModeClient) -> Iterator[SocketModeClient]:
        """The clients that can send an acknowledgement, beginning with the one that received the request."""
        yield first
        yield from (connection.client for connection in self._open if connection.client is not first)

    async def start(self) -> None:
        """Open the first connection; the others follow. Raises SlackApiError, TimeoutError and connection errors."""
        first = await self._open_one()
        self._alive = time.monotonic()
        self._run(self._hold(first))
        for _ in range(self._wanted - 1):
            self._run(self._hold(None))
        self._run(self._watch())

    async def close(self) -> None:
        """Disconnect everything."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        connections, self._open = self._open, []
        await asyncio.gather(*(connection.close() for connection in connections))

    async def _open_one(self) -> _Connection:
        connection = _Connection(self, self._app, self._app_token, self._web_client)
        try:
            await connection.open()
        except BaseException:
            await connection.close()
            raise
        self._open.append(connection)
        return connection

    async def _hold(self, connection: _Connection | None) -> None:
        """Keep one connection open: whenever it is lost, open another, then retire the old one."""
        while True:
            if connection is not None:
                await connection.lost.wait()
                log.info("socket_replaced", why=connection.why)
                self._replaced(connection.why)
            old, connection = connection, await self._reopen()
            if old is not None:
                self._run(self._retire(old))

    async def _reopen(self) -> _Connection:
        """Open a new connection, however long it takes."""
        tries, pauses_s = 0, self.timings.pauses_s
        while True:
            try:
                return await self._open_one()
            except SlackApiError as error:
                code = str(error.response.get("error") or "")
                log.error("socket_refused", error=code)
                if code in FINAL and not self.health.live:
                    self._fail(f"Slack refuses the app-level token ({code})")
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                log.warning("socket_unreachable", error=str(error) or type(error).__name__)
            except Exception as error:
                # slack_sdk takes the body of any 200 for a JSON object; a proxy's page is not one.
                log.error("socket_failed", exc_info=error)
            await asyncio.sleep(pauses_s[min(tries, len(pauses_s) - 1)])
            tries += 1

    async def _retire(self, old: _Connection) -> None:
        until = time.monotonic() + self.timings.linger_s
        while old.usable and time.monotonic() < until:  # noqa: ASYNC110 - the SDK's client has no event for it
            await asyncio.sleep(0.1)
        await old.close()
        if old in self._open:
            self._open.remove(old)

    async def _watch(self) -> None:
        """Check the pongs, whatever the SDK's own monitor does; give up when nothing has been live for too long."""
        while True:
            await asyncio.sleep(self.timings.watch_s)
            for connection in self._open:
                connection.check()
            if self.health.live:
                self._alive = time.monotonic()
            elif time.monotonic() - self._alive > self._give_up_s:
                self._fail(f"no connection to Slack for {self._give_up_s:g} s")

    def _fail(self, why: str) -> None:
        if not self.failed.done():
            self.failed.set_result(why)

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._fail("its own keeper broke")
            log.error("keeper_failed", exc_info=task.exception())
