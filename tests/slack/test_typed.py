"""What tired people type, through the real app and real sockets: who sees the answer, and its text about hosts."""

import json
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Message
from tests.slack.presses import ADA, GRACE, NIGHTLY, SHIFT

PRIVATE = [
    f"{NIGHTLY} private",
    f"{NIGHTLY} PRIVATE",
    f"public private {NIGHTLY}",
    f"{NIGHTLY} host web-01 private",
    f"{NIGHTLY} --private",
    f"show me {NIGHTLY} privately",
    f"prviate {NIGHTLY}",
    f"{NIGHTLY} “ＰＲＩＶＡＴＥ”",
    f"{NIGHTLY} 仅自己可见",
    f"{NIGHTLY} web-07 privte",
    f"{NIGHTLY} host prviate web-07",
    f"{NIGHTLY} host private",
    f"{NIGHTLY[:9]} {NIGHTLY[9:]} private",
    f"{NIGHTLY[:19]} private",
]


@pytest.fixture
async def private_box() -> AsyncIterator[Sandbox]:
    """A sandbox where cards are private by default."""
    async with Sandbox(given={"SCHEDTASK_VISIBILITY": "private"}) as box:
        yield box


async def typed(box: Sandbox, text: str, count: int = 1) -> list[Message]:
    """Type the command and wait for ``count`` messages and until no background task is left."""
    before = len(box.slack.messages(SHIFT, ADA))
    interaction = await box.slack.command(ADA, SHIFT, text)
    assert interaction.acked, interaction.error
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) - before >= count, timeout=15)
    await box.slack.settled(lambda: box.bot is not None and not len(box.bot._work), timeout=15)
    return box.slack.messages(SHIFT, ADA)[before:]


def said(messages: list[Message]) -> str:
    """The whole text of messages, blocks included."""
    return json.dumps([[message.text, message.blocks] for message in messages], ensure_ascii=False)


async def test_every_wording_for_privacy_is_private(either_box: Sandbox) -> None:
    """In any wording, nothing reaches the channel."""
    for text in PRIVATE:
        answers = await typed(either_box, text)
        assert [answer.ephemeral_to for answer in answers] == [ADA], text
    assert either_box.slack.messages(SHIFT, GRACE) == []
    assert '"in_channel"' not in json.dumps([call.request for call in either_box.slack.calls])


async def test_private_by_default_stays_private(private_box: Sandbox) -> None:
    """A near miss of ``public``, or the word within a sentence or a link, does not change it."""
    for text in (*PRIVATE, f"pubilc {NIGHTLY}", f"is {NIGHTLY} public", f"https://c.example/public/{NIGHTLY}"):
        answers = await typed(private_box, text)
        assert [answer.ephemeral_to for answer in answers] == [ADA], text
    assert private_box.slack.messages(SHIFT, GRACE) == []


@pytest.mark.parametrize("text", [f"public {NIGHTLY}", f"{NIGHTLY} public", f"public {NIGHTLY} host web-07"])
async def test_public_is_public_where_private_is_the_default(private_box: Sandbox, text: str) -> None:
    """The plain word at one end makes it public."""
    assert [answer.ephemeral_to for answer in await typed(private_box, text)] == [None]


async def test_a_near_miss_of_private_is_explained(box: Sandbox) -> None:
    """The private card says it."""
    (card,) = await typed(box, f"prviate {NIGHTLY} verbose")
    assert "Only you see this: “prviate” counts as private." in said([card])
    assert "Not understood and ignored: “verbose”." in said([card])
    assert "nightly-logrotate" in card.text
    assert "Only you" not in said(await typed(box, f"{NIGHTLY} private"))


async def test_only_the_person_who_asked_reads_the_ignored_words(either_box: Sandbox) -> None:
    """They come beside a public card, with the command that asks about the host."""
    card, note = await typed(either_box, f"please show {NIGHTLY} web-07 verbose", count=2)
    assert (card.ephemeral_to, note.ephemeral_to) == (None, ADA)
    assert "Not understood" not in said([card])
    assert "Not understood and ignored: “web-07” and “verbose”." in said([note])
    assert f"`/schedtask {NIGHTLY} host web-07`" in said([note])
    assert either_box.slack.messages(SHIFT, GRACE) == [card]


async def test_small_talk_is_not_named_as_ignored(box: Sandbox) -> None:
    """A sentence around the id brings the card and nothing else."""
    assert len(await typed(box, f"hi, can you show me the status of task {NIGHTLY} please?")) == 1


async def test_the_suggested_command_works(box: Sandbox) -> None:
    """The note's command works as it stands."""
    _, note = await typed(box, f"{NIGHTLY} web-07", count=2)
    command = said([note]).split("`/schedtask ")[1].split("`")[0]
    (card,) = await typed(box, command)
    assert card.text == "Yes: web-07 in nightly-logrotate."


async def test_a_note_that_slack_refuses_leaves_the_card(box: Sandbox) -> None:
    """The refused note is logged, and no error card follows."""
    box.slack.refuse("response_url", None)  # the card passes
    for method in ("response_url", "chat.postEphemeral", "chat.postMessage"):
        box.slack.refuse(method, "channel_not_found", times=9, status=404)
    with capture_logs() as logs:
        (card,) = await typed(box, f"{NIGHTLY} web-07")
    assert "nightly-logrotate" in card.text
    assert [entry["outcome"] for entry in logs if entry["event"] == "answered"] == ["card"]
    assert any(entry["event"] == "note_refused" for entry in logs)


async def test_several_ids_show_none(box: Sandbox) -> None:
    """Only the person who asked reads why."""
    (answer,) = await typed(box, f"{NIGHTLY} ST2601050930000000000001A1")
    assert answer.ephemeral_to == ADA
    assert "2 different task ids, so none is shown" in said([answer])
    assert not box.coc.requests


@pytest.mark.parametrize(
    "text",
    [
        "host “web-07”.",
        "host `web-07`.",
        "host WEB‑07?",
        "--host=web-07",
        "主机 web-07",
        "ip root@web-07:22",
        "host web-07.example.com",
        "server ssh://web-07/x",
        "host <http://web-07|web-07>",
    ],
)
async def test_a_target_is_never_answered_with_no(box: Sandbox, text: str) -> None:
    """Its name may have anything around it."""
    (card,) = await typed(box, f"{NIGHTLY} {text}")
    assert card.text.startswith("Yes: ")
    assert "step 1, batch 2 of 3" in said([card])


async def test_each_of_several_hosts_is_answered(either_box: Sandbox) -> None:
    """All answers are on one card."""
    (card,) = await typed(either_box, f"{NIGHTLY} hosts web-07,web-08 and db-99; web_09、10.0.0.0/24")
    assert card.text.startswith("Yes: web-07. Yes: web-08. No: db-99. Perhaps: web")
    assert "*2 of the 5 asked for* are targets of" in said([card])


async def test_a_near_match_becomes_a_question_with_a_command(box: Sandbox) -> None:
    """The suggested command is private if the question was."""
    (card,) = await typed(box, f"private {NIGHTLY} host web_07")
    assert "*Did you mean `web-07`?*" in said([card])
    assert ":x:" not in said([card])
    command = said([card]).split("To ask for that: `/schedtask ")[1].split("`")[0]
    (again,) = await typed(box, command)
    assert (again.text, again.ephemeral_to) == ("Yes: web-07 in nightly-logrotate.", ADA)


async def test_a_text_that_is_not_a_host_name_is_questioned(box: Sandbox) -> None:
    """The answer is never no."""
    (card,) = await typed(box, f"{NIGHTLY} host web-[07,08]")
    assert "*Can't read:* `web-[07,08]` as one host: it is a range" in said([card])


@pytest.mark.parametrize(
    "text",
    [f"{NIGHTLY[:9]}\n{NIGHTLY[9:]}", f"St{NIGHTLY[2:].lower()}", f"https%253A%252F%252Fc.example%252F{NIGHTLY}"],
)
async def test_a_damaged_id_is_found(box: Sandbox, text: str) -> None:
    """Broken, in a phone's case, or in a link encoded twice."""
    (card,) = await typed(box, text)
    assert "nightly-logrotate" in card.text


async def test_an_error_behind_a_private_request_stays_private(box: Sandbox) -> None:
    """Only the person who asked sees it."""
    (card,) = await typed(box, f"{error_id('400NOTFOUND')} private")
    assert card.ephemeral_to == ADA
    assert box.slack.messages(SHIFT, GRACE) == []
