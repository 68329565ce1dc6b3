"""Answers one interaction in the background, whatever happens: no path ends in silence.

After the ack the runner runs the listener's job. An error becomes a card for the person who asked, with a reference
that is in the log too.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from bot.cards.block_kit import Message, code, section
from bot.cards.problem import Problem, problem_of
from bot.errors import CocError
from bot.pacing import Pacer
from bot.redact import Redactor
from bot.slack.access import Access, Denied
from bot.slack.background import BackgroundTasks
from bot.slack.errors import SlackRefused
from bot.slack.interaction import Interaction
from bot.slack.reply import Replies
from bot.task.snapshot import Snapshot
from bot.timings import TIMINGS, AnswerTimings

log = structlog.get_logger(__name__)

T = TypeVar("T")

REPLY_REJECTED = Problem(
    ":warning:",
    "Slack did not take the answer.",
    "Ask again with the command; if it stays so, give the reference to the bot's owner.",
)

REPLY_UNCONFIRMED = Problem(
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
"""Answers somebody; returns the outcome for log, audit and metrics."""


def _no_span(_kind: str, **_ids: str) -> AbstractContextManager[Callable[[str], None]]:
    return nullcontext(lambda _outcome: None)


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs the jobs of all listeners, and logs, measures and audits each."""

    replies: Replies
    background: BackgroundTasks
    access: Access
    redactor: Redactor
    audit: Callable[[dict[str, object]], None] = lambda _entry: None
    """Takes one entry for each interaction: see ``_audit_entry``."""
    observe: Callable[[str, str, float], None] = lambda _kind, _outcome, _seconds: None
    """Takes the kind, the outcome and the seconds of each interaction."""
    span: Callable[..., AbstractContextManager[Callable[[str], None]]] = _no_span
    """Around each interaction, by its kind and ids; it yields a function that takes the outcome."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    timings: AnswerTimings = TIMINGS.answers
    pacer: Pacer = field(default_factory=Pacer)
    """Decides where cards and views are rendered, and when a job starts."""

    def start(self, interaction: Interaction, job: Job, *, admit_first: bool = True) -> None:
        """Run a job for an interaction that has been acked.

        The job of a modal admits the person by itself, because it shows a refusal in the modal.
        """
        running = self._run(interaction, job, admit_first=admit_first)
        self.background.start(running, name=f"{interaction.kind} {interaction.reference}")

    def parse_and_start(self, parse: Callable[[], tuple[Interaction, Job]]) -> None:
        """The same where parsing takes a while, so that it does not delay the ack. ``parse`` does not raise."""

        async def run() -> None:
            await self._run(*parse())

        self.background.start(run(), name="request")

    async def refuse(self, interaction: Interaction, problem: Problem) -> str:
        """Say why a click can't be answered."""
        await self.replies.post_problem(interaction, problem)
        return "refused"

    async def note_if_slow(self, interaction: Interaction, task_id: str, answer: Awaitable[T]) -> T:
        """Await COC's answer; where it takes long, post a note that the bot still waits."""
        answering = asyncio.ensure_future(answer)
        try:
            patience_s = max(0.0, self.timings.patience_s - interaction.slack_wait_s)
            done, _ = await asyncio.wait({answering}, timeout=patience_s)
            if not done:
                await self._post_waiting_note(interaction, task_id)
            return await answering
        finally:
            answering.cancel()

    async def _post_waiting_note(self, interaction: Interaction, task_id: str) -> None:
        waiting = f":hourglass_flowing_sand:  Still waiting for COC's answer about {code(task_id, 40)} …"
        note = Message(f"Still waiting for COC's answer about {task_id} …", (section(waiting),))
        interaction.has_waiting_note = True
        try:
            async with asyncio.timeout(self.timings.note_s):
                await self.replies.post_ephemeral(interaction, note)
        except (SlackRefused, TimeoutError) as error:
            log.warning("note_refused", error=str(error))  # the answer itself may still be taken

    async def _run(self, interaction: Interaction, job: Job, *, admit_first: bool = True) -> None:
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(
            reference=interaction.reference,
            kind=interaction.kind,
            user=interaction.user,
            channel=interaction.channel,
            team=interaction.team,
            task_id=interaction.task_id,
        ):
            with self.span(
                interaction.kind,
                reference=interaction.reference,
                task_id=interaction.task_id or "",
                team=interaction.team,
            ) as finish:
                outcome = await self._outcome(interaction, job, admit_first=admit_first)
                finish(outcome)
            self.access.decide_unasked(interaction)
            seconds = time.monotonic() - began
            log.info("answered", outcome=outcome, ms=round(seconds * 1000))
        self.observe(interaction.kind, outcome, seconds)
        self.audit(_audit_entry(interaction, outcome, seconds))

    async def _outcome(self, interaction: Interaction, job: Job, *, admit_first: bool) -> str:
        try:
            await self.pacer.slot()
            if admit_first:
                await self.access.admit(interaction)
            return await job()
        except Denied as denied:
            outcome, problem = denied.outcome, denied.problem
            if denied.is_quiet:
                return f"{outcome}, not told"
        except SlackRefused as refused:
            log.error("reply_refused", error=str(refused))
            outcome = f"slack: {refused.error}"
            problem = REPLY_UNCONFIRMED if refused.error in {"timed_out", "broken_off"} else REPLY_REJECTED
        except Exception as error:
            # Catch-all: the person gets an answer, the log gets the traceback.
            if not isinstance(error, CocError):
                log.error("unexpected", exc_info=error)
            outcome, problem = type(error).__name__, problem_of(error, self.redactor, interaction.task_id)
        return outcome if await self._post_problem(interaction, problem) else f"{outcome}, not told"

    async def _post_problem(self, interaction: Interaction, problem: Problem) -> bool:
        """Whether Slack took it, at once or at the second try."""
        error = ""
        for wait_s in (0.0, self.timings.resend_s):
            await self.sleep(wait_s)
            try:
                await self.replies.post_problem(interaction, problem)
            except SlackRefused as refused:
                error = str(refused)
            else:
                return True
        log.error("answer_lost", error=error)
        return False


def _audit_entry(interaction: Interaction, outcome: str, seconds: float) -> dict[str, object]:
    """For the audit: who, where, which task, what they did, how it ended. Ids only, no value of a task."""
    return {
        "reference": interaction.reference,
        "did": interaction.kind,
        "outcome": outcome,
        "user": interaction.user,
        "team": interaction.team,
        "channel": interaction.channel,
        "task_id": interaction.task_id,
        "cloud_requests": interaction.cloud_requests,
        "ms": round(seconds * 1000),
    }


def outcome_of(snapshot: Snapshot, shown: str) -> str:
    """The outcome for log, audit and metrics: ``card``, or ``stale card`` where COC failed."""
    return f"stale {shown}" if snapshot.stale is not None else shown
