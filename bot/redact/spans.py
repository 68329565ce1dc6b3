"""Spans of a text: where a value ends that begins at a place, and how spans are hidden."""

import re
from collections.abc import Iterable

HIDDEN = "[hidden]"
Span = tuple[int, int]
"""Start and end of a part of a text."""
NEAR = 2000
"""Characters within which the end of a value is looked for where a scanner looks ahead, so that time stays linear."""

# A quoted value ends at a quote behind as many backslashes as its first one: JSON inside JSON strings.
_QUOTED = r"""(?P<slashes>\\{0,15}) (?P<quote>["'`]) (?>(?:(?!(?<!\\)(?P=slashes)(?P=quote)).)*)
              (?:(?P=slashes)(?P=quote))?
              (?:(?<=['"])(?:\\?'|[\w$!@\#%^&*+~?])[^\s"',;}\]<]*+)?"""
_VALUE = re.compile(
    rf"""(?sx)
        (?>(?:[bfru]{{1,2}}(?=["']))?) {_QUOTED}
      | (?: -?\d[\d.eE+-]*+ | true | false | null ) (?=\s*+[,}}\]])
      | [^\s<]\S*+ (?:(?<=\\)\n[ ]*+\S++)? | <\S++"""
)
_BRACKET = re.compile(r"[\[{]")
_INSIDE = re.compile(r'(?s)(\\{0,15})"(?>(?:(?!(?<!\\)\1").)*)"|[\[\]{}]')
_TAIL = re.compile(r"""[^\s,;\]})"']*+""")
_UNBROKEN = re.compile(r"\S++")


def hide(text: str, spans: Iterable[Span]) -> str:
    """The text with ``[hidden]`` in place of these spans, which are in order and may overlap."""
    parts, shown = [], 0
    for start, end in spans:
        if end > max(start, shown):
            parts += [text[shown : max(start, shown)], HIDDEN]
            shown = end
    return "".join(parts) + text[shown:] if parts else text


def take(text: str, at: int, near: int | None = None) -> Span | None:
    """The value that begins here: quoted, bracketed to its other bracket, or up to the next blank.

    With ``near``, its end must lie within so many characters.
    """
    stop = len(text) if near is None else at + near
    if text.startswith(HIDDEN, at):
        tail = _TAIL.match(text, at + len(HIDDEN))
        return at, tail.end() if tail is not None else at
    if _BRACKET.match(text, at) is None:
        value = _VALUE.match(text, at, stop)
        return value.span() if value is not None else None
    depth = 0
    for match in _INSIDE.finditer(text, at, stop):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth == 0:
            tail = _TAIL.match(text, match.end())
            return at, tail.end() if tail is not None else match.end()
    return at, min(stop, len(text))


def unbroken(text: str, at: int) -> Span | None:
    """The text from here to the next blank."""
    match = _UNBROKEN.match(text, at)
    return match.span() if match is not None else None
