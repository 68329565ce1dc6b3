"""What tired people type, through the real app and real sockets: who sees the answer, and what it says of hosts."""

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
    """Types the command and waits until it is answered with so many messages and the bot has nothing under way."""
    before = len(box.slack.messages(SHIFT, ADA))
    interaction = await box.slack.command(ADA, SHIFT, text)
    assert interaction.acked, interaction.error
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) - before >= count, timeout=15)
    await box.slack.settled(lambda: box.bot is not None and not len(box.bot._work), timeout=15)
    return box.slack.messages(SHIFT, ADA)[before:]


def said(messages: list[Message]) -> str:
    """Everything in messages, blocks included."""
    return json.dumps([[message.text, message.blocks] for message in messages], ensure_ascii=False)


async def test_privacy_asked_for_is_privacy_given(either_box: Sandbox) -> None:
    """However it is asked for, nothing reaches the channel."""
    for text in PRIVATE:
        answers = await typed(either_box, text)
        assert [answer.ephemeral_to for answer in answers] == [ADA], text
    assert either_box.slack.messages(SHIFT, GRACE) == []
    assert '"in_channel"' not in json.dumps([call.request for call in either_box.slack.calls])


async def test_private_by_default_stays_private(private_box: Sandbox) -> None:
    """A near miss of ``public``, or the word within a sentence or a link, does not turn it around."""
    for text in (*PRIVATE, f"pubilc {NIGHTLY}", f"is {NIGHTLY} public", f"https://c.example/public/{NIGHTLY}"):
        answers = await typed(private_box, text)
        assert [answer.ephemeral_to for answer in answers] == [ADA], text
    assert private_box.slack.messages(SHIFT, GRACE) == []


@pytest.mark.parametrize("text", [f"public {NIGHTLY}", f"{NIGHTLY} public", f"public {NIGHTLY} host web-07"])
async def test_public_is_public_where_private_is_the_default(private_box: Sandbox, text: str) -> None:
    """The plain word at one end."""
    assert [answer.ephemeral_to for answer in await typed(private_box, text)] == [None]


async def test_a_near_miss_says_what_it_was_taken_for(box: Sandbox) -> None:
    """On the private card itself."""
    (card,) = await typed(box, f"prviate {NIGHTLY} verbose")
    assert "Only you see this: “prviate” counts as private." in said([card])
    assert "Not understood and ignored: “verbose”." in said([card])
    assert "nightly-logrotate" in card.text
    assert "Only you" not in said(await typed(box, f"{NIGHTLY} private"))


async def test_ignored_words_are_named_to_the_asker_only(either_box: Sandbox) -> None:
    """Beside a public card; with what would have asked about the host."""
    card, note = await typed(either_box, f"please show {NIGHTLY} web-07 verbose", count=2)
    assert (card.ephemeral_to, note.ephemeral_to) == (None, ADA)
    assert "Not understood" not in said([card])
    assert "Not understood and ignored: “web-07” and “verbose”." in said([note])
    assert f"`/schedtask {NIGHTLY} host web-07`" in said([note])
    assert either_box.slack.messages(SHIFT, GRACE) == [card]


async def test_small_talk_is_no_ignored_word(box: Sandbox) -> None:
    """A sentence around the id gets the card and nothing else."""
    assert len(await typed(box, f"hi, can you show me the status of task {NIGHTLY} please?")) == 1


async def test_what_is_advised_works(box: Sandbox) -> None:
    """The command in the note, typed as it stands."""
    _, note = await typed(box, f"{NIGHTLY} web-07", count=2)
    command = said([note]).split("`/schedtask ")[1].split("`")[0]
    (card,) = await typed(box, command)
    assert card.text == "Yes: web-07 in nightly-logrotate."


async def test_a_note_that_slack_refuses_leaves_the_card(box: Sandbox) -> None:
    """It is the smaller part of the answer: no error follows, and it is logged."""
    box.slack.refuse("response_url", None)  # the card passes
    for method in ("response_url", "chat.postEphemeral", "chat.postMessage"):
        box.slack.refuse(method, "channel_not_found", times=9, status=404)
    with capture_logs() as logs:
        (card,) = await typed(box, f"{NIGHTLY} web-07")
    assert "nightly-logrotate" in card.text
    assert [entry["outcome"] for entry in logs if entry["event"] == "answered"] == ["card"]
    assert any(entry["event"] == "note_refused" for entry in logs)


async def test_several_ids_show_none(box: Sandbox) -> None:
    """It says so, only to the asker."""
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
async def test_a_target_is_not_denied(box: Sandbox, text: str) -> None:
    """Whatever surrounds its name."""
    (card,) = await typed(box, f"{NIGHTLY} {text}")
    assert card.text.startswith("Yes: ")
    assert "step 1, batch 2 of 3" in said([card])


async def test_each_of_several_hosts_is_answered(either_box: Sandbox) -> None:
    """On one card."""
    (card,) = await typed(either_box, f"{NIGHTLY} hosts web-07,web-08 and db-99; web_09、10.0.0.0/24")
    assert card.text.startswith("Yes: web-07. Yes: web-08. No: db-99. Perhaps: web")
    assert "*2 of the 5 asked for* are targets of" in said([card])


async def test_a_near_match_is_asked_about_with_what_to_type(box: Sandbox) -> None:
    """A private question gets a private command."""
    (card,) = await typed(box, f"private {NIGHTLY} host web_07")
    assert "*Did you mean `web-07`?*" in said([card])
    assert ":x:" not in said([card])
    command = said([card]).split("To ask for that: `/schedtask ")[1].split("`")[0]
    (again,) = await typed(box, command)
    assert (again.text, again.ephemeral_to) == ("Yes: web-07 in nightly-logrotate.", ADA)


async def test_what_is_no_host_name_is_asked_back(box: Sandbox) -> None:
    """It is never a no."""
    (card,) = await typed(box, f"{NIGHTLY} host web-[07,08]")
    assert "*Can't read:* `web-[07,08]` as one host: it is a range" in said([card])


@pytest.mark.parametrize(
    "text",
    [f"{NIGHTLY[:9]}\n{NIGHTLY[9:]}", f"St{NIGHTLY[2:].lower()}", f"https%253A%252F%252Fc.example%252F{NIGHTLY}"],
)
async def test_a_damaged_id_is_found(box: Sandbox, text: str) -> None:
    """Broken, in a phone's case, in a link that was encoded twice."""
    (card,) = await typed(box, text)
    assert "nightly-logrotate" in card.text


async def test_an_error_behind_a_private_request_stays_private(box: Sandbox) -> None:
    """Like any error."""
    (card,) = await typed(box, f"{error_id('400NOTFOUND')} private")
    assert card.ephemeral_to == ADA
    assert box.slack.messages(SHIFT, GRACE) == []
