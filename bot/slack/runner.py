"""What every listener works with, and the one way in which an answer is given whatever happens.

No path ends in silence: ``answer`` runs a listener's job after the ack; an error becomes a card for the one who
asked, with a reference that is in the log.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from bot.cards.blocks import section
from bot.cards.budget import Message
from bot.cards.problem import Problem, problem_card, problem_of
from bot.cards.text import code
from bot.errors import CocError, ForeignTask, TaskNotFound
from bot.lookup.lookup import Lookup, Requester
from bot.pacing import Pacer
from bot.slack.access import Access, Denied
from bot.slack.background import Work
from bot.slack.interaction import Interaction
from bot.slack.reply import Replies, SlackRefused
from bot.slack.view_updates import Order
from bot.task.snapshot import Snapshot
from bot.timings import TIMINGS, AnswerTimings

log = structlog.get_logger(__name__)

NOT_TAKEN = Problem(
    ":warning:",
    "Slack did not take the answer.",
    "Ask again with the command; if it stays so, give the reference to the bot's owner.",
)

NOT_SURE = Problem(
    ":warning:",
    "Slack did not take the answer in time.",
    "It may still appear; if not, ask again with the command.",
)
"""For a post that timed out or broke off: it may have arrived."""

UNREADABLE = Problem(
    ":question:",
    "This button carries no task id.",
    "Ask again with the command; the card may be from an old version.",
)

Job = Callable[[], Awaitable[str]]
"""Answers somebody; returns the outcome in a word."""

Observe = Callable[[str, str, float], None]
"""Told of each interaction: kind, outcome, seconds."""


def _no_span(_kind: str, **_ids: str) -> AbstractContextManager[Callable[[str], None]]:
    return nullcontext(lambda _outcome: None)


@dataclass(frozen=True, slots=True)
class Desk:
    """The collaborators of all listeners."""

    lookup: Lookup
    """Not to be asked directly: ``snapshot``, ``targets``, ``history`` and ``in_hand`` check first who asks."""
    replies: Replies
    work: Work
    access: Access
    audit: Callable[[dict[str, object]], None] = lambda _entry: None
    """Takes one entry for each interaction: see ``_entry``."""
    private_by_default: bool = False
    observe: Observe = lambda _kind, _outcome, _seconds: None
    span: Callable[..., AbstractContextManager[Callable[[str], None]]] = _no_span
    """Around each interaction, by its kind and ids; what it yields is told of the outcome."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    timings: AnswerTimings = TIMINGS.answers
    targets_max_age_s: float = 60.0
    """Paging, filtering and searching targets asks COC nothing while the data is younger than this."""
    order: Order = field(default_factory=Order)
    pacer: Pacer = field(default_factory=Pacer)
    """Decides where cards and views are built, and when a listener's job starts."""

    def answer(
        self, interaction: Interaction, job: Job, *, task_id: str | None = None, in_window: bool = False
    ) -> None:
        """Run a job beside the ack that was given. It returns its outcome in a word, for the log.

        Nothing is run for somebody who is not admitted; but a job ``in_window`` sees to that itself, because it
        says so in the window.
        """
        answering = self._answer(interaction, job, task_id, in_window=in_window)
        self.work.start(answering, name=f"{interaction.kind} {interaction.reference}")

    def answer_to(self, read: Callable[[], tuple[Interaction, Job, str | None]]) -> None:
        """The same where the request is yet to be read: nothing but the ack comes before the ack.

        ``read`` gives the interaction, the job and the task's id, and does not raise.
        """
        self.work.start(self._answer_to(read), name="request")

    async def tell(self, interaction: Interaction, message: Message) -> None:
        """Post a message that only the one who asked sees; by another way where the response URL fails."""
        try:
            if interaction.response_url:
                await self.replies.respond(
                    interaction.response_url, message, response_type="ephemeral", replace_original=False
                )
                return
            reason = "no response_url"
        except SlackRefused as refused:
            reason = str(refused)
        log.warning("response_url_failed", reason=reason)
        place = interaction.channel or interaction.user
        if interaction.channel:
            try:
                await self.replies.call(
                    "chat.postEphemeral", channel=place, user=interaction.user, **message.payload()
                )
            except SlackRefused as refused:
                log.warning("ephemeral_failed", error=str(refused))
            else:
                return
        # A modal has no channel, and the bot may not be a member of one: the person's own direct messages remain.
        await self.replies.call("chat.postMessage", channel=interaction.user, **message.payload())

    async def refuse(self, interaction: Interaction, problem: Problem) -> str:
        """Say why a click can't be answered; the outcome in a word."""
        await self.tell(interaction, problem_card(problem, task_id=None, reference=interaction.reference))
        return "refused"

    async def targets(self, interaction: Interaction, task_id: str, max_age_s: float) -> Snapshot:
        """What the detail call tells, at most ``max_age_s`` seconds old. Raises CocError and Denied."""
        requester = await self._requester(interaction, task_id)
        return await self._shown(
            interaction, task_id, self.lookup.targets(task_id, max_age_s=max_age_s, requester=requester)
        )

    async def history(self, interaction: Interaction, task_id: str) -> Snapshot:
        """The task with its runs, also where COC needs longer for them. Raises CocError and Denied."""
        requester = await self._requester(interaction, task_id)
        return await self._shown(interaction, task_id, self.lookup.history(task_id, requester))

    def in_hand(self, interaction: Interaction, task_id: str) -> Snapshot | None:
        """What ``targets`` would give at once; None where COC or Slack must be asked. Raises Denied."""
        if not self.access.admitted(interaction):
            return None
        self.access.check_id(task_id)
        cached = self.lookup.cached(task_id, self.targets_max_age_s)
        if cached is not None:
            self.access.check_task(cached)
        return cached

    def stop_if_quiet(self, interaction: Interaction) -> None:
        """Raise Denied for somebody who was refused so often that it is not worth a call to Slack."""
        try:
            self.access.admitted(interaction)
        except Denied as denied:
            if denied.is_quiet:
                raise

    async def snapshot(
        self, interaction: Interaction, task_id: str, *, newer_than: datetime | None = None
    ) -> Snapshot:
        """Look a task up; a person who waits longer than a breath is told so. Raises CocError and Denied.

        ``newer_than`` is as of when the card is that the answer replaces: what is not newer can't stand in for it.
        """
        requester = replace(await self._requester(interaction, task_id), newer_than=newer_than)
        return await self._shown(interaction, task_id, self._patiently(interaction, task_id, requester))

    async def _requester(self, interaction: Interaction, task_id: str) -> Requester:
        """Somebody who may ask for this task. Raises Denied."""
        await self.access.admit(interaction)
        self.access.check_id(task_id)
        return Requester(interaction.user, waited_s=interaction.admission.waited_s)

    async def _shown(self, interaction: Interaction, task_id: str, asking: Awaitable[Snapshot]) -> Snapshot:
        """The answer, where this task may be shown."""
        try:
            found = await asking
        except CocError as error:
            interaction.cloud_requests.extend(filter(None, [error.request_id]))
            if isinstance(error, TaskNotFound | ForeignTask):
                self.access.check_missing(task_id)
            raise
        interaction.cloud_requests.extend(filter(None, [found.request_id]))
        self.access.check_task(found)
        if found.stale is None:
            return found
        log_coc_error(found.stale.error)
        return replace(found, stale=replace(found.stale, reference=interaction.reference))

    async def _patiently(self, interaction: Interaction, task_id: str, requester: Requester) -> Snapshot:
        asking = asyncio.ensure_future(self.lookup.snapshot(task_id, requester))
        try:
            done, _ = await asyncio.wait({asking}, timeout=max(0.0, self.timings.patience_s - requester.waited_s))
            if not done:
                waiting = f":hourglass_flowing_sand:  Still waiting for COC's answer about {code(task_id, 40)} …"
                note = Message(f"Still waiting for COC's answer about {task_id} …", (section(waiting),))
                interaction.waited.append(True)
                try:
                    async with asyncio.timeout(self.timings.note_s):
                        await self.tell(interaction, note)
                except (SlackRefused, TimeoutError) as error:
                    log.warning("note_refused", error=str(error))  # the answer itself may still be taken
            return await asking
        finally:
            asking.cancel()

    async def _answer_to(self, read: Callable[[], tuple[Interaction, Job, str | None]]) -> None:
        await self._answer(*read())

    async def _answer(
        self, interaction: Interaction, job: Job, task_id: str | None, *, in_window: bool = False
    ) -> None:
        began = self.monotonic()
        with structlog.contextvars.bound_contextvars(
            reference=interaction.reference,
            kind=interaction.kind,
            user=interaction.user,
            channel=interaction.channel,
            team=interaction.team,
            task_id=task_id,
        ):
            with self.span(
                interaction.kind, reference=interaction.reference, task_id=task_id or "", team=interaction.team
            ) as finish:
                outcome = await self._outcome(interaction, job, task_id, in_window=in_window)
                finish(outcome)
            self.access.close(interaction)
            seconds = self.monotonic() - began
            log.info("answered", outcome=outcome, ms=round(seconds * 1000))
        self.observe(interaction.kind, outcome, seconds)
        self.audit(_entry(interaction, task_id, outcome, seconds))

    async def _outcome(self, interaction: Interaction, job: Job, task_id: str | None, *, in_window: bool) -> str:
        try:
            await self.pacer.slot()
            if not in_window:
                await self.access.admit(interaction)
            return await job()
        except CocError as error:
            log_coc_error(error)
            outcome, problem = type(error).__name__, problem_of(error, task_id)
        except Denied as denied:
            outcome, problem = denied.word, denied.problem
            if denied.is_quiet:
                return f"{outcome}, not told"
        except SlackRefused as refused:
            log.error("reply_refused", error=str(refused))
            problem = NOT_SURE if refused.error in {"timed_out", "broken_off"} else NOT_TAKEN
            outcome = f"slack: {refused.error}"
        except Exception as error:
            # The last net: the person gets an answer, the log gets the traceback.
            log.error("unexpected", exc_info=error)
            outcome, problem = type(error).__name__, problem_of(error, task_id)
        card = problem_card(problem, task_id=task_id, reference=interaction.reference)
        lost = ""
        for wait_s in (0.0, self.timings.resend_s):
            try:
                await self.sleep(wait_s)
                await self.tell(interaction, card)
            except SlackRefused as refused:
                lost = str(refused)
            else:
                return outcome
        log.error("answer_lost", error=lost)
        return f"{outcome}, not told"


def _entry(interaction: Interaction, task_id: str | None, outcome: str, seconds: float) -> dict[str, object]:
    """For the audit: who, where, which task, what they did, how it ended. Ids only, no value of a task."""
    return {
        "reference": interaction.reference,
        "did": interaction.kind,
        "outcome": outcome,
        "user": interaction.user,
        "team": interaction.team,
        "channel": interaction.channel,
        "task_id": task_id,
        "cloud_requests": interaction.cloud_requests,
        "ms": round(seconds * 1000),
    }


def outcome(word: str, found: Snapshot) -> str:
    """What came of it in a word, for log, audit and metrics: ``card``, or ``stale card`` where COC failed."""
    return f"stale {word}" if found.stale is not None else word


def log_coc_error(error: CocError) -> None:
    """One line for a failed COC call, with what the vendor's support asks for."""
    log.warning(
        "coc_failed", error=error.describe(), request_id=error.request_id, status=error.status, code=error.code
    )
