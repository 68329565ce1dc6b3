"""Makes text from outside fit for log, audit and traces: COC's and Slack's words, exceptions, what people typed.

No caller has to remember it: every value is cleaned and redacted on its way out, as on a card. It becomes one line
without secrets, control or direction characters, and is visibly cut.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from structlog.typing import EventDict, ExcInfo, WrappedLogger

from bot.redact import Redactor
from bot.redact.untrusted import Untrusted

_VALUE_CHARACTERS, _KEY_CHARACTERS = 2_000, 100
_ENTRIES, _DEPTH = 50, 4
"""Of a list or an object in an event."""
_FRAMES, _CAUSES = 40, 8
"""Of a traceback: calls of one exception, and exceptions behind one another."""

_AUDIT_CHARACTERS, _AUDIT_IDS = 100, 20
_UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Sanitizer:
    """Sanitizes events, tracebacks and audit entries."""

    redactor: Redactor

    def event(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Sanitize every value of an event, as a structlog processor."""
        # Keys that begin with "_" are structlog's own; tracebacks have their own renderer.
        return {
            key: item if key.startswith("_") or key == "exc_info" else self._value(key, item, 0)
            for key, item in event.items()
        }

    def traceback(self, exc_info: ExcInfo) -> str:
        """Format like Python does, causes first. Messages are sanitized; lines of source code are ours."""
        parts: list[str] = []
        error: BaseException | None = exc_info[1]
        while error is not None and len(parts) < _CAUSES:
            cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            because = "The above is the cause of this:\n" if cause is not None else ""
            frames = "".join(traceback.format_tb(error.__traceback__, limit=-_FRAMES))
            grouped = error.exceptions[:_CAUSES] if isinstance(error, BaseExceptionGroup) else ()
            messages = "\n  + ".join(map(self._message, (error, *grouped)))
            parts.append(f"{because}Traceback (most recent call last):\n{frames}{messages}")
            error = cause
        return "\n\n".join(reversed(parts))

    def entry(self, entry: Mapping[str, object]) -> dict[str, object]:
        """Sanitize an audit entry or a span's attributes: numbers, short ids and words in ASCII, or "unusable"."""
        return {key: self._id(key, item) for key, item in entry.items()}

    def _shown(self, text: str, limit: int, name: str) -> str:
        return Untrusted(text, self.redactor, name).shown(limit)

    def _value(self, name: str, item: Any, depth: int) -> Any:
        if item is None or isinstance(item, bool | int | float):
            return item
        if isinstance(item, str):
            # A secret name that we gave to a value would hide it; a name inside a value came from outside with it.
            is_ours = not depth and self.redactor.is_secret_name(name)
            return self._shown(item, _VALUE_CHARACTERS, "" if is_ours else name)
        if depth < _DEPTH and isinstance(item, Mapping):
            return {
                self._shown(str(key), _KEY_CHARACTERS, ""): self._value(str(key), inner, depth + 1)
                for key, inner in list(item.items())[:_ENTRIES]
            }
        if depth < _DEPTH and isinstance(item, list | tuple | set | frozenset):
            return [self._value(name, inner, depth) for inner in list(item)[:_ENTRIES]]
        return self._shown(str(item) if isinstance(item, BaseException) else repr(item), _VALUE_CHARACTERS, "")

    def _message(self, error: BaseException) -> str:
        try:
            message = "; ".join([str(error), *getattr(error, "__notes__", ())])
        except Exception:  # noqa: BLE001 (an exception whose __str__ fails must not cost the line)
            message = "no words"
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        return f"{kind}: {self._shown(message, _VALUE_CHARACTERS, '')}"

    def _id(self, name: str, item: object) -> object:
        if isinstance(item, list):
            return [self._id("request_id", inner) for inner in item[:_AUDIT_IDS]]
        if item is None or isinstance(item, bool | int | float):
            return item
        text = str(item)
        is_usable = text.isascii() and text.isprintable() and len(text) <= _AUDIT_CHARACTERS
        return self._shown(text, _AUDIT_CHARACTERS, name) if is_usable else _UNUSABLE
