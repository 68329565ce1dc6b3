"""Will it run? One sentence and a colour, from what is known and what is not.

The first row that holds decides:

====================================================  =======  ============================================
what is known                                         colour   sentence
====================================================  =======  ============================================
approval REJECTED                                     red      Won't run: rejected by …
no run left, ONCE, approval PENDING                   red      Won't run: its time … passed before approval
no run left, ONCE, a run recorded                     by run   Already ran … / Running now … / Ran … and failed
no run left, ONCE, runs not seen                      grey     Its time … has passed
no run left, ONCE, no run of that time recorded yet   yellow   Was due …, and no run is recorded yet
no run left, ONCE, no run of that time recorded       red      Its time … passed, and no run is recorded
no run left, PERIODIC or CRON                         grey     Won't run again: ended …
enabled is False                                      grey     Won't run: disabled
approval PENDING                                      yellow   Won't run until … approves it
the next run can't be told                            yellow   Can't tell when it runs next: why
approval word unknown or absent                       yellow   Due … — can't tell whether it is approved
enabled unknown                                       yellow   Due … — can't tell whether it is enabled
otherwise                                             green    Runs next …
====================================================  =======  ============================================

A run that is under way now is said in the note of every row; the headline never claims what is not known.
"Yet" is for START_GRACE after the time; a run counts as one of that time if it began EARLY before it or later.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.schedule.describe import distance
from bot.schedule.trigger import Outlook, Trigger, instant

START_GRACE = timedelta(minutes=5)
"""So long after a one-off task's time a run that is not recorded may still appear."""
EARLY = timedelta(minutes=1)
"""So much a run may seem to begin before its time: COC's clock and the schedule's need not agree to the second."""

Colour = Literal["green", "yellow", "red", "grey", "blue"]

RUNNING = frozenset({"PROCESSING", "RUNNING", "EXECUTING"})
SUCCEEDED = frozenset({"FINISHED", "SUCCESS", "SUCCESSFUL"})
FAILED = frozenset({"ABNORMAL", "FAILED", "FAIL", "ERROR"})


@dataclass(frozen=True, slots=True)
class At:
    """A moment inside a sentence: shown in the reader's own zone where that is possible."""

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
    """The answer: a colour, a headline and, after it, what qualifies it."""

    colour: Colour
    headline: tuple[Fragment, ...]
    note: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at ``now``. Words are upper case as COC spells them, ``""`` where absent."""

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
    """Whether COC told about past runs at all."""
    last_status: str = ""
    last_time: datetime | None = None


def verdict(facts: Facts) -> Verdict:
    """The first row of the table above that holds."""
    found = _verdict(facts)
    if facts.last_status in RUNNING and found.colour != "blue":
        since: tuple[Fragment, ...] = (" since ", At(facts.last_time)) if facts.last_time else ()
        return Verdict(found.colour, found.headline, (*found.note, " · running now", *since))
    return found


def _verdict(facts: Facts) -> Verdict:
    if facts.approval == "REJECTED":
        by = (f" by {facts.reviewer}",) if facts.reviewer else ()
        words: tuple[Fragment, ...] = (" — ", Quote(facts.comment)) if facts.comment else ()
        return Verdict("red", ("Won't run: rejected", *by), words)
    if not facts.outlook.runs and facts.outlook.problem is None:
        return _over(facts)
    if facts.enabled is False:
        return Verdict("grey", ("Won't run: disabled",), _would(facts))
    if facts.approval == "PENDING":
        return Verdict("yellow", (f"Won't run until {facts.reviewer or 'a reviewer'} approves it",), _would(facts))
    if facts.outlook.problem is not None:
        doubt = () if facts.enabled else (" — can't tell either whether it is enabled", *_why(facts))
        return Verdict("yellow", ("Can't tell when it runs next",), (f": {facts.outlook.problem}", *doubt))
    run = facts.outlook.runs[0]
    ahead = f" (in {distance((run - facts.now).total_seconds())})"
    if facts.approval != "PASSED":
        what = f"approval is {facts.approval}" if facts.approval else "COC did not say whether it is approved"
        return Verdict("yellow", ("Due ", At(run)), (f"{ahead} — can't tell whether it will run: {what}",))
    if facts.enabled is None:
        return Verdict("yellow", ("Due ", At(run)), (f"{ahead} — can't tell whether it is enabled", *_why(facts)))
    return Verdict("green", ("Runs next ", At(run)), (ahead,))


def _over(facts: Facts) -> Verdict:
    if facts.trigger.policy != "ONCE":
        closed = facts.trigger.closes
        ended: tuple[Fragment, ...] = (
            ("ended ", At(closed)) if closed and closed <= facts.now else ("no run is left",)
        )
        return Verdict("grey", ("Won't run again: ", *ended))
    at = instant(facts.trigger.single_ms) or facts.now
    ago = f" ({distance((facts.now - at).total_seconds())} ago)"
    if facts.approval == "PENDING":
        return Verdict("red", ("Won't run: its time ", At(at), " passed before it was approved"), (ago,))
    if not facts.runs_known:
        why = _why(facts)
        return Verdict("grey", ("Its time ", At(at), " has passed"), (f"{ago} — can't tell whether it ran", *why))
    earlier = facts.last_time is not None and facts.last_time < at - EARLY
    if earlier or (facts.last_time is None and not facts.last_status):
        return _no_run(facts, at, ago)
    when: tuple[Fragment, ...] = (At(facts.last_time or at),)
    if facts.last_status in RUNNING:
        return Verdict("blue", ("Running now, since ", *when))
    if facts.last_status in SUCCEEDED:
        return Verdict("green", ("Already ran ", *when), (" · finished",))
    if facts.last_status in FAILED:
        return Verdict("red", ("Ran ", *when, " and failed"))
    return Verdict("grey", ("Already ran ", *when), (f" · {facts.last_status or 'outcome unknown'}",))


def _no_run(facts: Facts, at: datetime, ago: str) -> Verdict:
    note: tuple[Fragment, ...] = (ago,)
    if facts.last_time is not None and facts.last_status not in RUNNING:
        note += (" · the last run began ", At(facts.last_time))
    if facts.enabled is False:
        note += (" · it is disabled",)
    if facts.now - at < START_GRACE and facts.enabled is not False:
        return Verdict("yellow", ("Was due ", At(at), ", and no run is recorded yet"), note)
    return Verdict("red", ("Its time ", At(at), " passed, and no run is recorded"), note)


def _would(facts: Facts) -> tuple[Fragment, ...]:
    if not facts.outlook.runs:
        return ()
    run = facts.outlook.runs[0]
    return (" · next time would be ", At(run), f" (in {distance((run - facts.now).total_seconds())})")


def _why(facts: Facts) -> tuple[Fragment, ...]:
    return (": ", *facts.enabled_unknown) if facts.enabled_unknown else ()
