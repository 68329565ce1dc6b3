"""The filter menus above the list of targets: states, regions, steps and batches, with numbers of machines."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.cards.block_kit import count, plain
from bot.cards.fields import state_name
from bot.redact.untrusted import Untrusted
from bot.task.enums import AgentState, Unknown
from bot.task.target_query import ANY, option_value, original
from bot.task.targets import Targets

MOST_STATES, MOST_REGIONS, MOST_PARTS = 50, 60, 98
"""Options of each menu after the first. Slack allows 100, and 250 KB in a view."""

Word = TypeVar("Word", bound=AgentState | Untrusted | Unknown | None)
Option = tuple[str, str]
"""Value and label of a menu's option."""


@dataclass(frozen=True, slots=True)
class Menus:
    """The first option of each menu is no filter. ``left_out`` names what did not fit."""

    states: list[Option]
    regions: list[Option]
    parts: list[Option]
    left_out: tuple[str, ...] = ()


def menus(targets: Targets) -> Menus:
    """The filter menus for a task's targets."""
    states, regions, parts = _states(targets), _regions(targets), list(_parts(targets))
    omitted = ""
    if len(parts) > MOST_PARTS:
        steps_only = [part for part in parts if "/" not in part[0]]
        omitted = "batches" if steps_only else ""
        parts = steps_only or parts
    excess = [
        f"{len(options) - most:,} {name}"
        for options, most, name in (
            (states, MOST_STATES, "states"),
            (regions, MOST_REGIONS, "regions"),
            (parts, MOST_PARTS, "steps and batches"),
        )
        if len(options) > most
    ]
    several = len(targets.steps) > 1 or any(step.steps for step in targets.steps)
    return Menus(
        [(ANY, "Any state"), *states[:MOST_STATES]],
        [(ANY, "Any region"), *regions[:MOST_REGIONS]],
        [(ANY, "All steps" if several else "All batches"), *parts[:MOST_PARTS]],
        tuple(filter(None, [omitted, *excess])),
    )


def _states(targets: Targets) -> list[Option]:
    names = {state: state_name(state).capitalize() if state else "State unknown" for state in targets.states}
    return _options(targets.states, names, 30)


def _regions(targets: Targets) -> list[Option]:
    names = {region: region.shown() if region else "Region unknown" for region in targets.regions}
    return _options(targets.regions, names, 40)


def _options(counts: Counter[Word], names: dict[Word, str], limit: int) -> list[Option]:
    ordered = sorted(counts, key=lambda word: (-counts[word], original(word)))
    return [(option_value(word), f"{plain(names[word], limit)} ({counts[word]:,})") for word in ordered]


def _parts(targets: Targets) -> Iterator[Option]:
    several = len(list(targets.walk())) > 1
    for step in targets.walk():
        inside = sum(len(batch.machines) for inner in step.walk() for batch in inner.batches)
        path = plain(step.path, 20)
        if several and (step.batches or step.steps):
            yield step.path, f"Step {path} ({count(inside, 'machine')})"
        if len(step.batches) > 1 or (step.steps and step.batches):
            for place, batch in enumerate(step.batches, start=1):
                title = f"Step {path}, batch {place}" if several else f"Batch {place}"
                yield f"{step.path}/{place}", f"{title} ({count(len(batch.machines), 'machine')})"
