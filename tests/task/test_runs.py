"""Which run a verdict is about, where the list and the history say different things, or nothing."""

from typing import Any

import pytest

from bot.cards.task import task_card
from bot.task.runs import last_run_is_known, latest
from bot.task.snapshot import Missing
from bot.task.verdict import Code
from tests.cards.snapshots import snapshot, wire

NOON, HOUR = 1778410800000, 3_600_000
LATE = Missing("timed out")


def run(status: str | None, began: int | None = NOON, message: str | None = None) -> dict[str, Any]:
    """A row of the history."""
    return {"status": status, "started_time": began, "execution_msg": message}


def listed(status: str | None, began: int | None = NOON, count: int | None = 3) -> dict[str, Any]:
    """What the list says of the last run."""
    return {
        "enabled": True,
        "last_execution_status": status,
        "last_execution_time": began,
        "execution_count": count,
    }


@pytest.mark.parametrize(
    ("in_list", "history", "outcome", "disputed"),
    [
        (listed("FINISHED"), [run("FINISHED")], "finished", False),
        (listed("FINISHED"), [run("succeed")], "finished", False),
        (listed("ABNORMAL"), [run("FINISHED")], "failed", True),
        (listed("FINISHED"), [run("ABNORMAL")], "failed", True),
        (listed("PROCESSING", NOON + HOUR), [run("FINISHED")], "running", True),
        (listed("FINISHED", NOON + HOUR), [run("ABNORMAL")], "failed", True),
        (listed("ABNORMAL", None), [run("FINISHED")], "failed", True),
        (listed("ABNORMAL", NOON - HOUR), [run("FINISHED")], "finished", False),
        (listed("FINISHED", NOON - HOUR), [run("PROCESSING")], "running", False),
        (listed(None), [run("FINISHED")], "finished", False),
        (listed("FINISHED"), [run(None)], "other", False),
        (listed("PAUSED"), [], "paused", False),
        (listed("Failed"), LATE, "failed", False),
        (LATE, [run("CANCELLED")], "canceled", False),
        (LATE, [run("Timeout")], "failed", False),
        (LATE, [run("FINISHED"), run("PAUSED", NOON - HOUR)], "paused", False),
        (LATE, [run("FINISHED"), run("Running", NOON - HOUR)], "running", False),
        (LATE, [run("FINISHED"), run("ABNORMAL", NOON - HOUR)], "finished", False),
        (LATE, [run("ABNORMAL"), run("PAUSED", NOON - HOUR)], "failed", False),
    ],
)
def test_the_worse_counts_unless_it_is_an_earlier_run_that_is_over(
    in_list: Any, history: Any, outcome: str, disputed: bool
) -> None:
    """What contradicts is said; an earlier run counts only while it is open."""
    found = latest(snapshot(wire("S2"), summary=in_list, runs=history))
    assert found is not None
    assert (found.outcome, bool(found.dispute)) == (outcome, disputed)
    if disputed:
        says = (Code(in_list["last_execution_status"]), Code(history[0]["status"]))
        assert (found.dispute[1], found.dispute[3]) == says


@pytest.mark.parametrize(
    ("in_list", "history", "known"),
    [
        (listed(None, None, 0), [], True),
        (listed(None, None, 0), LATE, True),
        (listed(None, None, None), [], True),
        (LATE, [], True),
        (listed(None, None, 7), [], False),
        (listed(None, None, None), LATE, False),
        (LATE, LATE, False),
    ],
)
def test_that_there_was_no_run_is_known_only_where_coc_says_so(in_list: Any, history: Any, known: bool) -> None:
    """By an empty history, or a count of 0; seven runs of which none is shown are not none."""
    found = snapshot(wire("S2"), summary=in_list, runs=history)
    assert latest(found) is None
    assert last_run_is_known(found) is known


def test_the_reason_is_the_first_line_of_the_message_without_its_secrets() -> None:
    """On the card's first line and in its text."""
    message = "\n mysql --password=hunter2 failed \r\nTraceback: 1"
    card = task_card(snapshot(wire("S2"), runs=[run("ABNORMAL", message=message)]))
    assert "hunter2" not in str(card.payload())
    for text in (card.text, str(card.blocks[2]["text"]["text"])):
        assert "— “mysql --password=[hidden] failed”" in text
        assert "Traceback" not in text
