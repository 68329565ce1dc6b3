"""The modal "Parameters": the input of a script or job, in order, with secrets hidden.

``bot.cards.parameter_entries`` cleans, redacts and folds the values.
"""

import json
from itertools import islice
from typing import Any

from bot.cards.block_kit import (
    Block,
    bullets,
    button,
    code,
    context,
    count,
    divider,
    leaf,
    mrkdwn,
    rich_text,
    rich_text_part,
    section,
)
from bot.cards.fields import as_of, task_name
from bot.cards.modal import Modal
from bot.cards.parameter_entries import INLINE, Entry, entries
from bot.cards.problem import reuse_note, stale_blocks
from bot.redact import count_hidden
from bot.task.enums import Kind, Unknown
from bot.task.parameters import Parameters
from bot.task.snapshot import Snapshot

AGAIN = "parameters_again"
"""Action id of the modal's Refresh and Try again."""

PARAMETERS = Modal("Parameters", "parameters", AGAIN, "Choose Parameters")

_MOST_BLOCKS, _MOST_BYTES = 90, 225_000
"""Blocks and bytes of JSON for the parameters. Slack allows 100 and 250,000 in a view, headings included."""
_BELOW = "\n      "
"""Begins a line under an item in a terminal."""


def parameters_view(snapshot: Snapshot) -> dict[str, Any]:
    """The modal: each parameter's name and value, the user, time limit (s), success rate (%) and project.

    Parameters that do not fit in a view are counted.
    """
    name = task_name(snapshot)
    facts = _facts(snapshot)
    shown: list[Entry] = []
    blocks: list[Block] = []
    room = _MOST_BYTES
    for entry in islice(entries(snapshot.parameters, is_numbered=_is_numbered(snapshot)), _MOST_BLOCKS):
        block = _block(entry)
        room -= len(json.dumps(block))
        if room < 0:
            break
        shown.append(entry)
        blocks.append(block)
    when = f"as of {as_of(snapshot)}"
    top = [
        *stale_blocks(snapshot),
        section("\n".join([name, *facts]), button("Refresh", AGAIN, snapshot.task_id)),
        context("  ·  ".join(filter(None, [*_counted(snapshot, facts, shown), when, reuse_note(snapshot)]))),
    ]
    return PARAMETERS.view([*top, *_around(snapshot, shown, [divider(), *blocks])], snapshot.task_id)


def all_parameters(snapshot: Snapshot) -> list[Block]:
    """The same for a terminal: all parameters in a list, without a button. Long values are folded too."""
    facts = _facts(snapshot)
    shown = list(entries(snapshot.parameters, is_numbered=_is_numbered(snapshot)))
    counted = _counted(snapshot, facts, shown)
    top = [section("\n".join(["*Parameters*", *facts])), *([context("  ·  ".join(counted))] if counted else [])]
    return [*top, *_around(snapshot, shown, [bullets(map(_item, shown))])]


def _around(snapshot: Snapshot, shown: list[Entry], blocks: list[Block]) -> list[Block]:
    """The list and the notes below it, or one sentence where there are no parameters."""
    parameters = snapshot.parameters
    faults = len(parameters.faults) - sum(entry.is_unreadable for entry in shown)
    omitted = _total(parameters) - sum(not entry.is_unreadable for entry in shown)
    notes = [f":warning: {count(faults, 'more part')} not readable, and not shown here."] if faults else []
    notes += [f":warning: {count(omitted, 'more parameter')} did not fit in here."] if omitted else []
    empty = [] if _total(parameters) or parameters.faults else [section(_no_parameters(snapshot))]
    return [*(blocks if shown else []), *empty, *map(context, notes)]


def _no_parameters(snapshot: Snapshot) -> str:
    if not snapshot.parameters.were_sent:
        return "COC sent no parameters of this task."
    return f"This {_kind(snapshot) or 'task'} takes no parameters."


def _kind(snapshot: Snapshot) -> str | None:
    kind = snapshot.task.kind
    return None if kind is None or isinstance(kind, Unknown) else {Kind.SCRIPT: "script", Kind.RUNBOOK: "job"}[kind]


def _total(parameters: Parameters) -> int:
    return len(parameters.script) + len(parameters.other)


def _facts(snapshot: Snapshot) -> list[str]:
    """The script's or job's name; the user, time limit, success rate and project. Lines of mrkdwn."""
    parameters, executes = snapshot.parameters, snapshot.task.executes
    what = (_kind(snapshot) or "script or job").capitalize()
    lines = [f"{what} *{mrkdwn(executes, 100)}*"] if executes else []
    parts = []
    if parameters.execute_user:
        parts.append(f"Runs as {code(parameters.execute_user, 60)}")
    if parameters.timeout_s:
        parts.append(f"Time limit {mrkdwn(parameters.timeout_s, 20)} s")
    if parameters.success_rate_percent:
        parts.append(f"Success rate {mrkdwn(parameters.success_rate_percent, 20)} %")
    if parameters.project_id:
        parts.append(f"Project {code(parameters.project_id, 60)}")
    return lines + (["  ·  ".join(parts)] if parts else [])


def _counted(snapshot: Snapshot, facts: list[str], shown: list[Entry]) -> list[str]:
    """The number of parameters, their order, and the number of hidden values."""
    total = _total(snapshot.parameters)
    order = f"in the order in which {'the script takes' if _is_numbered(snapshot) else 'COC lists'} them"
    parts = [count(total, "parameter") + (f", {order}" if total > 1 else "")] if total else []
    hidden = sum(entry.hidden for entry in shown) + sum(map(count_hidden, facts))
    is_partial = any(entry.is_partial for entry in shown)
    if hidden:
        why = "because it looks like a secret" if hidden == 1 else "because they look like secrets"
        parts.append(f"{'at least ' if is_partial else ''}{count(hidden, 'value')} hidden {why}")
    elif shown:
        parts.append("no value hidden in what is shown" if is_partial else "no value hidden")
    return parts


def _is_numbered(snapshot: Snapshot) -> bool:
    """Whether the parameters are numbered: a script takes them by position, a job by name."""
    return bool(snapshot.parameters.script) or _kind(snapshot) == "script"


def _block(entry: Entry) -> Block:
    """A parameter in Slack: its name, with the value beside it or, if long, below."""
    line = _line(entry)
    if entry.text and not _is_inline(entry):
        parts = [rich_text_part("section", line), rich_text_part("preformatted", [leaf(entry.text)])]
        parts += [rich_text_part("section", [leaf(entry.fold_note, italic=True)])] if entry.fold_note else []
        return rich_text(*parts)
    return rich_text(rich_text_part("section", line + _beside(entry)))


def _item(entry: Entry) -> list[dict[str, Any]]:
    """A parameter in a terminal, where a leaf may have several lines."""
    if _is_inline(entry):
        return _line(entry) + _beside(entry)
    below = f"\n{entry.text}".replace("\n", _BELOW)
    fold_note = [leaf(_BELOW), leaf(entry.fold_note, italic=True)] if entry.fold_note else []
    return [*_line(entry), leaf(below, code=True), *fold_note]


def _is_inline(entry: Entry) -> bool:
    return "\n" not in entry.text and len(entry.text) <= INLINE and not entry.is_unreadable


def _line(entry: Entry) -> list[dict[str, Any]]:
    leaves: list[dict[str, Any]] = []
    if entry.is_unreadable:
        leaves += [{"type": "emoji", "name": "warning"}, leaf("  ")]
    if entry.number is not None:
        leaves.append(leaf(f"{entry.number:,}.  "))
    leaves.append(leaf(entry.name, bold=True))
    return [*leaves, leaf("  "), leaf(entry.note, italic=True)] if entry.note else leaves


def _beside(entry: Entry) -> list[dict[str, Any]]:
    leaves = [leaf("  "), leaf(entry.text, code=True)] if entry.text.strip() else []
    return [*leaves, leaf("  "), leaf(entry.fold_note, italic=True)] if entry.fold_note else leaves
