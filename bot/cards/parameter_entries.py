"""What is shown of each parameter, or of a part that is not readable: cleaned, redacted, folded.

Nothing that is said of a value depends on how long a hidden part of it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bot.cards.block_kit import (
    count,
    plain,
)
from bot.redact import HIDDEN
from bot.redact.excerpt import Excerpt, excerpt, json_excerpt
from bot.redact.untrusted import CUT, UntrustedJson
from bot.task.fault import Fault
from bot.task.parameters import Parameter, Parameters

FOLD_CHARACTERS, FOLD_LINES = 600, 12
"""What is shown of one value; the rest is folded."""

MOST_FAULTS = 5
"""Unreadable parts that are shown."""

INLINE = 56
"""Characters up to which a value of one line stands beside its name."""
_MOST_EXAMINED = 100_000
"""Characters after which no further value is examined: the redactor takes microseconds for each."""
_MARGIN = 1_000
"""Characters before the end of what is examined that are never shown: half a secret there looks like none."""

_LIKE_JSON = re.compile(r"""\s*+(?:\{\s*+"|\[\s*+[{\["])""")


@dataclass(frozen=True, slots=True)
class Entry:
    """One parameter, or one part that is not readable, as it may be shown."""

    name: str
    number: int | None = None
    """From 1, where the script counts its parameters."""
    note: str = ""
    """Our own words about it, behind the name."""
    text: str = ""
    """What is shown of the value: cleaned, redacted, folded; may have several lines."""
    mark: str = ""
    """Says that and how much was folded."""
    hidden: int = 0
    """Secrets in all that was looked at."""
    examined: int = 0
    """Characters that were looked at."""
    is_partial: bool = False
    """Whether there is more that was not looked at."""
    is_unreadable: bool = False


def entries(parameters: Parameters, *, is_numbered: bool) -> Iterator[Entry]:
    """What is not readable, then every parameter in order, until there is too much to look at."""
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
    # Where it broke, and of how many characters, would give away the length of what is hidden.
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
    notes = [part for part in (note, value.note, _odd(item, value)) if part]
    return replace(
        value, name=plain(item.name, 100), number=number, note=", ".join(notes), hidden=value.hidden + name.hidden
    )


def _odd(item: Parameter, value: Entry) -> str:
    """What to say of a value besides the value."""
    if item.refers_to:
        return ""
    if item.value is None and item.structured is None:
        return "no value"
    if not value.text and not value.mark:
        return "nothing visible"
    is_broken = item.structured is None and value.text != HIDDEN and _LIKE_JSON.match(value.text)
    return "not readable as JSON, shown as it came" if is_broken else ""


def _structured(value: UntrustedJson) -> Entry:
    """A decoded value as JSON; of a list, the beginning."""
    # Each entry takes a line at least, so more of them are not seen anyway.
    shown = json_excerpt(value, entries=FOLD_LINES, inline=INLINE)
    kind = "list" if value.is_list else "object"
    entries = count(len(value), "entry", "entries")
    if shown is None:
        return Entry("", mark=f"{CUT} folded: a JSON {kind} with {entries}, too long to show here", is_partial=True)
    entry = _folded(replace(shown, is_partial=False))
    return (
        replace(entry, mark=f"{CUT} folded: the list has {entries}", is_partial=True) if shown.is_partial else entry
    )


def _folded(value: Excerpt) -> Entry:
    """The beginning of a redacted text."""
    text, hidden, is_partial = value.text, value.hidden, value.is_partial
    if is_partial and len(text) < FOLD_CHARACTERS + _MARGIN:
        # Little is left of much, so how much is left would tell how long the secrets are.
        last = text.rfind(HIDDEN) + len(HIDDEN)
        text = text[:last] if hidden else text[: max(len(text) - _MARGIN, 0)]
    stop = _stop(text)
    shown, rest = text[:stop].rstrip(), text[stop:].strip()
    mark = _mark(rest, exact=not is_partial, hides=hidden > 0)
    return Entry("", text=shown, mark=mark, hidden=hidden, examined=value.examined, is_partial=is_partial)


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
