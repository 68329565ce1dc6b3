"""``/schedtask`` as people use it, through the real app and real sockets."""

import json

import pytest

from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Message

ADA, GRACE = "U0ONCALL", "U0GUEST"
SHIFT, INCIDENT = "C0SHIFT", "C0INCIDENT"
NIGHTLY = "ST2601050930000000000002B2"


async def ask(box: Sandbox, text: str, channel: str = SHIFT, user: str = ADA) -> Message:
    """Types the command and waits for the next message that this person sees."""
    before = len(box.slack.messages(channel, user))
    interaction = await box.slack.command(user, channel, text)
    assert interaction.acked, interaction.error
    await box.slack.settled(lambda: len(box.slack.messages(channel, user)) > before, timeout=15)
    return box.slack.messages(channel, user)[-1]


def shown(message: Message) -> str:
    """Everything a message says, blocks included."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


async def test_everyone_in_the_conversation_sees_the_card(either_box: Sandbox) -> None:
    """The card is public, holds the verdict, and its ``text`` answers the first question."""
    card = await ask(either_box, NIGHTLY)
    assert card.ephemeral_to is None
    assert card in either_box.slack.messages(SHIFT, GRACE)
    assert "nightly-logrotate" in card.text
    assert "Runs next" in card.text
    for fact in ("42 machines", "2 offline", "ops-bob", "root", "118 runs so far", "as of", f"<@{ADA}>"):
        assert fact in shown(card)


async def test_a_private_card_is_seen_by_the_asker_only(either_box: Sandbox) -> None:
    """``private`` before the id makes the card ephemeral."""
    card = await ask(either_box, f"private {NIGHTLY}")
    assert card.ephemeral_to == ADA
    assert either_box.slack.messages(SHIFT, GRACE) == []


async def test_cards_are_private_by_default_where_the_operator_says_so() -> None:
    """SCHEDTASK_VISIBILITY=private turns the default around, and ``public`` turns it back."""
    async with Sandbox(given={"SCHEDTASK_VISIBILITY": "private"}) as box:
        assert (await ask(box, NIGHTLY)).ephemeral_to == ADA
        assert (await ask(box, f"public {NIGHTLY}")).ephemeral_to is None


async def test_the_bot_need_not_be_a_member(box: Sandbox) -> None:
    """In a channel that the bot never joined, the card is posted all the same."""
    assert "nightly-logrotate" in (await ask(box, NIGHTLY, channel=INCIDENT)).text


@pytest.mark.parametrize(
    "typed",
    [
        f"`{NIGHTLY}`",
        f"“{NIGHTLY}”,",
        f"<{NIGHTLY}>",
        f"\u00a0{NIGHTLY}\u200b",
        NIGHTLY.lower(),
        f"what is {NIGHTLY} doing?",
        f"https://console.example/coc?task={NIGHTLY}#x",
    ],
)
async def test_ids_are_found_as_people_paste_them(box: Sandbox, typed: str) -> None:
    """Quotes, brackets, no-break spaces, lower case, sentences and links around an id do no harm."""
    assert NIGHTLY in shown(await ask(box, typed))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "scheduled O&amp;M task"),
        ("help", "scheduled O&amp;M task"),
        ("ST123", "has 5 characters; a task id has 26"),
        ("frobnicate", "“frobnicate” is not a task id"),
        (f"{NIGHTLY} ST2601050930000000000001A1", "2 different task ids"),
    ],
)
async def test_what_is_not_understood_gets_a_short_private_help(box: Sandbox, typed: str, says: str) -> None:
    """Help names what was wrong, gives examples and asks COC nothing."""
    guide = await ask(box, typed)
    assert guide.ephemeral_to == ADA
    assert says in shown(guide)
    assert "/schedtask private ST" in shown(guide)
    assert not box.coc.requests


ROWS = [
    ("400NOTFOUND", "COC knows no scheduled task"),
    ("400FOREIGN", "belongs to another cloud account"),
    ("400INVALID", "did not accept the request"),
    ("401SIGNATURE", "refused the bot's credentials"),
    ("401TOKEN", "temporary cloud credentials have expired"),
    ("403POLICY", "lacks the permission `coc:schedule:get`"),
    ("403GATEWAY", "lacks the permission `coc:schedule:get`"),
    ("404PATH", "does not reach COC at its configured address"),
    ("429THROTTLED", "throttling the bot"),
    ("494HEADERS", "COC failed to answer"),
    ("500INTERNAL", "COC failed to answer"),
    ("502HTML", "COC failed to answer"),
    ("503BUSY", "COC failed to answer"),
    ("504TIMEOUT", "COC failed to answer"),
    ("200ENVELOPE", "answer can't be read"),
    ("200HTML", "answer can't be read"),
    ("200LIST", "answer can't be read"),
    ("200EMPTY", "answer can't be read"),
    ("200TRUNCATED", "answer can't be read"),
    ("200OTHERID", "another task than the one asked for"),
    ("302REDIRECT", "does not reach COC at its configured address"),
    ("RESET", "can't reach COC"),
]


@pytest.mark.parametrize(("label", "says"), ROWS)
async def test_every_error_row_ends_in_its_card_for_the_asker_only(box: Sandbox, label: str, says: str) -> None:
    """Each failure is one sentence, what to do, and the ids that support asks for; nobody else sees it."""
    task_id = error_id(label)
    problem = await ask(box, task_id)
    assert problem.ephemeral_to == ADA
    assert says in shown(problem)
    assert task_id in shown(problem)
    assert "reference `" in shown(problem)
    answered = next((seen for seen in box.coc.requests if task_id in seen.path and seen.status), None)
    if answered is not None:
        assert "cloud request `" in shown(problem)
    assert box.slack.messages(SHIFT, GRACE) == []


@pytest.mark.parametrize("label", ["HANGS", "DRIPS"])
async def test_a_coc_that_never_answers_still_ends_in_an_answer(label: str) -> None:
    """After a breath the person is told that COC is waited for, at the deadline what became of it."""
    async with Sandbox(given={"SCHEDTASK_COC_READ_TIMEOUT": "3.2", "SCHEDTASK_COC_TOTAL_TIMEOUT": "3.5"}) as box:
        waiting = await ask(box, error_id(label))
        assert "Still waiting for COC" in waiting.text
        await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 2)
        assert "did not answer in time" in box.slack.messages(SHIFT, ADA)[1].text


async def test_the_ack_does_not_wait_for_coc(either_box: Sandbox) -> None:
    """Slack gives 3 s; the ack comes before COC is asked at all."""
    either_box.coc.fail("detail", status=200, delay=1.0)
    interaction = await either_box.slack.command(ADA, SHIFT, NIGHTLY)
    assert interaction.acked
    assert either_box.slack.messages(SHIFT, ADA) == []
    await either_box.slack.settled(lambda: either_box.slack.messages(SHIFT, ADA))


async def test_without_the_other_permissions_the_card_says_what_it_cannot_see(box: Sandbox) -> None:
    """Only ``coc:schedule:get`` granted: no guess whether the task is enabled, and the missing grants by name."""
    box.coc.permissions = {"coc:schedule:get"}
    card = await ask(box, NIGHTLY)
    said = shown(card)
    assert "can't tell whether it is enabled: the bot lacks `coc:schedule:list`" in said
    assert "`coc:schedule:getHistories`" in said
    assert "Runs next" not in said.replace("*Next runs*", "")


async def test_slow_extra_calls_do_not_hold_the_card_back(box: Sandbox) -> None:
    """The list and history calls are waited for 1.5 s beyond the detail; then the card says that they are missing."""
    box.coc.fail("list", status=200, delay=10)
    box.coc.fail("history", status=200, delay=10)
    card = await ask(box, NIGHTLY)
    assert "COC did not answer in time" in shown(card)


async def test_blocks_that_slack_refuses_fall_back_to_text(box: Sandbox) -> None:
    """If Slack calls the blocks invalid, the person still gets the verdict as text."""
    box.slack.refuse("response_url", "invalid_blocks")
    card = await ask(box, NIGHTLY)
    assert card.blocks is None
    assert "nightly-logrotate: Runs next" in card.text


async def test_a_used_up_response_url_still_ends_in_an_answer(box: Sandbox) -> None:
    """Where the command's response_url is final, the person hears it by chat.postEphemeral."""
    box.slack.refuse("response_url", "used_url", times=9, status=404)
    problem = await ask(box, NIGHTLY)
    assert problem.ephemeral_to == ADA
    assert "Slack did not take the answer" in problem.text
    assert [call.method for call in box.slack.calls].count("chat.postEphemeral") == 1


async def test_a_rate_limited_reply_is_tried_once_more(box: Sandbox) -> None:
    """A short Retry-After is waited for; the card is posted once."""
    box.slack.refuse("response_url", "ratelimited", status=429, retry_after=1)
    await ask(box, NIGHTLY)
    assert len(box.slack.messages(SHIFT, ADA)) == 1


async def test_hostile_text_stays_text(box: Sandbox) -> None:
    """Names and comments with mentions, links and formatting are escaped and disarmed on the wire."""
    hostile = next(task.id for task in box.coc.tasks.values() if "<!channel>" in task.name)
    said = shown(await ask(box, hostile))
    header = json.loads(said)[1][0]["text"]
    assert header["type"] == "plain_text"
    parsed = said.replace(header["text"], "")  # Slack parses no plain_text
    for live in ("<!channel", "<!subteam", "<!here", "<http", "<script"):
        assert live not in parsed
    assert "\u202e" not in said
    assert "\\u202e" not in said


async def test_secrets_in_parameters_never_reach_slack(box: Sandbox) -> None:
    """Planted passwords, keys and tokens are in no request to Slack, card and targets alike."""
    secret = next(task for task in box.coc.tasks.values() if task.name == "rotate-db-password")
    card = await ask(box, secret.id)
    await box.slack.click(ADA, "targets", message_ts=card.ts)
    await box.slack.settled(lambda: "Asking COC" not in json.dumps(box.slack.view(ADA)) and box.slack.view(ADA))
    sent = json.dumps([call.request for call in box.slack.calls])
    assert "hunter2" in json.dumps(secret.detail)
    assert "hunter2" not in sent


async def test_a_reconnect_loses_nothing(box: Sandbox) -> None:
    """After Slack closes the socket to refresh it, the next command is served."""
    await box.slack.disconnect("refresh_requested")
    await box.slack.settled(lambda: box.slack.calls[-1].method == "apps.connections.open")
    await box.slack.connected()
    assert "nightly-logrotate" in (await ask(box, NIGHTLY)).text


async def test_a_call_that_broke_off_is_not_repeated(box: Sandbox) -> None:
    """Slack may have taken it before the connection dropped: a second try could post twice."""
    box.slack.refuse("response_url", "used_url", times=9, status=404)
    box.slack.refuse("chat.postEphemeral", times=9, status=0)
    await box.slack.command(ADA, SHIFT, NIGHTLY)
    await box.slack.settled(lambda: any(call.method == "chat.postMessage" for call in box.slack.calls))
    assert [call.method for call in box.slack.calls].count("chat.postEphemeral") == 1


async def test_whether_a_host_is_a_target_is_said_to_everyone(either_box: Sandbox) -> None:
    """Yes with where it stands; a pattern counts; a near match is asked about; the button opens the targets."""
    yes = await ask(either_box, f"{NIGHTLY} host web-07")
    assert yes.ephemeral_to is None
    assert yes.text == "Yes: web-07 in nightly-logrotate."
    assert "step 1, batch 2 of 3" in shown(yes)
    assert "*Yes:* 9 targets of" in shown(await ask(either_box, f"{NIGHTLY} host web-0*"))
    no = await ask(either_box, f"private {NIGHTLY} host db-99")
    assert (no.text, no.ephemeral_to) == ("No: db-99 in nightly-logrotate.", ADA)
    near = await ask(either_box, f"private {NIGHTLY} host web-70")
    assert "*Did you mean `web-07`" in shown(near)
    assert (await either_box.slack.click(ADA, "targets", message_ts=yes.ts)).acked
    await either_box.slack.settled(lambda: either_box.slack.view(ADA) is not None)


async def test_a_host_question_about_a_task_that_fails_is_an_error_like_any(box: Sandbox) -> None:
    """Only to the asker."""
    answer = await ask(box, f"{error_id('400NOTFOUND')} host web-07")
    assert answer.ephemeral_to == ADA
    assert "web-07" not in shown(answer)


async def test_the_operators_words_hide_and_show_parameters() -> None:
    """SCHEDTASK_REDACT_WORDS and SCHEDTASK_REDACT_ALLOW, in every view."""
    given = {"SCHEDTASK_REDACT_WORDS": "fahrplan", "SCHEDTASK_REDACT_ALLOW": "token_kind"}
    async with Sandbox(given=given) as box:
        box.coc.change(NIGHTLY, input_param=json.dumps({"fahrplan": "abc-geheim", "token_kind": "shared"}))
        card = await ask(box, NIGHTLY)
        await box.slack.click(ADA, "more", message_ts=card.ts, selected=f"parameters:{NIGHTLY}")
        await box.slack.settled(lambda: "shared" in json.dumps(box.slack.view(ADA)))
        assert "geheim" not in json.dumps(box.slack.view(ADA))
