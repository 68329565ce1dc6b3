"""The HTTP entry of a real process under attack: compressed bodies, half-open requests, too few descriptors."""

import asyncio
import contextlib
import gzip
import json
import resource
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.test_run import ADA, NIGHTLY, SHIFT, Process, environment, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and sets RLIMIT_NOFILE"),
]

BEGUN = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Le"
"""A request whose headers never end."""
BODY_BEGUN = (
    b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nX-Slack-Request-Timestamp: %d\r\n"
    b"X-Slack-Signature: v0=" + b"0" * 64 + b"\r\n\r\ncommand="
)
"""A request that looks signed and whose body never ends."""


@dataclass
class Entry:
    """A bot process in HTTP mode, the local Slack in front of it, and its log."""

    bot: Process
    slack: LocalSlack
    port: int
    log: bytearray = field(default_factory=bytearray)

    def status(self, name: str) -> int:
        """A figure of ``/proc/…/status``, in KB."""
        lines = Path(f"/proc/{self.bot.child.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))

    async def listen(self) -> None:
        """Read the log as it comes, so that the pipe never fills."""
        assert self.bot.child.stderr is not None
        while found := await self.bot.child.stderr.read(65536):
            self.log += found

    async def ask(self, raw: bytes, seconds: float = 10) -> bytes:
        """All bytes of the answer to a request on a new connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(raw)
            async with asyncio.timeout(seconds):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def get(self, path: str) -> bytes:
        """The answer to a GET on a new connection."""
        return await self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    async def refused(self, reason: str) -> int:
        """The metric of requests refused for this reason."""
        wanted = f'schedtask_refused_requests_total{{reason="{reason}"}} '
        lines = (await self.get("/metrics")).decode().splitlines()
        return next((int(float(line.removeprefix(wanted))) for line in lines if line.startswith(wanted)), 0)

    async def answers_a_command(self) -> None:
        """A signed command is acknowledged and answered."""
        before = len(self.slack.messages(SHIFT, ADA))
        assert (await self.slack.command(ADA, SHIFT, NIGHTLY)).acked
        await self.slack.settled(lambda: len(self.slack.messages(SHIFT, ADA)) > before)

    async def stays_healthy(self) -> None:
        """Commands and probes are answered on new connections."""
        await self.answers_a_command()
        assert (await self.get("/livez")).startswith(b"HTTP/1.1 200")
        assert (await self.get("/readyz")).startswith(b"HTTP/1.1 200")


@asynccontextmanager
async def entry(folder: Path, *, descriptors: int | None = None) -> AsyncIterator[Entry]:
    """A real process in HTTP mode that may open so many ``descriptors``."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(
            coc,
            slack,
            SLACK_SIGNING_SECRET=slack.signing_secret,
            SCHEDTASK_AUDIT_FILE=str(folder / "audit.jsonl"),
        )
        del given["SLACK_APP_TOKEN"]
        async with running(given, cwd=folder, descriptors=descriptors) as bot:
            port = (await bot.event("ready"))["port"]
            assert isinstance(port, int)
            slack.events_url = f"http://127.0.0.1:{port}/slack/events"
            found = Entry(bot, slack, port)
            listening = asyncio.create_task(found.listen())
            try:
                yield found
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def half_open(port: int, count: int, raw: bytes = BEGUN) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections with requests that never end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 200:
        pytest.skip("this machine allows too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    writers, readers = [], []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(raw)
            writers.append(writer)
            readers.append(reader)
        yield readers
    finally:
        for writer in writers:
            writer.transport.abort()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_compressed_bodies_of_strangers_delay_no_acknowledgement_and_take_no_memory(tmp_path: Path) -> None:
    """Sixteen clients send 1 MB that unpacks to 1 GB: refused before any of it is read, let alone unpacked."""
    packed = gzip.compress(bytes(64 * 1024 * 1024)) * 16
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    answers: list[bytes] = []

    async def send(running: Entry) -> None:
        while True:
            with contextlib.suppress(ConnectionError):
                answers.append((await running.ask(head % len(packed) + packed))[:12])

    async with entry(tmp_path) as running:
        senders = [asyncio.create_task(send(running)) for _ in range(16)]
        await asyncio.sleep(1)
        acks = []
        for _ in range(20):
            ack = await running.slack.command(ADA, SHIFT, "help")
            assert ack.acked
            acks.append(ack.ack_ms)
        for sender in senders:
            sender.cancel()
        ended = await asyncio.gather(*senders, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
        assert running.status("VmHWM") < 200_000
        assert await running.refused("encoded") >= 16
    assert set(answers) <= {b"HTTP/1.1 415", b""}
    assert b"HTTP/1.1 415" in answers


@pytest.mark.parametrize("raw", [BEGUN, BODY_BEGUN], ids=["half a head", "half a body"])
async def test_half_open_requests_do_not_keep_slack_out(raw: bytes, tmp_path: Path) -> None:
    """A stranger opens 1,500 connections to a process with 1,024 descriptors. The oldest are closed first, so that
    Slack's next connection is served; seconds later all of them are closed."""
    raw = raw % int(time.time()) if raw is BODY_BEGUN else raw
    async with entry(tmp_path, descriptors=1024) as running:
        async with half_open(running.port, 1500, raw) as readers:
            await running.stays_healthy()
            # On a busy machine some are overdue before the last of them have come.
            crowded = await running.refused("crowded")
            assert crowded > 0
            assert crowded + await running.refused("slow") >= 1500 - 1024
            async with asyncio.timeout(30):
                await asyncio.gather(*(reader.read() for reader in readers), return_exceptions=True)
            await running.stays_healthy()
            assert await running.refused("slow") > 0
        assert len(running.log) < 20_000
        audit = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
        assert sum(line["did"] == "http" for line in audit) < 3 * 100


async def test_out_of_descriptors_the_log_says_so_once(tmp_path: Path) -> None:
    """A hundred connections at once meet sixty-four descriptors: one line, where asyncio would log a hundred
    tracebacks a second. Once the connections are closed the bot serves as before."""
    async with entry(tmp_path, descriptors=64) as running:
        running.bot.child.send_signal(signal.SIGSTOP)
        strangers = [socket.socket() for _ in range(100)]
        try:
            for stranger in strangers:
                stranger.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    stranger.connect(("127.0.0.1", running.port))
            running.bot.child.send_signal(signal.SIGCONT)
            await asyncio.sleep(3)
        finally:
            for stranger in strangers:
                stranger.close()
        await asyncio.sleep(1.5)
        await running.stays_healthy()
        events = [json.loads(line)["event"] for line in running.log.splitlines()]
        assert events.count("out_of_descriptors") == 1
        assert "Traceback" not in running.log.decode()


async def test_half_open_requests_do_not_delay_the_stop(tmp_path: Path) -> None:
    """SIGTERM closes connections with unfinished headers or bodies."""
    async with entry(tmp_path) as running:
        looks_signed = BODY_BEGUN % int(time.time())
        async with half_open(running.port, 20), half_open(running.port, 20, looks_signed):
            await running.answers_a_command()
            begun = time.monotonic()
            running.bot.child.send_signal(signal.SIGTERM)
            assert await running.bot.child.wait() == 0
            assert time.monotonic() - begun < 3
