"""Who may ask, where, for which tasks, and how often: decided anew at every command, click and submission.

What counts is what Slack says about who pressed and where, never what a button carries. Slack signs both a request
and the modal's own data, so a modal's channel is the one in which its card stands.

``decide`` is pure: yes, no and why, or Slack must be asked. ``Access`` asks, counts what was allowed, and keeps the
decision with the interaction, so that each is decided and counted once, whichever way it goes.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from bot.cards.problem import Problem
from bot.slack.interaction import Interaction
from bot.slack.limits import Allowance, Over
from bot.slack.membership import Call, Membership, Said
from bot.task.snapshot import Snapshot
from bot.timings import TIMINGS, AccessTimings

DIRECT = "dm"
"""Stands for all direct messages in a list of channels."""
REFUSALS = 30
"""Refusals that one person is told of in a minute. Nobody presses faster, a script does: those are only audited."""
STRANGER_REFUSALS = 60
"""The same for all people of a conversation who may not use the bot."""

Verdict = Literal["allowed", "ask", "workspace", "channel", "guest", "person", "unknown"]
"""``ask``: it depends on what Slack says of the person. What is neither that nor ``allowed`` is why not."""

_TITLES: dict[Verdict, str] = {
    "workspace": "You may not use this bot: it answers people of its own workspace only.",
    "channel": "This bot may not be used in this conversation.",
    "guest": "Guests may not use this bot.",
    "person": "You are not among the people who may use this bot.",
    "unknown": "The bot could not find out whether you may use it.",
}
_WHOSE = {"person": "You have", "channel": "This conversation has"}


class Denied(Exception):
    """This person may not have this, here or now. ``word`` is for the log and the audit."""

    def __init__(self, word: str, problem: Problem, *, is_quiet: bool = False) -> None:
        self.word = f"denied: {word}"
        self.problem = problem
        self.is_quiet = is_quiet
        """Whether they have been told so often that they are told no more."""
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


def decide(rules: Rules, teams: frozenset[str], interaction: Interaction, *, guest: Said, member: Said) -> Verdict:
    """Whether this person may ask here. ``guest`` and ``member`` (of a group) matter where a rule needs them."""
    channels, here = rules.channels, interaction.channel
    if interaction.team not in teams:
        return "workspace"
    if channels and here not in channels and not (here.startswith("D") and DIRECT in channels):
        return "channel"
    if rules.guests:
        guest = Said.NO
    if interaction.user in rules.users or not (rules.users or rules.groups):
        member = Said.YES
    if guest is Said.YES:
        return "guest"
    if member is Said.NO:
        return "person"
    if Said.ASK in {guest, member}:
        return "ask"
    return "unknown" if Said.UNKNOWN in {guest, member} else "allowed"


class Access:
    """The rules, with what is remembered of people. One per process, used from one event loop."""

    def __init__(
        self,
        rules: Rules,
        own_team: str,
        call: Call,
        *,
        timings: AccessTimings = TIMINGS.access,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules
        self._teams = rules.workspaces | {own_team}
        self._timings = timings
        self._monotonic = monotonic
        self._people = Membership(rules.groups, call, timings, monotonic)
        self._asked = Allowance(rules.person_limit, rules.channel_limit, monotonic)
        self._refused = Allowance(REFUSALS, STRANGER_REFUSALS, monotonic)

    async def admit(self, interaction: Interaction) -> None:
        """Raise Denied unless this person may ask here and now. Asks Slack where a rule needs it."""
        if self.admitted(interaction):
            return
        began, rules = self._monotonic(), self._rules
        user = interaction.user
        can_stand_in = self._verdict(interaction, final=True) == "allowed"
        await self._people.learn(
            user,
            lambda: self._verdict(interaction) != "ask",
            guest=not rules.guests,
            wait_s=self._timings.stale_wait_s if can_stand_in else self._timings.wait_s,
        )
        interaction.admission.waited_s = self._monotonic() - began
        self._conclude(interaction, self._verdict(interaction, final=True))
        self.admitted(interaction)

    def admitted(self, interaction: Interaction) -> bool:
        """The same without asking: True, Denied, or False where Slack must be asked and nothing is decided yet."""
        admission = interaction.admission
        if not admission.is_decided:
            verdict = self._verdict(interaction)
            if verdict == "ask":
                return False
            self._conclude(interaction, verdict)
        if admission.refusal is not None:
            raise admission.refusal
        return True

    def close(self, interaction: Interaction) -> None:
        """Decide about an interaction that ended before anybody asked, without asking Slack: it counts too."""
        self._conclude(interaction, self._verdict(interaction, final=True))

    def check_id(self, task_id: str) -> None:
        """Raise Denied where the rules say by the id alone that this task may not be shown."""
        patterns = self._rules.tasks
        if patterns and all(pattern.startswith("id:") for pattern in patterns):
            self.check_missing(task_id)

    def check_task(self, snapshot: Snapshot) -> None:
        """Raise Denied unless the rules let this task be shown."""
        name, project = snapshot.task.name, snapshot.task.enterprise_project_id
        if not self._matches("name", name or "") and not self._matches("project", project or ""):
            self.check_missing(snapshot.task_id)

    def check_missing(self, task_id: str) -> None:
        """Raise Denied unless the rules allow this task by its id alone: for a task that COC does not know.

        The answer must not reveal whether a task exists that may not be shown.
        """
        if self._rules.tasks and not self._matches("id", task_id):
            raise self._denied("task", "This bot may not show this task.", "Check the id, or ask {contact}.")

    def _matches(self, kind: str, word: str) -> bool:
        return any(
            fnmatchcase(word.casefold(), pattern.partition(":")[2].casefold())
            for pattern in self._rules.tasks
            if pattern.startswith(f"{kind}:")
        )

    def _verdict(self, interaction: Interaction, *, final: bool = False) -> Verdict:
        guest = self._people.is_guest(interaction.user, final=final)
        member = self._people.is_member(interaction.user, final=final)
        return decide(self._rules, self._teams, interaction, guest=guest, member=member)

    def _conclude(self, interaction: Interaction, verdict: Verdict) -> None:
        """Count what is allowed, and keep the decision."""
        admission = interaction.admission
        if admission.is_decided:
            return
        admission.is_decided = True
        if verdict != "allowed":
            # Not counted with the others: people who may not use the bot take nothing from those who may.
            quiet = self._refused.take(interaction.user, interaction.channel) is not None
            advice = "Ask {contact}."
            if verdict == "unknown":
                advice = "Try again in half a minute; if it stays so, ask {contact}."
            admission.refusal = self._denied(verdict, _TITLES[verdict], advice, is_quiet=quiet)
        elif (over := self._asked.take(interaction.user, interaction.channel)) is not None:
            quiet = self._refused.take(interaction.user, "") is not None
            admission.refusal = _over(over, is_quiet=quiet)

    def _denied(self, word: str, title: str, advice: str, *, is_quiet: bool = False) -> Denied:
        problem = Problem(":no_entry:", title, advice, (("contact", self._rules.contact),))
        return Denied(word, problem, is_quiet=is_quiet)


def _over(over: Over, *, is_quiet: bool) -> Denied:
    problem = Problem(
        ":hourglass:",
        f"{_WHOSE[over.whose]} asked a lot within a minute.",
        "Try again in {wait}. Nothing is wrong with the task.",
        (("wait", f"{max(1, math.ceil(over.wait_s - 0.01))} s"),),
    )
    return Denied(f"limit per {over.whose}", problem, is_quiet=is_quiet)
