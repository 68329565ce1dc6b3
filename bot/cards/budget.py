"""One message within Slack's limits, whatever went into it.

Limits are Slack's documented ones, but for the characters of all blocks together: messages fail with
``msg_blocks_too_long`` near 13,200, counted after escaping (reported, not documented); 10,000 leaves room.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.cards.blocks import Block, context
from bot.cards.text import count, cut_escaped, escape

MAX_BLOCKS = 50
MAX_CHARACTERS = 10_000
MAX_TEXT = 3_000
"""Slack allows 4,000 in ``text``; phones show one line of it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: ``text`` for notifications and screen readers, ``blocks`` for everyone else."""

    text: str
    blocks: tuple[Block, ...]

    def payload(self) -> dict[str, Any]:
        """The fields of a Slack message; names in it are not turned into previews."""
        return {"text": self.text, "blocks": list(self.blocks), "unfurl_links": False, "unfurl_media": False}


def message(text: str, needed: list[Block], optional: list[Block], last: list[Block]) -> Message:
    """``needed``, as much of ``optional`` as fits, then ``last``; where something did not fit, a line says so."""
    room = MAX_CHARACTERS - sum(map(characters, needed + last)) - 100
    places = MAX_BLOCKS - len(needed) - len(last) - 1
    kept: list[Block] = []
    for block in optional:
        room -= characters(block)
        if room < 0 or len(kept) >= places:
            kept.append(context(f"_{count(len(optional) - len(kept), 'more part')} did not fit in one message._"))
            break
        kept.append(block)
    return Message(cut_escaped(text, MAX_TEXT), tuple(needed + kept + last))


def characters(value: Any) -> int:
    """How many characters of text a block holds, as Slack seems to count them: escaped, all its texts."""
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
