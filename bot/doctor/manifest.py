"""The doctor's check of the app's manifest: does Slack's side fit the code and the settings?

A bot can't read its own app's manifest from Slack. The file is this project's, or one that the operator has copied
from the app's page *App Manifest* (YAML or JSON).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.doctor.finding import Finding, shown
from bot.settings import Settings
from bot.slack import COMMAND, EVENTS_PATH

SCOPES = frozenset({"commands", "chat:write"})
OPTIONAL_SCOPES = frozenset({"files:write", "im:write"})
"""For the files of the target explorer only."""
MAX_BYTES = 1024 * 1024


def check_manifest(path: Path, configured: Settings) -> list[Finding]:
    """A finding for each fault of the manifest in this file; a good one if there is no fault."""
    try:
        with path.open("rb") as file:
            read = yaml.safe_load(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = getattr(error, "strerror", None) or "it is neither YAML nor JSON"
        return [Finding(False, f"manifest: {path} can't be read ({why}): copy it again from the app's page")]
    if not isinstance(read, Mapping):
        return [Finding(False, f"manifest: {path} holds no manifest: copy the whole of it from the app's page")]
    faults = [Finding(False, f"manifest: {fault}") for fault in manifest_faults(read, configured)]
    return faults or [Finding(True, f"manifest: {path} fits the code and the settings")]


def manifest_faults(manifest: Mapping[str, Any], configured: Settings) -> list[str]:
    """What does not fit, each with what to do."""
    return [*_commands(manifest, configured), *_settings(manifest, configured), *_scopes(manifest, configured)]


def required_scopes(configured: Settings) -> frozenset[str]:
    """The scopes without which the bot can't answer, or its access rules let nobody in."""
    groups = {"usergroups:read"} if configured.allow_usergroups else set()
    return SCOPES | groups | (set() if configured.allow_guests else {"users:read"})


def _commands(manifest: Mapping[str, Any], configured: Settings) -> Iterator[str]:
    commands = [one for one in _list(manifest, "features", "slash_commands") if isinstance(one, Mapping)]
    if not commands:
        yield f"it has no slash command: add {COMMAND} below features.slash_commands"
    for one in commands:
        if one.get("should_escape"):
            yield f"{shown(str(one.get('command')), 40)} has should_escape on: turn it off, or pasted ids change"
        if configured.transport == "http" and not str(one.get("url") or "").endswith(EVENTS_PATH):
            yield f"{shown(str(one.get('command')), 40)} has no url that ends in {EVENTS_PATH}: HTTP mode needs it"


def _settings(manifest: Mapping[str, Any], configured: Settings) -> Iterator[str]:
    interactive = _at(manifest, "settings", "interactivity")
    interactive = interactive if isinstance(interactive, Mapping) else {}
    if interactive.get("is_enabled") is not True:
        yield "settings.interactivity.is_enabled is off: turn it on, or no button works"
    elif configured.transport == "http" and not str(interactive.get("request_url") or "").endswith(EVENTS_PATH):
        yield f"settings.interactivity.request_url does not end in {EVENTS_PATH}: HTTP mode needs it"
    socket = _at(manifest, "settings", "socket_mode_enabled") is True
    if socket != (configured.transport == "socket"):
        wanted = "on" if configured.transport == "socket" else "off"
        yield f"settings.socket_mode_enabled does not fit: turn it {wanted}, or change SCHEDTASK_MODE"
    if _at(manifest, "settings", "token_rotation_enabled") is True:
        yield "settings.token_rotation_enabled is on: turn it off, the bot does not renew its token"


def _scopes(manifest: Mapping[str, Any], configured: Settings) -> Iterator[str]:
    given = {str(scope) for scope in _list(manifest, "oauth_config", "scopes", "bot")}
    optional = {str(scope) for scope in _list(manifest, "oauth_config", "scopes", "bot_optional")}
    missing = sorted(required_scopes(configured) - given)
    if missing:
        yield f"the bot scope {', '.join(missing)} is missing: add it and install the app again"
    needless = sorted((given | optional) - SCOPES - OPTIONAL_SCOPES - {"usergroups:read", "users:read"})
    if needless:
        yield f"the bot scope {shown(', '.join(needless), 300)} is not needed: remove it"
    tab = _at(manifest, "features", "app_home", "messages_tab_enabled") is True
    if "files:write" in given | optional and not tab:
        yield "features.app_home.messages_tab_enabled is off: turn it on, or nobody can be sent a file"


def _at(manifest: Mapping[str, Any], *path: str) -> Any:
    found: Any = manifest
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _list(manifest: Mapping[str, Any], *path: str) -> list[Any]:
    found = _at(manifest, *path)
    return found if isinstance(found, list) else []
