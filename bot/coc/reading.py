"""Tolerant readers for single values that COC sends: one type per kind of value.

The document of the call declares strings, booleans, longs and "Object" where its own example shows a string.
``null`` and ``""`` mean the same, numbers come as strings, a word may be wrapped in an object. Each reader
turns all of that into one Python type, or into None where there is nothing; it never raises.
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


def parse(
    text: str,
    *,
    max_values: int = MOST_VALUES,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """``json.loads`` in bounds. Raises ValueError, RecursionError; TooManyValues before anything is decoded."""
    # Each value is the first of its list or object, or stands behind a comma. Three counts take 1 ms for a MB.
    if sum(map(text.count, ",[{")) > max_values and _has_more_values(text, max_values):
        raise TooManyValues(f"more than {max_values:,} values")
    return json.loads(text, object_hook=object_hook, parse_constant=parse_constant)


def _has_more_values(text: str, max_values: int) -> bool:
    """The same count without what stands in strings: a long script has many commas too."""
    values = strings = 0
    for token in _STRING_OR_BEGINNING.finditer(text):
        if token.end() - token.start() == 1:
            values += 1
        else:
            strings += 1
        # JSON has at most two strings for each value. Many more are no JSON, and would only take long to count.
        if max(values, strings // 2) > max_values:
            return True
    return False


def shortened(text: str) -> str:
    """The text, or its first ``LONGEST_TEXT`` characters and how many more there were."""
    if len(text) <= LONGEST_TEXT:
        return text
    kept = LONGEST_TEXT - 100  # with the mark it is short enough not to be shortened again
    return f"{text[:kept]}… ({len(text) - kept:,} more characters)"


def clean(text: str) -> str:
    """The text without lone surrogates: they cannot be encoded as UTF-8, so they would fail much later."""
    if text.isascii():  # known without looking at it, and most texts are
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def clean_deep(value: Any) -> Any:
    """A decoded JSON value with every text in it clean, keys too: escapes can bring in lone surrogates."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_deep(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean_deep(item) for key, item in value.items()}
    return value


def give_way(found: dict[str, Any]) -> dict[str, Any]:
    """An ``object_hook`` for ``json.loads`` of large texts in a thread: returns each object as it is."""
    # json's C scanner never lets another thread run; a call into Python does. Decoding 17 MB in a thread held
    # up the event loop for 420 ms at a stretch without this, and for 105 ms with it.
    return found


def as_text(value: object) -> str | None:
    """A string for any JSON value; None for null, ``""`` and blanks. A word wrapped in an object is unwrapped.

    Of a very long text the beginning: see ``shortened``.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return shortened(clean(value)) if value and not value.isspace() else None
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
    """True or False for a boolean however spelled; None where it is absent or no boolean."""
    if isinstance(value, bool):
        return value
    word = (as_text(value) or "").strip().lower()
    if word in {"true", "1", "yes"}:
        return True
    return False if word in {"false", "0", "no"} else None


def as_whole(value: object) -> int | None:
    """A whole number however spelled; None where it is absent or no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    try:
        if isinstance(value, float):
            return int(value)
        text = (as_text(value) or "").strip()
        # More digits than a 64-bit number has are no time stamp and no count.
        return int(float(text)) if "." in text or "e" in text.lower() else int(text) if len(text) < 25 else None
    except (ValueError, OverflowError):
        return None


def as_millis(value: object) -> int | None:
    """Milliseconds since 1970 UTC; None where absent. COC writes 0 for "not yet"."""
    return as_whole(value) or None


def as_object(value: object) -> dict[str, Any] | None:
    """An object, also where it came as a JSON string; None where it is neither."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = clean_deep(parse(value)) if "\\u" in value else parse(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def as_inner(value: object) -> Json:
    """A JSON string that holds JSON, kept as it came: decoding it is another step that may fail by itself."""
    if isinstance(value, str):
        return clean(value) if value and not value.isspace() else None
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
