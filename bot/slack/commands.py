"""``/schedtask``: posts the card of a task, or whether hosts are among its targets."""

import re
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.block_kit import Message
from bot.cards.guide import guide, remark
from bot.cards.host import MOST_ASKED, host_card
from bot.cards.task import task_card
from bot.pacing import CARD_MS, UNBOUNDED_MS
from bot.redact.untrusted import Untrusted
from bot.slack import COMMAND
from bot.slack.errors import SlackRefused
from bot.slack.guarded_lookup import GuardedLookup
from bot.slack.interaction import Interaction
from bot.slack.request import Help, Show, parse
from bot.slack.runner import Job, Runner, outcome_of
from bot.task.search import find_hosts

log = structlog.get_logger(__name__)


def register(app: AsyncApp, runner: Runner, lookup: GuardedLookup, *, private_by_default: bool = False) -> None:
    """Listen for the command, under whatever name the manifest gave it."""

    @app.command(re.compile(r"^/"))
    async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        runner.parse_and_start(lambda: _parse(body, runner, lookup, private_by_default=private_by_default))


def _parse(
    body: Mapping[str, Any], runner: Runner, lookup: GuardedLookup, *, private_by_default: bool
) -> tuple[Interaction, Job]:
    interaction = Interaction.of_command(body)
    request = parse(str(body.get("text") or ""))
    command_name = str(body.get("command") or COMMAND)
    if isinstance(request, Help):
        wrong = Untrusted(request.wrong, runner.redactor) if request.wrong else None
        page = guide(command_name, wrong, private_by_default=private_by_default)
        return interaction, lambda: _explain(runner, interaction, page, "misunderstood" if request.wrong else "help")
    interaction.task_id = request.task_id
    is_private = request.visibility == "private" or (request.visibility is None and private_by_default)
    return interaction, lambda: _show(runner, lookup, interaction, request, command_name, is_private=is_private)


async def _explain(runner: Runner, interaction: Interaction, page: Message, outcome: str) -> str:
    await runner.replies.post_ephemeral(interaction, page)
    return outcome


async def _show(
    runner: Runner,
    lookup: GuardedLookup,
    interaction: Interaction,
    request: Show,
    command_name: str,
    *,
    is_private: bool,
) -> str:
    task_id = request.task_id
    snapshot = await runner.note_if_slow(interaction, task_id, lookup.snapshot(interaction, task_id))
    ask_about_host = " ".join(filter(None, (command_name, request.visibility, task_id, "host")))
    if request.hosts:
        hosts = request.hosts
        answers, unchecked = await runner.pacer.run(
            UNBOUNDED_MS, lambda: find_hosts(snapshot.targets, hosts, MOST_ASKED, runner.redactor)
        )
        card = host_card(snapshot, answers, left=unchecked, ask=ask_about_host, requested_by=interaction.user)
    else:
        card = await runner.pacer.run(CARD_MS, lambda: task_card(snapshot, requested_by=interaction.user))
    ignored = tuple(Untrusted(word, runner.redactor) for word in request.ignored)
    private_word = Untrusted(request.private_word, runner.redactor) if request.private_word else None
    note = remark(ask_about_host, ignored, private_word)
    if note and is_private:
        card, note = Message(f"{card.text}  {note.text}", (*card.blocks, *note.blocks)), None
    response_type = "ephemeral" if is_private else "in_channel"
    await runner.replies.respond(interaction.response_url, card, response_type=response_type)
    if note:
        try:
            await runner.replies.post_ephemeral(interaction, note)
        except SlackRefused as refused:
            log.warning("note_refused", error=str(refused))  # the card itself was taken
    return outcome_of(snapshot, "host" if request.hosts else "card")
