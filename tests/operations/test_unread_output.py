"""The process answers, is alive and stops although nobody reads its output."""

import asyncio
import json
import os
import pty
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from tests.operations.operated import SMALL_QUEUES, Operated, drained, full_pipe, operated
from tests.test_run import ADA, NIGHTLY, SHIFT

pytestmark = pytest.mark.slow


async def stops_with_a_command_under_way(bot: Operated, seconds: float) -> None:
    """The process is alive, answers the command that is under way at SIGTERM, and exits with 0 in time."""
    assert await bot.get("/livez") == "ok\n"
    bot.coc.fail("detail", status=200, delay=0.5)
    await bot.slack.command(ADA, SHIFT, NIGHTLY)
    await bot.slack.settled(lambda: bot.coc.requests)
    began = time.monotonic()
    bot.child.send_signal(signal.SIGTERM)
    async with asyncio.timeout(seconds + 3):
        assert await bot.child.wait() == 0
    assert time.monotonic() - began < seconds
    assert "nightly-logrotate" in bot.slack.messages(SHIFT, ADA)[-1].text


@pytest.mark.parametrize("which", ["stderr", "both"])
async def test_a_full_pipe_stops_nothing(which: Literal["stderr", "both"], tmp_path: Path) -> None:
    """As in ``schedtask-bot run 2>&1 | sleep 1000``: health, commands and SIGTERM still work."""
    reader, writer = full_pipe()
    outputs = {
        "stderr": {"stderr": writer, "stdout": asyncio.subprocess.DEVNULL},
        "both": {"stdout": writer, "stderr": writer},
    }
    async with operated(tmp_path, **outputs[which]) as bot:  # type: ignore[arg-type]
        os.close(writer)
        await stops_with_a_command_under_way(bot, 8)
    os.close(reader)


async def test_lost_log_lines_are_counted_and_the_gap_is_marked(tmp_path: Path) -> None:
    """Once somebody reads again, the log continues with whole lines and says how many were dropped."""
    reader, writer = full_pipe()
    async with operated(tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=writer, before=SMALL_QUEUES) as bot:
        os.close(writer)
        await bot.ask(15)
        lost = await bot.metric("schedtask_log_lines_lost_total")
        assert lost > 0
        text = drained(reader)
        async with asyncio.timeout(5):
            while '"log_lines_lost"' not in text:
                await asyncio.sleep(0.05)
                text += drained(reader)
        await bot.ask()
        bot.child.send_signal(signal.SIGTERM)
        assert await bot.child.wait() == 0
        events = [json.loads(line) for line in (text + drained(reader)).split("\n") if line]
    os.close(reader)
    gap = next(index for index, event in enumerate(events) if event["event"] == "log_lines_lost")
    assert events[gap]["lines"] == lost
    assert [event["event"] for event in events[:2]] == ["ready", "answered"]
    assert [event["event"] for event in events[gap + 1 :]] == ["answered", "stopping"]


async def test_the_log_is_complete_and_in_order_when_the_process_ends(tmp_path: Path) -> None:
    """Waiting lines are written before the exit."""
    async with operated(tmp_path, stdout=asyncio.subprocess.DEVNULL, SCHEDTASK_LOG_LEVEL="debug") as bot:
        await bot.ask(30)
        status, events = await bot.stopped()
    assert status == 0
    assert [event["event"] for event in events] == ["ready", *["answered"] * 30, "stopping"]


async def test_a_full_pipe_does_not_delay_the_exit_with_an_error(tmp_path: Path) -> None:
    """The error that ends the process is printed through the same queue as the log."""
    reader, writer = full_pipe()
    async with operated(
        tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=writer, ready=False, SLACK_BOT_TOKEN="xoxb-wrong"
    ) as bot:
        os.close(writer)
        async with asyncio.timeout(15):
            assert await bot.child.wait() == 1
    os.close(reader)


@pytest.mark.parametrize("opened", [pty.openpty, os.pipe], ids=["terminal", "pipe"])
async def test_a_vanished_reader_stops_nothing(opened: Callable[[], tuple[int, int]], tmp_path: Path) -> None:
    """EIO from a terminal that was closed, EPIPE from a pipe."""
    reader, writer = opened()
    async with operated(tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=writer) as bot:
        os.close(writer)
        os.close(reader)
        await bot.ask(2)
        await stops_with_a_command_under_way(bot, 8)


def standard_error_of(pid: int) -> Path:
    """The file behind descriptor 2 of a process."""
    return Path(f"/proc/{pid}/fd/2").readlink()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("style", ["json", "console"])
async def test_no_socket_takes_the_place_of_a_closed_standard_error(style: str, tmp_path: Path) -> None:
    """With ``2>&-`` the next descriptor would be number 2; the log occupies it first."""
    before = "import os, sys\nos.close(2)\nsys.stderr = sys.__stderr__ = None\n"
    async with operated(tmp_path, before=before, SCHEDTASK_LOG_FORMAT=style) as bot:
        assert standard_error_of(bot.child.pid) == Path(os.devnull)
        await bot.ask()
        bot.child.send_signal(signal.SIGTERM)
        assert await bot.child.wait() == 0


async def test_secrets_in_prints_and_uncaught_errors_are_hidden(tmp_path: Path) -> None:
    """They pass the same filter as the log."""
    before = """
import bot.app, sys
class Bot:
    def __init__(self, settings):
        self.token = settings.slack_bot_token.get_secret_value()
    async def run(self):
        print("using", self.token, file=sys.stderr)
        raise RuntimeError(self.token)
bot.app.Bot = Bot
"""
    async with operated(tmp_path, before=before, ready=False) as bot:
        _, logged = await bot.child.communicate()
        assert bot.child.returncode == 1
        assert b"using [hidden]\n" in logged
        assert b"RuntimeError: [hidden]" in logged
        assert bot.slack.bot_token.encode() not in logged
