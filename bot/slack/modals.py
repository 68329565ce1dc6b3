"""A modal about one task: it opens at once with a loading view and is filled when COC has answered.

Errors and refusals are views too, so that no modal waits for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bot.cards.modal import Modal
from bot.cards.problem import Problem, problem_of
from bot.errors import CocError
from bot.redact import Redactor
from bot.slack.access import Denied
from bot.slack.errors import SlackRefused
from bot.slack.interaction import Interaction
from bot.slack.runner import UNREADABLE, Runner
from bot.slack.view_updates import Click, ViewUpdates
from bot.task.target_query import TargetQuery, encode_query

log = structlog.get_logger(__name__)

_TRIGGER_GONE = frozenset(
    {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id"}
)
_VIEW_GONE = frozenset({"not_found", "view_not_found", "hash_conflict"})


@dataclass(frozen=True, slots=True)
class LazyModal:
    """A modal and what fills it. ``load`` may ask COC; it returns the view and the outcome.

    ``query`` travels in the loading view and in errors too: the next click needs it.
    """

    modal: Modal
    query: TargetQuery
    load: Callable[[], Awaitable[tuple[dict[str, Any], str]]]
    waiting: str = ""
    """mrkdwn: what the loading view waits for, where it is not COC."""

    def loading_view(self) -> dict[str, Any]:
        """The view until the content is there."""
        return self.modal.loading(self.query.task_id, encode_query(self.query), waiting=self.waiting)

    async def loaded_view(self, interaction: Interaction, redactor: Redactor) -> tuple[dict[str, Any], str]:
        """The view to show, which may be an error, and the outcome."""
        try:
            return await self.load()
        except Exception as error:  # noqa: BLE001 - error_view logs it
            return self.error_view(error, interaction, redactor)

    def error_view(
        self, error: Exception, interaction: Interaction, redactor: Redactor
    ) -> tuple[dict[str, Any], str]:
        """An error or a refusal in place of the content, with a button to try again, and the outcome."""
        if isinstance(error, Denied):
            problem, outcome = error.problem, error.outcome
        else:
            if not isinstance(error, CocError):
                log.error("unexpected", exc_info=error)
            problem, outcome = problem_of(error, redactor, self.query.task_id), type(error).__name__
        task_id, metadata = self.query.task_id, encode_query(self.query)
        view = self.modal.problem(problem, task_id=task_id, reference=interaction.reference, metadata=metadata)
        return view, outcome


AnswerClick = Callable[[TargetQuery, Click], Awaitable[str]]
"""Answers one click in a modal; returns the outcome."""
MakeModal = Callable[[TargetQuery], LazyModal]


class Modals:
    """Opens and fills modals, each in the background."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._replies = runner.replies
        self._access = runner.access
        self.updates = ViewUpdates(runner.replies)

    def start_opening(self, interaction: Interaction, lazy: LazyModal, *, method: str = "views.open") -> None:
        """Open a modal in the background; ``views.push`` puts it on the one that is open."""
        interaction.task_id = lazy.query.task_id
        self.runner.start(interaction, lambda: self._open(interaction, lazy, method), admit_first=False)

    def start_answering(
        self, interaction: Interaction, modal: Modal, query: TargetQuery | None, answer: AnswerClick
    ) -> None:
        """AnswerClick a click in an open modal in the background; ``query`` is what it shows from now on.

        Clicks are numbered here: nothing but the ack may be awaited before.
        """
        click = self.updates.record_click(interaction.view)
        if query is None:
            self.runner.start(interaction, lambda: self._dead_end(interaction, modal, click))
        else:
            interaction.task_id = query.task_id
            self.runner.start(interaction, lambda: answer(query, click), admit_first=False)

    def start_filling(
        self, interaction: Interaction, modal: Modal, query: TargetQuery | None, make: MakeModal
    ) -> None:
        """The same where the answer is this modal or another one in its place."""
        self.start_answering(
            interaction, modal, query, lambda shown, click: self.fill(interaction, make(shown), click)
        )

    async def _open(self, interaction: Interaction, lazy: LazyModal, method: str) -> str:
        """Open the modal and fill it.

        Errors are shown in the modal; before it is open, in a message that only the person sees.
        """
        self._stop_if_quiet(interaction)
        try:
            opened = await self._replies.call(method, trigger_id=interaction.trigger_id, view=lazy.loading_view())
        except SlackRefused as refused:
            await self._access.admit(interaction)  # a person who is refused reads that instead
            if refused.error not in _TRIGGER_GONE:
                raise
            late = Problem(
                ":hourglass:", "Slack did not let the window open in time.", f"{lazy.modal.opened_by} again."
            )
            await self._replies.post_problem(interaction, late)
            return refused.error
        view = opened.get("view")
        click = self.updates.record_click(view if isinstance(view, dict) else {})
        filled, outcome = await lazy.loaded_view(interaction, self.runner.redactor)
        return outcome if await self._show(click, filled) else "gone"

    async def fill(self, interaction: Interaction, lazy: LazyModal, click: Click) -> str:
        """Fill a modal that is open; where that takes long a loading view comes in between."""
        self._stop_if_quiet(interaction)
        loading = asyncio.ensure_future(lazy.loaded_view(interaction, self.runner.redactor))
        try:
            done, _ = await asyncio.wait({loading}, timeout=self.runner.timings.loading_s)
            if not done:
                await self._show(click, lazy.loading_view())
            view, outcome = await loading
        finally:
            loading.cancel()
        return outcome if await self._show(click, view) else "gone"

    async def fill_after_ack(self, interaction: Interaction, lazy: LazyModal, click: Click) -> str:
        """Fill a modal whose loading view came with the ack. Nobody knows that view's hash."""
        view, outcome = await lazy.loaded_view(interaction, self.runner.redactor)
        return outcome if await self._show(click, view, use_hash=False) else "gone"

    async def _dead_end(self, interaction: Interaction, modal: Modal, click: Click) -> str:
        """Say in the modal itself that it no longer knows which task it is about."""
        await self._show(click, modal.dead_end(UNREADABLE, reference=interaction.reference))
        return "no task id"

    async def _show(self, click: Click, view: dict[str, Any], *, use_hash: bool = True) -> bool:
        """Whether the view is shown: the modal may be closed, or a newer click may have been answered."""
        try:
            return await self.updates.update(click, view, use_hash=use_hash)
        except SlackRefused as refused:
            if refused.error not in _VIEW_GONE:
                raise
            log.info("view_gone", error=refused.error)
            return False

    def _stop_if_quiet(self, interaction: Interaction) -> None:
        """Raise Denied for somebody who was refused so often that a refusal is not worth a call to Slack."""
        try:
            self._access.admit_at_once(interaction)
        except Denied as denied:
            if denied.is_quiet:
                raise
