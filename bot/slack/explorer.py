"""The target explorer: pages, filters, search, and the list to take along.

Data that is younger than a setting is shown without asking COC again; the modal says as of when it is.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards import take_along
from bot.cards.blocks import section
from bot.cards.budget import Message
from bot.cards.problem import Problem, problem_of
from bot.cards.targets import CSV, JSON, NAMES, TARGETS, THREAD, targets_view
from bot.cards.text import code, composed
from bot.errors import CocError
from bot.pacing import FILE_MS_PER_MACHINE, VIEW_MS_PER_MACHINE
from bot.slack.access import Denied
from bot.slack.files import deliver
from bot.slack.interaction import Interaction
from bot.slack.modals import Window, dead_end, fill, open_window, problem_view, view_of
from bot.slack.reply import SlackRefused
from bot.slack.runner import UNREADABLE, Desk, outcome
from bot.slack.view_updates import Turn
from bot.task.snapshot import Snapshot
from bot.task.target_query import (
    AGAIN,
    CLEAR,
    FIND,
    NEXT,
    PAGE,
    PART,
    PREVIOUS,
    REGION,
    STATE,
    Look,
    after,
    decode,
    encode,
)

log = structlog.get_logger(__name__)


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for everything that can be pressed, chosen or typed in the modal."""

    async def turn_to(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        pressed = action.get("action_id")
        interaction = Interaction.of_click(body, "find" if pressed == FIND else "page")
        max_age_s = 0.0 if pressed == AGAIN else desk.targets_max_age_s
        _answer(desk, interaction, body, action, lambda look: _window(desk, interaction, look, max_age_s))

    for action_id in (PREVIOUS, NEXT, PAGE, AGAIN, CLEAR, STATE, REGION, PART, FIND):
        app.action(action_id)(turn_to)

    async def take(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        chosen = action.get("selected_option")
        word = chosen.get("value") if isinstance(chosen, Mapping) else None
        kind: take_along.Kind = "json" if action.get("action_id") == JSON or word == "json" else "csv"
        interaction = Interaction.of_click(body, kind)
        thread = action.get("action_id") == THREAD
        turn, look = desk.order.begin(view_of(body)), _look(body, action)
        if look is None:
            desk.answer(interaction, lambda: dead_end(desk, interaction, TARGETS, turn))
        else:
            sent = _Sent(desk, interaction, look, kind, thread=thread)
            desk.answer(interaction, lambda: sent.answer(turn), task_id=look.task_id, in_window=True)

    for action_id in (CSV, JSON, THREAD):
        app.action(action_id)(take)

    @app.action(NAMES)
    async def names(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction = Interaction.of_click(body, "names")
        look = _look(body, action)
        if look is None:
            desk.answer(interaction, lambda: desk.refuse(interaction, UNREADABLE))
            return
        window = _names(desk, interaction, look)
        pushed = partial(open_window, desk, interaction, window, "views.push")
        desk.answer(interaction, pushed, task_id=look.task_id, in_window=True)

    @app.action(take_along.NAMES_AGAIN)
    async def names_again(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction = Interaction.of_click(body, "names")
        _answer(desk, interaction, body, action, lambda look: _names(desk, interaction, look))

    @app.view(TARGETS.callback)
    async def find(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _find(ack, desk, body)


async def open_targets(desk: Desk, interaction: Interaction, look: Look) -> str:
    """Open the modal and fill it; the outcome in a word."""
    return await open_window(desk, interaction, _window(desk, interaction, look, 0.0))


async def _find(ack: AsyncAck, desk: Desk, body: dict[str, Any]) -> None:
    """Search on submission: the answer is the ack itself, so that the modal stays open and can't show it twice.

    Nothing is asked before the ack. Where the data in hand is too old, or Slack must be asked about the person, the
    ack brings a loading view.
    """
    interaction, view = Interaction.of_click(body, "find"), view_of(body)
    turn, look = desk.order.begin(view), _look(body, {})
    if look is None:
        await ack(response_action="update", view=TARGETS.dead_end(UNREADABLE, reference=interaction.reference))
        desk.answer(interaction, lambda: _said("no task id"))
        return
    window = _window(desk, interaction, look, desk.targets_max_age_s)
    try:
        snapshot = desk.in_hand(interaction, look.task_id)
        found = await _page(desk, snapshot, look, is_urgent=True) if snapshot else None
        outcome = "targets"
    except Denied as denied:
        found, outcome = problem_view(window, denied.problem, interaction.reference), denied.word
    except Exception as error:
        log.error("unexpected", exc_info=error)
        problem = problem_of(error, look.task_id)
        found, outcome = problem_view(window, problem, interaction.reference), type(error).__name__
    if found is None:
        await ack(response_action="update", view=TARGETS.loading(look.task_id, encode(look)))
        desk.order.answered(turn)

        async def later() -> str:
            # Slack must have shown the loading view before it is replaced, or it would stay.
            await asyncio.sleep(desk.timings.settle_s)
            return await fill(desk, interaction, window, turn, blind=True)

        desk.answer(interaction, later, task_id=look.task_id, in_window=True)
        return
    await ack(response_action="update", view=found)
    desk.order.answered(turn)
    desk.answer(interaction, lambda: _said(outcome), task_id=look.task_id, in_window=True)


async def _said(outcome: str) -> str:
    return outcome


def _answer(
    desk: Desk,
    interaction: Interaction,
    body: dict[str, Any],
    action: Mapping[str, Any],
    window_of: Callable[[Look], Window],
) -> None:
    """Fill the modal in which somebody clicked with what they look at now."""
    turn, look = desk.order.begin(view_of(body)), _look(body, action)
    if look is None:
        desk.answer(interaction, lambda: dead_end(desk, interaction, TARGETS, turn))
        return
    window = window_of(look)
    desk.answer(interaction, lambda: fill(desk, interaction, window, turn), task_id=look.task_id, in_window=True)


def _look(body: Mapping[str, Any], action: Mapping[str, Any]) -> Look | None:
    view = view_of(body)
    look, state = decode(view.get("private_metadata")), view.get("state")
    return look and after(look, action, state.get("values") if isinstance(state, Mapping) else None)


def _window(desk: Desk, interaction: Interaction, look: Look, max_age_s: float) -> Window:
    async def content() -> tuple[dict[str, Any], str]:
        snapshot = await desk.targets(interaction, look.task_id, max_age_s)
        return await _page(desk, snapshot, look), outcome("targets", snapshot)

    return Window(TARGETS, look.task_id, encode(look), content)


def _names(desk: Desk, interaction: Interaction, look: Look) -> Window:
    async def content() -> tuple[dict[str, Any], str]:
        snapshot = await desk.targets(interaction, look.task_id, desk.targets_max_age_s)
        build = partial(take_along.names_view, snapshot, look, encode(look))
        cost_ms = VIEW_MS_PER_MACHINE * len(snapshot.targets.machines)
        return await desk.pacer.run(cost_ms, build), outcome("names", snapshot)

    return Window(take_along.NAMES, look.task_id, encode(look), content)


class _Sent:
    """Sends the file, then shows the same list with a line that says what became of it."""

    def __init__(
        self, desk: Desk, interaction: Interaction, look: Look, kind: take_along.Kind, *, thread: bool
    ) -> None:
        self._desk = desk
        self._interaction = interaction
        self._look = look
        self._kind = kind
        self._place = (look.channel, look.thread) if thread else ("", "")
        self._note = ""
        self._outcome = ""

    async def answer(self, turn: Turn) -> str:
        """Do it; the outcome in a word. A failure is told also where the modal has been closed meanwhile."""
        look = self._look
        window = Window(TARGETS, look.task_id, encode(look), self._content, waiting="Sending the file …")
        try:
            shown = await fill(self._desk, self._interaction, window, turn)
        except SlackRefused as refused:
            if not self._note:
                raise
            # What became of the file is known, though the modal can't say it.
            log.warning("view_refused", error=str(refused))
            shown = "gone"
        if shown == "gone" and self._note and self._outcome != "file":
            await self._desk.tell(self._interaction, Message("The file was not sent.", (section(self._note),)))
        return self._outcome or shown

    async def _content(self) -> tuple[dict[str, Any], str]:
        desk, look = self._desk, self._look
        try:
            snapshot = await desk.targets(self._interaction, look.task_id, desk.targets_max_age_s)
        except CocError as error:
            self._failed(problem_of(error, look.task_id), type(error).__name__)
            raise
        except Denied as denied:
            self._failed(denied.problem, denied.word)
            raise
        cost_ms = FILE_MS_PER_MACHINE * len(snapshot.targets.machines)
        file = await desk.pacer.run(cost_ms, partial(take_along.make_file, snapshot, look, self._kind))
        channel, thread = self._place
        self._note, self._outcome = await deliver(
            desk.replies, self._interaction, file, channel=channel, thread=thread
        )
        return await _page(desk, snapshot, look, note=self._note), self._outcome

    def _failed(self, problem: Problem, outcome: str) -> None:
        reference = code(self._interaction.reference, 20)
        self._note = f":warning:  *Not sent:* {composed(problem.plain(), 400)} Reference {reference}."
        self._outcome = outcome


async def _page(
    desk: Desk, snapshot: Snapshot, look: Look, *, note: str = "", is_urgent: bool = False
) -> dict[str, Any]:
    cost_ms = VIEW_MS_PER_MACHINE * len(snapshot.targets.machines)
    return await desk.pacer.run(cost_ms, partial(targets_view, snapshot, look, note=note), is_urgent=is_urgent)
