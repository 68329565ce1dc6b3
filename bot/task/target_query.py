"""What somebody looks at in a task's targets: filters, search text, page. It travels in the modal itself.

Any replica can serve any click: Slack sends back the modal's ``private_metadata`` as it got it. It is read as if
anybody had written it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace

from bot.redact.untrusted import Untrusted, clean
from bot.task.enums import Unknown
from bot.task.search import Hit, finder
from bot.task.targets import Machine, Step, Targets
from bot.task_id import is_task_id

ANY = "any"
"""The value of the option that is no filter."""
LONGEST_FIND = 255

_READABLE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True)
class TargetQuery:
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

    def cleared(self) -> "TargetQuery":
        """Without filters, from the first page."""
        return replace(self, state="", region="", part="", text="", page=1, epoch=self.epoch + 1)

    def limited_to(self, states: Collection[str], regions: Collection[str], parts: Collection[str]) -> "TargetQuery":
        """The same without filters that these targets do not have (any more)."""
        state = self.state if self.state in states else ""
        region = self.region if self.region in regions else ""
        part = self.part if self.part in parts else ""
        if (state, region, part) == (self.state, self.region, self.part):
            return self
        return replace(self, state=state, region=region, part=part, page=1, epoch=self.epoch + 1)


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


def encode(query: TargetQuery) -> str:
    """The modal's ``private_metadata``: at most 3,000 characters."""
    body = {_SHORT[name]: value for name, value in asdict(query).items() if value not in ("", 0)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decode(metadata: object) -> TargetQuery | None:
    """What ``encode`` wrote, or a bare task id; None where no task id is in it."""
    if isinstance(metadata, str) and is_task_id(metadata):
        return TargetQuery(metadata)
    try:
        body = json.loads(metadata if isinstance(metadata, str) else "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or not is_task_id(str(body.get("t"))):
        return None
    texts = {name: clean(str(body.get(_SHORT[name]) or "")[:LONGEST_FIND]) for name in TargetQuery.__slots__}
    return TargetQuery(
        task_id=texts["task_id"],
        **{name: texts[name] for name in ("state", "region", "part", "text", "channel", "thread")},
        page=whole(texts["page"], 1),
        epoch=whole(texts["epoch"], 0),
    )


@dataclass(frozen=True, slots=True)
class Pick:
    """What a query lets through, batch by batch and machine by machine."""

    part: str
    machine: Callable[[Machine], bool]

    def batch(self, step: Step, place: int) -> bool:
        """Whether any machine of this batch can be meant."""
        return self.part in {"", step.path, f"{step.path}/{place}"} or step.path.startswith(f"{self.part}.")


def pick(query: TargetQuery) -> Pick:
    """The filters of a query, ready to be applied."""
    is_named = finder(query.text)
    if not query.state and not query.region:
        return Pick(query.part, is_named)
    state, region = query.state, query.region
    keys: dict[str | Untrusted | Unknown | None, str] = {}

    def key(word: str | Untrusted | Unknown | None) -> str:
        if word not in keys:
            keys[word] = key_of(word)
        return keys[word]

    def matches(machine: Machine) -> bool:
        return (
            (not state or key(machine.agent_state) == state)
            and (not region or key(machine.region) == region)
            and is_named(machine)
        )

    return Pick(query.part, matches)


def picked(targets: Targets, query: TargetQuery) -> Iterator[Hit]:
    """The machines that a query lets through, each as often as steps have it, in order."""
    wanted = pick(query)
    for step in targets.walk():
        for place, batch in enumerate(step.batches, start=1):
            if wanted.batch(step, place):
                yield from (
                    Hit(machine, step, batch, place, len(step.batches))
                    for machine in batch.machines
                    if wanted.machine(machine)
                )


def key_of(word: str | Untrusted | Unknown | None) -> str:
    """The value of the option for a word: the word, or a digest where it is long, odd, secret or absent."""
    text, outside = raw_of(word), word.word if isinstance(word, Unknown) else word
    if _READABLE.fullmatch(text) and text != ANY and (not isinstance(outside, Untrusted) or outside.shown() == text):
        return text
    return "#" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def raw_of(word: str | Untrusted | Unknown | None) -> str:
    """The word as COC spells it, by which options are ordered; ``""`` where it is absent."""
    if isinstance(word, Unknown):
        word = word.word
    return word.raw if isinstance(word, Untrusted) else word or ""


def whole(text: object, otherwise: int) -> int:
    """A number of at most five digits in a text that anybody may have written."""
    word = str(text)
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 6 else otherwise
