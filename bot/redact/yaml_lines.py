"""YAML: the values on the lines below a name, and Kubernetes manifests whose whole data is secret."""

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.redact.fields import plain_word
from bot.redact.names import words
from bot.redact.references import STATUS_IN_TEXT
from bot.redact.spans import Span

SCALAR = re.compile(r"(?:!\S+\s+)?(?:&\S+\s+)?[|>][+-]?\d?[ \t]*(?=\n)")
"""The sign before lines of text."""
MARK = re.compile(r"(?:[!&]\S*\s+)+(?=\S)")
"""A type or an anchor before a value."""
MANIFEST_DATA = frozenset({"data", "stringData", "binaryData"})
"""The keys of a Secret of Kubernetes below which every value is secret."""
_LINE = re.compile(r"\n([ \t]*)((?:-[ \t]+)*)([^\n]*)")
_PAIR = re.compile(r"(?:[\"']?([\w.\- ]{1,60})[\"']?:(?:\s+|$))(.*)")
_HARMLESS_KEYS = words(
    "name key kind type user username user_name login account host hostname port optional secretname version "
    "enabled url path items mountpath subpath mode region endpoint readonly ttl description defaultmode "
    "database db namespace labels annotations metadata email method scheme provider realm issuer file driver external"
)
_MANIFEST = re.compile(
    r"""(?m)(?:^|["'{,\s])kind\\{0,3}["']?\s?:\s?\\{0,3}["']?Secret\b(?!\.)|\bresource\s\\{0,3}"kubernetes_secret"""
)
_BORDER = re.compile(r"(?m)^---[ \t]*$")


def below(text: str, start: int, head: int, *, whole: bool, everything: bool = False) -> list[Span]:
    """The values on the deeper lines below the name at ``start``.

    ``whole``: these lines are one text. ``everything``: also the values of keys that are otherwise harmless.
    """
    spans: list[Span] = []
    literal = -1
    for line in _deeper_lines(text, start, head):
        at, rest, deep = line.start(3), line.group(3).rstrip(), len(line.group(1))
        pair = None if whole or deep > literal >= 0 else _PAIR.match(rest)
        if pair is None:
            spans.append((at, at + len(rest)))
            continue
        literal = deep if everything and SCALAR.match(pair.group(2) + "\n") else -1
        if literal >= 0:
            continue
        if pair.group(2) and (everything or plain_word(pair.group(1)) not in _HARMLESS_KEYS):
            if everything or not STATUS_IN_TEXT.fullmatch(pair.group(2)):
                spans.append((at + pair.start(2), at + len(rest)))
        elif pair.group(2) and not spans:
            spans.append((at, at))
    return spans


def _deeper_lines(text: str, start: int, head: int) -> Iterator[re.Match[str]]:
    """The lines that belong to a name: deeper ones, and a list's items as deep as it."""
    begin = text.rfind("\n", max(0, start - 200), start) + 1
    lead = text[begin:start]
    is_indent = not lead.strip(" -\"'\t")
    indent = len(lead) - len(lead.lstrip(" \t")) + 2 * lead.count("- ") if is_indent else 0
    at = head
    while (line := _LINE.match(text, at)) is not None:
        deep = len(line.group(1))
        if line.group(3).strip():
            if deep < indent or (deep == indent and not line.group(2)):
                return
            yield line
        at = line.end()


def manifests(text: str) -> list[Span]:
    """The documents in a text that are Secrets of Kubernetes: all below their ``data`` is secret."""
    if "ecret" not in text or _MANIFEST.search(text) is None:
        return []
    borders = [0, *(match.start() for match in _BORDER.finditer(text)), len(text)]
    return [(start, end) for start, end in pairwise(borders) if _MANIFEST.search(text, start, end) is not None]
