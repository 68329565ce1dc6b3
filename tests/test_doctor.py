"""The doctor, line by line: the faults it detects, each with what to do."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import settings
from bot.doctor import examine
from bot.doctor.manifest import check_manifest, manifest_faults
from bot.doctor.slack import check_clock, check_hello, check_scopes
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from bot.settings import ConfigurationError, Settings
from tests.test_run import environment

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent
MANIFEST: Json = yaml.safe_load((ROOT / "manifest.yaml").read_text("utf-8"))


def given(**more: str) -> Settings:
    """Settings of a bot in Socket Mode, and those of a test."""
    secret = {} if "SLACK_SIGNING_SECRET" in more else {"SLACK_APP_TOKEN": "xapp-1"}
    return settings.read({"SLACK_BOT_TOKEN": "xoxb-1", "COC_REGION": "cn-north-4", **secret, **more})


def http() -> Settings:
    """Settings of a bot in HTTP mode."""
    return given(SLACK_SIGNING_SECRET="secret")


def changed(change: Callable[[Json], object]) -> Json:
    """The project's manifest after a change."""
    found = copy.deepcopy(MANIFEST)
    change(found)
    return found


def test_the_projects_own_manifest_fits() -> None:
    """In Socket Mode as it is; the README's changes make it fit HTTP mode."""
    assert manifest_faults(MANIFEST, given()) == []
    url = "https://bot.example.com/slack/events"

    def for_http(manifest: Json) -> None:
        manifest["settings"]["socket_mode_enabled"] = False
        manifest["settings"]["interactivity"]["request_url"] = url
        manifest["features"]["slash_commands"][0]["url"] = url

    assert manifest_faults(changed(for_http), http()) == []
    assert len(manifest_faults(MANIFEST, http())) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m["features"].pop("slash_commands"), "has no slash command: add /schedtask"),
        (lambda m: m["features"]["slash_commands"][0].update(should_escape=True), "turn it off"),
        (lambda m: m["settings"].pop("interactivity"), "turn it on, or no button works"),
        (lambda m: m["settings"].update(socket_mode_enabled=False), "turn it on, or change SCHEDTASK_MODE"),
        (lambda m: m["settings"].update(token_rotation_enabled=True), "does not renew its token"),
        (
            lambda m: m["oauth_config"]["scopes"]["bot"].remove("commands"),
            "the bot scope commands is missing: add it",
        ),
        (lambda m: m["oauth_config"]["scopes"]["bot"].append("channels:history"), "channels:history is not needed"),
        (lambda m: m["features"]["app_home"].update(messages_tab_enabled=False), "nobody can be sent a file"),
    ],
)
def test_each_fault_of_a_manifest_says_what_to_do(change: Callable[[Json], object], says: str) -> None:
    """One finding for each fault."""
    (fault,) = manifest_faults(changed(change), given())
    assert says in fault


def test_access_rules_need_more_scopes() -> None:
    """Without them the bot can't know members and guests."""
    (fault,) = manifest_faults(MANIFEST, given(SCHEDTASK_ALLOW_USERGROUPS="S0ABC", SCHEDTASK_ALLOW_GUESTS="false"))
    assert "usergroups:read, users:read is missing" in fault
    assert not check_scopes({"X-OAuth-Scopes": "commands,chat:write"}, given(SCHEDTASK_ALLOW_GUESTS="false")).good


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: [", "\x00", "just words", "&a [*a, *a]"])
def test_a_file_without_a_manifest_is_a_bad_finding(tmp_path: Path, text: str) -> None:
    """One bad finding and no error, whatever the content."""
    path = tmp_path / "manifest.yaml"
    path.write_text(text, "utf-8")
    (finding,) = check_manifest(path, given())
    assert not finding.good
    assert "copy" in finding.what


def test_a_missing_file_and_json_are_read(tmp_path: Path) -> None:
    """Slack shows manifests as JSON too."""
    (finding,) = check_manifest(tmp_path / "none.yaml", given())
    assert "No such file" in finding.what
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(MANIFEST), "utf-8")
    assert check_manifest(path, given())[0].good


@pytest.mark.parametrize("shape", [None, 7, "x", [], {}, {"a": 1}])
def test_odd_shapes_inside_a_manifest_are_findings(shape: Any) -> None:
    """Any part may be anything, without an exception."""
    for part in ("features", "settings", "oauth_config"):
        assert manifest_faults({**MANIFEST, part: shape}, given())


def test_slacks_clock() -> None:
    """A signed request may be five minutes off."""

    def at(minutes: float) -> dict[str, str]:
        return {"Date": format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)}

    assert check_clock(at(4)).good
    assert check_clock(at(-4)).good
    assert not check_clock(at(6)).good
    assert "set it" in check_clock(at(-6)).what
    assert check_clock({}).good
    assert check_clock({"date": "yesterday"}).good


@pytest.mark.parametrize(
    ("hello", "good", "says"),
    [
        ({"type": "hello", "num_connections": 1}, True, "0 others are open"),
        ({"type": "hello", "num_connections": 9}, True, "8 others are open"),
        ({"type": "hello", "num_connections": 10}, False, "lower SCHEDTASK_SOCKET_CONNECTIONS"),
        ({"type": "hello"}, True, "opened and was greeted"),
        ({"type": "disconnect"}, False, "no hello came"),
        ([], False, "no hello came"),
    ],
)  # fmt: skip
def test_the_first_message_of_a_connection_counts_the_others(hello: Any, good: bool, says: str) -> None:
    """It shows whether there is room for the bot's own."""
    finding = check_hello(hello, 2)
    assert finding.good is good
    assert says in finding.what


async def test_a_real_connection_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good token opens one; a refused token is the only bad finding, with what to do."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        for name in ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"):  # the vendor's library looks there
            monkeypatch.setenv(name, environment(coc, slack)[name])
        lines = await examine(environment(coc, slack), ROOT / "manifest.yaml")
        assert all(line.good for line in lines), lines
        said = "\n".join(line.what for line in lines)
        assert "a Socket Mode connection opened and was greeted; 0 others are open" in said
        assert "fits the code and the settings" in said
        assert said.count("this clock is") == 2
        assert slack.connections == 0, "it is closed again"
        slack.refuse("apps.connections.open", "not_allowed_token_type")
        lines = await examine(environment(coc, slack))
        (bad,) = [line.what for line in lines if not line.good]
        assert "SLACK_APP_TOKEN was refused (not_allowed_token_type): it must be an app-level token" in bad


async def test_wrong_settings_end_the_checks() -> None:
    """The command line prints each fault and exits with 2."""
    with pytest.raises(ConfigurationError) as caught:
        await examine({"SCHEDTASK_ALLOW_USER": "U0ADA", "SLACK_BOT_TOKEN": "xoxp-1", "COC_REGION": "cn-north-4"})
    assert len(caught.value.faults) == 3


async def test_doubtful_and_cleaned_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripped quotes are harmless; a signing secret of another form most likely is not."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, SLACK_SIGNING_SECRET="secret", COC_ENDPOINT=f"'{coc.url}'")
        del given["SLACK_APP_TOKEN"]
        for name in ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"):
            monkeypatch.setenv(name, given[name])
        lines = await examine(given)
    (bad,) = [line.what for line in lines if not line.good]
    assert bad.startswith("settings: check SLACK_SIGNING_SECRET, which should be the Signing Secret (32 digits")
    assert "settings: ignored quotes around it (COC_ENDPOINT)" in [line.what for line in lines if line.good]


async def test_a_refused_connection_shows_no_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiohttp's error holds the whole address, whose ticket opens the connection."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        answer = {"ok": True, "url": f"{slack.url.replace('http', 'ws')}/nothing?ticket=5ec2e7"}
        monkeypatch.setattr(slack._api, "_open_socket", lambda: answer)
        said = "\n".join(line.what for line in await examine(environment(coc, slack)))
        assert "no Socket Mode connection (HTTP 404)" in said
        assert "5ec2e7" not in said
