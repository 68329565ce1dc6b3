"""``Refresh`` and ``Show targets`` as people press them, through the real app and real sockets."""

import asyncio
import json
from typing import Protocol

import pytest

from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.session import Sandbox
from tests.slack.presses import ADA, GRACE, INCIDENT, NIGHTLY, SHIFT, chat, filled, now, post, view_changed, view_text

WAITING_APPROVAL = "ST2601050930000000000005E5"
RUNNING = "ST2601050930000000000012M1"


class Clock(Protocol):
    """Slack's clock, from the fixture ``slack_time``."""

    passed: float


async def shows(box: Sandbox, user: str, count: int) -> None:
    """Wait until this person sees ``count`` messages in the shift chat."""
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, user)) == count)


async def test_refresh_replaces_the_same_message_and_says_what_changed(either_box: Sandbox) -> None:
    """The card stays where it is; approval and verdict are new, and the changed value is named with the old one."""
    card = await post(either_box, WAITING_APPROVAL)
    assert "Won't run until ops-bob approves it" in card.text
    either_box.coc.change(WAITING_APPROVAL, approve_status="PASSED")
    assert (await either_box.slack.click(GRACE, "refresh", message_ts=card.ts)).acked
    await either_box.slack.settled(lambda: "approval PENDING → PASSED" in now(either_box, card))
    assert "Runs next" in now(either_box, card)
    assert f"<@{GRACE}>" in now(either_box, card)
    assert len(either_box.slack.messages(SHIFT, ADA)) == 1


async def test_refresh_without_changes_says_unchanged(box: Sandbox) -> None:
    """The card says since when nothing has changed."""
    card = await post(box, NIGHTLY)
    await box.slack.click(ADA, "refresh", message_ts=card.ts)
    await box.slack.settled(lambda: "unchanged since" in now(box, card))


async def test_an_ephemeral_card_is_refreshed_in_place(box: Sandbox) -> None:
    """A private card is replaced and stays private, also where the bot is not a member."""
    card = await post(box, f"private {WAITING_APPROVAL}", channel=INCIDENT)
    box.coc.change(WAITING_APPROVAL, approve_status="PASSED")
    await box.slack.click(ADA, "refresh", message_ts=card.ts)
    await box.slack.settled(lambda: "PENDING → PASSED" in now(box, card))
    assert [m.ephemeral_to for m in box.slack.messages(INCIDENT, ADA)] == [ADA]


async def test_a_card_can_be_refreshed_hours_later(box: Sandbox, slack_time: Clock) -> None:
    """Each click has a response_url; the command's, long expired, is not needed."""
    card = await post(box, NIGHTLY)
    slack_time.passed += 5 * 3600
    await box.slack.click(ADA, "refresh", message_ts=card.ts)
    await box.slack.settled(lambda: "unchanged since" in now(box, card))


async def test_a_crowd_that_presses_refresh_shares_one_look_up(box: Sandbox) -> None:
    """Of thirty simultaneous clicks each is acknowledged and answered, and COC sees each call once."""
    card = await post(box, NIGHTLY)
    box.coc.requests.clear()
    box.coc.fail("detail", status=200, delay=0.5)
    clicks = [box.slack.click((ADA, GRACE)[n % 2], "refresh", message_ts=card.ts) for n in range(30)]
    assert all(done.acked for done in await asyncio.gather(*clicks))
    await box.slack.settled(lambda: [c.method for c in box.slack.calls].count("response_url") == 31, timeout=20)
    assert sorted(seen.path for seen in box.coc.requests) == [
        "/v1/schedule/task",
        f"/v1/schedule/task/{NIGHTLY}",
        "/v1/schedule/task/history",
    ]
    assert all(call.response.get("ok", True) for call in box.slack.calls)


async def test_a_failed_refresh_keeps_the_old_card_and_says_so(either_box: Sandbox) -> None:
    """The facts stay. One line says when and why they were not refreshed; an ephemeral card has the whole error."""
    card = await post(either_box, NIGHTLY)
    either_box.coc.fail("detail", status=500)
    for expected in (2, 3):
        await either_box.slack.click(GRACE, "refresh", message_ts=card.ts)
        await shows(either_box, GRACE, expected)
        said = now(either_box, card)
        assert "42 machines" in said
        assert said.count("Not refreshed") == 1, "a second failure replaces the first one's line"
        problem = either_box.slack.messages(SHIFT, GRACE)[-1]
        assert problem.ephemeral_to == GRACE
        assert "COC failed to answer" in problem.text
    assert len(either_box.slack.messages(SHIFT, ADA)) == 1
    either_box.coc.clear_faults()
    await either_box.slack.click(ADA, "refresh", message_ts=card.ts)
    await either_box.slack.settled(lambda: "unchanged since" in now(either_box, card))
    assert "Not refreshed" not in now(either_box, card)


async def test_a_failed_refresh_leaves_a_private_card_unchanged(box: Sandbox) -> None:
    """Slack sends no blocks of ephemeral messages; the error card says that nothing was refreshed."""
    card = await post(box, f"private {NIGHTLY}")
    before = now(box, card)
    box.coc.fail("detail", status=403)
    await box.slack.click(ADA, "refresh", message_ts=card.ts)
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 2)
    assert now(box, card) == before
    said = json.dumps(box.slack.messages(SHIFT, ADA)[-1].blocks)
    assert "The card above was not refreshed" in said


async def test_show_targets_opens_at_once_and_is_filled_later(either_box: Sandbox) -> None:
    """A loading view comes first, then the machines by batch; the update has the hash of the view it replaces."""
    card = await post(either_box, NIGHTLY)
    either_box.coc.fail("detail", status=200, delay=0.4)
    await either_box.slack.click(ADA, "targets", message_ts=card.ts)
    await either_box.slack.settled(lambda: "Asking COC" in view_text(either_box))
    view = await filled(either_box)
    said = json.dumps(view["blocks"], ensure_ascii=False)
    for fact in ("42 machines", "Batch 1 of 3", "then pause", "web-01", "192.168.0.11", "cn-north-4", "offline"):
        assert fact in said
    methods = [call.method for call in either_box.slack.calls if call.method.startswith("views.")]
    assert methods == ["views.open", "views.update"]
    update = next(call for call in either_box.slack.calls if call.method == "views.update")
    assert update.request["hash"]
    assert either_box.slack.view(GRACE) is None


async def test_pages_turn_without_asking_coc_again(box: Sandbox) -> None:
    """999 machines come on pages; next and previous use the data of the time that the view names."""
    huge = next(task.id for task in box.coc.tasks.values() if task.name == "fleet-wide-kernel-check")
    card = await post(box, huge)
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    view = await filled(box)
    assert "Page 1 of" in view_text(box)
    box.coc.requests.clear()
    names = set()
    while True:
        names |= {
            leaf["text"]
            for block in view["blocks"]
            if block["type"] == "rich_text"
            for item in block["elements"][0]["elements"]
            for leaf in item["elements"]
            if leaf.get("style", {}).get("bold")
        }
        if "targets_next" not in view_text(box):
            break
        page = view_text(box)
        await box.slack.click(ADA, "targets_next", view_id=view["id"])
        await view_changed(box, page)
        view = box.slack.view(ADA) or {}
    assert len(names) == 999
    assert not box.coc.requests
    await box.slack.click(ADA, "targets_previous", view_id=view["id"])
    await box.slack.settled(lambda: "targets_next" in view_text(box))


async def test_an_expired_trigger_asks_to_press_again(box: Sandbox) -> None:
    """A trigger_id lives for 3 s; the person reads to press again, and nothing is retried."""
    card = await post(box, NIGHTLY)
    box.slack.refuse("views.open", "expired_trigger_id")
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 2)
    assert "Press Show targets again" in box.slack.messages(SHIFT, ADA)[-1].text
    assert [call.method for call in box.slack.calls].count("views.open") == 1


async def test_an_error_in_the_modal_has_a_try_again_button(box: Sandbox) -> None:
    """COC's error replaces the loading view, with its ids; Try again asks COC anew."""
    card = await post(box, NIGHTLY)
    box.coc.fail("detail", status=403)
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    view = await filled(box)
    assert "The bot may not read this task" in view_text(box)
    assert "reference `" in view_text(box)
    box.coc.clear_faults()
    await box.slack.click(ADA, "targets_again", view_id=view["id"])
    await box.slack.settled(lambda: "web-01" in view_text(box))


async def test_a_closed_modal_is_not_an_error(box: Sandbox) -> None:
    """A modal closed while COC is asked causes no message and no retry."""
    card = await post(box, NIGHTLY)
    box.coc.fail("detail", status=200, delay=0.5)
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    await box.slack.settled(lambda: box.slack.view(ADA))
    await box.slack.close_view(ADA, (box.slack.view(ADA) or {})["id"])
    await box.slack.settled(lambda: any(call.method == "views.update" for call in box.slack.calls))
    assert len(box.slack.messages(SHIFT, ADA)) == 1
    assert box.slack.view(ADA) is None


@pytest.mark.parametrize("value", ["", "nonsense", '{"t": "ST1"}', "ST" + "x" * 30])
async def test_a_button_without_a_task_id_is_answered(box: Sandbox, value: str) -> None:
    """A value without an id, from whatever card, ends in a sentence for the person who pressed."""
    await box.slack.command(ADA, SHIFT, NIGHTLY)
    await box.slack.settled(lambda: box.slack.messages(SHIFT, ADA))
    block = {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "refresh",
                "text": {"type": "plain_text", "text": "Refresh"},
                **({"value": value} if value else {}),
            }
        ],
    }
    assert box.bot is not None
    sent = await chat(box, "chat.postMessage", channel=SHIFT, text="old card", blocks=[block])
    await box.slack.click(ADA, "refresh", message_ts=sent["ts"])
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 3)
    problem = box.slack.messages(SHIFT, ADA)[-1]
    assert problem.ephemeral_to == ADA
    assert "carries no task id" in problem.text


async def test_an_unknown_button_is_answered(box: Sandbox) -> None:
    """A button of another version of the card is acknowledged and explained."""
    button = {"type": "button", "action_id": "of_old", "text": {"type": "plain_text", "text": "Old"}, "value": "x"}
    sent = await chat(
        box, "chat.postMessage", channel=SHIFT, text="old", blocks=[{"type": "actions", "elements": [button]}]
    )
    assert (await box.slack.click(ADA, "of_old", message_ts=sent["ts"])).acked
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 2)
    assert "not known to the bot" in box.slack.messages(SHIFT, ADA)[-1].text


@pytest.mark.parametrize("label", ["401SIGNATURE", "403POLICY", "RESET"])
async def test_refused_calls_are_not_retried(box: Sandbox, label: str) -> None:
    """A refusal is final after one request. Only connection failures, 429 and 502–504 are retried."""
    task_id = error_id(label)
    await box.slack.command(ADA, SHIFT, task_id)
    await box.slack.settled(lambda: box.slack.messages(SHIFT, ADA), timeout=10)
    asked = [seen for seen in box.coc.requests if task_id in seen.path]
    assert len(asked) == 1 or label == "RESET"
    assert len(asked) <= 6  # three tries; the transport may repeat a GET once on a dropped kept-alive connection


async def test_acknowledged_requests_are_answered_before_the_bot_stops(either_box: Sandbox) -> None:
    """A stopping bot takes no new requests and answers the acknowledged ones."""
    either_box.coc.fail("detail", status=200, delay=0.7)
    await either_box.slack.command(ADA, SHIFT, NIGHTLY)
    bot, either_box.bot = either_box.bot, None
    assert bot is not None
    await bot.stop()
    assert "nightly-logrotate" in either_box.slack.messages(SHIFT, ADA)[-1].text


async def test_the_run_history_opens_from_the_menu_and_refreshes(either_box: Sandbox) -> None:
    """A loading view at once, then the latest runs of 41; Refresh in it asks COC anew."""
    card = await post(either_box, RUNNING)
    either_box.coc.fail("detail", status=200, delay=0.4)
    opened = await either_box.slack.click(ADA, "more", message_ts=card.ts, selected=f"runs:{RUNNING}")
    assert opened.acked
    await either_box.slack.settled(lambda: "Asking COC" in view_text(either_box))
    view = await filled(either_box)
    said = view_text(either_box)
    for fact in ("19 finished, 1 running", "The latest 20 of 41 runs", "so far", "took 9 min", "by ops-alice"):
        assert fact in said
    assert either_box.slack.view(GRACE) is None
    either_box.coc.clear_faults()
    either_box.coc.requests.clear()
    await either_box.slack.click(ADA, "runs_again", view_id=view["id"])
    await view_changed(either_box, said)
    assert any(seen.path == "/v1/schedule/task/history" for seen in either_box.coc.requests)


async def test_the_history_modal_waits_longer_than_a_card(box: Sandbox) -> None:
    """The card goes out without the runs after 1.5 s; the history modal waits for them."""
    box.coc.fail("history", status=200, delay=1.8)
    card = await post(box, NIGHTLY)
    assert "Recent runs: COC did not answer in time" in now(box, card)
    await box.slack.click(ADA, "more", message_ts=card.ts, selected=f"runs:{NIGHTLY}")
    await filled(box)
    assert "The latest 20 of 118 runs" in view_text(box)


async def test_the_history_modal_explains_a_missing_permission(box: Sandbox) -> None:
    """The modal names the permission to grant and shows what the list of tasks says instead."""
    box.coc.fail("history", status=403)
    card = await post(box, NIGHTLY)
    await box.slack.click(ADA, "more", message_ts=card.ts, selected=f"runs:{NIGHTLY}")
    view = await filled(box)
    assert "coc:schedule:getHistories" in view_text(box)
    assert "118 runs in all" in view_text(box)
    box.coc.clear_faults()
    await box.slack.click(ADA, "runs_again", view_id=view["id"])
    await box.slack.settled(lambda: "The latest 20" in view_text(box))


async def test_an_error_in_the_history_modal_has_a_try_again_button(box: Sandbox) -> None:
    """The modal shows the error with its ids."""
    card = await post(box, NIGHTLY)
    box.coc.fail("detail", status=503)
    await box.slack.click(ADA, "more", message_ts=card.ts, selected=f"runs:{NIGHTLY}")
    view = await filled(box)
    assert "COC failed to answer" in view_text(box)
    box.coc.clear_faults()
    await box.slack.click(ADA, "runs_again", view_id=view["id"])
    await box.slack.settled(lambda: "The latest 20" in view_text(box))


@pytest.mark.parametrize(
    ("value", "words"), [("runs:nonsense", "carries no task id"), ("of_old:x", "not known to the bot")]
)
async def test_an_unknown_menu_option_is_answered(box: Sandbox, value: str, words: str) -> None:
    """It comes from a card of another version, or is forged."""
    option = {"text": {"type": "plain_text", "text": "Old"}, "value": value}
    menu = {"type": "overflow", "action_id": "more", "options": [option]}
    sent = await chat(
        box, "chat.postMessage", channel=SHIFT, text="old", blocks=[{"type": "actions", "elements": [menu]}]
    )
    assert (await box.slack.click(ADA, "more", message_ts=sent["ts"], selected=value)).acked
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 2)
    assert words in box.slack.messages(SHIFT, ADA)[-1].text


@pytest.mark.parametrize("action", ["targets_next", "targets_again", "runs_again"])
async def test_a_click_in_a_modal_without_a_task_is_answered(box: Sandbox, action: str) -> None:
    """If the metadata names no task, the modal says so."""
    card = await post(box, NIGHTLY)
    button = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "Old"}, "value": "2"}
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Old"},
        "blocks": [{"type": "actions", "elements": [button]}],
    }
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    opened = await filled(box)
    await chat(box, "views.update", view_id=opened["id"], view=view)
    await box.slack.click(ADA, action, view_id=opened["id"])
    await box.slack.settled(lambda: "carries no task id" in view_text(box))


async def test_the_parameters_open_from_the_menu_without_a_secret(either_box: Sandbox) -> None:
    """They come in sequence, with the user and the limits; secrets are hidden and counted; Refresh asks anew."""
    secrets = "ST2601050930000000000016R1"
    card = await post(either_box, secrets)
    assert (await either_box.slack.click(ADA, "more", message_ts=card.ts, selected=f"parameters:{secrets}")).acked
    view = await filled(either_box)
    said = view_text(either_box)
    assert view["title"]["text"] == "Parameters"
    assert "[hidden]" in said
    assert "hidden because" in said
    detail = either_box.coc.tasks[secrets].detail
    assert isinstance(detail, dict)
    either_box.coc.change(secrets, input_param='{"execute_user": "nobody"}')
    await either_box.slack.click(ADA, "parameters_again", view_id=view["id"])
    await either_box.slack.settled(lambda: "nobody" in view_text(either_box))
