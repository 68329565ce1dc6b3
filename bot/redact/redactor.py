"""Stub until the real one is merged."""

from collections.abc import Iterable
from typing import Any

from bot import redact
from bot.redact import HIDDEN, MAX_DEPTH


class Redactor:
    def __init__(self, hide: Iterable[str] = (), show: Iterable[str] = ()) -> None:
        redact.configure(hide, show)

    def text(self, text: str, name: str = "") -> str:
        return redact.shown(text, name)

    def structure(self, name: str, value: Any) -> Any:
        return redact.structure(name, value)

    def is_secret_name(self, name: str) -> bool:
        return redact.secret_name(name)


def count_hidden(text: str) -> int:
    return redact.hidden(text)


__all__ = ["HIDDEN", "MAX_DEPTH", "Redactor", "count_hidden"]
