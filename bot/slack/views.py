"""What the card's menu opens: the run history and the parameters, each with a Refresh of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards import parameters, runs
from bot.cards.modal import Modal
from bot.pacing import UNBOUNDED_MS
from bot.slack.interaction import Interaction
from bot.slack.modals import Window, dead_end, fill, open_window, view_of
from bot.slack.runner import Desk, outcome
from bot.task.snapshot import Missing
from bot.task.target_query import Look, decode, encode

Make = Callable[[Desk, Interaction, Look], Window]


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for the buttons of both modals."""
    _listen(app, desk, runs.RUNS, _runs)
    _listen(app, desk, parameters.PARAMETERS, _parameters)


async def open_runs(desk: Desk, interaction: Interaction, look: Look) -> str:
    """Open the modal with the latest runs and fill it; the outcome in a word."""
    return await open_window(desk, interaction, _runs(desk, interaction, look))


async def open_parameters(desk: Desk, interaction: Interaction, look: Look) -> str:
    """Open the modal with the parameters and fill it; the outcome in a word."""
    return await open_window(desk, interaction, _parameters(desk, interaction, look))


def _listen(app: AsyncApp, desk: Desk, modal: Modal, make: Make) -> None:
    @app.action(modal.again)
    async def again(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        interaction, view = Interaction.of_click(body, modal.callback), view_of(body)
        turn, look = desk.order.begin(view), decode(view.get("private_metadata"))
        if look is None:
            desk.answer(interaction, lambda: dead_end(desk, interaction, modal, turn))
            return
        window = make(desk, interaction, look)
        filling = partial(fill, desk, interaction, window, turn)
        desk.answer(interaction, filling, task_id=look.task_id, in_window=True)


def _runs(desk: Desk, interaction: Interaction, look: Look) -> Window:
    async def content() -> tuple[dict[str, Any], str]:
        snapshot = await desk.history(interaction, look.task_id)
        missing = snapshot.runs if isinstance(snapshot.runs, Missing) else None
        make = partial(runs.runs_view, snapshot, reference=interaction.reference, metadata=encode(look))
        view = await desk.pacer.run(UNBOUNDED_MS, make)
        return view, outcome(f"runs: {missing.reason}" if missing else "runs", snapshot)

    return Window(runs.RUNS, look.task_id, encode(look), content)


def _parameters(desk: Desk, interaction: Interaction, look: Look) -> Window:
    async def content() -> tuple[dict[str, Any], str]:
        snapshot = await desk.targets(interaction, look.task_id, 0.0)
        view = await desk.pacer.run(UNBOUNDED_MS, partial(parameters.parameters_view, snapshot))
        return {**view, "private_metadata": encode(look)}, outcome("parameters", snapshot)

    return Window(parameters.PARAMETERS, look.task_id, encode(look), content)
