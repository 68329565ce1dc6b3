"""When a task runs next: ONCE, PERIODIC and CRON triggers in an IANA time zone.

All instants are aware datetimes in UTC. PERIODIC and CRON fire as Quartz does (``bot.schedule.quartz``): when the
clock changes, a local time that does not exist is skipped that day, and one that happens twice fires once, at its
second occurrence.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.schedule.quartz import CronExpression
from bot.schedule.quartz_fields import InvalidCron

DEFAULT_ZONE = "Asia/Shanghai"
"""The meaning of an absent ``time_zone`` in the API's document."""

# A day inside the calendar's edges, so that every zone can show them.
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


_TIME_OF_DAY = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$")


@dataclass(frozen=True, slots=True)
class Trigger:
    """The schedule of a task in COC's own values; see ``bot.coc.wire.TriggerTime`` for the fields."""

    policy: str = "ONCE"
    """ONCE, PERIODIC, CRON, or an unknown policy."""
    zone_name: str | None = None
    single_ms: int | None = None
    time_of_day: str | None = None
    weekdays: str | None = None
    cron: str | None = None
    close_ms: int | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of the task's times; None if its name is unknown here."""
        return find_zone(self.zone_name or DEFAULT_ZONE)

    @property
    def closes(self) -> datetime | None:
        """The last instant at which it may run; None without an end, and for ONCE, where the end does not count."""
        return instant(self.close_ms) if self.policy in {"PERIODIC", "CRON"} else None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The fire times of a trigger after an instant.

    ``runs`` are the next ones in UTC; empty without a ``problem``, no run is left. ``problem`` says why they are
    unknown. ``skipped`` is the first time before the last of ``runs`` that a clock change skips: a naive datetime in
    the task's zone.
    """

    runs: tuple[datetime, ...] = ()
    problem: str | None = None
    skipped: datetime | None = None


def find_zone(name: str) -> ZoneInfo | None:
    """Find the zone with this IANA name, or None. Bad names can't reach the file system."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def instant(ms: int | None) -> datetime | None:
    """Convert milliseconds since 1970 UTC; None if absent or outside the calendar.

    The calendar's first and last day move inside by a day, such as the 9999-12-31 that means "never".
    """
    if ms is None:
        return None
    try:
        return min(max(datetime.fromtimestamp(ms / 1000, UTC), _FIRST), _LAST)
    except (OverflowError, OSError, ValueError):
        return None


def parse_weekdays(text: str | None) -> tuple[int, ...] | None:
    """Parse a ``period``, in which Sunday is 1, into ISO weekdays (Monday 1 … Sunday 7); None if unreadable."""
    days = []
    for part in (text or "").replace("，", ",").split(","):  # noqa: RUF100 - the comma of a Chinese keyboard
        day = part.strip()
        if not day:
            continue
        if not re.fullmatch(r"[1-7]", day):
            return None
        days.append((int(day) - 2) % 7 + 1)
    return tuple(sorted(set(days))) or None


def parse_time_of_day(text: str | None) -> time | None:
    """Parse ``17:30:00`` or ``17:30``; None if unreadable."""
    match = _TIME_OF_DAY.match(text or "")
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def outlook(trigger: Trigger, after: datetime, count: int = 3) -> Outlook:
    """Compute the next ``count`` runs strictly after an instant and not after the trigger's end."""
    if trigger.policy == "ONCE":
        at = instant(trigger.single_ms)
        if at is None:
            return Outlook(problem="the task names no time to run at")
        return Outlook(runs=(at,) if at > after else ())
    closes, zone = trigger.closes, trigger.zone
    if closes is not None and closes <= after:
        return Outlook()
    if trigger.policy not in {"PERIODIC", "CRON"}:
        return Outlook(
            problem=f"unknown schedule policy {trigger.policy}" if trigger.policy else "COC sent no schedule"
        )
    if zone is None:
        return Outlook(problem=f"unknown time zone {trigger.zone_name}")
    try:
        expression = _expression_of_periodic(trigger) if trigger.policy == "PERIODIC" else _parse_cron(trigger)
    except ValueError as error:
        return Outlook(problem=str(error))
    runs: list[datetime] = []
    run = expression.next_after(after, zone)
    while run is not None and len(runs) < count and (closes is None or run <= closes):
        runs.append(run)
        run = expression.next_after(run, zone)
    return Outlook(tuple(runs), skipped=expression.first_skipped(after, runs[-1], zone) if runs else None)


def upcoming(trigger: Trigger, now: datetime, count: int = 3) -> Outlook:
    """Compute the next runs of a schedule that is already running; unlike ``outlook`` in the hours that come twice.

    During the first of the two Quartz, asked anew, counts on from the time that the clock shows. A schedule that was
    running before has its next time already, and that is in the second one.
    """
    zone, closes = trigger.zone, trigger.closes
    if zone is None:
        return outlook(trigger, now, count)
    first = now.astimezone(zone).replace(fold=0)
    repeated = (first.utcoffset() or timedelta(0)) - (first.replace(fold=1).utcoffset() or timedelta(0))
    if repeated <= timedelta(0) or now.astimezone(zone).fold == 1 or (closes is not None and closes <= now):
        return outlook(trigger, now, count)
    # The clock goes back between now and now + repeated; the repeated time began that much before.
    low, high = now, now + repeated
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == first.utcoffset() else (low, middle)
    ahead = outlook(trigger, high.replace(microsecond=0) - repeated - timedelta(seconds=1), count)
    return replace(ahead, runs=tuple(run for run in ahead.runs if run > now))


def is_second_occurrence(run: datetime, zone: ZoneInfo) -> bool:
    """Whether a run is at the second of two equal local times. Quartz never fires at the first."""
    return run.astimezone(zone).fold == 1


def _expression_of_periodic(trigger: Trigger) -> CronExpression:
    days, at = parse_weekdays(trigger.weekdays), parse_time_of_day(trigger.time_of_day)
    if days is None:
        raise ValueError("the task's weekdays can't be read")
    if at is None:
        raise ValueError("the task's time of day can't be read")
    numbers = ",".join(str(day % 7 + 1) for day in days)  # Quartz counts from Sunday = 1
    return CronExpression.parse(f"{at.second} {at.minute} {at.hour} ? * {numbers}")


def _parse_cron(trigger: Trigger) -> CronExpression:
    if not trigger.cron:
        raise ValueError("the task names no cron expression")
    try:
        return CronExpression.parse(trigger.cron)
    except InvalidCron as error:
        raise ValueError(f"the cron expression is not valid: {error}") from error
