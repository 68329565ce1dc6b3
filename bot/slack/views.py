"""What the card's menu opens: the run history and the parameters, each with a Refresh button in it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.modal import Modal
from bot.cards.parameters import PARAMETERS, parameters_view
from bot.cards.runs import RUNS, runs_view
from bot.pacing import UNBOUNDED_MS, Pacer
from bot.slack.guarded_lookup import GuardedLookup
from bot.slack.interaction import Interaction
from bot.slack.modals import LazyModal, Modals
from bot.slack.runner import Runner, outcome_of
from bot.task.snapshot import Missing
from bot.task.target_query import TargetQuery, encode_query


def register(app: AsyncApp, runner: Runner, lookup: GuardedLookup, modals: Modals) -> None:
    """Listen for the Refresh buttons of both modals."""

    def listen(modal: Modal, make: Callable[[GuardedLookup, Pacer, Interaction, TargetQuery], LazyModal]) -> None:
        @app.action(modal.again)
        async def refresh(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            interaction = Interaction.of_click(body, modal.callback)
            make_modal = partial(make, lookup, runner.pacer, interaction)
            modals.start_filling(interaction, modal, interaction.query, make_modal)

    listen(RUNS, runs_modal)
    listen(PARAMETERS, parameters_modal)


def runs_modal(lookup: GuardedLookup, pacer: Pacer, interaction: Interaction, query: TargetQuery) -> LazyModal:
    """The latest runs."""

    async def load() -> tuple[dict[str, Any], str]:
        snapshot = await lookup.history(interaction, query.task_id)
        missing = snapshot.runs if isinstance(snapshot.runs, Missing) else None
        render = partial(runs_view, snapshot, reference=interaction.reference, metadata=encode_query(query))
        view = await pacer.run(UNBOUNDED_MS, render)
        return view, outcome_of(snapshot, f"runs: {missing.reason}" if missing else "runs")

    return LazyModal(RUNS, query, load)


def parameters_modal(lookup: GuardedLookup, pacer: Pacer, interaction: Interaction, query: TargetQuery) -> LazyModal:
    """The parameters of the task's job or script."""

    async def load() -> tuple[dict[str, Any], str]:
        snapshot = await lookup.targets(interaction, query.task_id, refresh=True)
        view = await pacer.run(UNBOUNDED_MS, partial(parameters_view, snapshot))
        return {**view, "private_metadata": encode_query(query)}, outcome_of(snapshot, "parameters")

    return LazyModal(PARAMETERS, query, load)
