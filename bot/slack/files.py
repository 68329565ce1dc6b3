"""Delivers files: into a person's direct messages, or into a card's thread where the bot is a member."""

from collections.abc import Mapping

import structlog

from bot.cards.block_kit import code
from bot.cards.take_along import File
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.slack.errors import SlackRefused
from bot.slack.interaction import Interaction
from bot.slack.reply import Replies
from bot.slack.runner import Runner

log = structlog.get_logger(__name__)

_NOT_A_MEMBER = frozenset({"not_in_channel", "channel_not_found"})
_NO_DM = frozenset({"messages_tab_disabled", "cannot_dm_bot", "user_disabled", "user_not_found", "user_not_visible"})


async def deliver(
    runner: Runner, interaction: Interaction, file: File, *, channel: str = "", thread: str = ""
) -> tuple[str, str]:
    """Send a file; returns a line of mrkdwn about the delivery, and the outcome.

    ``channel`` and ``thread`` are a card's; without them the file goes to the person's direct messages.
    """
    replies = runner.replies
    try:
        target = channel or await _direct_messages(replies, interaction.user)
        await replies.upload(file.name, file.content, channel=target, thread_ts=thread or None, comment=file.about)
    except SlackRefused as refused:
        log.warning("file_refused", error=str(refused), needed=refused.needed)
        why = _advice(refused, runner.redactor, thread=bool(channel))
        return f":warning:  *Not sent:* {why} Reference {code(interaction.reference, 20)}.", f"slack: {refused.error}"
    where = "the card's thread" if channel else "your direct messages with this app"
    return f":white_check_mark:  Sent {code(file.name, 200)} to {where}.", "file"


async def _direct_messages(replies: Replies, user: str) -> str:
    opened = (await replies.call("conversations.open", users=user)).get("channel")
    channel = opened.get("id") if isinstance(opened, Mapping) else None
    if not isinstance(channel, str):
        raise SlackRefused("no_channel")
    return channel


def _advice(refused: SlackRefused, redactor: Redactor, *, thread: bool) -> str:
    if refused.error == "missing_scope":
        scope = Untrusted(refused.needed or "files:write", redactor)
        return (
            f"the bot lacks the Slack scope {code(scope, 60)}. Ask the bot's owner to add it to the app and to "
            "install the app again."
        )
    if thread and refused.error in _NOT_A_MEMBER:
        return "the bot is not a member of the conversation. Invite it there, or let it send the file to you."
    if not thread and refused.error in _NO_DM | _NOT_A_MEMBER:
        return "Slack let the bot open no direct messages with you. Try the card's thread, or “Names”."
    raw_error = Untrusted(refused.raw_error, redactor)
    if refused.transient or refused.error in {"timed_out", "broken_off"}:
        return f"Slack did not take the file in time ({code(raw_error, 40)}). Try again in a minute."
    return f"Slack did not take the file ({code(raw_error, 40)}). If it stays so, tell the bot's owner."
