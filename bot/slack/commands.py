"""``/schedtask``: posts the card of a task, or whether hosts are among its targets."""

import re
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.budget import Message
from bot.cards.guide import guide, remark
from bot.cards.host import MOST_ASKED, host_card
from bot.cards.task import task_card
from bot.pacing import CARD_MS, UNBOUNDED_MS
from bot.slack.interaction import Interaction
from bot.slack.reply import SlackRefused
from bot.slack.request import Help, Show, parse
from bot.slack.runner import Desk, Job, outcome
from bot.task.search import look_up
from bot.task.snapshot import Snapshot

log = structlog.get_logger(__name__)

COMMAND = "/schedtask"


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for the command, under whatever name the manifest gave it."""

    @app.command(re.compile(r"^/"))
    async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        desk.answer_to(lambda: _read(desk, body))


def _read(desk: Desk, body: dict[str, Any]) -> tuple[Interaction, Job, str | None]:
    interaction = Interaction.of_command(body)
    request = parse(str(body.get("text") or ""))
    name = str(body.get("command") or COMMAND)
    task_id = request.task_id if isinstance(request, Show) else None
    return interaction, lambda: _answer(desk, interaction, request, name), task_id


async def _answer(desk: Desk, interaction: Interaction, request: Show | Help, name: str) -> str:
    if isinstance(request, Help):
        await desk.tell(interaction, guide(name, request.wrong, private_by_default=desk.private_by_default))
        return "misunderstood" if request.wrong else "help"
    snapshot = await desk.snapshot(interaction, request.task_id)
    ask = " ".join(filter(None, (name, request.visibility, request.task_id, "host")))
    if request.hosts:
        card = await _host_card(desk, snapshot, request.hosts, ask, interaction.user)
    else:
        card = await desk.pacer.run(CARD_MS, partial(task_card, snapshot, asked_by=interaction.user))
    private = request.visibility == "private" or (request.visibility is None and desk.private_by_default)
    note = remark(ask, request.ignored, request.private_word)
    if note and private:
        card = Message(f"{card.text}  {note.text}", (*card.blocks, *note.blocks))
    await desk.replies.respond(interaction.response_url, card, response_type="ephemeral" if private else "in_channel")
    if note and not private:
        await _tell_aside(desk, interaction, note)
    return outcome("host" if request.hosts else "card", snapshot)


async def _tell_aside(desk: Desk, interaction: Interaction, note: Message) -> None:
    try:
        await desk.tell(interaction, note)
    except SlackRefused as refused:
        log.warning("note_refused", error=str(refused))  # the card itself was taken


async def _host_card(desk: Desk, snapshot: Snapshot, hosts: tuple[str, ...], ask: str, asked_by: str) -> Message:
    answers, left = await desk.pacer.run(UNBOUNDED_MS, partial(look_up, snapshot.targets, hosts, MOST_ASKED))
    return host_card(snapshot, answers, left=left, ask=ask, asked_by=asked_by)
