"""Will it run? Each row of the documented table, and what holds for every combination of facts."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule import verdict as verdict_module
from bot.schedule.trigger import Outlook, Trigger, outlook
from bot.schedule.verdict import RUNNING, SUCCEEDED, At, Code, Facts, Fragment, Quote, Verdict, verdict

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
        "no run left, ONCE, a run recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last_status": "FINISHED", "last_time": LAST},
        "green",
        "Already ran ⟨-2.83 h⟩ · finished",
    ),
    (
        "no run left, ONCE, a run recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last_status": "PROCESSING", "last_time": LAST},
        "blue",
        "Running now, since ⟨-2.83 h⟩",
    ),
    (
        "no run left, ONCE, a run recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last_status": "ABNORMAL", "last_time": LAST},
        "red",
        "Ran ⟨-2.83 h⟩ and failed",
    ),
    (
        "no run left, ONCE, a run recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last_status": "PAUSED", "last_time": LAST},
        "grey",
        "Already ran ⟨-2.83 h⟩ · PAUSED",
    ),
    (
        "no run left, ONCE, a run recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last_time": LAST},
        "grey",
        "Already ran ⟨-2.83 h⟩ · outcome unknown",
    ),
    (
        "no run left, ONCE, a run recorded",
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last_status": "FINISHED"},
        "green",
        "Already ran ⟨-3 h⟩ · finished",
    ),
    (
        "no run left, ONCE, runs not seen",
        {"trigger": ONCE_PAST, "outlook": OVER, "enabled_unknown": LACKS},
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
        {"trigger": ONCE_JUST_NOW, "outlook": OVER, "runs_known": True, "last_status": "FINISHED", "last_time": LAST},
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
        {"trigger": ONCE_PAST, "outlook": OVER, "runs_known": True, "last_status": "FINISHED", "last_time": EARLIER},
        "red",
        "Its time ⟨-3 h⟩ passed, and no run is recorded (3 h ago) · the last run began ⟨-27 h⟩",
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
    ("otherwise", {"enabled": True}, "green", "Runs next ⟨14 h⟩ (in 14 h)"),
]


def facts(**known: Any) -> Facts:
    """An approved daily task with runs ahead, and what else is known."""
    usual: dict[str, Any] = {"trigger": Trigger("PERIODIC"), "outlook": AHEAD, "approval": "PASSED"}
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


def test_every_row_of_the_documented_table_is_walked_through() -> None:
    """The table in the module's docstring and the rows above name the same cases, in the same order."""
    text = verdict_module.__doc__ or ""
    table = text.split("====  =======  ====")[2].split("\n")
    documented = [line[:54].strip() for line in table if line.strip("= ")]
    assert documented == list(dict.fromkeys(row for row, *_ in ROWS))


@pytest.mark.parametrize(("row", "known", "colour", "says"), ROWS)
def test_a_run_under_way_is_said_in_every_row(row: str, known: dict[str, Any], colour: str, says: str) -> None:
    """In the note, with since when; the headline stays, but where the run itself is the answer."""
    under_way = {"last_status": "PROCESSING", "last_time": LAST, "runs_known": True}
    found = verdict(facts(**(known | under_way)))
    if found.colour == "blue":
        assert sentence(found) == "Running now, since ⟨-2.83 h⟩"
    else:
        says = says.partition(" · the last run began")[0]
        assert sentence(found) == f"{says} · running now since ⟨-2.83 h⟩", row
        assert found.colour == colour


POLICIES = (
    *(Trigger("ONCE", single_ms=round(SOON.timestamp() * 1000)), ONCE_PAST, ONCE_JUST_NOW, CLOSED),
    Trigger("PERIODIC"),
    *(Trigger("CRON", cron="0 0 3 * * ?"), Trigger("WEEKLY"), Trigger("")),
)
APPROVALS = ("PASSED", "PENDING", "REJECTED", "ESCALATED", "")
LAST_RUNS = (
    *((known, "", None) for known in (True, False)),
    *((True, status, LAST) for status in ("FINISHED", "ABNORMAL", "PROCESSING", "READY", "PAUSED", "ODD", "")),
    *((True, status, None) for status in ("FINISHED", "ABNORMAL", "PROCESSING")),
    *((True, status, EARLIER) for status in ("FINISHED", "PROCESSING")),
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
        last_status=status,
        last_time=at,
    )
    for trigger, ahead, approval, reviewer, enabled, (runs_known, status, at) in itertools.product(
        POLICIES, (AHEAD, OVER, UNTOLD), APPROVALS, (None, "Bob"), (True, False, None), LAST_RUNS
    )
]


def over(known: Facts) -> bool:
    """Whether no run is left, as opposed to: none can be told."""
    return not known.outlook.runs and known.outlook.problem is None


def test_green_is_only_what_will_run_or_did_run() -> None:
    """Of all combinations: never where it is disabled, not approved, unknown, or failed."""
    assert len(COMBINATIONS) == 8 * 3 * 5 * 2 * 3 * 14
    for known in COMBINATIONS:
        found = verdict(known)
        promised = words(found.headline).startswith("Runs next")
        if promised:
            assert known.enabled is True, known
            assert known.approval == "PASSED", known
            assert known.outlook.runs, known
        elif found.colour == "green":
            assert over(known), known
            assert known.trigger.policy == "ONCE", known
            assert known.runs_known, known
            assert known.last_status in SUCCEEDED, known
            assert known.last_time is not EARLIER, known
            assert known.approval not in {"REJECTED", "PENDING"}, known
        assert not promised or found.colour == "green", known


def test_what_is_known_to_run_is_green() -> None:
    """The other way round: enabled, approved and due is never hidden behind a doubt."""
    for known in COMBINATIONS:
        if known.enabled and known.approval == "PASSED" and known.outlook.runs:
            assert words(verdict(known).headline) == "Runs next ⟨14 h⟩", known


def test_it_is_said_to_stand_still_only_for_a_known_reason() -> None:
    """ "Won't run" needs a rejection, a pending approval, a disabled task or an end."""
    for known in COMBINATIONS:
        stopped = known.approval in {"REJECTED", "PENDING"} or known.enabled is False or over(known)
        assert stopped or "Won't run" not in words(verdict(known).headline), known


def test_each_fact_that_stops_it_is_said() -> None:
    """Rejected before ended, ended before disabled, disabled before pending, pending before unknown."""
    for known in COMBINATIONS:
        found = verdict(known)
        headline = words(found.headline)
        if known.approval == "REJECTED":
            assert (found.colour, headline.startswith("Won't run: rejected")) == ("red", True), known
        elif over(known):
            assert "Won't run again" in headline or known.trigger.policy == "ONCE", known
            recent = known.trigger.policy == "ONCE" and known.trigger is not ONCE_PAST
            assert found.colour != "yellow" or recent, known
        elif known.enabled is False:
            assert (found.colour, headline) == ("grey", "Won't run: disabled"), known
        elif known.approval == "PENDING":
            assert (found.colour, f"until {known.reviewer or 'a reviewer'} approves" in headline) == ("yellow", True)
        elif known.enabled is None:
            assert (found.colour, "can't tell" in sentence(found)) == ("yellow", True), known


def test_a_run_under_way_is_said_in_every_combination() -> None:
    """And blue is nothing but that."""
    for known in COMBINATIONS:
        found = verdict(known)
        assert ("unning now" in sentence(found)) == (known.last_status in RUNNING), known
        assert found.colour != "blue" or known.last_status in RUNNING, known


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
    status=st.sampled_from(["", "PROCESSING", "FINISHED"]) | st.text(max_size=5),
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
            last_status=known["status"],
        )
    )
    assert found.headline
    if found.headline[0] == "Runs next ":
        assert known["enabled"] is True
        assert known["approval"] == "PASSED"
