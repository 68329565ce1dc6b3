"""The target explorer: pages, filters, search, and the list to take along.

Data that is younger than a setting is shown without asking COC again; the modal says as of when it is.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.block_kit import Message, code, mrkdwn, section
from bot.cards.problem import problem_of
from bot.cards.take_along import NAMES as NAMES_MODAL
from bot.cards.take_along import NAMES_AGAIN, Kind, make_file, names_view
from bot.cards.targets import (
    AGAIN,
    CLEAR,
    CSV,
    FIND,
    JSON,
    NAMES,
    NEXT,
    PAGE,
    PART,
    PREVIOUS,
    REGION,
    STATE,
    TARGETS,
    THREAD,
    targets_view,
)
from bot.errors import CocError
from bot.pacing import FILE_MS_PER_MACHINE, VIEW_MS_PER_MACHINE, Pacer
from bot.slack.access import Denied
from bot.slack.errors import SlackRefused
from bot.slack.files import deliver
from bot.slack.guarded_lookup import GuardedLookup
from bot.slack.interaction import Interaction
from bot.slack.modals import LazyModal, Modals
from bot.slack.runner import UNREADABLE, Runner, outcome_of
from bot.slack.target_clicks import after
from bot.slack.view_updates import Click
from bot.task.snapshot import Snapshot
from bot.task.target_query import TargetQuery, encode_query

log = structlog.get_logger(__name__)


def register(app: AsyncApp, runner: Runner, lookup: GuardedLookup, modals: Modals) -> None:
    """Listen for everything that can be pressed, chosen or typed in the modal."""

    async def show(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        pressed = action.get("action_id")
        interaction = Interaction.of_click(body, "find" if pressed == FIND else "page")
        make = partial(targets_modal, lookup, runner.pacer, interaction, refresh=pressed == AGAIN)
        modals.start_filling(interaction, TARGETS, _query(interaction, action), make)

    for action_id in (PREVIOUS, NEXT, PAGE, AGAIN, CLEAR, STATE, REGION, PART, FIND):
        app.action(action_id)(show)

    async def send(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        option = action.get("selected_option")
        chosen = option.get("value") if isinstance(option, Mapping) else None
        kind: Kind = "json" if action.get("action_id") == JSON or chosen == "json" else "csv"
        interaction, to_thread = Interaction.of_click(body, kind), action.get("action_id") == THREAD
        answer = partial(_send_file, lookup, modals, interaction, kind=kind, to_thread=to_thread)
        modals.start_answering(interaction, TARGETS, _query(interaction, action), answer)

    for action_id in (CSV, JSON, THREAD):
        app.action(action_id)(send)

    @app.action(NAMES)
    async def names(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction = Interaction.of_click(body, "names")
        query = _query(interaction, action)
        if query is None:
            runner.start(interaction, lambda: runner.refuse(interaction, UNREADABLE))
        else:
            names_modal = _names_modal(lookup, runner.pacer, interaction, query)
            modals.start_opening(interaction, names_modal, method="views.push")

    @app.action(NAMES_AGAIN)
    async def names_again(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction = Interaction.of_click(body, "names")
        make = partial(_names_modal, lookup, runner.pacer, interaction)
        modals.start_filling(interaction, TARGETS, _query(interaction, action), make)

    @app.view(TARGETS.callback)
    async def find(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _find(ack, body, runner, lookup, modals)


async def _find(ack: AsyncAck, body: dict[str, Any], runner: Runner, lookup: GuardedLookup, modals: Modals) -> None:
    """Search on submission: the answer is the ack itself, so that the modal stays open and can't show it twice.

    Nothing is asked before the ack. Where the cached data is too old, or Slack must be asked about the person, the
    ack brings a loading view.
    """
    interaction = Interaction.of_click(body, "find")
    click, query = modals.updates.record_click(interaction.view), _query(interaction, {})
    if query is None:
        await ack(response_action="update", view=TARGETS.dead_end(UNREADABLE, reference=interaction.reference))
        runner.start(interaction, lambda: _acked("no task id"))
        return
    interaction.task_id = query.task_id
    lazy = targets_modal(lookup, runner.pacer, interaction, query)
    outcome = "targets"
    try:
        snapshot = lookup.cached_targets(interaction, query.task_id)
        view = await _page(runner.pacer, snapshot, query, is_urgent=True) if snapshot else None
    except Exception as error:  # noqa: BLE001 - error_view logs it
        view, outcome = lazy.error_view(error, interaction, runner.redactor)
    await ack(response_action="update", view=view or lazy.loading_view())
    modals.updates.record_ack(click)
    if view is not None:
        runner.start(interaction, lambda: _acked(outcome), admit_first=False)
        return

    async def fill() -> str:
        # Slack must have shown the loading view before it is replaced, or it would stay.
        await asyncio.sleep(runner.timings.settle_s)
        return await modals.fill_after_ack(interaction, lazy, click)

    runner.start(interaction, fill, admit_first=False)


async def _acked(outcome: str) -> str:
    """The job of a submission that the ack has answered already."""
    return outcome


def _query(interaction: Interaction, action: Mapping[str, Any]) -> TargetQuery | None:
    """What the modal shows after this click; None where its metadata holds no task id."""
    state = interaction.view.get("state")
    values = state.get("values") if isinstance(state, Mapping) else None
    return after(interaction.query, action, values) if interaction.query else None


def targets_modal(
    lookup: GuardedLookup, pacer: Pacer, interaction: Interaction, query: TargetQuery, *, refresh: bool = False
) -> LazyModal:
    """One page of the targets, as filtered."""

    async def load() -> tuple[dict[str, Any], str]:
        snapshot = await lookup.targets(interaction, query.task_id, refresh=refresh)
        return await _page(pacer, snapshot, query), outcome_of(snapshot, "targets")

    return LazyModal(TARGETS, query, load)


def _names_modal(lookup: GuardedLookup, pacer: Pacer, interaction: Interaction, query: TargetQuery) -> LazyModal:
    async def load() -> tuple[dict[str, Any], str]:
        snapshot = await lookup.targets(interaction, query.task_id)
        cost_ms = VIEW_MS_PER_MACHINE * len(snapshot.targets.machines)
        view = await pacer.run(cost_ms, partial(names_view, snapshot, query, encode_query(query)))
        return view, outcome_of(snapshot, "names")

    return LazyModal(NAMES_MODAL, query, load)


async def _send_file(
    lookup: GuardedLookup,
    modals: Modals,
    interaction: Interaction,
    query: TargetQuery,
    click: Click,
    *,
    kind: Kind,
    to_thread: bool,
) -> str:
    """Send the file, then show the same list with a line that says what became of it.

    A failure is also posted as a message where the modal has been closed meanwhile.
    """
    note, outcome, runner = "", "", modals.runner

    async def load() -> tuple[dict[str, Any], str]:
        nonlocal note, outcome
        try:
            snapshot = await lookup.targets(interaction, query.task_id)
        except (CocError, Denied) as error:
            if isinstance(error, Denied):
                problem, outcome = error.problem, error.outcome
            else:
                problem, outcome = problem_of(error, runner.redactor, query.task_id), type(error).__name__
            reference = code(interaction.reference, 20)
            note = f":warning:  *Not sent:* {mrkdwn(problem.plain(), 400)} Reference {reference}."
            raise
        cost_ms = FILE_MS_PER_MACHINE * len(snapshot.targets.machines)
        file = await runner.pacer.run(cost_ms, partial(make_file, snapshot, query, kind))
        channel, thread = (query.channel, query.thread) if to_thread else ("", "")
        note, outcome = await deliver(runner, interaction, file, channel=channel, thread=thread)
        return await _page(runner.pacer, snapshot, query, note=note), outcome

    lazy = LazyModal(TARGETS, query, load, waiting="Sending the file …")
    try:
        shown = await modals.fill(interaction, lazy, click)
    except SlackRefused as refused:
        if not note:
            raise
        # What became of the file is known, though the modal can't say it.
        log.warning("view_refused", error=str(refused))
        shown = "gone"
    if shown == "gone" and note and outcome != "file":
        await runner.replies.post_ephemeral(interaction, Message("The file was not sent.", (section(note),)))
    return outcome or shown


async def _page(
    pacer: Pacer, snapshot: Snapshot, query: TargetQuery, *, note: str = "", is_urgent: bool = False
) -> dict[str, Any]:
    cost_ms = VIEW_MS_PER_MACHINE * len(snapshot.targets.machines)
    return await pacer.run(cost_ms, partial(targets_view, snapshot, query, note=note), is_urgent=is_urgent)
