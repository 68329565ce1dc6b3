"""A card in a terminal: the same Block Kit blocks, drawn with rich."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.cards.block_kit import Block

_EMOJI = {
    "large_green_circle": ("●", "green"),
    "large_yellow_circle": ("●", "yellow"),
    "large_blue_circle": ("●", "blue"),
    "red_circle": ("●", "red"),
    "white_circle": ("○", "bright_black"),
    "white_check_mark": ("✔", "green"),
    "x": ("✘", "red"),
    "warning": ("⚠", "yellow"),
    "no_entry": ("⛔", "red"),
    "no_entry_sign": ("⊘", "red"),
    "hourglass_flowing_sand": ("⧗", "yellow"),
    "arrows_counterclockwise": ("↻", "blue"),
    "grey_question": ("?", "yellow"),
    "double_vertical_bar": ("‖", "yellow"),
}
_TOKEN = re.compile(
    r"`(?P<code>[^`\n]+)`|<!date\^(?P<unix>-?\d+)\^(?P<pattern>[^|>]*)\|(?P<fallback>[^>]*)>|<@(?P<user>\w+)>"
    r"|:(?P<emoji>[a-z_]+):|(?<!\w)\*(?P<bold>[^*\n]+)\*|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
)


def render(blocks: Iterable[Block], zone: tzinfo | None = None) -> RenderableType:
    """The blocks for rich to print. ``zone`` is the reader's time zone; None is the machine's."""
    return Group(*(part for block in blocks for part in _block(block, zone)))


def _block(block: Block, zone: tzinfo | None) -> Iterator[RenderableType]:
    match block.get("type"):
        case "header":
            yield Text(block["text"]["text"], style="bold")
        case "section" if "fields" in block:
            yield _grid([_mrkdwn(field["text"], zone) for field in block["fields"]])
        case "section":
            yield Padding(_mrkdwn(block["text"]["text"], zone), (0, 0, 1, 0))
        case "context":
            yield Padding(
                Text("  ").join(_mrkdwn(item["text"], zone, style="bright_black") for item in block["elements"]),
                (0, 0, 1, 0),
            )
        case "rich_text":
            for part in block["elements"]:
                yield from (Text("  • ").append_text(_leaves(item)) for item in part["elements"])
        case "divider":
            yield Rule(style="bright_black")


def _grid(cells: list[Text]) -> RenderableType:
    grid = Table.grid(padding=(0, 4), expand=False)
    for _ in range(2):
        grid.add_column(ratio=1)
    for place in range(0, len(cells), 2):
        grid.add_row(*(Padding(cell, (0, 0, 1, 0)) for cell in cells[place : place + 2]))
    return grid


def _leaves(section: dict[str, Any]) -> Text:
    text = Text()
    for leaf in section["elements"]:
        if leaf["type"] == "emoji":
            text.append(*_EMOJI.get(leaf["name"], (f":{leaf['name']}:", "")))
        else:
            style = " ".join(name for name in ("bold", "italic") if leaf.get("style", {}).get(name))
            text.append(leaf["text"], style="cyan" if leaf.get("style", {}).get("code") else style)
    return text


def _mrkdwn(source: str, zone: tzinfo | None, style: str = "") -> Text:
    text = Text(style=style)
    for number, line in enumerate(source.split("\n")):
        if number:
            text.append("\n")
        quoted = line.removeprefix("&gt; ")
        if quoted != line:
            text.append("│ ", style="bright_black")
        _inline(text, quoted, zone, "")
    return text


def _inline(text: Text, line: str, zone: tzinfo | None, style: str) -> None:
    place = 0
    for match in _TOKEN.finditer(line):
        text.append(_unescape(line[place : match.start()]), style=style)
        place = match.end()
        if match["code"] is not None:
            text.append(_unescape(match["code"]), style=f"{style} cyan".strip())
        elif match["unix"] is not None:
            text.append(_date(int(match["unix"]), match["pattern"], zone), style=style)
        elif match["user"] is not None:
            text.append(f"@{match['user']}", style=style)
        elif match["emoji"] is not None:
            sign, colour = _EMOJI.get(match["emoji"], (match.group(), ""))
            text.append(sign, style=f"{style} {colour}".strip())
        elif match["bold"] is not None:
            _inline(text, match["bold"], zone, f"{style} bold".strip())
        else:
            _inline(text, match["italic"], zone, f"{style} italic".strip())
    text.append(_unescape(line[place:]), style=style)


def _date(unix: int, pattern: str, zone: tzinfo | None) -> str:
    at = datetime.fromtimestamp(unix, zone).astimezone(zone)
    day = at.strftime(f"%a {at.day} %b %Y")
    filled = pattern.replace("{time_secs}", at.strftime("%H:%M:%S")).replace("{time}", at.strftime("%H:%M"))
    return f"{re.sub(r'{date[a-z_]*}', day, filled)} {at.tzname() or ''}".rstrip()


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
