"""``manifest.yaml``: valid for Slack, minimal, and in step with the code."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.doctor.manifest import OPTIONAL_SCOPES, SCOPES
from bot.slack import COMMAND

ROOT = Path(__file__).parent.parent


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The manifest as Slack reads it."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yaml").read_text("utf-8"))
    return found


def test_it_is_valid_against_slacks_schema(manifest: dict[str, Any]) -> None:
    """Slack's manifest schema v0.5.0 (github.com/slackapi/manifest-schema, MIT) accepts it."""
    schema = json.loads((ROOT / "tests/samples/slack-app-manifest.schema.1.0.0.json").read_text("utf-8"))
    errors = [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(manifest)]
    assert errors == []
    broken = {**manifest, "display_information": {"name": "x" * 36}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(broken)), "the schema does judge"


def test_it_asks_for_no_needless_scope(manifest: dict[str, Any]) -> None:
    """The scopes are exactly those that the doctor checks."""
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES
    assert set(manifest["oauth_config"]["scopes"]["bot_optional"]) == OPTIONAL_SCOPES
    assert "user" not in manifest["oauth_config"]["scopes"]


def test_files_can_reach_a_person(manifest: dict[str, Any]) -> None:
    """Slack delivers nothing to the direct messages of an app whose Messages tab is off."""
    assert manifest["features"]["app_home"]["messages_tab_enabled"] is True


def test_the_command_is_the_documented_one(manifest: dict[str, Any]) -> None:
    """One command, unescaped, with a usage hint; interactivity is on, for the buttons."""
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is False
    assert "ST" in command["usage_hint"]
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert manifest["settings"]["socket_mode_enabled"] is True
