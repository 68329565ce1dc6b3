"""Which of a task's runs says how it went. COC's list and its history may contradict each other."""

from dataclasses import replace

from bot.redact.untrusted import BRIEF, Untrusted
from bot.schedule.trigger import Outlook, upcoming
from bot.task.enums import Unknown
from bot.task.snapshot import Missing, Snapshot
from bot.task.task import Run
from bot.task.verdict import EARLY, OUTCOMES, Code, Facts, Fragment, LastRun, Verdict, verdict


def assess(snapshot: Snapshot) -> tuple[Verdict, Outlook]:
    """Is anything wrong, and what lies ahead?"""
    task, summary = snapshot.task, snapshot.summary
    outlook = upcoming(task.trigger, snapshot.as_of)
    if outlook.problem:  # it may name a zone or a policy as it came
        outlook = replace(outlook, problem=Untrusted(outlook.problem, snapshot.redactor).shown(200))
    # The history says most of a run; where it is there, what is missing is in the list.
    unseen = snapshot.runs if isinstance(snapshot.runs, Missing) else summary
    status, reviewer, comment = task.approval.status, task.approval.reviewer, task.approval.comment
    facts = Facts(
        now=snapshot.as_of,
        trigger=task.trigger,
        outlook=outlook,
        approval=status.normalized.shown(40) if isinstance(status, Unknown) else status or "",
        reviewer=reviewer.shown(60) if reviewer else None,
        comment=comment.shown(BRIEF) if comment else None,
        enabled=None if isinstance(summary, Missing) else summary.enabled,
        enabled_unknown=_why_unknown(summary),
        runs_known=last_run_is_known(snapshot),
        runs_unknown=_why_unknown(unseen),
        last=latest(snapshot),
    )
    return verdict(facts), outlook


def latest(snapshot: Snapshot) -> LastRun | None:
    """The run that the verdict is about; None where there was none, or nothing is known of it.

    An earlier run that is still open counts where it is worse than the last one. Where the list and the history
    contradict each other the worse of the two counts. A run that began before the history's newest is an earlier
    one, and no contradiction.
    """
    history = snapshot.runs if not isinstance(snapshot.runs, Missing) else ()
    in_list = run_in_list(snapshot)
    newest = history[0] if history else in_list
    if newest is None:
        return None
    dispute: tuple[Fragment, ...] = ()
    if in_list is not None and in_list.status and newest.status and not _is_earlier(in_list, newest):
        if in_list.outcome != newest.outcome:
            dispute = (" · COC's list says ", Code(_status(in_list)), ", its history ", Code(_status(newest)))
        newest = max(newest, in_list, key=_severity)
    still_open = [run for run in history[1:] if run.outcome in {"paused", "running"}]
    worst = max([newest, *still_open], key=_severity)
    return LastRun(
        outcome=worst.outcome,
        word=_status(worst),
        began=worst.started,
        reason=worst.message.first_line() if worst.message else "",
        dispute=dispute,
    )


def last_run_is_known(snapshot: Snapshot) -> bool:
    """Whether COC told how the last run went, or that there was none."""
    summary = snapshot.summary
    if latest(snapshot) is not None:
        return True
    runs = None if isinstance(summary, Missing) else summary.run_count
    return runs == 0 or (runs is None and not isinstance(snapshot.runs, Missing))


def run_in_list(snapshot: Snapshot) -> Run | None:
    """The last run as the list has it."""
    return None if isinstance(snapshot.summary, Missing) else snapshot.summary.last_run


def _status(run: Run) -> str:
    return run.status.word.shown(80) if isinstance(run.status, Unknown) else run.status or ""


def _is_earlier(run: Run, other: Run) -> bool:
    return run.started is not None and other.started is not None and run.started < other.started - EARLY


def _severity(run: Run) -> int:
    return OUTCOMES.index(run.outcome)


def _why_unknown(part: object) -> tuple[Fragment, ...]:
    """Why a part of the picture does not tell something, as the end of a sentence."""
    if not isinstance(part, Missing):
        return ("COC did not say",)
    if part.reason == "no permission":
        return ("the bot lacks ", Code(part.permission or "a permission"))
    words = {"timed out": "COC did not answer in time", "not listed": "COC does not list this task"}
    return (words.get(part.reason, "COC failed to answer"),)
