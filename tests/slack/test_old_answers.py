"""What people see of answers that are shared, and of old ones while COC fails; through the real app."""

import json

import pytest

from bot.sandbox.session import Sandbox
from bot.timings import TIMINGS
from tests.slack.presses import ADA, GRACE, INCIDENT, NIGHTLY, SHIFT, filled, now, post, view_text

ASKS = 3
"""COC calls of one card."""


async def test_the_next_person_gets_the_answer_of_a_moment_ago_and_is_told(box: Sandbox) -> None:
    """Two people ask in two places: COC is asked once, the second card says so."""
    first = await post(box, NIGHTLY)
    second = await post(box, NIGHTLY, INCIDENT, GRACE)
    assert len(box.coc.requests) == ASKS
    assert "before, for another click" in now(box, second, GRACE)
    assert "before, for another click" not in now(box, first)
    again = await post(box, NIGHTLY, INCIDENT, GRACE)
    assert len(box.coc.requests) == 2 * ASKS
    assert "before, for another click" not in now(box, again, GRACE)


async def test_sharing_can_be_turned_off() -> None:
    """With 0 everybody's command asks COC."""
    async with Sandbox(given={"SCHEDTASK_SHARE_FOR": "0"}) as box:
        await post(box, NIGHTLY)
        await post(box, NIGHTLY, INCIDENT, GRACE)
        assert len(box.coc.requests) == 2 * ASKS


async def test_while_coc_fails_a_command_shows_the_last_good_card_as_old(either_box: Sandbox) -> None:
    """One card, marked first of all, without a colour; no error card beside it; the lock screen says it too."""
    await post(either_box, NIGHTLY)
    either_box.coc.fail("detail", status=503)
    card = await post(either_box, NIGHTLY)
    said = now(either_box, card)
    assert card.text.startswith("OLD DATA, from ")
    assert "*Old data, from <!date^" in said
    assert "COC failed to answer" in said
    assert "reference `" in said
    assert "large_green_circle" not in said
    assert len(either_box.slack.messages(SHIFT, ADA)) == 2


async def test_a_refresh_that_fails_keeps_the_card_where_nothing_newer_is_known(box: Sandbox) -> None:
    """What is on the card already is not put there again as old data: it is marked as not refreshed."""
    card = await post(box, NIGHTLY)
    box.coc.fail("detail", status=503)
    await box.slack.click(ADA, "refresh", message_ts=card.ts)
    await box.slack.settled(lambda: "Not refreshed" in now(box, card))
    assert "Old data" not in now(box, card)


async def test_a_slow_refresh_that_fails_uses_the_response_url_twice() -> None:
    """After a note that COC is waited for there is one more post, which says that the card stayed as it was."""
    total_s = TIMINGS.answers.patience_s + 0.3
    async with Sandbox(given={"SCHEDTASK_COC_TOTAL_TIMEOUT": str(total_s)}) as box:
        card = await post(box, NIGHTLY)
        box.coc.fail("detail", status=200, delay=30)
        before = len(box.slack.calls)
        await box.slack.click(ADA, "refresh", message_ts=card.ts)
        await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 3)
        waiting, problem = box.slack.messages(SHIFT, ADA)[-2:]
        assert "Still waiting for COC" in waiting.text
        assert "COC did not answer in time" in problem.text
        assert "The card above was not refreshed" in json.dumps(problem.blocks)
        assert [call.method for call in box.slack.calls[before:]] == ["response_url"] * 2


@pytest.mark.parametrize(
    ("action", "selected"),
    [("targets", None), ("more", f"parameters:{NIGHTLY}"), ("more", f"runs:{NIGHTLY}")],
)
async def test_the_windows_show_what_was_known_as_old(action: str, selected: str | None) -> None:
    """Targets, parameters and runs of before, with the reason and the reference in front."""
    async with Sandbox(given={"SCHEDTASK_SHARE_FOR": "0"}) as box:
        card = await post(box, NIGHTLY)
        box.coc.fail("detail", status=503)
        await box.slack.click(ADA, action, message_ts=card.ts, selected=selected)
        view = await filled(box)
        assert "*Old data, from <!date^" in json.dumps(view["blocks"][0])
        assert "reference `" in view_text(box)
        assert "nightly-logrotate" in view_text(box)


async def test_old_answers_can_be_turned_off() -> None:
    """With 0 an error is an error."""
    async with Sandbox(given={"SCHEDTASK_STALE_FOR": "0"}) as box:
        await post(box, NIGHTLY)
        box.coc.fail("detail", status=503)
        problem = await post(box, NIGHTLY)
        assert "COC failed to answer" in problem.text
        assert problem.ephemeral_to == ADA


async def test_an_old_answer_passes_the_rules_as_a_new_one() -> None:
    """Somebody who may not ask gets nothing from memory either."""
    async with Sandbox(given={"SCHEDTASK_ALLOW_USERS": ADA}) as box:
        await post(box, NIGHTLY)
        box.coc.fail("detail", status=503)
        denied = await post(box, NIGHTLY, SHIFT, GRACE)
        assert denied.ephemeral_to == GRACE
        assert "Old data" not in json.dumps(denied.blocks)
        assert "nightly-logrotate" not in json.dumps(denied.blocks)


@pytest.mark.parametrize(
    ("action", "selected"),
    [("targets", None), ("more", f"parameters:{NIGHTLY}"), ("more", f"runs:{NIGHTLY}")],
)
async def test_the_windows_say_that_an_answer_was_somebody_elses(action: str, selected: str | None) -> None:
    """Grace opens a window a moment after Ada asked: nothing is asked again, and it says so."""
    async with Sandbox(given={"SCHEDTASK_SHARE_FOR": "30"}) as box:
        card = await post(box, NIGHTLY)
        await box.slack.click(GRACE, action, message_ts=card.ts, selected=selected)
        await filled(box, GRACE)
        assert len(box.coc.requests) == ASKS
        assert "before, for another click" in view_text(box, GRACE)
        host = await post(box, f"{NIGHTLY} host web-07", INCIDENT, GRACE)
        assert "before, for another click" not in now(box, host, GRACE), "her own second question is a new one"
