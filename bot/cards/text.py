"""The one place where text becomes text for Slack: cut visibly, escaped, disarmed.

Slack parses mrkdwn and the ``text`` of a message: ``<!channel>``, ``<@U…>``, ``<https://…|…>`` are live, and so
are ``*bold*``, `` `code` ``, ``:emoji:``. Escaping ``&``, ``<`` and ``>`` disarms the first kind. Slack has no
escape for the second, so look-alikes replace the characters that would format. plain_text objects and rich_text
leaves are never parsed.

``Untrusted`` text is redacted on its way; a ``str`` is our own, or has been redacted already.
"""

import re
from datetime import datetime
from itertools import accumulate

from bot.redact.untrusted import CUT, Untrusted, UntrustedJson, clean, cut

Text = Untrusted | UntrustedJson | str | None

# A time of day (17:30:00) is not a shortcode, and people copy it.
_SHORTCODE = re.compile(r":(?!(?<=\d:)\d\d:\d\d(?!\w))(?=[\w+'-]{1,100}:)")
_LOOKALIKES = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_ENTITY_LENGTH = {"&": 5, "<": 4, ">": 4}
_PART_OF_ENTITY = re.compile(r"&[a-z]{0,3}$")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


def cut_escaped(text: str, limit: int) -> str:
    """Text that is escaped already, cut visibly to ``limit`` characters, never inside an entity."""
    short = cut(text, limit)
    return short if short == text else _PART_OF_ENTITY.sub("", short.removesuffix(CUT)) + CUT


def plain(text: Text, limit: int, absent: str = "–") -> str:
    """For plain_text objects and rich_text leaves: one line, never empty."""
    if isinstance(text, Untrusted | UntrustedJson):
        return text.shown(limit) or absent
    return cut(clean(text or ""), limit) or absent


def escape(text: str) -> str:
    """Slack's three entities; nothing else is to be escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(text: Text, limit: int, absent: str = "–") -> str:
    """For mrkdwn and ``text``: the words as they are, with no formatting, mention, link or emoji live.

    ``limit`` bounds the characters after escaping, as Slack counts them; the cut is never inside an entity.
    """
    return escape(disarm(_fitted(plain(text, limit + 1, absent), limit)))


def disarm(text: str) -> str:
    """Look-alikes for what mrkdwn would format: ``*``, ``~``, backtick, ``_`` at a word's edge, ``:emoji:``."""
    text = _EDGE_UNDERSCORE.sub("\u02cd", text.translate(_LOOKALIKES))
    return _SHORTCODE.sub("\ua789", text)


def code(text: Text, limit: int, absent: str = "–") -> str:
    """For mrkdwn: a literal in code style, in which only entities are parsed. ``limit`` as in ``mrkdwn``."""
    return f"`{escape(_fitted(plain(text, limit + 1, absent), limit).replace('`', chr(0x02CB)))}`"


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


def _fitted(text: str, limit: int) -> str:
    """The text cut so that it has at most ``limit`` characters once it is escaped."""
    if len(escape(text)) <= limit:
        return text
    lengths = accumulate(_ENTITY_LENGTH.get(char, 1) for char in text[:limit])
    kept = sum(length <= limit - len(CUT) for length in lengths)
    return text[:kept].rstrip() + CUT
