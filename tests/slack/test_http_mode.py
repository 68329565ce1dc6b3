"""Strangers at ``POST /slack/events``, over real sockets: which requests are refused before their body is read."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial

import pytest

from bot.app import Bot
from bot.sandbox.session import Sandbox
from bot.timings import HttpTimings, Timings

BODY = b"command=%2Fschedtask&text=help&user_id=U0ONCALL&team_id=T0SANDBOX&channel_id=C0SHIFT"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
LONG = b"Content-Length: 500\r\n"
BRIEF = Timings(http=HttpTimings(linger_s=0.2, body_s=0.4))


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """A running sandbox in HTTP mode."""
    async with Sandbox(transport="http", make_bot=partial(Bot, timings=BRIEF)) as sandbox:
        yield sandbox


def head(*headers: bytes, path: bytes = b"/slack/events", method: bytes = b"POST", version: bytes = b"1.1") -> bytes:
    """A request's head."""
    return b"%s %s HTTP/%s\r\nHost: x\r\n%s\r\n" % (method, path, version, b"".join(headers))


def stamp(age: int = 0) -> bytes:
    """A timestamp header, this many seconds old."""
    return b"X-Slack-Request-Timestamp: %d\r\n" % (time.time() - age)


def looks_signed(age: int = 0, signature: bytes = b"0" * 64) -> bytes:
    """Two signature headers that look real until the body is known."""
    return stamp(age) + b"X-Slack-Signature: v0=" + signature + b"\r\n"


def signed(box: Sandbox) -> bytes:
    """Slack's two headers for ``BODY``."""
    when = b"%d" % time.time()
    digest = hmac.new(box.slack.signing_secret.encode(), b"v0:" + when + b":" + BODY, hashlib.sha256)
    return looks_signed(signature=digest.hexdigest().encode())


async def knock(box: Sandbox, raw: bytes, seconds: float = 4.0) -> bytes:
    """All bytes until the bot closes the connection. Raises TimeoutError if it does not."""
    assert box.bot is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", box.bot.port)
    try:
        writer.write(raw)
        async with asyncio.timeout(seconds):
            return await reader.read()
    finally:
        writer.close()


async def refused(box: Sandbox) -> dict[str, int]:
    """The metric of refused requests, by reason."""
    page = (await knock(box, head(b"Connection: close\r\n", path=b"/metrics", method=b"GET"))).decode()
    return {
        reason: int(float(count))
        for reason, count in re.findall(r'schedtask_refused_requests_total\{reason="([^"]+)"\} (\S+)', page)
    }


UNREAD: dict[str, tuple[Callable[[], bytes], int, str | None]] = {
    "gzip": (lambda: head(looks_signed(), FORM, LONG, b"Content-Encoding: gzip\r\n"), 415, "encoded"),
    "no coding at all": (lambda: head(looks_signed(), FORM, LONG, b"Content-Encoding: identity\r\n"), 415, "encoded"),
    "gzip, then chunked": (
        lambda: head(looks_signed(), FORM, b"Transfer-Encoding: gzip, chunked\r\n"),
        415,
        "encoded",
    ),
    "too large": (lambda: head(looks_signed(), FORM, b"Content-Length: 2000000\r\n"), 413, "too large"),
    "absurdly large": (lambda: head(looks_signed(), FORM, b"Content-Length: 9999999999999999\r\n"), 413, "too large"),
    "no signature": (lambda: head(FORM, LONG), 401, "unsigned"),
    "no signature, chunked": (lambda: head(FORM, b"Transfer-Encoding: chunked\r\n"), 401, "unsigned"),
    "a timestamp that is no number": (
        lambda: head(looks_signed().replace(b"Timestamp: ", b"Timestamp: x"), FORM, LONG),
        401,
        "unsigned",
    ),
    "an old timestamp": (lambda: head(looks_signed(age=400), FORM, LONG), 401, "unsigned"),
    "a timestamp of tomorrow": (lambda: head(looks_signed(age=-86_400), FORM, LONG), 401, "unsigned"),
    "a short signature": (lambda: head(looks_signed(signature=b"00"), FORM, LONG), 401, "unsigned"),
    "two signatures": (
        lambda: head(looks_signed(), b"X-Slack-Signature: v0=" + b"1" * 64 + b"\r\n", FORM, LONG),
        401,
        "unsigned",
    ),
    "two timestamps": (lambda: head(looks_signed(), stamp(), FORM, LONG), 401, "unsigned"),
    "expecting 100": (lambda: head(FORM, LONG, b"Expect: 100-continue\r\n"), 401, "unsigned"),
    "HTTP/1.0": (lambda: head(FORM, LONG, version=b"1.0"), 401, "unsigned"),
    "a WebSocket": (
        lambda: head(FORM, LONG, b"Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        401,
        "unsigned",
    ),
    "a whole URL": (lambda: head(FORM, LONG, path=b"http://elsewhere.example/slack/events"), 401, "unsigned"),
    "another type": (
        lambda: head(looks_signed(), b"Content-Type: multipart/form-data; boundary=x\r\n", LONG),
        415,
        "bad request",
    ),
    "length and chunks": (lambda: head(looks_signed(), FORM, LONG, b"Transfer-Encoding: chunked\r\n"), 400, None),
    "two lengths": (lambda: head(looks_signed(), FORM, LONG, b"Content-Length: 501\r\n"), 400, None),
    "a negative length": (lambda: head(looks_signed(), FORM, b"Content-Length: -1\r\n"), 400, None),
    "two slashes": (lambda: head(looks_signed(), FORM, LONG, path=b"//slack/events"), 404, None),
    "a slash behind": (lambda: head(looks_signed(), FORM, LONG, path=b"/slack/events/"), 404, None),
    "another method": (lambda: head(looks_signed(), FORM, LONG, method=b"PUT"), 405, None),
    "a probe with a body": (lambda: head(LONG, path=b"/livez", method=b"GET"), 200, None),
    "a packed probe": (lambda: head(LONG, b"Content-Encoding: gzip\r\n", path=b"/metrics", method=b"GET"), 200, None),
    "65 headers": (lambda: head(*[b"X-%d: 1\r\n" % number for number in range(65)], LONG), 400, None),
    "a long header": (lambda: head(b"X-Long: " + b"x" * 9000 + b"\r\n", LONG), 400, None),
}


@pytest.mark.parametrize("case", UNREAD)
async def test_a_bad_head_is_refused_before_the_body(case: str, box: Sandbox) -> None:
    """After the head alone the refusal comes at once, without "100 Continue", and the connection is closed."""
    make, status, reason = UNREAD[case]
    began = time.monotonic()
    answer = await knock(box, make())
    assert re.match(rb"HTTP/1\.[01] %d " % status, answer), answer
    assert b"Connection: close" in answer or answer.startswith(b"HTTP/1.0")
    assert time.monotonic() - began < 2, "the connection is closed soon"
    assert await refused(box) == ({reason: 1} if reason else {})


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 9000000000\r\n", b"Transfer-Encoding: chunked\r\n"], ids=["by length", "in chunks"]
)
@pytest.mark.parametrize("looks", [b"", b"signed"], ids=["unsigned", "looks signed"])
async def test_an_endless_body_is_not_read(framing: bytes, looks: bytes, box: Sandbox) -> None:
    """The connection is closed within seconds, after a few MB."""
    assert box.bot is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", box.bot.port)
    writer.write(head(looks_signed() if looks else b"", FORM, framing))
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    taken = 0
    with suppress(ConnectionError):
        async with asyncio.timeout(5):
            while True:
                writer.write(piece)
                await writer.drain()
                taken += len(piece)
                await asyncio.sleep(0)
    writer.close()
    del reader
    assert taken < 40_000_000


async def test_a_request_that_looks_signed_gets_100_continue(box: Sandbox) -> None:
    """The request is then served; some HTTP clients send a longer body only after that."""
    assert box.bot is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", box.bot.port)
    length = b"Content-Length: %d\r\n" % len(BODY)
    writer.write(head(signed(box), FORM, length, b"Expect: 100-continue\r\nConnection: close\r\n"))
    async with asyncio.timeout(5):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_signed_requests_are_served_in_any_http_form(version: bytes, box: Sandbox) -> None:
    """Proxies may use HTTP/1.0, chunks, several packets, or a connection that was used before."""
    assert box.bot is not None
    if version == b"1.0":
        raw = head(signed(box), FORM, b"Content-Length: %d\r\n" % len(BODY), version=version) + BODY
        assert (await knock(box, raw)).startswith(b"HTTP/1.0 200")
        return
    reader, writer = await asyncio.open_connection("127.0.0.1", box.bot.port)
    writer.write(head(path=b"/livez", method=b"GET"))
    await reader.readuntil(b"ok\n")
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    raw = head(signed(box), FORM, b"Transfer-Encoding: Chunked\r\nConnection: close\r\n") + chunks
    for place in range(0, len(raw), 50):
        writer.write(raw[place : place + 50])
        await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_body_shorter_than_announced_times_out(box: Sandbox) -> None:
    """The answer is 408, also while bytes keep trickling in."""
    assert box.bot is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", box.bot.port)
    writer.write(head(looks_signed(), FORM, LONG))

    async def trickle() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    trickling = asyncio.create_task(trickle())
    try:
        async with asyncio.timeout(3):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    finally:
        trickling.cancel()
        writer.close()
    assert await refused(box) == {"slow": 1}
