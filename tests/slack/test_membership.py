"""Slack is slow to answer about groups and people: nobody waits without need, and nobody waits long."""

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
"""Timings with a short pause after a failure."""
NOT_KNOWN = "could not find out whether you may use it"


def staff(box: Sandbox, count: int) -> list[str]:
    """Add ``count`` people to the shift's channel."""
    workspace = box.slack._workspace
    ada, shift = workspace.people[ADA], workspace.conversations[SHIFT]
    names = [f"U0NEW{number}" for number in range(count)]
    workspace.people |= {name: replace(ada, id=name) for name in names}
    workspace.conversations = {**workspace.conversations, SHIFT: replace(shift, members=shift.members | {*names})}
    return names


async def timed(box: Sandbox, user: str) -> tuple[float, str]:
    """The seconds until this person has an answer to their command, and its text."""
    began = time.monotonic()
    before = [message.ts for message in box.slack.messages(SHIFT, user)]

    def theirs() -> list[str]:
        new = [message for message in box.slack.messages(SHIFT, user) if message.ts not in before]
        return [m.text for m in new if m.ephemeral_to == user or f"<@{user}>" in str(m.blocks)]

    await box.slack.command(user, SHIFT, f"private {NIGHTLY}")
    await box.slack.settled(theirs, 12)
    return time.monotonic() - began, theirs()[0]


# Through the real app -------------------------------------------------------------------------------------


async def test_a_hanging_group_delays_nobody_else(tmp_path: Path) -> None:
    """Of six at once, known members get the card at once; the others are refused together, in time."""
    async with guarded(tmp_path, BRIEF, ALLOW_USERGROUPS="S0ONCALL S0SECOND", SHARE_FOR="0") as (box, audit):
        box.slack._workspace.groups["S0ONCALL"] = {ADA, "U0NEW0"}
        people = staff(box, 5)
        await post(box, NIGHTLY)  # the second group is not known to Slack yet
        await asyncio.sleep(0.4)
        box.slack._workspace.groups["S0SECOND"] = {*people}
        box.slack.refuse(MEMBERS, times=99, delay=60)
        answers = await asyncio.gather(*(timed(box, who) for who in (ADA, *people)))
        for took, text in answers[:2]:
            assert "nightly-logrotate" in text
            assert took < 1
        for took, text in answers[2:]:
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


async def test_a_hanging_question_about_a_person_delays_nobody_else(tmp_path: Path) -> None:
    """The same for guests: Slack is asked once per person, however often they press."""
    async with guarded(tmp_path, BRIEF, ALLOW_GUESTS="false", SHARE_FOR="0") as (box, _):
        people = staff(box, 5)
        await post(box, NIGHTLY)
        box.slack.refuse(PEOPLE, times=99, delay=3)
        answers = await asyncio.gather(timed(box, ADA), *(timed(box, who) for who in (*people, people[0])))
        assert "nightly-logrotate" in answers[0][1]
        assert answers[0][0] < 1
        for took, text in answers[1:]:
            assert NOT_KNOWN in text
            assert took < ACCESS.wait_s + 1
        await asyncio.sleep(1)  # what nobody waited for has come all the same
        took, text = await timed(box, people[0])
        assert "nightly-logrotate" in text
        assert took < 1
        assert [call.method for call in box.slack.calls].count(PEOPLE) == 1 + len(people)


async def test_a_failure_is_remembered(tmp_path: Path) -> None:
    """Within the next seconds people are refused at once, and Slack is not asked."""
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
    """Answers about groups and guests, or fails, or hangs. ``asked`` lists the questions."""

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
    """A command's outcome."""
    try:
        await access.admit(asked(user))
    except Denied as denied:
        return denied.outcome
    return "allowed"


def guard(slack: Slack, clock: Callable[[], float], timings: AccessTimings = ACCESS, /, **rules: Any) -> Access:
    """Access with group rules, unless ``rules`` says otherwise."""
    groups = Rules(**({"groups": frozenset({"S1", "S2"})} | rules))
    return Access(groups, "T1", slack.call, timings=timings, monotonic=clock)


@pytest.mark.parametrize("what", ["group", "guest"])
async def test_a_removed_member_loses_access_in_time(what: str) -> None:
    """A removal counts after a minute (a guest: five), or after ten while Slack fails; so does a new member."""
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


async def test_slack_is_asked_again_some_seconds_after_a_failure() -> None:
    """Until then everybody is refused at once."""
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
async def test_one_failing_group_does_not_affect_the_other(failing: str) -> None:
    """A member of the other group is admitted; about anybody else nothing is known."""
    clock, slack = Clock(), Slack()
    slack.groups = {"S1": {ADA}, "S2": {ADA}}
    slack.failing = {failing}
    access = guard(slack, clock)
    assert await says(access) == "allowed"
    assert await says(access, GRACE) == "denied: unknown"


async def test_a_member_of_one_group_does_not_wait_for_another() -> None:
    """All groups are asked at the same time, and the first yes is enough."""
    slack = Slack()
    slack.groups["S2"], slack.hanging = {GRACE}, {"S1"}
    access = guard(slack, time.monotonic)
    async with asyncio.timeout(1):
        assert await says(access, GRACE) == "allowed"
        assert access.admit_at_once(asked(GRACE))


async def test_for_a_listed_person_slack_is_not_asked() -> None:
    """The groups are not asked."""
    slack = Slack()
    access = guard(slack, time.monotonic, users=frozenset({GRACE}))
    assert access.admit_at_once(asked(GRACE))
    assert slack.asked == []


async def test_a_crowd_asks_slack_once() -> None:
    """Fifty ask at the same moment, before anything is known."""
    slack = Slack()
    access = guard(slack, time.monotonic, guests=False)
    answers = await asyncio.gather(*(says(access) for _ in range(50)))
    assert set(answers) == {"allowed"}
    assert sorted(slack.asked) == ["S1", "S2", ADA]


async def test_stale_members_count_while_slack_is_slow() -> None:
    """They wait shorter than people who are not members."""
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


async def test_a_cancelled_wait_takes_the_answer_from_nobody() -> None:
    """The call is shared."""
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


async def test_waiting_for_slack_counts_against_the_time_for_coc() -> None:
    """The interaction has the seconds."""
    slack = Slack()
    slack.hanging = {"S1", "S2"}
    one = asked()
    with pytest.raises(Denied):
        await guard(slack, time.monotonic, replace(ACCESS, wait_s=0.1)).admit(one)
    assert 0.1 <= one.slack_wait_s < 0.5


async def test_remembered_answers_are_bounded() -> None:
    """The latest ones stay."""
    slack = Slack()
    access = guard(slack, lambda: 0.0, groups=frozenset[str](), guests=False)
    for number in range(MAX_ANSWERS + 1):
        assert await says(access, f"U{number}") == "allowed"
    assert len(access._people._guests) == MAX_ANSWERS
    assert access.admit_at_once(asked(f"U{MAX_ANSWERS}"))
    assert not access.admit_at_once(asked("U0"))


@pytest.mark.parametrize("answer", [{}, {"users": None}, {"user": []}])
async def test_an_answer_without_the_fact_is_a_failure(answer: dict[str, Any]) -> None:
    """It means neither that nobody is a member nor that nobody is a guest."""

    async def call(_method: str, **_arguments: Any) -> dict[str, Any]:
        return answer

    for rules in (Rules(groups=frozenset({"S1"})), Rules(guests=False)):
        assert await says(Access(rules, "T1", call)) == "denied: unknown"


async def test_refusals_for_a_crowd_of_strangers_are_bounded() -> None:
    """Their refusals in one conversation cost people who may ask nothing."""
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


def test_each_wait_ends_before_the_next_longer_one() -> None:
    """No note about COC comes while the bot waits for Slack, and a stale answer shortens the wait."""
    assert ACCESS.stale_wait_s < ACCESS.wait_s <= TIMINGS.answers.patience_s
    assert ACCESS.question_s < ACCESS.failed_s < ACCESS.group_s < ACCESS.guest_s < ACCESS.stale_s
