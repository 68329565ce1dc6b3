"""Text from COC, Slack and people. ``Untrusted`` carries it, and ``shown`` is its only way out.

``shown`` returns one visible line: without characters that hide or reorder text, redacted, and visibly cut. Files,
logs and terminals take that line; for mrkdwn ``bot.cards.block_kit`` escapes it as well.
"""

import json
import re
import unicodedata
from typing import Any

from bot.redact.redactor import Redactor
from bot.redact.spans import HIDDEN

CUT = "…"
"""Marks a cut."""

LONGEST = 10_000
"""Characters of a text that are examined; no others are shown. A value may have 16 million."""

BRIEF = 1_200
"""The same where only a few hundred are shown."""

_BEYOND = 200
"""Characters examined beyond the limit, to recognize a secret that the limit cuts. They are never shown, because a
secret that the margin's end cuts may not be recognized."""

# Characters that change how other text is shown or read: controls, bidi marks and overrides, zero-width and
# invisible ones, tags, variation selectors. Line breaks and tabs become blanks first.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"[\s\u0085\u2028\u2029]+")
_BREAK = re.compile(r"[\n\r\v\f\u0085\u2028\u2029]")


class Untrusted:
    """One text from outside. ``name`` is the value's name, by which the redactor recognizes secrets."""

    __slots__ = ("name", "raw", "redactor")

    def __init__(self, raw: str, redactor: Redactor, name: str = "") -> None:
        self.raw = raw
        """The text as it came, for comparisons and for requests to COC; never for display."""
        self.redactor = redactor
        self.name = clean(name) if name else ""  # as its reader sees it

    def shown(self, limit: int = LONGEST) -> str:
        """One line without secrets, at most ``limit`` characters."""
        text = self.raw
        if len(text) <= limit + _BEYOND and _is_tidy(text):
            return cut(self.redactor.text(text, self.name), limit)
        visible = _lines(text[:LONGEST])
        whole = len(text) <= LONGEST and len(clean(visible)) <= limit + _BEYOND
        # Multi-line secrets are recognized by their lines, others in the text that a reader will see.
        redacted = self.redactor.text(visible if whole else visible[: limit + _BEYOND], self.name)
        flat = clean(redacted)
        if flat != redacted:
            flat = self.redactor.text(flat, self.name)
        return cut(flat if whole else _without_margin(flat, limit) + CUT, limit)

    @property
    def hides(self) -> bool:
        """Whether anything in it is hidden."""
        return HIDDEN in self.shown()

    def first_line(self) -> str:
        """Its first line without secrets. The redactor sees the lines after it too."""
        redacted = self.redactor.text(_lines(cut(self.raw, BRIEF)), self.name)
        return Untrusted(redacted.strip().partition("\n")[0], self.redactor, self.name).shown()

    def first(self, length: int) -> "Untrusted":
        """The beginning of the text: redacting takes time for each character."""
        return self if len(self.raw) <= length else Untrusted(cut(self.raw, length), self.redactor, self.name)

    def __len__(self) -> int:
        return len(self.raw)

    def __str__(self) -> str:
        return self.shown()

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return self.raw == (other.raw if isinstance(other, Untrusted) else other)

    def __hash__(self) -> int:
        return hash(self.raw)


class UntrustedJson:
    """A decoded JSON value from outside. ``name`` is the name of the value."""

    __slots__ = ("name", "redactor", "value")

    def __init__(self, value: Any, redactor: Redactor, name: str = "") -> None:
        self.value = value
        """The value as it came; never for display."""
        self.redactor = redactor
        self.name = clean(name) if name else ""  # as its reader sees it

    def __len__(self) -> int:
        return len(self.value)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.value, list)

    def shown(self, limit: int) -> str:
        """JSON in one line without secrets. Only the beginning of a large value is examined."""
        return Untrusted(self._redacted(), self.redactor).shown(limit)

    def _redacted(self) -> str:
        if isinstance(self.value, str):
            return json.dumps(self.redactor.text(cut(self.value, BRIEF), self.name), ensure_ascii=False)
        try:
            raw = json.dumps(self.value, ensure_ascii=False, default=str)
        except (ValueError, RecursionError):
            raw = ""  # nested so deeply that the redactor hides most of it
        if len(raw) > 2 * BRIEF:
            return self.redactor.text(cut(raw, BRIEF), self.name)
        return json.dumps(self.redactor.structure(self.name, self.value), ensure_ascii=False, default=str)


def clean(text: str) -> str:
    """One line of visible text: nothing that hides, reorders or breaks; at most three accents on a letter."""
    if _is_tidy(text):
        return text
    text = _INVISIBLE.sub("", _SPACES.sub(" ", _encodable(text)))
    # Merge blanks again: an invisible character may have been between two.
    return _SPACES.sub(" ", _few_marks(text)).strip()


def cut(text: str, limit: int) -> str:
    """Cut the text to ``limit`` characters, visibly."""
    return text if len(text) <= limit else text[: max(limit - len(CUT), 0)].rstrip() + CUT


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _is_tidy(text: str) -> bool:
    """Whether there is nothing to clean, which holds for most texts."""
    return text.isascii() and text.isprintable() and "  " not in text and text == text.strip()


def _lines(text: str) -> str:
    """Like ``clean``, but keeps line breaks and up to eight blanks of indentation."""
    if _is_tidy(text):
        return text
    return _few_marks(_INVISIBLE.sub("", _SPACES.sub(_gap, _encodable(text))))


def _gap(match: re.Match[str]) -> str:
    *before, last = _BREAK.split(match.group())
    return "\n" + " " * min(len(last), 8) if before else " "


def _without_margin(text: str, limit: int) -> str:
    """The text without the examined margin at its end."""
    kept = text[:-_BEYOND] if len(text) > _BEYOND else ""
    if HIDDEN in text and len(kept) < limit:
        # The length of the rest would reveal the length of the hidden values.
        kept = text[: text.rindex(HIDDEN) + len(HIDDEN)]
    return kept.rstrip()


def _few_marks(text: str) -> str:
    if text.isascii():
        return text
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= 3:
            kept.append(char)
    return "".join(kept)
