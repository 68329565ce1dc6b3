"""The answer to "is my host in it?"."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from bot.cards.budget import Message
from bot.cards.host import host_card
from bot.coc.search import find_hosts, near_hosts
from bot.coc.snapshot import Snapshot
from tests.cards.any_task import snapshots, texts
from tests.cards.judges import judge_message, said
from tests.cards.snapshots import ADA, machine, snapshot, step, wire, with_steps


def answer(found: Snapshot, host: str) -> Message:
    """The card, as the command makes it."""
    hits = find_hosts(found.targets, host)
    return host_card(found, host, hits, () if hits else near_hosts(found.targets, host), asked_by=ADA)


def words(found: Snapshot, host: str) -> str:
    """All that the card says."""
    return said(list(answer(found, host).blocks))


TWO_STEPS = snapshot(
    with_steps(
        step([machine("web-01", 1)], [machine("web-02", 2, agentStatus="OFFLINE")]),
        step([machine("web-02", 2, agentStatus="OFFLINE")], order_no=2),
    )
)


def test_yes_with_step_batch_and_state() -> None:
    """One sentence, then where it stands; every step that it is in."""
    card = answer(TWO_STEPS, "web-02")
    assert card.text == "Yes: web-02 in nightly-logrotate."
    text = said(list(card.blocks))
    assert ":white_check_mark:  *Yes:* `web-02` is a target of *nightly-logrotate*." in text
    assert "`web-02`  ·  10.0.0.2  ·  cn-north-4a  ·  step 1, batch 2 of 2  ·  *agent offline*" in text
    assert "step 2, batch 1 of 1" in text
    assert "Agent states are from when the task was saved, not live" in text


def test_a_pattern_counts_machines_not_places() -> None:
    """web-02 is in two steps and is one machine."""
    assert "*Yes:* 2 targets of *nightly-logrotate* match `web-∗`." in words(TWO_STEPS, "web-*").replace("*`", "∗`")


def test_many_are_cut_and_counted() -> None:
    """Ten lines, the rest as a number."""
    found = snapshot(with_steps(step([machine(f"web-{n}", n) for n in range(1, 26)])))
    text = words(found, "web-*")
    assert text.count("\n• ") + text.startswith("• ") == 10
    assert "and 15 more: press Show targets" in text


def test_no_with_what_is_near() -> None:
    """A plain no says how many there are, and what may have been meant."""
    text = words(TWO_STEPS, "web-1")
    assert ":x:  *No:* `web-1` is not a target of *nightly-logrotate*, which has 2 machines." in text
    assert "Near it: " in text
    assert "`web-01`" in text
    assert "Agent states" not in text


@pytest.mark.parametrize(
    ("detail", "says"),
    [
        (wire("S3"), "*Can't tell:*"),
        (wire("S4"), "*No:*"),
        ({"target_instances": None}, "COC named no targets"),
        ({"target_instances": '[{"target_instances": "{broken"}]'}, "can't be read in full"),
        (with_steps(step([machine("web-01")], target_selection="ALL")), "*Can't tell:*"),
    ],
)
def test_no_is_said_only_where_it_is_known(detail: dict[str, Any], says: str) -> None:
    """Machines that are chosen when it runs, or targets that can't be read, make a no impossible."""
    assert says in words(snapshot(detail), "nobody")


@given(snapshots(), texts())
@settings(max_examples=60, deadline=None)
def test_any_task_and_any_host_make_a_valid_card(found: Snapshot, host: str) -> None:
    """Slack's rules, our budget, nothing foreign live."""
    judge_message(answer(found, host))


@given(snapshots())
@settings(max_examples=60, deadline=None)
def test_every_machine_is_found_by_each_of_its_names(found: Snapshot) -> None:
    """Name, IP and id of every machine say yes; JSON's oddest texts included."""
    for target in found.targets.machines[:5]:
        for name in (target.host_name, target.ip, target.resource_id):
            if name and name.strip() == name and "*" not in name:
                assert any(hit.machine == target for hit in find_hosts(found.targets, name)), json.dumps(name)
