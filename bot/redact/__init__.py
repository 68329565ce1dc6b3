"""What may be shown of a parameter. Every value passes here on its way to a card, a terminal, a file or a log.

Parameters are secrets unless shown to be harmless: COC does not say whether it masks sensitive ones. A value is
hidden by its name (password, token, 密码 …: ``bot.redact.names``), by its shape (private keys, cloud access keys,
JWTs, credentials in URLs and command lines, long random strings: ``bot.redact.shapes``) or by the name before it in
a text (``bot.redact.named``). A hidden value shows neither a part of itself nor its length.

A value may have 16 million characters, so no pattern here backtracks over a long run: all take linear time.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from typing import Any
from urllib.parse import unquote

from bot.redact import names
from bot.redact.chance import HIDDEN, decoded, random_runs
from bot.redact.commands import handed_over
from bot.redact.glance import is_harmless
from bot.redact.named import without_named
from bot.redact.names import locates, secret_name
from bot.redact.pairing import ESCAPED
from bot.redact.references import is_reference, is_status
from bot.redact.shapes import SHAPES, guessed
from bot.redact.structure import MAX_DEPTH, redacted
from bot.redact.syntax import SYNTAX
from bot.redact.variables import unset

__all__ = ["HIDDEN", "MAX_DEPTH", "configure", "hidden", "plain", "secret_name", "shown", "structure", "value"]

_PERCENT = re.compile(r"%[0-7][0-9a-fA-F]")
_ENTITY = re.compile(r"&(?:quot|amp|apos|lt|gt|#x?[0-9a-fA-F]{1,6});")
# Not the marks of Chinese sentences (！（），：；？～), which stand in for no other.
_WIDE = re.compile(
    r"[\uff02-\uff07\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff5d\u200b-\u200f\u2060\ufeff\u00ad]"
)
_NOTHING_SEEN = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}+={0,2}")
# A quoted string, as JSON has it; one that doesn't end is passed over at once.
_LITERAL = re.compile(r'(?<!\\)"(?>(?:[^"\\\n]|\\.)*)"?')
_SHORTEST_LITERAL = 14  # characters; shorter ones hold no name and value
_HELD = "\ue0f7"  # a private character: stands for a string that is redacted already
_HELD_AT = re.compile(f"{_HELD}(\\d+){_HELD}")
_PUBLIC = "\ue0f8"  # another: stands for what is public by its own words
_PUBLIC_AT = re.compile(f"{_PUBLIC}(\\d+){_PUBLIC}")
_PUBLIC_BLOCK = re.compile(
    r"-{5}BEGIN (?P<kind>(?:RSA |EC )?PUBLIC KEY|(?:NEW )?CERTIFICATE REQUEST|X509 CRL)-{5}"
    r"(?>(?:[A-Za-z0-9+/=\s]++|\\{1,15}[nr])*)-{5}END (?P=kind)-{5}"
)
_MAX_WRAPS = 6
_MANY = 200
# Fewer than 12 letters and digits without a sign that hands over a value, UUIDs and IPv4 addresses: nothing in
# ``bot.redact`` hides them, and most fields of a machine are one of them.
_HARMLESS = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,10}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{1,3}(?:\.\d{1,3}){3}", re.ASCII
)
_REMEMBERED_UP_TO = 128  # characters


def configure(hide: Iterable[str] = (), show: Iterable[str] = ()) -> None:
    """Sets the operator's own words, once at start; calling it without any forgets them.

    ``hide`` are words that make a name secret wherever they stand in it, in any case and style, Chinese ones too.
    ``show`` are whole names, in any case, whose values are shown although the name looks secret; what has the
    shape of a secret is still hidden in them. A name in both is shown.
    """
    names.configure(hide, show)
    _shown.cache_clear()


def hidden(text: str) -> int:
    """How many values are hidden in a redacted text."""
    return text.count(HIDDEN)


def value(name: str, text: str) -> str:
    """What may be shown of one named value: ``[hidden]``, or the text with every secret in it hidden."""
    if not text:
        return text
    given = text.strip()
    if secret_name(name) and not is_reference(given) and not is_status(given) and not locates(name, given):
        return HIDDEN
    return _plain(text, name, 0)


def shown(text: str, name: str = "") -> str:
    """The same as ``value``, remembered where the text is short: names, hosts and regions come again and again."""
    return _shown(text, name) if len(text) <= _REMEMBERED_UP_TO else value(name, text)


@lru_cache(maxsize=8192)
def _shown(text: str, name: str) -> str:
    return text if _HARMLESS.fullmatch(text) and not secret_name(name) else value(name, text)


def plain(text: str) -> str:
    """A text without a name of its own, such as raw inner JSON, with every secret in it hidden."""
    return _plain(text, "", 0)


def _plain(text: str, name: str, wraps: int) -> str:
    if is_harmless(text) and not names.has_own_words():
        return random_runs(_BASE64_RUN.sub(lambda found: _unwrapped(found.group(), wraps), text), name)
    shown = _once(text, name, wraps)
    # The same text as its reader will see it; what is hidden already stays hidden.
    read = _read(shown)
    if read != shown and (again := _once(read, name, wraps)) != read:
        shown = again
    return _parsed(text, shown) if not wraps and text[:1] in {"{", "["} else shown


def _parsed(text: str, shown: str) -> str:
    """The redacted text, or what is left of it as decoded JSON where that hides more."""
    try:
        came = json.loads(text)
        left = structure("", came)
        again = json.dumps(left, ensure_ascii=False)
        if hidden(again) <= hidden(shown):
            return shown
        gone = list(_gone(came, left))
    except (ValueError, RecursionError):
        return shown
    return again if len(gone) > _MANY or any(item in shown for item in gone) else shown


def _gone(came: Any, left: Any) -> Iterator[str]:
    """The strings of a structure that are hidden as a whole; what lies too deep was never a string to show."""
    if isinstance(came, dict) and isinstance(left, dict):
        for item, shown in zip(came.values(), left.values(), strict=False):
            yield from _gone(item, shown)
    elif isinstance(came, list) and isinstance(left, list):
        for item, shown in zip(came, left, strict=True):
            yield from _gone(item, shown)
    elif isinstance(came, str) and left == HIDDEN and came:
        yield came


def _once(text: str, name: str, wraps: int) -> str:
    public: list[str] = []
    if "-----END" in text and _PUBLIC not in text:
        public = [found.group() for found in _PUBLIC_BLOCK.finditer(text)]
        numbers = count()
        text = _PUBLIC_BLOCK.sub(lambda _: f"{_PUBLIC}{next(numbers)}{_PUBLIC}", text)
    shown = random_runs(_named(text, wraps), name)
    return _PUBLIC_AT.sub(lambda found: public[int(found.group(1))], shown) if public else shown


def _named(text: str, wraps: int) -> str:
    held: list[str] = []
    if wraps < _MAX_WRAPS and _HELD not in text:
        text = _LITERAL.sub(lambda found: _unescaped(found.group(), wraps, held), text)
    variables: set[str] = set()
    bare: set[str] = set()
    text = handed_over(SHAPES.applied(text, variables), variables)
    text = guessed(SYNTAX.applied(text, variables))
    text = unset(without_named(text, variables, bare), variables, bare)
    if held:
        text = _HELD_AT.sub(lambda found: held[int(found.group(1))], text)
    if wraps < _MAX_WRAPS:
        text = _BASE64_RUN.sub(lambda found: _unwrapped(found.group(), wraps), text)
    return text


def _read(text: str) -> str:
    """The text with escapes resolved that hide a name from a pattern: JSON's \\u, percent, HTML, full width."""
    if ESCAPED.search(text):
        text = ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
    if _PERCENT.search(text):
        text = unquote(text)
    if _ENTITY.search(text):
        text = html.unescape(text)
    if _WIDE.search(text):
        text = unicodedata.normalize("NFKC", _NOTHING_SEEN.sub("", text))
    return text


def _unescaped(literal: str, wraps: int, held: list[str]) -> str:
    """A quoted string, redacted as the text it stands for: with its line breaks and its inner quotes.

    One that is a text of its own is held back, so that nobody reads its escapes as a part of its words.
    """
    if len(literal) < _SHORTEST_LITERAL or "\\" not in literal:
        return literal
    try:
        inside = json.loads(literal, strict=False)
    except ValueError:
        return literal
    shown = _named(inside, wraps + 1)
    if inside[:1] in {"{", "["}:
        shown = _parsed(inside, shown)
    literal = json.dumps(shown, ensure_ascii=False) if shown != inside else literal
    if "\n" not in inside and '"' not in inside:
        return literal
    held.append(literal[1:-1])
    return f'"{_HELD}{len(held) - 1}{_HELD}"'


def _unwrapped(run: str, wraps: int) -> str:
    """A base64 run, hidden if the text inside it holds a secret."""
    inside = decoded(run)
    return HIDDEN if inside is not None and _plain(inside, "", wraps + 1) != inside else run


def structure(name: str, found: Any) -> Any:
    """A decoded JSON value with every secret in it hidden, at any depth. A secret name counts for all below it."""
    return redacted(name, found, value)
