"""The run history: what happened, when, how long it took, who started it; and why it can't be shown."""

from datetime import timedelta
from typing import Any

import pytest

from bot.cards.runs import AGAIN, MOST, duration, runs_view, status_words
from bot.coc import wire as wire_models
from bot.task.assemble import read_run
from bot.task.snapshot import Missing
from bot.task.task import Run
from tests.cards.judges import judge_view, said
from tests.cards.snapshots import AS_OF, REDACTOR, TASK_ID, Json, snapshot, wire

NOW_MS = int(AS_OF.timestamp()) * 1000
NO_HISTORY = Missing("no permission", permission="coc:schedule:getHistories")


def run(ago_s: int, lasted_s: int | None = 60, status: str = "FINISHED", **more: Any) -> Json:
    """A run that began so many seconds ago; one without an end is under way."""
    began = NOW_MS - ago_s * 1000
    ended = None if lasted_s is None else began + lasted_s * 1000
    return {"status": status, "started_time": began, "finished_time": ended, **more}


def read(sent: Json) -> Run:
    """The run in a row of the history."""
    return read_run(wire_models.Run.model_validate(sent), REDACTOR)


def lines(runs: list[Json] | Missing, **summary: Any) -> list[str]:
    """What the modal says of sample S2 with these runs."""
    found = runs_view(snapshot(wire("S2"), summary=summary, runs=runs), reference="K7QF-2M")
    judge_view(found)
    return said(found["blocks"]).split("\n")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("FINISHED", ":white_check_mark: Finished"),
        ("SUCCESS", ":white_check_mark: Success"),
        ("ABNORMAL", ":x: Failed (ABNORMAL)"),
        ("failed", ":x: Failed"),
        ("PROCESSING", ":arrows_counterclockwise: Running"),
        ("RUNNING", ":arrows_counterclockwise: Running"),
        ("PAUSED", ":double_vertical_bar: Paused"),
        ("CANCELED", ":no_entry_sign: Canceled"),
        ("READY", ":hourglass_flowing_sand: Ready to start"),
        ("ROLLED_BACK", ":grey_question: `ROLLED_BACK`"),
        (None, ":grey_question: Status unknown"),
    ],
)
def test_words_of_scripts_and_of_jobs_are_understood(status: str | None, words: str) -> None:
    """And one that nobody knows is shown as it came."""
    assert status_words(read({"status": status})) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (run(300, 150), "took 2 min 30 s"),
        (run(300, 0), "took under 1 s"),
        (run(250, None, "PROCESSING"), "4 min 10 s so far"),
        (run(250, None, "RUNNING"), "4 min 10 s so far"),
        (run(250, None, "FINISHED"), ""),
        (run(250, -5), "its times contradict each other"),
        (run(-60, None, "PROCESSING"), ""),  # begun in the future: a clock is wrong, and it may not be ours
        ({"status": "READY"}, ""),
    ],
)
def test_durations_are_computed_from_the_times(found: Json, words: str) -> None:
    """Of what is under way, up to the moment that the view is as of; nothing where a time is missing."""
    assert duration(read(found), AS_OF) == words


def test_a_run_under_way_ticks_with_each_view() -> None:
    """A minute later it has taken a minute more."""
    running = read(run(250, None, "PROCESSING"))
    assert duration(running, AS_OF + timedelta(minutes=1)) == "5 min 10 s so far"


def test_a_row_tells_outcome_start_duration_message_and_who() -> None:
    """The start is shown in the reader's own zone."""
    bad = run(300, 150, "ABNORMAL", execution_msg="web-02: agent offline", created_by="9e7d", execution_id="SCT1")
    found = lines([bad])
    at = NOW_MS // 1000 - 300
    assert any(
        line.startswith(f"*:x: Failed (ABNORMAL)*  ·  <!date^{at}^") and line.endswith("took 2 min 30 s")
        for line in found
    )
    assert "&gt; web-02: agent offline" in found
    assert "by `9e7d`  ·  execution `SCT1`" in found


def test_the_person_is_named_where_the_listing_ties_the_id_to_a_name() -> None:
    """The task's creator has both; another id stays an id."""
    found = lines([run(300, created_by="05c1"), run(900, created_by="9e7d")], created_by="05c1")
    assert "by ops-alice" in found
    assert "by `9e7d`" in found


def test_the_region_is_said_where_runs_differ_in_it() -> None:
    """In one region it would be noise."""
    here, there = run(300, region="cn-north-4"), run(900, region="cn-east-3")
    assert {"cn-north-4", "cn-east-3"} <= set(lines([here, there]))
    assert "cn-north-4" not in lines([here, run(900, region="cn-north-4")])


def test_a_secret_in_a_message_is_not_shown() -> None:
    """What a run said passes the redactor."""
    found = "\n".join(lines([run(300, status="ABNORMAL", execution_msg="login --password hunter2 failed")]))
    assert "hunter2" not in found
    assert "login" in found


def test_the_newest_twenty_are_shown_and_counted() -> None:
    """Outcomes first, the bad ones in bold; how many of how many; what is usual."""
    runs = [run(3600 * n, 100 + n) for n in range(1, 30)]
    runs[1]["status"] = "ABNORMAL"
    found = lines(runs, execution_count=118)
    assert "*1 failed*, 19 finished  ·  the finished ones took 1 min 51 s (median)" in found
    assert any(line.startswith(f"The latest {MOST} of 118 runs, newest first") for line in found)
    assert sum("Finished*" in line for line in found) == 19


@pytest.mark.parametrize(
    ("count", "words"), [(None, "3 runs"), (3, "3 runs"), (2, "3 runs"), (4, "The latest 3 of 4")]
)
def test_the_count_is_never_less_than_what_is_shown(count: int | None, words: str) -> None:
    """The two calls may be answered a moment apart."""
    found = lines([run(60 * n) for n in range(1, 4)], execution_count=count)
    assert any(line.startswith(words) for line in found)


def test_a_task_that_never_ran_says_so() -> None:
    """An empty list is an answer."""
    assert "COC has recorded no run of this task." in lines([])


@pytest.mark.parametrize(
    ("missing", "title", "advice"),
    [
        (NO_HISTORY, "The bot may not read the run history.", "`coc:schedule:getHistories`"),
        (Missing("timed out"), "COC did not send the run history in time.", "Try again in a minute."),
        (Missing("failed", request_id="5f0c"), "COC failed to send the run history.", "`5f0c`"),
    ],
)
def test_a_missing_history_says_why_and_what_is_known_instead(missing: Missing, title: str, advice: str) -> None:
    """With a reference, a button to try again, and the last run where the list of tasks tells it."""
    known = {"last_execution_status": "FINISHED", "last_execution_time": NOW_MS - 1000, "execution_count": 118}
    view = runs_view(snapshot(wire("S2"), summary=known, runs=missing), reference="K7QF-2M")
    judge_view(view)
    text = said(view["blocks"])
    assert title in text
    assert advice in text
    assert "`K7QF-2M`" in text
    assert "last run: :white_check_mark: Finished <!date^" in text
    assert "118 runs in all" in text
    assert [element["action_id"] for element in view["blocks"][-1]["elements"]] == [AGAIN]


def test_nothing_known_at_all_is_no_claim() -> None:
    """Neither call is permitted: the reason alone."""
    no_list = Missing("no permission", permission="coc:schedule:list")
    view = runs_view(snapshot(wire("S2"), summary=no_list, runs=NO_HISTORY), reference="K7QF-2M")
    assert "last run" not in said(view["blocks"])
    assert view["blocks"][-1]["elements"][0]["action_id"] == AGAIN


def test_the_view_carries_the_task_and_a_way_to_ask_again() -> None:
    """So that any replica can serve the click."""
    view = runs_view(snapshot(wire("S2")), reference="K7QF-2M")
    assert view["private_metadata"] == TASK_ID
    assert view["blocks"][0]["accessory"]["action_id"] == AGAIN
