"""The fault table: whatever COC or Slack does, each press ends in one answer, in time, audited once.

One cell is one fault on one surface, in a sandbox of its own. What holds in every cell is in ``judge``. Each fault is
on one surface, and one fault of each behaviour on every surface; ``-m exhaustive`` runs all the others.
"""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.sandbox.coc.faults import PathKind
from bot.sandbox.slack.faults import Condition
from bot.timings import TIMINGS
from tests.faults.bench import (
    ACK_MS,
    BRIEF,
    IMPATIENT,
    PATIENCE_S,
    REFERENCE,
    SLACK_S,
    Bench,
    Seen,
    bench,
)
from tests.faults.faults import (
    BARE_TASK,
    BEHAVIOURS,
    COC,
    ERROR_CARDS,
    FLEETING,
    GONE,
    IN_BOTH,
    IN_PART,
    LASTING,
    LATER_S,
    NO_MEMBER,
    NO_WINDOW,
    NOT_TAKEN,
    NOTES,
    NOTHING,
    OVER_HTTP,
    SECRET,
    SLACK,
    SLACK_BEHAVIOURS,
    TRANSIENT,
    WITHIN_S,
    CocFault,
    SlackFault,
    break_coc,
    break_slack,
    cells,
)
from tests.faults.surfaces import (
    AWAY,
    COMMAND,
    CSV,
    FIND,
    HISTORY,
    HOST,
    NAMES,
    PAGING,
    PARAMETERS,
    REFRESH,
    SURFACES,
    TARGETS,
    THREAD,
    Spot,
    Surface,
)
from tests.slack.presses import ADA, NIGHTLY, chat, post, view_text

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_certificates")]

POSTS = 2
"""Posts to one response URL that Slack has taken; it takes five in all."""


async def pressed(watched: Bench, surface: Surface, spot: Spot, within_s: float) -> Seen:
    """Press, and look at all that comes of it."""
    interaction = await surface.press(watched.box, spot)
    await watched.ended(within_s)
    return watched.seen(interaction)


def judge(watched: Bench, surface: Surface, seen: Seen, *, answers: int = 1) -> dict[str, Any]:
    """What holds in every cell; the audit's line."""
    assert seen.interaction.acked, seen.interaction.error
    assert (seen.interaction.ack_ms or ACK_MS) < ACK_MS
    assert len(seen.answers) == answers, seen
    (line,) = watched.audited()
    assert (line["did"], line["user"], line["channel"]) == (surface.did, ADA, surface.channel)
    (told,) = watched.events("answered")
    assert (told["reference"], told["outcome"]) == (line["reference"], line["outcome"])
    assert watched.unhandled() == []
    texts = [text for _, text in seen.answers]
    assert len(set(texts)) == len(texts), "the same card twice"
    posts = [call for call in seen.calls if call.method == "response_url" and call.response.get("ok")]
    assert len(posts) <= POSTS, [call.request.get("text") for call in posts]
    assert seen.notes <= 1
    assert seen.files <= surface.files
    if surface.private:
        assert not [call for call in seen.calls if call.request.get("response_type") == "in_channel"]
    return line


def judge_error(watched: Bench, seen: Seen, line: dict[str, Any], says: str) -> None:
    """The person reads what went wrong, and a reference under which the log has it."""
    assert says in seen.text
    assert set(REFERENCE.findall(seen.text)) == {line["reference"]}
    assert any(entry["reference"] == line["reference"] for entry in watched.logs if "reference" in entry)


def judge_content(surface: Surface, seen: Seen, line: dict[str, Any]) -> None:
    """The person has what they asked for."""
    for words in surface.content:
        assert words in seen.text
    assert line["outcome"] == surface.outcome
    assert seen.files == surface.files


# COC ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("surface", "fault"), cells(SURFACES, COC, BEHAVIOURS))
async def test_coc_fails(fault: CocFault, surface: Surface, tmp_path: Path) -> None:
    """Each of COC's errors behind each surface: in words, with a reference; nothing is asked that would not help."""
    await coc_cell(fault, surface, tmp_path)


@pytest.mark.parametrize(("surface", "fault"), cells(SURFACES, OVER_HTTP, OVER_HTTP[:1]))
async def test_coc_fails_in_http_mode(fault: CocFault, surface: Surface, tmp_path: Path) -> None:
    """The same where Slack posts its requests instead of sending them down a socket."""
    await coc_cell(fault, surface, tmp_path, transport="http")


async def coc_cell(
    fault: CocFault,
    surface: Surface,
    folder: Path,
    *,
    transport: Literal["socket", "http"] = "socket",
) -> None:
    """COC fails on the call without which there is no answer."""
    unanswered = fault.how in {"nobody listens", "no such name"}
    async with bench(folder, fault.timings, transport=transport) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        break_coc(watched, fault, "any")
        await watched.mark()
        seen = await pressed(watched, surface, spot, fault.within_s)
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, fault.says)
    assert line["outcome"] == fault.error
    assert watched.events("coc_failed")[0]["reference"] == line["reference"]
    assert SECRET.partition("&")[0] not in json.dumps([line, [call.request for call in seen.calls]], default=str)
    # The old card stays and is marked, unless the note of waiting has taken the post for it.
    assert seen.marks == (surface is REFRESH and not seen.notes)
    assert ("was not refreshed" in seen.text) == (surface is REFRESH and not seen.marks)
    # A process that has found COC well asks all three at once; otherwise the detail comes first.
    most = dict.fromkeys(("detail", "list", "history") if surface in {REFRESH, HISTORY} else ("detail",), fault.tries)
    if not unanswered:
        assert seen.asked["detail"] == fault.tries
        assert seen.asked <= Counter(most), "without the task nothing else is worth asking"
    assert fault.tries - 1 <= len(watched.slept) <= (fault.tries - 1) * len(most)
    if fault.name == "429-for-1-s":
        assert min(watched.slept) >= 1, "Retry-After is honoured"


PARTS = [
    pytest.param(*cell.values, kinds, id=f"{'+'.join(kinds)}-{cell.id}", marks=cell.marks)
    for kinds, faults, everywhere in (
        (("list",), IN_PART, BEHAVIOURS),
        (("history",), IN_PART, BEHAVIOURS),
        (("list", "history"), IN_BOTH, IN_BOTH),
    )
    for cell in cells([COMMAND, HOST, REFRESH, HISTORY], faults, everywhere)
]


@pytest.mark.parametrize(("surface", "fault", "kinds"), PARTS)
async def test_coc_fails_in_part(
    fault: CocFault,
    kinds: tuple[PathKind, ...],
    surface: Surface,
    tmp_path: Path,
) -> None:
    """The task is there, what belongs to it is not: the answer comes and says what is missing."""
    async with bench(tmp_path, fault.timings) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        for kind in kinds:
            break_coc(watched, fault, kind)
        await watched.mark()
        seen = await pressed(watched, surface, spot, 2 * fault.within_s)
    line = judge(watched, surface, seen)
    late = fault.error == "TimedOut"
    if surface is HISTORY and "history" in kinds:
        word = {"Forbidden": "no permission", "TimedOut": "timed out"}.get(fault.error, "failed")
        assert line["outcome"] == f"runs: {word}"
        judge_error(watched, seen, line, "history")
    else:
        assert line["outcome"] == surface.outcome
        for words in surface.content:
            assert words in seen.text
    if surface in {COMMAND, REFRESH}:
        for kind, what in (("list", "counts: "), ("history", "Recent runs: ")):
            assert (f"{what}{fault.part}" in seen.text) == (what in seen.text) == (kind in kinds)
    for kind in ("list", "history"):
        tries = fault.tries if kind in kinds else 1
        again = late and kind == "history" and kind in kinds and surface is HISTORY
        assert seen.asked[kind] == tries + again
    assert seen.asked["detail"] == 1
    assert seen.marks == 0


@pytest.mark.parametrize(
    ("surface", "kind"),
    [
        *(pytest.param(surface, "detail", id=f"detail-{surface}") for surface in SURFACES),
        # The others ask for nothing else.
        *(pytest.param(surface, "any", id=f"any-{surface}") for surface in (COMMAND, HOST, REFRESH, HISTORY)),
    ],
)
async def test_coc_says_next_to_nothing(kind: PathKind, surface: Surface, tmp_path: Path) -> None:
    """A task of which everything but its id is null, with no list and no history: shown as what it is."""
    async with bench(tmp_path) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail("detail", status=200, body=BARE_TASK)
        if kind == "any":
            watched.box.coc.fail("list", status=200, body={"scheduled_tasks": None})
            watched.box.coc.fail("history", status=200, body={"scheduled_task_history_list": None})
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    line = judge(watched, surface, seen)
    assert line["outcome"] == surface.outcome


@pytest.mark.parametrize("surface", [PAGING, FIND, NAMES, CSV, THREAD], ids=str)
async def test_coc_is_gone_and_the_data_is_in_hand(surface: Surface, tmp_path: Path) -> None:
    """What was shown a moment ago can be paged, searched and sent without COC."""
    async with bench(tmp_path, TARGETS_MAX_AGE="60") as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail(drop=True)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    judge_content(surface, seen, judge(watched, surface, seen))
    assert not seen.asked


@pytest.mark.parametrize(("surface", "fault"), cells(SURFACES, FLEETING, FLEETING[1:2]))
async def test_coc_recovers(fault: CocFault, surface: Surface, tmp_path: Path) -> None:
    """Two failures that pass: the third try brings the answer, and nobody hears of the others."""
    async with bench(tmp_path) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail("detail", times=2, **fault.answer)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    judge_content(surface, seen, judge(watched, surface, seen))
    assert seen.asked["detail"] == 3
    assert len(watched.slept) == 2
    assert min(watched.slept) >= (1 if fault.name == "429-for-1-s" else 0)


async def had_before(surface: Surface, watched: Bench) -> Spot:
    """Where the person is, with an answer about the task in the bot's memory."""
    spot = await surface.prepare(watched.box, surface.channel)
    if not spot.card:
        await post(watched.box, NIGHTLY)
    return spot


@pytest.mark.parametrize(("surface", "fault"), cells(SURFACES, TRANSIENT, BEHAVIOURS))
async def test_coc_fails_and_an_old_answer_stands_in(fault: CocFault, surface: Surface, tmp_path: Path) -> None:
    """Marked as old, with the error and a reference; a card is never replaced by what is no newer than itself."""
    async with bench(tmp_path, fault.timings, STALE_FOR="900") as watched:
        spot = await had_before(surface, watched)
        break_coc(watched, fault, "any")
        await watched.mark()
        seen = await pressed(watched, surface, spot, fault.within_s)
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, "COC" if fault.name == "429-for-30-s" else fault.says)
    assert watched.events("coc_failed")[0]["reference"] == line["reference"]
    if surface is REFRESH:
        assert line["outcome"] == fault.error
        return
    assert "Old data" in seen.text
    assert all(words in seen.text for words in surface.content)
    assert line["outcome"] == (surface.outcome if surface.files else f"stale {surface.outcome}")
    assert seen.files == surface.files


@pytest.mark.parametrize(
    ("surface", "fault"),
    cells([COMMAND, HOST, TARGETS, PAGING, FIND, HISTORY, PARAMETERS, CSV], LASTING, [LASTING[0], *BEHAVIOURS]),
)
async def test_no_old_answer_hides_what_coc_says(fault: CocFault, surface: Surface, tmp_path: Path) -> None:
    """That the task is gone, that we may not see it, or that something else is wrong for good."""
    async with bench(tmp_path, STALE_FOR="900") as watched:
        spot = await had_before(surface, watched)
        break_coc(watched, fault, "any")
        await watched.mark()
        seen = await pressed(watched, surface, spot, fault.within_s)
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, fault.says)
    assert line["outcome"] == fault.error
    assert "Old data" not in seen.text


@pytest.mark.parametrize("surface", [COMMAND, TARGETS], ids=str)
@pytest.mark.parametrize("fault", GONE, ids=str)
async def test_what_coc_has_taken_away_is_not_shown_again(fault: CocFault, surface: Surface, tmp_path: Path) -> None:
    """COC has said no, then it fails: the answer from before the no is gone for good."""
    async with bench(tmp_path, STALE_FOR="900") as watched:
        spot = await had_before(surface, watched)
        watched.box.coc.fail("detail", **fault.answer, times=1)
        await surface.press(watched.box, spot)
        watched.box.coc.fail("detail", status=500)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, "COC failed to answer")
    assert line["outcome"] == "ServiceFailure"


# Slack ----------------------------------------------------------------------------------------------------

SLACK_CELLS = [
    pytest.param(*cell.values, id=f"{method}-{cell.id}", marks=cell.marks)
    for method, faults in SLACK.items()
    for cell in cells([surface for surface in SURFACES if method in surface.methods], faults, SLACK_BEHAVIOURS)
]


def judge_end(watched: Bench, surface: Surface, fault: SlackFault, seen: Seen) -> None:
    """What a cell with a fault of Slack's ends in."""
    answers = {"gone": 0, "lost": 0, "both": 2}.get(fault.ends, 1)
    line = judge(watched, surface, seen, answers=answers)
    match fault.ends:
        case "content":
            judge_content(surface, seen, line)
        case "words":
            assert all(words in seen.text for words in surface.content if words != "unchanged")
            assert line["outcome"] == surface.outcome
        case "gone":
            assert line["outcome"] == fault.outcome
        case "lost":
            assert line["outcome"].endswith(", not told")
            assert watched.events("answer_lost")[0]["reference"] == line["reference"]
        case _:
            judge_error(watched, seen, line, surface.again if fault.says == NO_WINDOW else fault.says)
            assert line["outcome"] in {fault.outcome, f"slack: {fault.outcome}"} or not fault.outcome
            assert fault.by in {"", seen.answers[-1][0]}
    assert not fault.waits or max(watched.slept) >= fault.waits


@pytest.mark.parametrize(("surface", "fault"), SLACK_CELLS)
async def test_slack_fails(surface: Surface, fault: SlackFault, tmp_path: Path) -> None:
    """Each of Slack's refusals on each way that an answer takes."""
    async with bench(tmp_path, fault.timings) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        break_slack(watched, fault)
        await watched.mark()
        interaction = await surface.press(watched.box, spot)
        await watched.ended(fault.within_s)
        if "late" in fault.name:
            await asyncio.sleep(LATER_S + 0.05)  # what Slack does after the bot gave up belongs to it
        seen = watched.seen(interaction)
    if surface.files and fault.refusals[0][0] == "views.update":
        judge_sent(watched, surface, seen)
        return
    judge_end(watched, surface, fault, seen)


def judge_sent(watched: Bench, surface: Surface, seen: Seen) -> None:
    """The file is there, and nobody is told otherwise though the modal can't say so."""
    line = judge(watched, surface, seen, answers=len(seen.answers))
    assert seen.files == 1
    assert line["outcome"] == "file"
    assert len(seen.answers) <= 1
    assert NOT_TAKEN not in seen.text


@pytest.mark.parametrize("surface", SURFACES, ids=str)
async def test_slack_takes_nothing_at_all(surface: Surface, tmp_path: Path) -> None:
    """Nobody can be told: the log and the audit say so."""
    async with bench(tmp_path) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        break_slack(watched, NOTHING)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    judge_end(watched, surface, NOTHING, seen)


@pytest.mark.parametrize("surface", SURFACES, ids=str)
async def test_all_of_slack_is_slow(surface: Surface, tmp_path: Path) -> None:
    """Each call takes two thirds of its deadline: the answer comes, once, as if nothing had been."""
    # As in the bot itself: a file has the time of three calls.
    timings = replace(BRIEF, replies=replace(BRIEF.replies, upload_s=3 * SLACK_S))
    async with bench(tmp_path, timings, drops_abandoned_calls=True) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.slack._api.service.late_s = SLACK_S * 2 / 3
        watched.box.slack._api.service.condition = "late"
        await watched.mark()
        seen = await pressed(watched, surface, spot, 6 * SLACK_S + WITHIN_S)
    judge_content(surface, seen, judge(watched, surface, seen))


@pytest.mark.parametrize("surface", [TARGETS, HISTORY, PARAMETERS, NAMES], ids=str)
async def test_all_of_slack_is_slower_than_a_window_may_take_to_open(surface: Surface, tmp_path: Path) -> None:
    """The person is told to press again, though that takes as long."""
    async with bench(tmp_path, BRIEF, drops_abandoned_calls=True) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.slack._api.service.late_s = SLACK_S * 2 / 3
        watched.box.slack._workspace.trigger_s = SLACK_S / 3
        watched.box.slack._api.service.condition = "late"
        await watched.mark()
        seen = await pressed(watched, surface, spot, 3 * SLACK_S + WITHIN_S)
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, surface.again)
    assert line["outcome"] == "expired_trigger_id"


@pytest.mark.parametrize("condition", ["failing", "late"])
@pytest.mark.parametrize("surface", SURFACES, ids=str)
async def test_all_of_slack_is_down_and_comes_back(surface: Surface, condition: Condition, tmp_path: Path) -> None:
    """Nothing gets through by any way, or not in time: what went wrong is told once Slack is well again."""
    async with bench(tmp_path, BRIEF, drops_abandoned_calls=True) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.slack._api.service.late_s = 60
        watched.box.slack._api.service.condition = condition
        watched.heals_after = TIMINGS.answers.resend_s
        await watched.mark()
        seen = await pressed(watched, surface, spot, 6 * SLACK_S + WITHIN_S)
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, "Slack did not take the")
    assert not line["outcome"].endswith("not told")
    assert max(watched.slept) == TIMINGS.answers.resend_s


@pytest.mark.parametrize(
    ("surface", "fault"),
    [
        pytest.param(surface, fault, id=f"{surface}-{fault}")
        for surface in AWAY
        for fault in NO_MEMBER
        if fault.refusals[0][0] in surface.methods and not surface.files
    ],
)
async def test_slack_fails_where_the_bot_is_no_member(surface: Surface, fault: SlackFault, tmp_path: Path) -> None:
    """The person's direct messages are left."""
    async with bench(tmp_path) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        break_slack(watched, fault)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    judge_end(watched, surface, fault, seen)


# Both -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("surface", "fault"), cells([COMMAND, HOST, REFRESH], ERROR_CARDS, SLACK_BEHAVIOURS))
async def test_coc_fails_and_slack_refuses_to_hear_it(fault: SlackFault, surface: Surface, tmp_path: Path) -> None:
    """The error itself must reach the person: by another way, or as plain words."""
    async with bench(tmp_path) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail("detail", status=403)
        break_slack(watched, fault)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    if fault.ends == "lost":
        judge_end(watched, surface, fault, seen)
        return
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, "may not read this task")
    assert line["outcome"] == "Forbidden"
    assert fault.by in {"", seen.answers[0][0]}
    assert set(seen.asked.values()) == {1}


@pytest.mark.parametrize(("surface", "fault"), cells([COMMAND, HOST, REFRESH], NOTES, SLACK_BEHAVIOURS))
async def test_coc_is_slow_and_slack_refuses_the_note_of_it(
    fault: SlackFault, surface: Surface, tmp_path: Path
) -> None:
    """Whatever becomes of the note, the answer comes."""
    async with bench(tmp_path, IMPATIENT) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail("detail", status=200, delay=PATIENCE_S + 0.1)
        break_slack(watched, fault)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    judge_content(surface, seen, judge(watched, surface, seen))
    assert seen.notes == (fault.name != "refused-everywhere")


@pytest.mark.parametrize("surface", [COMMAND, HOST, REFRESH], ids=str)
async def test_the_answer_does_not_wait_for_a_note_that_slack_is_slow_to_take(
    surface: Surface, tmp_path: Path
) -> None:
    """The note is given up after a while of its own, long before Slack's deadline."""
    answers, replies = replace(IMPATIENT.answers, note_s=0.1), replace(IMPATIENT.replies, call_s=10.0)
    async with bench(tmp_path, replace(IMPATIENT, answers=answers, replies=replies)) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail("detail", status=200, delay=PATIENCE_S + 0.05)
        watched.box.slack.refuse("response_url", "fatal_error", delay=5.0)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WITHIN_S)
    judge_content(surface, seen, judge(watched, surface, seen))
    assert seen.notes == 0


# Modals ---------------------------------------------------------------------------------------------------

MODALS = [TARGETS, PAGING, FIND, HISTORY, PARAMETERS, NAMES, CSV, THREAD]


async def closed(watched: Bench) -> None:
    """The person closes what they have open, from the top down."""
    slack = watched.box.slack
    await slack.settled(lambda: "Asking COC" in view_text(watched.box) or "Sending" in view_text(watched.box))
    while (view := slack.view(ADA)) is not None:
        await slack.close_view(ADA, view["id"])


# 403-csv and 403-thread fail: bot/slack/explorer.py, _send_file, tells nobody where it was COC that failed.
@pytest.mark.parametrize("surface", MODALS, ids=str)
@pytest.mark.parametrize("status", [200, 403])
async def test_the_modal_is_closed_while_coc_is_slow(status: int, surface: Surface, tmp_path: Path) -> None:
    """Nobody waits any more: no message, no error. But a file comes all the same, and so does word that it won't."""
    async with bench(tmp_path, IMPATIENT) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail("detail", status=status, delay=0.3)
        await watched.mark()
        interaction = await surface.press(watched.box, spot)
        await closed(watched)
        await watched.ended(WITHIN_S)
        seen = watched.seen(interaction)
        assert watched.box.slack.view(ADA) is None
    failed = bool(surface.files) and status != 200
    line = judge(watched, surface, seen, answers=int(failed))
    if failed:
        judge_error(watched, seen, line, "not sent")
        return
    assert line["outcome"] == ("file" if surface.files else "gone")
    assert seen.files == surface.files


# Of the view that a submission brings Slack tells no hash; it offers nothing to click.
@pytest.mark.parametrize("surface", [surface for surface in MODALS if surface is not FIND], ids=str)
async def test_the_modal_is_changed_by_another_process(surface: Surface, tmp_path: Path) -> None:
    """An answer never replaces one that it does not know of."""
    newer = {"type": "modal", "title": {"type": "plain_text", "text": "Newer"}, "blocks": [{"type": "divider"}]}
    async with bench(tmp_path, IMPATIENT) as watched:
        spot = await surface.prepare(watched.box, surface.channel)
        watched.box.coc.fail("detail", status=200, delay=0.3)
        await watched.mark()
        await surface.press(watched.box, spot)
        slack = watched.box.slack
        await slack.settled(lambda: "Asking COC" in view_text(watched.box) or "Sending" in view_text(watched.box))
        view = slack.view(ADA)
        assert view is not None
        await chat(watched.box, "views.update", view_id=view["id"], view=newer)
        await watched.ended(WITHIN_S)
        assert (slack.view(ADA) or {})["title"]["text"] == "Newer"
    (line,) = watched.audited()
    assert line["outcome"] == ("file" if surface.files else "gone")
    assert watched.unhandled() == []
