"""When a Quartz cron expression fires: the next instant after another one, in a time zone.

It walks as Quartz does, on the wall clock of the zone, field by field from the seconds up, and replaces a wall time
that does not exist by the one that the clock shows instead (02:30 is 03:30 when the clock jumps from 2 to 3). That is
why a time inside a gap is not made up for, and why of two equal wall times only the second one fires. Where a gap is
shorter than an hour (Lord Howe Island) the minutes behind it are lost, in Quartz as here: compared with Quartz 2.3.2
in tests/schedule/test_quartz_java.py.
"""

from bisect import bisect_left
from calendar import isleap
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.schedule.quartz_fields import LAST_YEAR, CronFields, parse_fields

_MAX_SKIP_CHECKS = 8
"""Fire times that are checked for one that a clock change skips: more than the card shows."""

YEARS_AHEAD = 100
"""Quartz gives up on a date further ahead than this."""
MAX_STEPS = 5_000
"""Of one search. A date that never comes needs about 1,500; on some expressions (L-30W) Quartz itself never ends."""

_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Wall = tuple[int, int, int, int, int, int]
"""Year, month, day, hour, minute, second."""


@dataclass(frozen=True, slots=True)
class CronExpression:
    """A parsed expression."""

    fields: CronFields

    @classmethod
    def parse(cls, expression: str) -> "CronExpression":
        """Parse an expression, or return it from the cache. Raises InvalidCron."""
        return _parse(expression)

    def next_after(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The first fire time later than ``after`` (aware, to the second), in UTC; None if there is none."""
        start = after.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        wall = _Search(self.fields, zone, start).run()
        return None if wall is None else _instant(wall, zone)

    def first_skipped(self, after: datetime, last: datetime, zone: ZoneInfo) -> datetime | None:
        """The first fire time before ``last`` on a clock that never changes which this zone's clock does not show."""
        utc = ZoneInfo("UTC")
        end = last.astimezone(zone).replace(tzinfo=UTC)
        wall: datetime | None = after.astimezone(zone).replace(tzinfo=UTC, fold=0)
        for _ in range(_MAX_SKIP_CHECKS):
            wall = self.next_after(wall, utc) if wall is not None else None
            if wall is None or wall >= end:
                return None
            if _existing(_wall(wall), zone) != _wall(wall):
                return wall.replace(tzinfo=None)
        return None


@lru_cache(maxsize=1024)
def _parse(expression: str) -> CronExpression:
    return CronExpression(parse_fields(expression))


class _Search:
    """One search: a wall time that moves ahead until every field admits it.

    Methods that return a bool say whether they moved, so that all fields must be checked again.
    """

    __slots__ = ("_fields", "_last_year", "_start", "_wall", "_zone")

    def __init__(self, fields: CronFields, zone: ZoneInfo, start: datetime) -> None:
        self._fields = fields
        self._zone = zone
        self._start = start
        self._wall = _wall(start.astimezone(zone))
        self._last_year = min(self._wall[0] + YEARS_AHEAD, LAST_YEAR, fields.years[-1])

    def run(self) -> Wall | None:
        """The wall time of the next fire time; None where there is none."""
        try:
            for _ in range(MAX_STEPS):
                if self._wall[0] > self._last_year:
                    return None
                if not (self._move_clock() or self._move_day() or self._move_month() or self._move_year()):
                    return self._wall
        except OverflowError:  # the end of the calendar
            pass
        return None

    def _move_to(  # noqa: PLR0917 - a wall time is six numbers
        self, year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
    ) -> bool:
        """Move to a wall time, whose fields may be too large."""
        if year > self._last_year:
            self._wall = (year, 1, 1, 0, 0, 0)
            return True
        if minute > 59 or hour > 23 or month > 12 or not 0 < day <= month_length(year, month):
            # As UTC, which never jumps: this is arithmetic on the wall clock.
            first = datetime(year + (month > 12), month - 12 * (month > 12), 1, tzinfo=UTC)
            moved = first + timedelta(days=day - 1, hours=hour, minutes=minute)
            year, month, day, hour, minute = moved.year, moved.month, moved.day, moved.hour, moved.minute
        self._wall = _existing((year, month, day, hour, minute, second), self._zone)
        return True

    def _move_to_hour(self, year: int, month: int, day: int, hour: int, minute: int) -> bool:
        self._move_to(year, month, day, hour, minute)
        if self._wall[3] != hour and hour != 24:
            # The hour does not exist on that day: go on to the next one.
            self._move_to(*self._wall[:3], hour + 1, self._wall[4], self._wall[5])
        return True

    def _move_clock(self) -> bool:
        """Move seconds, minutes and hours. A move of the seconds alone does not count: the others follow here."""
        seconds, minutes, hours = self._fields.seconds, self._fields.minutes, self._fields.hours
        year, month, day, hour, minute, second = self._wall
        at = bisect_left(seconds, second)
        if at == len(seconds):
            self._move_to(year, month, day, hour, minute + 1, seconds[0])
        elif seconds[at] != second:
            self._move_to(year, month, day, hour, minute, seconds[at])
        year, month, day, hour, minute, second = self._wall
        at = bisect_left(minutes, minute)
        if at == len(minutes):
            return self._move_to_hour(year, month, day, hour + 1, minutes[0])
        if minutes[at] != minute:
            return self._move_to_hour(year, month, day, hour, minutes[at])
        at = bisect_left(hours, hour)
        if at == len(hours):
            return self._move_to_hour(year, month, day + 1, hours[0], 0)
        return hours[at] != hour and self._move_to_hour(year, month, day, hours[at], 0)

    def _move_day(self) -> bool:
        if self._fields.by_weekday:
            return self._move_weekday()
        year, month, day = self._wall[:3]
        rules, days, length = self._fields.rules, self._fields.days, month_length(year, month)
        if rules.nearest_weekday:
            return self._move_to_nearest_weekday(year, month, day)
        if rules.last_day:
            target = length - rules.last_day_offset
            if day > target:
                return self._move_to(year, month + 1, 1)
            return day != target and self._move_to(year, month, target)
        at = bisect_left(days, day)
        if at == len(days) or days[at] > length:
            return self._move_to(year, month + 1, days[0])
        return days[at] != day and self._move_to(year, month, days[at])

    def _move_to_nearest_weekday(self, year: int, month: int, day: int) -> bool:
        """W: the weekday nearest to a day, in the same month."""
        fields, rules, length = self._fields, self._fields.rules, month_length(year, month)
        target = nearest = length - rules.last_day_offset if rules.last_day else fields.days[0]
        weekday = _weekday(year, month, target)
        if weekday == 7:
            nearest += 2 if target == 1 else -1
        elif weekday == 1:
            nearest += -2 if target == length else 1
        then = datetime(year, month, 1, *self._wall[3:], tzinfo=UTC) + timedelta(days=nearest - 1)
        if _instant(_existing(_wall(then), self._zone), self._zone) < self._start:
            return self._move_to(year, month + 1, 1 if rules.last_day else fields.days[0])
        return nearest != day and self._move_to(year, month, nearest)

    def _move_weekday(self) -> bool:
        weekdays, rules = self._fields.weekdays, self._fields.rules
        year, month, day = self._wall[:3]
        today, length = _weekday(year, month, day), month_length(year, month)
        at = 0 if rules.last_weekday or rules.nth_weekday else bisect_left(weekdays, today)
        target = day + (weekdays[at % len(weekdays)] - today) % 7
        if rules.last_weekday and target <= length:
            target += (length - target) // 7 * 7
        elif rules.nth_weekday and not rules.last_weekday:
            week = (target + 6) // 7
            if week > rules.nth_weekday:
                return self._move_to(year, month + 1, 1)
            target += (rules.nth_weekday - week) * 7
        if target > length:
            return self._move_to(year, month + 1, 1)
        return target != day and self._move_to(year, month, target)

    def _move_month(self) -> bool:
        year, month = self._wall[:2]
        months = self._fields.months
        at = bisect_left(months, month)
        if at == len(months):
            return self._move_to(year + 1, months[0], 1)
        return months[at] != month and self._move_to(year, months[at], 1)

    def _move_year(self) -> bool:
        year, years = self._wall[0], self._fields.years
        at = bisect_left(years, year)
        # Past the last one the search ends before the next step.
        return at == len(years) or (years[at] != year and self._move_to(years[at], 1, 1))


def month_length(year: int, month: int) -> int:
    """Days of a month."""
    return 29 if month == 2 and isleap(year) else _LENGTHS[month]


def _weekday(year: int, month: int, day: int) -> int:
    """Sunday 1 … Saturday 7; the day may lie outside the month."""
    return (date(year, month, 1).toordinal() + day - 1) % 7 + 1


def _wall(local: datetime) -> Wall:
    return local.year, local.month, local.day, local.hour, local.minute, local.second


def _instant(wall: Wall, zone: ZoneInfo) -> datetime:
    """The instant of an existing wall time, the second one where there are two."""
    return datetime(*wall, tzinfo=zone, fold=1).astimezone(UTC)


def _existing(wall: Wall, zone: ZoneInfo) -> Wall:
    """The wall time itself, or, where the clock jumps over it, the one that is as much after the jump."""
    if not changes_on(zone, date(*wall[:3]).toordinal()):
        return wall
    local = datetime(*wall, tzinfo=zone)
    return _wall(local.astimezone(UTC).astimezone(zone))


@lru_cache(maxsize=8192)
def changes_on(zone: ZoneInfo, day: int) -> bool:
    """Whether a zone's clock changes on a day, a proleptic Gregorian ordinal."""
    begin = datetime.combine(date.fromordinal(day), datetime.min.time(), zone)
    if day >= date.max.toordinal():
        return False
    end = datetime.combine(date.fromordinal(day + 1), datetime.min.time(), zone).replace(fold=1)
    return begin.utcoffset() != end.utcoffset()
