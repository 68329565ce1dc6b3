"""Tolerant readers for single values that COC sends: one type per kind of value.

The call's document declares strings, booleans, longs and "Object" where its own example shows a string. ``null`` and
``""`` mean the same, numbers come as strings, and a word may be wrapped in an object. Each reader returns one Python
type, or None where there is no value, and never raises.
"""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator

Json = dict[str, Any] | list[Any] | str | int | float | bool | None

_WRAPPER_KEYS = ("value", "name", "code", "type")

MOST_VALUES = 400_000
"""JSON values in one text. A task of 10,000 machines, ten times the vendor's limit, has 150,000; 1.5 million took
7 s and 566 MB (measured)."""

LONGEST_TEXT = 200_000
"""Characters of one text that are kept. Nothing shows more than 10,000, and a value may have 16 million."""

_STRING_OR_BEGINNING = re.compile(r'"(?>(?:[^"\\]++|\\.)*)"|[,\[{]', re.DOTALL)


class TooManyValues(ValueError):
    """A JSON text that would take too long, and too much memory, to decode."""


def parse_json(
    text: str,
    *,
    max_values: int = MOST_VALUES,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """``json.loads`` in bounds. Raises ValueError, RecursionError; TooManyValues before anything is decoded."""
    # Each value comes first in its list or object, or after a comma. Three counts take 1 ms per MB.
    if sum(map(text.count, ",[{")) > max_values and _has_more_values(text, max_values):
        raise TooManyValues(f"more than {max_values:,} values")
    return json.loads(text, object_hook=object_hook, parse_constant=parse_constant)


def _has_more_values(text: str, max_values: int) -> bool:
    """The same count outside of strings: a long script has many commas too."""
    values = strings = 0
    for token in _STRING_OR_BEGINNING.finditer(text):
        if token.end() - token.start() == 1:
            values += 1
        else:
            strings += 1
        # JSON has at most two strings per value. A text with more is not JSON, and counting it would take long.
        if max(values, strings // 2) > max_values:
            return True
    return False


def shortened(text: str) -> str:
    """The text, or its beginning and the number of characters left out."""
    if len(text) <= LONGEST_TEXT:
        return text
    length = LONGEST_TEXT - 100  # leaves room for the note, so that the result is not shortened again
    return f"{text[:length]}… ({len(text) - length:,} more characters)"


def replace_surrogates(text: str) -> str:
    """Replace lone surrogates: they can't be encoded as UTF-8, so they would fail much later."""
    # ``isascii`` takes constant time, and most texts are ASCII.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def replace_surrogates_deep(value: Any) -> Any:
    """Replace lone surrogates in all strings and keys of a decoded JSON value: escapes can bring them in."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, list):
        return [replace_surrogates_deep(item) for item in value]
    if isinstance(value, dict):
        return {replace_surrogates(key): replace_surrogates_deep(item) for key, item in value.items()}
    return value


def yield_to_threads(decoded: dict[str, Any]) -> dict[str, Any]:
    """An ``object_hook`` for ``json.loads`` of large texts in a thread. It returns each object unchanged."""
    # json's C scanner never lets another thread run; a call into Python does. Decoding 17 MB in a thread held
    # up the event loop for 420 ms at a stretch without this, and for 105 ms with it.
    return decoded


def as_text(value: object) -> str | None:
    """A string for any JSON value; None for null, ``""`` and blanks. A word wrapped in an object is unwrapped.

    A very long text is shortened.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return shortened(replace_surrogates(value)) if value and not value.isspace() else None
    if isinstance(value, dict):
        for key in _WRAPPER_KEYS:
            if isinstance(value.get(key), str) and value[key]:
                return as_text(value[key])
        strings = [item for item in value.values() if isinstance(item, str) and item]
        if len(strings) == 1:
            return as_text(strings[0])
        if not value:
            return None
    if isinstance(value, list) and not value:
        return None
    return as_text(_dump(value))


def as_flag(value: object) -> bool | None:
    """True or False for a boolean in any spelling; None for anything else."""
    if isinstance(value, bool):
        return value
    word = (as_text(value) or "").strip().lower()
    if word in {"true", "1", "yes"}:
        return True
    return False if word in {"false", "0", "no"} else None


def as_whole(value: object) -> int | None:
    """A whole number in any spelling; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    try:
        if isinstance(value, float):
            return int(value)
        text = (as_text(value) or "").strip()
        # A time stamp or count has no more digits than a 64-bit number.
        return int(float(text)) if "." in text or "e" in text.lower() else int(text) if len(text) < 25 else None
    except (ValueError, OverflowError):
        return None


def as_millis(value: object) -> int | None:
    """Milliseconds since 1970 UTC; None where absent. COC writes 0 for "not yet"."""
    return as_whole(value) or None


def as_object(value: object) -> dict[str, Any] | None:
    """An object, which may come as a JSON string; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = replace_surrogates_deep(parse_json(value)) if "\\u" in value else parse_json(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def as_inner(value: object) -> Json:
    """A string that holds JSON, unchanged: it is decoded separately, which may fail."""
    if isinstance(value, str):
        return replace_surrogates(value) if value and not value.isspace() else None
    return value  # type: ignore[return-value]


def _dump(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return f"<{type(value).__name__}>"


Text = Annotated[str | None, BeforeValidator(as_text)]
Flag = Annotated[bool | None, BeforeValidator(as_flag)]
Whole = Annotated[int | None, BeforeValidator(as_whole)]
Millis = Annotated[int | None, BeforeValidator(as_millis)]
Inner = Annotated[Any, BeforeValidator(as_inner)]
