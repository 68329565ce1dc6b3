"""A value beside its name: ``"name": "password", "value": "x"``, in JSON, YAML, XML. Used by ``bot.redact``."""

import re

from bot.pairs import is_cleared, is_mark, is_name, is_value, plain_word
from bot.redact.encodings import unescape
from bot.redact.names import Names
from bot.redact.values import Span, take, until_tag

SIGN = re.compile(
    r"""\\{0,15}["'`*]{0,3}\s*+(?:\]\s*+)?(?:(?:（|(?<=\s)\(|\((?=[^,)]*\)))(?!["']"""
    r"""|self\b)[^()（）\n"']{1,40}[)）]\s*+)?"""
    r"""(?:=>|:=|->|→|(?:[?+!=~]?={1,3})|::?(?!//)|[：＝﹦])(?!=)(?:\*\*|__)?[ \t]*+(?:\\{0,15}n[ \t]++|\s*+)"""
)
TYPED = re.compile(  # val password: String = "x"; var password string = "x"
    r"(?:\s?[?!]?:\s?(?:&?(?:'static\s)?(?:Optional\[)?(?:\w{0,12}String|string|str|bytes|char|Text|any)\]?"
    r"[?!]?(?:\s?\|\s?\w{1,20})?)|\s(?:string|String|\*string|\[\]byte))\s?=\s?(?:\[\]byte\()?(?![=\s])"
)
TAG = re.compile(r"(?:\s[^<>]{0,300})?>")
NEAR = 2000
"""Characters looked at for the end of a value, so that time stays linear."""
_BLANK = re.compile(r"[ \t]++")
_PAIR_NAME_VALUE = re.compile(
    r"""\\{0,15}["']?\s{0,5}(?:[:=]|[ \t])\s{0,5}\\{0,15}["']?((?:[^\s"'\\,;{}<>]"""
    r"""|\\{1,15}u[0-9a-fA-F]{4})(?:[^"'\\,;{}<>\n]|\\{1,15}u[0-9a-fA-F]{4}){0,60})"""
)
_YAML_KEY = re.compile(r"[\w.-]{1,60}:(?:\s|$)")
_PAIR_TAG = re.compile(r">\s{0,5}([^\s<>][^<>\n]{0,60})")
_REACH = 240  # characters between the name and its value
_MARKED = re.compile(r"""([\w-]{2,24})\\{0,15}["']?\s{0,3}[:=]\s{0,3}\\{0,15}["']?(\w{1,20})""")


class Pairs:
    """The pairs of one text: remembers the last name that waits for its value."""

    def __init__(self, text: str, names: Names) -> None:
        self.text, self.names = text, names
        self.name = ""
        self.name_at = -1_000_000

    def find(self, word: str, start: int, at: int) -> Span | None:
        """The secret that belongs to this word, if it says that a value follows; a name is remembered."""
        tagged = self.text[start - 1 : start] == "<"
        if (is_name(word) or word == "-n") and self._remember(start, at, tagged=tagged):
            return None
        if tagged and (is_value(word) or word.lower() == "string"):
            return self._tag(start, at)
        return self._value(word, start, at) if is_value(word) else None

    def _remember(self, start: int, at: int, *, tagged: bool) -> bool:
        """Whether a name follows that is worth keeping: a harmless one doesn't replace a secret one."""
        found = (_PAIR_TAG if tagged else _PAIR_NAME_VALUE).match(self.text, at)
        if found is None:
            return False
        if self._secret and self.name_at >= start - _REACH and not self._is_secret(found.group(1)):
            return False
        self.name, self.name_at = found.group(1), at
        return True

    def _tag(self, start: int, at: int) -> Span | None:
        """``<name>password</name><value>hunter2</value>``."""
        tag = TAG.match(self.text, at)
        near = 0 <= start - self.name_at <= _REACH
        return until_tag(self.text, tag.end()) if tag is not None and near and self._secret else None

    def _value(self, name: str, start: int, at: int) -> Span | None:
        """``"name": "password", "value": "hunter2"``, in either order."""
        text = self.text
        sign = SIGN.match(text, at) or (_BLANK.match(text, at) if name.startswith("-") else None)
        if sign is None or ("\n" in sign.group() and _YAML_KEY.match(text, sign.end())):
            return None
        near = 0 <= start - self.name_at <= _REACH and "}" not in text[self.name_at : start]
        secret = self._secret if near else self._name_behind(name, start, sign.end())
        return take(text, sign.end()) if secret or self._marked(start, sign.end()) else None

    @property
    def _secret(self) -> bool:
        return self._is_secret(self.name)

    def _is_secret(self, name: str) -> bool:
        """Whether a name is secret that may hold JSON's escapes."""
        return self.names.is_secret(unescape(name))

    def _name_behind(self, word: str, start: int, at: int) -> bool:
        """Whether the name of a value, which must stand behind it, is secret or cut off."""
        quoted = self.text[start - 1 : start] in {'"', "'"}
        # Raw JSON may break before the name that belongs to a value, so there a value without one counts as a secret.
        unknown = plain_word(word) in {"paramvalue", "parametervalue"} or (quoted and word == "value")
        span = take(self.text, at, NEAR) if quoted else None
        if span is None or span[1] - at >= NEAR:
            return unknown
        window = self.text[span[1] : span[1] + _REACH]
        window, *rest = re.split(r"[{}]", window, maxsplit=1)
        ahead = re.split(r"[{}]", self.text[max(0, start - _REACH) : start])[-1]
        near = (found.groups() for part in (ahead, window) for found in _MARKED.finditer(part))
        if rest and any(is_cleared(*mark) for mark in near):
            unknown = False
        for found in re.finditer(r"(\w{1,20})(?=\\{0,15}[\"'])", window):
            if is_name(found.group(1)):
                given = _PAIR_NAME_VALUE.match(window, found.end())
                return given is None or self._is_secret(given.group(1))
        return unknown

    def _marked(self, start: int, at: int) -> bool:
        """Whether the object around a value has a mark in front or behind: ``"sensitive": true``."""
        text = self.text
        ahead = text[max(0, start - _REACH) : start]
        span = take(text, at, NEAR)
        behind = text[span[1] : span[1] + _REACH] if span is not None else ""
        near = re.split(r"[{}]|---", ahead)[-1], re.split(r"[{}]|---", behind, maxsplit=1)[0]
        return any(is_mark(*found.groups()) for part in near for found in _MARKED.finditer(part))
