"""Decoded JSON: what of it may be shown, at any depth. Used by ``bot.redact``."""

import json
from collections.abc import Callable
from typing import Any

from bot.pairs import is_marked, is_name, is_value
from bot.redact.chance import HIDDEN
from bot.redact.commands import handed_over
from bot.redact.names import secret_name
from bot.redact.references import SCHEMA_KEYS, SCHEMA_TYPES

MAX_DEPTH = 100
"""How deep a decoded value is shown; what lies deeper is hidden."""

Shown = Callable[[str, str], str]
"""What may be shown of a text under a name."""

_LONG_KEY = 12
_LONGEST_NAME = 60
_LONGEST_WORD = 4096
_NAMES_A_SECRET = frozenset({"secretName", "optional", "defaultMode"})
"""A volume of Kubernetes says where its secret is."""
_MANIFEST_DATA = frozenset({"data", "stringData", "binaryData"})


def redacted(name: str, found: Any, shown: Shown, depth: int = 0) -> Any:
    """The value with every secret in it hidden. A secret name counts for all below it."""
    if isinstance(found, dict | list) and depth >= MAX_DEPTH:
        return HIDDEN
    if isinstance(found, dict):
        return _object(name, found, shown, depth)
    if isinstance(found, list):
        return _list(name, found, shown, depth)
    if isinstance(found, str):
        return shown(name, found)
    return HIDDEN if not isinstance(found, bool | None) and shown(name, str(found)) == HIDDEN else found


def _object(name: str, found: dict[Any, Any], shown: Shown, depth: int) -> dict[Any, Any]:
    paired, manifest = _paired(found), str(found.get("kind")).lower() == "secret"
    if found.keys() <= _NAMES_A_SECRET or (found.keys() <= SCHEMA_KEYS and found.get("type") in SCHEMA_TYPES):
        name = ""
    kept = {}
    for key, item in found.items():
        inner = paired if paired and is_value(str(key)) else str(key)
        if manifest and key in _MANIFEST_DATA:
            inner = "secret"
        written = shown("", key) if isinstance(key, str) and len(key) >= _LONG_KEY else key
        kept[written] = redacted(name if secret_name(name) else inner, item, shown, depth + 1)
    return kept


def _paired(found: dict[Any, Any]) -> str | None:
    """The name that an object gives to its value: ``{"paramName": "password", "paramValue": …}``."""
    if is_marked(found):
        return "secret"
    given = [item for key, item in found.items() if isinstance(item, str) and is_name(str(key))]
    return next((item for item in given if secret_name(item)), given[0] if given else None)


def _list(name: str, found: list[Any], shown: Shown, depth: int) -> list[Any]:
    if len(found) > 1 and all(isinstance(item, str) and len(item) <= _LONGEST_WORD for item in found[:MAX_DEPTH]):
        found = [*_as_command(found[:MAX_DEPTH]), *found[MAX_DEPTH:]]
    kept: list[Any] = []
    for at, item in enumerate(found):
        before = found[at - 1] if at else None
        handed = isinstance(before, str) and isinstance(item, str) and _hands_over(before, item, len(found))
        kept.append(HIDDEN if handed and item else redacted(name, item, shown, depth + 1))
    return kept


def _as_command(words: list[str]) -> list[str]:
    """The words of a command without what its tool takes as a secret: ``["sshpass", "-p", "x"]``."""
    text = json.dumps(words, ensure_ascii=False)
    shown = handed_over(text, set())
    if shown == text:
        return words
    try:
        found = json.loads(shown)
    except ValueError:
        return words
    return found if len(found) == len(words) else words


def _hands_over(before: str, item: str, count: int) -> bool:
    """Whether a list holds a name or a flag and then its value: ``["password", "x"]``, ``["--password", "x"]``."""
    if len(before) > _LONGEST_NAME or len(item) > _LONGEST_WORD or not secret_name(before):
        return False
    if before.startswith("-"):
        return not item.startswith("-")
    return count == 2 and " " not in before.strip()
