"""The one place where text from outside becomes text for Slack: cleaned, redacted, cut visibly, escaped, disarmed.

Slack parses mrkdwn and the ``text`` of a message: ``<!channel>``, ``<@U…>``, ``<https://…|…>`` are live, and so
are ``*bold*``, `` `code` ``, ``:emoji:``. Escaping ``&``, ``<`` and ``>`` disarms the first kind; Slack has no
escape for the second, so look-alikes stand in for the characters that would format. plain_text objects and
rich_text leaves are never parsed; they only need the rest of it.

Files, the terminal and the names of files take ``plain`` or ``shown``. ``name`` says what a text is where that tells
whether it is harmless: 32 hexadecimal digits are an id as a ``resource_id``, and may be a key anywhere else.
"""

import re
import unicodedata
from datetime import datetime
from itertools import accumulate

from bot import redact

CUT = "…"
"""Stands where text was cut."""

LONGEST = 10_000
"""Characters of a text that are looked at; none is shown in full beyond that. A value may have 16 million."""

BRIEF = 1_200
"""Characters that are looked at of a text of which a few hundred are shown: redacting takes 5 µs for each."""

_BEYOND = 200
"""Characters beyond the limit that are looked at, so that a secret is known that the limit cuts. Never shown: what
this window cuts in its turn may not be known as a secret."""

# Characters that change how other text is shown or read: controls, bidi marks and overrides, zero-width and
# invisible ones, tags, variation of direction. Line breaks and tabs become spaces before.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"[\s\u0085\u2028\u2029]+")
_BREAK = re.compile(r"[\n\r\v\f\u0085\u2028\u2029]")
# A time of day (17:30:00) is none, and is to be copied as it is.
_SHORTCODE = re.compile(r":(?!(?<=\d:)\d\d:\d\d(?!\w))(?=[\w+'-]{1,100}:)")
_LOOKALIKES = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_ENTITY_LENGTH = {"&": 5, "<": 4, ">": 4}
_PART_OF_ENTITY = re.compile(r"&[a-z]{0,3}$")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


def clean(text: str) -> str:
    """One line of visible text: nothing that hides, reorders or breaks; stacked accents cut to three."""
    if _is_tidy(text):
        return text
    text = _INVISIBLE.sub("", _SPACES.sub(" ", _encodable(text)))
    # Again, because what was invisible may have stood between two blanks.
    return _SPACES.sub(" ", _few_marks(text)).strip()


def cut(text: str, limit: int) -> str:
    """The text if it has at most ``limit`` characters, else its beginning and a visible mark."""
    return text if len(text) <= limit else text[: max(limit - len(CUT), 0)].rstrip() + CUT


def cut_escaped(text: str, limit: int) -> str:
    """Text that is escaped already, cut visibly to ``limit`` characters, never inside an entity."""
    short = cut(text, limit)
    return short if short == text else _PART_OF_ENTITY.sub("", short.removesuffix(CUT)) + CUT


def shown(text: str | None, limit: int = LONGEST, name: str = "") -> str:
    """What may be shown of a text from outside: one line, without secrets, at most ``limit`` characters."""
    text = text or ""
    if len(text) <= limit + _BEYOND and _is_tidy(text):
        return cut(redact.shown(text, name), limit)
    visible = _lines(text[:LONGEST])
    whole = len(text) <= LONGEST and len(clean(visible)) <= limit + _BEYOND
    # Secrets of several lines are known by their lines, others by what a reader will see.
    tame = redact.shown(visible if whole else visible[: limit + _BEYOND], name)
    flat = clean(tame)
    if flat != tame:
        flat = redact.shown(flat, name)
    return cut(flat if whole else _without_end(flat, limit) + CUT, limit)


def plain(text: str | None, limit: int, absent: str = "–", *, name: str = "") -> str:
    """For plain_text objects and rich_text leaves: never empty."""
    return shown(text, limit, name) or absent


def escape(text: str) -> str:
    """Slack's three entities; nothing else is to be escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(text: str | None, limit: int, absent: str = "–", *, name: str = "") -> str:
    """For mrkdwn and ``text``: other people's words as they are, with no formatting, mention, link or emoji live.

    ``limit`` bounds the characters after escaping, as Slack counts them; the cut is never inside an entity.
    """
    return escape(disarm(_fitted(shown(text, limit + 1, name), limit) or absent))


def composed(text: str, limit: int) -> str:
    """For mrkdwn and ``text``: words of ours around texts that have passed ``plain``; ``limit`` as in ``mrkdwn``.

    Not redacted again: what follows "rotate-db-password: " would be taken for the password.
    """
    return escape(disarm(_fitted(clean(text), limit)))


def disarm(text: str) -> str:
    """Look-alikes for what mrkdwn would format: ``*``, ``~``, backtick, ``_`` at a word's edge, ``:emoji:``."""
    text = _EDGE_UNDERSCORE.sub("\u02cd", text.translate(_LOOKALIKES))
    return _SHORTCODE.sub("\ua789", text)


def code(text: str | None, limit: int, absent: str = "–", *, name: str = "") -> str:
    """For mrkdwn: a literal in code style, in which only entities are parsed. ``limit`` as in ``mrkdwn``."""
    return f"`{escape((_fitted(shown(text, limit + 1, name), limit) or absent).replace('`', chr(0x02CB)))}`"


def date(moment: datetime, pattern: str = "{date_short_pretty} at {time}") -> str:
    """For mrkdwn: a moment in each reader's own zone; the fallback is UTC and says so."""
    # A date token that Slack can't parse shows the fallback; it must hold neither "|" nor ">".
    return f"<!date^{int(moment.timestamp())}^{pattern}|{utc(moment)}>"


def utc(moment: datetime) -> str:
    """``Sun 10 May 2026, 09:30 UTC``: for where no reader's zone is known."""
    return moment.strftime(f"%a {moment.day} %b %Y, %H:%M UTC")


def asker(user: str | None) -> str:
    """``, asked by <@U…>`` for mrkdwn: the one mention that is meant; nothing for what is no Slack user id."""
    return f", asked by <@{user}>" if user and _SLACK_USER.fullmatch(user) else ""


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 machine``, ``42 machines``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def enumerated(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _is_tidy(text: str) -> bool:
    """Whether there is nothing to clean, as in most texts."""
    return text.isascii() and text.isprintable() and "  " not in text and text == text.strip()


def _lines(text: str) -> str:
    """Visible text like ``clean``'s, but with its lines and up to eight blanks of their indentation."""
    if _is_tidy(text):
        return text
    return _few_marks(_INVISIBLE.sub("", _SPACES.sub(_gap, _encodable(text))))


def _gap(found: re.Match[str]) -> str:
    *before, last = _BREAK.split(found.group())
    return "\n" + " " * min(len(last), 8) if before else " "


def _without_end(text: str, limit: int) -> str:
    """The beginning of a text that goes on beyond what was looked at."""
    kept = text[:-_BEYOND] if len(text) > _BEYOND else ""
    if redact.HIDDEN in text and len(kept) < limit:
        # How much is left would tell how long the hidden values are.
        kept = text[: text.rindex(redact.HIDDEN) + len(redact.HIDDEN)]
    return kept.rstrip()


def _fitted(text: str, limit: int) -> str:
    """The text cut so that it has at most ``limit`` characters once it is escaped."""
    if len(escape(text)) <= limit:
        return text
    lengths = accumulate(_ENTITY_LENGTH.get(char, 1) for char in text[:limit])
    kept = sum(length <= limit - len(CUT) for length in lengths)
    return text[:kept].rstrip() + CUT


def _few_marks(text: str) -> str:
    if text.isascii():
        return text
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= 3:
            kept.append(char)
    return "".join(kept)
