"""How often somebody may ask: token buckets for people and for conversations."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAX_BUCKETS = 5_000
"""Buckets in memory, the latest used. A bucket unused for a minute is full: evicting it changes nothing."""


class Buckets:
    """A bucket of ``limit`` tokens for each key, refilled within a minute. A limit of 0 is no limit.

    No key gets more than twice its limit in any one minute: a full bucket and its refill.
    """

    def __init__(self, limit: int, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Seconds until the key has a token; 0 if it has one."""
        if not self._limit:
            return 0.0
        _, left = self._now(key)
        return max(0.0, (1 - left) * 60 / self._limit)

    def take(self, key: str) -> float:
        """Take a token and return 0; if there is none, return the seconds until there is one."""
        wait_s = self.wait_s(key)
        if self._limit and not wait_s:
            at, left = self._now(key)
            self._left[key] = (at, left - 1)
            self._left.move_to_end(key)
            while len(self._left) > MAX_BUCKETS:
                self._left.popitem(last=False)
        return wait_s

    def _now(self, key: str) -> tuple[float, float]:
        """The time and the key's tokens at that time. A clock that goes back refills nothing twice."""
        now = self._monotonic()
        at, left = self._left.get(key, (now, float(self._limit)))
        now = max(now, at)
        return now, min(self._limit, left + (now - at) * self._limit / 60)


@dataclass(frozen=True, slots=True)
class Over:
    """Whose limit is reached, and for how long."""

    whose: Literal["person", "channel"]
    wait_s: float


class Allowance:
    """A limit per minute for each person, and one for each conversation.

    The key of a person is the user id alone. In an organization of several workspaces one person's clicks and
    commands may name different workspaces; with the workspace in the key, each workspace would add a limit.
    """

    def __init__(self, person: int, channel: int, monotonic: Callable[[], float]) -> None:
        self._people = Buckets(person, monotonic)
        self._channels = Buckets(channel, monotonic)

    def take(self, user: str, channel: str) -> Over | None:
        """Charge both limits, or neither if one of them is reached. An empty ``channel`` has no limit."""
        if wait_s := self._people.wait_s(user):
            return Over("person", wait_s)
        if channel and (wait_s := self._channels.take(channel)):
            return Over("channel", wait_s)
        self._people.take(user)
        return None
