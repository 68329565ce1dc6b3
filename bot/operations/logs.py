"""Logs as events: one JSON object or one coloured line each, with the reference that a person's error card shows.

Everything that goes to standard error passes one bounded queue, so that an unread pipe never stops the bot.
"""

import atexit
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Literal
from urllib.parse import quote

import structlog
from structlog.typing import Processor

from bot.operations.line_writer import LineWriter
from bot.operations.sanitizer import Sanitizer
from bot.operations.sinks import STDERR, Stream
from bot.timings import TIMINGS

_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)

_TOKENS = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{6,}+|xapp-[A-Za-z0-9-]{6,}+|(?i:\b(?:bearer|basic)\s++)[A-Za-z0-9+/=._~-]{8,}+"
    r"|SDK-HMAC-SHA256[^\n\"']*+|ticket=[\w.-]++"
)
HIDDEN = "[hidden]"


def secret_filter(secrets: Iterable[str]) -> Callable[[str], str]:
    """Make a function that hides these secrets in a line, and everything that looks like a token or signed header.

    A last net: nothing is meant to log them. Secrets of fewer than 6 characters are not searched for; they would be
    found in ordinary words.
    """
    long_enough = {secret for secret in secrets if len(secret) >= 6}
    # Also as JSON, a URL or a dict's repr would write them.
    spelt = {form for secret in long_enough for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""))}
    known = re.compile("|".join(map(re.escape, sorted(spelt, key=len, reverse=True))) or r"(?!)")
    return lambda line: _TOKENS.sub(HIDDEN, known.sub(HIDDEN, line))


class _Handler(logging.Handler):
    """Queues formatted lines. The thread that logs does the formatting: only it knows its reference.

    The whole line passes the filter, tracebacks and other libraries' messages too.
    """

    def __init__(self, renderer: Processor, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._renderer = renderer
        self._hide = hide
        self.lines_lost = 0
        self.writer = LineWriter(Stream(STDERR), lost_line=self._lost_line, on_lost=self._count_lost)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 (like logging's own handlers: a record that can't be formatted stops nobody)
            self.handleError(record)

    def write(self, text: str) -> None:
        """Queue a text without the secrets in it."""
        self.writer.put(_encode(self._hide(text)))

    def _lost_line(self, lines: int) -> bytes:
        event = {"event": "log_lines_lost", "lines": lines, "level": "error", "logger": __name__}
        return _encode(f"{self._renderer(None, 'error', _stamp(None, 'error', event))!s}\n")

    def _count_lost(self, _reason: str, lines: int) -> None:
        self.lines_lost += lines


class _StandardError(io.TextIOBase):
    """Replaces ``sys.stderr``: prints, warnings and tracebacks go the way of the log."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler

    def write(self, text: str) -> int:
        self._handler.write(text)
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(STDERR)

    def fileno(self) -> int:
        return STDERR


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _handlers() -> list[_Handler]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, _Handler)]


def count_lost_lines() -> int:
    """Count the lines of the log that were dropped because nobody read them."""
    return sum(handler.lines_lost for handler in _handlers())


def finish() -> None:
    """Write waiting lines, for two seconds at most. Once all are written, the interpreter prints directly again."""
    if not sum(handler.writer.close(TIMINGS.writer.log_stop_s) for handler in _handlers()):
        sys.stderr = sys.__stderr__


def _occupy_standard_descriptors() -> None:
    """Where standard error is closed, the next socket would get its number, and the log would be sent into it."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(descriptor)


def configure(
    style: Literal["console", "json"], level: str, sanitizer: Sanitizer, secrets: Iterable[str] = ()
) -> None:
    """Send our events and the libraries' through one pipeline to standard error, without any of ``secrets``."""
    _occupy_standard_descriptors()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        sanitizer.event,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _stamp,
        structlog.processors.ExceptionRenderer(sanitizer.traceback),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=os.isatty(STDERR))
    )
    handler = _Handler(renderer, secret_filter(secrets))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    sys.stderr = _StandardError(handler)
    atexit.register(finish)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Below INFO these log whole requests and answers, with task parameters and socket tickets among them.
    for name in ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.getLogger().level, logging.WARNING))
