"""Strings inside strings: JSON values that COC sends as JSON text, once or twice wrapped.

Nothing here raises. What does not decode becomes a ``Broken``: the raw text, where it broke and why, so that
the rest of the task can still be shown.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from bot.coc.reading import TooManyValues, as_text, clean_deep, give_way, parse, shortened

MAX_WRAPPINGS = 4
"""How many times a string may hold a string that holds … before we call it broken. COC wraps twice."""

LARGE = 64 * 1024
"""Characters from which decoding makes way for other threads."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An inner JSON string that does not decode."""

    where: str
    """In the reader's words: "target instances", "step 2, plan", "script parameters"."""
    at: int
    """Offset in ``raw``, in characters from 0, at which decoding stopped."""
    reason: str
    raw: str
    """The text as it came; of a very long one the beginning."""
    length: int = field(default=0, compare=False)
    """Characters of the whole text, where ``raw`` is not all of it."""

    def __str__(self) -> str:
        whole = self.length or len(self.raw)
        return f"{self.where}: {self.reason.removesuffix(' at')} at character {self.at + 1} of {whole}"


def _broken(where: str, at: int, reason: str, raw: str) -> Broken:
    return Broken(where, at, reason, shortened(raw), len(raw))


def decode(value: object, where: str) -> Any | Broken:
    """The value that an inner JSON string holds; None for null and ``""``; a Broken where it is not JSON.

    A value that is already an object or a list is returned as it is: some answers hold those instead.
    """
    for _ in range(MAX_WRAPPINGS):
        if not isinstance(value, str):
            return value
        if not value or value.isspace():
            return None
        try:
            # An escape inside can bring in a lone surrogate, which cannot be encoded as UTF-8 later.
            value = clean_deep(_loads(value)) if "\\u" in value else _loads(value)
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
    found = decode(value, where)
    if found is None:
        return []
    if isinstance(found, list | Broken):
        return found
    if isinstance(found, dict):
        return [found]
    return Broken(where, 0, "not a list", as_text(value) or "")


def decode_object(value: object, where: str) -> dict[str, Any] | Broken:
    """Like ``decode`` for an object: null counts as an empty one."""
    found = decode(value, where)
    if found is None:
        return {}
    if isinstance(found, dict | Broken):
        return found
    return Broken(where, 0, "not an object", as_text(value) or "")


def objects(entries: list[Any], where: str, faults: list[Broken]) -> list[dict[str, Any]]:
    """The objects of a list; what is none is noted as a fault, null is skipped."""
    rows = []
    for place, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            rows.append(entry)
        elif entry is not None:
            faults.append(Broken(f"{where}, entry {place}", 0, "not an object", as_text(entry) or ""))
    return rows


def _loads(text: str) -> Any:
    # Those that are decoded in a thread are large; small ones are many, and a hook costs each 2 µs.
    return parse(text) if len(text) < LARGE else parse(text, object_hook=give_way)
