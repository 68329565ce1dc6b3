"""A modal about one task: opened at once with a loading view, filled when COC has answered, errors shown in it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.cards.modal import Modal
from bot.cards.problem import Problem, problem_card, problem_of
from bot.errors import CocError
from bot.slack.access import Denied
from bot.slack.interaction import Interaction
from bot.slack.reply import SlackRefused
from bot.slack.runner import UNREADABLE, Desk, log_coc_error
from bot.slack.view_updates import Turn

log = structlog.get_logger(__name__)

_TRIGGER_GONE = frozenset(
    {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id"}
)
_VIEW_GONE = frozenset({"not_found", "view_not_found", "hash_conflict"})


@dataclass(frozen=True, slots=True)
class Window:
    """A modal and what fills it. ``content`` may ask COC; it returns the view and its outcome in a word.

    ``metadata`` is what the next click needs, in the loading view and in errors too.
    """

    modal: Modal
    task_id: str
    metadata: str
    content: Callable[[], Awaitable[tuple[dict[str, Any], str]]]
    waiting: str = ""
    """mrkdwn: what is waited for, where it is not COC."""

    def loading(self) -> dict[str, Any]:
        """What is shown until the content is there."""
        return self.modal.loading(self.task_id, self.metadata, waiting=self.waiting)


def view_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The view in which somebody clicked; empty where Slack sent none."""
    view = body.get("view")
    return view if isinstance(view, dict) else {}


async def open_window(desk: Desk, interaction: Interaction, window: Window, method: str = "views.open") -> str:
    """Open it, or push it on the one that is open, and fill it; the outcome in a word.

    Errors are shown in the modal; before it is open, only to the person.
    """
    desk.stop_if_quiet(interaction)
    try:
        opened = await desk.replies.call(method, trigger_id=interaction.trigger_id, view=window.loading())
    except SlackRefused as refused:
        await desk.access.admit(interaction)  # it counts also where no window opened
        if refused.error not in _TRIGGER_GONE:
            raise
        again = f"{window.modal.opened_by} again."
        late = Problem(":hourglass:", "Slack did not let the window open in time.", again)
        await desk.tell(interaction, problem_card(late, task_id=window.task_id, reference=interaction.reference))
        return refused.error
    view = opened.get("view")
    turn = desk.order.begin(view if isinstance(view, dict) else {})
    filled, outcome = await _filled(interaction, window)
    return outcome if await _show(desk, turn, filled) else "gone"


async def fill(desk: Desk, interaction: Interaction, window: Window, turn: Turn, *, blind: bool = False) -> str:
    """Fill a modal that is open; the outcome in a word. Where that takes long a loading view comes in between.

    ``blind``: the loading view is there already, by the answer to a submission, of which no hash is known.
    """
    if not blind:
        desk.stop_if_quiet(interaction)
    filling = asyncio.ensure_future(_filled(interaction, window))
    try:
        done, _ = await asyncio.wait({filling}, timeout=desk.timings.loading_s)
        if not done and not blind:
            await _show(desk, turn, window.loading())
        filled, outcome = await filling
    finally:
        filling.cancel()
    return outcome if await _show(desk, turn, filled, blind=blind) else "gone"


async def dead_end(desk: Desk, interaction: Interaction, modal: Modal, turn: Turn) -> str:
    """Say in the modal itself that it does not know any more which task it is about."""
    await _show(desk, turn, modal.dead_end(UNREADABLE, reference=interaction.reference))
    return "no task id"


async def _show(desk: Desk, turn: Turn, view: dict[str, Any], *, blind: bool = False) -> bool:
    """Whether it is shown: the modal may be closed or overtaken by a newer click, and nobody waits any more."""
    try:
        return await desk.order.update(desk.replies, turn, view, blind=blind)
    except SlackRefused as refused:
        if refused.error not in _VIEW_GONE:
            raise
        log.info("view_gone", error=refused.error)
        return False


async def _filled(interaction: Interaction, window: Window) -> tuple[dict[str, Any], str]:
    """The view to show and its outcome in a word. An error is a view too: the modal must not wait for ever."""
    try:
        return await window.content()
    except Denied as denied:
        return problem_view(window, denied.problem, interaction.reference), denied.word
    except CocError as error:
        log_coc_error(error)
        failure: Exception = error
    except Exception as error:
        log.error("unexpected", exc_info=error)
        failure = error
    problem = problem_of(failure, window.task_id)
    return problem_view(window, problem, interaction.reference), type(failure).__name__


def problem_view(window: Window, problem: Problem, reference: str) -> dict[str, Any]:
    """An error or a refusal in place of the content, with a way to try again."""
    return window.modal.problem(problem, task_id=window.task_id, reference=reference, metadata=window.metadata)
