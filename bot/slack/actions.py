"""The card's buttons and menu: ``Refresh`` replaces the card in place, the others open a modal."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.budget import Message
from bot.cards.problem import Problem, problem_card, problem_of
from bot.cards.task import MORE, PARAMETERS, REFRESH, RUNS, TARGETS, not_refreshed, task_card
from bot.errors import CocError
from bot.pacing import CARD_MS
from bot.slack import views
from bot.slack.explorer import open_targets
from bot.slack.interaction import Interaction
from bot.slack.reply import SlackRefused
from bot.slack.runner import UNREADABLE, Desk, Job, log_coc_error, outcome
from bot.task.changes import Seen, decode
from bot.task.target_query import Look

log = structlog.get_logger(__name__)

UNKNOWN = Problem(
    ":question:",
    "This button is not known to the bot any more.",
    "Ask again with the command; the card may be from another version.",
)


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for clicks on cards; anything unknown is answered too. Register after all other actions."""

    @app.action(REFRESH)
    async def refresh(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        desk.answer_to(lambda: _read_refresh(desk, body, action))

    @app.action(TARGETS)
    async def targets(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction, found = Interaction.of_click(body, "targets"), decode(str(action.get("value") or ""))
        if found is None:
            desk.answer(interaction, lambda: desk.refuse(interaction, UNREADABLE))
        else:
            look = _look(found.task_id, body)
            opening = partial(open_targets, desk, interaction, look)
            desk.answer(interaction, opening, task_id=look.task_id, in_window=True)

    @app.action(MORE)
    async def more(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        chosen = action.get("selected_option")
        what, _, task_id = str(chosen.get("value") if isinstance(chosen, dict) else "").partition(":")
        found = decode(task_id)
        if what not in {RUNS, PARAMETERS}:
            interaction = Interaction.of_click(body, "unknown")
            desk.answer(interaction, lambda: desk.refuse(interaction, UNKNOWN))
        elif found is None:
            interaction = Interaction.of_click(body, what)
            desk.answer(interaction, lambda: desk.refuse(interaction, UNREADABLE))
        else:
            interaction, look = Interaction.of_click(body, what), _look(found.task_id, body)
            opens = views.open_runs if what == RUNS else views.open_parameters
            desk.answer(interaction, partial(opens, desk, interaction, look), task_id=look.task_id, in_window=True)

    @app.action(re.compile(r".*"))
    async def unknown(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        if action.get("url"):
            return  # a link button: the browser has already opened it
        interaction = Interaction.of_click(body, "unknown")
        desk.answer(interaction, lambda: desk.refuse(interaction, UNKNOWN))


def _read_refresh(
    desk: Desk, body: Mapping[str, Any], action: Mapping[str, Any]
) -> tuple[Interaction, Job, str | None]:
    interaction, before = Interaction.of_click(body, "refresh"), decode(str(action.get("value") or ""))
    if before is None:
        return interaction, lambda: desk.refuse(interaction, UNREADABLE), None
    return interaction, lambda: _refresh(desk, interaction, before, body), before.task_id


def _look(task_id: str, body: Mapping[str, Any]) -> Look:
    """All targets, and where the card stands; an ephemeral card has no thread."""
    container = body.get("container")
    place = container if isinstance(container, Mapping) else {}
    message = body.get("message")
    root = message.get("thread_ts") if isinstance(message, Mapping) else None
    thread = None if place.get("is_ephemeral") else root or place.get("message_ts")
    return Look(task_id, channel=str(place.get("channel_id") or ""), thread=str(thread or ""))


async def _refresh(desk: Desk, interaction: Interaction, before: Seen, body: Mapping[str, Any]) -> str:
    try:
        snapshot = await desk.snapshot(interaction, before.task_id, newer_than=before.as_of)
    except CocError as error:
        return await _failed(desk, interaction, error, before.task_id, body)
    build = partial(task_card, snapshot, asked_by=interaction.user, before=before)
    card = await desk.pacer.run(CARD_MS, build)
    await desk.replies.respond(interaction.response_url, card, replace_original=True)
    return outcome("refreshed", snapshot)


async def _failed(
    desk: Desk, interaction: Interaction, error: CocError, task_id: str, body: Mapping[str, Any]
) -> str:
    """Mark the card that stays, and tell the one who asked: two uses of the response URL, also after a wait."""
    marked = False if interaction.waited else await _mark(desk, interaction, error, body)
    log_coc_error(error)
    problem = problem_of(error, task_id)
    if not marked:
        problem = replace(problem, advice=f"{problem.advice} The card above was not refreshed.")
    await desk.tell(interaction, problem_card(problem, task_id=task_id, reference=interaction.reference))
    return type(error).__name__


async def _mark(desk: Desk, interaction: Interaction, error: CocError, body: Mapping[str, Any]) -> bool:
    """Leave the old card as it is, with a line that it was not refreshed; whether that could be done.

    Slack sends no blocks of ephemeral messages, so those can't be marked.
    """
    message = body.get("message")
    blocks = message.get("blocks") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(blocks, list) or not blocks:
        return False
    reason = problem_of(error).title.format_map({"task": "with this id"})
    marked = not_refreshed(blocks, reason, desk.now(), interaction.user)
    old = Message(str(message.get("text") or "Not refreshed"), tuple(marked))
    try:
        await desk.replies.respond(interaction.response_url, old, words_do=False, replace_original=True)
    except SlackRefused as refused:
        log.warning("mark_refused", error=str(refused))
        return False
    return True
