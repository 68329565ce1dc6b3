"""A query of a task's targets: filters, search text, page. The modal itself carries it.

Any replica can serve any click, because Slack returns the modal's ``private_metadata`` unchanged. It is parsed as if
anybody had written it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache

from bot.redact.untrusted import Untrusted, clean
from bot.task.enums import Unknown
from bot.task.search import Match, name_filter
from bot.task.targets import Machine, Step, Targets
from bot.task_id import is_task_id

ANY = "any"
"""The option value for "no filter"."""
LONGEST_FIND = 255

Word = str | Untrusted | Unknown | None
_READABLE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True)
class TargetQuery:
    """Filters hold the values of menu options; ``""`` is no filter."""

    task_id: str
    state: str = ""
    region: str = ""
    part: str = ""
    """A step's path (``2``, which includes its sub-steps), or one of its batches by place (``2.1/3``)."""
    text: str = ""
    page: int = 1
    epoch: int = 0
    """Part of the filters' block ids. A new one makes Slack forget the choices in them."""
    channel: str = ""
    thread: str = ""
    """Where the card is from which the modal was opened: files can be sent there."""

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.state or self.region or self.part or self.text)

    def cleared(self) -> "TargetQuery":
        """Without filters, from the first page."""
        return replace(self, state="", region="", part="", text="", page=1, epoch=self.epoch + 1)

    def limited_to(self, states: Collection[str], regions: Collection[str], parts: Collection[str]) -> "TargetQuery":
        """The query without filters that these targets no longer offer."""
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


def encode_query(query: TargetQuery) -> str:
    """The modal's ``private_metadata``: at most 3,000 characters."""
    body = {_SHORT[name]: value for name, value in asdict(query).items() if value not in ("", 0)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decode_query(metadata: object) -> TargetQuery | None:
    """Parse what ``encode_query`` wrote, or a bare task id. None where it holds no task id."""
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
        page=parse_number(texts["page"], 1),
        epoch=parse_number(texts["epoch"], 0),
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """A query's filters, ready to be applied to batches and machines."""

    part: str
    includes_machine: Callable[[Machine], bool]

    def includes_batch(self, step: Step, place: int) -> bool:
        """Whether machines of this batch can match."""
        return self.part in {"", step.path, f"{step.path}/{place}"} or step.path.startswith(f"{self.part}.")


def filter_of(query: TargetQuery) -> Filter:
    """The filters of a query."""
    state, region, has_name = query.state, query.region, name_filter(query.text)
    if not state and not region:
        return Filter(query.part, has_name)
    value_of = cache(option_value)  # there are thousands of machines and few words

    def includes(machine: Machine) -> bool:
        return (
            (not state or value_of(machine.agent_state) == state)
            and (not region or value_of(machine.region) == region)
            and has_name(machine)
        )

    return Filter(query.part, includes)


def matching(targets: Targets, query: TargetQuery) -> Iterator[Match]:
    """The machines that match a query, in order; each as often as steps list it."""
    wanted = filter_of(query)
    for step in targets.walk():
        for place, batch in enumerate(step.batches, start=1):
            if wanted.includes_batch(step, place):
                for machine in filter(wanted.includes_machine, batch.machines):
                    yield Match(machine, step, batch, place, len(step.batches))


def option_value(word: Word) -> str:
    """A menu option's value for a word: the word, or a digest where it is long, odd, secret or absent."""
    text, outside = original(word), word.word if isinstance(word, Unknown) else word
    if _READABLE.fullmatch(text) and text != ANY and (not isinstance(outside, Untrusted) or outside.shown() == text):
        return text
    return "#" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def original(word: Word) -> str:
    """The word as COC spells it, by which options are ordered; ``""`` where it is absent."""
    if isinstance(word, Unknown):
        word = word.word
    return word.raw if isinstance(word, Untrusted) else word or ""


def parse_number(text: object, default: int) -> int:
    """A number of at most five digits. Anybody may have written ``text``."""
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else default
