"""A real bot process between the local COC and the local Slack, whose outputs a test fills, breaks and repairs."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import aiohttp

from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.test_run import ADA, SHIFT, environment

SMALL_QUEUES = """
from bot.operations.line_writer import LineWriter
LineWriter.__init__.__kwdefaults__["max_lines"] = 10
"""
PIPE = asyncio.subprocess.PIPE


def full_pipe() -> tuple[int, int]:
    """Both ends of a full pipe that nobody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for piece in (4096, 1):
        try:
            while True:
                os.write(writer, b"\n" * piece)
        except BlockingIOError:
            pass
    os.set_blocking(writer, True)
    return reader, writer


def drained(reader: int) -> str:
    """The content of the pipe."""
    os.set_blocking(reader, False)
    text = b""
    try:
        while piece := os.read(reader, 65536):
            text += piece
    except BlockingIOError:
        pass
    return text.decode()


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (nothing announces a change of a file)
            await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Operated:
    """The process and the two services beside it."""

    child: asyncio.subprocess.Process
    coc: LocalCoc
    slack: LocalSlack
    base: str

    async def get(self, path: str) -> str:
        """An answer of the bot's own HTTP server, within 5 s."""
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self.base + path) as answer:
            answer.raise_for_status()
            return await answer.text()

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", await self.get("/metrics"), re.MULTILINE)
        assert lines, name
        return sum(map(float, lines))

    async def reaches(self, name: str, value: float) -> None:
        """Wait until a metric has this value."""
        async with asyncio.timeout(10):
            while await self.metric(name) != value:  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.05)

    async def ask(self, times: int = 1) -> None:
        """Send commands and await their answers; each is a line of the audit."""
        for _ in range(times):
            before = len(self.slack.messages(SHIFT, ADA))
            assert (await self.slack.command(ADA, SHIFT, "help")).acked
            await self.slack.settled(lambda n=before: len(self.slack.messages(SHIFT, ADA)) > n)  # type: ignore[misc]

    async def stopped(self, seconds: float = 12) -> tuple[int, list[dict[str, Any]]]:
        """Send SIGTERM; the exit status and the log, if standard error is a pipe."""
        self.child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            logged = await self.child.stderr.read() if self.child.stderr is not None else b""
            return await self.child.wait(), [json.loads(line) for line in logged.splitlines()]


@asynccontextmanager
async def operated(
    folder: Path,
    *,
    stdout: int | IO[bytes] = PIPE,
    stderr: int | IO[bytes] = PIPE,
    umask: int = -1,
    before: str = "",
    ready: bool = True,
    **variables: str,
) -> AsyncIterator[Operated]:
    """A ready bot process; killed in the end if it still runs. ``before`` is code that it runs first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    more |= {"SCHEDTASK_PORT": str(port), "SCHEDTASK_PERSON_LIMIT": "0", "SCHEDTASK_CHANNEL_LIMIT": "0"}
    program = ["-c", f"{before}\nfrom bot.__main__ import main\nmain()"] if before else ["-m", "bot"]
    async with LocalCoc() as coc, LocalSlack() as slack:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, *program, "run"),
            env=environment(coc, slack, **(more | variables)),
            cwd=folder,
            stdout=stdout,
            stderr=stderr,
            umask=umask,
        )
        bot = Operated(child, coc, slack, f"http://127.0.0.1:{port}")
        try:
            if ready:
                await _ready(bot)
            yield bot
        finally:
            if child.returncode is None:
                child.kill()
            await child.communicate()


async def _ready(bot: Operated) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await bot.get("/readyz")
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.05)
            else:
                return
