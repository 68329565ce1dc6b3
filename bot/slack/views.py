"""The modals: opened at once with a loading view, filled when COC has answered, and their buttons."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.modal import Modal
from bot.cards.problem import Problem, problem_card, problem_of
from bot.cards.runs import AGAIN as RUNS_AGAIN
from bot.cards.runs import RUNS, runs_view
from bot.cards.targets import AGAIN, NEXT, PREVIOUS, TARGETS, targets_view
from bot.coc.errors import CocError
from bot.coc.snapshot import Missing
from bot.slack.desk import UNREADABLE, Desk, log_coc_error
from bot.slack.interaction import Interaction
from bot.slack.reply import SlackRefused
from bot.slack.request import Show, parse

log = structlog.get_logger(__name__)

PAGE_AGE_S = 60.0
"""Turning a page shows data as old as this without asking COC; the view says as of when it is."""

_TRIGGER_GONE = frozenset(
    {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id"}
)
_VIEW_GONE = frozenset({"not_found", "view_not_found", "hash_conflict"})


@dataclass(frozen=True, slots=True)
class _Window:
    """A modal about one task. ``content`` asks COC and builds the view; it returns also its outcome in a word."""

    modal: Modal
    task_id: str
    content: Callable[[], Awaitable[tuple[dict[str, Any], str]]]


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for the modals' buttons."""

    async def turn(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction, view, task_id = _in_view(body, "page")
        if task_id is None:
            desk.answer(interaction, lambda: _dead_end(desk, interaction, TARGETS, view))
            return
        page = int(value) if (value := str(action.get("value"))).isdecimal() and len(value) < 6 else 1
        max_age_s = 0.0 if action.get("action_id") == AGAIN else PAGE_AGE_S
        window = _targets(desk, task_id, page=page, max_age_s=max_age_s)
        desk.answer(interaction, lambda: _fill(desk, interaction, window, view), task_id=task_id)

    for action_id in (PREVIOUS, NEXT, AGAIN):
        app.action(action_id)(turn)

    @app.action(RUNS_AGAIN)
    async def runs_again(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        interaction, view, task_id = _in_view(body, "runs")
        if task_id is None:
            desk.answer(interaction, lambda: _dead_end(desk, interaction, RUNS, view))
            return
        window = _runs(desk, interaction, task_id)
        desk.answer(interaction, lambda: _fill(desk, interaction, window, view), task_id=task_id)


async def open_targets(desk: Desk, interaction: Interaction, task_id: str) -> str:
    """Open the modal with the targets and fill it; the outcome in a word."""
    return await _open(desk, interaction, _targets(desk, task_id))


async def open_runs(desk: Desk, interaction: Interaction, task_id: str) -> str:
    """Open the modal with the latest runs and fill it; the outcome in a word."""
    return await _open(desk, interaction, _runs(desk, interaction, task_id))


def _targets(desk: Desk, task_id: str, *, page: int = 1, max_age_s: float = 0.0) -> _Window:
    async def content() -> tuple[dict[str, Any], str]:
        snapshot = await desk.lookup.snapshot(task_id, max_age_s=max_age_s)
        return targets_view(snapshot, page), "targets"

    return _Window(TARGETS, task_id, content)


def _runs(desk: Desk, interaction: Interaction, task_id: str) -> _Window:
    async def content() -> tuple[dict[str, Any], str]:
        snapshot = await desk.lookup.history(task_id)
        missing = snapshot.runs if isinstance(snapshot.runs, Missing) else None
        view = runs_view(snapshot, reference=interaction.reference)
        return view, f"runs: {missing.reason}" if missing else "runs"

    return _Window(RUNS, task_id, content)


def _in_view(body: dict[str, Any], kind: str) -> tuple[Interaction, dict[str, Any], str | None]:
    """The click, the view that it was made in, and the task that the view shows."""
    view = body.get("view")
    view = view if isinstance(view, dict) else {}
    found = parse(str(view.get("private_metadata") or ""))
    return Interaction.of_click(body, kind), view, found.task_id if isinstance(found, Show) else None


async def _open(desk: Desk, interaction: Interaction, window: _Window) -> str:
    """Open the modal, ask COC, fill it. Errors are shown in the modal; before it is open, only to the person."""
    loading = window.modal.loading(window.task_id)
    try:
        opened = await desk.replies.call("views.open", trigger_id=interaction.trigger_id, view=loading)
    except SlackRefused as refused:
        if refused.error not in _TRIGGER_GONE:
            raise
        again = f"{window.modal.opened_by} again."
        late = Problem(":hourglass:", "Slack did not let the window open in time.", again)
        await desk.tell(interaction, problem_card(late, task_id=window.task_id, reference=interaction.reference))
        return refused.error
    view = opened.get("view")
    return await _fill(desk, interaction, window, view if isinstance(view, dict) else {})


async def _dead_end(desk: Desk, interaction: Interaction, modal: Modal, view: Mapping[str, Any]) -> str:
    """Say in the modal itself that it does not know any more which task it is about."""
    ended = modal.dead_end(UNREADABLE, reference=interaction.reference)
    await desk.replies.call("views.update", view_id=view.get("id"), view=ended)
    return "no task id"


async def _fill(desk: Desk, interaction: Interaction, window: _Window, view: Mapping[str, Any]) -> str:
    filled, outcome = await _filled(interaction, window)
    try:
        await desk.replies.call("views.update", view_id=view.get("id"), hash=view.get("hash"), view=filled)
    except SlackRefused as refused:
        if refused.error not in _VIEW_GONE:
            raise
        # Closed by the person, or overtaken by a newer click: nobody waits for this answer any more.
        return refused.error
    return outcome


async def _filled(interaction: Interaction, window: _Window) -> tuple[dict[str, Any], str]:
    """The view to show and its outcome in a word. An error is a view too: the modal must not wait for ever."""
    try:
        return await window.content()
    except CocError as error:
        log_coc_error(error)
        failure: Exception = error
    except Exception as error:
        log.error("unexpected", exc_info=error)
        failure = error
    problem = problem_of(failure, window.task_id)
    view = window.modal.problem(problem, task_id=window.task_id, reference=interaction.reference)
    return view, type(failure).__name__
