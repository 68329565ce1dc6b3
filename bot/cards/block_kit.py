"""Block Kit: text made safe for Slack, blocks and elements as plain dicts, and messages within Slack's limits.

Slack parses mrkdwn and the ``text`` of a message: ``<!channel>``, ``<@U…>``, ``<https://…|…>`` are live, and so
are ``*bold*``, `` `code` ``, ``:emoji:``. Escaping ``&``, ``<`` and ``>`` disarms the first kind. Slack has no
escape for the second, so look-alikes replace the characters that would format. Slack never parses plain_text
objects and rich_text leaves.

``Untrusted`` text is redacted here; a ``str`` is our own, or redacted already. Functions that make blocks take text
that is ready for its place. The blocks are dicts, because the SDK's classes drop fields that they do not know.

The limits are Slack's documented ones, except for the characters of all blocks together: messages fail with
``msg_blocks_too_long`` near 13,200, counted after escaping (reported, not documented); 10,000 leaves room.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import accumulate
from typing import Any

from bot.redact.untrusted import CUT, Untrusted, UntrustedJson, clean, cut

Block = dict[str, Any]
Text = Untrusted | UntrustedJson | str | None

# A time of day (17:30:00) is not a shortcode, and people copy it.
_SHORTCODE = re.compile(r":(?!(?<=\d:)\d\d:\d\d(?!\w))(?=[\w+'-]{1,100}:)")
_LOOKALIKES = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_ENTITY_LENGTH = {"&": 5, "<": 4, ">": 4}
_PART_OF_ENTITY = re.compile(r"&[a-z]{0,3}$")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")

MAX_BLOCKS = 50
MAX_CHARACTERS = 10_000
MAX_TEXT = 3_000
"""Slack allows 4,000 in ``text``; phones show one line of it."""


def cut_escaped(text: str, limit: int) -> str:
    """Cut escaped text visibly to ``limit`` characters, never inside an entity."""
    short = cut(text, limit)
    return short if short == text else _PART_OF_ENTITY.sub("", short.removesuffix(CUT)) + CUT


def plain(text: Text, limit: int, absent: str = "–") -> str:
    """For plain_text objects and rich_text leaves: one line, never empty."""
    if isinstance(text, Untrusted | UntrustedJson):
        return text.shown(limit) or absent
    return cut(clean(text or ""), limit) or absent


def escape(text: str) -> str:
    """Escape ``&``, ``<`` and ``>``, the only characters that Slack wants escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(text: Text, limit: int, absent: str = "–") -> str:
    """For mrkdwn and ``text``: no formatting, mention, link or emoji in the text is live.

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
    # Slack shows the fallback of a token that it can't parse. The fallback must not contain "|" or ">".
    return f"<!date^{int(moment.timestamp())}^{pattern}|{utc(moment)}>"


def utc(moment: datetime) -> str:
    """``Sun 10 May 2026, 09:30 UTC``: for where no reader's zone is known."""
    return moment.strftime(f"%a {moment.day} %b %Y, %H:%M UTC")


def requester_mention(user: str | None) -> str:
    """``, asked by <@U…>`` in mrkdwn: the only live mention; ``""`` for anything but a Slack user id."""
    return f", asked by <@{user}>" if user and _SLACK_USER.fullmatch(user) else ""


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 machine``, ``42 machines``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def enumerated(parts: list[str], conjunction: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {conjunction} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _fitted(text: str, limit: int) -> str:
    """Cut the text so that it has at most ``limit`` characters once it is escaped."""
    if len(escape(text)) <= limit:
        return text
    lengths = accumulate(_ENTITY_LENGTH.get(char, 1) for char in text[:limit])
    kept = sum(length <= limit - len(CUT) for length in lengths)
    return text[:kept].rstrip() + CUT


def local(moment: datetime, zone: tzinfo | None, now: datetime) -> str:
    """``Sun 10 May 17:30`` in the task's own zone; with the year where it differs from this year."""
    at = moment.astimezone(zone or UTC)
    year = "" if at.year == now.astimezone(zone or UTC).year else f" {at.year}"
    return at.strftime(f"%a {at.day} %b{year} %H:%M")


def zone_name(zone: tzinfo | None) -> str:
    """The zone's IANA name."""
    return str(zone) if zone is not None else "UTC"


def plain_text(text: str) -> dict[str, Any]:
    """A text object in which Slack parses nothing, not even emoji names."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn_text(text: str) -> dict[str, Any]:
    """A text object in mrkdwn; ``verbatim`` stops Slack from adding links and mentions."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """A header: plain text, at most 150 characters."""
    return {"type": "header", "text": plain_text(text)}


def section(text: str, accessory: dict[str, Any] | None = None) -> Block:
    """A section with at most 3,000 characters of mrkdwn, and an optional element at its right."""
    block = {"type": "section", "text": mrkdwn_text(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def fields(texts: list[str]) -> Block:
    """A section of at most 10 fields of mrkdwn, 2,000 characters each; two columns where there is room."""
    return {"type": "section", "fields": [mrkdwn_text(text) for text in texts]}


def context(*texts: str) -> Block:
    """Small grey mrkdwn, at most 10 elements."""
    return {"type": "context", "elements": [mrkdwn_text(text) for text in texts]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def button(label: str, action_id: str, value: str) -> dict[str, Any]:
    """A button; label at most 75 characters, value at most 2,000."""
    return {"type": "button", "action_id": action_id, "text": plain_text(label), "value": value}


def select(
    action_id: str, placeholder: str, options: list[tuple[str, str]], chosen: str | None = None
) -> dict[str, Any]:
    """A menu of at most 100 options, each a value (150 characters) and a label (75); ``chosen`` is a value."""
    choices = {value: {"text": plain_text(label), "value": value} for value, label in options}
    menu: dict[str, Any] = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder),
        "options": list(choices.values()),
    }
    return {**menu, "initial_option": choices[chosen]} if chosen in choices else menu


def overflow(action_id: str, *options: tuple[str, str]) -> dict[str, Any]:
    """A menu behind three dots: at most 5 options, each a label (75 characters) and a value (150)."""
    choices = [{"text": plain_text(label), "value": value} for label, value in options]
    return {"type": "overflow", "action_id": action_id, "options": choices}


def actions(*elements: dict[str, Any], block_id: str | None = None) -> Block:
    """A row of at most 25 interactive elements."""
    row = {"type": "actions", "elements": list(elements)}
    return row if block_id is None else {**row, "block_id": block_id}


def leaf(text: str, **style: bool) -> dict[str, Any]:
    """A text inside rich text; ``style`` is bold, italic or code."""
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def rich_text_part(kind: str, leaves: list[dict[str, Any]]) -> dict[str, Any]:
    """A part of rich text; ``kind`` is section or preformatted."""
    return {"type": f"rich_text_{kind}", "elements": leaves}


def rich_text(*parts: dict[str, Any]) -> Block:
    """Text that is formatted by its structure; nothing in it is parsed."""
    return {"type": "rich_text", "elements": list(parts)}


def bullets(items: Iterable[list[dict[str, Any]]]) -> Block:
    """A list of lines, each made of leaves."""
    sections = [rich_text_part("section", item) for item in items]
    return rich_text({"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": sections})


@dataclass(frozen=True, slots=True)
class Message:
    """A message: ``text`` for notifications and screen readers, ``blocks`` for everyone else."""

    text: str
    blocks: tuple[Block, ...]

    def payload(self) -> dict[str, Any]:
        """The fields of a Slack message, with link previews off."""
        return {"text": self.text, "blocks": list(self.blocks), "unfurl_links": False, "unfurl_media": False}


def message(text: str, needed: list[Block], optional: list[Block], last: list[Block]) -> Message:
    """``needed``, as many of ``optional`` as fit, then ``last``. A line says how many did not fit."""
    room = MAX_CHARACTERS - sum(map(characters, needed + last)) - 100
    places = MAX_BLOCKS - len(needed) - len(last) - 1
    fitting: list[Block] = []
    for block in optional:
        room -= characters(block)
        if room < 0 or len(fitting) >= places:
            fitting.append(
                context(f"_{count(len(optional) - len(fitting), 'more part')} did not fit in one message._")
            )
            break
        fitting.append(block)
    return Message(cut_escaped(text, MAX_TEXT), tuple(needed + fitting + last))


def characters(value: Any) -> int:
    """The characters of all texts in a block, escaped, which is how Slack seems to count them."""
    return sum(len(text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "text" and isinstance(item, str):
                yield item if value.get("type") == "mrkdwn" else escape(item)
            else:
                yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
