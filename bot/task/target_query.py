"""What somebody looks at in a task's targets: filters, search text, page. It travels in the modal itself.

Any replica can serve any click: Slack sends back the modal's ``private_metadata`` and what is chosen and typed in
it. Both are read as if anybody had written them.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.cards.text import clean, count, plain, shown
from bot.task.search import Hit, finder
from bot.task.targets import Machine, Step, Targets
from bot.task_id import is_task_id

STATE, REGION, PART, FIND = "targets_state", "targets_region", "targets_part", "targets_find"
"""Action ids of the filters and of the search field."""
PAGE, PREVIOUS, NEXT = "targets_page", "targets_previous", "targets_next"
AGAIN, CLEAR = "targets_again", "targets_clear"
"""Action ids of what turns pages, asks COC anew, and takes all filters away."""

ANY = "any"
LONGEST_FIND = 255
MOST_STATES, MOST_REGIONS, MOST_PARTS = 50, 60, 98
"""Options of each menu beside the first one; Slack takes 100, and a view 250 KB in all."""

_READABLE = re.compile(r"[A-Za-z0-9_.-]{1,60}")

Option = tuple[str, str]
"""Value and label of a menu's option."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at. Filters hold the values of menu options; ``""`` is no filter."""

    task_id: str
    state: str = ""
    region: str = ""
    part: str = ""
    """A step's path (``2``, its sub-steps too) or a batch of it by place (``2.1/3``)."""
    text: str = ""
    page: int = 1
    epoch: int = 0
    """Part of the filters' block ids: another one makes Slack forget what was chosen in them."""
    channel: str = ""
    thread: str = ""
    """Where the card stands from which the modal was opened, for what is to be sent there."""

    @property
    def filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.state or self.region or self.part or self.text)

    def cleared(self) -> "Look":
        """Without filters, from the first page."""
        return replace(self, state="", region="", part="", text="", page=1, epoch=self.epoch + 1)


_SHORT = {
    "task_id": "t",
    "state": "s",
    "region": "r",
    "part": "b",
    "text": "q",
    "page": "p",
    "epoch": "e",
    "channel": "c",
    "thread": "m",
}


def encode(look: Look) -> str:
    """The modal's ``private_metadata``: at most 3,000 characters."""
    body = {_SHORT[name]: value for name, value in asdict(look).items() if value not in ("", 0)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decode(metadata: object) -> Look | None:
    """What ``encode`` wrote, or a bare task id; None where no task id is in it."""
    if isinstance(metadata, str) and is_task_id(metadata):
        return Look(metadata)
    try:
        body = json.loads(metadata if isinstance(metadata, str) else "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or not is_task_id(str(body.get("t"))):
        return None
    texts = {name: clean(str(body.get(_SHORT[name]) or "")[:LONGEST_FIND]) for name in Look.__slots__}
    return Look(
        task_id=texts["task_id"],
        **{name: texts[name] for name in ("state", "region", "part", "text", "channel", "thread")},
        page=_whole(texts["page"], 1),
        epoch=_whole(texts["epoch"], 0),
    )


def after(look: Look, action: Mapping[str, Any], values: object) -> Look:
    """What is looked at after a click: what is chosen and typed in the modal counts, then what was pressed.

    ``values`` is the view's ``state.values``. Another filter begins at the first page.
    """
    pressed = action.get("action_id")
    if pressed == CLEAR:
        return look.cleared()
    chosen = _values(values)
    found = replace(
        look,
        state=chosen.get(STATE, look.state),
        region=chosen.get(REGION, look.region),
        part=chosen.get(PART, look.part),
        text=clean(chosen.get(FIND, look.text)[:LONGEST_FIND]),
    )
    if found != look:
        return replace(found, page=1)
    if pressed in {PREVIOUS, NEXT}:
        return replace(found, page=_whole(action.get("value"), 1))
    if pressed == PAGE:
        return replace(found, page=_whole(chosen.get(PAGE) or _one(action), 1))
    # Asked anew, the numbers in the menus may be others: new ids make Slack show them.
    return replace(found, epoch=found.epoch + 1) if pressed == AGAIN else found


@dataclass(frozen=True, slots=True)
class Menus:
    """The options of the filters, the first of each being no filter; ``left_out`` names what did not fit."""

    states: list[Option]
    regions: list[Option]
    parts: list[Option]
    left_out: tuple[str, ...] = ()


def menus(targets: Targets) -> Menus:
    """The filters that a task's targets allow, each with the number of its machines."""
    states = _counted(targets.count("agent_state"), lambda word: word.capitalize() or "State unknown", 30)
    regions = _counted(targets.count("region"), lambda word: word or "Region unknown", 40)
    parts = list(_parts(targets))
    if len(parts) > MOST_PARTS:
        steps_only = [part for part in parts if "/" not in part[0]]
        left = "batches" if steps_only else ""
        parts = steps_only or parts
    else:
        left = ""
    cut = [
        f"{len(found) - most:,} {name}"
        for found, most, name in (
            (states, MOST_STATES, "states"),
            (regions, MOST_REGIONS, "regions"),
            (parts, MOST_PARTS, "steps and batches"),
        )
        if len(found) > most
    ]
    several = len(targets.steps) > 1 or any(step.steps for step in targets.steps)
    return Menus(
        [(ANY, "Any state"), *states[:MOST_STATES]],
        [(ANY, "Any region"), *regions[:MOST_REGIONS]],
        [(ANY, "All steps" if several else "All batches"), *parts[:MOST_PARTS]],
        tuple(filter(None, [left, *cut])),
    )


def sound(look: Look, found: Menus) -> Look:
    """The same without filters that these targets do not have (any more)."""
    kept = {
        "state": look.state if look.state in dict(found.states) else "",
        "region": look.region if look.region in dict(found.regions) else "",
        "part": look.part if look.part in dict(found.parts) else "",
    }
    same = all(getattr(look, name) == value for name, value in kept.items())
    return look if same else replace(look, **kept, page=1, epoch=look.epoch + 1)


@dataclass(frozen=True, slots=True)
class Pick:
    """What a look lets through, batch by batch and machine by machine."""

    part: str
    machine: Callable[[Machine], bool]

    def batch(self, step: Step, place: int) -> bool:
        """Whether any machine of this batch can be meant."""
        return self.part in {"", step.path, f"{step.path}/{place}"} or step.path.startswith(f"{self.part}.")


def pick(look: Look) -> Pick:
    """The filters of a look, ready to be applied."""
    found = finder(look.text)
    if not look.state and not look.region:
        return Pick(look.part, found)
    state, region = look.state, look.region
    keys: dict[str | None, str] = {}

    def key(word: str | None) -> str:
        if word not in keys:
            keys[word] = key_of(word or "")
        return keys[word]

    def matches(machine: Machine) -> bool:
        return (
            (not state or key(machine.agent_state) == state)
            and (not region or key(machine.region) == region)
            and found(machine)
        )

    return Pick(look.part, matches)


def picked(targets: Targets, look: Look) -> Iterator[Hit]:
    """The machines that a look lets through, each as often as steps have it, in order."""
    wanted = pick(look)
    for step in targets.walk():
        for place, batch in enumerate(step.batches, start=1):
            if wanted.batch(step, place):
                yield from (
                    Hit(machine, step, batch, place, len(step.batches))
                    for machine in batch.machines
                    if wanted.machine(machine)
                )


def key_of(word: str) -> str:
    """The value of the option for a word of COC's: the word, or a digest where it is long, odd or no word."""
    if _READABLE.fullmatch(word) and word != ANY and shown(word) == word:
        return word
    return "#" + hashlib.sha256(word.encode("utf-8", "replace")).hexdigest()[:16]


def _counted(found: Mapping[str, int], name: Callable[[str], str], limit: int) -> list[Option]:
    ordered = sorted(found, key=lambda word: (-found[word], word))
    return [(key_of(word), f"{plain(name(word), limit)} ({found[word]:,})") for word in ordered]


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


def _values(values: object) -> dict[str, str]:
    """What is chosen or typed, by action id; no filter and nothing typed are ``""``."""
    found: dict[str, str] = {}
    for block in values.values() if isinstance(values, Mapping) else ():
        for action_id, given in block.items() if isinstance(block, Mapping) else ():
            if isinstance(given, Mapping):
                word = _one(given) if "selected_option" in given else str(given.get("value") or "")
                found[action_id] = "" if word == ANY else word
    return found


def _one(given: Mapping[str, Any]) -> str:
    option = given.get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else None
    return str(value) if value is not None else ""


def _whole(text: object, otherwise: int) -> int:
    word = str(text)
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 6 else otherwise
