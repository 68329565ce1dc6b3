"""A Slack that does next to nothing, so that a benchmark measures the bot and not its witness.

It opens a Socket Mode connection or posts signed requests, takes what comes to response URLs, and notes when. What
it sends has the sandbox's shapes and is written out beforehand. The sandbox's own Slack checks every card and shows
it on a page: 200 people at once would be waiting for that.
"""

import asyncio
import gc
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.local_server import LocalServer
from bot.sandbox.slack.payloads import action_of, find_element, message_click, slash_command
from bot.sandbox.slack.records import BOT_ID, BOT_USER, TEAM_ID, Conversation, Json, Message, Person, with_ids

BOT_TOKEN, APP_TOKEN = "xoxb-benchmark-bot", "xapp-1-benchmark-app"
SIGNING_SECRET = "benchmark-signing-secret"
CHANNEL = Conversation("C0BENCH", "bench", "channel", frozenset())
STILL_WAITING = b"Still waiting"
"""In the note that a person gets who waits for long: it is no answer yet."""


class Ask:
    """One command or click on its way. Times are readings of the performance counter, in seconds.

    ``acked`` and ``answered`` hold when the acknowledgement and the card came in; ``card`` is the card's body.
    """

    def __init__(self, name: str, wire: str) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self.wire = wire
        self.due = 0.0
        self.sent = 0.0
        self.acked: asyncio.Future[float] = loop.create_future()
        self.answered: asyncio.Future[float] = loop.create_future()
        self.card = b""
        self.notes = 0

    @property
    def ack_ms(self) -> float:
        """Milliseconds from when it was due until it was acknowledged; infinite where it was not."""
        return _since(self.due, self.acked)

    @property
    def card_ms(self) -> float:
        """Milliseconds from when it was due until the card came in; infinite where none did."""
        return _since(self.due, self.answered)

    def take(self, body: bytes) -> None:
        """Something came in at its response URL."""
        if STILL_WAITING in body:
            self.notes += 1
        elif not self.answered.done():
            self.card = body
            self.answered.set_result(time.perf_counter())


def _since(due: float, done: asyncio.Future[float]) -> float:
    return (done.result() - due) * 1000 if done.done() and not done.cancelled() else float("inf")


class LightSlack(LocalServer):
    """One workspace for one bot. ``events_url`` is where it is reached, None for Socket Mode."""

    def __init__(self) -> None:
        super().__init__()
        self.events_url: str | None = None
        self._asks: dict[str, Ask] = {}
        self._numbers = itertools.count()
        self._socket: web.WebSocketResponse | None = None
        self._connected = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._posts: set[asyncio.Task[None]] = set()

    def _make_runner(self) -> web.AppRunner:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_post("/response/{name}", self._response)
        app.router.add_get("/link", self._link)
        return web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self) -> None:
        await super().start()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def stop(self) -> None:
        for post in self._posts:
            post.cancel()
        if self._socket is not None:
            await self._socket.close()
        if self._session is not None:
            await self._session.close()
        await super().stop()

    @property
    def environment(self) -> dict[str, str]:
        """What a bot is told: by Socket Mode, or by HTTP where ``events_url`` is set."""
        kind = {"SLACK_APP_TOKEN": APP_TOKEN} if self.events_url is None else {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
        return {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_API_URL": f"{self.url}/api/", **kind}

    async def connected(self) -> None:
        """Wait for a Socket Mode client."""
        async with asyncio.timeout(30):
            await self._connected.wait()

    # --- what people do: written out first, sent later

    def command(self, text: str) -> Ask:
        """A slash command of somebody who has not asked before."""
        person, name, links = self._somebody()
        return self._ask(name, "slash_commands", slash_command(person, CHANNEL, "/schedtask", text, **links))

    def click(self, card: bytes, action_id: str) -> Ask:
        """Somebody presses a button of a card in the channel."""
        person, name, links = self._somebody()
        found = json.loads(card)
        message = Message("1767225600.000100", CHANNEL.id, BOT_USER, found["text"], with_ids(found["blocks"]))
        block, element = find_element(message.blocks, None, action_id, None)
        action = action_of(block, element, {}, f"1767225600.{int(name):06d}")
        return self._ask(name, "interactive", message_click(person, CHANNEL, message, action, {}, **links))

    def _somebody(self) -> tuple[Person, str, dict[str, str]]:
        number = next(self._numbers)
        person = Person(f"U{number:010d}", f"Person {number}", f"person{number}", "", "UTC", guest=False)
        links = {"response_url": f"{self.url}/response/{number}", "trigger_id": f"{number}.{number}"}
        return person, str(number), links

    def _ask(self, name: str, kind: str, payload: Json) -> Ask:
        slash = kind == "slash_commands"
        if self.events_url is not None:
            wire = urlencode(payload if slash else {"payload": json.dumps(payload)})
        else:
            envelope = {"envelope_id": name, "type": kind, "accepts_response_payload": slash, "payload": payload}
            wire = json.dumps(envelope)
        self._asks[name] = ask = Ask(name, wire)
        return ask

    # --- sending

    async def one(self, ask: Ask, *, card: bool, patience_s: float = 30) -> None:
        """Send one and wait until it is acknowledged, and answered too where ``card`` says so."""
        ask.due = time.perf_counter()
        await self._send(ask)
        await asyncio.wait([ask.acked, ask.answered] if card else [ask.acked], timeout=patience_s)

    async def rush(self, asks: Sequence[Ask], *, card: bool, patience_s: float = 30) -> None:
        """All people at the same moment: each one's time counts from when the first was sent."""
        due = time.perf_counter()
        for ask in asks:
            ask.due = due
            await self._send(ask)
        await self._ended(asks, card, patience_s)

    async def pour(self, asks: Sequence[Ask], rate: float, *, card: bool, patience_s: float = 30) -> None:
        """So many a second, whether or not the earlier ones have been answered."""
        began = time.perf_counter()
        for number, ask in enumerate(asks):
            ask.due = began + number / rate
            pause = ask.due - time.perf_counter()
            if pause > 0:
                await asyncio.sleep(pause)
            await self._send(ask)
        await self._ended(asks, card, patience_s)

    async def _ended(self, asks: Sequence[Ask], card: bool, patience_s: float) -> None:
        waits = [ask.acked for ask in asks] + ([ask.answered for ask in asks] if card else [])
        await asyncio.wait(waits, timeout=patience_s)

    async def _send(self, ask: Ask) -> None:
        ask.sent = time.perf_counter()
        if self.events_url is not None:
            post = asyncio.create_task(self._post(self.events_url, ask))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)
            return
        assert self._socket is not None
        await self._socket.send_str(ask.wire)

    async def _post(self, url: str, ask: Ask) -> None:
        assert self._session is not None
        stamp, body = str(int(time.time())), ask.wire.encode()
        digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }
        with suppress(aiohttp.ClientError):
            async with self._session.post(url, data=body, headers=headers) as answer:
                await answer.read()
            if answer.status == 200 and not ask.acked.done():
                ask.acked.set_result(time.perf_counter())

    # --- what the bot knocks at

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        found: dict[str, Any] = {"ok": True}
        if method == "auth.test":
            found |= {"team_id": TEAM_ID, "user_id": BOT_USER, "bot_id": BOT_ID, "url": self.url, "team": "Bench"}
        if method == "apps.connections.open":
            found["url"] = f"{self.url.replace('http', 'ws', 1)}/link"
        return web.json_response(found)

    async def _response(self, request: web.Request) -> web.Response:
        body = await request.read()
        ask = self._asks.get(request.match_info["name"])
        if ask is None:
            return web.Response(status=404, text="expired_url")
        ask.take(body)
        return web.Response(text="ok")

    async def _link(self, request: web.Request) -> web.StreamResponse:
        self._socket = socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.send_str('{"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0SANDBOX"}}')
        self._connected.set()
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                ask = self._asks.get(str(json.loads(message.data).get("envelope_id")))
                if ask is not None and not ask.acked.done():
                    ask.acked.set_result(time.perf_counter())
        return socket


@contextmanager
def without_pauses() -> Iterator[None]:
    """Keep the garbage collector of this process out of what it measures."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
