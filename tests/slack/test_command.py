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
    """Type the command and wait for the next message that this person sees."""
    before = len(box.slack.messages(channel, user))
    interaction = await box.slack.command(user, channel, text)
    assert interaction.acked, interaction.error
    await box.slack.settled(lambda: len(box.slack.messages(channel, user)) > before, timeout=15)
    return box.slack.messages(channel, user)[-1]


def shown(message: Message) -> str:
    """The whole text of a message, blocks included."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


async def test_everyone_in_the_conversation_sees_the_card(either_box: Sandbox) -> None:
    """The card is public, shows the verdict, and its ``text`` answers the first question."""
    card = await ask(either_box, NIGHTLY)
    assert card.ephemeral_to is None
    assert card in either_box.slack.messages(SHIFT, GRACE)
    assert "nightly-logrotate" in card.text
    assert "Runs next" in card.text
    for fact in ("42 machines", "2 offline", "ops-bob", "root", "118 runs so far", "as of", f"<@{ADA}>"):
        assert fact in shown(card)


async def test_only_the_person_who_asked_sees_a_private_card(either_box: Sandbox) -> None:
    """``private`` before the id makes the card ephemeral."""
    card = await ask(either_box, f"private {NIGHTLY}")
    assert card.ephemeral_to == ADA
    assert either_box.slack.messages(SHIFT, GRACE) == []


async def test_cards_are_private_by_default_if_the_operator_says_so() -> None:
    """SCHEDTASK_VISIBILITY=private turns the default around, and ``public`` turns it back."""
    async with Sandbox(given={"SCHEDTASK_VISIBILITY": "private"}) as box:
        assert (await ask(box, NIGHTLY)).ephemeral_to == ADA
        assert (await ask(box, f"public {NIGHTLY}")).ephemeral_to is None


async def test_the_bot_need_not_be_a_member(box: Sandbox) -> None:
    """The card is also posted in a channel that the bot never joined."""
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
async def test_pasted_ids_are_found(box: Sandbox, typed: str) -> None:
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
async def test_a_text_that_is_not_understood_brings_ephemeral_help(box: Sandbox, typed: str, says: str) -> None:
    """Help names the mistake, gives examples and asks COC nothing."""
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


@pytest.mark.slow
@pytest.mark.parametrize(("label", "says"), ROWS)
async def test_each_error_ends_in_an_ephemeral_card(box: Sandbox, label: str, says: str) -> None:
    """Each error card has one sentence, the advice, and the ids that support asks for; nobody else sees it."""
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
    """First a note says that the bot waits for COC; at the deadline the error follows."""
    async with Sandbox(given={"SCHEDTASK_COC_READ_TIMEOUT": "3.2", "SCHEDTASK_COC_TOTAL_TIMEOUT": "3.5"}) as box:
        waiting = await ask(box, error_id(label))
        assert "Still waiting for COC" in waiting.text
        await box.slack.settled(lambda: len(box.slack.messages(SHIFT, ADA)) == 2)
        assert "did not answer in time" in box.slack.messages(SHIFT, ADA)[1].text


async def test_the_ack_does_not_wait_for_coc(either_box: Sandbox) -> None:
    """Slack allows 3 s; the ack comes before COC is asked at all."""
    either_box.coc.fail("detail", status=200, delay=1.0)
    interaction = await either_box.slack.command(ADA, SHIFT, NIGHTLY)
    assert interaction.acked
    assert either_box.slack.messages(SHIFT, ADA) == []
    await either_box.slack.settled(lambda: either_box.slack.messages(SHIFT, ADA))


async def test_the_card_names_missing_permissions(box: Sandbox) -> None:
    """With only ``coc:schedule:get`` the card makes no guess and names the missing permissions."""
    box.coc.permissions = {"coc:schedule:get"}
    card = await ask(box, NIGHTLY)
    said = shown(card)
    assert "can't tell whether it is enabled: the bot lacks `coc:schedule:list`" in said
    assert "`coc:schedule:getHistories`" in said
    assert "Runs next" not in said.replace("*Next runs*", "")


async def test_slow_extra_calls_do_not_delay_the_card(box: Sandbox) -> None:
    """The card waits 1.5 s beyond the detail call for the list and history calls, then says what is missing."""
    box.coc.fail("list", status=200, delay=10)
    box.coc.fail("history", status=200, delay=10)
    card = await ask(box, NIGHTLY)
    assert "COC did not answer in time" in shown(card)


async def test_blocks_that_slack_refuses_fall_back_to_text(box: Sandbox) -> None:
    """If Slack refuses the blocks, the person still gets the verdict as text."""
    box.slack.refuse("response_url", "invalid_blocks")
    card = await ask(box, NIGHTLY)
    assert card.blocks is None
    assert "nightly-logrotate: Runs next" in card.text


async def test_a_used_up_response_url_still_ends_in_an_answer(box: Sandbox) -> None:
    """When the command's response_url is used up, chat.postEphemeral delivers the answer."""
    box.slack.refuse("response_url", "used_url", times=9, status=404)
    problem = await ask(box, NIGHTLY)
    assert problem.ephemeral_to == ADA
    assert "Slack did not take the answer" in problem.text
    assert [call.method for call in box.slack.calls].count("chat.postEphemeral") == 1


async def test_a_rate_limited_reply_is_retried_once(box: Sandbox) -> None:
    """A short Retry-After is honoured, and the card is posted once."""
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
    """Planted passwords, keys and tokens reach Slack neither with the card nor with the targets."""
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


async def test_a_call_whose_connection_dropped_is_not_retried(box: Sandbox) -> None:
    """Slack may have taken it before the connection dropped; a retry could post it twice."""
    box.slack.refuse("response_url", "used_url", times=9, status=404)
    box.slack.refuse("chat.postEphemeral", times=9, status=0)
    await box.slack.command(ADA, SHIFT, NIGHTLY)
    await box.slack.settled(lambda: any(call.method == "chat.postMessage" for call in box.slack.calls))
    assert [call.method for call in box.slack.calls].count("chat.postEphemeral") == 1


async def test_everyone_reads_whether_a_host_is_a_target(either_box: Sandbox) -> None:
    """The answer is yes, with the place; patterns work; a near match becomes a question; the button works."""
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


async def test_a_host_question_about_a_failing_task_ends_in_the_error_card(box: Sandbox) -> None:
    """Only the person who asked sees it."""
    answer = await ask(box, f"{error_id('400NOTFOUND')} host web-07")
    assert answer.ephemeral_to == ADA
    assert "web-07" not in shown(answer)


async def test_the_operators_redaction_words_apply_to_parameters() -> None:
    """SCHEDTASK_REDACT_WORDS and SCHEDTASK_REDACT_ALLOW work in every view."""
    given = {"SCHEDTASK_REDACT_WORDS": "fahrplan", "SCHEDTASK_REDACT_ALLOW": "token_kind"}
    async with Sandbox(given=given) as box:
        box.coc.change(NIGHTLY, input_param=json.dumps({"fahrplan": "abc-geheim", "token_kind": "shared"}))
        card = await ask(box, NIGHTLY)
        await box.slack.click(ADA, "more", message_ts=card.ts, selected=f"parameters:{NIGHTLY}")
        await box.slack.settled(lambda: "shared" in json.dumps(box.slack.view(ADA)))
        assert "geheim" not in json.dumps(box.slack.view(ADA))
