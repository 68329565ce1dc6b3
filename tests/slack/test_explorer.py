"""The target explorer as people use it, through the real app and real sockets."""

import asyncio
import csv
import io
import json
from typing import Any

import pytest

from bot.sandbox.session import Sandbox
from tests.slack.presses import ADA, GRACE, INCIDENT, NIGHTLY, SHIFT, filled, post, view_changed, view_text

HUGE = "ST2601050930000000000014P1"


async def opened(box: Sandbox, text: str = NIGHTLY, channel: str = SHIFT) -> dict[str, Any]:
    """A task's explorer, with its targets loaded."""
    card = await post(box, text, channel)
    before = (box.slack.view(ADA) or {}).get("id")
    assert (await box.slack.click(ADA, "targets", message_ts=card.ts)).acked
    await box.slack.settled(lambda: (box.slack.view(ADA) or {}).get("id") not in {None, before})
    return await filled(box)


async def pressed(box: Sandbox, action: str, **what: Any) -> str:
    """Use something in the open modal and wait until it changes; returns its text."""
    before = view_text(box)
    view = box.slack.view(ADA)
    assert view is not None
    interaction = await box.slack.click(ADA, action, view_id=view["id"], **what)
    assert interaction.acked, interaction.error
    await view_changed(box, before)
    return view_text(box)


async def submitted(box: Sandbox, text: str | None) -> Any:
    """Type into the search field and press Find; returns the interaction."""
    view = box.slack.view(ADA)
    assert view is not None
    block = next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
    given = {block: {"targets_find": {"type": "plain_text_input", "value": text}}}
    return await box.slack.submit_view(ADA, view["id"], given)


async def test_filters_and_search_narrow_the_list_without_asking_coc(either_box: Sandbox) -> None:
    """State, batch and name each keep the other filters; Clear filters removes them all."""
    await opened(either_box)
    either_box.coc.requests.clear()
    assert "*2 of 42 machines match*" in await pressed(either_box, "targets_state", selected="OFFLINE")
    text = await pressed(either_box, "targets_part", selected="1/2")
    assert "*1 of 42 machines match*" in text
    assert "1 of 20 machines" in text
    assert "No machine matches `db*` with these filters" in await pressed(either_box, "targets_find", value="db*")
    assert "*42 machines*  ·  1–40, page 1 of 2" in await pressed(either_box, "targets_clear")
    assert "page 2 of 2" in await pressed(either_box, "targets_page", selected="2")
    assert "page 1 of 2" in await pressed(either_box, "targets_previous")
    assert not either_box.coc.requests


async def test_refresh_asks_coc_and_keeps_the_filter(box: Sandbox) -> None:
    """The filter stays, and the data is new."""
    await opened(box)
    await pressed(box, "targets_state", selected="OFFLINE")
    box.coc.requests.clear()
    text = await pressed(box, "targets_again")
    assert "*2 of 42 machines match*" in text
    assert [seen for seen in box.coc.requests if NIGHTLY in seen.path]


@pytest.mark.parametrize("age", ["0", "60"])
async def test_the_age_of_the_data_is_a_setting(age: str) -> None:
    """SCHEDTASK_TARGETS_MAX_AGE=0 asks COC at every click."""
    async with Sandbox(given={"SCHEDTASK_TARGETS_MAX_AGE": age}) as box:
        await opened(box)
        box.coc.requests.clear()
        await pressed(box, "targets_next")
        assert bool(box.coc.requests) == (age == "0")


async def test_find_answers_in_the_modal_that_stays_open(either_box: Sandbox) -> None:
    """The acknowledgement of the submission carries the list, so nothing can come in between."""
    view = await opened(either_box)
    calls = len(either_box.slack.calls)
    interaction = await submitted(either_box, "web-07")
    assert interaction.acked, interaction.error
    assert interaction.ack_body["response_action"] == "update"
    assert "*1 of 42 machines match*" in view_text(either_box)
    assert (either_box.slack.view(ADA) or {})["id"] == view["id"]
    assert len(either_box.slack.calls) == calls
    await submitted(either_box, None)
    assert "*42 machines*  ·  1–40" in view_text(either_box)


async def test_find_with_old_data_shows_a_loading_view() -> None:
    """The ack carries the loading view; then the list follows, or the error, with the typed text kept."""
    async with Sandbox(given={"SCHEDTASK_TARGETS_MAX_AGE": "0"}) as box:
        await opened(box)
        interaction = await submitted(box, "web-07")
        assert "Asking COC" in json.dumps(interaction.ack_body)
        await box.slack.settled(lambda: "*1 of 42 machines match*" in view_text(box))
        box.coc.fail("detail", status=503)
        await submitted(box, "web-08")
        await box.slack.settled(lambda: "COC failed to answer" in view_text(box), timeout=10)
        box.coc.clear_faults()
        assert "web-08" in await pressed(box, "targets_again")


async def test_of_two_quick_clicks_the_later_one_wins(box: Sandbox) -> None:
    """Both happened in the same view; the first answer must neither remain nor block the second."""
    view = await opened(box, HUGE)
    box.slack.refuse("views.update", delay=0.3)  # only the first
    first, second = await asyncio.gather(
        box.slack.click(ADA, "targets_state", view_id=view["id"], selected="OFFLINE"),
        box.slack.click(ADA, "targets_region", view_id=view["id"], selected="cn-north-4"),
    )
    assert first.acked
    assert second.acked
    await box.slack.settled(lambda: "*2 of 999 machines match*" in view_text(box))
    await asyncio.sleep(0.5)
    assert "*2 of 999 machines match*" in view_text(box)


async def test_a_slow_refresh_does_not_undo_a_later_click(box: Sandbox) -> None:
    """While Refresh waits for COC, a page is turned; the refreshed view comes too late and is dropped."""
    view = await opened(box)
    box.coc.fail("detail", status=200, delay=0.4)
    refresh = asyncio.create_task(box.slack.click(ADA, "targets_again", view_id=view["id"]))
    await refresh
    assert "page 2 of 2" in await pressed(box, "targets_next")
    await asyncio.sleep(0.8)
    assert "page 2 of 2" in view_text(box)


async def test_a_slow_refresh_shows_a_loading_view(box: Sandbox) -> None:
    """After half a second the modal shows the loading view."""
    view = await opened(box)
    box.coc.fail("detail", status=200, delay=1.0)
    await box.slack.click(ADA, "targets_again", view_id=view["id"])
    await box.slack.settled(lambda: "Asking COC" in view_text(box))
    await box.slack.settled(lambda: "web-01" in view_text(box))


async def test_the_names_modal_is_pushed_on_the_explorer(box: Sandbox) -> None:
    """It lists each selected name once; closing it shows the explorer again."""
    view = await opened(box)
    await pressed(box, "targets_state", selected="OFFLINE")
    await pressed(box, "targets_names")
    await box.slack.settled(lambda: "2 names that match" in view_text(box))
    names = box.slack.view(ADA) or {}
    (box_of_names,) = [block for block in names["blocks"] if block["type"] == "rich_text"]
    assert box_of_names["elements"][0]["elements"][0]["text"].count("\n") == 1
    await box.slack.close_view(ADA, names["id"])
    assert (box.slack.view(ADA) or {})["id"] == view["id"]


async def test_a_file_goes_to_the_direct_messages(either_box: Sandbox) -> None:
    """It is a CSV of the selection, for spreadsheets; the modal says so, and nobody else sees it."""
    await opened(either_box, channel=INCIDENT)
    await pressed(either_box, "targets_part", selected="1/1")
    assert ":white_check_mark:  Sent `nightly-logrotate_" in await pressed(either_box, "targets_csv")
    (file,) = either_box.slack.files(ADA)
    assert file.channel == "D0ADA"
    assert file.name.startswith(f"nightly-logrotate_{NIGHTLY}_targets_20")
    assert file.name.endswith("Z.csv")
    assert file.content.startswith(b"\xef\xbb\xbfstep,batch,batches,then,host_name,")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row["host_name"] for row in rows] == ["web-01", "web-02"]
    assert rows[0]["then"] == "PAUSE"
    message = next(m for m in either_box.slack.messages("D0ADA", ADA) if m.files)
    assert message.text.startswith("2 lines: some of the targets, as filtered, of *nightly-logrotate* as of ")
    assert either_box.slack.files(GRACE) == []


async def test_json_has_all_999_machines(box: Sandbox) -> None:
    """The file names the task, the time and every machine."""
    await opened(box, HUGE)
    await pressed(box, "targets_json")
    (file,) = box.slack.files(ADA)
    body = json.loads(file.content)
    assert (body["task_id"], len(body["machines"]), body["filtered"], body["complete"]) == (HUGE, 999, False, True)


@pytest.mark.slow
async def test_files_of_ten_thousand_machines_arrive(box: Sandbox) -> None:
    """Megabytes arrive without a warning from the transport about the event loop."""
    await opened(box, "ST2601050930000000000036M4")
    await pressed(box, "targets_csv")
    await box.slack.settled(lambda: len(box.slack.files(ADA)) == 1, timeout=20)
    await box.slack.settled(lambda: "targets_json" in view_text(box))
    await pressed(box, "targets_json")
    await box.slack.settled(lambda: len(box.slack.files(ADA)) == 2, timeout=20)
    table, tree = box.slack.files(ADA)
    assert table.content.count(b"\n") == 10_001
    assert len(json.loads(tree.content)["machines"]) == 10_000


async def test_a_file_goes_into_the_thread_where_the_bot_is_a_member(box: Sandbox) -> None:
    """In the shift chat it goes into the card's thread; elsewhere the modal says what to do."""
    card = await post(box, NIGHTLY)
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    await filled(box)
    assert "Sent `nightly-logrotate_" in await pressed(box, "targets_thread", selected="csv")
    (file,) = box.slack.files(GRACE)
    assert (file.channel, file.thread_ts) == (SHIFT, card.ts)
    await opened(box, channel=INCIDENT)
    text = await pressed(box, "targets_thread", selected="json")
    assert "*Not sent:* the bot is not a member of the conversation. Invite it there" in text


async def test_a_private_card_offers_no_thread(box: Sandbox) -> None:
    """An ephemeral message has no thread."""
    await opened(box, f"private {NIGHTLY}")
    assert "targets_thread" not in view_text(box)
    assert "targets_csv" in view_text(box)


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [("commands,chat:write", "im:write"), ("commands,chat:write,im:write", "files:write")],
)
async def test_the_modal_names_a_missing_scope(box: Sandbox, scopes: str, missing: str) -> None:
    """The modal has a reference that is in the log, and the list stays."""
    box.slack.scopes = scopes
    await opened(box)
    text = await pressed(box, "targets_csv")
    assert f"*Not sent:* the bot lacks the Slack scope `{missing}`" in text
    assert "Reference `" in text
    assert "web-01" in text


@pytest.mark.parametrize(
    ("method", "fault", "words"),
    [
        ("conversations.open", {"error": "messages_tab_disabled"}, "Slack let the bot open no direct messages"),
        (
            "files.getUploadURLExternal",
            {"error": "internal_error", "status": 500, "times": 9},
            "in time (`http_500`)",
        ),
        ("upload", {"error": "x", "status": 500}, "in time (`upload_failed`)"),
        ("files.completeUploadExternal", {"error": "file_upload_size_restricted"}, "If it stays so"),
        ("files.completeUploadExternal", {"status": 429, "retry_after": 30}, "in time (`ratelimited`)"),
    ],
)
async def test_the_modal_explains_each_refusal_of_a_file(
    box: Sandbox, method: str, fault: dict[str, Any], words: str
) -> None:
    """The modal shows one sentence."""
    await opened(box)
    box.slack.refuse(method, **fault)
    text = await pressed(box, "targets_csv")
    assert words in text
    assert box.slack.files(ADA) == []


async def test_a_failed_file_is_reported_after_the_modal_is_closed(box: Sandbox) -> None:
    """The message goes to the direct messages, because the modal is closed."""
    view = await opened(box)
    box.slack._workspace.bot_in.add("D0ADA")
    box.slack.refuse("conversations.open", "user_disabled", delay=0.3)
    assert (await box.slack.click(ADA, "targets_csv", view_id=view["id"])).acked
    await box.slack.close_view(ADA, view["id"])
    messages = await box.slack.settled(
        lambda: [m for place in (SHIFT, "D0ADA") for m in box.slack.messages(place, ADA) if "not sent" in m.text]
    )
    assert "*Not sent:*" in json.dumps(messages[0].blocks)
