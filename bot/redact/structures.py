"""Redacts decoded JSON, at any depth."""

import json
from collections.abc import Callable
from typing import Any

from bot.redact.commands import hide_arguments
from bot.redact.fields import is_marked, is_name, is_value
from bot.redact.names import Names
from bot.redact.references import SCHEMA_KEYS, SCHEMA_TYPES
from bot.redact.spans import HIDDEN
from bot.redact.yaml_lines import MANIFEST_DATA

MAX_DEPTH = 100
"""Levels of decoded JSON that are shown. Deeper ones are hidden."""

_LONG_KEY = 12
_LONGEST_NAME = 60
_LONGEST_WORD = 4096
_NAMES_A_SECRET = frozenset({"secretName", "optional", "defaultMode"})
"""The keys of a Kubernetes volume that refers to a secret."""


class Structures:
    """Redacts decoded JSON; ``text`` redacts a text under its name."""

    def __init__(self, names: Names, text: Callable[[str, str], str]) -> None:
        self.names, self.text = names, text

    def redact(self, name: str, value: Any, depth: int = 0) -> Any:
        """The value with every secret in it hidden. A secret name counts for all below it."""
        if isinstance(value, dict | list) and depth >= MAX_DEPTH:
            return HIDDEN
        if isinstance(value, dict):
            return self._object(name, value, depth)
        if isinstance(value, list):
            return self._list(name, value, depth)
        if isinstance(value, str):
            return self.text(value, name)
        return HIDDEN if not isinstance(value, bool | None) and self.text(str(value), name) == HIDDEN else value

    def _object(self, name: str, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        paired, manifest = self._paired(value), str(value.get("kind")).lower() == "secret"
        if value.keys() <= _NAMES_A_SECRET or (value.keys() <= SCHEMA_KEYS and value.get("type") in SCHEMA_TYPES):
            name = ""
        shown = {}
        for key, item in value.items():
            inner = paired if paired and is_value(str(key)) else str(key)
            if manifest and key in MANIFEST_DATA:
                inner = "secret"
            shown_key = self.text(key, "") if isinstance(key, str) and len(key) >= _LONG_KEY else key
            shown[shown_key] = self.redact(name if self.names.is_secret(name) else inner, item, depth + 1)
        return shown

    def _paired(self, value: dict[Any, Any]) -> str | None:
        """The name that an object gives to its value: ``{"paramName": "password", "paramValue": …}``."""
        if is_marked(value):
            return "secret"
        names = [item for key, item in value.items() if isinstance(item, str) and is_name(str(key))]
        return next((name for name in names if self.names.is_secret(name)), names[0] if names else None)

    def _list(self, name: str, value: list[Any], depth: int) -> list[Any]:
        if len(value) > 1 and all(isinstance(item, str) and len(item) <= _LONGEST_WORD for item in value[:MAX_DEPTH]):
            value = [*_as_command(value[:MAX_DEPTH]), *value[MAX_DEPTH:]]
        shown: list[Any] = []
        for at, item in enumerate(value):
            before = value[at - 1] if at else None
            handed = isinstance(before, str) and isinstance(item, str) and self._hands_over(before, item, len(value))
            shown.append(HIDDEN if handed and item else self.redact(name, item, depth + 1))
        return shown

    def _hands_over(self, before: str, item: str, count: int) -> bool:
        """Whether a list has a name or a flag, then its value: ``["password", "x"]``, ``["--password", "x"]``."""
        if len(before) > _LONGEST_NAME or len(item) > _LONGEST_WORD or not self.names.is_secret(before):
            return False
        if before.startswith("-"):
            return not item.startswith("-")
        return count == 2 and " " not in before.strip()


def _as_command(words: list[str]) -> list[str]:
    """The words of a command without the secrets that its tool takes: ``["sshpass", "-p", "x"]``."""
    text = json.dumps(words, ensure_ascii=False)
    shown = hide_arguments(text, set())
    if shown == text:
        return words
    try:
        redacted: list[str] = json.loads(shown)
    except ValueError:
        return words
    return redacted if len(redacted) == len(words) else words
