"""The modal with the decoded targets: opened at once with a loading view, filled when COC has answered."""

from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.cards.problem import Problem, problem_card, problem_of
from bot.cards.targets import AGAIN, NEXT, PREVIOUS, loading_view, problem_view, targets_view
from bot.coc.errors import CocError
from bot.slack.desk import Desk, log_coc_error
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

TOO_LATE = Problem(":hourglass:", "Slack did not let the window open in time.", "Press Show targets again.")


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen for the modal's buttons."""

    async def turn(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction = Interaction.of_click(body, "page")
        view = body.get("view")
        view = view if isinstance(view, dict) else {}
        found = parse(str(view.get("private_metadata") or ""))
        if isinstance(found, Show):
            page = int(value) if (value := str(action.get("value"))).isdecimal() and len(value) < 6 else 1
            fresh = action.get("action_id") == AGAIN
            desk.answer(
                interaction,
                lambda: _fill(
                    desk,
                    interaction,
                    view,
                    task_id=found.task_id,
                    page=page,
                    max_age_s=0.0 if fresh else PAGE_AGE_S,
                ),
                task_id=found.task_id,
            )

    for action_id in (PREVIOUS, NEXT, AGAIN):
        app.action(action_id)(turn)


async def open_targets(desk: Desk, interaction: Interaction, task_id: str) -> str:
    """Open the modal, ask COC, fill it. Errors are shown in the modal; before it is open, only to the person."""
    try:
        opened = await desk.replies.call("views.open", trigger_id=interaction.trigger_id, view=loading_view(task_id))
    except SlackRefused as refused:
        if refused.error not in _TRIGGER_GONE:
            raise
        await desk.tell(interaction, problem_card(TOO_LATE, task_id=task_id, reference=interaction.reference))
        return refused.error
    view = opened.get("view")
    return await _fill(desk, interaction, view if isinstance(view, dict) else {}, task_id=task_id)


async def _fill(
    desk: Desk,
    interaction: Interaction,
    view: Mapping[str, Any],
    *,
    task_id: str,
    page: int = 1,
    max_age_s: float = 0.0,
) -> str:
    content, outcome = await _content(desk, interaction, task_id, page, max_age_s)
    try:
        await desk.replies.call("views.update", view_id=view.get("id"), hash=view.get("hash"), view=content)
    except SlackRefused as refused:
        if refused.error not in _VIEW_GONE:
            raise
        # Closed by the person, or overtaken by a newer click: nobody waits for this answer any more.
        return refused.error
    return outcome


async def _content(
    desk: Desk, interaction: Interaction, task_id: str, page: int, max_age_s: float
) -> tuple[dict[str, Any], str]:
    """The view to show and its outcome in a word. An error is a view too: the modal must not wait for ever."""
    try:
        snapshot = await desk.lookup.snapshot(task_id, max_age_s=max_age_s)
        return targets_view(snapshot, page), "targets"
    except CocError as error:
        log_coc_error(error)
        failure: Exception = error
    except Exception as error:
        log.error("unexpected", exc_info=error)
        failure = error
    view = problem_view(problem_of(failure, task_id), task_id=task_id, reference=interaction.reference)
    return view, type(failure).__name__
