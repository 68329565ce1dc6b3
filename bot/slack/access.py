"""Who may ask, where, for which tasks, and how often: checked anew at every command, click and submission.

What counts is what Slack says about who pressed and where, never what a button carries. Slack signs both a request
and the modal's own data, so a modal's channel is the one in which its card stands.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import structlog

from bot.cards.problem import Problem
from bot.coc.snapshot import Snapshot
from bot.slack.interaction import Interaction
from bot.slack.reply import SlackRefused

log = structlog.get_logger(__name__)

DIRECT = "dm"
"""Stands for all direct messages in a list of channels."""
GROUP_S, GUEST_S = 60.0, 300.0
"""How long a user group's members and what a person is are believed, in seconds."""
STALE_S = 600.0
"""How long members are still believed where Slack does not tell the new ones."""
KEPT = 5_000
"""People and channels that are remembered."""

Call = Callable[..., Awaitable[Mapping[str, Any]]]
"""Calls a Web API method by name; raises SlackRefused."""


class Denied(Exception):
    """This person may not have this, here or now. ``word`` is for the log and the audit."""

    def __init__(self, word: str, problem: Problem) -> None:
        self.word = f"denied: {word}"
        self.problem = problem
        super().__init__(self.word)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator allows. Empty sets allow everybody and everything; limits are per minute, 0 is none."""

    workspaces: frozenset[str] = frozenset()
    """Ids of Slack workspaces beside the bot's own."""
    channels: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    """Ids of Slack user groups; a person must be in one of them or in ``users``."""
    guests: bool = True
    tasks: frozenset[str] = frozenset()
    """Patterns ``id:…``, ``name:…``, ``project:…`` with ``*`` and ``?``."""
    person_limit: int = 0
    channel_limit: int = 0
    contact: str = "the bot's owner"


class Access:
    """The rules, with what is remembered of people. One per process, used from one event loop."""

    def __init__(
        self, rules: Rules, own_team: str, call: Call, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rules = rules
        self._teams = rules.workspaces | {own_team}
        self._call = call
        self._monotonic = monotonic
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}
        self._guests: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._lock = asyncio.Lock()
        self._people = Buckets(rules.person_limit, monotonic)
        self._channels = Buckets(rules.channel_limit, monotonic)

    async def admit(self, interaction: Interaction, task_id: str) -> None:
        """Raise Denied unless this person may ask for this task here and now. Asks Slack where a rule needs it."""
        if not interaction.counted:
            interaction.counted.append(True)
            self._count(interaction)
        self._place(interaction)
        await self._person(interaction)
        patterns = self._rules.tasks
        if patterns and all(pattern.startswith("id:") for pattern in patterns) and not self._matches("id", task_id):
            raise self._no_task()

    def admitted(self, interaction: Interaction) -> bool:
        """Whether ``admit`` would let this person pass without asking Slack; False where that is not known."""
        rules, now = self._rules, self._monotonic()
        if rules.users or rules.groups:
            fresh = [members for at, members in self._groups.values() if now - at < GROUP_S]
            if interaction.user not in rules.users and not any(interaction.user in members for members in fresh):
                return False
        if not rules.guests:
            known = self._guests.get(interaction.user)
            if known is None or now - known[0] >= GUEST_S or known[1]:
                return False
        try:
            self._place(interaction)
            if not interaction.counted:
                interaction.counted.append(True)
                self._count(interaction)
        except Denied:
            return False
        return True

    def task(self, snapshot: Snapshot) -> None:
        """Raise Denied unless the rules let this task be shown."""
        if not self._rules.tasks:
            return
        found = {
            "id": snapshot.task_id,
            "name": snapshot.task.name or "",
            "project": snapshot.task.enterprise_project_id or "",
        }
        if not any(self._matches(kind, word) for kind, word in found.items()):
            raise self._no_task()

    def _matches(self, kind: str, word: str) -> bool:
        return any(
            fnmatchcase(word.casefold(), pattern.partition(":")[2].casefold())
            for pattern in self._rules.tasks
            if pattern.startswith(f"{kind}:")
        )

    def _place(self, interaction: Interaction) -> None:
        if interaction.team not in self._teams:
            raise self._denied("workspace", "You may not use this bot: it answers people of its own workspace only.")
        channels, here = self._rules.channels, interaction.channel
        if channels and here not in channels and not (here.startswith("D") and DIRECT in channels):
            raise self._denied("channel", "This bot may not be used in this conversation.")

    async def _person(self, interaction: Interaction) -> None:
        rules, user = self._rules, interaction.user
        if not rules.guests and await self._is_guest(user):
            raise self._denied("guest", "Guests may not use this bot.")
        if not rules.users and not rules.groups:
            return
        if user not in rules.users and not await self._in_group(user):
            raise self._denied("person", "You are not among the people who may use this bot.")

    async def _in_group(self, user: str) -> bool:
        return any([user in await self._members(group) for group in sorted(self._rules.groups)])

    async def _members(self, group: str) -> frozenset[str]:
        async with self._lock:
            now = self._monotonic()
            at, members = self._groups.get(group, (float("-inf"), frozenset()))
            if now - at < GROUP_S:
                return members
            try:
                answer = await self._call("usergroups.users.list", usergroup=group)
            except SlackRefused as refused:
                log.error("usergroup_unknown", group=group, error=str(refused), needed=refused.needed)
                if now - at < STALE_S:
                    return members
                raise self._unknown() from refused
            found = answer.get("users")
            members = frozenset(map(str, found)) if isinstance(found, list) else frozenset()
            self._groups[group] = (now, members)
            return members

    async def _is_guest(self, user: str) -> bool:
        known = self._guests.get(user)
        if known is not None and self._monotonic() - known[0] < GUEST_S:
            return known[1]
        try:
            found = (await self._call("users.info", user=user)).get("user")
        except SlackRefused as refused:
            log.error("person_unknown", error=str(refused), needed=refused.needed)
            raise self._unknown() from refused
        about = found if isinstance(found, Mapping) else {"is_restricted": True}
        guest = any(about.get(key) for key in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted"))
        self._guests[user] = (self._monotonic(), guest)
        while len(self._guests) > KEPT:
            self._guests.popitem(last=False)
        return guest

    def _count(self, interaction: Interaction) -> None:
        whose = [(self._people, interaction.user, "You have", "person")]
        whose += (
            [(self._channels, interaction.channel, "This conversation has", "channel")] if interaction.channel else []
        )
        for buckets, key, who, word in whose:
            wait = buckets.take(key)
            if wait > 0:
                seconds = f"{max(1, round(wait))} s"
                raise Denied(
                    f"limit per {word}",
                    Problem(
                        ":hourglass:",
                        f"{who} asked a lot within a minute.",
                        "Try again in {wait}. Nothing is wrong with the task.",
                        (("wait", seconds),),
                    ),
                )

    def _no_task(self) -> Denied:
        return self._denied("task", "This bot may not show this task.")

    def _unknown(self) -> Denied:
        return self._denied("unknown", "The bot could not find out whether you may use it.")

    def _denied(self, word: str, title: str) -> Denied:
        return Denied(word, Problem(":no_entry:", title, "Ask {contact}.", (("contact", self._rules.contact),)))


class Buckets:
    """For each key a bucket of ``limit`` tokens that fills up again within a minute."""

    def __init__(self, limit: int, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one token: 0, or the seconds until there is one."""
        if not self._limit:
            return 0.0
        now, rate = self._monotonic(), self._limit / 60
        at, left = self._left.pop(key, (now, float(self._limit)))
        left = min(self._limit, left + (now - at) * rate)
        taken = left >= 1
        self._left[key] = (now, left - 1 if taken else left)
        while len(self._left) > KEPT:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / rate
