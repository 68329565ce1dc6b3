"""Encodings that hide a secret from a pattern: JSON escapes, percent, HTML, full-width characters, base64."""

import base64
import binascii
import html
import re
import unicodedata
from urllib.parse import unquote

BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}+={0,2}")
JSON_ESCAPE = re.compile(r"\\{1,15}u([0-9a-fA-F]{4})")
_PERCENT = re.compile(r"%[0-7][0-9a-fA-F]")
_ENTITY = re.compile(r"&(?:quot|amp|apos|lt|gt|#x?[0-9a-fA-F]{1,6});")
# Not the marks of Chinese sentences (！（），：；？～), which stand in for no other.
_WIDE = re.compile(
    r"[\uff02-\uff07\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff5d\u200b-\u200f\u2060\ufeff\u00ad]"
)
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")


def unescape(text: str) -> str:
    r"""Resolves JSON's ``\u5bc6``, also behind several backslashes."""
    return JSON_ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)


def decode_all(text: str) -> str:
    """The text as its reader will see it, with JSON, percent, HTML and full-width characters resolved."""
    text = unescape(text)
    if _PERCENT.search(text):
        text = unquote(text)
    if _ENTITY.search(text):
        text = html.unescape(text)
    if _WIDE.search(text):
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return text


def decode_base64(run: str) -> str | None:
    """The text inside a base64 run; None if the run holds no text."""
    unpadded = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    if len(unpadded) % 4 == 1:
        return None
    try:
        text = base64.b64decode(unpadded + "=" * (-len(unpadded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if all(c.isprintable() or c in "\n\r\t" for c in text) else None
