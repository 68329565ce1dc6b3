"""The way out of log, audit and traces for text from outside: COC's and Slack's words, exceptions, what was typed.

Whoever writes an event need not think of it: every value passes the same gate as the cards' texts. It comes out as
one line without secrets, control or direction characters, and visibly cut.
"""

import traceback
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, ExcInfo, WrappedLogger

from bot import redact
from bot.redact.redactor import Redactor
from bot.redact.untrusted import Untrusted

LONGEST = 2_000
"""Characters of one value."""
_ENTRIES, _DEPTH = 50, 4
"""Of a list or an object in an event."""
_FRAMES, _CHAIN = 40, 8
"""Of a traceback: calls of one exception, and exceptions behind one another."""

_AUDIT_LONGEST, _AUDIT_IDS = 100, 20
_REDACTOR = Redactor()
_UNUSABLE = "unusable"


def shown(text: str, limit: int, name: str = "") -> str:
    """For now with a redactor of its own."""
    return Untrusted(text, _REDACTOR, name).shown(limit)


def tame(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: the event with every value fit to be written."""
    # What begins with "_" is structlog's own; tracebacks have a renderer of their own.
    return {
        key: item if key.startswith("_") or key == "exc_info" else _value(key, item, 0) for key, item in event.items()
    }


def _value(name: str, item: Any, depth: int) -> Any:
    if item is None or isinstance(item, bool | int | float):
        return item
    if isinstance(item, str):
        # The names of our own values would hide them; those inside a value came from outside with it.
        return shown(item, LONGEST, name if depth or not redact.secret_name(name) else "")
    if depth < _DEPTH and isinstance(item, Mapping):
        some = list(item.items())[:_ENTRIES]
        return {shown(str(key), 100): _value(str(key), inner, depth + 1) for key, inner in some}
    if depth < _DEPTH and isinstance(item, list | tuple | set | frozenset):
        return [_value(name, inner, depth) for inner in list(item)[:_ENTRIES]]
    return shown(str(item) if isinstance(item, BaseException) else repr(item), LONGEST)


def traceback_of(exc_info: ExcInfo) -> str:
    """Like Python's own, causes first. What the exceptions say passes the gate; lines of source code are ours."""
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(parts) < _CHAIN:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        because = "The above is the cause of this:\n" if cause is not None else ""
        parts.append(because + _one(error))
        error = cause
    return "\n\n".join(reversed(parts))


def _one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__, limit=-_FRAMES))
    lines = [f"Traceback (most recent call last):\n{frames}{_said(error)}"]
    if isinstance(error, BaseExceptionGroup):
        lines += [f"  + {_said(inner)}" for inner in error.exceptions[:_CHAIN]]
    return "\n".join(lines)


def _said(error: BaseException) -> str:
    try:
        words = "; ".join([str(error), *getattr(error, "__notes__", ())])
    except Exception:  # noqa: BLE001 (an exception that can't be put into words must not cost the line)
        words = "no words"
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}: {shown(words, LONGEST)}".removeprefix("builtins.")


render_exceptions = structlog.processors.ExceptionRenderer(traceback_of)
"""A structlog processor: the traceback of an event as text."""


def audited(entry: Mapping[str, object]) -> dict[str, object]:
    """An entry of the audit, or a span's attributes: numbers, and ids and words of a known length and kind."""
    return {key: _audited(key, item) for key, item in entry.items()}


def _audited(name: str, item: object) -> object:
    if isinstance(item, list):
        return [_audited("request_id", inner) for inner in item[:_AUDIT_IDS]]
    if item is None or isinstance(item, bool | int | float):
        return item
    text = str(item)
    sound = text.isascii() and text.isprintable() and len(text) <= _AUDIT_LONGEST
    return shown(text, _AUDIT_LONGEST, name) if sound else _UNUSABLE
