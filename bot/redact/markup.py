"""Scanners for XML (``<password>x</password>``, ``<add key="password">x``) and for the cells of a table."""

import re

from bot.redact.occurrence import Occurrence
from bot.redact.spans import Span

TAG = re.compile(r"(?:\s[^<>]{0,300})?>")
_NAMESPACE = re.compile(r"<\w{1,30}:$")
_ATTRIBUTE = re.compile(r"""\\{0,15}["'](?:\s[^<>]{0,200})?>""")
_INNER_TAG = re.compile(r"(?i)\s*<(?:value|string|text|val|data)(?:\s[^<>]{0,200})?>")
_CELL_BEGINS = re.compile(r"\|(?:[ \t`*]{1,8})?$")
_CELL = re.compile(r"[ \t`*]{0,10}\|[ \t]{0,10}")
_LONGEST_CELL = 200


def until_tag(text: str, at: int) -> Span:
    """The text up to the next tag."""
    inner = _INNER_TAG.match(text, at)
    at = inner.end() if inner is not None else at
    cdata = text.startswith("<![CDATA[", at)
    close = text.find("]]>" if cdata else "<", at)
    close = close if close >= 0 else len(text)
    return (at, close) if text[at:close].strip() else (at, at)


def scan_xml(at: Occurrence) -> list[Span] | None:
    """The content of a tag, or of an element with the name as an attribute."""
    tag = None
    if at.opening == "<" or (at.opening == ":" and _NAMESPACE.search(at.before(32))):
        tag = TAG.match(at.text, at.end)
    elif at.opening in {'"', "'"}:
        tag = _ATTRIBUTE.match(at.text, at.end)
    return [until_tag(at.text, tag.end())] if tag is not None else None


def scan_cell(at: Occurrence) -> list[Span] | None:
    """The cell to the right of the name: ``| password | x |``."""
    cell = _CELL.match(at.text, at.end) if _CELL_BEGINS.search(at.before(10)) else None
    if cell is None:
        return None
    stop = at.text.find("|", cell.end(), cell.end() + _LONGEST_CELL)
    return [(cell.end(), stop)] if stop > 0 else None
