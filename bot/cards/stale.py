"""What a card or a modal says of an answer that is not its own: an old one because COC failed, or a shared one."""

from bot.cards.blocks import Block, context, section
from bot.cards.problem import problem_of
from bot.cards.text import code, date, mrkdwn
from bot.schedule.describe import format_distance
from bot.task.snapshot import Snapshot


def old_data(snapshot: Snapshot) -> list[Block]:
    """The blocks that say so, and the ids that support asks for; none where the answer is new."""
    stale = snapshot.stale
    if stale is None:
        return []
    when = date(snapshot.as_of, "{date_short_pretty} {time_secs}")
    problem = problem_of(stale.error, snapshot.redactor, snapshot.task_id)
    ids = [f"cloud request {code(problem.request_id, 80)}"] if problem.request_id else []
    ids += [f"reference {code(stale.reference, 20)}"] if stale.reference else []
    why = mrkdwn(problem.title, 200)
    return [
        section(
            f":warning:  *Old data, from {when} ({format_distance(stale.age_s)} ago).* {why} What happened since is "
            "not known. Refresh in a minute."
        ),
        *([context("  ·  ".join(ids))] if ids else []),
    ]


def old_words(snapshot: Snapshot) -> str:
    """The same in front of a notification's words; nothing where the answer is new."""
    stale = snapshot.stale
    return "" if stale is None else f"OLD DATA, from {format_distance(stale.age_s)} ago: "


def asked_before(snapshot: Snapshot) -> str:
    """That COC was asked for somebody else's click; nothing where it was asked for this one. mrkdwn."""
    if snapshot.reused_s is None:
        return ""
    return f"COC was asked {snapshot.reused_s:.1f} s before, for another click"
