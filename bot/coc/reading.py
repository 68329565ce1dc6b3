"""Tolerant readers for single values that COC sends: one type per kind of value.

The document of the call declares strings, booleans, longs and "Object" where its own example shows a string.
``null`` and ``""`` mean the same, numbers come as strings, a word may be wrapped in an object. Each reader
turns all of that into one Python type, or into None where there is nothing; it never raises.
"""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator

Json = dict[str, Any] | list[Any] | str | int | float | bool | None

_WRAPPER_KEYS = ("value", "name", "code", "type")


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
    """A string for any JSON value; None for null, ``""`` and blanks. A word wrapped in an object is unwrapped."""
    if value is None:
        return None
    if isinstance(value, str):
        return clean(value) if value and not value.isspace() else None
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
            value = clean_deep(json.loads(value)) if "\\u" in value else json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def as_inner(value: object) -> Json:
    """A JSON string that holds JSON, kept as it came: decoding it is another step that may fail by itself."""
    return as_text(value) if value is None or isinstance(value, str) else value  # type: ignore[return-value]


def canonical(word: str | None) -> str:
    """A word of an enumeration in the one spelling that tables use: upper case, no spaces or hyphens around.

    ``ON_CALL`` and ``ONCALL``, ``DingTalk`` and ``DINGDING`` are one word each: sources differ.
    """
    text = (word or "").strip().upper().replace("-", "_").replace(" ", "_")
    return {"ON_CALL": "ONCALL", "DINGDING": "DINGTALK", "CANCELLED": "CANCELED"}.get(text, text)


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
