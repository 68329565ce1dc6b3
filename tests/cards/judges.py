"""The judges of cards and views: Slack's rules, our own budget, and that nothing foreign in them is live."""

import html
import itertools
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.cards.block_kit import Message
from bot.cards.targets import NEXT, targets_view
from bot.sandbox.slack.rules import check_message, check_view
from bot.task.snapshot import Snapshot
from bot.task.target_query import TargetQuery
from tests.cards.snapshots import ADA, Json

_OURS = re.compile(
    r"<!date\^-?\d+\^(?:\{date_short_pretty\} (?:at )?\{time(?:_secs)?\}|\{time\})"
    r"\|[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{1,4}, \d\d:\d\d UTC>|<@" + ADA + ">"
)
_PERMISSION = re.compile(r"coc:schedule:\w+")
_CODE = re.compile(r"`[^`\n]+`")
_EMOJI = re.compile(r":([a-z0-9_+'-]*[a-z][a-z0-9_+'-]*):", re.IGNORECASE)
EMOJI = frozenset(
    {"large_green_circle", "large_yellow_circle", "large_blue_circle", "red_circle"}
    | {"white_circle", "white_check_mark", "x", "no_entry", "no_entry_sign", "warning", "grey_question", "question"}
    | {"hourglass_flowing_sand", "arrows_counterclockwise", "double_vertical_bar", "stopwatch", "rotating_light"}
    | {"mag", "key", "lock", "electric_plug", "package", "boom"}
)
"""Every emoji that our own words use."""


def strings(value: Any, kind: str) -> Iterator[str]:
    """Every text in blocks that is of a type: ``mrkdwn``, ``plain_text``, or ``text`` (a rich_text leaf)."""
    if isinstance(value, Mapping):
        if value.get("type") == kind and isinstance(value.get("text"), str):
            yield value["text"]
        for item in value.values():
            yield from strings(item, kind)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item, kind)


def characters(blocks: Any) -> int:
    """The characters of all texts as Slack counts them: escaped."""
    plain = sum(len(html.escape(text, quote=False)) for text in strings(blocks, "plain_text"))
    return plain + sum(len(text) for text in strings(blocks, "mrkdwn"))


def said(value: Any) -> str:
    """All words of a card or a view, a line each."""
    return "\n".join(text for kind in ("plain_text", "mrkdwn", "text") for text in strings(value, kind))


def assert_tame(text: str) -> None:
    """No mention, link, formatting or emoji in a mrkdwn text is live but those that we wrote ourselves."""
    rest = _OURS.sub("", text)
    assert "<" not in rest, text
    assert ">" not in rest, text
    assert "&" not in re.sub(r"&(?:amp|lt|gt);", "", rest), text
    for line in rest.split("\n"):
        assert line.count("`") % 2 == 0, text
        words = _PERMISSION.sub("", _CODE.sub("", line))
        assert words.count("*") % 2 == 0, text
        assert "~" not in words, text
        assert set(_EMOJI.findall(words)) <= EMOJI, text
        for live in ("*bold*", "_italic_", "`code`", "`fenced`"):
            assert live not in words.lower(), text
    assert_visible(text)


def assert_visible(text: str) -> None:
    """Nothing in a text hides, reorders or breaks; and it is not empty."""
    assert text.strip()
    hidden = [char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char != "\n"]
    assert not hidden, (hidden, text)


def judge_message(message: Message) -> None:
    """Slack takes the message, on every surface and within our own budget, and nothing foreign in it is live."""
    blocks = list(message.blocks)
    for surface in ("message", "ephemeral"):
        check_message(message.text, blocks, surface)
    assert len(blocks) <= 50
    assert characters(blocks) <= 10_000
    assert len(message.text) <= 3_000
    assert_tame(message.text)
    _judge_texts(blocks)


def judge_view(view: Json) -> None:
    """Slack takes the view, however its JSON is encoded, and nothing foreign in it is live."""
    check_view(view)
    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view)) <= 250_000
    _judge_texts(view["blocks"])


def _judge_texts(blocks: Any) -> None:
    for text in strings(blocks, "mrkdwn"):
        assert_tame(text)
    for text in itertools.chain(strings(blocks, "plain_text"), strings(blocks, "text")):
        if text.strip():  # the space between two leaves
            assert_visible(text)


def pages_of(found: Snapshot, query: TargetQuery | None = None) -> list[Json]:
    """Every page of the modal, turned with its own Next button; fails where turning does not end."""
    query = query or TargetQuery(found.task_id)
    pages = [targets_view(found, query)]
    while (turn := _next_page(pages[-1])) is not None:
        assert turn == len(pages) + 1 <= 2_000
        pages.append(targets_view(found, replace(query, page=turn)))
    return pages


def _next_page(view: Json) -> int | None:
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    values = [item["value"] for row in rows for item in row if item.get("action_id") == NEXT]
    return int(values[0]) if values else None


def names_in(view: Json) -> list[str]:
    """The names of the machines that a page lists, in order."""
    found = []
    for block in view["blocks"]:
        if block["type"] == "rich_text":
            items = block["elements"][0]["elements"]
            found += [
                next(leaf["text"] for leaf in item["elements"] if leaf.get("style", {}).get("bold")) for item in items
            ]
    return found
