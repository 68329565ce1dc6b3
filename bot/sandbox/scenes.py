"""Behind the scenes: the steps between Slack, the bot and COC, for the page's drawer.

A call of the bot belongs to the request whose response_url, trigger_id or view it uses. Calls of COC carry nothing
that identifies a request, so they belong to none.
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

MAX_STEPS = 500
MAX_KEYS = 2_000
DETAIL_CHARACTERS = 30_000
"""Characters of one detail in the drawer; a longer one ends with how much is cut off."""


@dataclass(slots=True)
class SceneStep:
    """One step. ``at`` is in Unix seconds, ``ms`` the duration in milliseconds.

    ``outcome`` is empty while the step is in progress. ``request`` is the serial of the request that it belongs to,
    if known.
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
        """The page's STEP object, without the details; the page requests them when somebody opens the step."""
        names = ("serial", "lane", "what", "at", "request", "outcome", "good", "ms")
        return {name: getattr(self, name) for name in names}


class Scenes:
    """The latest steps. ``announce`` is called with each one, when it begins and when it ends."""

    def __init__(self, announce: Callable[[Json], None], clock: Callable[[], float] = time.time) -> None:
        self._announce = announce
        self._clock = clock
        self._steps: OrderedDict[int, SceneStep] = OrderedDict()
        self._owners: OrderedDict[str, int] = OrderedDict()
        self._serial = 0

    def begin(self, lane: Lane, what: str, details: Json | None = None, request: int | None = None) -> SceneStep:
        """Add a step that begins now; ``end`` records its outcome."""
        self._serial += 1
        step = SceneStep(self._serial, lane, what, self._clock(), request, details=details or {})
        self._steps[step.serial] = step
        while len(self._steps) > MAX_STEPS:
            self._steps.popitem(last=False)
        self._announce_step(step)
        return step

    def end(self, step: SceneStep, outcome: str, *, good: bool = True, details: Json | None = None) -> None:
        """Record the outcome of a step that ends now."""
        step.ms = (time.perf_counter() - step.began) * 1000
        step.outcome, step.good = outcome, good
        step.details |= details or {}
        self._announce_step(step)

    def note(self, lane: Lane, what: str, outcome: str, *, good: bool = True) -> None:
        """Add a step without a duration."""
        step = self.begin(lane, what)
        step.outcome, step.good = outcome, good
        self._announce_step(step)

    def assign(self, request: int, *keys: object) -> None:
        """Calls with one of these keys (a trigger, a view, a response URL's token) belong to this request."""
        for key in keys:
            if isinstance(key, str) and key:
                self._owners[key] = request
                self._owners.move_to_end(key)
        while len(self._owners) > MAX_KEYS:
            self._owners.popitem(last=False)

    def owner(self, *keys: object) -> int | None:
        """The request to which one of these keys belongs."""
        return next((self._owners[key] for key in keys if isinstance(key, str) and key in self._owners), None)

    def to_json(self) -> list[Json]:
        """All steps, oldest first."""
        return [step.to_json() for step in self._steps.values()]

    def details(self, serial: int) -> dict[str, str] | None:
        """The details of a step, as texts by name; None for a step that is no longer there."""
        step = self._steps.get(serial)
        return None if step is None else {name: _as_text(value) for name, value in step.details.items()}

    def clear(self) -> None:
        """Remove all steps."""
        self._steps.clear()
        self._announce({"type": "steps", "steps": []})

    def _announce_step(self, step: SceneStep) -> None:
        self._announce({"type": "step", "step": step.to_json()})


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    left = len(text) - DETAIL_CHARACTERS
    return text if left <= 0 else f"{text[:DETAIL_CHARACTERS]}\n… {left:,} more characters"
