"""The answer to "are my hosts in it?"."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.block_kit import Message
from bot.cards.host import MOST_ASKED, host_card
from bot.task.search import find_hosts
from bot.task.snapshot import Snapshot
from tests.cards.any_task import snapshots, texts
from tests.cards.judges import judge_message, said
from tests.cards.snapshots import ADA, REDACTOR, machine, snapshot, step, wire, with_steps

ASK = "/schedtask ST2601050930000000000002B2 host"


def answer(found: Snapshot, *hosts: str) -> Message:
    """The card, as the command makes it."""
    answers, left = find_hosts(found.targets, hosts, MOST_ASKED, REDACTOR)
    return host_card(found, answers, left=left, ask=ASK, requested_by=ADA)


def words(found: Snapshot, *hosts: str) -> str:
    """All that the card says."""
    return said(list(answer(found, *hosts).blocks))


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


def test_no_says_how_many_there_are() -> None:
    """With a neutral mark: not being a target is no fault."""
    text = words(TWO_STEPS, "db-9")
    assert ":white_circle:  *No:* `db-9` is not a target of *nightly-logrotate*, which has 2 machines." in text
    assert "Agent states" not in text


def test_a_near_match_is_asked_about() -> None:
    """With what to type; never a plain no."""
    card = answer(TWO_STEPS, "web-1")
    text = said(list(card.blocks))
    assert ":grey_question:  *Did you mean `web-01`?* `web-1` is not a target of *nightly-logrotate*" in text
    assert f"To ask for that: `{ASK} web-01`" in text
    assert "No:" not in text
    assert card.text == "Did you mean web-01? web-1 is not in nightly-logrotate."


def test_what_is_no_host_name_is_asked_back() -> None:
    """With what is wrong with it."""
    text = words(TWO_STEPS, "10.0.0.0/24")
    assert "*Can't read:* `10.0.0.0/24` as one host: it is a network" in text
    assert "with a star: `10.0.0.*`." in text


def test_each_of_several_hosts_has_its_line() -> None:
    """One card, one sentence about all, and the words for a lock screen."""
    card = answer(TWO_STEPS, "web-02", "10.0.0.1", "web_1", "db-9", "web-[1,2]", "web-*")
    text = said(list(card.blocks))
    assert "*3 of the 6 asked for* are targets of *nightly-logrotate*, which has 2 machines." in text
    for line in (
        "*Yes:* `web-02`  ·  10.0.0.2  ·  cn-north-4a  ·  step 1, batch 2 of 2  ·  *agent offline*  ·  and 1 more",
        ":white_check_mark:  *Yes:* `10.0.0.1` is `web-01`  ·  10.0.0.1",
        ":grey_question:  *Did you mean `web-01`?* `web_1` is not among the known targets",
        ":white_circle:  *No:* `db-9`",
        ":grey_question:  *Can't read:* `web-[1,2]`: it is a range",
        ":white_check_mark:  *Yes:* 2 targets match `web-*`",
    ):
        assert line in text
    assert f"To ask for that: `{ASK} web-01`" in text
    assert card.text.startswith("Yes: web-02. Yes: 10.0.0.1. Perhaps: web_1. No: db-9. Can't read: web-")


def test_hosts_beyond_the_limit_are_counted() -> None:
    """The card is bounded, and says so."""
    text = words(TWO_STEPS, *(f"web-{n:02d}" for n in range(50)))
    assert text.count("*Yes:*") == 2
    assert "30 more hosts not looked up: ask for at most 20 at a time." in text


def test_what_coc_does_not_list_makes_a_no_impossible() -> None:
    """A machine whose name is masked may be the one."""
    found = snapshot(with_steps(step([machine("web-01"), machine("****", 2)])))
    assert "*Can't tell:* `db-9` is not among the 2 machines known of" in words(found, "db-9")
    assert "but COC does not list the host name of every machine." in words(found, "db-9")
    assert "*No:* `10.9.9.9`" in words(found, "10.9.9.9")


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


@pytest.mark.slow
@given(snapshots(), texts(), st.lists(texts(), max_size=30))
@settings(max_examples=30, deadline=None)
def test_any_task_and_any_hosts_make_a_valid_card(found: Snapshot, host: str, more: list[str]) -> None:
    """Slack's rules, our budget, nothing foreign live."""
    judge_message(answer(found, host))
    judge_message(answer(found, host, *more))


@pytest.mark.slow
@given(snapshots())
@settings(max_examples=30, deadline=None)
def test_every_machine_is_found_by_each_of_its_names(found: Snapshot) -> None:
    """Name, IP and id of every machine say yes; JSON's oddest texts included."""
    for target in found.targets.machines[:5]:
        for name in (target.host_name, target.ip, target.resource_id):
            if name and name.raw.strip() == name.raw and "*" not in name.raw:
                (asked,), _ = find_hosts(found.targets, (name.raw,), 1, REDACTOR)
                assert any(match.machine == target for match in asked.matches), json.dumps(name.raw)
