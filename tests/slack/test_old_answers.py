"""Shared answers, and stale ones while COC fails, as people see them through the real app."""

import json

import pytest

from bot.sandbox.session import Sandbox
from bot.timings import TIMINGS
from tests.slack.presses import ADA, GRACE, INCIDENT, NIGHTLY, SHIFT, filled, now, post, view_text

ASKS = 3
"""The COC calls of one card."""


async def test_the_next_person_gets_the_recent_answer_and_reads_so(box: Sandbox) -> None:
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
    """With 0 every command asks COC."""
    async with Sandbox(given={"SCHEDTASK_SHARE_FOR": "0"}) as box:
        await post(box, NIGHTLY)
        await post(box, NIGHTLY, INCIDENT, GRACE)
        assert len(box.coc.requests) == 2 * ASKS


async def test_while_coc_fails_a_command_shows_the_last_good_card_as_stale(either_box: Sandbox) -> None:
    """One card comes, marked as stale on top and without a colour, also on the lock screen; no error card follows."""
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


async def test_a_failed_refresh_keeps_the_card_if_nothing_newer_is_cached(box: Sandbox) -> None:
    """The card is not replaced by the same data as stale: it is marked as not refreshed."""
    card = await post(box, NIGHTLY)
    box.coc.fail("detail", status=503)
    await box.slack.click(ADA, "refresh", message_ts=card.ts)
    await box.slack.settled(lambda: "Not refreshed" in now(box, card))
    assert "Old data" not in now(box, card)


async def test_a_slow_failed_refresh_uses_the_response_url_twice() -> None:
    """After the waiting note there is one more post; it says that the card was not refreshed."""
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
async def test_the_modals_show_cached_data_as_stale(action: str, selected: str | None) -> None:
    """Targets, parameters and runs are stale, with the reason and the reference on top."""
    async with Sandbox(given={"SCHEDTASK_SHARE_FOR": "0"}) as box:
        card = await post(box, NIGHTLY)
        box.coc.fail("detail", status=503)
        await box.slack.click(ADA, action, message_ts=card.ts, selected=selected)
        view = await filled(box)
        assert "*Old data, from <!date^" in json.dumps(view["blocks"][0])
        assert "reference `" in view_text(box)
        assert "nightly-logrotate" in view_text(box)


async def test_stale_answers_can_be_turned_off() -> None:
    """With 0 the person sees the error."""
    async with Sandbox(given={"SCHEDTASK_STALE_FOR": "0"}) as box:
        await post(box, NIGHTLY)
        box.coc.fail("detail", status=503)
        problem = await post(box, NIGHTLY)
        assert "COC failed to answer" in problem.text
        assert problem.ephemeral_to == ADA


async def test_a_stale_answer_passes_the_same_rules() -> None:
    """A person who may not ask gets nothing from the cache either."""
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
async def test_the_modals_say_that_an_answer_was_shared(action: str, selected: str | None) -> None:
    """Grace opens a modal a moment after Ada asked: COC is not asked again, and the modal says so."""
    async with Sandbox(given={"SCHEDTASK_SHARE_FOR": "30"}) as box:
        card = await post(box, NIGHTLY)
        await box.slack.click(GRACE, action, message_ts=card.ts, selected=selected)
        await filled(box, GRACE)
        assert len(box.coc.requests) == ASKS
        assert "before, for another click" in view_text(box, GRACE)
        host = await post(box, f"{NIGHTLY} host web-07", INCIDENT, GRACE)
        assert "before, for another click" not in now(box, host, GRACE), "her own second question is a new one"
