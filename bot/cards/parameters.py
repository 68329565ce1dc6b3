"""The modal behind "Parameters": what a script or job is given, in order, with every secret in it hidden.

Values are other people's text, any length, any content. ``bot.redact.excerpt`` cleans and redacts each; here it is
folded. Nothing that is said of a value depends on how long a hidden part of it is.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from bot.cards.blocks import Block, button, context, divider, section
from bot.cards.modal import Modal
from bot.cards.stale import asked_before, old_data
from bot.cards.text import code, count, date, mrkdwn, plain
from bot.redact import HIDDEN, count_hidden
from bot.redact.excerpt import Excerpt, excerpt, json_excerpt
from bot.redact.untrusted import CUT, UntrustedJson
from bot.task.enums import Kind, Unknown
from bot.task.fault import Fault
from bot.task.parameters import Parameter, Parameters
from bot.task.snapshot import Snapshot

AGAIN = "parameters_again"
"""Action id of the modal's Refresh and Try again."""

PARAMETERS = Modal("Parameters", "parameters", AGAIN, "Choose Parameters")

FOLD_CHARACTERS, FOLD_LINES = 600, 12
"""What is shown of one value; the rest is folded."""

MOST_FAULTS = 5
"""Unreadable parts that are shown."""

_INLINE = 56
"""Characters up to which a value of one line stands beside its name."""
_LOOKED_AT = 100_000
"""Characters after which no further value is looked at. The redactor takes about 5 µs for each."""
_PLACES, _ROOM = 90, 225_000
"""Blocks and bytes of JSON for the parameters. A view takes 100 and 250,000; the rest is for what is around."""
_END_UNSEEN = 1_000
"""Characters before the end of what is looked at that are never shown: half a secret there looks like none."""
_BELOW = "\n      "
"""The beginning of a line under an item in a terminal."""

_LIKE_JSON = re.compile(r"""\s*+(?:\{\s*+"|\[\s*+[{\["])""")


@dataclass(frozen=True, slots=True)
class _Told:
    """One parameter, or one part that is not readable, as it may be shown."""

    name: str
    place: int | None = None
    """From 1, where the script counts its parameters."""
    words: str = ""
    """Our own words about it, behind the name."""
    text: str = ""
    """What is shown of the value: cleaned, redacted, folded; may have several lines."""
    mark: str = ""
    """Says that and how much was folded."""
    hidden: int = 0
    """Secrets in all that was looked at."""
    looked_at: int = 0
    """Characters that were looked at."""
    partly: bool = False
    """Whether there is more that was not looked at."""
    unreadable: bool = False


def parameters_view(snapshot: Snapshot) -> dict[str, Any]:
    """The modal: each parameter's name and value, the user, time limit (s), success rate (%) and project.

    Valid whatever the snapshot holds; what does not fit in a view is counted. Never raises.
    """
    name = f"*{mrkdwn(snapshot.task.name, 150, absent=snapshot.task_id)}*"
    facts = _facts(snapshot)
    shown: list[_Told] = []
    blocks: list[Block] = []
    room = _ROOM
    for told in islice(_all(snapshot), _PLACES):
        block = _block(told)
        room -= len(json.dumps(block))
        if room < 0:
            break
        shown.append(told)
        blocks.append(block)
    when = f"as of {date(snapshot.as_of, '{date_short_pretty} {time_secs}')}"
    top = [
        *old_data(snapshot),
        section("\n".join([name, *facts]), button("Refresh", AGAIN, snapshot.task_id)),
        context("  ·  ".join(filter(None, [*_counted(snapshot, facts, shown), when, asked_before(snapshot)]))),
    ]
    return PARAMETERS.view([*top, *_around(snapshot, shown, [divider(), *blocks])], snapshot.task_id)


def all_parameters(snapshot: Snapshot) -> list[Block]:
    """The same for a terminal: a list, no button; in full but for long values, which are folded here too."""
    facts = _facts(snapshot)
    shown = list(_all(snapshot))
    counted = _counted(snapshot, facts, shown)
    top = [section("\n".join(["*Parameters*", *facts])), *([context("  ·  ".join(counted))] if counted else [])]
    items = [{"type": "rich_text_section", "elements": _item(told)} for told in shown]
    bullets = {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": items}
    return [*top, *_around(snapshot, shown, [{"type": "rich_text", "elements": [bullets]}])]


def _around(snapshot: Snapshot, shown: list[_Told], blocks: list[Block]) -> list[Block]:
    """The list with what is to be said below it; nothing but words where there is no parameter."""
    found = snapshot.parameters
    faults = len(found.faults) - sum(told.unreadable for told in shown)
    left = _total(found) - sum(not told.unreadable for told in shown)
    notes = [f":warning: {count(faults, 'more part')} not readable, and not shown here."] if faults else []
    notes += [f":warning: {count(left, 'more parameter')} did not fit in here."] if left else []
    empty = [] if _total(found) or found.faults else [section(_none(snapshot))]
    return [*(blocks if shown else []), *empty, *map(context, notes)]


def _none(snapshot: Snapshot) -> str:
    if not snapshot.parameters.were_sent:
        return "COC sent no parameters of this task."
    return f"This {_kind(snapshot) or 'task'} takes no parameters."


def _kind(snapshot: Snapshot) -> str | None:
    kind = snapshot.task.kind
    return None if kind is None or isinstance(kind, Unknown) else {Kind.SCRIPT: "script", Kind.RUNBOOK: "job"}[kind]


def _total(found: Parameters) -> int:
    return len(found.script) + len(found.other)


def _facts(snapshot: Snapshot) -> list[str]:
    """The script's or job's name; the user, the time limit, the success rate, the project. mrkdwn, a line each."""
    found, executes = snapshot.parameters, snapshot.task.executes
    what = (_kind(snapshot) or "script or job").capitalize()
    lines = [f"{what} *{mrkdwn(executes, 100)}*"] if executes else []
    parts = []
    if found.execute_user:
        parts.append(f"Runs as {code(found.execute_user, 60)}")
    if found.timeout_s:
        parts.append(f"Time limit {mrkdwn(found.timeout_s, 20)} s")
    if found.success_rate_percent:
        parts.append(f"Success rate {mrkdwn(found.success_rate_percent, 20)} %")
    if found.project_id:
        parts.append(f"Project {code(found.project_id, 60)}")
    return lines + (["  ·  ".join(parts)] if parts else [])


def _counted(snapshot: Snapshot, facts: list[str], shown: list[_Told]) -> list[str]:
    """How many parameters, in which order; how many values are hidden."""
    total = _total(snapshot.parameters)
    order = f"in the order in which {'the script takes' if _has_places(snapshot) else 'COC lists'} them"
    parts = [count(total, "parameter") + (f", {order}" if total > 1 else "")] if total else []
    hidden = sum(told.hidden for told in shown) + sum(map(count_hidden, facts))
    partly = any(told.partly for told in shown)
    if hidden:
        why = "because it looks like a secret" if hidden == 1 else "because they look like secrets"
        parts.append(f"{'at least ' if partly else ''}{count(hidden, 'value')} hidden {why}")
    elif shown:
        parts.append("no value hidden in what is shown" if partly else "no value hidden")
    return parts


def _has_places(snapshot: Snapshot) -> bool:
    """Whether the parameters have places: a script takes them by number, a job by name."""
    return bool(snapshot.parameters.script) or _kind(snapshot) == "script"


def _all(snapshot: Snapshot) -> Iterator[_Told]:
    """What is not readable, then every parameter in order, until there is too much to look at."""
    looked_at = 0
    for told in _each(snapshot.parameters, "beside the script's own" if _has_places(snapshot) else ""):
        yield told
        looked_at += told.looked_at
        if looked_at > _LOOKED_AT:
            return


def _each(found: Parameters, beside: str) -> Iterator[_Told]:
    yield from map(_unreadable, found.faults[:MOST_FAULTS])
    for place, item in enumerate(found.script, start=1):
        yield _told(item, place)
    for item in found.other:
        yield _told(item, None, beside)


def _unreadable(fault: Fault) -> _Told:
    value = _folded(excerpt(fault.raw))
    # Where it broke, and of how many characters, would give away the length of what is hidden.
    words = fault.reason if value.hidden or value.partly else fault.place
    return replace(value, name=f"Not readable: {plain(fault.where, 60)}", words=words, unreadable=True)


def _told(item: Parameter, place: int | None, words: str = "") -> _Told:
    name = excerpt(item.name)
    if item.refers_to:
        value = replace(_folded(excerpt(item.refers_to)), words="refers to")
    elif item.is_secret and item.value:
        value = _Told("", text=HIDDEN, hidden=1)
    elif item.structured is not None:
        value = _structured(item.structured)
    else:
        value = _folded(excerpt(item.value)) if item.value else _Told("")
    said = [part for part in (words, value.words, _odd(item, value)) if part]
    return replace(
        value, name=plain(item.name, 100), place=place, words=", ".join(said), hidden=value.hidden + name.hidden
    )


def _odd(item: Parameter, value: _Told) -> str:
    """What to say of a value besides the value."""
    if item.refers_to:
        return ""
    if item.value is None and item.structured is None:
        return "no value"
    if not value.text and not value.mark:
        return "nothing visible"
    is_broken = item.structured is None and value.text != HIDDEN and _LIKE_JSON.match(value.text)
    return "not readable as JSON, shown as it came" if is_broken else ""


def _structured(value: UntrustedJson) -> _Told:
    """A decoded value as JSON; of a list, the beginning."""
    # Each entry takes a line at least, so more of them are not seen anyway.
    shown = json_excerpt(value, entries=FOLD_LINES, inline=_INLINE)
    kind = "list" if isinstance(value.value, list) else "object"
    entries = count(len(value.value), "entry", "entries")
    if shown is None:
        return _Told("", mark=f"{CUT} folded: a JSON {kind} with {entries}, too long to show here", partly=True)
    told = _folded(replace(shown, is_partial=False))
    return replace(told, mark=f"{CUT} folded: the list has {entries}", partly=True) if shown.is_partial else told


def _folded(value: Excerpt) -> _Told:
    """The beginning of a redacted text."""
    text, hidden, partly = value.text, value.hidden, value.is_partial
    if partly and len(text) < FOLD_CHARACTERS + _END_UNSEEN:
        # Little is left of much, so how much is left would tell how long the secrets are.
        last = text.rfind(HIDDEN) + len(HIDDEN)
        text = text[:last] if hidden else text[: max(len(text) - _END_UNSEEN, 0)]
    stop = _stop(text)
    shown, rest = text[:stop].rstrip(), text[stop:].strip()
    mark = _mark(rest, exact=not partly, hides=hidden > 0)
    return _Told("", text=shown, mark=mark, hidden=hidden, looked_at=value.examined, partly=partly)


def _mark(rest: str, *, exact: bool, hides: bool) -> str:
    """What is said of the folded ``rest``; ``""`` where there is none."""
    lines = rest.count("\n") + 1
    if not exact:
        # Where the look ended depends on how long the secrets before it are.
        over = len(rest) // 100 * 100
        return f"{CUT} folded: " + ("the rest" if hides or not over else f"over {over:,} more characters")
    if not rest:
        return ""
    if lines == 1:
        return f"{CUT} folded: {count(len(rest), 'more character')}"
    return f"{CUT} folded: {count(lines, 'more line')}, {count(len(rest), 'character')}"


def _stop(text: str) -> int:
    """Where to fold: after so many lines or characters, but not inside the sign for a hidden value."""
    stop = min(len(text), FOLD_CHARACTERS)
    lines = [match.start() for match in islice(re.finditer("\n", text), FOLD_LINES)]
    if len(lines) == FOLD_LINES and lines[-1] < stop:
        return lines[-1]
    sign = text.rfind(HIDDEN, 0, stop + len(HIDDEN) - 1)
    return max(stop, sign + len(HIDDEN)) if sign >= 0 else stop


def _block(told: _Told) -> Block:
    """A parameter in Slack: its name, then the value beside it or, if long, below."""
    line = _line(told)
    if told.text and not _inline(told):
        parts = [_part("section", line), _part("preformatted", [_leaf(told.text)])]
        parts += [_part("section", [_leaf(told.mark, italic=True)])] if told.mark else []
        return {"type": "rich_text", "elements": parts}
    return {"type": "rich_text", "elements": [_part("section", line + _beside(told, told.text))]}


def _item(told: _Told) -> list[dict[str, Any]]:
    """A parameter in a terminal, where a leaf may have several lines."""
    if _inline(told):
        return _line(told) + _beside(told, told.text)
    below = f"\n{told.text}".replace("\n", _BELOW)
    mark = [_leaf(_BELOW), _leaf(told.mark, italic=True)] if told.mark else []
    return [*_line(told), _leaf(below, code=True), *mark]


def _inline(told: _Told) -> bool:
    return "\n" not in told.text and len(told.text) <= _INLINE and not told.unreadable


def _line(told: _Told) -> list[dict[str, Any]]:
    leaves: list[dict[str, Any]] = []
    if told.unreadable:
        leaves += [{"type": "emoji", "name": "warning"}, _leaf("  ")]
    if told.place is not None:
        leaves.append(_leaf(f"{told.place:,}.  "))
    leaves.append(_leaf(told.name, bold=True))
    return [*leaves, _leaf("  "), _leaf(told.words, italic=True)] if told.words else leaves


def _beside(told: _Told, text: str) -> list[dict[str, Any]]:
    leaves = [_leaf("  "), _leaf(text, code=True)] if text.strip() else []
    return [*leaves, _leaf("  "), _leaf(told.mark, italic=True)] if told.mark else leaves


def _part(kind: str, leaves: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": leaves}


def _leaf(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}
