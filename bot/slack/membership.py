"""Asks Slack about people: who is in a user group, and who is a guest.

Each answer counts for a while. People who ask about the same thing share one call, and different questions run at the
same time. A failure is remembered for some seconds. So a question that hangs delays only those who need its answer,
and them only once.
"""

import asyncio
import enum
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import structlog

from bot.lookup.single_flight import SingleFlight
from bot.slack.errors import SlackRefused
from bot.timings import AccessTimings

log = structlog.get_logger(__name__)

T = TypeVar("T")

MAX_ANSWERS = 5_000
"""People and groups that are remembered."""

CallSlack = Callable[..., Awaitable[Mapping[str, Any]]]
"""Calls a Web API method by name; raises SlackRefused."""


class Truth(enum.Enum):
    """What is known about one property of a person."""

    YES = enum.auto()
    NO = enum.auto()
    UNKNOWN = enum.auto()
    """Slack was asked and did not answer."""
    ASK = enum.auto()
    """Slack must be asked."""


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    """One answer from Slack. ``asked`` and ``failed`` are readings of the monotonic clock."""

    value: T | None = None
    asked: float = float("-inf")
    failed: float = float("-inf")


class _Answers(Generic[T]):
    """Slack's answers to one kind of question, by whom or what it was about."""

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
        self._by_key: OrderedDict[str, _Answer[T]] = OrderedDict()
        self._calls = SingleFlight(self._learn)

    def __len__(self) -> int:
        return len(self._by_key)

    def value(self, key: str) -> T | None:
        """The answer that counts now, however stale; None where there is none."""
        answer = self._by_key.get(key, _Answer())
        return answer.value if self._monotonic() - answer.asked < self._timings.stale_s else None

    def is_settled(self, key: str) -> bool:
        """Whether there is no reason to ask Slack now: the answer is fresh, or Slack has just failed."""
        now, answer = self._monotonic(), self._by_key.get(key, _Answer())
        return now - answer.asked < self._fresh_s or now - answer.failed < self._timings.failed_s

    async def learn(self, key: str) -> None:
        """Ask Slack, or join a call under way. A failure is logged and remembered."""
        await self._calls.join(key)

    async def _learn(self, key: str) -> None:
        asked = self._monotonic()
        try:
            async with asyncio.timeout(self._timings.question_s):
                answer = _Answer(await self._ask(key), asked)
        except (SlackRefused, TimeoutError) as error:
            needed = error.needed if isinstance(error, SlackRefused) else ""
            log.error(f"{self._name}_unknown", about=key, error=str(error) or "timed_out", needed=needed)
            answer = replace(self._by_key.get(key, _Answer()), failed=self._monotonic())
        self._by_key[key] = answer
        self._by_key.move_to_end(key)
        while len(self._by_key) > MAX_ANSWERS:
            self._by_key.popitem(last=False)


class Membership:
    """What is known about people, and the questions to Slack. One per process, used from one event loop."""

    def __init__(
        self, groups: frozenset[str], call: CallSlack, timings: AccessTimings, monotonic: Callable[[], float]
    ) -> None:
        self._call = call
        self._groups = sorted(groups)
        self._members = _Answers("usergroup", self._ask_members, timings.group_s, timings, monotonic)
        self._guests = _Answers("person", self._ask_guest, timings.guest_s, timings, monotonic)

    def is_member(self, user: str, *, final: bool = False) -> Truth:
        """Whether the person is in one of the groups. ``final``: Slack will not be asked; a stale answer counts."""
        answers = [(self._members.value(group), final or self._members.is_settled(group)) for group in self._groups]
        if any(members is not None and user in members and is_settled for members, is_settled in answers):
            return Truth.YES
        if not all(is_settled for _, is_settled in answers):
            return Truth.ASK
        return Truth.UNKNOWN if any(members is None for members, _ in answers) else Truth.NO

    def is_guest(self, user: str, *, final: bool = False) -> Truth:
        """Whether the person is a guest, a stranger or gone."""
        if not final and not self._guests.is_settled(user):
            return Truth.ASK
        is_guest = self._guests.value(user)
        return Truth.UNKNOWN if is_guest is None else Truth.YES if is_guest else Truth.NO

    async def learn(self, user: str, is_enough: Callable[[], bool], *, guest: bool, wait_s: float) -> None:
        """Ask Slack for what is not known, all at once; return when ``is_enough``, or after ``wait_s`` seconds.

        Calls that nobody awaits any more go on for those who ask later.
        """
        calls = {
            asyncio.ensure_future(self._members.learn(group))
            for group in self._groups
            if not self._members.is_settled(group)
        }
        if guest and not self._guests.is_settled(user):
            calls.add(asyncio.ensure_future(self._guests.learn(user)))
        try:
            async with asyncio.timeout(wait_s):
                while calls and not is_enough():
                    done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
                    for call in done:
                        call.result()
        except TimeoutError:
            log.warning("membership_late", waited_s=wait_s)
        finally:
            for call in calls:
                call.cancel()

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
