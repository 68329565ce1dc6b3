"""When a task runs next: ONCE, PERIODIC and CRON triggers in an IANA time zone.

All instants are aware datetimes in UTC. PERIODIC and CRON fire as Quartz does (``bot.schedule.quartz``): around
clock changes a local time that does not exist is skipped that day, one that happens twice fires once, at the second
occurrence.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.schedule.quartz import Quartz, is_skipped
from bot.schedule.quartz_fields import EVERY_YEAR, CronFields, InvalidCron

DEFAULT_ZONE = "Asia/Shanghai"
"""What the API's document says an absent ``time_zone`` means."""

# A day inside the calendar's edges, so that every zone can tell them.
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)

MOST_LOOKED_AT = 8
"""Fire times that are looked at for one that a clock change leaves out: more than the card shows."""

_TIME_OF_DAY = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$")


@dataclass(frozen=True, slots=True)
class Trigger:
    """The schedule of a task as COC states it; see ``bot.coc.wire.TriggerTime`` for the fields."""

    policy: str = "ONCE"
    """ONCE, PERIODIC, CRON, or another word as it came."""
    zone_name: str | None = None
    single_ms: int | None = None
    time_of_day: str | None = None
    weekdays: str | None = None
    cron: str | None = None
    close_ms: int | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone that the task's times are in; None where its name is unknown here."""
        return find_zone(self.zone_name or DEFAULT_ZONE)

    @property
    def closes(self) -> datetime | None:
        """No run after this instant; None where there is no end, or for ONCE, where it does not count."""
        return instant(self.close_ms) if self.policy in {"PERIODIC", "CRON"} else None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a trigger has ahead of an instant.

    ``runs`` are the next fire times in UTC. Empty with ``problem`` None means: no run is left. ``problem`` says
    why fire times can't be told. ``skipped`` is the first time between now and the last of ``runs`` at which the
    task would run but for a clock change that leaves it out: a naive datetime in the task's zone.
    """

    runs: tuple[datetime, ...] = ()
    problem: str | None = None
    skipped: datetime | None = None


def find_zone(name: str) -> ZoneInfo | None:
    """The zone with this IANA name, or None. Bad names can't reach the file system."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def instant(ms: int | None) -> datetime | None:
    """The instant ``ms`` milliseconds after 1970 UTC; None where absent or outside the calendar.

    One on the calendar's first or last day, such as the 9999-12-31 that means "never", is moved by a day.
    """
    if ms is None:
        return None
    try:
        return min(max(datetime.fromtimestamp(ms / 1000, UTC), _FIRST), _LAST)
    except (OverflowError, OSError, ValueError):
        return None


def weekdays(text: str | None) -> tuple[int, ...] | None:
    """ISO weekdays (Monday 1 … Sunday 7) of a ``period`` that counts from Sunday = 1; None where it is unreadable."""
    days = []
    for part in (text or "").replace("，", ",").split(","):  # noqa: RUF100 - the comma of a Chinese keyboard
        word = part.strip()
        if not word:
            continue
        if not re.fullmatch(r"[1-7]", word):
            return None
        days.append((int(word) - 2) % 7 + 1)
    return tuple(sorted(set(days))) or None


def time_of_day(text: str | None) -> time | None:
    """The local time in ``17:30:00`` or ``17:30``; None where it is unreadable."""
    match = _TIME_OF_DAY.match(text or "")
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def outlook(trigger: Trigger, after: datetime, count: int = 3) -> Outlook:
    """The next ``count`` runs strictly after an instant, none of them after the trigger's end."""
    if trigger.policy == "ONCE":
        at = instant(trigger.single_ms)
        if at is None:
            return Outlook(problem="the task names no time to run at")
        return Outlook(runs=(at,) if at > after else ())
    if trigger.close_ms is not None and trigger.closes is not None and trigger.closes <= after:
        return Outlook()
    if trigger.policy not in {"PERIODIC", "CRON"}:
        return Outlook(
            problem=f"unknown schedule policy {trigger.policy}" if trigger.policy else "COC sent no schedule"
        )
    zone = trigger.zone
    if zone is None:
        return Outlook(problem=f"unknown time zone {trigger.zone_name}")
    try:
        quartz = _periodic(trigger) if trigger.policy == "PERIODIC" else _cron(trigger)
    except ValueError as error:
        return Outlook(problem=str(error))
    return _fires(quartz, zone, after, count, trigger.closes)


def upcoming(trigger: Trigger, now: datetime, count: int = 3) -> Outlook:
    """What lies ahead of a running schedule at ``now``; the same as ``outlook`` but for the hours that come twice.

    During the first of them Quartz, asked anew, counts on from what the clock shows; a schedule that was running
    before knows its next time already, and that is in the second one.
    """
    zone = trigger.zone
    if zone is None:
        return outlook(trigger, now, count)
    first = now.astimezone(zone).replace(fold=0)
    again = (first.utcoffset() or timedelta(0)) - (first.replace(fold=1).utcoffset() or timedelta(0))
    if (
        again <= timedelta(0)
        or now.astimezone(zone).fold == 1
        or (trigger.closes is not None and trigger.closes <= now)
    ):
        return outlook(trigger, now, count)
    # The clock goes back between now and now + again; what is shown twice began that much before.
    low, high = now, now + again
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == first.utcoffset() else (low, middle)
    found = outlook(trigger, high.replace(microsecond=0) - again - timedelta(seconds=1), count)
    return replace(found, runs=tuple(run for run in found.runs if run > now))


def second_time(run: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows a run's local time twice that day; it is the second one that counts."""
    return run.astimezone(zone).fold == 1


def _periodic(trigger: Trigger) -> Quartz:
    days, at = weekdays(trigger.weekdays), time_of_day(trigger.time_of_day)
    if days is None:
        raise ValueError("the task's weekdays can't be read")
    if at is None:
        raise ValueError("the task's time of day can't be read")
    return Quartz(
        CronFields(
            seconds=(at.second,),
            minutes=(at.minute,),
            hours=(at.hour,),
            days=(),
            months=tuple(range(1, 13)),
            weekdays=tuple(sorted(day % 7 + 1 for day in days)),
            years=EVERY_YEAR,
            by_weekday=True,
        )
    )


def _cron(trigger: Trigger) -> Quartz:
    if not trigger.cron:
        raise ValueError("the task names no cron expression")
    try:
        return Quartz.of(trigger.cron)
    except InvalidCron as error:
        raise ValueError(f"the cron expression is not valid: {error}") from error


def _fires(quartz: Quartz, zone: ZoneInfo, after: datetime, count: int, closes: datetime | None) -> Outlook:
    runs: list[datetime] = []
    run = quartz.next_after(after, zone)
    while run is not None and len(runs) < count and (closes is None or run <= closes):
        runs.append(run)
        run = quartz.next_after(run, zone)
    return Outlook(tuple(runs), skipped=_skipped(quartz, zone, after, runs[-1]) if runs else None)


def _skipped(quartz: Quartz, zone: ZoneInfo, after: datetime, last: datetime) -> datetime | None:
    """The first time that a clock which never changes would show and this one does not."""
    utc = ZoneInfo("UTC")
    end = last.astimezone(zone).replace(tzinfo=UTC)
    wall: datetime | None = after.astimezone(zone).replace(tzinfo=UTC, fold=0)
    for _ in range(MOST_LOOKED_AT):
        wall = quartz.next_after(wall, utc) if wall is not None else None
        if wall is None or wall >= end:
            return None
        if is_skipped(wall.replace(tzinfo=None), zone):
            return wall.replace(tzinfo=None)
    return None
