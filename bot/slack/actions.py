"""The card's buttons and menu: ``Refresh`` replaces the card in place, the others open a modal."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.block_kit import Message
from bot.cards.problem import Problem, problem_of
from bot.cards.task import MORE, PARAMETERS, REFRESH, RUNS, TARGETS, not_refreshed, task_card
from bot.errors import CocError
from bot.pacing import CARD_MS
from bot.slack.errors import SlackRefused
from bot.slack.explorer import targets_modal
from bot.slack.guarded_lookup import GuardedLookup
from bot.slack.interaction import Interaction
from bot.slack.modals import MakeModal, Modals
from bot.slack.runner import UNREADABLE, Job, Runner, outcome_of
from bot.slack.views import parameters_modal, runs_modal
from bot.task.changes import CardState, decode_state
from bot.task.target_query import TargetQuery

log = structlog.get_logger(__name__)

_MENU = {RUNS: runs_modal, PARAMETERS: parameters_modal}

UNKNOWN = Problem(
    ":question:",
    "This button is not known to the bot any more.",
    "Ask again with the command; the card may be from another version.",
)


def register(app: AsyncApp, runner: Runner, lookup: GuardedLookup, modals: Modals) -> None:
    """Listen for clicks on cards; unknown buttons are answered too. Register after all other actions."""

    @app.action(REFRESH)
    async def refresh(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        runner.parse_and_start(lambda: _parse_refresh(body, action, runner, lookup))

    @app.action(TARGETS)
    async def targets(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction = Interaction.of_click(body, "targets")
        make = partial(targets_modal, lookup, runner.pacer, interaction, refresh=True)
        open_modal(interaction, body, action.get("value"), make)

    @app.action(MORE)
    async def more(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        option = action.get("selected_option")
        kind, _, value = str(option.get("value") if isinstance(option, dict) else "").partition(":")
        if kind in _MENU:
            interaction = Interaction.of_click(body, kind)
            open_modal(interaction, body, value, partial(_MENU[kind], lookup, runner.pacer, interaction))
        else:
            refuse_unknown(body)

    @app.action(re.compile(r".*"))
    async def unknown(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        if action.get("url"):
            return  # a link button: the browser has already opened it
        refuse_unknown(body)

    def open_modal(interaction: Interaction, body: Mapping[str, Any], value: object, make: MakeModal) -> None:
        before = decode_state(str(value or ""))
        if before is None:
            runner.start(interaction, lambda: runner.refuse(interaction, UNREADABLE))
            return
        modals.start_opening(interaction, make(_query(before.task_id, body)))

    def refuse_unknown(body: Mapping[str, Any]) -> None:
        interaction = Interaction.of_click(body, "unknown")
        runner.start(interaction, lambda: runner.refuse(interaction, UNKNOWN))


def _query(task_id: str, body: Mapping[str, Any]) -> TargetQuery:
    """All targets, and where the card stands; an ephemeral card has no thread."""
    container, message = body.get("container"), body.get("message")
    place = container if isinstance(container, Mapping) else {}
    root = message.get("thread_ts") if isinstance(message, Mapping) else None
    thread = None if place.get("is_ephemeral") else root or place.get("message_ts")
    return TargetQuery(task_id, channel=str(place.get("channel_id") or ""), thread=str(thread or ""))


def _parse_refresh(
    body: Mapping[str, Any], action: Mapping[str, Any], runner: Runner, lookup: GuardedLookup
) -> tuple[Interaction, Job]:
    interaction, before = Interaction.of_click(body, "refresh"), decode_state(str(action.get("value") or ""))
    if before is None:
        return interaction, lambda: runner.refuse(interaction, UNREADABLE)
    interaction.task_id = before.task_id
    return interaction, lambda: _refresh(runner, lookup, interaction, before, body.get("message"))


async def _refresh(
    runner: Runner, lookup: GuardedLookup, interaction: Interaction, before: CardState, message: object
) -> str:
    task_id = before.task_id
    try:
        answer = lookup.snapshot(interaction, task_id, newer_than=before.as_of)
        snapshot = await runner.note_if_slow(interaction, task_id, answer)
    except CocError as error:
        # At most two uses of the response URL: after a waiting note the card is not marked.
        is_marked = not interaction.has_waiting_note and await _mark(runner, interaction, error, message)
        problem = problem_of(error, runner.redactor, task_id)
        if not is_marked:
            problem = replace(problem, advice=f"{problem.advice} The card above was not refreshed.")
        await runner.replies.post_problem(interaction, problem)
        return type(error).__name__
    card = await runner.pacer.run(CARD_MS, lambda: task_card(snapshot, requested_by=interaction.user, before=before))
    await runner.replies.respond(interaction.response_url, card, replace_original=True)
    return outcome_of(snapshot, "refreshed")


async def _mark(runner: Runner, interaction: Interaction, error: CocError, message: object) -> bool:
    """Add a line to the old card that it was not refreshed; returns whether that could be done.

    Slack sends no blocks of ephemeral messages, so those can't be marked.
    """
    blocks = message.get("blocks") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(blocks, list) or not blocks:
        return False
    reason = problem_of(error, runner.redactor).title.format_map({"task": "with this id"})
    marked = not_refreshed(blocks, reason, datetime.now(UTC), interaction.user)
    card = Message(str(message.get("text") or "Not refreshed"), tuple(marked))
    try:
        await runner.replies.respond(interaction.response_url, card, text_suffices=False, replace_original=True)
    except SlackRefused as refused:
        log.warning("mark_refused", error=str(refused))
        return False
    return True
