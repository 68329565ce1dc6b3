"""When a task runs next: ONCE, PERIODIC and CRON triggers in an IANA time zone.

All instants are aware datetimes in UTC. Around clock changes PERIODIC behaves as Quartz does (observed on
Quartz): a local time that does not exist is skipped that day, one that happens twice fires once, at the second
occurrence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT_ZONE = "Asia/Shanghai"
"""What the API's document says an absent ``time_zone`` means."""

# A day inside the calendar's edges, so that every zone can tell them.
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)

_TIME_OF_DAY = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$")


@dataclass(frozen=True, slots=True)
class Trigger:
    """The schedule of a task as COC states it; see ``bot.coc.models.TriggerTime`` for the fields."""

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
    why fire times can't be told.
    """

    runs: tuple[datetime, ...] = ()
    problem: str | None = None


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
    if trigger.policy == "PERIODIC":
        return _periodic(trigger, after, count)
    if trigger.policy == "CRON":
        return Outlook(problem="fire times of cron expressions are not computed")
    return Outlook(problem=f"unknown schedule policy {trigger.policy}" if trigger.policy else "COC sent no schedule")


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The instant of a local time, as Quartz takes it: None if skipped, the later one if it happens twice."""
    local = datetime.combine(day, at, zone).replace(fold=1)
    utc = local.astimezone(UTC)
    back = utc.astimezone(zone)
    return utc if back.replace(tzinfo=None) == local.replace(tzinfo=None) else None


def _periodic(trigger: Trigger, after: datetime, count: int) -> Outlook:
    zone, days, at = trigger.zone, weekdays(trigger.weekdays), time_of_day(trigger.time_of_day)
    if zone is None:
        return Outlook(problem=f"unknown time zone {trigger.zone_name}")
    if days is None:
        return Outlook(problem="the task's weekdays can't be read")
    if at is None:
        return Outlook(problem="the task's time of day can't be read")
    found = []
    for run in _on_days(after.astimezone(zone).date(), days, at, zone):
        if trigger.closes is not None and run > trigger.closes:
            break
        if run > after:
            found.append(run)
        if len(found) == count:
            break
    return Outlook(runs=tuple(found))


def _on_days(start: date, days: tuple[int, ...], at: time, zone: ZoneInfo) -> Iterator[datetime]:
    # A day early, because a zone change can put the local date ahead; 400 days hold every yearly clock change.
    for offset in range(-1, 400):
        try:
            day = start + timedelta(days=offset)
        except OverflowError:
            return
        if day.isoweekday() in days:
            run = local_instant(day, at, zone)
            if run is not None:
                yield run
