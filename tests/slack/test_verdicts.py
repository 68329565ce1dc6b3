"""Every row of the verdict's table on a card, with the real bot, the sample tasks and real sockets."""

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
    """The verdict's line and all fields of the command's card."""
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
    """The card has the colour and the words of the table."""
    box.coc.permissions = set(permissions)
    line, _ = await card(box, task(suffix))
    assert line.startswith(f":{dot}:")
    assert words in line


async def test_a_failed_run_says_why_and_when_the_next_one_is(box: Sandbox) -> None:
    """Both the card's first line and the text on a locked phone say it."""
    line, _ = await card(box, task("13N1"))
    reason = "“Success rate 75% is below 100%: backup-02: disk full (/backup 100%)”"
    assert re.match(rf":red_circle:  \*Last run failed <!date[^>]*>\* — {re.escape(reason)} · runs next <!date", line)
    text = box.slack.messages(SHIFT, ADA)[-1].text
    assert re.match(rf"database-backup: Last run failed .* — {re.escape(reason)} · runs next .* \(in ", text)


async def test_an_unknown_last_run_does_not_count_as_a_good_one(box: Sandbox) -> None:
    """The list says that the task is enabled and nothing about its runs; the bot may not read the history."""
    box.coc.permissions = set(EVERYTHING - {"coc:schedule:getHistories"})
    nothing = dict.fromkeys(("last_execution_status", "last_execution_time", "execution_count"))
    box.coc.change(task("02B2"), **nothing)
    line, _ = await card(box, task("02B2"))
    assert line.startswith(":large_yellow_circle:  *Runs next")
    assert "can't see how its last run went: the bot lacks `coc:schedule:getHistories`" in line


async def test_a_task_due_a_moment_ago_is_not_late_yet(box: Sandbox) -> None:
    """Its run may be recorded in a moment, so the card does not claim a missed run yet."""
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
async def test_a_schedule_that_can_not_be_computed_is_shown_as_it_came(box: Sandbox, suffix: str, raw: str) -> None:
    """The raw value is on the card."""
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
async def test_a_missing_permission_is_named_and_nothing_is_guessed(
    box: Sandbox, suffix: str, granted: frozenset[str]
) -> None:
    """The card names each missing permission and no granted one, and promises no run of a task in doubt."""
    box.coc.permissions = set(granted)
    line, fields = await card(box, task(suffix))
    missing = EVERYTHING - granted
    for permission in EVERYTHING:
        assert (f"`{permission}`" in fields) == (permission in missing), permission
    if "coc:schedule:list" in missing:
        assert "Runs next" not in line
        assert "disabled" not in line
