"""Whatever COC sends, the card and every modal are valid, and nothing foreign in them is live."""

import pytest
from hypothesis import given, settings

from bot.cards.parameters import parameters_view
from bot.cards.runs import runs_view
from bot.cards.targets import targets_view
from bot.cards.task import task_card
from bot.task.snapshot import Snapshot
from bot.task.target_query import TargetQuery
from tests.cards.any_task import snapshots
from tests.cards.judges import judge_message, judge_view, pages_of


@pytest.mark.slow
@given(snapshots())
@settings(max_examples=50, deadline=None)
def test_any_task_makes_a_valid_card(found: Snapshot) -> None:
    """Slack's rules, our budget, no live mention, link, emoji or formatting from outside."""
    judge_message(task_card(found, requested_by="U0ONCALL"))


@pytest.mark.slow
@given(snapshots())
@settings(max_examples=30, deadline=None)
def test_any_task_makes_valid_pages_of_targets(found: Snapshot) -> None:
    """Every page; and a page number beyond the last is the last."""
    pages = pages_of(found)
    for page in pages:
        judge_view(page)
    assert targets_view(found, TargetQuery(found.task_id, page=10_000)) == pages[-1]


@pytest.mark.slow
@given(snapshots())
@settings(max_examples=30, deadline=None)
def test_any_task_makes_a_valid_run_history(found: Snapshot) -> None:
    """Whatever the history holds, and where it is missing."""
    judge_view(runs_view(found, reference="K7QF-2M"))


@given(snapshots())
@settings(max_examples=30, deadline=None)
def test_any_task_makes_a_valid_view_of_its_parameters(found: Snapshot) -> None:
    """Whatever the parameters hold, readable or not."""
    judge_view(parameters_view(found))
