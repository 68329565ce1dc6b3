"""Logs as events: one JSON object or one coloured line each, with the reference that a person's error card shows."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import Literal
from urllib.parse import quote

import structlog
from structlog.typing import Processor

from bot.operations.untrusted import render_exceptions, tame

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


def configure(style: Literal["console", "json"], level: str, secrets: Iterable[str] = ()) -> None:
    """Send our events and the libraries' through one pipeline to standard error, never with one of ``secrets``."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        tame,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
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
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    formatter = _Formatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    formatter.net = without_secrets(secrets)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Below INFO these write whole requests and answers, task parameters and socket tickets among them.
    for name in ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.getLogger().level, logging.WARNING))
