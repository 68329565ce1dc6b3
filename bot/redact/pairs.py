"""The scanner for pairs: a value beside its name, ``"name": "password", "value": "x"``, in JSON, YAML and XML."""

import re

from bot.redact.assignments import SIGN
from bot.redact.encodings import unescape
from bot.redact.fields import is_cleared, is_mark, is_name, is_value, plain_word
from bot.redact.markup import TAG, until_tag
from bot.redact.names import Names
from bot.redact.spans import NEAR, Span, take

_BLANK = re.compile(r"[ \t]++")
_PAIR_NAME_VALUE = re.compile(
    r"""\\{0,15}["']?\s{0,5}(?:[:=]|[ \t])\s{0,5}\\{0,15}["']?((?:[^\s"'\\,;{}<>]"""
    r"""|\\{1,15}u[0-9a-fA-F]{4})(?:[^"'\\,;{}<>\n]|\\{1,15}u[0-9a-fA-F]{4}){0,60})"""
)
_YAML_KEY = re.compile(r"[\w.-]{1,60}:(?:\s|$)")
_PAIR_TAG = re.compile(r">\s{0,5}([^\s<>][^<>\n]{0,60})")
_REACH = 240  # characters between the name and its value
_MARK = re.compile(r"""([\w-]{2,24})\\{0,15}["']?\s{0,3}[:=]\s{0,3}\\{0,15}["']?(\w{1,20})""")


_QUOTED_WORD = re.compile(r"""(\w{1,20})(?=\\{0,15}["'])""")
_BRACES = re.compile(r"[{}]")


class Pairs:
    """The pairs of one text: remembers the last name that waits for its value."""

    def __init__(self, text: str, names: Names) -> None:
        self.text, self.names = text, names
        self.name = ""
        self.name_at = -1_000_000

    def scan(self, word: str, start: int, end: int) -> Span | None:
        """The secret behind this word if the word announces a value; a name is remembered."""
        is_tag = self.text[start - 1 : start] == "<"
        if (is_name(word) or word == "-n") and self._remember(start, end, _PAIR_TAG if is_tag else _PAIR_NAME_VALUE):
            return None
        if is_tag and (is_value(word) or word.lower() == "string"):
            return self._tag_content(start, end)
        return self._value(word, start, end) if is_value(word) else None

    def _remember(self, start: int, end: int, pattern: re.Pattern[str]) -> bool:
        """Whether a name follows that is worth keeping: a harmless one doesn't replace a secret one."""
        match = pattern.match(self.text, end)
        if match is None:
            return False
        if self._is_secret(self.name) and self.name_at >= start - _REACH and not self._is_secret(match.group(1)):
            return False
        self.name, self.name_at = match.group(1), end
        return True

    def _tag_content(self, start: int, end: int) -> Span | None:
        """``<name>password</name><value>hunter2</value>``."""
        tag = TAG.match(self.text, end)
        secret = 0 <= start - self.name_at <= _REACH and self._is_secret(self.name)
        return until_tag(self.text, tag.end()) if tag is not None and secret else None

    def _value(self, word: str, start: int, end: int) -> Span | None:
        """``"name": "password", "value": "hunter2"``, in either order."""
        text = self.text
        sign = SIGN.match(text, end) or (_BLANK.match(text, end) if word.startswith("-") else None)
        if sign is None or ("\n" in sign.group() and _YAML_KEY.match(text, sign.end())):
            return None
        is_near = 0 <= start - self.name_at <= _REACH and "}" not in text[self.name_at : start]
        secret = self._is_secret(self.name) if is_near else self._has_secret_name_behind(word, start, sign.end())
        return take(text, sign.end()) if secret or self._is_marked(start, sign.end()) else None

    def _is_secret(self, name: str) -> bool:
        """Whether a name is secret that may hold JSON's escapes."""
        return self.names.is_secret(unescape(name))

    def _has_secret_name_behind(self, word: str, start: int, at: int) -> bool:
        """Whether the name that belongs to a value stands behind it and is secret or cut off."""
        quoted = self.text[start - 1 : start] in {'"', "'"}
        # Raw JSON may break before the name that belongs to a value, so there a value without one counts as a secret.
        unknown = plain_word(word) in {"paramvalue", "parametervalue"} or (quoted and word == "value")
        span = take(self.text, at, NEAR) if quoted else None
        if span is None or span[1] - at >= NEAR:
            return unknown
        behind, *rest = _BRACES.split(self.text[span[1] : span[1] + _REACH], maxsplit=1)
        ahead = _BRACES.split(self.text[max(0, start - _REACH) : start])[-1]
        if rest and any(is_cleared(*mark.groups()) for part in (ahead, behind) for mark in _MARK.finditer(part)):
            unknown = False
        for match in _QUOTED_WORD.finditer(behind):
            if is_name(match.group(1)):
                name = _PAIR_NAME_VALUE.match(behind, match.end())
                return name is None or self._is_secret(name.group(1))
        return unknown

    def _is_marked(self, start: int, at: int) -> bool:
        """Whether the object around a value has a mark in front or behind: ``"sensitive": true``."""
        span = take(self.text, at, NEAR)
        behind = self.text[span[1] : span[1] + _REACH] if span is not None else ""
        ahead = _BRACES.split(self.text[max(0, start - _REACH) : start])[-1]
        around = ahead, _BRACES.split(behind, maxsplit=1)[0]
        return any(is_mark(*mark.groups()) for part in around for mark in _MARK.finditer(part))
