"""Who may ask, where, for which tasks and how often: refusals through the real app, explained and audited."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.app import Bot
from bot.sandbox.session import Sandbox
from bot.slack.access import Access, Decision, Denied, Rules, decide
from bot.slack.interaction import Interaction
from bot.slack.membership import Truth
from bot.timings import TIMINGS, Timings
from tests.slack.presses import ADA, GRACE, INCIDENT, NIGHTLY, SHIFT, filled, post, view_changed, view_text

MALLORY = "U0PARTNER"
OTHER = "ST2601050930000000000001A1"


@asynccontextmanager
async def guarded(tmp_path: Path, timings: Timings = TIMINGS, /, **given: str) -> AsyncIterator[tuple[Sandbox, Path]]:
    """A sandbox with these settings (without ``SCHEDTASK_``), and its audit."""
    audit = tmp_path / "audit.jsonl"
    named = {f"SCHEDTASK_{name}": value for name, value in given.items()}
    async with Sandbox(
        given={**named, "SCHEDTASK_AUDIT_FILE": str(audit)}, make_bot=partial(Bot, timings=timings)
    ) as box:
        box.slack.scopes += ",users:read,usergroups:read"
        yield box, audit


def lines(audit: Path) -> list[dict[str, Any]]:
    """The audit so far."""
    whole = audit.read_text("utf-8").rpartition("\n")[0]  # the last line may be half written
    return [json.loads(line) for line in whole.splitlines()]


async def refused(box: Sandbox, audit: Path, who: tuple[str, str], words: str, outcome: str) -> None:
    """Ask for the nightly task and expect an ephemeral, audited refusal. ``who``: person, channel."""
    user, channel = who
    before = len(box.slack.messages(channel, user))
    assert (await box.slack.command(user, channel, NIGHTLY)).acked
    await box.slack.settled(lambda: len(box.slack.messages(channel, user)) > before)
    answer = box.slack.messages(channel, user)[-1]
    assert answer.ephemeral_to == user
    assert words in answer.text
    assert "nightly" not in json.dumps(answer.blocks)
    (entry,) = await box.slack.settled(
        lambda: [line for line in lines(audit) if line["reference"] in answer.text]  # the one that the card shows
    )
    assert (entry["outcome"], entry["user"], entry["channel"]) == (outcome, user, channel)


async def test_people_of_other_workspaces_are_refused_by_default(tmp_path: Path) -> None:
    """In a shared channel they read whom to ask, unless the operator allows their workspace."""
    async with guarded(tmp_path, CONTACT="#platform-oncall") as (box, audit):
        await refused(box, audit, (MALLORY, INCIDENT), "Ask #platform-oncall.", "denied: workspace")
    async with guarded(tmp_path, ALLOW_WORKSPACES="T0PARTNER") as (box, _):
        assert "nightly-logrotate" in (await post(box, NIGHTLY, INCIDENT, MALLORY)).text


def _has_denials(audit: Path, count: int) -> bool:
    return [line["outcome"] for line in lines(audit)].count("denied: workspace") == count


async def test_a_strangers_click_on_another_persons_card_is_refused(tmp_path: Path) -> None:
    """Everybody in the channel sees the buttons, but the values in them give nobody access."""
    async with guarded(tmp_path) as (box, audit):
        card = await post(box, NIGHTLY, INCIDENT)
        clicks = (("refresh", None), ("targets", None), ("more", f"runs:{NIGHTLY}"))
        for refusals, (action, option) in enumerate(clicks, start=1):
            await box.slack.click(MALLORY, action, message_ts=card.ts, selected=option)
            # One after the other: a second window would replace the first before that is refused.
            await box.slack.settled(partial(_has_denials, audit, refusals))
        assert "web-01" not in view_text(box, MALLORY)
        texts = [m.text for m in box.slack.messages(INCIDENT, MALLORY) if m.ephemeral_to == MALLORY]
        assert any("its own workspace only" in text for text in texts)
        assert box.slack.messages(INCIDENT, ADA)[-1].text == card.text


async def test_guests_are_refused_if_the_operator_says_so(tmp_path: Path) -> None:
    """Slack is asked once for a while; Ada is not a guest."""
    async with guarded(tmp_path, ALLOW_GUESTS="false") as (box, audit):
        await refused(box, audit, (GRACE, SHIFT), "Guests may not use this bot.", "denied: guest")
        assert "nightly-logrotate" in (await post(box, NIGHTLY)).text
        await post(box, NIGHTLY)
        assert [call.method for call in box.slack.calls].count("users.info") == 2


async def test_a_forbidden_channel_is_refused(tmp_path: Path) -> None:
    """The refusal also comes in a modal opened there earlier. ``dm`` stands for direct messages."""
    async with guarded(tmp_path, ALLOW_CHANNELS=f"{SHIFT}, dm") as (box, audit):
        await refused(box, audit, (ADA, INCIDENT), "may not be used in this conversation", "denied: channel")
        assert "nightly-logrotate" in (await post(box, NIGHTLY, "D0ADA")).text
        card = await post(box, NIGHTLY)
        await box.slack.click(ADA, "targets", message_ts=card.ts)
        view = await filled(box)
        before = view_text(box)
        await box.slack.click(ADA, "targets_next", view_id=view["id"])
        await view_changed(box, before)
        assert "page 2 of 2" in view_text(box)


@pytest.mark.parametrize("channel", [INCIDENT, ""])
async def test_in_a_modal_the_cards_own_channel_counts(tmp_path: Path, channel: str) -> None:
    """A file would go there, whatever channel the click names."""
    async with guarded(tmp_path, ALLOW_CHANNELS=SHIFT) as (box, audit):
        box.slack._workspace.bot_in.add(INCIDENT)
        card = await post(box, NIGHTLY)
        await box.slack.click(ADA, "targets", message_ts=card.ts)
        view = await filled(box)
        built = box.slack._interactions.click_view(ADA, view["id"], "targets_thread", selected="csv")
        metadata = built.payload["view"]["private_metadata"]
        assert SHIFT in metadata
        built.payload["view"]["private_metadata"] = metadata.replace(SHIFT, channel)
        built.payload["channel"] = {"id": SHIFT}
        await box.slack._interactions.deliver(built)
        await box.slack.settled(lambda: "may not be used in this conversation" in view_text(box))
        await box.slack.settled(lambda: lines(audit)[-1]["outcome"] == "denied: channel")
        assert box.slack.files() == []


async def test_only_named_people_and_groups_may_ask(tmp_path: Path) -> None:
    """People are named by id or by user group."""
    async with guarded(tmp_path, ALLOW_USERGROUPS="S0ONCALL", ALLOW_USERS="U0SOMEBODY") as (box, audit):
        assert "nightly-logrotate" in (await post(box, NIGHTLY)).text
        await refused(box, audit, (GRACE, SHIFT), "not among the people", "denied: person")
    async with guarded(tmp_path, ALLOW_USERS=GRACE) as (box, audit):
        assert "nightly-logrotate" in (await post(box, NIGHTLY, user=GRACE)).text
        await refused(box, audit, (ADA, SHIFT), "not among the people", "denied: person")


async def test_without_an_answer_from_slack_nobody_is_admitted(tmp_path: Path) -> None:
    """Without the scope a group admits nobody, and the log names the missing scope."""
    async with guarded(tmp_path, ALLOW_USERGROUPS="S0ONCALL") as (box, audit):
        box.slack.scopes = "commands,chat:write"
        await refused(box, audit, (ADA, SHIFT), "could not find out whether you may use it", "denied: unknown")


@pytest.mark.parametrize(
    ("patterns", "allowed"),
    [
        ("id:ST*B2", True),
        ("id:ST*A1", False),
        ("name:NIGHTLY-*", True),
        ("name:weekly-*, project:3f1c*", True),
        ("project:ffff*", False),
        ("id:ST*A1 name:nightly-logrotate", True),
    ],
)
async def test_only_named_tasks_may_be_shown(tmp_path: Path, patterns: str, allowed: bool) -> None:
    """Tasks are named by id, name or enterprise project. If ids alone decide, COC is not even asked."""
    async with guarded(tmp_path, ALLOW_TASKS=patterns) as (box, audit):
        if allowed:
            assert "nightly-logrotate" in (await post(box, NIGHTLY)).text
            return
        await refused(box, audit, (ADA, SHIFT), "may not show this task", "denied: task")
        assert bool(box.coc.requests) == (not patterns.startswith("id:"))


async def test_a_forged_button_value_opens_no_forbidden_task(tmp_path: Path) -> None:
    """The id in a button is only a question: whether the task may be shown is decided at each click."""
    async with guarded(tmp_path, ALLOW_TASKS=f"id:{OTHER}") as (box, audit):
        card = await post(box, OTHER)
        built = box.slack._interactions.click_message(ADA, card.ts, "targets")
        built.payload["actions"][0]["value"] = NIGHTLY
        assert (await box.slack._interactions.deliver(built)).acked
        await box.slack.settled(lambda: "may not show this task" in view_text(box))
        await box.slack.settled(lambda: lines(audit)[-1]["outcome"] == "denied: task")


async def test_over_the_limit_the_reply_says_when_to_try_again(tmp_path: Path) -> None:
    """The reply to the third command within a minute says when to try again; another person is served."""
    async with guarded(tmp_path, PERSON_LIMIT="2") as (box, audit):
        await post(box, NIGHTLY)
        await post(box, NIGHTLY)
        await refused(
            box, audit, (ADA, SHIFT), "You have asked a lot within a minute. Try again in", "denied: limit per person"
        )
        assert "nightly-logrotate" in (await post(box, NIGHTLY, user=GRACE)).text
    async with guarded(tmp_path, CHANNEL_LIMIT="1") as (box, audit):
        await post(box, NIGHTLY, user=GRACE)
        await refused(box, audit, (ADA, SHIFT), "This conversation has asked a lot", "denied: limit per channel")
        assert "nightly-logrotate" in (await post(box, NIGHTLY, INCIDENT)).text


async def test_a_refusal_in_a_modal_keeps_the_page_and_filters(tmp_path: Path) -> None:
    """Try again shows the same page and filters as before."""
    async with guarded(tmp_path, PERSON_LIMIT="3") as (box, _):
        card = await post(box, NIGHTLY)
        await box.slack.click(ADA, "targets", message_ts=card.ts)
        view = await filled(box)
        await box.slack.click(ADA, "targets_state", view_id=view["id"], selected="OFFLINE")
        await box.slack.settled(lambda: "2 of 42 machines match" in view_text(box))
        await box.slack.click(ADA, "targets_region", view_id=view["id"], selected="cn-north-4")
        await box.slack.settled(lambda: "asked a lot within a minute" in view_text(box))
        assert "Try again" in view_text(box)
        assert '"s":"OFFLINE","r":"cn-north-4"' in (box.slack.view(ADA) or {})["private_metadata"]


async def test_the_audit_has_ids_and_outcomes_and_never_a_value(tmp_path: Path) -> None:
    """Each interaction is one line with ids only."""
    async with guarded(tmp_path) as (box, audit):
        card = await post(box, f"private {NIGHTLY} host web-secret-07")
        await box.slack.click(ADA, "targets", message_ts=card.ts)
        view = await filled(box)
        before = view_text(box)
        await box.slack.click(ADA, "targets_find", view_id=view["id"], value="hunter2")
        await view_changed(box, before)
        await box.slack.settled(lambda: len(lines(audit)) == 3)
        entries = lines(audit)
    assert [line["did"] for line in entries] == ["command", "targets", "find"]
    assert [line["outcome"] for line in entries] == ["host", "targets", "targets"]
    for line in entries:
        assert set(line) == {
            *("at", "reference", "did", "outcome", "user", "team", "channel", "task_id", "cloud_requests", "ms")
        }
        assert (line["user"], line["team"], line["channel"], line["task_id"]) == (ADA, "T0SANDBOX", SHIFT, NIGHTLY)
        assert len(line["cloud_requests"]) == 1
    text = audit.read_text("utf-8")
    assert "hunter2" not in text
    assert "web-" not in text
    assert "nightly" not in text
    assert audit.stat().st_mode & 0o077 == 0


# The rules themselves ------------------------------------------------------------------------------------


def asked(user: str = ADA, team: str = "T1", channel: str = SHIFT) -> Interaction:
    """A command."""
    return Interaction("command", user, channel, team, "", "")


async def no_call(method: str, **_arguments: Any) -> dict[str, Any]:
    """For rules that ask Slack nothing."""
    raise AssertionError(method)


RULES = Rules(users=frozenset({ADA}), groups=frozenset({"S1"}), guests=False, channels=frozenset({SHIFT, "dm"}))


@pytest.mark.parametrize(
    ("decision", "interaction", "guest", "member"),
    [
        ("allowed", asked(), Truth.NO, Truth.NO),  # a listed person needs no group
        ("allowed", asked(GRACE), Truth.NO, Truth.YES),
        ("allowed", asked(channel="D0ADA"), Truth.NO, Truth.ASK),
        ("workspace", asked(team="T2"), Truth.NO, Truth.YES),
        ("workspace", asked(team=""), Truth.NO, Truth.YES),
        ("channel", asked(channel=INCIDENT), Truth.NO, Truth.YES),
        ("channel", asked(channel=""), Truth.NO, Truth.YES),
        ("guest", asked(), Truth.YES, Truth.YES),
        ("guest", asked(GRACE), Truth.YES, Truth.ASK),  # nothing to ask for: it is no already
        ("person", asked(GRACE), Truth.ASK, Truth.NO),
        ("ask", asked(GRACE), Truth.ASK, Truth.YES),
        ("ask", asked(GRACE), Truth.UNKNOWN, Truth.ASK),
        ("unknown", asked(GRACE), Truth.NO, Truth.UNKNOWN),
        ("unknown", asked(), Truth.UNKNOWN, Truth.NO),
    ],
)
def test_the_decision_follows_the_table(
    decision: Decision, interaction: Interaction, guest: Truth, member: Truth
) -> None:
    """A refusal needs no further question, and a missing answer never admits anybody."""
    assert decide(RULES, frozenset({"T1"}), interaction, guest=guest, member=member) == decision


def test_without_rules_slack_is_not_asked() -> None:
    """Everybody in the bot's workspace may ask."""
    assert decide(Rules(), frozenset({"T1"}), asked(), guest=Truth.ASK, member=Truth.ASK) == "allowed"


async def test_an_interaction_is_decided_and_counted_once() -> None:
    """However often access is checked, also after a refusal."""
    access = Access(Rules(person_limit=1), "T1", no_call, monotonic=lambda: 0.0)
    first, second = asked(), asked()
    for _ in range(3):
        assert access.admit_at_once(first)
        await access.admit(first)
    for _ in range(3):
        with pytest.raises(Denied, match="limit per person"):
            access.admit_at_once(second)
        with pytest.raises(Denied, match="limit per person"):
            await access.admit(second)
    assert access.admit_at_once(first)
