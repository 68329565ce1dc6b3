"""Will it run? Each row of the documented table, and what holds for every combination of facts."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule.trigger import Outlook, Trigger, outlook
from bot.task import verdict as verdict_module
from bot.task.verdict import (
    COLOURS,
    OUTCOMES,
    At,
    Code,
    Facts,
    Fragment,
    LastRun,
    Quote,
    Verdict,
    outcome_of,
    verdict,
)

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=14)
PAST = NOW - timedelta(hours=3)
LAST = NOW - timedelta(minutes=170)
LACKS: tuple[Fragment, ...] = ("the bot lacks ", Code("coc:schedule:list"))

ONCE_PAST = Trigger("ONCE", single_ms=round(PAST.timestamp() * 1000))
JUST_NOW = NOW - timedelta(minutes=3)
EARLIER = NOW - timedelta(hours=27)
ONCE_JUST_NOW = Trigger("ONCE", single_ms=round(JUST_NOW.timestamp() * 1000))
CLOSED = Trigger("PERIODIC", close_ms=round(PAST.timestamp() * 1000))
AHEAD = Outlook(runs=(SOON, SOON + timedelta(days=1)))
OVER = Outlook()
UNTOLD = Outlook(problem="no zone")


def ran(status: str, began: datetime | None, reason: str = "") -> LastRun:
    """A last run with this status."""
    return LastRun(outcome_of(status.upper()), status, began, reason)


# What the verdict's table says, row by row: facts, colour, sentence.
ROWS: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "approval REJECTED",
        {"approval": "REJECTED", "reviewer": "Bob", "comment": "run it at the weekend", "enabled": True},
        "red",
        "Won't run: rejected by Bob — “run it at the weekend”",
    ),
    ("approval REJECTED", {"approval": "REJECTED", "outlook": OVER}, "red", "Won't run: rejected"),
    (
        "no run left, ONCE, approval PENDING",
        {"trigger": ONCE_PAST, "outlook": OVER, "approval": "PENDING", "runs_known": True},
        "red",
        "Won't run: its time ⟨-3 h⟩ passed before it was approved (3 h ago)",
    ),
    (
        "no run left, ONCE, runs not seen",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": False, "runs_unknown": LACKS},
        "grey",
        "Its time ⟨-3 h⟩ has passed (3 h ago) — can't tell whether it ran: the bot lacks `coc:schedule:list`",
    ),
    (
        "no run left, ONCE, no run of that time recorded yet",
        {"trigger": ONCE_JUST_NOW, "outlook": OVER, "runs_known": True, "enabled": True},
        "yellow",
        "Was due ⟨-0.05 h⟩, and no run is recorded yet (3 min ago)",
    ),
    (
        "no run left, ONCE, no run of that time recorded yet",
        {"trigger": ONCE_JUST_NOW, "outlook": OVER, "runs_known": True, "last": ran("FINISHED", LAST)},
        "yellow",
        "Was due ⟨-0.05 h⟩, and no run is recorded yet (3 min ago) · the last run began ⟨-2.83 h⟩",
    ),
    (
        "no run left, ONCE, no run of that time recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "enabled": True},
        "red",
        "Its time ⟨-3 h⟩ passed, and no run is recorded (3 h ago)",
    ),
    (
        "no run left, ONCE, no run of that time recorded",
        {"trigger": ONCE_JUST_NOW, "outlook": OVER, "runs_known": True, "enabled": False},
        "red",
        "Its time ⟨-0.05 h⟩ passed, and no run is recorded (3 min ago) · it is disabled",
    ),
    (
        "no run left, ONCE, no run of that time recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last": ran("FINISHED", EARLIER)},
        "red",
        "Its time ⟨-3 h⟩ passed, and no run is recorded (3 h ago) · the last run began ⟨-27 h⟩",
    ),
    (
        "no run left, ONCE, its run finished",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last": ran("FINISHED", LAST)},
        "green",
        "Already ran ⟨-2.83 h⟩ · finished",
    ),
    (
        "no run left, ONCE, its run finished",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last": ran("Succeed", None)},
        "green",
        "Already ran ⟨-3 h⟩ · finished",
    ),
    (
        "no run left, ONCE, its run did not finish",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last": ran("PROCESSING", LAST)},
        "blue",
        "Running now, since ⟨-2.83 h⟩",
    ),
    (
        "no run left, ONCE, its run did not finish",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last": ran("ABNORMAL", LAST, "disk full")},
        "red",
        "Last run failed ⟨-2.83 h⟩ — “disk full”",
    ),
    (
        "no run left, ONCE, its run did not finish",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last": ran("", LAST)},
        "yellow",
        "Last run ⟨-2.83 h⟩: COC did not say how it went",
    ),
    (
        "no run left, PERIODIC or CRON",
        {"trigger": CLOSED, "outlook": OVER, "enabled": True, "approval": "PENDING"},
        "grey",
        "Won't run again: ended ⟨-3 h⟩",
    ),
    (
        "no run left, PERIODIC or CRON",
        {"trigger": Trigger("CRON"), "outlook": OVER, "enabled": False},
        "grey",
        "Won't run again: no run is left",
    ),
    (
        "enabled is False",
        {"enabled": False},
        "grey",
        "Won't run: disabled · next time would be ⟨14 h⟩ (in 14 h)",
    ),
    ("enabled is False", {"enabled": False, "outlook": UNTOLD, "approval": "PENDING"}, "grey", "Won't run: disabled"),
    (
        "approval PENDING",
        {"approval": "PENDING", "reviewer": "Bob", "enabled": True},
        "yellow",
        "Won't run until Bob approves it · next time would be ⟨14 h⟩ (in 14 h)",
    ),
    (
        "approval PENDING",
        {"approval": "PENDING", "outlook": UNTOLD},
        "yellow",
        "Won't run until a reviewer approves it",
    ),
    (
        "the next run can't be told",
        {"outlook": UNTOLD, "enabled": True},
        "yellow",
        "Can't tell when it runs next: no zone",
    ),
    (
        "the next run can't be told",
        {"outlook": UNTOLD, "enabled_unknown": ("the bot lacks ", Code("x:list"))},
        "yellow",
        "Can't tell when it runs next: no zone — can't tell either whether it is enabled: the bot lacks `x:list`",
    ),
    (
        "approval word unknown or absent",
        {"approval": "ESCALATED", "enabled": True},
        "yellow",
        "Due ⟨14 h⟩ (in 14 h) — can't tell whether it will run: approval is ESCALATED",
    ),
    (
        "approval word unknown or absent",
        {"approval": "", "enabled": True},
        "yellow",
        "Due ⟨14 h⟩ (in 14 h) — can't tell whether it will run: COC did not say whether it is approved",
    ),
    (
        "enabled unknown",
        {"enabled": None, "enabled_unknown": LACKS},
        "yellow",
        "Due ⟨14 h⟩ (in 14 h) — can't tell whether it is enabled: the bot lacks `coc:schedule:list`",
    ),
    ("enabled unknown", {"enabled": None}, "yellow", "Due ⟨14 h⟩ (in 14 h) — can't tell whether it is enabled"),
    (
        "the last run is unknown",
        {"enabled": True, "runs_known": False, "runs_unknown": LACKS},
        "yellow",
        "Runs next ⟨14 h⟩ (in 14 h) — can't see how its last run went: the bot lacks `coc:schedule:list`",
    ),
    ("otherwise", {"enabled": True}, "green", "Runs next ⟨14 h⟩ (in 14 h)"),
    ("otherwise", {"enabled": True, "last": ran("FINISHED", LAST)}, "green", "Runs next ⟨14 h⟩ (in 14 h)"),
]

# What it says of the last run of a task that goes on.
RUNS: list[tuple[str, LastRun, str, str]] = [
    ("failed", ran("ABNORMAL", LAST, "disk full"), "red", "Last run failed ⟨-2.83 h⟩ — “disk full”"),
    ("failed", ran("Failed", LAST), "red", "Last run failed ⟨-2.83 h⟩"),
    ("failed", ran("Timeout", None), "red", "Last run failed"),
    ("is paused", ran("PAUSED", LAST), "yellow", "Paused since ⟨-2.83 h⟩, someone must continue it in COC"),
    ("is paused", ran("paused", None), "yellow", "Paused, someone must continue it in COC"),
    (
        "has a status that no document names, or none",
        ran("Suspended", LAST),
        "yellow",
        "Last run ⟨-2.83 h⟩: COC says `Suspended`",
    ),
    (
        "has a status that no document names, or none",
        ran("Canceling", LAST),
        "yellow",
        "Last run ⟨-2.83 h⟩: COC says `Canceling`",
    ),
    (
        "has a status that no document names, or none",
        ran("", LAST),
        "yellow",
        "Last run ⟨-2.83 h⟩: COC did not say how it went",
    ),
    ("is under way", ran("PROCESSING", LAST), "blue", "Running now, since ⟨-2.83 h⟩"),
    ("is under way", ran("Running", None), "blue", "Running now"),
    ("has not started", ran("READY", LAST), "blue", "Waiting to start since ⟨-2.83 h⟩"),
    ("has not started", ran("Pending", None), "blue", "Waiting to start"),
    ("was canceled", ran("CANCELED", LAST), "grey", "Last run canceled ⟨-2.83 h⟩"),
]


def facts(**known: Any) -> Facts:
    """An approved daily task with runs ahead, and what else is known."""
    usual: dict[str, Any] = {
        "trigger": Trigger("PERIODIC"),
        "outlook": AHEAD,
        "approval": "PASSED",
        "runs_known": True,
    }
    return Facts(now=NOW, **(usual | known))


def sentence(found: Verdict) -> str:
    """Headline and note as one text; moments as their distance from now."""
    return words(found.headline) + words(found.note)


def words(fragments: tuple[Fragment, ...]) -> str:
    """Fragments as text."""
    texts = []
    for fragment in fragments:
        match fragment:
            case At(moment):
                texts.append(f"⟨{(moment - NOW).total_seconds() / 3600:.3g} h⟩")
            case Code(text):
                texts.append(f"`{text}`")
            case Quote(text):
                texts.append(f"“{text}”")
            case text:
                texts.append(text)
    return "".join(texts)


@pytest.mark.parametrize(("row", "known", "colour", "says"), ROWS)
def test_each_row_of_the_table_has_its_colour_and_sentence(
    row: str, known: dict[str, Any], colour: str, says: str
) -> None:
    """The facts of the row, and nothing else, decide."""
    found = verdict(facts(**known))
    assert (found.colour, sentence(found)) == (colour, says), row


def test_every_row_of_the_documented_tables_is_walked_through() -> None:
    """The tables in the module's docstring and the rows above name the same cases, in the same order."""
    text = verdict_module.__doc__ or ""
    tables = text.split("====  =======  ====")
    documented = [
        [line[:54].strip() for line in table.split("\n") if line.strip("= ")] for table in (tables[2], tables[5])
    ]
    assert documented == [list(dict.fromkeys(row for row, *_ in rows)) for rows in (ROWS, RUNS)]


@pytest.mark.parametrize(("row", "last", "colour", "says"), RUNS)
def test_the_last_run_comes_first_where_it_did_not_finish(row: str, last: LastRun, colour: str, says: str) -> None:
    """And when the task runs next stands behind it."""
    found = verdict(facts(enabled=True, last=last))
    assert (found.colour, sentence(found)) == (colour, f"{says} · runs next ⟨14 h⟩ (in 14 h)"), row


@pytest.mark.parametrize(
    ("known", "status", "colour", "bold", "rest"),
    [
        ({"approval": "PENDING"}, "ABNORMAL", "red", "Last run failed", " · won't run until a reviewer approves it"),
        ({"approval": "REJECTED"}, "ABNORMAL", "red", "Last run failed", " · won't run: rejected"),
        ({"enabled": False}, "ABNORMAL", "red", "Last run failed", " · won't run: disabled"),
        ({"enabled": False}, "CANCELED", "grey", "Last run canceled", " · won't run: disabled"),
        ({"approval": "REJECTED"}, "RUNNING", "red", "Running now · won't run: rejected", ""),
        ({"approval": "PENDING"}, "CANCELED", "yellow", "Last run canceled · won't run until a reviewer", ""),
        ({"outlook": UNTOLD}, "RUNNING", "yellow", "Running now · can't tell when it runs next", ": no zone"),
    ],
)
def test_the_worse_of_what_was_and_what_comes_gives_the_colour(
    known: dict[str, Any], status: str, colour: str, bold: str, rest: str
) -> None:
    """The last run's words come first; what is worse than it is in the headline too."""
    found = verdict(facts(**{"enabled": True, **known}, last=ran(status, None)))
    assert found.colour == colour
    assert words(found.headline).startswith(bold)
    assert words(found.note).startswith(rest)


def test_a_contradiction_is_told_with_the_last_run() -> None:
    """Behind the words for the worse of the two."""
    last = LastRun("failed", "ABNORMAL", dispute=(" · COC's list says ", Code("ABNORMAL"), ", its history x"))
    says = sentence(verdict(facts(enabled=True, last=last)))
    assert says.startswith("Last run failed · COC's list says `ABNORMAL`, its history x · runs next")


POLICIES = (
    *(Trigger("ONCE", single_ms=round(SOON.timestamp() * 1000)), ONCE_PAST, ONCE_JUST_NOW, CLOSED),
    Trigger("PERIODIC"),
    *(Trigger("CRON", cron="0 0 3 * * ?"), Trigger("WEEKLY"), Trigger("")),
)
APPROVALS = ("PASSED", "PENDING", "REJECTED", "ESCALATED", "")
LAST_RUNS = (
    *((known, None) for known in (True, False)),
    *((True, ran(status, LAST)) for status in ("FINISHED", "ABNORMAL", "PROCESSING", "READY", "PAUSED", "CANCELED")),
    *((True, ran(status, LAST)) for status in ("ODD", "")),
    *((True, ran(status, None)) for status in ("FINISHED", "ABNORMAL", "PROCESSING")),
    *((True, ran(status, EARLIER)) for status in ("FINISHED", "PROCESSING")),
)
COMBINATIONS = [
    Facts(
        now=NOW,
        trigger=trigger,
        outlook=ahead,
        approval=approval,
        reviewer=reviewer,
        comment="words" if reviewer else None,
        enabled=enabled,
        enabled_unknown=LACKS if enabled is None else (),
        runs_known=runs_known,
        last=last,
    )
    for trigger, ahead, approval, reviewer, enabled, (runs_known, last) in itertools.product(
        POLICIES, (AHEAD, OVER, UNTOLD), APPROVALS, (None, "Bob"), (True, False, None), LAST_RUNS
    )
]


def over(known: Facts) -> bool:
    """Whether no run is left, as opposed to: none can be told."""
    return not known.outlook.runs and known.outlook.problem is None


def test_green_is_only_where_nothing_was_wrong_and_nothing_will_be() -> None:
    """Enabled, approved, due and its last run finished or there was none; or a one-off that has finished."""
    assert len(COMBINATIONS) == 8 * 3 * 5 * 2 * 3 * 15
    for known in COMBINATIONS:
        if verdict(known).colour == "green":
            assert known.runs_known, known
            assert known.last is None or known.last.outcome == "finished", known
            if over(known):
                assert known.trigger.policy == "ONCE", known
                assert known.last is not None, known
                assert known.last.began != EARLIER, known
                assert known.approval not in {"REJECTED", "PENDING"}, known
            else:
                assert known.enabled is True, known
                assert known.approval == "PASSED", known
                assert known.outlook.runs, known


def test_what_is_well_is_green() -> None:
    """The other way round: a task that is enabled, approved, due and went well is never hidden behind a doubt."""
    for known in COMBINATIONS:
        went_well = known.runs_known and (known.last is None or known.last.outcome == "finished")
        if known.enabled and known.approval == "PASSED" and known.outlook.runs and went_well:
            assert (verdict(known).colour, words(verdict(known).headline)) == ("green", "Runs next ⟨14 h⟩"), known


def test_the_last_run_changes_nothing_but_for_the_worse() -> None:
    """The colour is the worse of the one without the last run and the one of the last run alone."""
    going_on = {"trigger": Trigger("PERIODIC"), "outlook": AHEAD, "approval": "PASSED", "enabled": True}
    for known in COMBINATIONS:
        if known.last is None or known.last.outcome == "finished" or over(known):
            continue
        alone = verdict(replace(known, **going_on)).colour  # type: ignore[arg-type]
        without = verdict(replace(known, last=None)).colour
        assert verdict(known).colour == max(alone, without, key=COLOURS.index), known


def test_the_words_are_in_the_order_of_how_bad_they_are() -> None:
    """Both lists go from well to worst, so that the worse run and the worse colour are the same thing."""
    colours = [verdict(facts(enabled=True, last=LastRun(outcome))).colour for outcome in OUTCOMES]
    assert colours == sorted(colours, key=COLOURS.index)


def test_it_is_said_to_stand_still_only_for_a_known_reason() -> None:
    """ "Won't run" needs a rejection, a pending approval, a disabled task or an end."""
    for known in COMBINATIONS:
        stopped = known.approval in {"REJECTED", "PENDING"} or known.enabled is False or over(known)
        assert stopped or "on't run" not in sentence(verdict(known)), known


def test_each_fact_that_stops_it_is_said() -> None:
    """Rejected before ended, ended before disabled, disabled before pending, pending before unknown."""
    for known in COMBINATIONS:
        says = sentence(verdict(known))
        if known.approval == "REJECTED":
            assert "on't run: rejected" in says, known
        elif over(known):
            assert "on't run again" in says or known.trigger.policy == "ONCE", known
        elif known.enabled is False:
            assert "on't run: disabled" in says, known
        elif known.approval == "PENDING":
            assert f"until {known.reviewer or 'a reviewer'} approves" in says, known
        elif known.enabled is None:
            assert "an't tell" in says, known


def test_a_last_run_that_did_not_finish_is_said_in_every_combination() -> None:
    """At the beginning, whatever comes."""
    first = {
        "failed": "Last run failed",
        "paused": "Paused",
        "running": "Running now",
        "starting": "Waiting to start",
        "canceled": "Last run canceled",
        "other": "Last run",
    }
    for known in COMBINATIONS:
        if known.last is not None and known.last.outcome != "finished":
            assert sentence(verdict(known)).startswith(first[known.last.outcome]), known


def test_no_sentence_has_holes() -> None:
    """No empty headline, no empty fragment, no None put into words."""
    for known in COMBINATIONS:
        found = verdict(known)
        assert words(found.headline).strip(), known
        assert "" not in (*found.headline, *found.note), known
        assert "None" not in sentence(found), known


ANY_MS = st.none() | st.integers() | st.integers(-(2**47), 2**48)


@given(
    trigger=st.builds(
        Trigger,
        policy=st.sampled_from(["ONCE", "PERIODIC", "CRON", "", "X"]),
        zone_name=st.none() | st.text(max_size=6),
        single_ms=ANY_MS,
        time_of_day=st.none() | st.sampled_from(["12:00", "x"]),
        weekdays=st.none() | st.sampled_from(["1,2", "x"]),
        close_ms=ANY_MS,
    ),
    approval=st.sampled_from(APPROVALS) | st.text(max_size=5),
    enabled=st.sampled_from([True, False, None]),
    last=st.none()
    | st.builds(
        ran, st.sampled_from(["", "PROCESSING", "FINISHED", "ABNORMAL"]) | st.text(max_size=5), st.none(), st.just("")
    ),
    runs_known=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_any_trigger_has_a_verdict(**known: Any) -> None:
    """With its own outlook: huge milliseconds, odd zones, any words; green only for what is enabled and approved."""
    trigger = known["trigger"]
    found = verdict(
        Facts(
            now=NOW,
            trigger=trigger,
            outlook=outlook(trigger, NOW),
            approval=known["approval"],
            enabled=known["enabled"],
            runs_known=known["runs_known"],
            last=known["last"],
        )
    )
    assert found.headline
    if found.colour == "green":
        assert known["runs_known"]
        assert known["last"] is None or known["last"].outcome == "finished"
