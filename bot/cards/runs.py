"""A task's runs: the card's field for the last one, and the modal with the latest twenty.

Jobs and scripts have different status words; unknown ones are shown as they came. Durations are computed from the
timestamps, because COC sends none.
"""

import statistics
from collections import Counter
from datetime import datetime
from typing import Any

from bot.cards.block_kit import Block, actions, button, code, context, count, date, divider, mrkdwn, section
from bot.cards.fields import as_of, task_name
from bot.cards.modal import Modal
from bot.cards.problem import Problem, problem_card, reuse_note, stale_blocks
from bot.redact.untrusted import Untrusted
from bot.schedule.describe import format_duration
from bot.task.enums import Unknown
from bot.task.runs import run_in_list
from bot.task.snapshot import Missing, Snapshot
from bot.task.task import Run
from bot.task.verdict import Outcome

AGAIN = "runs_again"
"""Action id of the modal's Refresh and Try again."""

RUNS = Modal("Run history", "runs", AGAIN, "Choose Run history")

MOST = 20
"""Runs in the modal: two blocks and at most 900 characters each."""

_MARKS: dict[Outcome, str] = {
    "finished": ":white_check_mark:",
    "canceled": ":no_entry_sign:",
    "starting": ":hourglass_flowing_sand:",
    "running": ":arrows_counterclockwise:",
    "paused": ":double_vertical_bar:",
    "failed": ":x:",
}
_WORDS = {
    "ABNORMAL": "Failed (ABNORMAL)",
    "PROCESSING": "Running",
    "READY": "Ready to start",
    "PENDING": "Ready to start",
    "SUCCEED": "Succeeded",
    "TIMEOUT": "Timed out",
}
_WHEN = "{date_short_pretty} {time}"

_NO_PERMISSION = Problem(
    ":lock:",
    "The bot may not read the run history.",
    "Its cloud identity lacks the permission {permission}. Ask the bot's owner to grant it.",
)
_TIMED_OUT = Problem(":stopwatch:", "COC did not send the run history in time.", "Try again in a minute.")
_FAILED = Problem(
    ":rotating_light:",
    "COC failed to send the run history.",
    "Try again in a minute; if it stays so, tell the bot's owner.",
)


def status_words(run: Run) -> str:
    """A run's status with its emoji."""
    if isinstance(run.status, Unknown):
        return f":grey_question: {code(run.status.word, 40)}"
    if not run.status:
        return ":grey_question: Status unknown"
    return f"{_MARKS[run.outcome]} {_WORDS.get(run.status) or run.status.capitalize()}"


def last_run(snapshot: Snapshot) -> str:
    """The card's field: the last run's status, start and duration, and the number of runs."""
    summary, runs = snapshot.summary, snapshot.runs
    newest = runs[0] if not isinstance(runs, Missing) and runs else None
    last = newest or run_in_list(snapshot)
    lines = []
    if last is not None and (last.status or last.started):
        since = " since" if last.outcome == "running" else ""
        when = f"{since} {date(last.started, _WHEN)}" if last.started else ""
        lasted = duration(newest, snapshot.as_of) if newest else ""
        lines.append(status_words(last) + when + (f", {lasted}" if lasted else ""))
        if last.message:
            lines.append(f"&gt; {mrkdwn(last.message, 150)}")
    elif not isinstance(runs, Missing) or not isinstance(summary, Missing):
        lines.append("None recorded")
    if not isinstance(summary, Missing) and summary.run_count:
        lines.append(f"{mrkdwn(count(summary.run_count, 'run'), 40)} so far")
    unknown = "Enabled and counts" if newest is not None else "Enabled, last run and counts"
    for part, what in ((summary, unknown), (runs, "Recent runs")):
        if isinstance(part, Missing):
            lines.append(f"_{what}: {why_missing(part)}_")
    return "*Last run*\n" + "\n".join(lines)


def why_missing(part: Missing) -> str:
    """Why COC's answer is incomplete, as the end of a sentence in mrkdwn."""
    if part.reason == "no permission":
        return f"the bot lacks {code(part.permission, 60)}"
    return {"timed out": "COC did not answer in time", "not listed": "COC does not list this task"}.get(
        part.reason, "COC failed to answer"
    )


def duration(run: Run, now: datetime) -> str:
    """``took 2 min 30 s``; for a run under way ``4 min so far``; ``""`` where it is unknown."""
    began, ended = run.started, run.finished
    if began is None:
        return ""
    if ended is not None and ended < began:
        return "its times contradict each other"
    if ended is not None:
        return f"took {format_duration((ended - began).total_seconds())}"
    if run.outcome == "running" and began <= now:
        return f"{format_duration((now - began).total_seconds())} so far"
    return ""


def runs_view(snapshot: Snapshot, *, reference: str, metadata: str = "") -> dict[str, Any]:
    """The modal: the latest runs, newest first, or why they can't be shown.

    ``metadata`` defaults to the task's id.
    """
    runs = snapshot.runs
    name = task_name(snapshot)
    if isinstance(runs, Missing):
        retry = actions(button("Try again", AGAIN, snapshot.task_id))
        return RUNS.view(
            [*stale_blocks(snapshot), section(name), *_history_missing(snapshot, runs, reference), retry],
            metadata or snapshot.task_id,
        )
    shown = runs[:MOST]
    facts = [_how_many(snapshot, len(shown)), f"as of {as_of(snapshot)}"]
    facts += filter(None, [reuse_note(snapshot)])
    # At the top, where a run under way is listed.
    refresh = button("Refresh", AGAIN, snapshot.task_id)
    blocks = [
        *stale_blocks(snapshot),
        section("\n".join([name, *_outcomes(shown)]), refresh),
        context("  ·  ".join(facts)),
        divider(),
    ]
    several = len({run.region for run in shown if run.region}) > 1
    for run in shown:
        blocks += _row(run, snapshot, several_regions=several)
    return RUNS.view(blocks, metadata or snapshot.task_id)


def all_runs(snapshot: Snapshot) -> list[Block]:
    """The same for a terminal: no buttons, no reference."""
    runs = snapshot.runs
    if isinstance(runs, Missing):
        return [section(f"*Runs*\n{why_missing(runs)}")]
    blocks: list[Block] = [section("\n".join(["*Runs*", *_outcomes(runs[:MOST])]))]
    for run in runs[:MOST]:
        blocks += _row(run, snapshot, several_regions=True)
    return blocks


def _how_many(snapshot: Snapshot, shown: int) -> str:
    summary = snapshot.summary
    total = None if isinstance(summary, Missing) else summary.run_count
    if total is not None and total > shown:
        return f"The latest {shown} of {mrkdwn(count(total, 'run'), 40)}, newest first, times in your zone"
    if not shown:
        return "No run"
    return f"{'The latest ' if shown == MOST else ''}{count(shown, 'run')}, newest first, times in your zone"


def _outcomes(runs: tuple[Run, ...]) -> list[str]:
    """``18 finished, *2 failed*``, and the median duration of the finished ones."""
    if not runs:
        return ["COC has recorded no run of this task."]
    counts = Counter(map(_outcome_words, runs))
    ordered = sorted(counts, key=lambda word: (word != "failed", -counts[word]))
    parts = [f"*{counts[word]:,} {word}*" if word == "failed" else f"{counts[word]:,} {word}" for word in ordered]
    durations = [
        (run.finished - run.started).total_seconds()
        for run in runs
        if _outcome_words(run) == "finished" and run.finished and run.started
    ]
    plausible = [seconds for seconds in durations if 0 <= seconds < 10**9]
    median = ""
    if len(plausible) > 2:
        median = f"  ·  the finished ones took {format_duration(statistics.median(plausible))} (median)"
    return [", ".join(parts) + median]


def _outcome_words(run: Run) -> str:
    """What a run's outcome is called in the counts."""
    names = {"starting": "ready to start", "other": "with another status" if run.status else "with unknown status"}
    return names.get(run.outcome, run.outcome)


def _row(run: Run, snapshot: Snapshot, *, several_regions: bool) -> list[Block]:
    start = "not started yet" if run.outcome == "starting" else "start not stated"
    start = date(run.started, _WHEN) if run.started else start
    line = "  ·  ".join(part for part in (f"*{status_words(run)}*", start, duration(run, snapshot.as_of)) if part)
    if run.started and run.finished is None and run.outcome in {"finished", "failed"}:
        line += "  ·  end not stated"
    if run.message:
        line += f"\n&gt; {mrkdwn(run.message, 300)}"
    rest = [f"by {_who(run, snapshot)}"] if run.created_by else []
    rest += [f"execution {code(run.id, 60)}"] if run.id else []
    rest += [mrkdwn(run.region, 40)] if run.region and several_regions else []
    return [section(line), *([context("  ·  ".join(rest))] if rest else [])]


def _who(run: Run, snapshot: Snapshot) -> str:
    """The user's name where the list call gives it for this id, else the id."""
    summary, name = snapshot.summary, snapshot.task.created_by
    if name and not isinstance(summary, Missing) and summary.created_by == run.created_by:
        return mrkdwn(name, 60)
    return code(run.created_by, 60)


def _history_missing(snapshot: Snapshot, missing: Missing, reference: str) -> list[Block]:
    problem = {"no permission": _NO_PERMISSION, "timed out": _TIMED_OUT}.get(missing.reason, _FAILED)
    filled = Problem(
        problem.mark,
        problem.title,
        problem.advice,
        (("permission", missing.permission or "for it"),),
        request_id=Untrusted(missing.request_id, snapshot.redactor, "request_id") if missing.request_id else None,
    )
    blocks = list(problem_card(filled, task_id=snapshot.task_id, reference=reference).blocks)
    summary = snapshot.summary
    if isinstance(summary, Missing) or summary.last_run is None:
        return blocks
    last = summary.last_run
    when = f" {date(last.started, _WHEN)}" if last.started else ""
    known = f"What COC's list of tasks says of the last run: {status_words(last)}{when}"
    total = (
        f", {mrkdwn(count(summary.run_count, 'run'), 40)} in all as of {date(snapshot.as_of, _WHEN)}"
        if summary.run_count
        else ""
    )
    return [*blocks, section(known + total)]
