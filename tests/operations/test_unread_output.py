"""Nobody reads what the process writes, or nobody can: it answers, says that it lives, and stops all the same."""

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
    """It lives, answers the command that is under way when SIGTERM comes, and ends with 0 in time."""
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
    """As in ``schedtask-bot run 2>&1 | sleep 1000``: health, commands and SIGTERM work on."""
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
    """Once somebody reads again, the log goes on with whole lines, and says how many are missing."""
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
    """Lines that still wait for a slow reader are written before the exit."""
    async with operated(tmp_path, stdout=asyncio.subprocess.DEVNULL, SCHEDTASK_LOG_LEVEL="debug") as bot:
        await bot.ask(30)
        status, events = await bot.stopped()
    assert status == 0
    assert [event["event"] for event in events] == ["ready", *["answered"] * 30, "stopping"]


async def test_the_last_words_of_a_process_wait_for_nobody(tmp_path: Path) -> None:
    """An error that ends it is printed through the same queue: a full pipe does not keep it from ending."""
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
    """What a process has as descriptor 2."""
    return Path(f"/proc/{pid}/fd/2").readlink()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("style", ["json", "console"])
async def test_standard_error_that_is_closed_is_no_socket_later(style: str, tmp_path: Path) -> None:
    """With ``2>&-`` the next descriptor opened would be number 2: it is taken before, and nothing fails."""
    before = "import os, sys\nos.close(2)\nsys.stderr = sys.__stderr__ = None\n"
    async with operated(tmp_path, before=before, SCHEDTASK_LOG_FORMAT=style) as bot:
        assert standard_error_of(bot.child.pid) == Path(os.devnull)
        await bot.ask()
        bot.child.send_signal(signal.SIGTERM)
        assert await bot.child.wait() == 0


async def test_a_secret_in_what_others_print_is_hidden(tmp_path: Path) -> None:
    """Prints and uncaught errors pass the log's net too."""
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
