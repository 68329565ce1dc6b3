"""What Slack says of people: who is in a user group, who is a guest.

Each answer is believed for a while. Look-ups of the same thing are shared, different things are asked at the same
time, and a failure is remembered for some seconds, so that one question that hangs holds up nobody who needs no
answer to it, and the others only once.
"""

import asyncio
import enum
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import structlog

from bot.lookup.single_flight import SingleFlight
from bot.slack.reply import SlackRefused
from bot.timings import AccessTimings

log = structlog.get_logger(__name__)

T = TypeVar("T")

KEPT = 5_000
"""People and groups that are remembered."""

Call = Callable[..., Awaitable[Mapping[str, Any]]]
"""Calls a Web API method by name; raises SlackRefused."""


class Said(enum.Enum):
    """What is known about a person."""

    YES = enum.auto()
    NO = enum.auto()
    UNKNOWN = enum.auto()
    """Slack was asked and did not answer."""
    ASK = enum.auto()
    """Slack must be asked."""


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """One answer of Slack's. ``asked`` and ``failed`` are readings of the monotonic clock."""

    value: T | None = None
    asked: float = float("-inf")
    failed: float = float("-inf")


@dataclass(frozen=True, slots=True)
class _Look(Generic[T]):
    """What is in hand now. ``settled``: asking Slack now would tell no more. No ``value``: nothing is known."""

    value: T | None
    settled: bool


class _Answers(Generic[T]):
    """Slack's answers to one question, by what was asked about."""

    def __init__(
        self,
        name: str,
        ask: Callable[[str], Awaitable[T]],
        fresh_s: float,
        timings: AccessTimings,
        monotonic: Callable[[], float],
    ) -> None:
        self._name = name
        self._ask = ask
        self._fresh_s = fresh_s
        self._timings = timings
        self._monotonic = monotonic
        self._known: OrderedDict[str, _Known[T]] = OrderedDict()
        self._calls = SingleFlight[None]()

    def look(self, key: str) -> _Look[T]:
        """What is in hand, without asking."""
        now, known = self._monotonic(), self._known.get(key, _Known())
        age_s = now - known.asked
        settled = age_s < self._fresh_s or now - known.failed < self._timings.failed_s
        return _Look(known.value if age_s < self._timings.stale_s else None, settled)

    async def learn(self, key: str) -> None:
        """Ask Slack, or join who asks already. A failure is logged and remembered."""
        await self._calls.join(key, lambda: self._learn(key))

    async def _learn(self, key: str) -> None:
        asked = self._monotonic()
        try:
            async with asyncio.timeout(self._timings.question_s):
                known = _Known(await self._ask(key), asked)
        except (SlackRefused, TimeoutError) as error:
            needed = error.needed if isinstance(error, SlackRefused) else ""
            log.error(f"{self._name}_unknown", about=key, error=str(error) or "timed_out", needed=needed)
            known = replace(self._known.get(key, _Known()), failed=self._monotonic())
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


class Membership:
    """What is known of people, and the asking for more. One per process, used from one event loop."""

    def __init__(
        self, groups: frozenset[str], call: Call, timings: AccessTimings, monotonic: Callable[[], float]
    ) -> None:
        self._call = call
        self._groups = sorted(groups)
        self._members = _Answers("usergroup", self._ask_members, timings.group_s, timings, monotonic)
        self._guests = _Answers("person", self._ask_guest, timings.guest_s, timings, monotonic)

    def is_member(self, user: str, *, final: bool = False) -> Said:
        """Whether the person is in one of the groups. ``final``: Slack will not be asked, the old must do."""
        looks = [self._members.look(group) for group in self._groups]
        if any(user in look.value for look in looks if look.value is not None and (look.settled or final)):
            return Said.YES
        if not final and not all(look.settled for look in looks):
            return Said.ASK
        return Said.UNKNOWN if any(look.value is None for look in looks) else Said.NO

    def is_guest(self, user: str, *, final: bool = False) -> Said:
        """Whether the person is a guest, a stranger or gone."""
        look = self._guests.look(user)
        if not look.settled and not final:
            return Said.ASK
        return Said.UNKNOWN if look.value is None else Said.YES if look.value else Said.NO

    async def learn(self, user: str, enough: Callable[[], bool], *, guest: bool, wait_s: float) -> None:
        """Ask Slack for what is not known, all at once; return when it is ``enough``, or after ``wait_s`` seconds.

        Look-ups that nobody waits for any more go on for those who come later.
        """
        asking = {
            asyncio.ensure_future(self._members.learn(group))
            for group in self._groups
            if not self._members.look(group).settled
        }
        if guest and not self._guests.look(user).settled:
            asking.add(asyncio.ensure_future(self._guests.learn(user)))
        try:
            async with asyncio.timeout(wait_s):
                while asking and not enough():
                    done, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                    for one in done:
                        one.result()
        except TimeoutError:
            log.warning("membership_late", waited_s=wait_s)
        finally:
            for one in asking:
                one.cancel()

    async def _ask_members(self, group: str) -> frozenset[str]:
        users = (await self._call("usergroups.users.list", usergroup=group)).get("users")
        if not isinstance(users, list):
            raise SlackRefused("no_users")
        return frozenset(map(str, users))

    async def _ask_guest(self, user: str) -> bool:
        about = (await self._call("users.info", user=user)).get("user")
        if not isinstance(about, Mapping):
            raise SlackRefused("no_user")
        return any(about.get(key) for key in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted"))
