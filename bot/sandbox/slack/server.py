"""A local Slack for one app: Web API, Socket Mode or signed HTTP, response URLs, modals, and a page.

`LocalSlack` is what tests and the sandbox command hold in their hands. The bot under test is reached over
real sockets only; nothing of it is patched. Everything listens on 127.0.0.1.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from bot.sandbox.page.api import COMMAND, PageApi, add_headers, guard
from bot.sandbox.page.state import PageState, SampleNote
from bot.sandbox.scenes import Scenes
from bot.sandbox.slack.api import APP_TOKEN, BOT_TOKEN, Call, SlackApi
from bot.sandbox.slack.delivery import Ack, DeliveryError, Parcel, SignedPosts, SocketMode
from bot.sandbox.slack.faults import Fault
from bot.sandbox.slack.files import File, Files
from bot.sandbox.slack.interactions import Interaction, Interactions
from bot.sandbox.slack.methods import Methods
from bot.sandbox.slack.payloads import NotThereError
from bot.sandbox.slack.records import APP_ID, Json, Message
from bot.sandbox.slack.switches import SlackTrouble, scope_switch
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.switches import Switch

__all__ = ["Call", "File", "Interaction", "LocalSlack", "Message", "NotThereError", "SampleNote"]

T = TypeVar("T")
SIGNING_SECRET = "5a2db0c5" * 4  # opens nothing but this sandbox
BODY_BYTES = 4 * 1024 * 1024
"""A request body's size: above Slack's own limits, so that its refusals are seen instead of a 413."""
POLL_SECONDS = 0.05
"""How often `settled` looks again although nothing was announced: a predicate may look at the bot too."""


class LocalSlack:
    """A Slack workspace on 127.0.0.1. `clock` gives seconds since 1970 and rules all expiries.

    `events_url` chooses how the app is reached: None by Socket Mode, a URL by signed posts to it. `switches` are
    the page's beside Slack's own.
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
        self.events_url = events_url
        self._port = port
        self._workspace = Workspace(clock)
        self.scenes = Scenes(lambda body: self._workspace.announce(body, self._workspace.people))
        """What went between Slack, the bot and whoever else writes into it, for the page's drawer."""
        self._sockets = SocketMode(clock, self._connection_changed)
        self._posts = SignedPosts(SIGNING_SECRET, time.time)
        self._files = Files(self._workspace, lambda: self.url)
        methods = Methods(self._workspace, lambda: self.url, self._files)
        self._api = SlackApi(self._workspace, methods, self._open_socket, self._wake, self.scenes)
        self._interactions = Interactions(self._workspace, methods, self._send, lambda: self.url, self.scenes)
        self._trouble = SlackTrouble(self._api.weather, self.disconnect, self.cut_off)
        scopes = scope_switch(lambda granted: self._api.grant(optional=granted))
        board = (*switches, self._trouble.switch, scopes)
        page = PageState(self._workspace, self.scenes, tasks, board, self._is_connected)
        self._page = PageApi(page, self._files, self._interactions, self._run)
        self.drops_abandoned_calls = False
        """Whether a call whose caller gives up is lost; otherwise it is taken late. Set it before the start."""
        self._runner: web.AppRunner | None = None
        self._running: set[asyncio.Task[Interaction]] = set()
        self._changed = asyncio.Event()
        self._workspace.listen(lambda _: self._wake())

    # --- life

    async def start(self) -> None:
        """Starts listening. Raises OSError if the port is taken."""
        app = web.Application(middlewares=[guard], client_max_size=BODY_BYTES)
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._hang_up)
        self._api.add_routes(app)
        self._page.add_routes(app)
        app.router.add_get("/link", self._sockets.handle)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=2.0, handler_cancellation=self.drops_abandoned_calls
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends what is under way, closes all connections and stops listening."""
        await self._trouble.stop()
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
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

    async def _hang_up(self, _: web.Application) -> None:
        self._page.end_streams()
        await self._sockets.close()

    # --- where it is

    @property
    def url(self) -> str:
        """The page; no slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """What goes into SLACK_API_URL."""
        return f"{self.url}/api/"

    # --- what people do

    async def command(self, user: str, channel: str, text: str = "", command: str = COMMAND) -> Interaction:
        """Sends a slash command and waits until it is acknowledged, or for three seconds."""
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
        """Uses an element of a message or of an open view, and waits for the acknowledgement.

        A button's `value` tells several with the same action id apart; elsewhere it is what is typed or
        picked. `selected` is the value of the chosen option (or several). Raises NotThereError where this
        person sees no such element now.
        """
        if message_ts is not None:
            built = self._interactions.click_message(
                user, message_ts, action_id, block_id=block_id, value=value, selected=selected
            )
        else:
            built = self._interactions.click_view(
                user, view_id or "", action_id, block_id=block_id, value=value, selected=selected
            )
        return await self._interactions.deliver(built)

    async def submit_view(self, user: str, view_id: str, values: Json) -> Interaction:
        """Submits an open view with {block_id: {action_id: {"type", "value"}}}. Raises NotThereError."""
        return await self._interactions.deliver(self._interactions.submit_view(user, view_id, values))

    async def close_view(self, user: str, view_id: str) -> Interaction | None:
        """Closes an open view; None where the view did not ask to be told. Raises NotThereError."""
        closed = self._interactions.close_view(user, view_id)
        return await self._interactions.deliver(closed) if closed else None

    # --- what is to be seen

    @property
    def scopes(self) -> str:
        """The scopes the bot token has, comma separated; may be set."""
        return self._api.scopes

    @scopes.setter
    def scopes(self, scopes: str) -> None:
        self._api.scopes = scopes

    @property
    def calls(self) -> list[Call]:
        """The latest Web API calls, posts to response URLs and uploads, oldest first."""
        return list(self._api.journal)

    def messages(self, channel: str, viewer: str = "U0ONCALL") -> list[Message]:
        """The messages one person sees there, oldest first; without the lines that say who used a command."""
        return [message for message in self._workspace.messages(channel, viewer) if message.kind == "message"]

    def files(self, viewer: str = "U0ONCALL") -> list[File]:
        """The files in messages that one person sees, oldest first; those of completed uploads only."""
        return self._files.visible(viewer)

    def view(self, user: str) -> Json | None:
        """The topmost view that this person has open, as Slack's own view object."""
        stack = self._workspace.stack(user)
        return stack[-1].to_slack() if stack else None

    async def connected(self, timeout: float = 5) -> None:  # noqa: ASYNC109 - part of the interface
        """Waits until a Socket Mode client was greeted. Raises AssertionError after `timeout` seconds."""
        await self.settled(lambda: self._sockets.connected, timeout)

    @property
    def connections(self) -> int:
        """How many Socket Mode connections there are."""
        return self._sockets.count

    async def settled(self, predicate: Callable[[], T], timeout: float = 15) -> T:  # noqa: ASYNC109
        """Waits until the predicate is true and returns what it gave.

        Raises AssertionError after `timeout` seconds, with what the sandbox saw.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not (result := predicate()):
            if loop.time() >= deadline:
                raise AssertionError(f"not so within {timeout} s; seen: {self._seen()}")
            self._changed.clear()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return result

    # --- making it hard

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
        """Makes the next `times` calls of a method (or of "response_url" or "upload") fail.

        `error` is Slack's word; None only delays by `delay` seconds. `status` 429 comes with `retry_after`,
        5xx with a page of HTML, 0 cuts the connection.
        """
        if error is None and status != 200:
            error = "ratelimited" if status == 429 else "internal_error"
        self._api.refuse(method, Fault(error, status, retry_after, delay), times)

    async def disconnect(self, reason: str = "refresh_requested", count: int | None = None) -> None:
        """Sends so many Socket Mode clients (all) away, as Slack does every few hours; a "warning" only warns."""
        await self._sockets.disconnect(reason, count)

    def drop(self, count: int | None = None) -> None:
        """Breaks so many Socket Mode connections (all) off without a word."""
        self._sockets.drop(count)

    def mute(self, count: int | None = None) -> None:
        """Lets so many Socket Mode connections (all) stay open, but hears nothing on them: no ping is answered."""
        self._sockets.mute(count)

    async def cut_off(self, cut: bool = True) -> None:
        """Keeps the bot from being reached, as if the network between were down; False ends that."""
        self._sockets.refusing = cut
        if cut:
            await self._sockets.disconnect("link_disabled")

    # --- inside

    def _run(self, interaction: Interaction) -> None:
        task = asyncio.create_task(self._interactions.deliver(interaction))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, parcel: Parcel) -> Ack:
        if self._sockets.refusing:
            raise DeliveryError("dispatch_failed")
        if self.events_url is not None:
            return await self._posts.deliver(self.events_url, parcel)
        return await self._sockets.deliver(parcel)

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

    def _wake(self) -> None:
        self._changed.set()

    def _seen(self) -> str:
        people, places = self._workspace.people, self._workspace.places
        messages = {
            place: {message.ts: message.text for user in people for message in self._workspace.messages(place, user)}
            for place in places
        }
        return json.dumps(
            {
                "connected": self._is_connected(),
                "messages": {place: list(texts.values()) for place, texts in messages.items() if texts},
                "views": {user: [v.content["title"]["text"] for v in self._workspace.stack(user)] for user in people},
                "calls": [[call.method, call.status, call.response.get("error")] for call in self.calls[-20:]],
            },
            ensure_ascii=False,
        )
