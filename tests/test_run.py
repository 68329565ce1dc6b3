"""``schedtask-bot`` as a real process between the local COC and the local Slack."""

import asyncio
import hashlib
import hmac
import io
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import distribution
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack

pytestmark = pytest.mark.slow

ADA, SHIFT = "U0ONCALL", "C0SHIFT"
NIGHTLY = "ST2601050930000000000002B2"


def environment(coc: LocalCoc, slack: LocalSlack, **more: str) -> dict[str, str]:
    """A clean environment: the vendor's names for the key, Slack's for the tokens."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "SYSTEMROOT"}}
    return {
        **kept,
        "HOME": "/nonexistent",
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url.rstrip("/"),
        "COC_ENDPOINT": coc.url,
        "HUAWEICLOUD_SDK_AK": coc.access_key,
        "HUAWEICLOUD_SDK_SK": coc.secret_key,
        "HUAWEICLOUD_SDK_DOMAIN_ID": "d0000000000000000000000000000001",
        "SCHEDTASK_PORT": "0",
        **more,
    }


class Process:
    """A bot process and its log."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child
        self.events: list[dict[str, object]] = []
        self.raw = ""

    async def event(self, name: str, seconds: float = 15) -> dict[str, object]:
        """The next log event with this name."""
        assert self.child.stderr is not None
        async with asyncio.timeout(seconds):
            while line := await self.child.stderr.readline():
                self.raw += line.decode()
                found: dict[str, object] = json.loads(line)
                self.events.append(found)
                if found["event"] == name:
                    return found
        raise AssertionError(f"no event {name}; logged: {self.raw}")

    async def ended(self, seconds: float = 15) -> int:
        """The exit status, once all of the log is read."""
        assert self.child.stderr is not None
        async with asyncio.timeout(seconds):
            self.raw += (await self.child.stderr.read()).decode()
            return await self.child.wait()


@asynccontextmanager
async def running(
    given: dict[str, str], *arguments: str, cwd: Path | None = None, descriptors: int | None = None
) -> AsyncIterator[Process]:
    """``python -m bot`` with this environment; killed in the end if it still runs.

    ``descriptors`` is how many it may open at most.
    """

    def limit() -> None:
        if descriptors is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *(arguments or ("run",)),
        env=given,
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=limit,
    )
    try:
        yield Process(child)
    finally:
        if child.returncode is None:
            child.kill()
            await child.communicate()


async def test_socket_mode_from_environment_alone(tmp_path: Path) -> None:
    """Variables alone are enough: it serves a command, logs the reference of the error card, and exits with 0 on
    SIGTERM."""
    async with LocalCoc() as coc, LocalSlack() as slack, running(environment(coc, slack), cwd=tmp_path) as bot:
        ready = await bot.event("ready")
        assert ready["mode"] == "socket"
        assert ready["version"] == distribution("schedtask-bot").version
        await slack.command(ADA, SHIFT, NIGHTLY)
        await slack.settled(lambda: len(slack.messages(SHIFT, ADA)) == 1)
        assert "nightly-logrotate" in slack.messages(SHIFT, ADA)[0].text
        await slack.command(ADA, SHIFT, error_id("400NOTFOUND"))
        await slack.settled(lambda: len(slack.messages(SHIFT, ADA)) == 2)
        reference = re.search(r"Reference (\S+)\.", slack.messages(SHIFT, ADA)[1].text)
        failed = await bot.event("coc_failed")
        assert reference is not None
        assert failed["reference"] == reference.group(1)
        assert failed["code"] == "COC.00014102"
        bot.child.send_signal(signal.SIGTERM)
        assert await bot.ended() == 0
        for secret in (slack.bot_token, slack.app_token, coc.secret_key):
            assert secret not in bot.raw


async def test_a_lost_link_ends_the_process_for_its_supervisor(tmp_path: Path) -> None:
    """Status 1 and one line with the reason, instead of a process that looks alive and receives nothing."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, SCHEDTASK_SOCKET_GIVE_UP="5")
        async with running(given, cwd=tmp_path) as bot:
            await bot.event("ready")
            await slack.cut_off()
            assert await bot.ended(30) == 1
            assert "Slack's Socket Mode is lost (no connection to Slack for 5 s)" in bot.raw
            assert "Traceback" not in bot.raw


async def test_replicas_behind_a_balancer_need_no_shared_state(tmp_path: Path) -> None:
    """Two processes alternate: one refreshes and pages through the cards of the other."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, SLACK_SIGNING_SECRET=slack.signing_secret)
        del given["SLACK_APP_TOKEN"]
        async with running(given, cwd=tmp_path) as one, running(given, cwd=tmp_path) as two:
            ports = [(await bot.event("ready"))["port"] for bot in (one, two)]
            urls = [f"http://127.0.0.1:{port}/slack/events" for port in ports]

            def turn(number: int) -> None:
                slack.events_url = urls[number % 2]

            turn(0)
            await slack.command(ADA, SHIFT, NIGHTLY)
            card = (await slack.settled(lambda: slack.messages(SHIFT, ADA)))[0]
            for number in range(1, 5):
                turn(number)
                assert (await slack.click(ADA, "refresh", message_ts=card.ts)).acked
                await slack.settled(lambda n=number: [c.method for c in slack.calls].count("response_url") == n + 1)  # type: ignore[misc]
            assert "unchanged since" in json.dumps(slack.messages(SHIFT, ADA)[0].blocks)
            turn(1)
            await slack.click(ADA, "targets", message_ts=card.ts)
            await slack.settled(lambda: "web-01" in json.dumps(slack.view(ADA)))
            view = slack.view(ADA)
            assert view is not None
            turn(0)
            await slack.click(ADA, "targets_next", view_id=view["id"])
            await slack.settled(lambda: "web-01" not in json.dumps(slack.view(ADA)))
            assert "Page 2" in json.dumps(slack.view(ADA))


async def test_http_mode_with_health_and_metrics(tmp_path: Path) -> None:
    """In HTTP mode the same code answers signed requests, refuses others, and serves health and metrics."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, SLACK_SIGNING_SECRET=slack.signing_secret)
        del given["SLACK_APP_TOKEN"]
        async with running(given, cwd=tmp_path) as bot, aiohttp.ClientSession() as session:
            ready = await bot.event("ready")
            base = f"http://127.0.0.1:{ready['port']}"
            slack.events_url = f"{base}/slack/events"
            await slack.command(ADA, SHIFT, NIGHTLY)
            await slack.settled(lambda: slack.messages(SHIFT, ADA))
            for path in ("/livez", "/readyz"):
                async with session.get(base + path) as answer:
                    assert answer.status == 200
            await bot.event("answered")
            async with session.get(f"{base}/metrics") as answer:
                text = await answer.text()
            assert 'schedtask_interaction_seconds_count{kind="command",outcome="card"} 1.0' in text
            assert 'schedtask_coc_call_seconds_count{operation="task",outcome="ok"} 1.0' in text
            for headers in (
                {},
                {"X-Slack-Request-Timestamp": "abc", "X-Slack-Signature": "v0=00"},
                {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=00"},
            ):
                async with session.post(slack.events_url, data=b"x=1", headers=headers) as answer:
                    assert answer.status == 401
            async with session.post(slack.events_url, data=io.BytesIO(b"x" * 2_000_000)) as answer:
                assert answer.status == 413
            body, stamp = f"command=%2Fschedtask&text=help&user_id={ADA}", str(int(time.time()))
            digest = hmac.new(slack.signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
            signed = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Slack-Request-Timestamp": stamp,
                "X-Slack-Signature": f"v0={digest.hexdigest()}",
            }
            for status in (200, 401, 401):
                async with session.post(slack.events_url, data=body, headers=signed) as answer:
                    assert answer.status == status
            bot.child.send_signal(signal.SIGTERM)
            assert await bot.ended() == 0
            assert "Traceback" not in bot.raw
            assert bot.child.stdout is not None
            audit = [json.loads(line) for line in (await bot.child.stdout.read()).decode().splitlines()]
            assert [line["outcome"] for line in audit if line["did"] == "http"] == [
                *["refused: unsigned"] * 3,
                "refused: too large",
                *["refused: replayed"] * 2,
            ]


async def test_show_needs_the_cloud_settings_only(tmp_path: Path) -> None:
    """``show`` prints the card and, with --json, the decoded task; Slack need not be configured."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = {k: v for k, v in environment(coc, slack).items() if not k.startswith("SLACK")}
        async with running(given, "show", NIGHTLY, cwd=tmp_path) as bot:
            out, _ = await bot.child.communicate()
            assert bot.child.returncode == 0
            assert "nightly-logrotate" in out.decode()
            assert "42 machines" in out.decode()
        async with running(given, "show", "--json", f"please, {NIGHTLY}", cwd=tmp_path) as bot:
            out, _ = await bot.child.communicate()
            found = json.loads(out)
            assert found["task"]["id"] == NIGHTLY
            assert found["targets"]["machines"] == 42
            assert found["summary"]["enabled"] is True
        async with running(given, "show", error_id("403GATEWAY"), cwd=tmp_path) as bot:
            assert await bot.ended() == 1
            assert "coc:schedule:get" in bot.raw
        async with running(given, "show", "ST1", cwd=tmp_path) as bot:
            assert await bot.ended() == 2


async def test_show_in_the_sandbox_needs_nothing(tmp_path: Path) -> None:
    """``show --sandbox`` starts its own COC."""
    async with running({"PATH": os.environ["PATH"]}, "show", "--sandbox", NIGHTLY, cwd=tmp_path) as bot:
        out, err = await bot.child.communicate()
        assert bot.child.returncode == 0, err
        assert "nightly-logrotate" in out.decode()


async def test_doctor_reports_good_and_bad(tmp_path: Path) -> None:
    """All granted: status 0. A missing permission and a wrong key are named; the key is not tried twice."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        async with running(environment(coc, slack), "doctor", cwd=tmp_path) as bot:
            out, err = await bot.child.communicate()
            assert bot.child.returncode == 0, out + err
            for line in ("SLACK_BOT_TOKEN is good", "scopes are commands,chat:write", "coc:schedule:list is granted"):
                assert line in out.decode()
            assert coc.secret_key not in out.decode()
        coc.permissions = {"coc:schedule:get"}
        async with running(environment(coc, slack), "doctor", cwd=tmp_path) as bot:
            out, _ = await bot.child.communicate()
            assert "coc:schedule:list is not granted" in out.decode()
            assert bot.child.returncode == 0, "the bot works without it"
        coc.requests.clear()
        async with running(environment(coc, slack, HUAWEICLOUD_SDK_SK="wrong"), "doctor", cwd=tmp_path) as bot:
            out, _ = await bot.child.communicate()
            assert bot.child.returncode == 1
            assert "refused the bot's credentials" in out.decode()
            assert len([seen for seen in coc.requests if seen.path != "/"]) == 1


@pytest.mark.parametrize("command", [(), ("run",), ("sandbox",), ("show",), ("doctor",)])
async def test_help_everywhere(command: tuple[str, ...], tmp_path: Path) -> None:
    """``--help`` works on every command and ends with status 0."""
    async with running({"PATH": os.environ["PATH"]}, *command, "--help", cwd=tmp_path) as bot:
        out, _ = await bot.child.communicate()
        assert bot.child.returncode == 0
        assert "Usage:" in out.decode()


async def test_the_sandbox_command_serves_its_page(tmp_path: Path) -> None:
    """``sandbox`` prints where its page is, serves it, and ends with status 0 on SIGINT."""
    given = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    async with running(given, "sandbox", "--port", "0", cwd=tmp_path) as bot, aiohttp.ClientSession() as session:
        assert bot.child.stdout is not None
        async with asyncio.timeout(15):
            found = None
            while found is None:
                found = re.search(r"http://127\.0\.0\.1:\d+", (await bot.child.stdout.readline()).decode())
        async with session.get(found.group() + "/") as answer:
            assert answer.status == 200
            assert "not Slack" in await answer.text()
        bot.child.send_signal(signal.SIGINT)
        assert await bot.ended() == 0
