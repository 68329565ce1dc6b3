"""The modal behind "Show targets": the decoded target instances, per step and batch, on pages."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot import redact
from bot.cards.blocks import Block, actions, button, context, divider, section
from bot.cards.fields import agents, selection, where_lines
from bot.cards.modal import Modal
from bot.cards.text import LONGEST, code, count, cut, date, mrkdwn, plain
from bot.coc.reading import canonical
from bot.coc.snapshot import Snapshot
from bot.coc.targets import Batch, Machine, Step, Targets

PAGE_SIZE = 40
"""Machines on one page: about 20 KB of blocks with ordinary names, 60 KB with the longest."""

NAME_LENGTH = 128
"""Characters of a machine's name that are shown: as many as a cloud server's name may have."""

PREVIOUS = "targets_previous"
NEXT = "targets_next"
AGAIN = "targets_again"
"""Action ids of the modal's buttons."""

TARGETS = Modal("Targets", "targets", AGAIN, "Press Show targets")

_SAVED = "The machines below are those that matched when the task was saved"

_DOTS = {
    "ONLINE": "large_green_circle",
    "OFFLINE": "red_circle",
    "FAILED": "red_circle",
    "INSTALLING": "large_yellow_circle",
    "UNINSTALLED": "white_circle",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the list: a heading, or a machine under the last heading."""

    heading: str | None = None
    machine: Machine | None = None


def targets_view(snapshot: Snapshot, page: int = 1) -> dict[str, Any]:
    """The targets, page ``page`` from 1; a number outside is taken as the nearest page."""
    rows = list(_rows(snapshot.targets))
    pages = paginate(rows)
    page = min(max(page, 1), len(pages))
    name = mrkdwn(snapshot.task.name, 150, absent=snapshot.task_id)
    saved = "Agent states are from when the task was saved, not live. " if snapshot.targets.machines else ""
    blocks = [
        section(f"*{name}*\n" + "\n".join(where_lines(snapshot.targets))),
        context(f"{saved}Data as of {date(snapshot.as_of, '{date_short_pretty} {time_secs}')}."),
    ]
    blocks += _broken(snapshot.targets)
    blocks.append(divider())
    blocks += _list(pages[page - 1])
    if len(pages) > 1:
        blocks += _turner(page, len(pages))
    return TARGETS.view(blocks, snapshot.task_id)


def all_targets(snapshot: Snapshot) -> list[Block]:
    """Everything on one page without end, for a terminal."""
    return [*_broken(snapshot.targets), *_list(list(_rows(snapshot.targets)))]


def paginate(rows: list[_Row]) -> list[list[_Row]]:
    """The rows on pages of at most PAGE_SIZE machines and headings each; a page repeats the heading it is under."""
    pages: list[list[_Row]] = [[]]
    heading: _Row | None = None
    machines = headings = 0
    for row in rows:
        # A heading needs room for a machine under it, but a machine may follow the last heading of a page.
        if machines >= PAGE_SIZE or (headings >= PAGE_SIZE and not row.machine):
            again = [_Row(heading=f"{heading.heading}  ·  _continued_")] if heading and row.machine else []
            pages.append(again)
            machines, headings = 0, len(again)
        if row.machine:
            machines += 1
        else:
            heading, headings = row, headings + 1
        pages[-1].append(row)
    return pages


def batch_words(step: Step, place: int, total: int) -> str:
    """``step 2.1, batch 1 of 3``: where a machine stands. mrkdwn."""
    return f"step {mrkdwn(step.path, 20)}, batch {place} of {total}"


def _rows(targets: Targets) -> Iterator[_Row]:
    several = len(list(targets.walk())) > 1
    for step in targets.walk():
        title = f"Step {mrkdwn(step.path, 20)}" if several else ""
        # Of a single step the lines above the list say the rest.
        about = [
            _about(step) if several else "",
            _SAVED if canonical(step.selection) == "ALL" and step.batches else "",
        ]
        parts = [part for part in (f"*{title}*" if title else "", *about) if part]
        if any(about):
            yield _Row(heading="  ·  ".join(parts))
        for place, batch in enumerate(step.batches, start=1):
            yield _Row(heading=_batch(batch, place, len(step.batches), title))
            for machine in batch.machines:
                yield _Row(machine=machine)


def _about(step: Step) -> str:
    word = canonical(step.selection)
    if word == "NONE":
        return "needs no machines"
    if word not in {"", "MANUAL"}:
        return selection(step)
    return "" if step.batches or step.steps or step.faults else "no machines listed"


def _batch(batch: Batch, place: int, total: int, step: str) -> str:
    after = {"CONTINUE": "then continue", "PAUSE": "then pause for a person"}.get(canonical(batch.rotation))
    if after is None and batch.rotation:
        after = f"then {code(batch.rotation, 40)}"
    number = f" (number {mrkdwn(str(batch.number), 20)})" if batch.number != place else ""
    title = f"{step}, batch {place} of {total}{number}" if step else f"Batch {place} of {total}{number}"
    # What follows the last batch is the end, whatever its rotation says.
    parts = [f"*{title}*", count(len(batch.machines), "machine"), _down(batch), after if place < total else None]
    return "  ·  ".join(part for part in parts if part)


def _down(batch: Batch) -> str:
    found = Counter(machine.agent_state for machine in batch.machines)
    return ", ".join(agents(state, found[state]) for state in ("OFFLINE", "FAILED") if found[state])


def _list(rows: list[_Row]) -> list[Block]:
    blocks: list[Block] = []
    items: list[dict[str, Any]] = []
    for row in [*rows, _Row(heading="")]:
        if row.machine is not None:
            items.append(_item(row.machine))
            continue
        if items:
            blocks.append(_bullets(items))
            items = []
        if row.heading:
            blocks.append(context(row.heading))
    return blocks or [section("_No machines to list._")]


def _bullets(items: list[dict[str, Any]]) -> Block:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": items}],
    }


def _item(machine: Machine) -> dict[str, Any]:
    state = machine.agent_state
    mark = _DOTS.get(state or "", "grey_question")
    words = "state unknown" if state is None else state.lower()
    place = machine.zone if machine.zone and machine.region and machine.region in machine.zone else None
    region = place or " / ".join(part for part in (machine.region, machine.zone) if part)
    facts = [machine.ip if machine.ip != machine.name else None, region or None, plain(words, 30)]
    elements: list[dict[str, Any]] = [
        {"type": "emoji", "name": mark},
        _leaf("  "),
        {"type": "text", "text": plain(machine.name, NAME_LENGTH, absent="unnamed machine"), "style": {"bold": True}},
        _leaf("  " + "  ·  ".join(plain(part, 60) for part in facts if part)),
    ]
    if machine.resource_id and machine.resource_id != machine.name:
        elements.append(_leaf("  ·  "))
        elements.append({"type": "text", "text": plain(machine.resource_id, 80), "style": {"code": True}})
    return {"type": "rich_text_section", "elements": elements}


def _leaf(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _broken(targets: Targets) -> list[Block]:
    blocks = []
    for fault in targets.faults[:5]:
        raw = redact.plain(cut(fault.raw, LONGEST))
        shown = f"\nAs it came: {code(raw, 500)}" if raw.strip() else ""
        blocks.append(section(f":warning: *Not readable:* {mrkdwn(str(fault), 200)}{shown}"))
    if len(targets.faults) > 5:
        blocks.append(context(f":warning: {len(targets.faults) - 5} more parts are not readable."))
    return blocks


def _turner(page: int, pages: int) -> list[Block]:
    row = []
    if page > 1:
        row.append(button("Previous", PREVIOUS, str(page - 1)))
    if page < pages:
        row.append(button("Next", NEXT, str(page + 1)))
    return [context(f"Page {page} of {pages}"), actions(*row)]
