"""Redaction: every value from outside passes a ``Redactor`` on its way to a card, a terminal, a file or a log.

Parameters are secrets unless shown to be harmless: COC does not say whether it masks sensitive ones. A value is
hidden by its name (password, token, 密码 …: ``bot.redact.names``), by its shape (private keys, cloud access keys,
JWTs, credentials in URLs and command lines, long random strings: ``bot.redact.rules``) or by the name before it in
a text (``bot.redact.named_values``). A hidden value shows neither a part of itself nor its length.

A value may have 16 million characters, so no pattern here backtracks over a long run: all take linear time.
"""

from bot.redact.redactor import Redactor
from bot.redact.spans import HIDDEN
from bot.redact.structures import MAX_DEPTH

__all__ = ["HIDDEN", "MAX_DEPTH", "Redactor", "count_hidden"]


def count_hidden(text: str) -> int:
    """How many values are hidden in a redacted text."""
    return text.count(HIDDEN)
