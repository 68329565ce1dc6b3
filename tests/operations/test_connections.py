"""The limits of the listener's connections, over real sockets: which one is closed, when, and in which order."""

import asyncio
import gzip
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.operations.connections import Bounds, connection_limit
from bot.operations.descriptors import raise_descriptors
from bot.operations.listener import Listener
from bot.timings import TIMINGS, HttpTimings

SMALL = Bounds(100)
BRIEF = HttpTimings(request_s=0.4, sweep_s=0.1)
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
BEGUN = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Le"
WAIT = b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
WHOLE = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 80000\r\n\r\n" + b"x" * 80_000
BODY_BEGUN = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"


@dataclass
class Peer:
    """The other end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def gets(self, path: bytes = b"/livez", says: bytes = b"ok\n") -> bool:
        """Whether a GET on this connection is answered; False where the connection is closed."""
        try:
            self.writer.write(GET % path)
            async with asyncio.timeout(3):
                return (await self.reader.readuntil(says)).endswith(says)
        except (ConnectionError, asyncio.IncompleteReadError):
            return False

    async def is_closed(self, seconds: float) -> bool:
        """Whether the bot closes the connection within so many seconds; what it sends before is read."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True


@dataclass
class Server:
    """A listener with a handler that reads a body and one that waits."""

    port: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    peers: list[Peer] = field(default_factory=list)
    listener: Listener | None = None

    async def connect(self, raw: bytes = b"") -> Peer:
        """A connection on which these bytes have arrived."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.peers.append(peer)
        peer.writer.write(raw)
        await asyncio.sleep(0.02)
        return peer


@asynccontextmanager
async def serving(bounds: Bounds = SMALL, timings: HttpTimings = TIMINGS.http) -> AsyncIterator[Server]:
    """A running listener."""
    server = Server()

    async def body(request: web.Request) -> web.Response:
        return web.Response(text=f"{len(await request.read())}\n")

    async def wait(_request: web.Request) -> web.Response:
        await server.waiting.wait()
        return web.Response(text="waited\n")

    async def ready() -> bool:
        return True

    async def text() -> bytes:
        return b"x" * 200_000

    listener = Listener(
        is_ready=ready,
        render_metrics=text,
        on_refused=lambda reason: server.refused.update([reason]),
        timings=timings,
    )
    server.port = await listener.start("127.0.0.1", 0, {"/body": body, "/wait": wait}, bounds=bounds)
    server.listener = listener
    try:
        yield server
    finally:
        server.waiting.set()
        for peer in server.peers:
            peer.writer.transport.abort()
        await listener.stop()


async def drip(peer: Peer) -> None:
    """Send a header that never ends."""
    while True:
        peer.writer.write(b"x")
        await asyncio.sleep(0.05)


async def half_head_on_a_kept_connection(server: Server) -> Peer:
    """A complete request, then half of one."""
    peer = await server.connect()
    assert await peer.gets()
    peer.writer.write(BEGUN)
    return peer


async def unread_answers(server: Server) -> Peer:
    """Many requests, and no reader for their answers."""
    peer = await server.connect((GET % b"/metrics") * 60)
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(1.2)
    return peer


SLOW: dict[str, Callable[[Server], Awaitable[Peer]]] = {
    "no byte": lambda server: server.connect(),
    "half a head": lambda server: server.connect(BEGUN),
    "half a head on a kept connection": half_head_on_a_kept_connection,
    "answers that nobody reads": unread_answers,
}


@pytest.mark.parametrize("case", SLOW)
async def test_a_slow_peer_is_disconnected(case: str) -> None:
    """Whether it sends nothing, half a request, or does not read the answers."""
    async with serving(timings=BRIEF) as server:
        peer = await SLOW[case](server)
        if case == "answers that nobody reads":
            peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert await peer.is_closed(1.5)
        assert server.refused == {"slow": 1}


async def test_a_header_that_drips_does_not_extend_the_time() -> None:
    """The time counts from the first byte."""
    async with serving(timings=BRIEF) as server:
        peer = await server.connect(BEGUN)
        dripping = asyncio.create_task(drip(peer))
        assert await peer.is_closed(1.5)
        dripping.cancel()


async def test_an_idle_connection_is_kept_and_later_closed_without_counting() -> None:
    """A proxy keeps connections between requests; that is not slow."""
    async with serving(timings=HttpTimings(request_s=0.2, idle_s=1.5, sweep_s=0.1)) as server:
        peer = await server.connect()
        assert await peer.gets()
        await asyncio.sleep(0.8)
        assert await peer.gets()
        assert await peer.is_closed(2.5)
        assert not server.refused


@pytest.mark.parametrize("raw", [b"", BEGUN, BODY_BEGUN + b"x" * 100], ids=["no byte", "half a head", "half a body"])
async def test_over_the_limit_the_connection_that_waited_longest_is_closed(raw: bytes) -> None:
    """A connection that got an answer since then has waited less."""
    async with serving(Bounds(4)) as server:
        kept = await server.connect()
        assert await kept.gets()
        strangers = [await server.connect(raw) for _ in range(3)]
        assert await kept.gets()
        assert await (await server.connect()).gets()
        assert await strangers[0].is_closed(0.5)
        assert await kept.gets()
        assert not await strangers[2].is_closed(0.1)
        assert server.refused["crowded"] == 1


async def test_a_request_under_way_is_never_closed() -> None:
    """A complete request gets its answer; if all are under way, the newest connection is closed."""
    async with serving(Bounds(3)) as server:
        peers = [await server.connect(WAIT) for _ in range(3)]
        assert await (await server.connect()).is_closed(0.5)
        server.waiting.set()
        for peer in peers:
            async with asyncio.timeout(2):
                assert (await peer.reader.readuntil(b"waited\n")).startswith(b"HTTP/1.1 200")


async def test_unfinished_requests_share_a_budget_of_bytes() -> None:
    """A thousand bodies of almost 1 MB would take a GB; finished ones do not count."""
    async with serving(replace(SMALL, bytes_of_all=300_000)) as server:
        for _ in range(5):
            whole = await server.connect(WHOLE)
            async with asyncio.timeout(2):
                assert (await whole.reader.readuntil(b"80000\n")).startswith(b"HTTP/1.1 200")
        assert not server.refused
        peers = [await server.connect(BODY_BEGUN + b"x" * 80_000) for _ in range(4)]
        assert await peers[0].is_closed(0.5)
        assert not await peers[3].is_closed(0.1)
        assert server.refused["crowded"] == 1


async def test_the_bytes_of_one_request_are_bounded() -> None:
    """Chunks that are mostly framing count too."""
    async with serving(replace(SMALL, bytes_of_one=50_000)) as server:
        framing = b"1;" + b"x" * 100 + b"\r\nx\r\n"
        peer = await server.connect(b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.writer.write(framing * 1000)
        assert await peer.is_closed(1)
        assert server.refused["too large"] == 1


async def test_the_listener_decompresses_nothing() -> None:
    """aiohttp would, before a handler could check the size."""
    packed = gzip.compress(bytes(100_000))
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    async with serving() as server:
        peer = await server.connect(head + packed)
        async with asyncio.timeout(2):
            assert (await peer.reader.readuntil(b"%d\n" % len(packed))).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("descriptors", "limit"), [(64, 21), (256, 85), (1024, 341), (4096, 1000), (10**9, 1000)])
def test_most_descriptors_are_kept_for_outgoing_calls(descriptors: int, limit: int) -> None:
    """COC, Slack, the audit, and connections accepted before the oldest is closed need them."""
    assert connection_limit(descriptors) == limit


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one() -> None:
    """Many systems start a process with 1,024 and allow it far more."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        raised = raise_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
        assert hard in {raised, resource.RLIM_INFINITY}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("raw", [b"", BEGUN, BODY_BEGUN], ids=["no byte", "half a head", "half a body"])
async def test_stopping_waits_for_complete_requests_only(raw: bytes) -> None:
    """They get their answers; all other connections are closed at once."""
    async with serving() as server:
        stranger = await server.connect(raw)
        peer = await server.connect(WAIT)
        assert server.listener is not None
        stopping = asyncio.create_task(server.listener.stop())
        assert await stranger.is_closed(0.5)
        server.waiting.set()
        async with asyncio.timeout(1):
            assert (await peer.reader.read()).endswith(b"waited\n")
            await stopping


@pytest.mark.parametrize("is_gone", [True, False])
async def test_a_handler_failure_after_the_peer_has_gone_is_not_logged_as_an_error(*, is_gone: bool) -> None:
    """Strangers who hang up could fill the log with tracebacks. Our own failures stay errors."""

    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        if is_gone:
            request.transport.abort()
        raise RuntimeError("broken")

    listener = Listener(is_ready=yes, render_metrics=nothing)
    with capture_logs() as logs:
        port = await listener.start("127.0.0.1", 0, {"/x": handle})
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            with suppress(ConnectionError):
                await reader.read()
            writer.close()
        finally:
            await listener.stop()
    levels = [entry["log_level"] for entry in logs if entry["event"].startswith("http_")]
    assert levels == ["debug" if is_gone else "error"]


async def yes() -> bool:
    """For ``/readyz``."""
    return True


async def nothing() -> bytes:
    """For ``/metrics``."""
    return b""
