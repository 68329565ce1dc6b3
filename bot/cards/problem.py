"""Errors as cards, and the notes on cards whose answer is stale or shared."""

from dataclasses import dataclass

from bot import errors as coc
from bot.cards.block_kit import Block, Message, code, context, escape, message, mrkdwn, plain, section
from bot.cards.fields import as_of
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.schedule.describe import format_distance
from bot.task.snapshot import Snapshot

_DEFAULTS = {"task": "with this id"}
"""Stand-ins for values that are not known."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure in our own words: ``title`` says what happened, ``advice`` what to do.

    Both may hold placeholders, filled from ``values``: ``{task}`` and ``{permission}`` are shown as literals,
    ``{wait}`` and ``{contact}`` as plain words.
    """

    mark: str
    title: str
    advice: str
    values: tuple[tuple[str, str], ...] = ()
    request_id: Untrusted | None = None
    service_message: Untrusted | None = None
    """The service's own code and message."""

    def plain(self) -> str:
        """Title and advice in one line without markup, for notifications, terminals and marks on a card."""
        values = _DEFAULTS | {key: plain(value, 200 if key == "contact" else 80) for key, value in self.values}
        return f"{self.title.format_map(values)} {self.advice.format_map(values)}"


# For each error of the tree, the most particular class first: mark, what happened, what to do.
_WORDS: tuple[tuple[type[Exception], str, str, str], ...] = (
    (
        coc.TaskNotFound,
        ":mag:",
        "COC knows no scheduled task {task}.",
        "Check the id: it may be mistyped, deleted, or from another site than the bot's.",
    ),
    (
        coc.ForeignTask,
        ":no_entry:",
        "This task belongs to another cloud account.",
        "The bot can only show tasks of its own account. Ask somebody who has access to the other one.",
    ),
    (
        coc.InvalidRequest,
        ":no_entry:",
        "COC did not accept the request.",
        "Check the id: ST and 24 letters or digits. If it is right, give the reference to the bot's owner.",
    ),
    (
        coc.TokenExpired,
        ":key:",
        "The bot's temporary cloud credentials have expired.",
        "They are being renewed: try again in a minute. If it stays so, tell the bot's owner.",
    ),
    (
        coc.Unauthenticated,
        ":key:",
        "COC refused the bot's credentials.",
        "Ask the bot's owner to check its access key and its clock. Trying again will not help and may lock the key.",
    ),
    (
        coc.Forbidden,
        ":lock:",
        "The bot may not read this task.",
        "Its cloud identity lacks the permission {permission}. Ask the bot's owner to grant it.",
    ),
    (
        coc.WrongEndpoint,
        ":electric_plug:",
        "The bot does not reach COC at its configured address.",
        "Ask the bot's owner to check COC_REGION or COC_ENDPOINT. The task id is not the cause.",
    ),
    (coc.Throttled, ":hourglass_flowing_sand:", "COC is throttling the bot.", "Try again in {wait}."),
    (
        coc.TimedOut,
        ":stopwatch:",
        "COC did not answer in time.",
        "This attempt tells nothing about the task. Try again in a minute.",
    ),
    (
        coc.Busy,
        ":hourglass_flowing_sand:",
        "The bot is busy with other large tasks.",
        "Nothing is wrong with this one. Try again in a few seconds.",
    ),
    (
        coc.Unreachable,
        ":electric_plug:",
        "The bot can't reach COC.",
        "The network or COC itself may be down. Try again in a minute; if it stays so, tell the bot's owner.",
    ),
    (
        coc.ServiceFailure,
        ":rotating_light:",
        "COC failed to answer.",
        "The trouble is on the cloud's side. Try again in a minute; if it stays so, tell the bot's owner.",
    ),
    (
        coc.WrongTask,
        ":question:",
        "COC answered with another task than the one asked for.",
        "It would mislead, so it is not shown. Try again; if it stays so, give the reference to the bot's owner.",
    ),
    (coc.TooLarge, ":package:", "COC's answer is too large to read.", "Look the task up in the COC console."),
    (
        coc.ErrorEnvelope,
        ":question:",
        "COC's answer can't be read as a task.",
        "It is an error unknown to the bot. Try again; if it stays so, give the reference to the bot's owner.",
    ),
    (
        coc.BadAnswer,
        ":question:",
        "COC's answer can't be read.",
        "Perhaps a proxy is in between. Try again; if it stays so, give the reference to the bot's owner.",
    ),
    (
        coc.CredentialsUnavailable,
        ":key:",
        "The bot has no valid cloud credentials.",
        "Ask the bot's owner to configure them; trying again will not help until then.",
    ),
    (coc.CocError, ":warning:", "COC could not be asked.", "Try again; if it stays so, tell the bot's owner."),
    (
        Exception,
        ":boom:",
        "Something broke inside the bot.",
        "It is our fault, not yours. Try again; if it happens again, give the reference to the bot's owner.",
    ),
)


def problem_of(error: Exception, redactor: Redactor, task_id: str | None = None) -> Problem:
    """The words for an error. An error outside of the COC tree is a fault of the bot, and the card says so."""
    mark, title, advice = next(words for kind, *words in _WORDS if isinstance(error, kind))
    values = {"task": task_id} if task_id else {}
    if isinstance(error, coc.Forbidden):
        values["permission"] = error.permission
    if isinstance(error, coc.Throttled):
        seconds = error.retry_after or 0
        values["wait"] = format_distance(seconds) if seconds >= 1 else "a few seconds"
    if not isinstance(error, coc.CocError):
        return Problem(mark, title, advice, tuple(values.items()))
    service_message = ": ".join(filter(None, (error.code, error.message)))
    return Problem(
        mark,
        title,
        advice,
        tuple(values.items()),
        request_id=Untrusted(error.request_id, redactor, "request_id") if error.request_id else None,
        service_message=Untrusted(service_message, redactor) if service_message else None,
    )


def problem_card(problem: Problem, *, task_id: str | None, reference: str) -> Message:
    """The card: what happened, what to do, and the ids that support asks for."""
    parts = [code(task_id, 40)] if task_id else []
    if problem.service_message:
        parts.append(f"COC said: {mrkdwn(problem.service_message, 250)}")
    if problem.request_id:
        parts.append(f"cloud request {code(problem.request_id, 80)}")
    parts.append(f"reference {code(reference, 20)}")
    ours = {"wait": 30, "contact": 200}
    literals = {key: mrkdwn(value, ours[key]) if key in ours else code(value, 80) for key, value in problem.values}
    values = _DEFAULTS | literals
    sentence = f"{problem.mark}  *{problem.title.format_map(values)}*\n{problem.advice.format_map(values)}"
    # Our own words with cleaned values: escaped but not disarmed, so that a permission can be copied.
    text = escape(f"{problem.plain()} Reference {reference}.")
    return message(text, [section(sentence), context("  ·  ".join(parts))], [], [])


def stale_blocks(snapshot: Snapshot) -> list[Block]:
    """A warning that the answer is stale, with the ids that support asks for; nothing where it is fresh."""
    stale = snapshot.stale
    if stale is None:
        return []
    problem = problem_of(stale.error, snapshot.redactor, snapshot.task_id)
    ids = [f"cloud request {code(problem.request_id, 80)}"] if problem.request_id else []
    ids += [f"reference {code(stale.reference, 20)}"] if stale.reference else []
    why = mrkdwn(problem.title, 200)
    return [
        section(
            f":warning:  *Old data, from {as_of(snapshot)} ({format_distance(stale.age_s)} ago).* {why} "
            "What happened since is not known. Refresh in a minute."
        ),
        *([context("  ·  ".join(ids))] if ids else []),
    ]


def stale_prefix(snapshot: Snapshot) -> str:
    """The same warning in front of a notification's text."""
    stale = snapshot.stale
    return "" if stale is None else f"OLD DATA, from {format_distance(stale.age_s)} ago: "


def reuse_note(snapshot: Snapshot) -> str:
    """Says that the answer was fetched for another click; ``""`` where it was fetched for this one. mrkdwn."""
    if snapshot.reused_s is None:
        return ""
    return f"COC was asked {snapshot.reused_s:.1f} s before, for another click"
