"""Which of a task's runs says how it went, from COC's list and its history, which may contradict each other."""

from bot import redact
from bot.cards.text import BRIEF, cut
from bot.coc.reading import canonical
from bot.coc.wire import Run
from bot.schedule.trigger import instant
from bot.task.snapshot import Missing, Snapshot
from bot.task.verdict import EARLY, OUTCOMES, Code, Fragment, LastRun, Outcome, outcome_of


def latest(snapshot: Snapshot) -> LastRun | None:
    """The run that the verdict is about; None where there was none, or nothing is known of it.

    An earlier run that is still open counts where it is worse than the last one. Where the list and the history
    contradict each other the worse of the two counts. A run that began before the history's newest is an earlier
    one, and no contradiction.
    """
    history = snapshot.runs if not isinstance(snapshot.runs, Missing) else ()
    in_list = listed(snapshot)
    newest = history[0] if history else in_list
    if newest is None:
        return None
    dispute: tuple[Fragment, ...] = ()
    if in_list is not None and in_list.status and newest.status and not _earlier(in_list, newest):
        if outcome(in_list) != outcome(newest):
            dispute = (" · COC's list says ", Code(in_list.status), ", its history ", Code(newest.status))
        newest = max(newest, in_list, key=_badness)
    is_open = [run for run in history[1:] if outcome(run) in {"paused", "running"}]
    worst = max([newest, *is_open], key=_badness)
    message = redact.plain(cut(worst.execution_msg or "", BRIEF)).strip()
    return LastRun(
        outcome=outcome(worst),
        word=worst.status or "",
        began=instant(worst.started_time),
        reason=message.partition("\n")[0].strip(),
        dispute=dispute,
    )


def last_run_known(snapshot: Snapshot) -> bool:
    """Whether COC told how the last run went, or that there was none."""
    summary = snapshot.summary
    if latest(snapshot) is not None:
        return True
    counted = None if isinstance(summary, Missing) else summary.execution_count
    return counted == 0 or (counted is None and not isinstance(snapshot.runs, Missing))


def listed(snapshot: Snapshot) -> Run | None:
    """The last run as the list has it."""
    summary = snapshot.summary
    if isinstance(summary, Missing) or not (summary.last_execution_status or summary.last_execution_time):
        return None
    return Run(status=summary.last_execution_status, started_time=summary.last_execution_time)


def _earlier(run: Run, other: Run) -> bool:
    began, since = instant(run.started_time), instant(other.started_time)
    return began is not None and since is not None and began < since - EARLY


def _badness(run: Run) -> int:
    return OUTCOMES.index(outcome(run))


def outcome(run: Run) -> Outcome:
    """What its status means."""
    return outcome_of(canonical(run.status))
