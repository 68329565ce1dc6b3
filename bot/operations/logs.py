"""Logs as events: one JSON object or one coloured line each, with the reference that a person's error card shows.

Everything that goes to standard error passes one bounded queue, so that a pipe nobody reads never stops the bot.
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
from bot.operations.sinks import STDERR, Stream
from bot.operations.untrusted import render_exceptions, tame
from bot.timings import TIMINGS

_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)

_TOKENS = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{6,}+|xapp-[A-Za-z0-9-]{6,}+|(?i:\b(?:bearer|basic)\s++)[A-Za-z0-9+/=._~-]{8,}+"
    r"|SDK-HMAC-SHA256[^\n\"']*+|ticket=[\w.-]++"
)
HIDDEN = "[hidden]"


def without_secrets(secrets: Iterable[str]) -> Callable[[str], str]:
    """What takes the bot's own secrets out of a line, and whatever looks like a token or a signed header.

    The last net: nothing is meant to write such a thing. Secrets of fewer than 6 characters are not looked for;
    they would be found in ordinary words.
    """
    longest_first = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)
    # Also as JSON, a URL or a dict's repr would write them.
    spelt = {form for secret in longest_first for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""))}
    known = re.compile("|".join(map(re.escape, sorted(spelt, key=len, reverse=True))) or r"(?!)")
    return lambda line: _TOKENS.sub(HIDDEN, known.sub(HIDDEN, line))


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """The whole line passes the net, tracebacks and other libraries' messages too."""

    net: Callable[[str], str] = staticmethod(without_secrets(()))

    def format(self, record: logging.LogRecord) -> str:
        return self.net(super().format(record))


class _Handler(logging.Handler):
    """Queues formatted lines. The thread that logs does the formatting: only it knows its reference."""

    def __init__(self, renderer: Processor) -> None:
        super().__init__()
        self._renderer = renderer
        self.lines_lost = 0
        self.writer = LineWriter(Stream(STDERR), lost_line=self._lost_line, on_lost=self._count)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.writer.put(_encoded(self.format(record) + "\n"))
        except Exception:  # noqa: BLE001 (like logging's own handlers: a record that can't be formatted stops nobody)
            self.handleError(record)

    def _lost_line(self, lines: int) -> bytes:
        event = {"event": "log_lines_lost", "lines": lines, "level": "error", "logger": __name__}
        return _encoded(f"{self._renderer(None, 'error', _stamp(None, 'error', event))!s}\n")

    def _count(self, _reason: str, lines: int) -> None:
        self.lines_lost += lines


class _StandardError(io.TextIOBase):
    """What takes the place of ``sys.stderr``: prints, warnings and tracebacks go the way of the log."""

    def __init__(self, writer: LineWriter, net: Callable[[str], str]) -> None:
        self._writer = writer
        self._net = net

    def write(self, text: str) -> int:
        self._writer.put(_encoded(self._net(text)))
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(STDERR)

    def fileno(self) -> int:
        return STDERR


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _handlers() -> list[_Handler]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, _Handler)]


def lines_lost() -> int:
    """How many lines of the log nobody could read."""
    return sum(handler.lines_lost for handler in _handlers())


def finish() -> None:
    """Write what waits, for two seconds at most. If all is written, the interpreter's last words go out directly."""
    if not sum(handler.writer.close(TIMINGS.writer.log_stop_s) for handler in _handlers()):
        sys.stderr = sys.__stderr__


def _occupy_standard_descriptors() -> None:
    """Where standard error is closed, the next socket would get its number, and the log would be sent into it."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(descriptor)


def configure(style: Literal["console", "json"], level: str, secrets: Iterable[str] = ()) -> None:
    """Send our events and the libraries' through one pipeline to standard error, never with one of ``secrets``."""
    _occupy_standard_descriptors()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        tame,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _stamp,
        render_exceptions,
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
    handler = _Handler(renderer)
    formatter = _Formatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    formatter.net = without_secrets(secrets)
    handler.setFormatter(formatter)
    sys.stderr = _StandardError(handler.writer, formatter.net)
    atexit.register(finish)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Below INFO these write whole requests and answers, task parameters and socket tickets among them.
    for name in ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.getLogger().level, logging.WARNING))
