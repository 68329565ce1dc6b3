"""Exports of the matching targets: CSV and JSON files, and names to paste."""

import csv
import io
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal

from bot.cards.block_kit import Block, context, count, date, leaf, plain, rich_text, rich_text_part, section
from bot.cards.fields import as_of, state_name, task_name
from bot.cards.modal import Modal
from bot.cards.problem import stale_blocks, stale_prefix
from bot.redact.untrusted import Untrusted
from bot.task.enums import Unknown
from bot.task.search import Match
from bot.task.snapshot import Snapshot
from bot.task.target_query import TargetQuery, matching

Kind = Literal["csv", "json"]

NAMES_AGAIN = "names_again"
"""Action id of the Try again in the modal of names."""
NAMES = Modal("Names to paste", "names", NAMES_AGAIN, "Press Names")

CHUNK = 2_900
"""Characters in one box of names; Slack allows 3,000 in a text."""
MOST_BYTES = 180_000
"""For all names, however their JSON is encoded; Slack allows 250 KB in a view."""
MOST_CHUNKS = 90

_FORMULA = frozenset("=+-@")
_COLUMNS = (
    *("step", "batch", "batches", "then", "host_name", "inventory_name", "ip", "region", "zone", "provider", "type"),
    *("agent_state_when_saved", "resource_id"),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file to send. ``about`` describes it in mrkdwn."""

    name: str
    content: bytes
    about: str


def make_file(snapshot: Snapshot, query: TargetQuery, kind: Kind) -> File:
    """The machines that match ``query`` as a file, named after the task and the time of the data (UTC)."""
    matches = list(matching(snapshot.targets, query))
    stem = re.sub(r"[^\w.-]+", "-", _shown(snapshot.task.name)[:60]).strip("-.") or "task"
    name = f"{stem}_{snapshot.task_id}_targets_{snapshot.as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}.{kind}"
    content = _csv(matches) if kind == "csv" else _json(snapshot, query, matches)
    some = "some of the targets, as filtered," if query.is_filtered else "the targets"
    about = (
        f"{stale_prefix(snapshot)}{count(len(matches), 'line')}: {some} of {task_name(snapshot)} "
        f"as of {date(snapshot.as_of)}. Agent states are from when the task was saved, not live."
    )
    return File(name, content, about)


def names_view(snapshot: Snapshot, query: TargetQuery, metadata: str) -> dict[str, Any]:
    """A modal with the distinct names of the matching machines, one a line, to copy."""
    names = list(dict.fromkeys(plain(match.machine.name, 255) for match in matching(snapshot.targets, query)))
    boxes, shown = _boxes(names)
    what = "that match" if query.is_filtered else "of all targets"
    top = f"{task_name(snapshot)}\n{count(len(names), 'name')} {what}"
    blocks: list[Block] = [
        *stale_blocks(snapshot),
        section(top),
        context(f"Host name, else the inventory's name, IP or resource id. Data as of {as_of(snapshot)}."),
        *boxes,
    ]
    if shown < len(names):
        blocks.append(section(f":warning: *{len(names) - shown:,} more did not fit.* The CSV holds them all."))
    return NAMES.view(blocks, metadata)


def _boxes(names: list[str]) -> tuple[list[Block], int]:
    """As many boxes of names as fit, and the number of names in them."""
    boxes: list[list[str]] = []
    room, bytes_left, shown = 0, MOST_BYTES, 0
    for name in names:
        bytes_left -= len(name) * (1 if name.isascii() else 12) + 2
        needs_box = len(name) + 1 > room
        if bytes_left < 0 or (needs_box and len(boxes) == MOST_CHUNKS):
            break
        if needs_box:
            boxes.append([])
            room = CHUNK
        boxes[-1].append(name)
        room -= len(name) + 1
        shown += 1
    return [rich_text(rich_text_part("preformatted", [leaf("\n".join(box))])) for box in boxes], shown


def _row(match: Match) -> list[str | int | None]:
    machine, rotation = match.machine, match.batch.rotation
    then = rotation.word.shown() if isinstance(rotation, Unknown) else rotation
    state = state_name(machine.agent_state) if machine.agent_state else None
    texts = (machine.cmdb_name, machine.ip, machine.region, machine.zone, machine.provider, machine.type)
    return [
        *(match.step.path, match.place, match.total, None if match.place == match.total else then),
        *(_shown(text) or None for text in (machine.host_name, *texts)),
        *(state, _shown(machine.resource_id) or None),
    ]


def _shown(text: Untrusted | None) -> str:
    return text.shown() if text else ""


def _csv(matches: list[Match]) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need; no cell can be read as a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(value) for value in _row(match)] for match in matches)
    return text.getvalue().encode("utf-8-sig", "replace")


def _cell(value: str | int | None) -> str:
    text = str(value) if value is not None else ""
    # Some spreadsheets read full-width signs as ASCII ones.
    return f"'{text}" if text and unicodedata.normalize("NFKC", text[0])[:1] in _FORMULA else text


def _json(snapshot: Snapshot, query: TargetQuery, matches: list[Match]) -> bytes:
    body = {
        "task_id": snapshot.task_id,
        "task_name": _shown(snapshot.task.name) or None,
        "as_of": snapshot.as_of.astimezone(UTC).isoformat(timespec="seconds"),
        "agent_states": "as of when the task was saved, not live",
        "complete": not snapshot.targets.faults,
        "filtered": query.is_filtered,
        "machines": [dict(zip(_COLUMNS, _row(match), strict=True)) for match in matches],
    }
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
