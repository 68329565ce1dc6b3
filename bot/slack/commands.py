"""``/schedtask``: posts the card of a task."""

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.guide import guide
from bot.cards.task import task_card
from bot.slack.desk import Desk
from bot.slack.interaction import Interaction
from bot.slack.request import Help, Show, parse

COMMAND = "/schedtask"


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for the command, under whatever name the manifest gave it."""

    @app.command(re.compile(r"^/"))
    async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        interaction = Interaction.of_command(body)
        request = parse(str(body.get("text") or ""))
        name = str(body.get("command") or COMMAND)
        task_id = request.task_id if isinstance(request, Show) else None
        desk.answer(interaction, lambda: _answer(desk, interaction, request, name), task_id=task_id)


async def _answer(desk: Desk, interaction: Interaction, request: Show | Help, name: str) -> str:
    if isinstance(request, Help):
        await desk.tell(interaction, guide(name, request.wrong, private_by_default=desk.private_by_default))
        return "misunderstood" if request.wrong else "help"
    snapshot = await desk.snapshot(interaction, request.task_id)
    card = task_card(snapshot, asked_by=interaction.user)
    private = request.visibility == "private" or (request.visibility is None and desk.private_by_default)
    await desk.replies.respond(interaction.response_url, card, response_type="ephemeral" if private else "in_channel")
    return "card"
