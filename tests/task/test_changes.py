"""What a card showed, carried in its own button, and what the next card says has changed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.task.changes import MAX_VALUE, CardState, card_state, changed_facts, decode_state, encode_state
from bot.task.snapshot import Missing, Snapshot
from tests.cards.any_task import anything, snapshots, texts
from tests.cards.snapshots import AS_OF, TASK_ID, machine, snapshot, step, wire, with_steps


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(snapshots())
def test_what_any_card_showed_comes_back_from_its_button(found: Snapshot) -> None:
    """The value is at most 2,000 characters and reads as what was written, whatever the task."""
    value = encode_state(card_state(found))
    assert len(value) <= MAX_VALUE
    back = decode_state(value)
    assert back is not None
    assert back in {card_state(found), CardState(task_id=found.task_id)}


def test_an_ordinary_card_fits_with_all_its_facts() -> None:
    """The facts are dropped only where nothing else helps."""
    found = card_state(snapshot(wire("S2"), summary={"enabled": False, "execution_count": 118}))
    assert decode_state(encode_state(found)) == found
    assert dict(found.facts) == {
        "approval": "PASSED",
        "name": "nightly-logrotate",
        "version": "2.1.0",
        "risk": "HIGH",
        "machines": "2",
        "offline": "1",
        "enabled": "no",
        "last run": "",
        "runs": "118",
    }


def test_facts_that_swell_give_way_to_the_bare_id() -> None:
    """A value that is too long is refused by Slack, and with it the whole card; the id alone always fits."""
    swollen = CardState(TASK_ID, AS_OF, tuple((f"fact {n}", '"' * 60) for n in range(40)), "d")
    assert encode_state(swollen) == TASK_ID


def test_a_button_of_an_older_card_may_hold_the_bare_id() -> None:
    """It still refreshes; there is nothing to compare with."""
    assert decode_state(f" {TASK_ID}\n") == CardState(task_id=TASK_ID)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "refresh",
        "ST123",
        TASK_ID + "9",
        "{",
        "[]",
        "null",
        "1e999",
        "[" * 2_000,
        '{"t":"ST123","a":1}',
        json.dumps({"t": TASK_ID, "a": 1e300}),
        json.dumps({"t": TASK_ID, "a": "now"}),
        json.dumps({"t": TASK_ID, "a": 1, "f": "facts"}),
        json.dumps({"t": [TASK_ID], "a": 1}),
    ],
)
def test_what_nobody_wrote_is_no_task(value: str | None) -> None:
    """A value comes from outside like anything else: what does not fit is ignored, and nothing raises."""
    assert decode_state(value) is None


@settings(deadline=None, max_examples=200)
@given(texts() | anything().map(json.dumps) | st.dictionaries(st.sampled_from("tafd"), anything()).map(json.dumps))
def test_reading_a_value_never_raises(value: str) -> None:
    """Whatever stands in a button: a task to refresh, or none."""
    found = decode_state(value)
    assert found is None or len(found.task_id) == 26


def test_a_forged_value_cannot_flood_a_card() -> None:
    """Facts are cut in number and in length."""
    forged = {"t": TASK_ID, "a": 1, "f": {f"fact {n}": "x" * 80 for n in range(15)}}
    found = decode_state(json.dumps(forged))
    assert found is not None
    assert len(found.facts) == 12
    assert {len(text) for _, text in found.facts} == {60}


def test_moments_survive_to_the_second() -> None:
    """That is what a card shows."""
    found = decode_state(encode_state(CardState(TASK_ID, datetime(2026, 5, 10, 19, 30, 0, 999_999, tzinfo=UTC))))
    assert found is not None
    assert found.as_of == AS_OF


def test_changes_are_facts_that_both_know() -> None:
    """A fact that could not be had this time, or last time, has not changed."""
    before = CardState(TASK_ID, facts=(("approval", "PENDING"), ("runs", "1"), ("gone", "x")))
    after = CardState(TASK_ID, facts=(("approval", "PASSED"), ("runs", "1"), ("new", "y")))
    assert changed_facts(before, after) == [("approval", "PENDING", "PASSED")]


def test_without_the_listing_its_facts_are_unknown_rather_than_empty() -> None:
    """Losing a permission must not read as "enabled yes → none"."""
    known = card_state(snapshot(wire("S2"), summary={"enabled": True}))
    unknown = card_state(snapshot(wire("S2"), summary=Missing("no permission", permission="coc:schedule:list")))
    assert changed_facts(known, unknown) == []


def test_the_digest_covers_what_no_fact_names() -> None:
    """A new cron, another comment, one machine for another: the digest tells, the facts may not."""
    digests = {
        card_state(snapshot(detail)).digest
        for detail in (
            wire("S2"),
            {**wire("S2"), "approve_comments": "no"},
            with_steps(step([machine("a", 1)], [machine("b", 2, agentStatus="OFFLINE")])),
            {**wire("S2"), "brand_new": 1},
        )
    }
    assert len(digests) == 4
    assert card_state(snapshot(wire("S2"))).digest in digests


def test_the_digest_of_an_unchanged_task_stays() -> None:
    """It depends on the task, not on when it was asked for."""
    later = snapshot(wire("S2"), as_of=AS_OF.replace(year=2027))
    assert card_state(later).digest == card_state(snapshot(wire("S2"))).digest


def test_a_task_too_deep_to_write_out_has_no_digest() -> None:
    """The card is shown all the same; it just can't say "unchanged"."""
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    assert card_state(snapshot({**wire("S2"), "brand_new": deep})).digest == ""
