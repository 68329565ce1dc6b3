"""Strings inside strings: JSON values that COC sends as JSON text, once or twice wrapped.

Nothing here raises. A string that can't be decoded becomes a ``Broken``, with its text, the place and the reason, so
that the rest of the task can still be shown.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from bot.coc.reading import TooManyValues, as_text, parse_json, replace_surrogates_deep, shortened, yield_to_threads

MAX_WRAPPINGS = 4
"""How many times JSON may be wrapped in strings. COC wraps twice."""

LARGE = 64 * 1024
"""Characters from which decoding yields to other threads."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An inner JSON string that can't be decoded."""

    where: str
    """In words for the reader: "target instances", "step 2, plan", "script parameters"."""
    at: int
    """Offset in ``raw``, in characters from 0, at which decoding stopped."""
    reason: str
    raw: str
    """The text as it came, or its beginning where it is very long."""
    length: int = field(default=0, compare=False)
    """Characters of the whole text."""

    def __str__(self) -> str:
        whole = self.length or len(self.raw)
        return f"{self.where}: {self.reason.removesuffix(' at')} at character {self.at + 1} of {whole}"


def _broken(where: str, at: int, reason: str, raw: str) -> Broken:
    return Broken(where, at, reason, shortened(raw), len(raw))


def decode(value: object, where: str) -> Any | Broken:
    """The value that an inner JSON string holds; None for null and ``""``; a Broken where it is not JSON.

    An object or a list is returned unchanged: some answers hold those instead of a string.
    """
    for _ in range(MAX_WRAPPINGS):
        if not isinstance(value, str):
            return value
        if not value or value.isspace():
            return None
        try:
            # An escape can bring in a lone surrogate, which can't be encoded as UTF-8 later.
            value = replace_surrogates_deep(_loads(value)) if "\\u" in value else _loads(value)
        except json.JSONDecodeError as error:
            return _broken(where, error.pos, error.msg[:1].lower() + error.msg[1:], str(value))
        except RecursionError:
            return _broken(where, 0, "nested too deeply", str(value))
        except TooManyValues as error:
            return _broken(where, 0, str(error), str(value))
        except ValueError:  # json.loads refuses integers of thousands of digits
            return _broken(where, 0, "a number too long to read", str(value))
    return _broken(where, 0, "wrapped in too many strings", value) if isinstance(value, str) else value


def decode_list(value: object, where: str) -> list[Any] | Broken:
    """Like ``decode`` for a list: a single object counts as a list of one, null as an empty one."""
    decoded = decode(value, where)
    if decoded is None:
        return []
    if isinstance(decoded, list | Broken):
        return decoded
    if isinstance(decoded, dict):
        return [decoded]
    return Broken(where, 0, "not a list", as_text(value) or "")


def decode_object(value: object, where: str) -> dict[str, Any] | Broken:
    """Like ``decode`` for an object: null counts as an empty one."""
    decoded = decode(value, where)
    if decoded is None:
        return {}
    if isinstance(decoded, dict | Broken):
        return decoded
    return Broken(where, 0, "not an object", as_text(value) or "")


def objects(entries: list[Any], where: str, faults: list[Broken]) -> list[dict[str, Any]]:
    """The objects in a list. Other entries are recorded as faults; null is skipped."""
    rows = []
    for place, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            rows.append(entry)
        elif entry is not None:
            faults.append(Broken(f"{where}, entry {place}", 0, "not an object", as_text(entry) or ""))
    return rows


def _loads(text: str) -> Any:
    # Only large texts are decoded in a thread. There are many small ones, and a hook costs each 2 µs.
    return parse_json(text) if len(text) < LARGE else parse_json(text, object_hook=yield_to_threads)
