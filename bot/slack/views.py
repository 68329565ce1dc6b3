"""The run history: opened from the card's menu, with a Refresh of its own."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.explorer import Look, decode, encode
from bot.cards.runs import AGAIN, RUNS, runs_view
from bot.coc.snapshot import Missing
from bot.slack.desk import Desk
from bot.slack.interaction import Interaction
from bot.slack.window import Window, dead_end, fill, open_window, view_of


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for the button of the modal with the runs."""

    @app.action(AGAIN)
    async def again(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        interaction, view = Interaction.of_click(body, "runs"), view_of(body)
        turn, look = desk.order.begin(view), decode(view.get("private_metadata"))
        if look is None:
            desk.answer(interaction, lambda: dead_end(desk, interaction, RUNS, turn))
            return
        window = _runs(desk, interaction, look)
        desk.answer(interaction, lambda: fill(desk, interaction, window, turn), task_id=look.task_id)


async def open_runs(desk: Desk, interaction: Interaction, look: Look) -> str:
    """Open the modal with the latest runs and fill it; the outcome in a word."""
    return await open_window(desk, interaction, _runs(desk, interaction, look))


def _runs(desk: Desk, interaction: Interaction, look: Look) -> Window:
    async def content() -> tuple[dict[str, Any], str]:
        snapshot = await desk.history(interaction, look.task_id)
        missing = snapshot.runs if isinstance(snapshot.runs, Missing) else None
        view = runs_view(snapshot, reference=interaction.reference, metadata=encode(look))
        return view, f"runs: {missing.reason}" if missing else "runs"

    return Window(RUNS, look.task_id, encode(look), content)
