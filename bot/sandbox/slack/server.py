"""A local Slack for one app: Web API, Socket Mode or signed HTTP, response URLs, modals, and a page.

`LocalSlack` is the interface for tests and for the sandbox command. It reaches the bot over real sockets only, and
patches nothing of it. Everything listens on 127.0.0.1.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from aiohttp import web

from bot.sandbox.local_server import LocalServer
from bot.sandbox.page.api import COMMAND, PageApi, add_security_headers, reject_other_sites
from bot.sandbox.page.state import PageState, SampleNote
from bot.sandbox.scenes import Scenes
from bot.sandbox.slack.api import APP_TOKEN, BOT_TOKEN, RecordedCall, SlackApi
from bot.sandbox.slack.delivery import Ack, DeliveryError, Envelope, SignedHttp, SocketMode
from bot.sandbox.slack.faults import CallFault
from bot.sandbox.slack.files import Files, UploadedFile
from bot.sandbox.slack.interactions import Interaction, Interactions
from bot.sandbox.slack.methods import Methods
from bot.sandbox.slack.payloads import NotThereError
from bot.sandbox.slack.records import APP_ID, Json, Message
from bot.sandbox.slack.switches import ServiceSwitch, scope_switch
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.switches import Switch

__all__ = ["Interaction", "LocalSlack", "Message", "NotThereError", "RecordedCall", "SampleNote", "UploadedFile"]

T = TypeVar("T")
SIGNING_SECRET = "5a2db0c5" * 4  # opens nothing but this sandbox
BODY_BYTES = 4 * 1024 * 1024
"""The limit of a request body: above Slack's own limits, so that its refusals are seen instead of a 413."""
POLL_SECONDS = 0.05
"""How often `settled` evaluates a predicate although nothing changed here: it may depend on the bot, too."""


class LocalSlack(LocalServer):
    """A Slack workspace on 127.0.0.1. `clock` returns seconds since 1970; every expiry follows it.

    With an `events_url`, the app gets signed posts to it; without, Socket Mode. `tasks` and `switches` are for the
    page, which adds Slack's own switches.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    signing_secret = SIGNING_SECRET

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        tasks: tuple[SampleNote, ...] = (),
        events_url: str | None = None,
        switches: tuple[Switch, ...] = (),
    ) -> None:
        super().__init__(port)
        self.events_url = events_url
        self._changed = asyncio.Event()
        self._workspace = Workspace(clock)
        self.scenes = Scenes(lambda body: self._workspace.announce(body, self._workspace.people))
        """The steps between Slack, the bot and COC, for the page's drawer."""
        self._sockets = SocketMode(clock, self._connection_changed)
        self._http = SignedHttp(SIGNING_SECRET, time.time)
        self._files = Files(self._workspace, lambda: self.url)
        methods = Methods(self._workspace, lambda: self.url, self._files)
        self._api = SlackApi(self._workspace, methods, self._open_socket, self._changed.set, self.scenes)
        self._interactions = Interactions(self._workspace, methods, self._send, lambda: self.url, self.scenes)
        self._service_switch = ServiceSwitch(self._api.service, self.disconnect, self.cut_off)
        scopes = scope_switch(lambda granted: self._api.grant(optional=granted))
        board = (*switches, self._service_switch.switch, scopes)
        page = PageState(self._workspace, self.scenes, tasks, board, self._is_connected)
        self._page = PageApi(page, self._files, self._interactions, self._run)
        self.drops_abandoned_calls = False
        """Whether a call is lost if its caller gives up; otherwise it is answered late. Set it before the start."""
        self._running: set[asyncio.Task[Interaction]] = set()
        self._workspace.listen(lambda _: self._changed.set())

    # --- start and stop

    def _make_runner(self) -> web.AppRunner:
        app = web.Application(middlewares=[reject_other_sites], client_max_size=BODY_BYTES)
        app.on_response_prepare.append(add_security_headers)
        app.on_shutdown.append(self._close_connections)
        self._api.add_routes(app)
        self._page.add_routes(app)
        app.router.add_get("/link", self._sockets.handle)
        return web.AppRunner(
            app, access_log=None, shutdown_timeout=2.0, handler_cancellation=self.drops_abandoned_calls
        )

    async def stop(self) -> None:
        """Cancel deliveries, close every connection and stop listening."""
        await self._service_switch.stop()
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await super().stop()

    async def _close_connections(self, _: web.Application) -> None:
        self._page.end_streams()
        await self._sockets.close()

    # --- addresses

    @property
    def api_url(self) -> str:
        """The value of SLACK_API_URL."""
        return f"{self.url}/api/"

    # --- what people do

    async def command(self, user: str, channel: str, text: str = "", command: str = COMMAND) -> Interaction:
        """Send a slash command; return once it is acknowledged, or after three seconds."""
        return await self._interactions.deliver(self._interactions.command(user, channel, text, command))

    async def click(
        self,
        user: str,
        action_id: str,
        message_ts: str | None = None,
        view_id: str | None = None,
        *,
        block_id: str | None = None,
        value: str | None = None,
        selected: str | Sequence[str] | None = None,
    ) -> Interaction:
        """Use an element of a message or of an open view; return once the click is acknowledged.

        `value` distinguishes buttons with the same action id; for other elements it is the input. `selected` is the
        value of the chosen option, or of several. Raises NotThereError if the person does not see such an element.
        """
        if message_ts is not None:
            interaction = self._interactions.click_message(
                user, message_ts, action_id, block_id=block_id, value=value, selected=selected
            )
        else:
            interaction = self._interactions.click_view(
                user, view_id or "", action_id, block_id=block_id, value=value, selected=selected
            )
        return await self._interactions.deliver(interaction)

    async def submit_view(self, user: str, view_id: str, values: Json) -> Interaction:
        """Submit an open view with {block_id: {action_id: {"type", "value"}}}. Raises NotThereError."""
        return await self._interactions.deliver(self._interactions.submit_view(user, view_id, values))

    async def close_view(self, user: str, view_id: str) -> Interaction | None:
        """Close an open view; None unless it asks for a view_closed. Raises NotThereError."""
        closed = self._interactions.close_view(user, view_id)
        return await self._interactions.deliver(closed) if closed else None

    # --- what people and tests see

    @property
    def scopes(self) -> str:
        """The scopes of the bot token, comma separated; may be set."""
        return self._api.scopes

    @scopes.setter
    def scopes(self, scopes: str) -> None:
        self._api.scopes = scopes

    @property
    def calls(self) -> list[RecordedCall]:
        """The latest Web API calls, posts to response URLs and uploads, oldest first."""
        return list(self._api.journal)

    def messages(self, channel: str, viewer: str = "U0ONCALL") -> list[Message]:
        """The messages that one person sees in a channel, oldest first, without the lines about used commands."""
        return [message for message in self._workspace.messages(channel, viewer) if message.kind == "message"]

    def files(self, viewer: str = "U0ONCALL") -> list[UploadedFile]:
        """The files in the messages that one person sees, oldest first; incomplete uploads are not among them."""
        return self._files.visible(viewer)

    def view(self, user: str) -> Json | None:
        """The topmost open view of a person, as Slack's view object."""
        stack = self._workspace.stack(user)
        return stack[-1].to_slack() if stack else None

    async def connected(self, timeout: float = 5) -> None:  # noqa: ASYNC109 - part of the interface
        """Wait for a Socket Mode client. Raises AssertionError after `timeout` seconds."""
        await self.settled(lambda: self._sockets.connected, timeout)

    @property
    def connections(self) -> int:
        """The number of Socket Mode connections."""
        return self._sockets.count

    async def settled(self, predicate: Callable[[], T], timeout: float = 15) -> T:  # noqa: ASYNC109
        """Wait until the predicate is true, and return its value.

        Raises AssertionError after `timeout` seconds, with the state of the workspace.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not (result := predicate()):
            if loop.time() >= deadline:
                raise AssertionError(f"not so within {timeout} s; seen: {self._state()}")
            self._changed.clear()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return result

    # --- faults

    def refuse(
        self,
        method: str,
        error: str | None = None,
        times: int = 1,
        *,
        status: int = 200,
        retry_after: int | None = None,
        delay: float = 0,
    ) -> None:
        """Make the next `times` calls of a method (or of "response_url" or "upload") fail; see `CallFault`."""
        if error is None and status != 200:
            error = "ratelimited" if status == 429 else "internal_error"
        self._api.refuse(method, CallFault(error, status, retry_after, delay), times)

    async def disconnect(self, reason: str = "refresh_requested", count: int | None = None) -> None:
        """Disconnect the `count` oldest Socket Mode clients (None: all), as Slack does; a "warning" only warns."""
        await self._sockets.disconnect(reason, count)

    def drop(self, count: int | None = None) -> None:
        """Abort the `count` oldest Socket Mode connections (None: all)."""
        self._sockets.drop(count)

    def mute(self, count: int | None = None) -> None:
        """Ignore everything, pings included, on the `count` oldest Socket Mode connections (None: all)."""
        self._sockets.mute(count)

    async def cut_off(self, cut: bool = True) -> None:
        """Make the bot unreachable, as if the network were down; False ends that."""
        self._sockets.refusing = cut
        if cut:
            await self._sockets.disconnect("link_disabled")

    # --- internals

    def _run(self, interaction: Interaction) -> None:
        task = asyncio.create_task(self._interactions.deliver(interaction))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, envelope: Envelope) -> Ack:
        if self._sockets.refusing:
            raise DeliveryError("dispatch_failed")
        if self.events_url is not None:
            return await self._http.deliver(self.events_url, envelope)
        return await self._sockets.deliver(envelope)

    def _is_connected(self) -> bool:
        return not self._sockets.refusing and (self.events_url is not None or self._sockets.connected)

    def _open_socket(self) -> Json:
        ticket = self._sockets.ticket()
        return {"url": f"ws://127.0.0.1:{self._port}/link?ticket={ticket}&app_id={APP_ID}"}

    def _connection_changed(self) -> None:
        words = "the bot is connected" if self._is_connected() else "the bot is not connected"
        self.scenes.note("link", "Socket Mode", words, good=self._is_connected())
        body = {"type": "connected", "connected": self._is_connected()}
        self._workspace.announce(body, self._workspace.people)

    def _state(self) -> str:
        people = self._workspace.people
        messages = {
            channel: {m.ts: m.text for user in people for m in self._workspace.messages(channel, user)}
            for channel in self._workspace.conversations
        }
        return json.dumps(
            {
                "connected": self._is_connected(),
                "messages": {channel: list(texts.values()) for channel, texts in messages.items() if texts},
                "views": {user: [v.content["title"]["text"] for v in self._workspace.stack(user)] for user in people},
                "calls": [[call.method, call.status, call.response.get("error")] for call in self.calls[-20:]],
            },
            ensure_ascii=False,
        )
