"""Values that only look like a secret: behind a scheme, as the user of a URL, in lines of base64."""

import re

from bot.redact.entropy import looks_like_value, noise
from bot.redact.references import variable
from bot.redact.spans import HIDDEN

_SCHEME = re.compile(r"(?i)(?<![\w-])((?:bearer|basic|digest|token)\s{1,5}(?:\\?[\"'])?)(\[hidden\]|[^\s\"'\\]{6,}+)")
_LONE_USER = re.compile(r"(?<=://)([\w.~%+=-]{16,400}+)(?=@)")
_NOISY_USER = 10
_PEM_LINES = re.compile(
    r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,80}(?:\\r)?(?:\r?\n|\\n)[ \t]*)+(?:[A-Za-z0-9+/]{1,80}={0,2})?"
)


def hide_lookalikes(text: str) -> str:
    """Hides values that only look like a secret: behind a scheme, as the user of a URL, in lines of base64."""
    text = _SCHEME.sub(_hide_behind_scheme, text)
    text = _LONE_USER.sub(lambda match: HIDDEN if noise(match.group()) >= _NOISY_USER else match.group(), text)
    return _PEM_LINES.sub(
        lambda match: HIDDEN if noise(match.group()) > len(match.group()) / 2 else match.group(), text
    )


def _hide_behind_scheme(match: re.Match[str]) -> str:
    value = match.group(2)
    if value.startswith("realm=") or variable(value) is not None:
        return match.group()
    return HIDDEN if value == HIDDEN or looks_like_value(value, least=6) else match.group()
