"""What a card or a modal says first when it shows an old answer because COC failed now."""

from bot.cards.blocks import Block, section
from bot.cards.problem import problem_of
from bot.cards.text import code, date, mrkdwn
from bot.coc.snapshot import Snapshot
from bot.schedule.describe import distance


def old_data(snapshot: Snapshot) -> list[Block]:
    """The block that says so; none where the answer is new."""
    stale = snapshot.stale
    if stale is None:
        return []
    when = date(snapshot.as_of, "{date_short_pretty} {time_secs}")
    problem = problem_of(stale.error, snapshot.task_id)
    reference = f" Reference {code(stale.reference, 20)}." if stale.reference else ""
    request = f" Cloud request {code(problem.request_id, 80)}." if problem.request_id else ""
    return [
        section(
            f":warning:  *Old data, from {when} ({distance(stale.age_s)} ago).* What happened since is not known: "
            f"{mrkdwn(problem.title, 200)} Try again in a minute.{request}{reference}"
        )
    ]


def old_words(snapshot: Snapshot) -> str:
    """The same in front of a notification's words; nothing where the answer is new."""
    stale = snapshot.stale
    return "" if stale is None else f"OLD DATA, from {distance(stale.age_s)} ago: "
