"""The modal "Show targets": target instances by step and batch, on pages."""

from collections import Counter
from dataclasses import replace
from typing import Any

from bot.cards.block_kit import (
    Block,
    actions,
    button,
    code,
    context,
    count,
    divider,
    enumerated,
    mrkdwn,
    overflow,
    plain_text,
    section,
    select,
)
from bot.cards.fields import as_of, task_name, unreadable, where_lines
from bot.cards.machines import Row, list_rows, paginate, render_rows
from bot.cards.modal import Modal
from bot.cards.problem import reuse_note, stale_blocks
from bot.cards.target_menus import Menus, menus
from bot.task.snapshot import Snapshot
from bot.task.target_query import ANY, LONGEST_FIND, TargetQuery, encode_query
from bot.task.targets import Step, Targets

STATE, REGION, PART, FIND = "targets_state", "targets_region", "targets_part", "targets_find"
"""Action ids of the filters and of the search field."""
PAGE, PREVIOUS, NEXT = "targets_page", "targets_previous", "targets_next"
AGAIN, CLEAR = "targets_again", "targets_clear"
"""Action ids that turn pages, refresh the data and clear the filters."""

FEW = 5
"""Up to so many machines there are no filters and no search."""

CSV, JSON, NAMES, THREAD = "targets_csv", "targets_json", "targets_names", "targets_thread"
"""Action ids that export the list."""

TARGETS = Modal("Targets", "targets", AGAIN, "Press Show targets")


def targets_view(snapshot: Snapshot, query: TargetQuery | None = None, *, note: str = "") -> dict[str, Any]:
    """One page of the machines that match ``query``; a page number out of range counts as the nearest one.

    ``note`` is mrkdwn of at most 500 characters: the outcome of an export.
    """
    targets = snapshot.targets
    choices = menus(targets)
    query = (query or TargetQuery(snapshot.task_id)).limited_to(
        dict(choices.states), dict(choices.regions), dict(choices.parts)
    )
    pages = paginate(list(list_rows(targets, query)))
    page = min(max(query.page, 1), len(pages))
    query = replace(query, page=page)
    refresh = button("Refresh", AGAIN, snapshot.task_id)
    name = task_name(snapshot)
    saved = "Agent states are from when the task was saved, not live. " if targets.machines else ""
    shared = f" {reuse_note(snapshot)}." if snapshot.reused_s is not None else ""
    blocks = [
        *stale_blocks(snapshot),
        section("\n".join([name, *where_lines(targets)]), refresh),
        *_counts(targets),
        context(f"{saved}Data as of {as_of(snapshot)}.{shared}"),
        *_faults(targets),
    ]
    searchable = len(targets.machines) > FEW
    if searchable:
        blocks += _controls(query, choices)
    blocks += [divider(), *_result(targets, query, pages), *render_rows(pages[page - 1])]
    if len(pages) > 1:
        blocks.append(_page_buttons(page, len(pages), query.epoch))
    # Next to the buttons it answers.
    blocks += [section(note)] if note else []
    if targets.machines:
        blocks.append(_export_buttons(query))
    return TARGETS.view(blocks, encode_query(query), submit="Find" if searchable else None)


def all_targets(snapshot: Snapshot) -> list[Block]:
    """Everything on a single page, for a terminal."""
    rows = list(list_rows(snapshot.targets, TargetQuery(snapshot.task_id)))
    return [*_faults(snapshot.targets), *render_rows(rows)]


def _faults(targets: Targets) -> list[Block]:
    blocks = [section(unreadable(fault, 500)) for fault in targets.faults[:5]]
    if len(targets.faults) > 5:
        blocks.append(context(f":warning: {len(targets.faults) - 5} more parts are not readable."))
    return blocks


def _counts(targets: Targets) -> list[Block]:
    """Numbers of machines by region, by provider and type, by step and batch."""
    if not targets.machines:
        return []
    kinds: Counter[str] = Counter()
    for words, number in targets.kinds.items():
        kinds[" / ".join(word.shown(60) for word in words if word) or "not stated"] += number
    regions: Counter[str] = Counter()
    for region, number in targets.regions.items():
        regions[region.shown(60) if region else "not stated"] += number
    lines = [f"Regions: {_most(regions)}", f"Providers: {_most(kinds)}"]
    steps = [step for step in targets.walk() if step.batches]
    if len(steps) > 1:
        parts = [f"step {mrkdwn(step.path, 20)}: {_batches(step)}" for step in steps[:8]]
        more = f" · and {count(len(steps) - 8, 'more step')}" if len(steps) > 8 else ""
        lines.append(f"Machines by step and batch: {' · '.join(parts)}{more}")
    elif targets.batch_count > 1:
        lines.append(f"Machines by batch: {_batches(steps[0])}")
    return [context("\n".join(lines))]


def _most(counts: Counter[str]) -> str:
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    more = f", {len(ordered) - 6:,} more" if len(ordered) > 6 else ""
    return ", ".join(f"{mrkdwn(word, 60)} ({counts[word]:,})" for word in ordered[:6]) + more


def _batches(step: Step) -> str:
    sizes = [f"{len(batch.machines):,}" for batch in step.batches]
    more = f" + {len(sizes) - 12:,} more" if len(sizes) > 12 else ""
    return " + ".join(sizes[:12]) + more


def _controls(query: TargetQuery, choices: Menus) -> list[Block]:
    """The filters that have a choice, and the search field."""
    row = [
        select(action_id, options[0][1], options, chosen or ANY)
        for action_id, options, chosen in (
            (STATE, choices.states, query.state),
            (REGION, choices.regions, query.region),
            (PART, choices.parts, query.part),
        )
        if len(options) > 2
    ]
    row += [button("Clear filters", CLEAR, query.task_id)] if query.is_filtered else []
    blocks = [actions(*row, block_id=f"filters:{query.epoch}")] if row else []
    if choices.left_out:
        blocks.append(context(f"The menus have no room for: {enumerated(list(choices.left_out))}. Search finds all."))
    field: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": FIND,
        "placeholder": plain_text("name, IP or resource id; * for any characters"),
        "max_length": LONGEST_FIND,
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
        **({"initial_value": query.text} if query.text else {}),
    }
    search = {
        "type": "input",
        "block_id": f"find:{query.epoch}",
        "dispatch_action": True,
        "optional": True,
        "label": plain_text("Find a machine"),
        "element": field,
    }
    return [*blocks, search]


def _result(targets: Targets, query: TargetQuery, pages: list[list[Row]]) -> list[Block]:
    """How many machines match, and which of them this page shows."""
    total = sum(len(batch.machines) for step in targets.walk() for batch in step.batches)
    shown = [sum(row.machine is not None for row in page) for page in pages]
    matching, first = sum(shown), sum(shown[: query.page - 1]) + 1
    if not total:
        none = "No machine could be read." if targets.faults else "No machines to list."
        return [section(f"_{none}_")] if not any(pages) else []
    if not matching:
        asked = f" {code(query.text, 130)}" if query.text else ""
        filters = " with these filters" if query.state or query.region or query.part else ""
        return [section(f":grey_question:  No machine matches{asked}{filters}.")]
    each = f"{matching:,} of {count(total, 'machine')} match" if query.is_filtered else count(total, "machine")
    if total > len(targets.machines):
        each += f" ({len(targets.machines):,} different ones: steps share some)"
    if len(pages) == 1:
        return [context(f"*{each}*")] if query.is_filtered else []
    last = first + shown[query.page - 1] - 1
    return [context(f"*{each}*  ·  {first:,}–{last:,}, page {query.page:,} of {len(pages):,}")]


def _page_buttons(page: int, pages: int, epoch: int) -> Block:
    row = [button("Previous", PREVIOUS, str(page - 1))] if page > 1 else []
    row.append(select(PAGE, "Page", [(str(n), f"Page {n:,} of {pages:,}") for n in _stops(page, pages)], str(page)))
    row += [button("Next", NEXT, str(page + 1))] if page < pages else []
    # A new id for each page: under the old one Slack would keep showing the old choice.
    return actions(*row, block_id=f"pages:{epoch}:{page}")


def _stops(page: int, pages: int) -> list[int]:
    """The pages in the jump menu: all of them, or the near ones and a sample of the rest."""
    if pages <= 100:
        return list(range(1, pages + 1))
    near = range(max(page - 5, 1), min(page + 5, pages) + 1)
    return sorted({1, pages, *near, *range(0, pages, -(-pages // 80))} - {0})


def _export_buttons(query: TargetQuery) -> Block:
    row = [
        button("Send me CSV", CSV, query.task_id),
        button("Send me JSON", JSON, query.task_id),
        button("Names to paste", NAMES, query.task_id),
    ]
    if query.channel and query.thread:
        row.append(overflow(THREAD, ("CSV into the card's thread", "csv"), ("JSON into the card's thread", "json")))
    return actions(*row)
