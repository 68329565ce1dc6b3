"""Signals to a real process: from its first moment, while it works, and as process 1 of a container."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.test_run import ADA, NIGHTLY, SHIFT, environment, running

COMMANDS = {"run": 0, "sandbox": 0, "show": 143, "doctor": 143}
"""The exit status after an early SIGTERM: a server has nothing to finish."""
UNSHARE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture
def hang_ups() -> Iterator[None]:
    """Children get SIGHUP even if the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_handler_comes_before_everything_heavy(command: str) -> None:
    """No import before it takes tens of milliseconds: process 1 loses signals until then."""
    code = (
        "import signal, sys\n"
        f"sys.argv = ['schedtask-bot', '{command}']\n"
        "install = signal.signal\n"
        "def noted(number, handler):\n"
        "    if number == signal.SIGTERM:\n"
        "        heavy = {'asyncio', 'typer', 'pydantic'} & set(sys.modules)\n"
        "        sys.exit(f'too late: {heavy}' if heavy else 7)\n"
        "    return install(number, handler)\n"
        "signal.signal = noted\n"
        "from bot.__main__ import main\n"
        "main()\n"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert child.returncode == 7, child.stderr or "no handler was installed"


def test_importing_the_command_line_leaves_the_signals_alone() -> None:
    """Only the entry point changes the process that it runs in."""
    code = "import signal, bot.__main__, bot.cli\nassert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL"
    subprocess.run([sys.executable, "-c", code, "run"], check=True)


def _catches(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return bool(caught >> (number - 1) & 1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", COMMANDS)
def test_process_1_obeys_from_the_start(command: str, number: signal.Signals, tmp_path: Path, hang_ups: None) -> None:
    """The kernel drops signals for which process 1 has no handler, and supervisors send only one."""
    if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a PID namespace")
    program = Path(sys.executable).with_name("schedtask-bot")
    child = subprocess.Popen(
        [*UNSHARE, program, command, *(["--sandbox", NIGHTLY] if command == "show" else [])],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "SLACK_BOT_TOKEN": "xoxb-1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    with child:
        try:
            inner = Path(f"/proc/{child.pid}/task/{child.pid}/children")
            while not inner.read_text() or not _catches(int(inner.read_text()), number):
                assert child.poll() is None, "it ended before it had a handler"
                time.sleep(0.001)
            os.kill(int(inner.read_text()), number)
            _, said = child.communicate(timeout=20)
        finally:
            child.kill()
    assert child.returncode == (COMMANDS[command] and 128 + number), said.decode()
    assert b"Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_hang_up_loses_nothing_under_way(transport: str, tmp_path: Path, hang_ups: None) -> None:
    """Like SIGTERM: requests under way are answered, then the process exits with 0."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack)
        if transport == "http":
            del given["SLACK_APP_TOKEN"]
            given["SLACK_SIGNING_SECRET"] = slack.signing_secret
        async with running(given, cwd=tmp_path) as bot:
            port = (await bot.event("ready", 30))["port"]
            slack.events_url = f"http://127.0.0.1:{port}/slack/events" if transport == "http" else None
            coc.fail("detail", status=200, delay=0.8)
            await slack.command(ADA, SHIFT, NIGHTLY)
            await slack.settled(lambda: bool(coc.requests))
            for _ in range(3):  # a closing terminal and an impatient supervisor
                os.kill(bot.child.pid, signal.SIGHUP)
            assert await bot.ended() == 0
        assert "nightly-logrotate" in slack.messages(SHIFT, ADA)[-1].text
        assert "Traceback" not in bot.raw
        assert "cut_off" not in bot.raw


@pytest.mark.slow
async def test_a_process_started_with_sighup_ignored_keeps_ignoring_it(tmp_path: Path) -> None:
    """As nohup starts it, to outlive the terminal."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            process = running(environment(coc, slack), cwd=tmp_path)
            bot = await process.__aenter__()
        finally:
            signal.signal(signal.SIGHUP, before)
        try:
            await bot.event("ready", 30)
            bot.child.send_signal(signal.SIGHUP)
            await slack.command(ADA, SHIFT, NIGHTLY)
            await slack.settled(lambda: slack.messages(SHIFT, ADA))
            bot.child.send_signal(signal.SIGTERM)
            assert await bot.ended() == 0
        finally:
            await process.__aexit__(None, None, None)
