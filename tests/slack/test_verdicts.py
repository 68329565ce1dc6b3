"""Every row of the verdict's table, on a card in a channel: the real bot, the sample tasks, real sockets."""

import re
import time

import pytest

from bot.sandbox.coc.server import PERMISSIONS
from bot.sandbox.session import Sandbox

ADA, SHIFT = "U0ONCALL", "C0SHIFT"
EVERYTHING = frozenset(PERMISSIONS.values())
DETAIL_ONLY = frozenset({"coc:schedule:get"})


def task(suffix: str) -> str:
    """A sample task's id."""
    return f"ST26010509300000000000{suffix}"


async def card(box: Sandbox, task_id: str) -> tuple[str, str]:
    """The verdict's line and all the fields of the card that the command brings."""
    before = len(box.slack.messages(SHIFT, ADA))
    await box.slack.command(ADA, SHIFT, task_id)
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) > before)
    blocks = box.slack.messages(SHIFT, ADA)[-1].blocks or []
    return blocks[2]["text"]["text"], "\n".join(field["text"] for field in blocks[3]["fields"])


@pytest.mark.parametrize(
    ("suffix", "permissions", "dot", "words"),
    [
        ("06F6", EVERYTHING, "red_circle", "Won't run: rejected by ops-bob"),
        ("31G8", EVERYTHING, "red_circle", "passed before it was approved"),
        ("25A2", EVERYTHING, "large_green_circle", "Already ran"),
        ("26B3", EVERYTHING, "red_circle", "Last run failed"),
        ("27C4", EVERYTHING, "large_blue_circle", "Running now, since"),
        ("28D5", EVERYTHING, "large_yellow_circle", "Paused since"),
        ("25A2", DETAIL_ONLY, "white_circle", "can't tell whether it ran: the bot lacks `coc:schedule:getHistories`"),
        ("29E6", EVERYTHING, "red_circle", "passed, and no run is recorded"),
        ("30F7", EVERYTHING, "red_circle", "· the last run began"),
        ("11L1", EVERYTHING, "white_circle", "Won't run again: ended"),
        ("24Z1", EVERYTHING, "white_circle", "Won't run again: no run is left"),
        ("10K1", EVERYTHING, "white_circle", "Won't run: disabled"),
        ("09J9", EVERYTHING, "large_yellow_circle", "Won't run until ops-bob approves it"),
        ("09J9", DETAIL_ONLY, "large_yellow_circle", "Won't run until ops-bob approves it"),
        ("21W1", EVERYTHING, "large_yellow_circle", "Can't tell when it runs next*: unknown time zone"),
        (
            "34K2",
            EVERYTHING,
            "large_yellow_circle",
            "Can't tell when it runs next*: the cron expression is not valid",
        ),
        ("35L3", EVERYTHING, "large_yellow_circle", "can't tell whether it will run: approval is ESCALATED"),
        ("02B2", DETAIL_ONLY, "large_yellow_circle", "can't tell whether it is enabled"),
        ("02B2", EVERYTHING, "large_green_circle", "Runs next"),
        ("12M1", EVERYTHING, "large_blue_circle", "*Running now, since"),
        ("13N1", EVERYTHING, "red_circle", "*Last run failed"),
        ("37N5", EVERYTHING, "large_yellow_circle", ", someone must continue it in COC* · runs next"),
        ("38P6", EVERYTHING, "white_circle", "*Last run canceled"),
        ("39Q7", EVERYTHING, "large_yellow_circle", "COC says `Suspended`* · runs next"),
        ("40R8", EVERYTHING, "large_blue_circle", "*Waiting to start since"),
        ("41S9", EVERYTHING, "red_circle", "· won't run until ops-bob approves it"),
    ],
)
async def test_each_row_is_on_a_card(
    box: Sandbox, suffix: str, permissions: frozenset[str], dot: str, words: str
) -> None:
    """With the colour and the words of the table."""
    box.coc.permissions = set(permissions)
    line, _ = await card(box, task(suffix))
    assert line.startswith(f":{dot}:")
    assert words in line


async def test_a_failed_run_says_why_and_when_the_next_one_is(box: Sandbox) -> None:
    """On the card's first line, and in the text that a locked phone shows."""
    line, _ = await card(box, task("13N1"))
    reason = "“Success rate 75% is below 100%: backup-02: disk full (/backup 100%)”"
    assert re.match(rf":red_circle:  \*Last run failed <!date[^>]*>\* — {re.escape(reason)} · runs next <!date", line)
    text = box.slack.messages(SHIFT, ADA)[-1].text
    assert re.match(rf"database-backup: Last run failed .* — {re.escape(reason)} · runs next .* \(in ", text)


async def test_a_last_run_that_can_not_be_seen_is_not_taken_for_a_good_one(box: Sandbox) -> None:
    """The list knows that the task is enabled and nothing of its runs; the history is not for the bot."""
    box.coc.permissions = set(EVERYTHING - {"coc:schedule:getHistories"})
    nothing = dict.fromkeys(("last_execution_status", "last_execution_time", "execution_count"))
    box.coc.change(task("02B2"), **nothing)
    line, _ = await card(box, task("02B2"))
    assert line.startswith(":large_yellow_circle:  *Runs next")
    assert "can't see how its last run went: the bot lacks `coc:schedule:getHistories`" in line


async def test_a_task_due_a_moment_ago_is_given_time(box: Sandbox) -> None:
    """Its run may be recorded in a moment; a missed one is not claimed yet."""
    before = int(time.time() - 60) * 1000
    box.coc.change(task("32H9"), trigger_time={"policy": "ONCE", "single_scheduled_time": before})
    line, _ = await card(box, task("32H9"))
    assert line.startswith(":large_yellow_circle:")
    assert "and no run is recorded yet" in line


async def test_clock_changes_are_marked_on_the_card(box: Sandbox) -> None:
    """02:30 does not exist in March, and exists twice in October."""
    _, fields = await card(box, task("33J1"))
    assert fields.count("(the second one, clocks go back)") == 3
    assert "02:30: clocks go forward over it" in fields


@pytest.mark.parametrize(("suffix", "raw"), [("34K2", "`30 2 * * 1-5`"), ("21W1", "unknown time zone")])
async def test_what_can_not_be_computed_is_shown_as_it_came(box: Sandbox, suffix: str, raw: str) -> None:
    """The person on call can still read it."""
    _, fields = await card(box, task(suffix))
    assert raw in fields
    assert "Can't tell" in fields


@pytest.mark.parametrize(
    ("granted", "suffix"),
    [
        pytest.param(
            DETAIL_ONLY | more,
            suffix,
            id=f"{' '.join(more) or 'detail only'}-{suffix}",
            # Each task without the others' permissions; each of those with three tasks.
            marks=pytest.mark.exhaustive if more and suffix not in {"02B2", "13N1", "25A2"} else (),
        )
        for more in (frozenset[str](), {"coc:schedule:list"}, {"coc:schedule:getHistories"})
        for suffix in ("01A1", "02B2", "03C3", "06F6", "10K1", "11L1", "12M1", "13N1", "25A2", "29E6")
    ],
)
async def test_what_is_not_permitted_is_named_and_never_guessed(
    box: Sandbox, suffix: str, granted: frozenset[str]
) -> None:
    """Each missing permission once or more, none that is granted; no promise without knowing that it is enabled."""
    box.coc.permissions = set(granted)
    line, fields = await card(box, task(suffix))
    missing = EVERYTHING - granted
    for permission in EVERYTHING:
        assert (f"`{permission}`" in fields) == (permission in missing), permission
    if "coc:schedule:list" in missing:
        assert "Runs next" not in line
        assert "disabled" not in line
