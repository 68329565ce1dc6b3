"""Redacted excerpts of long values, with their line breaks, for the list of parameters.

Nothing here depends on the length of a hidden part: text is counted after redaction, when all secrets have the same
length.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.redact import HIDDEN, MAX_DEPTH, count_hidden
from bot.redact.untrusted import LONGEST, Untrusted, UntrustedJson, clean

_LONGEST_JSON = 30_000
"""Characters of one decoded value that are examined, in all its strings and keys."""
_WIDEST_GAP = 40
"""Consecutive blanks that are kept."""

_GAP = re.compile(r"( +)")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Text that may be shown, perhaps of several lines."""

    text: str
    hidden: int
    """Secrets in the examined text."""
    examined: int
    """Characters that were examined."""
    is_partial: bool = False
    """Whether some text was not examined."""


def excerpt(value: Untrusted) -> Excerpt:
    """The beginning of a text, cleaned first, so that the redactor sees it as a reader would."""
    text = value.redactor.text(clean_lines(value.raw[:LONGEST]), value.name)
    examined = min(len(value.raw), LONGEST)
    if text == HIDDEN:
        return Excerpt(text, 1, examined)
    return Excerpt(text, count_hidden(text), examined, is_partial=len(value.raw) > LONGEST)


def json_excerpt(value: UntrustedJson, entries: int, inline: int) -> Excerpt | None:
    """A decoded value as JSON, in one line of up to ``inline`` characters or indented; a list's first ``entries``.

    None where it is too long to examine.
    """
    if value.redactor.is_secret_name(value.name):
        return Excerpt(HIDDEN, 1, 0)  # its keys and their number are secret too
    some = value.value[:entries] if isinstance(value.value, list) else value.value
    size = _size(some)
    if size > _LONGEST_JSON:
        return None
    redacted = value.redactor.structure(value.name, _cleaned(some, 0))
    text = json.dumps(redacted, ensure_ascii=False)
    if len(text) > inline:
        text = json.dumps(redacted, ensure_ascii=False, indent=2)
    return Excerpt(text, count_hidden(text), size, is_partial=len(some) < len(value.value))


def clean_lines(text: str) -> str:
    """Clean a text line by line; keeps line breaks and indentation."""
    return "\n".join(map(_clean_line, text.splitlines())).strip("\n")


def _clean_line(line: str) -> str:
    parts = _GAP.split(line.expandtabs(4))
    return "".join(part[:_WIDEST_GAP] if part.isspace() else clean(part) for part in parts).rstrip()


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return clean_lines(value)
    if depth > MAX_DEPTH:  # the redactor hides it, and Python can't recurse deeper
        return value
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(item, depth + 1) for key, item in value.items()}
    return [_cleaned(item, depth + 1) for item in value] if isinstance(value, list) else value


def _size(value: Any) -> int:
    """The approximate number of characters in a decoded value; counting stops past the limit."""
    size, pending = 0, [value]
    while pending and size <= _LONGEST_JSON:
        item = pending.pop()
        if not isinstance(item, dict | list):
            size += len(item) if isinstance(item, str) else 8
            continue
        size += 4 * len(item)
        if size <= _LONGEST_JSON:
            pending.extend(item.values() if isinstance(item, dict) else item)
            size += sum(map(len, item)) if isinstance(item, dict) else 0
    return size
