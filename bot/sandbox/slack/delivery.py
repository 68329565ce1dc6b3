"""How the local Slack reaches the bot: Socket Mode over a WebSocket, or signed HTTP posts.

Follows docs.slack.dev/apis/events-api/using-socket-mode and
docs.slack.dev/authentication/verifying-requests-from-slack.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.slack.records import APP_ID, Json, SlackRefusedError

ACK_SECONDS = 3.0
"""How long Slack waits for an acknowledgement, including the network."""
CONNECTIONS = 10
"""Socket Mode connections of one app."""
TICKET_SECONDS, MAX_TICKETS = 30.0, 100
"""How long a WebSocket URL of apps.connections.open is valid for one use, and how many of them are."""


class DeliveryError(Exception):
    """The bot did not acknowledge: the argument is `operation_timeout` or `dispatch_failed`."""


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement after `ms` milliseconds; `body` is the answer that it carried, if any."""

    ms: float
    body: Json | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload to deliver; `kind` is `slash_commands` or `interactive`."""

    id: str
    kind: str
    payload: Json
    accepts_response: bool


class SocketMode:
    """Delivery by WebSocket: hello, each envelope to one of the connections, acknowledgements, disconnects."""

    def __init__(self, clock: Callable[[], float], on_change: Callable[[], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self.ack_s = ACK_SECONDS
        self._tickets: OrderedDict[str, float] = OrderedDict()
        self._connections: deque[web.WebSocketResponse] = deque()
        self._retired: set[web.WebSocketResponse] = set()
        self._muted: set[web.WebSocketResponse] = set()
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self.refusing = False
        """Whether new connections are refused, as if Slack could not be reached."""

    @property
    def connected(self) -> bool:
        """Whether a client is connected and got its hello."""
        return bool(self._connections)

    @property
    def count(self) -> int:
        """How many clients are connected and got their hello."""
        return len(self._connections)

    def ticket(self) -> str:
        """The secret of a WebSocket URL, valid once within thirty seconds. Raises SlackRefusedError."""
        if self.refusing:
            raise SlackRefusedError("internal_error")
        if len(self._connections) >= CONNECTIONS:
            raise SlackRefusedError("too_many_websockets")
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = self._clock()
        while len(self._tickets) > MAX_TICKETS:
            self._tickets.popitem(last=False)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until either side closes it."""
        issued = self._tickets.pop(request.query.get("ticket", ""), None)
        if self.refusing or issued is None or self._clock() - issued > TICKET_SECONDS:
            return web.Response(status=403)
        socket = web.WebSocketResponse(timeout=2.0, autoping=False)
        await socket.prepare(request)
        self._connections.append(socket)
        assert isinstance(request.transport, asyncio.Transport)  # noqa: S101 - the handshake used it
        self._transports[socket] = request.transport
        try:
            await socket.send_json(self._hello())
            self._on_change()
            async for message in socket:
                if socket in self._muted:
                    continue
                if message.type is aiohttp.WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is aiohttp.WSMsgType.TEXT:
                    self._acknowledge(message.data)
        except ConnectionError:
            # The client left during its hello; there is nothing to clean up beyond the finally.
            pass
        finally:
            self._retired.discard(socket)
            self._muted.discard(socket)
            self._transports.pop(socket, None)
            if socket in self._connections:
                self._connections.remove(socket)
            self._on_change()
        return socket

    async def deliver(self, envelope: Envelope) -> Ack:
        """Send an envelope on one connection and wait for its acknowledgement. Raises DeliveryError."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        acknowledged: asyncio.Future[Json | None] = loop.create_future()
        self._waiting[envelope.id] = acknowledged
        try:
            async with asyncio.timeout(self.ack_s):
                await self._send(envelope)
                body = await acknowledged
        except TimeoutError as error:
            raise DeliveryError("operation_timeout") from error
        finally:
            del self._waiting[envelope.id]
        return Ack((loop.time() - started) * 1000, body)

    async def disconnect(self, reason: str, count: int | None = None) -> None:
        """Send a disconnect on the `count` oldest connections (None: all); unless it is a `warning`, close them."""
        sockets = self._oldest(count)
        for socket in sockets:
            # The client may have left a moment ago.
            with suppress(ConnectionError):
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": _DEBUG})
        if reason != "warning":
            self._retired.update(sockets)
            self._connections = deque(socket for socket in self._connections if socket not in self._retired)
            self._on_change()
            if self._waiting:  # acknowledgements of earlier envelopes still count
                await asyncio.wait(list(self._waiting.values()), timeout=1.0)
            await asyncio.gather(*(socket.close() for socket in sockets))

    def drop(self, count: int | None = None) -> None:
        """Abort the `count` oldest connections (None: all): no close frame, as from a router that lost its state."""
        for socket in self._oldest(count):
            self._transports[socket].abort()

    def mute(self, count: int | None = None) -> None:
        """Ignore everything that arrives on the `count` oldest connections (None: all), pings included."""
        self._muted.update(self._oldest(count))

    def _oldest(self, count: int | None) -> list[web.WebSocketResponse]:
        return [socket for socket in self._transports if socket in self._connections][:count]

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(socket.close() for socket in (*self._connections, *self._retired)))

    async def _send(self, envelope: Envelope) -> None:
        body = {
            "envelope_id": envelope.id,
            "type": envelope.kind,
            "accepts_response_payload": envelope.accepts_response,
            "payload": envelope.payload,
        }
        for _ in range(len(self._connections)):
            socket = self._connections[0]
            self._connections.rotate(-1)
            # If the connection breaks during the send, the next one gets the envelope.
            with suppress(ConnectionError):
                await socket.send_json(body)
                return
        raise DeliveryError("dispatch_failed")

    def _acknowledge(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except json.JSONDecodeError:
            return
        waiting = self._waiting.get(str(ack.get("envelope_id"))) if isinstance(ack, dict) else None
        if waiting is not None and not waiting.done():
            payload = ack.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) else None)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": _DEBUG | {"build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP_ID},
        }


class SignedHttp:
    """Delivery by HTTP: form posts with a v0 signature.

    `wall_clock` is the real time, even if the workspace's clock is not: the receiver compares the timestamp with its
    own clock.
    """

    def __init__(self, signing_secret: str, wall_clock: Callable[[], float]) -> None:
        self._secret = signing_secret.encode()
        self._wall_clock = wall_clock

    async def deliver(self, url: str, envelope: Envelope) -> Ack:
        """Post an envelope; a 200 is its acknowledgement. Raises DeliveryError."""
        loop = asyncio.get_running_loop()
        slash = envelope.kind == "slash_commands"
        body = urlencode(envelope.payload if slash else {"payload": json.dumps(envelope.payload)})
        started = loop.time()
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ACK_SECONDS)) as session,
                session.post(url, data=body, headers=self._headers(body), allow_redirects=False) as response,
            ):
                text, status, kind = await response.text(), response.status, response.content_type
        except TimeoutError as error:
            raise DeliveryError("operation_timeout") from error
        except aiohttp.ClientError as error:
            raise DeliveryError("dispatch_failed") from error
        if status != 200:
            raise DeliveryError("dispatch_failed")
        return Ack((loop.time() - started) * 1000, _answer(text, kind))

    def _headers(self, body: str) -> dict[str, str]:
        timestamp = str(int(self._wall_clock()))
        signature = hmac.new(self._secret, f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={signature}",
        }


_DEBUG: Json = {"host": "applink-sandbox"}


def _answer(text: str, content_type: str) -> Json | None:
    """The body of a 200: a JSON object, or plain text as the `text` of one."""
    if not text.strip():
        return None
    if content_type != "application/json":
        return {"text": text}
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        return {"text": text}
    return answer if isinstance(answer, dict) else None
