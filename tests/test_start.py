"""How ``schedtask-bot`` starts as a real process, with good, wrong and badly pasted settings."""

import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import pytest

from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.test_run import ADA, NIGHTLY, SHIFT, environment, running

pytestmark = pytest.mark.slow


async def test_the_env_file_is_read(tmp_path: Path) -> None:
    """A ``.env`` in the working directory sets the vendor's variables too; real variables win."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack)
        moved = {name: given.pop(name) for name in list(given) if name.startswith(("HUAWEI", "SLACK_APP"))}
        lines = [f"{name}={value}" for name, value in moved.items()] + ["SLACK_BOT_TOKEN=xoxb-wrong"]
        (tmp_path / ".env").write_text("\n".join(lines))
        async with running(given, cwd=tmp_path) as bot:
            await bot.event("ready")
            await slack.command(ADA, SHIFT, NIGHTLY)
            await slack.settled(lambda: slack.messages(SHIFT, ADA))


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"SLACK_BOT_TOKEN": ""}, 2, "SLACK_BOT_TOKEN is missing"),
        ({"SLACK_APP_TOKEN": ""}, 2, "SLACK_APP_TOKEN is missing"),
        ({"SLACK_SIGNING_SECRET": "s"}, 2, "SCHEDTASK_MODE is missing"),
        ({"SCHEDTASK_MODE": "carrier pigeon"}, 2, "SCHEDTASK_MODE"),
        ({"SCHEDTASK_PORT": "http"}, 2, "SCHEDTASK_PORT"),
        ({"COC_ENDPOINT": ""}, 2, "COC_REGION is missing"),
        ({"COC_ENDPOINT": "", "COC_REGION": "atlantis-1"}, 2, "COC_REGION"),
        ({"COC_ENDPOINT": "ftp://x"}, 2, "COC_ENDPOINT"),
        ({"SCHEDTASK_ALLOW_USER": "U0ONCALL"}, 2, "did you mean SCHEDTASK_ALLOW_USERS?"),
        ({"schedtask_visibility": "private"}, 2, "did you mean SCHEDTASK_VISIBILITY?"),
        ({"SCHEDTASK_ALLOW_USERS": ","}, 2, "SCHEDTASK_ALLOW_USERS: holds nothing"),
        ({"SLACK_BOT_TOKEN": "xoxp-wrong"}, 2, "SLACK_BOT_TOKEN is a user token: it needs the Bot User OAuth Token"),
        ({"HUAWEICLOUD_SDK_SK": "two\nlines"}, 2, "HUAWEICLOUD_SDK_SK has a line break inside"),
        ({"SSL_CERT_FILE": "/nonexistent/ca.pem"}, 2, "SSL_CERT_FILE: /nonexistent/ca.pem can't be read"),
        ({"SLACK_API_URL": "not a url"}, 2, "SLACK_API_URL"),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, 1, "Slack refused SLACK_BOT_TOKEN (invalid_auth)"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, 1, "Slack refused SLACK_APP_TOKEN"),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api"}, 1, "Slack can't be reached at http://127.0.0.1:9/api/"),
    ],
)
async def test_a_failed_start_is_explained_in_one_line(
    change: dict[str, str], status: int, says: str, tmp_path: Path
) -> None:
    """It names the variable. Status 2 for configuration, 1 for a refusal; no traceback, no secret."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = {name: value for name, value in {**environment(coc, slack), **change}.items() if value}
        async with running(given, cwd=tmp_path) as bot:
            assert await bot.ended() == status
            lines = bot.raw.strip().splitlines()
            assert len(lines) == 1, bot.raw
            assert says in lines[0]
            assert "xapp-wrong" not in bot.raw


@pytest.mark.parametrize("command", ["run", "doctor", "show"])
async def test_every_command_reports_all_faults_at_once(command: str, tmp_path: Path) -> None:
    """Status 2 and a line for each fault that concerns it; no secret, no traceback."""
    faults = {
        "COC_REGION": "cn-south-1",
        "SCHEDTASK_REDACT_WRODS": "badge",
        "SCHEDTASK_COC_READ_TIMEOUT": "soon",
        "HUAWEICLOUD_SDK_AK": "s3cret s3cret",
        "SCHEDTASK_ALLOW_USER": ADA,
        "SLACK_BOT_TOKEN": "'xoxb-s3cret",
    }
    given = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "SLACK_APP_TOKEN": "xapp-1", **faults}
    async with running(given, command, *([NIGHTLY] if command == "show" else []), cwd=tmp_path) as bot:
        out, err = await bot.child.communicate()
    said = (out + err).decode()
    assert bot.child.returncode == 2, said
    expected = [
        name for name in faults if command != "show" or name not in {"SCHEDTASK_ALLOW_USER", "SLACK_BOT_TOKEN"}
    ]
    subjects = [re.findall(r"[A-Z]+_[A-Z_]+", line)[0] for line in said.splitlines()]
    assert sorted(subjects) == sorted(expected)
    assert "did you mean SCHEDTASK_REDACT_WORDS?" in said
    assert "most likely cn-north-4" in said
    assert "s3cret" not in said


PASTED = {"SLACK_BOT_TOKEN": '"{}"', "SLACK_APP_TOKEN": "{}\r\n", "COC_ENDPOINT": "'{}'", "SLACK_API_URL": "{}\n"} | {
    "HUAWEICLOUD_SDK_AK": "{}\n",
    "HUAWEICLOUD_SDK_SK": "\ufeff{}",
    "HUAWEICLOUD_SDK_DOMAIN_ID": "“{}”\u200b",
}


async def test_a_bot_with_badly_pasted_settings_serves(tmp_path: Path) -> None:
    """It warns and names the variables, as do ``show`` and ``doctor``. No line holds a secret."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        good = environment(coc, slack)
        given = good | {name: around.format(good[name]) for name, around in PASTED.items()}
        async with running(given, cwd=tmp_path) as bot:
            await bot.event("ready")
            await slack.command(ADA, SHIFT, NIGHTLY)
            await slack.settled(lambda: slack.messages(SHIFT, ADA))
            assert "nightly-logrotate" in slack.messages(SHIFT, ADA)[0].text
            cleaned = [str(event["what"]) for event in bot.events if event["event"] == "setting_cleaned"]
            assert {what.rpartition("(")[2].rstrip(")") for what in cleaned} == set(PASTED)
        for command in (("doctor",), ("show", NIGHTLY)):
            async with running(given, *command, cwd=tmp_path) as bot:
                out, err = await bot.child.communicate()
                said = (out + err).decode()
                assert bot.child.returncode == 0, said
                for name in PASTED:
                    assert f"({name})" in said or (command[0] == "show" and name.startswith("SLACK"))
                assert not any(secret in said for secret in (coc.access_key, coc.secret_key, slack.bot_token))


@pytest.mark.parametrize(
    ("ak", "says"),
    [
        ('"{}"', "quotes around it in the access key (ak)"),
        ("\ufeff{}", "invisible characters in the access key (ak)"),
        ("'{}", "credentials file: the access key (ak) begins with a quote"),
        ("{} {}", "credentials file: the access key (ak) has a blank inside"),
        ("HST3W0123456789ABCDE", "credentials file: a temporary access key (HST…) without its security token"),
    ],
)
async def test_the_credentials_file_is_cleaned_too(ak: str, says: str, tmp_path: Path) -> None:
    """The vendor's library reads it. An impossible value ends in one line."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack)
        key, secret = given.pop("HUAWEICLOUD_SDK_AK"), given.pop("HUAWEICLOUD_SDK_SK")
        (tmp_path / "credentials").write_text(f"[global]\nak = {ak.format(key, key)}\nsk = {secret}\n", "utf-8")
        given["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = str(tmp_path / "credentials")
        harmless = "around" in says or "invisible" in says
        for command in (("doctor",), ("show", NIGHTLY)):
            async with running(given, *command, cwd=tmp_path) as bot:
                out, err = await bot.child.communicate()
                said = (out + err).decode()
                assert bot.child.returncode == (0 if harmless else 1), said
                assert says in said
                assert "Traceback" not in said
                assert not any(word in said for word in (key, secret, "HST3W"))


async def test_service_links_of_kubernetes_are_logged_once_at_debug_level(tmp_path: Path) -> None:
    """They stop nothing; the port in ``.env`` counts although a link has its name."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, SCHEDTASK_LOG_LEVEL="debug", SCHEDTASK_PORT="tcp://10.96.0.7:3000")
        given |= {
            "SCHEDTASK_SERVICE_HOST": "10.96.0.7",
            "COC_PORT": "tcp://10.96.0.8:80",
            "COC_SERVICE_HOST": "10.96.0.8",
        }
        (tmp_path / ".env").write_text("SCHEDTASK_PORT=0\n")
        async with running(given, cwd=tmp_path) as bot:
            ready = await bot.event("ready")
            assert ready["port"] != 3000
            (said,) = [event for event in bot.events if event["event"] == "service_links_ignored"]
            assert said["level"] == "debug"
            assert said["names"] == ["SCHEDTASK_SERVICE_HOST"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("SCHEDTASK_VISIBILTY=private", "SCHEDTASK_VISIBILTY is not a setting: did you mean SCHEDTASK_VISIBILITY?"),
        ('SCHEDTASK_LOG_LEVEL=info\nSCHEDTASK_ALLOW_USERS="U0ONCALL', "line 2 of the file .env can't be read"),
        ("SCHEDTASK_ALLOW_USERS", "line 1 of the file .env can't be read"),
        ("\ufeffSCHEDTASK_VISIBILITY=secret", "SCHEDTASK_VISIBILITY: input should be"),
    ],
)
async def test_the_env_file_loses_no_rule_silently(lines: str, says: str, tmp_path: Path) -> None:
    """An unknown name or an unreadable line stops the start."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        (tmp_path / ".env").write_text(lines, "utf-8")
        async with running(environment(coc, slack), cwd=tmp_path) as bot:
            assert await bot.ended() == 2
            assert says in bot.raw
            assert len(bot.raw.splitlines()) == 1


@pytest.mark.parametrize(("command", "status"), [(("show", "--sandbox", NIGHTLY), 0), (("doctor",), 2)])
def test_show_and_doctor_start_without_slacks_libraries(
    command: tuple[str, ...], status: int, tmp_path: Path
) -> None:
    """``show`` never imports them; ``doctor`` only once the settings are right and Slack is asked."""
    child = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot", *command],
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    imported = set(re.findall(r"^import time: .*\| +(\S+)$", child.stderr, re.MULTILINE))
    assert child.returncode == status, child.stderr
    assert {"bot.doctor" if command == ("doctor",) else "bot.show", "bot.cards.block_kit"} <= imported
    assert not {module for module in imported if module.partition(".")[0] in {"slack_bolt", "slack_sdk"}}


def test_the_version_is_printed(tmp_path: Path) -> None:
    """The installed package's; nothing needs to be configured."""
    child = subprocess.run([sys.executable, "-m", "bot", "--version"], cwd=tmp_path, capture_output=True, check=True)
    assert child.stdout.decode() == f"schedtask-bot {distribution('schedtask-bot').version}\n"


def test_the_package_ships_its_types() -> None:
    """Without the marker a type checker ignores the annotations."""
    assert (files("bot") / "py.typed").is_file()


async def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    """One line names the two settings."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        taken = slack.url.rsplit(":", 1)[1]
        async with running(environment(coc, slack, SCHEDTASK_PORT=taken), cwd=tmp_path) as bot:
            assert await bot.ended() == 1
            assert "check SCHEDTASK_HOST and SCHEDTASK_PORT" in bot.raw
