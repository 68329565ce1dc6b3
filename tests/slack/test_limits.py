"""How often somebody may ask: no path avoids the limit, and nobody uses up another person's limit."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Interaction as Sent
from bot.slack.access import REFUSALS, Access, Denied, Rules
from bot.slack.interaction import Interaction
from bot.slack.limits import MAX_BUCKETS, Allowance, Buckets
from bot.timings import AccessTimings, Timings
from tests.faults.surfaces import SURFACES, Spot, Surface
from tests.slack.presses import ADA, GRACE, INCIDENT, NIGHTLY, SHIFT, filled, post, view_text
from tests.slack.test_access import MALLORY, OTHER, guarded, lines, refused

OVER = "denied: limit per person"


async def audited(box: Sandbox, audit: Path, count: int) -> list[dict[str, Any]]:
    """The audit, once it has ``count`` lines."""
    await box.slack.settled(lambda: len(lines(audit)) >= count, 15)
    await asyncio.sleep(0.1)
    entries = lines(audit)
    assert len(entries) == count
    return entries


async def explorer(box: Sandbox) -> dict[str, Any]:
    """Ada's targets modal: two interactions."""
    card = await post(box, NIGHTLY)
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    return await filled(box)


async def search(box: Sandbox, view: dict[str, Any]) -> Sent:
    """Ada presses Find."""
    block = next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
    entered = {block: {"targets_find": {"type": "plain_text_input", "value": "web-07"}}}
    return await box.slack.submit_view(ADA, view["id"], entered)


# Through the real app -------------------------------------------------------------------------------------


async def test_eight_searches_get_no_more_than_the_limit(tmp_path: Path) -> None:
    """With three a minute, a card, its modal and one search are served; the other searches are refused in the ack."""
    async with guarded(tmp_path, PERSON_LIMIT="3") as (box, audit):
        view = await explorer(box)
        before = len(box.slack.calls)
        sent = await asyncio.gather(*(search(box, view) for _ in range(8)))
        entries = await audited(box, audit, 10)
        assert len(box.slack.calls) == before
    texts = [json.dumps(one.ack_body) for one in sent]
    assert ["1 of 42 machines match" in text for text in texts].count(True) == 1
    assert ["asked a lot within a minute" in text for text in texts].count(True) == 7
    assert Counter(line["outcome"] for line in entries[2:]) == {"targets": 1, OVER: 7}


async def _unreadable(box: Sandbox, spot: Spot) -> Sent:
    built = box.slack._interactions.click_message(ADA, spot.card, "targets")
    built.payload["actions"][0]["value"] = "nothing that was ever an id"
    return await box.slack._interactions.deliver(built)


async def _old_button(box: Sandbox, spot: Spot) -> Sent:
    built = box.slack._interactions.click_message(ADA, spot.card, "targets")
    built.payload["actions"][0]["action_id"] = "a_button_of_long_ago"
    return await box.slack._interactions.deliver(built)


async def _stale_window(box: Sandbox, spot: Spot) -> Sent:
    built = box.slack._interactions.click_view(ADA, spot.view, "targets_next")
    built.payload["view"]["private_metadata"] = ""
    return await box.slack._interactions.deliver(built)


async def _stale_search(box: Sandbox, spot: Spot) -> Sent:
    built = box.slack._interactions.submit_view(ADA, spot.view, {})
    built.payload["view"]["private_metadata"] = ""
    return await box.slack._interactions.deliver(built)


async def _late_window(box: Sandbox, spot: Spot) -> Sent:
    box.slack.refuse("views.open", "expired_trigger_id")
    return await box.slack.click(ADA, "targets", message_ts=spot.card)


def typed(text: str) -> Any:
    """A press that types this text after the command."""

    async def press(box: Sandbox, spot: Spot) -> Sent:
        return await box.slack.command(ADA, spot.channel, text)

    return press


def variant(base: str, name: str, press: Any, outcome: str) -> Surface:
    """Another press on a surface of the fault table."""
    surface = next(surface for surface in SURFACES if surface.name == base)
    return Surface(name, "", outcome, surface.prepare, press, (), ())


PATHS = (
    *SURFACES,
    variant("command", "help", typed("help"), "help"),
    variant("command", "misunderstood", typed("what is this"), "misunderstood"),
    variant("refresh", "unreadable", _unreadable, "refused"),
    variant("refresh", "old-button", _old_button, "refused"),
    variant("refresh", "late-window", _late_window, "expired_trigger_id"),
    variant("paging", "stale-window", _stale_window, "no task id"),
    variant("paging", "stale-search", _stale_search, "no task id"),
)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=str)
async def test_each_path_counts_once(path: Surface, tmp_path: Path) -> None:
    """If two are left, the press and one command are served, and the next command is refused."""
    prepared = {"command": 0, "host": 0, "help": 0, "misunderstood": 0}.get(path.name, 1)
    prepared += path.prepare is next(s for s in SURFACES if s.name == "paging").prepare
    async with guarded(tmp_path, PERSON_LIMIT=str(prepared + 2), SHARE_FOR="0") as (box, audit):
        spot = await path.prepare(box, SHIFT)
        await audited(box, audit, prepared)
        assert (await path.press(box, spot)).acked
        assert (await audited(box, audit, prepared + 1))[-1]["outcome"] == path.outcome
        assert "nightly-logrotate" in (await post(box, NIGHTLY)).text
        await refused(box, audit, (ADA, SHIFT), "asked a lot", OVER)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=str)
async def test_each_path_is_refused_over_the_limit(path: Surface, tmp_path: Path) -> None:
    """The refusal shows nothing of the task, asks COC nothing, gives the reason and is audited."""
    prepared = {"command": 0, "host": 0, "help": 0, "misunderstood": 0}.get(path.name, 1)
    prepared += path.prepare is next(s for s in SURFACES if s.name == "paging").prepare
    async with guarded(tmp_path, PERSON_LIMIT=str(prepared or 1), TARGETS_MAX_AGE="60") as (box, audit):
        spot = await path.prepare(box, SHIFT)
        if not prepared:
            await post(box, "help")
        await audited(box, audit, prepared or 1)
        box.coc.requests.clear()
        before = len(box.slack.calls)
        sent = await path.press(box, spot)
        assert (await audited(box, audit, (prepared or 1) + 1))[-1]["outcome"] == OVER
        texts = [json.dumps(sent.ack_body), *(json.dumps(call.request) for call in box.slack.calls[before:])]
    assert any("asked a lot within a minute" in text for text in texts)
    assert not any("web-01" in text or "nightly" in text or "of 42" in text for text in texts)
    assert not box.coc.requests


async def test_an_interaction_that_fails_before_the_decision_counts(tmp_path: Path) -> None:
    """Slack is slow to say who is a member and refuses the loading view too."""
    each_time = Timings(access=AccessTimings(group_s=0))
    async with guarded(tmp_path, each_time, PERSON_LIMIT="3", ALLOW_USERGROUPS="S0ONCALL") as (box, audit):
        view = await explorer(box)
        box.slack.refuse("usergroups.users.list", delay=1.5)
        box.slack.refuse("views.update", "internal_error")
        await box.slack.click(ADA, "targets_next", view_id=view["id"])
        assert (await audited(box, audit, 3))[-1]["outcome"] == "slack: internal_error"
        await refused(box, audit, (ADA, SHIFT), "asked a lot", OVER)


async def test_a_flood_of_help_is_counted_and_refused(tmp_path: Path) -> None:
    """The first refusals are ephemeral messages; further ones are only audited."""
    async with guarded(tmp_path, PERSON_LIMIT="3") as (box, audit):
        for _ in range(3 + REFUSALS + 7):
            await box.slack.command(ADA, SHIFT, "help")
        entries = await audited(box, audit, 3 + REFUSALS + 7)
        refusals = box.slack.messages(SHIFT, ADA)
        assert {message.ephemeral_to for message in refusals} == {ADA}
        assert len(refusals) == 3 + REFUSALS
    quiet = {f"{OVER}, not told": 7}
    assert Counter(line["outcome"] for line in entries) == {"help": 3, OVER: REFUSALS, **quiet}


@pytest.mark.parametrize(
    ("stranger", "rules"),
    [
        ("of another workspace", {}),
        ("a guest", {"ALLOW_GUESTS": "false"}),
        ("not on the list", {"ALLOW_USERS": ADA}),
        ("in no group", {"ALLOW_USERGROUPS": "S0ONCALL"}),
        ("over the own limit", {"PERSON_LIMIT": "1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_refused_people_take_nothing_from_the_conversation(
    stranger: str, rules: dict[str, str], tmp_path: Path
) -> None:
    """Six people are refused, then one is served, although the conversation has two a minute."""
    who = MALLORY if stranger == "of another workspace" else GRACE
    async with guarded(tmp_path, CHANNEL_LIMIT="2", **rules) as (box, audit):
        for _ in range(6):
            await box.slack.command(who, INCIDENT, NIGHTLY)
        entries = await audited(box, audit, 6)
        assert [line["outcome"][:6] for line in entries].count("denied") == (5 if "PERSON_LIMIT" in rules else 6)
        assert "nightly-logrotate" in (await post(box, NIGHTLY, INCIDENT)).text


async def test_the_cost_of_a_stranger_is_bounded(tmp_path: Path) -> None:
    """After a number of refusals Slack is not called any more; each click is audited."""
    async with guarded(tmp_path) as (box, audit):
        card = await post(box, NIGHTLY, INCIDENT)
        before = len(box.slack.calls)
        for _ in range(REFUSALS):
            await box.slack.click(MALLORY, "refresh", message_ts=card.ts)
            await box.slack.click(MALLORY, "targets", message_ts=card.ts)
        entries = await audited(box, audit, 2 * REFUSALS + 1)
        assert len(box.slack.calls) - before <= 2 * REFUSALS  # a window takes two
        assert "web-01" not in view_text(box, MALLORY)
    outcomes = Counter(line["outcome"] for line in entries[1:])
    assert outcomes == {"denied: workspace": REFUSALS, "denied: workspace, not told": REFUSALS}


async def test_a_refusal_does_not_reveal_whether_a_task_exists(tmp_path: Path) -> None:
    """With rules for names, a hidden task and an unknown one are refused in the same words."""
    async with guarded(tmp_path, ALLOW_TASKS="name:nothing-like-it") as (box, audit):
        texts = []
        for task_id in (NIGHTLY, OTHER, f"{NIGHTLY[:-2]}ZZ"):
            message = await post(box, task_id)
            texts.append(message.text.partition(" Reference")[0])
        assert "may not show this task" in texts[0]
        assert len(set(texts)) == 1
        assert {line["outcome"] for line in await audited(box, audit, 3)} == {"denied: task"}


# The buckets ----------------------------------------------------------------------------------------------


class Clock:
    """A monotonic clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_up_again() -> None:
    """Sixty a minute means one a second, and never more than sixty at once."""
    clock = Clock()
    buckets = Buckets(60, clock)
    assert [buckets.take("a") for _ in range(61)] == [0.0] * 60 + [1.0]
    clock.now = 1.5
    assert buckets.take("a") == 0
    assert buckets.take("a") == 0.5
    assert buckets.take("b") == 0
    clock.now = 600
    assert [buckets.take("a") for _ in range(61)] == [0.0] * 60 + [1.0]


def test_limits_of_one_and_none() -> None:
    """A limit of 1 allows one a minute; 0 is no limit."""
    clock = Clock()
    one, none = Buckets(1, clock), Buckets(0, clock)
    assert (one.take("a"), one.take("a")) == (0, 60)
    clock.now = 30
    assert one.take("a") == 30
    clock.now = 60
    assert one.take("a") == 0
    assert not any(none.take("a") for _ in range(1_000))


def test_a_clock_that_goes_back_refills_nothing_twice() -> None:
    """It takes nothing away either."""
    clock = Clock()
    buckets = Buckets(2, clock)
    clock.now = 100
    assert (buckets.take("a"), buckets.take("a")) == (0, 0)
    for clock.now in (0.0, 60.0, 100.0):
        assert buckets.take("a") == 30
    clock.now = 130
    assert buckets.take("a") == 0


def test_buckets_in_memory_are_bounded() -> None:
    """The latest used ones stay."""
    buckets = Buckets(1, lambda: 0.0)
    for number in range(MAX_BUCKETS + 1):
        assert buckets.take(str(number)) == 0
    assert len(buckets._left) == MAX_BUCKETS
    assert buckets.take("1") > 0
    assert buckets.take("0") == 0


def test_both_limits_are_charged_or_neither() -> None:
    """A request over one limit does not charge the other."""
    allowance = Allowance(1, 2, lambda: 0.0)
    assert allowance.take("ada", "shift") is None
    for _ in range(5):
        over = allowance.take("ada", "shift")
        assert over is not None
        assert over.whose == "person"
    assert allowance.take("ben", "shift") is None
    over = allowance.take("cleo", "shift")
    assert over is not None
    assert over.whose == "channel"
    assert allowance.take("cleo", "incident") is None
    assert allowance.take("dan", "") is None


# Any sequence ---------------------------------------------------------------------------------------------

PERSON, CHANNEL = 3, 5
Event = tuple[float, str, str, Callable[[Access, Interaction], Any]]
"""Time, person, conversation, path."""


async def _whole(access: Access, one: Interaction) -> None:
    await access.admit(one)


async def _in_the_ack(access: Access, one: Interaction) -> None:
    if not access.admit_at_once(one):
        await access.admit(one)


async def _twice(access: Access, one: Interaction) -> None:
    try:
        access.admit_at_once(one)
    finally:
        await access.admit(one)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.1, 1.0, 7.0, 20.0, 61.0, -5.0]),  # since the one before
        st.sampled_from(["ada", "ben", "cleo", "stranger", "guest"]),
        st.sampled_from(["C1", "C2", ""]),
        st.sampled_from([_whole, _in_the_ack, _twice]),
    ),
    max_size=60,
)


def admissions(events: list[Event]) -> list[bool]:
    """Whether each event is admitted; an event begins with its time."""
    clock = Clock()

    async def call(_method: str, **arguments: Any) -> dict[str, Any]:
        return {"user": {"is_restricted": arguments["user"] == "guest"}}

    async def run() -> list[bool]:
        rules = Rules(person_limit=PERSON, channel_limit=CHANNEL, guests=False)
        access, results = Access(rules, "T1", call, monotonic=clock), []
        for at, user, channel, path in events:
            clock.now = at
            one = Interaction("any", user, channel, "T2" if user == "stranger" else "T1", "", "")
            try:
                await path(access, one)
                results.append(True)
            except Denied:
                results.append(False)
        return results

    return asyncio.run(run())


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_no_sequence_exceeds_its_bucket_and_refusals_cost_nobody(
    events: list[Event],
) -> None:
    """A minute holds at most a full bucket and its refill; without the refused events the outcome is the same."""
    now, timed = 100.0, list[Event]()
    for pause, user, channel, path in events:
        now += pause
        timed.append((now, user, channel, path))
    admitted = admissions(timed)
    served = [event for event, yes in zip(timed, admitted, strict=True) if yes]
    assert all(admissions(served))
    assert not {"stranger", "guest"} & {user for _, user, _, _ in served}
    by_person = [(user, at) for at, user, _, _ in served]
    by_channel = [(channel, at) for at, _, channel, _ in served if channel]
    for limit, charged in ((PERSON, by_person), (CHANNEL, by_channel)):
        for key in {key for key, _ in charged}:
            times = sorted(at for whose, at in charged if whose == key)
            for first, last in combinations(range(len(times)), 2):
                assert last - first + 1 <= limit + (times[last] - times[first]) * limit / 60 + 1e-6
