"""Who may ask, where and how often: decided anew at every command, click and submission.

A decision rests on what Slack says about the person and the place, never on what a button carries. Slack signs both a
request and a modal's own metadata, so a modal's channel is the one in which its card stands.

``decide`` is pure: allow, deny with the reason, or ask Slack. ``Access`` asks Slack, charges the limits in ``_count``
and keeps the decision with the interaction, so each is decided and counted once, whichever path it takes.
``bot.slack.guarded_lookup`` decides about tasks.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.cards.problem import Problem
from bot.slack.interaction import Interaction
from bot.slack.limits import Allowance, Over
from bot.slack.membership import CallSlack, Membership, Truth
from bot.timings import TIMINGS, AccessTimings

DIRECT = "dm"
"""All direct messages, in a list of channels."""
REFUSALS = 30
"""Refusals that one person sees in a minute. Only a script presses faster; its refusals are only audited."""
STRANGER_REFUSALS = 60
"""The same limit for all people in a conversation who may not use the bot."""

Decision = Literal["allowed", "ask", "workspace", "channel", "guest", "person", "unknown"]
"""``ask``: it depends on what Slack says about the person. Any other than ``allowed`` is the reason for a refusal."""

_TITLES: dict[Decision, str] = {
    "workspace": "You may not use this bot: it answers people of its own workspace only.",
    "channel": "This bot may not be used in this conversation.",
    "guest": "Guests may not use this bot.",
    "person": "You are not among the people who may use this bot.",
    "unknown": "The bot could not find out whether you may use it.",
}
_WHOSE = {"person": "You have", "channel": "This conversation has"}


class Denied(Exception):
    """This person may not have this, here or now. ``outcome`` is for the log and the audit."""

    def __init__(self, reason: str, problem: Problem, *, is_quiet: bool = False) -> None:
        self.outcome = f"denied: {reason}"
        self.problem = problem
        self.is_quiet = is_quiet
        """Whether the person has been refused so often that this refusal is only audited."""
        super().__init__(self.outcome)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator allows. An empty set allows everybody or everything; limits are per minute, 0 is no limit."""

    workspaces: frozenset[str] = frozenset()
    """Ids of Slack workspaces beside the bot's own."""
    channels: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    """Ids of Slack user groups. A person must be in one of them or in ``users``."""
    guests: bool = True
    tasks: frozenset[str] = frozenset()
    """Patterns ``id:…``, ``name:…``, ``project:…`` with ``*`` and ``?``."""
    person_limit: int = 0
    channel_limit: int = 0
    contact: str = "the bot's owner"


def decide(rules: Rules, teams: frozenset[str], interaction: Interaction, *, guest: Truth, member: Truth) -> Decision:
    """Whether this person may ask here. ``guest`` and ``member`` (of a group) matter where a rule needs them."""
    channels, here = rules.channels, interaction.channel
    if interaction.team not in teams:
        return "workspace"
    if channels and here not in channels and not (here.startswith("D") and DIRECT in channels):
        return "channel"
    if rules.guests:
        guest = Truth.NO
    if interaction.user in rules.users or not (rules.users or rules.groups):
        member = Truth.YES
    if guest is Truth.YES:
        return "guest"
    if member is Truth.NO:
        return "person"
    if Truth.ASK in {guest, member}:
        return "ask"
    return "unknown" if Truth.UNKNOWN in {guest, member} else "allowed"


class Access:
    """Admits people by the rules and counts each interaction. One per process, used from one event loop."""

    def __init__(
        self,
        rules: Rules,
        own_team: str,
        call: CallSlack,
        *,
        timings: AccessTimings = TIMINGS.access,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules
        self._teams = rules.workspaces | {own_team}
        self._timings = timings
        self._monotonic = monotonic
        self._people = Membership(rules.groups, call, timings, monotonic)
        self._admitted = Allowance(rules.person_limit, rules.channel_limit, monotonic)
        self._refused = Allowance(REFUSALS, STRANGER_REFUSALS, monotonic)

    async def admit(self, interaction: Interaction) -> None:
        """Raise Denied unless this person may ask here and now. Asks Slack where a rule needs it."""
        if self.admit_at_once(interaction):
            return
        began, user = self._monotonic(), interaction.user
        can_stand_in = self._decide(interaction, final=True) == "allowed"
        await self._people.learn(
            user,
            lambda: self._decide(interaction) != "ask",
            guest=not self._rules.guests,
            wait_s=self._timings.stale_wait_s if can_stand_in else self._timings.wait_s,
        )
        interaction.slack_wait_s = self._monotonic() - began
        self.decide_unasked(interaction)
        self.admit_at_once(interaction)

    def admit_at_once(self, interaction: Interaction) -> bool:
        """The same without asking Slack: True, Denied, or False where Slack must be asked first."""
        if not interaction.is_decided:
            decision = self._decide(interaction)
            if decision == "ask":
                return False
            self._settle(interaction, decision)
        if interaction.refusal is not None:
            raise interaction.refusal
        return True

    def decide_unasked(self, interaction: Interaction) -> None:
        """Decide by what is known of the person now.

        So an interaction that ended before anybody asked for a decision is counted too.
        """
        if not interaction.is_decided:
            self._settle(interaction, self._decide(interaction, final=True))

    def _decide(self, interaction: Interaction, *, final: bool = False) -> Decision:
        guest = self._people.is_guest(interaction.user, final=final)
        member = self._people.is_member(interaction.user, final=final)
        return decide(self._rules, self._teams, interaction, guest=guest, member=member)

    def _settle(self, interaction: Interaction, decision: Decision) -> None:
        interaction.is_decided = True
        interaction.refusal = self._count(interaction.user, interaction.channel, decision)

    def _count(self, user: str, channel: str, decision: Decision) -> Denied | None:
        """Charge the limits for one interaction, and return the refusal if there is one.

        Refusals are charged to separate limits: people who may not use the bot take nothing from those who may.
        """
        if decision != "allowed":
            is_quiet = self._refused.take(user, channel) is not None
            advice = "Ask {contact}."
            if decision == "unknown":
                advice = "Try again in half a minute; if it stays so, ask {contact}."
            return denied(decision, _TITLES[decision], advice, self._rules, is_quiet=is_quiet)
        if (over := self._admitted.take(user, channel)) is None:
            return None
        return _over_limit(over, is_quiet=self._refused.take(user, "") is not None)


def denied(reason: str, title: str, advice: str, rules: Rules, *, is_quiet: bool = False) -> Denied:
    """A refusal whose advice may name the operator's ``{contact}``."""
    return Denied(reason, Problem(":no_entry:", title, advice, (("contact", rules.contact),)), is_quiet=is_quiet)


def _over_limit(over: Over, *, is_quiet: bool) -> Denied:
    problem = Problem(
        ":hourglass:",
        f"{_WHOSE[over.whose]} asked a lot within a minute.",
        "Try again in {wait}. Nothing is wrong with the task.",
        (("wait", f"{max(1, math.ceil(over.wait_s - 0.01))} s"),),
    )
    return Denied(f"limit per {over.whose}", problem, is_quiet=is_quiet)
