"""The scanner for a sign between name and value: ``password=x``, ``"password": "x"``, ``password for root is x``.

It reads JSON, YAML, settings files, headers and connection strings alike, because they are often mixed in one text.
"""

import re

from bot.redact import yaml_lines
from bot.redact.chinese import is_chinese, says_about
from bot.redact.occurrence import Occurrence
from bot.redact.prose import REST_OF_LINE, WHOLE_LINE, only_says
from bot.redact.references import STATUS_IN_TEXT, is_computed
from bot.redact.spans import NEAR, Span, take
from bot.redact.yaml_lines import MANIFEST_DATA

SIGN = re.compile(
    r"""\\{0,15}["'`*]{0,3}\s*+(?:\]\s*+)?(?:(?:（|(?<=\s)\(|\((?=[^,)]*\)))(?!["']"""
    r"""|self\b)[^()（）\n"']{1,40}[)）]\s*+)?"""
    r"""(?:=>|:=|->|→|(?:[?+!=~]?={1,3})|::?(?!//)|[：＝﹦])(?!=)(?:\*\*|__)?[ \t]*+(?:\\{0,15}n[ \t]++|\s*+)"""
)
_TYPED = re.compile(  # val password: String = "x"; var password string = "x"
    r"(?:\s?[?!]?:\s?(?:&?(?:'static\s)?(?:Optional\[)?(?:\w{0,12}String|string|str|bytes|char|Text|any)\]?"
    r"[?!]?(?:\s?\|\s?\w{1,20})?)|\s(?:string|String|\*string|\[\]byte))\s?=\s?(?:\[\]byte\()?(?![=\s])"
)
_OWNED = re.compile(
    r"(?i)\s{1,3}(?:for|of|on|at|to)\s{1,3}(?:(?:the|user|host|account|server)\s{1,3})?[\"']?[\w.@:/-]{1,60}[\"']?"
    r"(?:\s?[:：=]\s+|\s+(?:is|was)\s+:?\s*|(?:\s(?!is\b|was\b)[\w.@-]{1,30}){1,3}\s?[:：=]\s+(?=\S+\s*(?:$|[\n\"'])))"
)
_BEGINS_LINE = re.compile(r"(?:^|\n|(?<!\\)\")[ \t]*(?:[-*#>;•]+[ \t]*|//[ \t]*|\d{1,3}[.)、][ \t]*)*[\"'`*]{0,2}$")
_SECOND_ON_LINE = re.compile(r"(?:^|\n|(?<!\\)\")[ \t]*(?:[-*#>;•]+[ \t]*)?[\w'-]{1,20}[ ]$")
_MARKED_OR_BRACKETED = frozenset({'"', "'", "`", "\\", "{", "["})
_LONGEST_IN_CONNECTION_STRING = 200


def scan_assignment(at: Occurrence) -> list[Span] | None:
    """The value behind a sign."""
    text, sign = at.text, _sign(at)
    if sign is None:
        return None
    start = sign.end()
    everything = at.name in MANIFEST_DATA
    if is_computed(text, at.name, at.start, start) or (is_chinese(at.name[-4:]) and says_about(text, start)):
        return []
    if (scalar := yaml_lines.SCALAR.match(text, start)) is not None:
        return yaml_lines.below(text, at.start, scalar.end(), whole=True)
    if text[start : start + 1] in {"!", "&"} and ":" in sign.group():
        mark = yaml_lines.MARK.match(text, start, start + NEAR)
        start = mark.end() if mark is not None else start
    if "\n" in sign.group():
        head = sign.start() + sign.group().index("\n")
        spans = yaml_lines.below(text, at.start, head, whole=False, everything=everything)
        if spans or everything:
            return spans
    span = _unquoted(at, sign.group(), start) if text[start : start + 1] not in _MARKED_OR_BRACKETED else None
    span = span or take(text, start)
    return [span] if span is not None else []


def _sign(at: Occurrence) -> re.Match[str] | None:
    """The sign behind a name or behind its owner: "password for root is x", but not "is rotated"."""
    sign = _TYPED.match(at.text, at.end) or SIGN.match(at.text, at.end)
    if sign is None:
        sign = _OWNED.match(at.text, at.end)
        if sign is not None and only_says(at.text, sign.end()):
            return None
    return sign


def _unquoted(at: Occurrence, sign: str, start: int) -> Span | None:
    """A value of several words: where the name begins the line, it goes on to the line's end."""
    text = at.text
    if not text[start : start + 1].strip():
        return None
    if (status := STATUS_IN_TEXT.match(text, start)) is not None:
        return status.span()
    before = at.before(60)
    is_spaced = sign.startswith((" ", ":", "：", "＝")) and (sign[-1].isspace() or "：" in sign)
    begins = is_spaced and (
        (sign.strip() in {":", "=", "：", "＝"} and _BEGINS_LINE.search(before))
        or (sign.strip() in {":", "："} and _SECOND_ON_LINE.search(before))
    )
    if begins or before.endswith(("/", "／")) or WHOLE_LINE.search(at.name[-40:]):
        line = REST_OF_LINE.match(text, start)
        return (start, start + len(line.group().rstrip())) if line is not None else None
    if before.endswith((";", "; ")):  # a connection string
        stop = text.find(";", start, start + _LONGEST_IN_CONNECTION_STRING)
        if stop > start and not {"\n", '"'} & set(text[start:stop]):
            return start, stop
    return None
