"""User groups and people that Slack is slow to tell of: nobody waits who need not, and nobody waits for long."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.session import Sandbox
from bot.slack.access import STRANGER_REFUSALS, Access, Denied, Rules
from bot.slack.errors import SlackRefused
from bot.slack.interaction import Interaction
from bot.slack.membership import MAX_ANSWERS
from bot.timings import TIMINGS, AccessTimings, Timings
from tests.slack.presses import ADA, GRACE, NIGHTLY, SHIFT, post
from tests.slack.test_access import guarded, lines
from tests.slack.test_limits import Clock

MEMBERS, PEOPLE = "usergroups.users.list", "users.info"
ACCESS = TIMINGS.access
BRIEF = Timings(access=replace(ACCESS, failed_s=0.3))
"""Slack is asked soon after a failure."""
NOT_KNOWN = "could not find out whether you may use it"


def staff(box: Sandbox, count: int) -> list[str]:
    """So many more people in the shift's channel."""
    workspace = box.slack._workspace
    ada, shift = workspace.people[ADA], workspace.places[SHIFT]
    names = [f"U0NEW{number}" for number in range(count)]
    workspace.people |= {name: replace(ada, id=name) for name in names}
    workspace.places = {**workspace.places, SHIFT: replace(shift, members=shift.members | {*names})}
    return names


async def timed(box: Sandbox, user: str) -> tuple[float, str]:
    """Seconds until this person has the answer to their command, and what it says."""
    began = time.monotonic()
    before = [message.ts for message in box.slack.messages(SHIFT, user)]

    def theirs() -> list[str]:
        new = [message for message in box.slack.messages(SHIFT, user) if message.ts not in before]
        return [m.text for m in new if m.ephemeral_to == user or f"<@{user}>" in str(m.blocks)]

    await box.slack.command(user, SHIFT, f"private {NIGHTLY}")
    await box.slack.settled(theirs, 12)
    return time.monotonic() - began, theirs()[0]


# Through the real app -------------------------------------------------------------------------------------


async def test_a_hanging_group_holds_up_nobody_else(tmp_path: Path) -> None:
    """Six ask at once. Whose membership is in hand has the card at once; the others are told together, in time."""
    async with guarded(tmp_path, BRIEF, ALLOW_USERGROUPS="S0ONCALL S0SECOND", SHARE_FOR="0") as (box, audit):
        box.slack._workspace.groups["S0ONCALL"] = {ADA, "U0NEW0"}
        people = staff(box, 5)
        await post(box, NIGHTLY)  # the second group is not known to Slack yet
        await asyncio.sleep(0.4)
        box.slack._workspace.groups["S0SECOND"] = {*people}
        box.slack.refuse(MEMBERS, times=99, delay=60)
        found = await asyncio.gather(*(timed(box, who) for who in (ADA, *people)))
        for took, text in found[:2]:
            assert "nightly-logrotate" in text
            assert took < 1
        for took, text in found[2:]:
            assert NOT_KNOWN in text
            assert took < ACCESS.wait_s + 1
        box.slack._api._faults.clear()  # Slack is well again
        await asyncio.sleep(
            ACCESS.question_s - ACCESS.wait_s + BRIEF.access.failed_s
        )  # what hangs is given up by now
        took, text = await timed(box, people[-1])
        assert "nightly-logrotate" in text
        assert took < 1
        outcomes = Counter(line["outcome"] for line in lines(audit))
        assert outcomes["denied: unknown"] == 4


async def test_people_slack_does_not_tell_of_hold_up_nobody_else(tmp_path: Path) -> None:
    """The same for what a person is: one question for each of them, however often they press."""
    async with guarded(tmp_path, BRIEF, ALLOW_GUESTS="false", SHARE_FOR="0") as (box, _):
        people = staff(box, 5)
        await post(box, NIGHTLY)
        box.slack.refuse(PEOPLE, times=99, delay=3)
        found = await asyncio.gather(timed(box, ADA), *(timed(box, who) for who in (*people, people[0])))
        assert "nightly-logrotate" in found[0][1]
        assert found[0][0] < 1
        for took, text in found[1:]:
            assert NOT_KNOWN in text
            assert took < ACCESS.wait_s + 1
        await asyncio.sleep(1)  # what nobody waited for has come all the same
        took, text = await timed(box, people[0])
        assert "nightly-logrotate" in text
        assert took < 1
        assert [call.method for call in box.slack.calls].count(PEOPLE) == 1 + len(people)


async def test_a_failure_is_remembered(tmp_path: Path) -> None:
    """Who asks within the next seconds is told at once, and Slack is left alone."""
    async with guarded(tmp_path, ALLOW_USERGROUPS="S0ONCALL") as (box, audit):
        box.slack.scopes = "commands,chat:write"
        for _ in range(5):
            took, text = await timed(box, ADA)
            assert NOT_KNOWN in text
            assert took < 1
        assert [call.method for call in box.slack.calls].count(MEMBERS) == 1
        assert {line["outcome"] for line in lines(audit)} == {"denied: unknown"}


# What is believed, and for how long -----------------------------------------------------------------------


class Slack:
    """Tells of groups and guests; may fail or hang. ``asked`` is what it was asked about."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {"S1": {ADA}, "S2": set()}
        self.guests: set[str] = set()
        self.failing: set[str] = set()
        self.hanging: set[str] = set()
        self.asked: list[str] = []
        self.go_on = asyncio.Event()

    async def call(self, _method: str, *, usergroup: str = "", user: str = "") -> dict[str, Any]:
        """Either method."""
        about = usergroup or user
        self.asked.append(about)
        if about in self.hanging:
            await self.go_on.wait()
        if about in self.failing:
            raise SlackRefused("ratelimited", transient=True)
        return {"users": sorted(self.groups[usergroup])} if usergroup else {"user": {"deleted": user in self.guests}}


def asked(user: str = ADA) -> Interaction:
    """A command."""
    return Interaction("command", user, SHIFT, "T1", "", "")


async def says(access: Access, user: str = ADA) -> str:
    """What becomes of a command."""
    try:
        await access.admit(asked(user))
    except Denied as denied:
        return denied.outcome
    return "allowed"


def guard(slack: Slack, clock: Callable[[], float], timings: AccessTimings = ACCESS, /, **rules: Any) -> Access:
    """Groups are asked for unless the rules say otherwise."""
    groups = Rules(**({"groups": frozenset({"S1", "S2"})} | rules))
    return Access(groups, "T1", slack.call, timings=timings, monotonic=clock)


@pytest.mark.parametrize("what", ["group", "guest"])
async def test_who_is_removed_is_locked_out_in_time(what: str) -> None:
    """After a minute (a guest: five); where Slack does not answer, after ten. A newcomer gets in as soon."""
    clock, slack = Clock(), Slack()
    fresh_s = ACCESS.group_s if what == "group" else ACCESS.guest_s
    rules = {} if what == "group" else {"groups": frozenset[str](), "guests": False}
    access, no = guard(slack, clock, **rules), "denied: person" if what == "group" else "denied: guest"
    about = {"S1", "S2"} if what == "group" else {ADA}
    assert await says(access) == "allowed"
    slack.groups["S1"], slack.guests = set(), {ADA}
    clock.now = fresh_s - 1
    assert await says(access) == "allowed"
    slack.failing = about
    clock.now = ACCESS.stale_s - 1
    assert await says(access) == "allowed"
    clock.now = ACCESS.stale_s
    assert await says(access) == "denied: unknown"
    slack.failing = set()
    clock.now += ACCESS.failed_s
    assert await says(access) == no
    slack.groups["S1"], slack.guests = {ADA}, set()
    clock.now += fresh_s
    assert await says(access) == "allowed"


async def test_a_failure_is_asked_about_again_after_some_seconds() -> None:
    """Until then it is answered at once, whoever asks."""
    clock, slack = Clock(), Slack()
    access = guard(slack, clock)
    slack.failing = {"S1", "S2"}
    for clock.now in (0.0, 0.1, ACCESS.failed_s - 0.1):
        assert await says(access) == "denied: unknown"
        with pytest.raises(Denied):
            access.admit_at_once(asked(GRACE))
    assert sorted(slack.asked) == ["S1", "S2"]
    slack.failing = set()
    clock.now = ACCESS.failed_s
    assert await says(access) == "allowed"


@pytest.mark.parametrize("failing", ["S1", "S2"])
async def test_one_group_that_fails_is_not_all_of_them(failing: str) -> None:
    """A member of the other is let in; of anybody else nothing is known."""
    clock, slack = Clock(), Slack()
    slack.groups = {"S1": {ADA}, "S2": {ADA}}
    slack.failing = {failing}
    access = guard(slack, clock)
    assert await says(access) == "allowed"
    assert await says(access, GRACE) == "denied: unknown"


async def test_a_member_of_one_group_does_not_wait_for_another() -> None:
    """All are asked at the same time, and the first yes is enough."""
    slack = Slack()
    slack.groups["S2"], slack.hanging = {GRACE}, {"S1"}
    access = guard(slack, time.monotonic)
    async with asyncio.timeout(1):
        assert await says(access, GRACE) == "allowed"
        assert access.admit_at_once(asked(GRACE))


async def test_a_listed_person_asks_nobody() -> None:
    """Whatever the groups do."""
    slack = Slack()
    access = guard(slack, time.monotonic, users=frozenset({GRACE}))
    assert access.admit_at_once(asked(GRACE))
    assert slack.asked == []


async def test_a_crowd_asks_once() -> None:
    """Fifty at the same moment, who are in no hand yet."""
    slack = Slack()
    access = guard(slack, time.monotonic, guests=False)
    found = await asyncio.gather(*(says(access) for _ in range(50)))
    assert set(found) == {"allowed"}
    assert sorted(slack.asked) == ["S1", "S2", ADA]


async def test_old_members_stand_in_while_slack_is_slow() -> None:
    """After a short wait, shorter than that of those who are not among them."""
    clock, slack = Clock(), Slack()
    access = guard(slack, clock, replace(ACCESS, stale_wait_s=0.05, wait_s=0.2))
    assert await says(access) == "allowed"
    clock.now, slack.hanging = ACCESS.group_s, {"S1", "S2"}
    began = time.monotonic()
    assert await says(access) == "allowed"
    assert time.monotonic() - began < 0.15
    assert await says(access, GRACE) == "denied: person"
    slack.groups["S1"] = set()
    slack.go_on.set()
    await asyncio.sleep(0.05)
    assert await says(access) == "denied: person", "what came late is known all the same"
    assert len(slack.asked) == 4


async def test_who_gives_up_waiting_takes_the_answer_from_nobody() -> None:
    """The look-up is everybody's."""
    slack = Slack()
    slack.hanging = {"S1", "S2"}
    access = guard(slack, time.monotonic)
    first, second = (asyncio.create_task(says(access)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    slack.go_on.set()
    assert await second == "allowed"
    assert first.cancelled()
    assert len(slack.asked) == 2


async def test_waiting_comes_off_the_time_that_is_left_for_coc() -> None:
    """It is kept with the interaction."""
    slack = Slack()
    slack.hanging = {"S1", "S2"}
    one = asked()
    with pytest.raises(Denied):
        await guard(slack, time.monotonic, replace(ACCESS, wait_s=0.1)).admit(one)
    assert 0.1 <= one.slack_wait_s < 0.5


async def test_what_is_remembered_of_people_is_bounded() -> None:
    """Those asked about last are kept."""
    slack = Slack()
    access = guard(slack, lambda: 0.0, groups=frozenset[str](), guests=False)
    for number in range(MAX_ANSWERS + 1):
        assert await says(access, f"U{number}") == "allowed"
    assert len(access._people._guests) == MAX_ANSWERS
    assert access.admit_at_once(asked(f"U{MAX_ANSWERS}"))
    assert not access.admit_at_once(asked("U0"))


@pytest.mark.parametrize("answer", [{}, {"users": None}, {"user": []}])
async def test_an_answer_that_says_nothing_is_a_failure(answer: dict[str, Any]) -> None:
    """Neither that nobody is a member, nor that nobody is a guest."""

    async def call(_method: str, **_arguments: Any) -> dict[str, Any]:
        return answer

    for rules in (Rules(groups=frozenset({"S1"})), Rules(guests=False)):
        assert await says(Access(rules, "T1", call)) == "denied: unknown"


async def test_a_crowd_of_strangers_is_told_no_more_than_so_often() -> None:
    """Many of them in one conversation; what they are told takes nothing from people who may ask."""
    slack = Slack()
    access = guard(slack, lambda: 0.0, person_limit=1)
    quiet = []
    for number in range(STRANGER_REFUSALS + 20):
        with pytest.raises(Denied) as denied:
            await access.admit(asked(f"U{number}"))
        quiet.append(denied.value.is_quiet)
    assert quiet == [False] * STRANGER_REFUSALS + [True] * 20
    assert await says(access) == "allowed"
    with pytest.raises(Denied) as denied:
        await access.admit(asked())
    assert (denied.value.outcome, denied.value.is_quiet) == ("denied: limit per person", False)


def test_the_waits_fit_into_each_other() -> None:
    """No one is told that COC is being waited for while it is Slack, and an old answer is no reason to wait."""
    assert ACCESS.stale_wait_s < ACCESS.wait_s <= TIMINGS.answers.patience_s
    assert ACCESS.question_s < ACCESS.failed_s < ACCESS.group_s < ACCESS.guest_s < ACCESS.stale_s
