"""The verdict: is anything wrong, and will the task run? One sentence and a colour.

The future; the first row that holds decides:

====================================================  =======  ============================================
what is known                                         colour   sentence
====================================================  =======  ============================================
approval REJECTED                                     red      Won't run: rejected by …
no run left, ONCE, approval PENDING                   red      Won't run: its time … passed before approval
no run left, ONCE, runs not seen                      grey     Its time … has passed
no run left, ONCE, no run of that time recorded yet   yellow   Was due …, and no run is recorded yet
no run left, ONCE, no run of that time recorded       red      Its time … passed, and no run is recorded
no run left, ONCE, its run finished                   green    Already ran …
no run left, ONCE, its run did not finish             as below  as below, alone
no run left, PERIODIC or CRON                         grey     Won't run again: ended …
enabled is False                                      grey     Won't run: disabled
approval PENDING                                      yellow   Won't run until … approves it
the next run can't be told                            yellow   Can't tell when it runs next: why
approval word unknown or absent                       yellow   Due … — can't tell whether it is approved
enabled unknown                                       yellow   Due … — can't tell whether it is enabled
the last run is unknown                               yellow   Runs next … — can't see how its last run went
otherwise                                             green    Runs next …
====================================================  =======  ============================================

The past; it comes first, unless the last run finished or there was no run:

====================================================  =======  ============================================
the last run                                          colour   sentence
====================================================  =======  ============================================
failed                                                red      Last run failed … — why
is paused                                             yellow   Paused since …, someone must continue it …
has a status that no document names, or none          yellow   Last run …: COC says …
is under way                                          blue     Running now, since …
has not started                                       blue     Waiting to start since …
was canceled                                          grey     Last run canceled …
====================================================  =======  ============================================

The colour is the worse of the two. The future is part of the headline only where it is worse than the past.
"Yet" lasts for START_GRACE after the time. A run belongs to that time if it began at most EARLY before it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.schedule.describe import format_distance
from bot.schedule.trigger import Outlook, Trigger, instant

START_GRACE = timedelta(minutes=5)
"""How long after a one-off task's time its run may still be recorded."""
EARLY = timedelta(minutes=1)
"""How much before its time a run may seem to begin: COC's clocks need not agree to the second."""

Colour = Literal["green", "grey", "blue", "yellow", "red"]
COLOURS: tuple[Colour, ...] = ("green", "grey", "blue", "yellow", "red")
"""From best to worst."""

Outcome = Literal["finished", "canceled", "starting", "running", "other", "paused", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("finished", "canceled", "starting", "running", "other", "paused", "failed")
"""From best to worst."""
_WORDS: dict[Outcome, tuple[str, ...]] = {
    "finished": ("FINISHED", "SUCCESS", "SUCCESSFUL", "SUCCEED", "SUCCEEDED"),
    "canceled": ("CANCELED",),
    "starting": ("READY", "PENDING"),
    "running": ("PROCESSING", "RUNNING", "EXECUTING"),
    "paused": ("PAUSED",),
    "failed": ("ABNORMAL", "FAILED", "FAIL", "ERROR", "TIMEOUT"),
}
_OUTCOME_OF: dict[str, Outcome] = {word: outcome for outcome, words in _WORDS.items() for word in words}


def is_status(word: str) -> bool:
    """Whether a document names this status. ``word`` is upper case."""
    return word in _OUTCOME_OF


def outcome_of(word: str) -> Outcome:
    """The outcome that a script's or job's status means. ``word`` is upper case; an unknown one means "other"."""
    return _OUTCOME_OF.get(word, "other")


@dataclass(frozen=True, slots=True)
class At:
    """A moment inside a sentence, shown in the reader's own zone where possible."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """A literal inside a sentence, such as the name of a permission."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Other people's words inside a sentence."""

    text: str


Fragment = str | At | Code | Quote


@dataclass(frozen=True, slots=True)
class Verdict:
    """A colour, a headline, and a note that qualifies it."""

    colour: Colour
    headline: tuple[Fragment, ...]
    note: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class LastRun:
    """The run that the verdict is about: the last one, or an earlier one that is still open."""

    outcome: Outcome
    word: str = ""
    """Its status as COC spells it."""
    began: datetime | None = None
    reason: str = ""
    """The first line of its message."""
    dispute: tuple[Fragment, ...] = ()
    """The statuses in COC's list and history, where they contradict each other."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts at ``now``. Words are upper case as COC spells them, ``""`` where absent."""

    now: datetime
    trigger: Trigger
    outlook: Outlook
    approval: str = ""
    reviewer: str | None = None
    comment: str | None = None
    enabled: bool | None = None
    enabled_unknown: tuple[Fragment, ...] = ()
    """Why ``enabled`` is None, as the end of a sentence: "the bot lacks `coc:schedule:list`"."""
    runs_known: bool = False
    """Whether COC sent the last run's outcome, or said that there was no run."""
    runs_unknown: tuple[Fragment, ...] = ()
    """Why not, as the end of a sentence."""
    last: LastRun | None = None


def verdict(facts: Facts) -> Verdict:
    """Past and future together, in the colour of the worse."""
    past, future = _past(facts.last), _future(facts)
    if past is None or past == future:
        return future
    first, *others = future.headline
    headline = (first[:1].lower() + first[1:] if isinstance(first, str) else first, *others)
    if COLOURS.index(future.colour) > COLOURS.index(past.colour):
        return Verdict(future.colour, (*past.headline, " · ", *headline), (*past.note, *future.note))
    return Verdict(past.colour, past.headline, (*past.note, " · ", *headline, *future.note))


def _past(last: LastRun | None) -> Verdict | None:
    """The verdict on the last run; None where it finished or there was no run."""
    if last is None:
        return None
    at: tuple[Fragment, ...] = (" ", At(last.began)) if last.began else ()
    since: tuple[Fragment, ...] = (" since ", At(last.began)) if last.began else ()
    match last.outcome:
        case "finished":
            return None
        case "failed":
            why = (" — ", Quote(last.reason)) if last.reason else ()
            return Verdict("red", ("Last run failed", *at), (*why, *last.dispute))
        case "paused":
            return Verdict("yellow", ("Paused", *since, ", someone must continue it in COC"), last.dispute)
        case "running":
            comma = (",", *since) if since else ()
            return Verdict("blue", ("Running now", *comma), last.dispute)
        case "starting":
            return Verdict("blue", ("Waiting to start", *since), last.dispute)
        case "canceled":
            return Verdict("grey", ("Last run canceled", *at), last.dispute)
    says = (": COC says ", Code(last.word)) if last.word else (": COC did not say how it went",)
    return Verdict("yellow", ("Last run", *at, *says), last.dispute)


def _future(facts: Facts) -> Verdict:
    """The first row of the table above that holds."""
    if facts.approval == "REJECTED":
        by = (f" by {facts.reviewer}",) if facts.reviewer else ()
        words: tuple[Fragment, ...] = (" — ", Quote(facts.comment)) if facts.comment else ()
        return Verdict("red", ("Won't run: rejected", *by), words)
    if not facts.outlook.runs and facts.outlook.problem is None:
        return _no_run_left(facts)
    if facts.enabled is False:
        return Verdict("grey", ("Won't run: disabled",), _next_due(facts))
    if facts.approval == "PENDING":
        return Verdict("yellow", (f"Won't run until {facts.reviewer or 'a reviewer'} approves it",), _next_due(facts))
    if facts.outlook.problem is not None:
        doubt = () if facts.enabled else (" — can't tell either whether it is enabled", *_why(facts.enabled_unknown))
        return Verdict("yellow", ("Can't tell when it runs next",), (f": {facts.outlook.problem}", *doubt))
    run = facts.outlook.runs[0]
    distance = f" (in {format_distance((run - facts.now).total_seconds())})"
    unclear = () if facts.runs_known else (" — can't see how its last run went", *_why(facts.runs_unknown))
    if facts.approval != "PASSED":
        what = f"approval is {facts.approval}" if facts.approval else "COC did not say whether it is approved"
        return Verdict(
            "yellow", ("Due ", At(run)), (f"{distance} — can't tell whether it will run: {what}", *unclear)
        )
    if facts.enabled is None:
        doubt = (" — can't tell whether it is enabled", *_why(facts.enabled_unknown))
        return Verdict("yellow", ("Due ", At(run)), (distance, *doubt, *unclear))
    return Verdict("yellow" if unclear else "green", ("Runs next ", At(run)), (distance, *unclear))


def _no_run_left(facts: Facts) -> Verdict:
    if facts.trigger.policy != "ONCE":
        closed = facts.trigger.closes
        ended: tuple[Fragment, ...] = (
            ("ended ", At(closed)) if closed and closed <= facts.now else ("no run is left",)
        )
        return Verdict("grey", ("Won't run again: ", *ended))
    at, last = instant(facts.trigger.single_ms) or facts.now, facts.last
    ago = f" ({format_distance((facts.now - at).total_seconds())} ago)"
    if facts.approval == "PENDING":
        return Verdict("red", ("Won't run: its time ", At(at), " passed before it was approved"), (ago,))
    if not facts.runs_known:
        why = _why(facts.runs_unknown)
        return Verdict("grey", ("Its time ", At(at), " has passed"), (f"{ago} — can't tell whether it ran", *why))
    if last is None or (last.began is not None and last.began < at - EARLY):
        return _not_recorded(facts, at, ago)
    return _past(last) or Verdict("green", ("Already ran ", At(last.began or at)), (" · finished",))


def _not_recorded(facts: Facts, at: datetime, ago: str) -> Verdict:
    note: tuple[Fragment, ...] = (ago,)
    if facts.last is not None and facts.last.began is not None and facts.last.outcome == "finished":
        note += (" · the last run began ", At(facts.last.began))
    if facts.enabled is False:
        note += (" · it is disabled",)
    if facts.now - at < START_GRACE and facts.enabled is not False:
        return Verdict("yellow", ("Was due ", At(at), ", and no run is recorded yet"), note)
    return Verdict("red", ("Its time ", At(at), " passed, and no run is recorded"), note)


def _next_due(facts: Facts) -> tuple[Fragment, ...]:
    if not facts.outlook.runs:
        return ()
    run = facts.outlook.runs[0]
    return (" · next time would be ", At(run), f" (in {format_distance((run - facts.now).total_seconds())})")


def _why(unknown: tuple[Fragment, ...]) -> tuple[Fragment, ...]:
    return (": ", *unknown) if unknown else ()
