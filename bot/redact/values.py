"""Where a value ends that begins at a place in a text. Used by ``bot.redact``."""

import re

from bot.redact.chance import HIDDEN

Span = tuple[int, int]

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
# What stands before the secret of a header or a token.
_SCHEME = re.compile(r"""(?i)\\?["']?(?:bearer|basic|digest|token|apikey|negotiate)\\?(?=[ \t]+[^\s\\])""")
_SCHEME_VALUE = re.compile(r"[ \t]++\S++")
_BRACKET = re.compile(r"[\[{]")
_INSIDE = re.compile(r'(?s)(\\{0,15})"(?>(?:(?!(?<!\\)\1").)*)"|[\[\]{}]')
_TAIL = re.compile(r"""[^\s,;\]})"']*+""")
_INNER_TAG = re.compile(r"(?i)\s*<(?:value|string|text|val|data)(?:\s[^<>]{0,200})?>")
_ARGUMENT = re.compile(
    r"""(?P<named>[:=\[]\s?)?(\\{0,15}"(?>(?:[^"\\\n]|\\[^"\n])*)\\{0,15}"|\\{0,15}'[^'\n]*+'|`[^`\n]*+`)|[(),]"""
)
_LONGEST_CALL = 400
_ONLY_ASKS = re.compile(
    r"(?i)^(?:get|fetch|read|find|load|lookup|has|is|delete|remove|forget|clear|unset|list|show|need)"
)
_REPLACES = re.compile(r"(?i)change|modify|update|rotate")


def take(text: str, at: int, near: int | None = None) -> Span | None:
    """The value that begins here: quoted, bracketed to its other bracket, or up to the next blank.

    With ``near`` it is looked for only in so many characters.
    """
    stop = len(text) if near is None else at + near
    if text.startswith(HIDDEN, at):
        tail = _TAIL.match(text, at + len(HIDDEN))
        return at, tail.end() if tail is not None else at
    if _BRACKET.match(text, at) is None:
        found = _VALUE.match(text, at, stop)
        if found is None:
            return None
        if _SCHEME.fullmatch(found.group()) and (more := _SCHEME_VALUE.match(text, found.end(), stop)) is not None:
            return at, more.end()
        return found.span()
    depth = 0
    for found in _INSIDE.finditer(text, at, stop):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found.group(), 0)
        if depth == 0:
            tail = _TAIL.match(text, found.end())
            return at, tail.end() if tail is not None else found.end()
    return at, min(stop, len(text))


def until_tag(text: str, at: int) -> Span:
    """What stands up to the next tag of XML."""
    inner = _INNER_TAG.match(text, at)
    at = inner.end() if inner is not None else at
    if text.startswith("<![CDATA[", at):
        close = text.find("]]>", at)
        return at, close if close >= 0 else len(text)
    close = text.find("<", at)
    close = close if close >= 0 else len(text)
    return (at, close) if text[at:close].strip() else (at, at)


def arguments(text: str, name: str, at: int) -> list[Span]:
    """The secrets in a call that opens here: ``setPassword("bob", "x")``. Named ones have rules of their own."""
    if _ONLY_ASKS.match(name):
        return []
    spans, depth, commas = [], 1, 0
    for found in _ARGUMENT.finditer(text, at, at + _LONGEST_CALL):
        sign = found.group()
        commas += sign == "," and depth == 1
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            break
        if found.group(2) and not found.group("named"):
            spans.append((commas, found.span(2)))
    behind_first = [span for place, span in spans if place > 0]
    return (
        [span for _, span in spans]
        if not commas or (_REPLACES.search(name) and len(spans) > commas)
        else behind_first
    )
