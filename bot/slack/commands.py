"""``/schedtask``: posts the card of a task, or whether a host is among its targets."""

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.budget import Message
from bot.cards.guide import guide
from bot.cards.host import host_card
from bot.cards.task import task_card
from bot.coc.search import find_hosts, near_hosts
from bot.coc.snapshot import Snapshot
from bot.slack.desk import Desk, Job, outcome
from bot.slack.interaction import Interaction
from bot.slack.request import Help, Show, parse

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
    await desk.turns.turn()
    if request.host is None:
        card = task_card(snapshot, asked_by=interaction.user)
    else:
        card = await _host_card(snapshot, request.host, interaction.user)
    private = request.visibility == "private" or (request.visibility is None and desk.private_by_default)
    await desk.replies.respond(interaction.response_url, card, response_type="ephemeral" if private else "in_channel")
    return outcome("card" if request.host is None else "host", snapshot)


async def _host_card(snapshot: Snapshot, host: str, asked_by: str) -> Message:
    hits = find_hosts(snapshot.targets, host)
    # Comparing the spelling of thousands of names takes longer than the loop may be held up.
    near = () if hits else await asyncio.to_thread(near_hosts, snapshot.targets, host)
    return host_card(snapshot, host, hits, near, asked_by=asked_by)
