"""The lines of a list of machines: headings of steps and batches, machines under them, on pages."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.cards.block_kit import Block, bullets, code, context, count, leaf, mrkdwn, plain
from bot.cards.fields import agents, selection, state_name
from bot.task.enums import AgentState, Rotation, Selection, Unknown
from bot.task.target_query import TargetQuery, filter_of
from bot.task.targets import Batch, Machine, Step, Targets

PAGE_SIZE = 40
"""At most so many machines and so many headings are on one page."""
PAGE_WEIGHT = 80_000
"""Bytes of machines on one page, however their JSON is encoded: a view takes 250 KB."""

NAME_LENGTH = 255
"""Characters shown of a machine's name: the length of the longest host name."""

_SAVED = "The machines below are those that matched when the task was saved"

_DOTS = {
    AgentState.ONLINE: "large_green_circle",
    AgentState.OFFLINE: "red_circle",
    AgentState.FAILED: "red_circle",
    AgentState.INSTALLING: "large_yellow_circle",
    AgentState.UNINSTALLED: "white_circle",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a heading, or a machine under the last heading."""

    heading: str | None = None
    machine: Machine | None = None


def paginate(rows: list[Row]) -> list[list[Row]]:
    """Split the rows into pages. A page that begins under a heading repeats it."""
    pages: list[list[Row]] = [[]]
    heading: Row | None = None
    machines = headings = weight = 0
    for row in rows:
        added = _weight(row.machine) if row.machine else 0
        full = machines >= PAGE_SIZE or (machines and weight + added > PAGE_WEIGHT)
        # A heading needs room for a machine under it, but a machine may follow the last heading of a page.
        if full or (headings >= PAGE_SIZE and not row.machine):
            repeated = [Row(heading=f"{heading.heading}  ·  _continued_")] if heading and row.machine else []
            pages.append(repeated)
            machines, headings, weight = 0, len(repeated), 0
        if row.machine:
            machines, weight = machines + 1, weight + added
        else:
            heading, headings = row, headings + 1
        pages[-1].append(row)
    return pages


def batch_words(step: Step, place: int, total: int) -> str:
    """``step 2.1, batch 1 of 3``, in mrkdwn."""
    return f"step {mrkdwn(step.path, 20)}, batch {place} of {total}"


def list_rows(targets: Targets, query: TargetQuery) -> Iterator[Row]:
    """The machines that match a query, in order, under the headings of their steps and batches."""
    several = len(list(targets.walk())) > 1
    filters, everything = filter_of(query), not query.is_filtered
    for step in targets.walk():
        title = f"Step {mrkdwn(step.path, 20)}" if several else ""
        if everything and (about := _step_heading(step, title)):
            yield about
        for place, batch in enumerate(step.batches, start=1):
            if not filters.includes_batch(step, place):
                continue
            machines = [machine for machine in batch.machines if everything or filters.includes_machine(machine)]
            if machines or everything:
                matching = None if everything else len(machines)
                yield Row(heading=_batch(batch, place, len(step.batches), title, matching))
                yield from (Row(machine=machine) for machine in machines)


def _step_heading(step: Step, title: str) -> Row | None:
    # The lines above the list describe a single step.
    about = [
        _about(step) if title else "",
        _SAVED if step.selection == Selection.ALL and step.batches else "",
    ]
    parts = [part for part in (f"*{title}*" if title else "", *about) if part]
    return Row(heading="  ·  ".join(parts)) if any(about) else None


def _about(step: Step) -> str:
    if step.selection == Selection.NONE:
        return "needs no machines"
    if step.is_chosen_later:
        return selection(step)
    return "" if step.batches or step.steps or step.faults else "no machines listed"


def _batch(batch: Batch, place: int, total: int, step: str, matching: int | None) -> str:
    match batch.rotation:
        case Unknown(word):
            after = f"then {code(word, 40)}"
        case Rotation.CONTINUE:
            after = "then continue"
        case Rotation.PAUSE:
            after = "then pause for a person"
        case _:
            after = ""
    number = f" (number {mrkdwn(str(batch.number), 20)})" if batch.number != place else ""
    title = f"{step}, batch {place} of {total}{number}" if step else f"Batch {place} of {total}{number}"
    # Nothing follows the last batch, whatever its rotation says.
    machines = count(len(batch.machines), "machine")
    some = machines if matching in {None, len(batch.machines)} else f"{matching:,} of {machines}"
    parts = [f"*{title}*", some, _down(batch), after if place < total else ""]
    return "  ·  ".join(part for part in parts if part)


def _down(batch: Batch) -> str:
    counts = Counter(machine.agent_state for machine in batch.machines)
    return ", ".join(
        agents(state, counts[state]) for state in (AgentState.OFFLINE, AgentState.FAILED) if counts[state]
    )


def render_rows(rows: list[Row]) -> list[Block]:
    """The rows as blocks: at most two for each heading, and one."""
    blocks: list[Block] = []
    items: list[list[dict[str, Any]]] = []
    for row in [*rows, Row(heading="")]:
        if row.machine is not None:
            items.append(_item(row.machine))
            continue
        if items:
            blocks.append(bullets(items))
            items = []
        if row.heading:
            blocks.append(context(row.heading))
    return blocks


def _item(machine: Machine) -> list[dict[str, Any]]:
    state = machine.agent_state
    dot = "grey_question" if state is None or isinstance(state, Unknown) else _DOTS[state]
    words = "state unknown" if state is None else state_name(state).lower()
    ip = machine.ip if machine.ip != machine.name else None
    facts = [ip and plain(ip, 60), machine.location and plain(machine.location, 60), _kind(machine), plain(words, 30)]
    elements: list[dict[str, Any]] = [
        {"type": "emoji", "name": dot},
        leaf("  "),
        leaf(plain(machine.name, NAME_LENGTH, absent="unnamed machine"), bold=True),
        leaf("  " + "  ·  ".join(fact for fact in facts if fact)),
    ]
    if machine.resource_id and machine.resource_id != machine.name:
        elements += [leaf("  "), leaf(plain(machine.resource_id, 80), code=True)]
    return elements


def _kind(machine: Machine) -> str:
    """Provider and type; the type only where it is not an ordinary cloud server."""
    words = (machine.provider, None if machine.is_ordinary else machine.type)
    return " ".join(plain(word, 25) for word in words if word)


def _weight(machine: Machine) -> int:
    """An upper estimate of a machine's bytes in a view, JSON's escapes included."""
    text = machine.texts
    return 600 + min(len(text), 600) * (1 if text.isascii() else 12)
