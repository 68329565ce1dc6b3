"""Parameters and unreadable parts as they may be shown: cleaned, redacted, folded.

Nothing shown of a value depends on the length of a hidden part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bot.cards.block_kit import count, plain
from bot.redact import HIDDEN
from bot.redact.excerpt import Excerpt, excerpt, json_excerpt
from bot.redact.untrusted import CUT, UntrustedJson
from bot.task.fault import Fault
from bot.task.parameters import Parameter, Parameters

FOLD_CHARACTERS, FOLD_LINES = 600, 12
"""Limits for one value; the rest is folded."""

MOST_FAULTS = 5
"""Unreadable parts that are shown."""

INLINE = 56
"""The longest value, in characters, that is shown beside its name."""
_MOST_EXAMINED = 100_000
"""Characters after which no further value is examined: the redactor takes microseconds per character."""
_MARGIN = 1_000
"""Characters at the end of the examined text that are never shown: half a secret can't be recognized."""

_LIKE_JSON = re.compile(r"""\s*+(?:\{\s*+"|\[\s*+[{\["])""")


@dataclass(frozen=True, slots=True)
class Entry:
    """One parameter, or one unreadable part."""

    name: str
    number: int | None = None
    """From 1, where parameters are numbered."""
    note: str = ""
    """Our own words about it, behind the name."""
    text: str = ""
    """The value: cleaned, redacted, folded; may have several lines."""
    fold_note: str = ""
    """Says how much was folded."""
    hidden: int = 0
    """Secrets in the examined text."""
    examined: int = 0
    """Characters that were examined."""
    is_partial: bool = False
    """Whether some text was not examined."""
    is_unreadable: bool = False


def entries(parameters: Parameters, *, is_numbered: bool) -> Iterator[Entry]:
    """The unreadable parts, then the parameters in order, until _MOST_EXAMINED characters are examined."""
    examined = 0
    for entry in _each(parameters, "beside the script's own" if is_numbered else ""):
        yield entry
        examined += entry.examined
        if examined > _MOST_EXAMINED:
            return


def _each(parameters: Parameters, beside: str) -> Iterator[Entry]:
    yield from map(_fault_entry, parameters.faults[:MOST_FAULTS])
    for number, item in enumerate(parameters.script, start=1):
        yield _entry(item, number)
    for item in parameters.other:
        yield _entry(item, None, beside)


def _fault_entry(fault: Fault) -> Entry:
    value = _folded(excerpt(fault.text))
    # The place and the total length would reveal the length of a hidden value.
    note = fault.reason if value.hidden or value.is_partial else fault.place
    return replace(value, name=f"Not readable: {plain(fault.where, 60)}", note=note, is_unreadable=True)


def _entry(item: Parameter, number: int | None, note: str = "") -> Entry:
    name = excerpt(item.name)
    if item.refers_to:
        value = replace(_folded(excerpt(item.refers_to)), note="refers to")
    elif item.is_secret and item.value:
        value = Entry("", text=HIDDEN, hidden=1)
    elif item.structured is not None:
        value = _structured(item.structured)
    else:
        value = _folded(excerpt(item.value)) if item.value else Entry("")
    notes = [part for part in (note, value.note, _value_note(item, value)) if part]
    return replace(
        value, name=plain(item.name, 100), number=number, note=", ".join(notes), hidden=value.hidden + name.hidden
    )


def _value_note(item: Parameter, value: Entry) -> str:
    """A note on a value that is absent, invisible or not what it seems."""
    if item.refers_to:
        return ""
    if item.value is None and item.structured is None:
        return "no value"
    if not value.text and not value.fold_note:
        return "nothing visible"
    is_broken = item.structured is None and value.text != HIDDEN and _LIKE_JSON.match(value.text)
    return "not readable as JSON, shown as it came" if is_broken else ""


def _structured(value: UntrustedJson) -> Entry:
    """A decoded value as JSON, or the beginning of a list."""
    # Each entry takes at least a line, so further ones would be folded anyway.
    shown = json_excerpt(value, entries=FOLD_LINES, inline=INLINE)
    kind = "list" if value.is_list else "object"
    entries = count(len(value), "entry", "entries")
    if shown is None:
        fold_note = f"{CUT} folded: a JSON {kind} with {entries}, too long to show here"
        return Entry("", fold_note=fold_note, is_partial=True)
    entry = _folded(replace(shown, is_partial=False))
    if not shown.is_partial:
        return entry
    return replace(entry, fold_note=f"{CUT} folded: the list has {entries}", is_partial=True)


def _folded(value: Excerpt) -> Entry:
    """The beginning of a redacted text, and a note on the rest."""
    text, hidden, is_partial = value.text, value.hidden, value.is_partial
    if is_partial and len(text) < FOLD_CHARACTERS + _MARGIN:
        # Redaction left little of much text; its length would reveal the length of the secrets.
        last = text.rfind(HIDDEN) + len(HIDDEN)
        text = text[:last] if hidden else text[: max(len(text) - _MARGIN, 0)]
    stop = _fold_at(text)
    shown, rest = text[:stop].rstrip(), text[stop:].strip()
    fold_note = _fold_note(rest, exact=not is_partial, hides=hidden > 0)
    return Entry("", text=shown, fold_note=fold_note, hidden=hidden, examined=value.examined, is_partial=is_partial)


def _fold_note(rest: str, *, exact: bool, hides: bool) -> str:
    """Says how much was folded; ``""`` where nothing was."""
    lines = rest.count("\n") + 1
    if not exact:
        # The end of the examined text depends on the length of the secrets in it.
        over = len(rest) // 100 * 100
        return f"{CUT} folded: " + ("the rest" if hides or not over else f"over {over:,} more characters")
    if not rest:
        return ""
    if lines == 1:
        return f"{CUT} folded: {count(len(rest), 'more character')}"
    return f"{CUT} folded: {count(lines, 'more line')}, {count(len(rest), 'character')}"


def _fold_at(text: str) -> int:
    """Where to fold: after FOLD_LINES or FOLD_CHARACTERS, but not inside the sign for a hidden value."""
    stop = min(len(text), FOLD_CHARACTERS)
    lines = [match.start() for match in islice(re.finditer("\n", text), FOLD_LINES)]
    if len(lines) == FOLD_LINES and lines[-1] < stop:
        return lines[-1]
    sign = text.rfind(HIDDEN, 0, stop + len(HIDDEN) - 1)
    return max(stop, sign + len(HIDDEN)) if sign >= 0 else stop
