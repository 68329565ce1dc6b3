"""When a Quartz cron expression fires: the next instant after another one, in a time zone.

It walks as Quartz does, on the wall clock of the zone, field by field from the seconds up, and takes a wall time
that does not exist for the one that the clock shows instead (02:30 is 03:30 when the clock jumps from 2 to 3). That
is why a time inside a gap is not made up for, and why of two equal wall times only the second one fires. Where a
gap is shorter than an hour (Lord Howe Island) this loses the minutes behind it, in Quartz as here: compared with
Quartz 2.3.2 in tests/schedule/test_quartz_java.py.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.schedule.quartz_fields import LAST_YEAR, CronFields, parse

YEARS_AHEAD = 100
"""Quartz gives up on a date further ahead than this."""
MOST_STEPS = 5_000
"""Steps of one search. A date that never comes needs about 1,500; some expressions (L-30W) make Quartz itself
run for ever."""

_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Wall = tuple[int, int, int, int, int, int]
"""Year, month, day, hour, minute, second."""


@dataclass(frozen=True, slots=True)
class Quartz:
    """An expression, ready to be asked."""

    fields: CronFields

    @classmethod
    def of(cls, expression: str) -> "Quartz":
        """Reads an expression, once. Raises InvalidCron."""
        return _read(expression)

    def next_after(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The first instant later than ``after`` (aware, to the second), in UTC; None if there is none."""
        start = after.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        found = _Search(self.fields, zone, start).run()
        return None if found is None else _instant(found, zone)


@lru_cache(maxsize=1024)
def _read(expression: str) -> Quartz:
    return Quartz(parse(expression))


class _Search:
    """One search: the wall time it stands at, moved ahead until every field agrees."""

    __slots__ = ("_fields", "_start", "_wall", "_year_end", "_zone")

    def __init__(self, fields: CronFields, zone: ZoneInfo, start: datetime) -> None:
        self._fields = fields
        self._zone = zone
        self._start = start
        local = start.astimezone(zone)
        self._wall: Wall = (local.year, local.month, local.day, local.hour, local.minute, local.second)
        self._year_end = min(local.year + YEARS_AHEAD, LAST_YEAR, fields.years[-1])

    def run(self) -> Wall | None:
        """The wall time of the next fire time; None where there is none."""
        try:
            for _ in range(MOST_STEPS):
                if self._wall[0] > self._year_end:
                    return None
                if not (self._clock() or self._day() or self._month() or self._year()):
                    return self._wall
        except OverflowError:  # the end of the calendar
            return None
        return None

    def _to(  # noqa: PLR0917 - a wall time is six numbers
        self, year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
    ) -> bool:
        """Moves to a wall time, which may be too far in any field; True, for short."""
        if year > self._year_end:
            self._wall = (year, 1, 1, 0, 0, 0)
            return True
        if minute > 59 or hour > 23 or month > 12 or not 0 < day <= month_length(year, month):
            # As UTC, which never jumps: this is arithmetic on the wall clock.
            first = datetime(year + (month > 12), month - 12 * (month > 12), 1, tzinfo=UTC)
            moved = first + timedelta(days=day - 1, hours=hour, minutes=minute)
            year, month, day, hour, minute = moved.year, moved.month, moved.day, moved.hour, moved.minute
        self._wall = _existing((year, month, day, hour, minute, second), self._zone)
        return True

    def _hour_to(self, year: int, month: int, day: int, hour: int, minute: int) -> bool:
        self._to(year, month, day, hour, minute)
        if self._wall[3] != hour and hour != 24:
            # The hour does not exist on that day: on to the next one.
            self._to(*self._wall[:3], hour + 1, self._wall[4], self._wall[5])
        return True

    def _clock(self) -> bool:
        """Seconds, minutes, hours; True where the wall time moved on and all must be looked at again."""
        fields = self._fields
        year, month, day, hour, minute, second = self._wall
        at = bisect_left(fields.seconds, second)
        if at < len(fields.seconds):
            if fields.seconds[at] != second:
                self._to(year, month, day, hour, minute, fields.seconds[at])
        else:
            self._to(year, month, day, hour, minute + 1, fields.seconds[0])
        year, month, day, hour, minute, second = self._wall
        at = bisect_left(fields.minutes, minute)
        if at == len(fields.minutes):
            return self._hour_to(year, month, day, hour + 1, fields.minutes[0])
        if fields.minutes[at] != minute:
            return self._hour_to(year, month, day, hour, fields.minutes[at])
        at = bisect_left(fields.hours, hour)
        if at == len(fields.hours):
            return self._hour_to(year, month, day + 1, fields.hours[0], 0)
        if fields.hours[at] != hour:
            return self._hour_to(year, month, day, fields.hours[at], 0)
        return False

    def _day(self) -> bool:
        if self._fields.by_weekday:
            return self._weekday()
        year, month, day = self._wall[:3]
        if self._fields.nearest_weekday:
            return self._nearest_weekday(year, month, day)
        length = month_length(year, month)
        if self._fields.last_day:
            wanted = length - self._fields.last_day_offset
            if day > wanted:
                return self._to(year, month + 1, 1)
            return day != wanted and self._to(year, month, wanted)
        days = self._fields.days
        at = bisect_left(days, day)
        if at == len(days) or days[at] > length:
            return self._to(year, month + 1, days[0])
        return days[at] != day and self._to(year, month, days[at])

    def _nearest_weekday(self, year: int, month: int, day: int) -> bool:
        """W: the weekday nearest to a day, in the same month."""
        fields = self._fields
        length = month_length(year, month)
        wanted = length - fields.last_day_offset if fields.last_day else fields.days[0]
        name = _weekday(year, month, wanted)
        moved = wanted
        if name == 7:
            moved += 2 if wanted == 1 else -1
        elif name == 1:
            moved += -2 if wanted == length else 1
        then = datetime(year, month, 1, *self._wall[3:], tzinfo=UTC) + timedelta(days=moved - 1)
        if _instant(_existing(_wall_of(then), self._zone), self._zone) < self._start:
            return self._to(year, month + 1, 1 if fields.last_day else fields.days[0])
        return moved != day and self._to(year, month, moved)

    def _weekday(self) -> bool:
        fields = self._fields
        year, month, day = self._wall[:3]
        today, length = _weekday(year, month, day), month_length(year, month)
        if fields.last_weekday:
            wanted = day + (fields.weekdays[0] - today) % 7
            if wanted > length:
                return self._to(year, month + 1, 1)
            wanted += (length - wanted) // 7 * 7
        elif fields.nth_weekday:
            wanted = day + (fields.weekdays[0] - today) % 7
            week = (wanted + 6) // 7
            if week > fields.nth_weekday:
                return self._to(year, month + 1, 1)
            wanted += (fields.nth_weekday - week) * 7
        else:
            at = bisect_left(fields.weekdays, today)
            name = fields.weekdays[at] if at < len(fields.weekdays) else fields.weekdays[0]
            wanted = day + (name - today) % 7
        if wanted > length:
            return self._to(year, month + 1, 1)
        return wanted != day and self._to(year, month, wanted)

    def _month(self) -> bool:
        year, month = self._wall[:2]
        months = self._fields.months
        at = bisect_left(months, month)
        if at == len(months):
            return self._to(year + 1, months[0], 1)
        return months[at] != month and self._to(year, months[at], 1)

    def _year(self) -> bool:
        year = self._wall[0]
        years = self._fields.years
        at = bisect_left(years, year)
        if at == len(years):  # the wall time has just moved past the last one
            return True
        return years[at] != year and self._to(years[at], 1, 1)


def month_length(year: int, month: int) -> int:
    """Days of a month."""
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap else _LENGTHS[month]


def _weekday(year: int, month: int, day: int) -> int:
    """Sunday 1 … Saturday 7; the day may lie outside the month."""
    return (date(year, month, 1).toordinal() + day - 1) % 7 + 1


def _wall_of(local: datetime) -> Wall:
    return local.year, local.month, local.day, local.hour, local.minute, local.second


def _instant(wall: Wall, zone: ZoneInfo) -> datetime:
    """The instant of an existing wall time, the second one where there are two."""
    return datetime(*wall, tzinfo=zone, fold=1).astimezone(UTC)


def _existing(wall: Wall, zone: ZoneInfo) -> Wall:
    """The wall time itself, or, where the clock jumps over it, what it shows that much after the jump."""
    if not changes_on(zone, date(*wall[:3]).toordinal()):
        return wall
    local = datetime(*wall, tzinfo=zone)
    return _wall_of(local.astimezone(UTC).astimezone(zone))


def is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the zone's clock never shows a wall time (a naive datetime)."""
    return _existing(_wall_of(wall), zone) != _wall_of(wall)


@lru_cache(maxsize=8192)
def changes_on(zone: ZoneInfo, day: int) -> bool:
    """Whether a zone's clock is changed on a day, given as a proleptic Gregorian ordinal."""
    begin = datetime.combine(date.fromordinal(day), datetime.min.time(), zone)
    if day >= date.max.toordinal():
        return False
    end = datetime.combine(date.fromordinal(day + 1), datetime.min.time(), zone).replace(fold=1)
    return begin.utcoffset() != end.utcoffset()
