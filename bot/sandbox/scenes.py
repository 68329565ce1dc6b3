"""Behind the scenes: what went between Slack, the bot and COC, step by step, as the page's drawer shows it.

Which request a call of the bot belongs to is told by what only that request gave it: its response_url, its
trigger_id, the view that came of it. COC's calls carry nothing of the kind and belong to no request for sure.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]

Lane = Literal["request", "ack", "coc", "reply", "link"]
"""Slack → bot, bot → Slack (the acknowledgement), bot → COC, bot → Slack (a call), the Socket Mode connection."""

STEPS_KEPT = 500
KEYS_KEPT = 2_000
DETAIL_CHARACTERS = 30_000
"""Characters of one detail that the drawer shows; the rest is cut, and said to be."""


@dataclass(slots=True)
class Step:
    """One thing that happened. ``at`` is in Unix seconds, ``ms`` how long it took.

    ``outcome`` is empty while it is under way; ``request`` is the serial of the request it belongs to, if known.
    """

    serial: int
    lane: Lane
    what: str
    at: float
    request: int | None
    outcome: str = ""
    good: bool = True
    ms: float | None = None
    details: Json = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)

    def to_json(self) -> Json:
        """The page's STEP object: everything but the details, which are asked for when they are looked at."""
        names = ("serial", "lane", "what", "at", "request", "outcome", "good", "ms")
        return {name: getattr(self, name) for name in names}


class Scenes:
    """The latest steps, oldest first. ``announce`` is told of each one as it begins and as it ends."""

    def __init__(self, announce: Callable[[Json], None], clock: Callable[[], float] = time.time) -> None:
        self._announce = announce
        self._clock = clock
        self._steps: OrderedDict[int, Step] = OrderedDict()
        self._owners: OrderedDict[str, int] = OrderedDict()
        self._serial = 0

    def begin(self, lane: Lane, what: str, details: Json | None = None, request: int | None = None) -> Step:
        """Something begins; ``end`` says how it went."""
        self._serial += 1
        step = Step(self._serial, lane, what, self._clock(), request, details=details or {})
        self._steps[step.serial] = step
        while len(self._steps) > STEPS_KEPT:
            self._steps.popitem(last=False)
        self._tell(step)
        return step

    def end(self, step: Step, outcome: str, *, good: bool = True, details: Json | None = None) -> None:
        """It is over, after the milliseconds since it began."""
        step.ms = (time.perf_counter() - step.began) * 1000
        step.outcome, step.good = outcome, good
        step.details |= details or {}
        self._tell(step)

    def note(self, lane: Lane, what: str, outcome: str, *, good: bool = True) -> None:
        """Something that took no time of its own."""
        step = self.begin(lane, what)
        step.outcome, step.good = outcome, good
        self._tell(step)

    def owns(self, request: int, *keys: object) -> None:
        """Calls that show one of these keys (a trigger, a view, a response URL's token) belong to this request."""
        for key in keys:
            if isinstance(key, str) and key:
                self._owners[key] = request
                self._owners.move_to_end(key)
        while len(self._owners) > KEYS_KEPT:
            self._owners.popitem(last=False)

    def owner(self, *keys: object) -> int | None:
        """The request that one of these keys belongs to."""
        return next((self._owners[key] for key in keys if isinstance(key, str) and key in self._owners), None)

    def to_json(self) -> list[Json]:
        """All steps, oldest first."""
        return [step.to_json() for step in self._steps.values()]

    def details(self, serial: int) -> dict[str, str] | None:
        """What a step carried, as texts to show by their names; None for a step that is forgotten."""
        step = self._steps.get(serial)
        return None if step is None else {name: _shown(value) for name, value in step.details.items()}

    def clear(self) -> None:
        """Forget all steps."""
        self._steps.clear()
        self._announce({"type": "steps", "steps": []})

    def _tell(self, step: Step) -> None:
        self._announce({"type": "step", "step": step.to_json()})


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    left = len(text) - DETAIL_CHARACTERS
    return text if left <= 0 else f"{text[:DETAIL_CHARACTERS]}\n… {left:,} more characters"
