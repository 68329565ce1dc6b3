"""The Quartz evaluator by example, from Quartz's own tutorial, and by property; no Java needed."""

import contextlib
import random
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule.quartz import CronExpression, month_length
from bot.schedule.quartz_fields import InvalidCron, parse_fields
from tests.schedule.expressions import ZONES, expression, instant

UTC_ZONE = ZoneInfo("UTC")


def fires(text: str, after: str = "2026-05-10 12:00:00", count: int = 3, zone: str = "UTC") -> list[str]:
    """The next fire times as local texts."""
    at: datetime | None = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = []
    for _ in range(count):
        assert at is not None
        at = CronExpression.parse(text).next_after(at, ZoneInfo(zone))
        found.append("none" if at is None else f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}")
        if at is None:
            break
    return [text.removesuffix(":00") for text in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 12 * * ?", ["2026-05-11 12:00", "2026-05-12 12:00", "2026-05-13 12:00"]),
        ("0 15 10 ? * MON-FRI", ["2026-05-11 10:15", "2026-05-12 10:15", "2026-05-13 10:15"]),
        ("0 15 10 ? * 1", ["2026-05-17 10:15", "2026-05-24 10:15", "2026-05-31 10:15"]),  # Sunday is 1
        ("0 0/5 14 * * ?", ["2026-05-10 14:00", "2026-05-10 14:05", "2026-05-10 14:10"]),
        ("0 10,44 14 ? 3 WED", ["2027-03-03 14:10", "2027-03-03 14:44", "2027-03-10 14:10"]),
        ("0 15 10 L * ?", ["2026-05-31 10:15", "2026-06-30 10:15", "2026-07-31 10:15"]),
        ("0 15 10 L-2 * ?", ["2026-05-29 10:15", "2026-06-28 10:15", "2026-07-29 10:15"]),
        ("0 15 10 LW * ?", ["2026-05-29 10:15", "2026-06-30 10:15", "2026-07-31 10:15"]),
        ("0 0 9 15W * ?", ["2026-05-15 09:00", "2026-06-15 09:00", "2026-07-15 09:00"]),
        ("0 0 9 1W 8 ?", ["2026-08-03 09:00", "2027-08-02 09:00", "2028-08-01 09:00"]),  # never back into July
        ("0 15 10 ? * 6L", ["2026-05-29 10:15", "2026-06-26 10:15", "2026-07-31 10:15"]),
        ("0 15 10 ? * FRI#3", ["2026-05-15 10:15", "2026-06-19 10:15", "2026-07-17 10:15"]),
        ("0 15 10 ? * 6#5", ["2026-05-29 10:15", "2026-07-31 10:15", "2026-10-30 10:15"]),  # months that have one
        ("0 0 0 ? * FRI-MON", ["2026-05-11 00:00", "2026-05-15 00:00", "2026-05-16 00:00"]),  # wraps
        ("0 0 22-2 * * ?", ["2026-05-10 22:00", "2026-05-10 23:00", "2026-05-11 00:00"]),
        ("0 0 0 29 2 ?", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("0 0 0 1 1 ? 2028/2", ["2028-01-01 00:00", "2030-01-01 00:00", "2032-01-01 00:00"]),
        ("0 0 0 1 1 ? 2027", ["2027-01-01 00:00", "none"]),
        ("0 0 0 29 2 ? 2100", ["none"]),
        ("0 0 0 30 2 ?", ["none"]),
        ("59 59 23 31 12 ? 2025", ["none"]),
        ("0 11 11 11 11 ?", ["2026-11-11 11:11", "2027-11-11 11:11", "2028-11-11 11:11"]),
        ("0 15 10 ? * mon-fri", ["2026-05-11 10:15", "2026-05-12 10:15", "2026-05-13 10:15"]),
        ("*/20 * * * * ?", ["2026-05-10 12:00:20", "2026-05-10 12:00:40", "2026-05-10 12:01"]),
    ],
)
def test_expressions_fire_when_the_tutorial_says(text: str, expected: list[str]) -> None:
    """After Sunday, 10 May 2026, noon."""
    assert fires(text) == expected


def test_in_a_gap_shorter_than_an_hour_it_counts_on_from_the_time_that_the_clock_shows() -> None:
    """Lord Howe Island, 4 October 2026, 02:00 → 02:30: the search for 02:10 lands at 02:40, so 02:35 is lost."""
    found = fires("0 10,35 * * * ?", "2026-10-03 15:10:00", 3, "Australia/Lord_Howe")
    assert found == ["2026-10-04 03:10", "2026-10-04 03:35", "2026-10-04 04:10"]


def test_an_hour_that_comes_twice_fires_at_the_second_time() -> None:
    """New York, 1 November 2026; asked during the first 01:15 it counts on from 01:15 of the second."""
    zone = ZoneInfo("America/New_York")
    every_half_hour = CronExpression.parse("0 0/30 * * * ?")
    first_quarter_past_one = datetime(2026, 11, 1, 5, 15, tzinfo=UTC)
    assert every_half_hour.next_after(first_quarter_past_one, zone) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    before = datetime(2026, 11, 1, 4, 45, tzinfo=UTC)
    assert every_half_hour.next_after(before, zone) == datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("", "", "six or seven fields are needed, seconds first; there are 0"),
        ("0 3 * * *", "", "six or seven fields are needed, seconds first; there are 5"),
        ("60 0 0 * * ?", "seconds", "60 is not from 0 to 59"),
        ("0 0 24 * * ?", "hours", "24 is not from 0 to 23"),
        ("0 0 0 32 * ?", "day of month", "32 is not from 1 to 31"),
        ("0 0 0 ? * 8", "day of week", "8 is not from 1 to 7"),
        ("0 0 0 ? * 0", "day of week", "0 is not from 1 to 7"),
        ("0 0 0 ? 13 2", "month", "13 is not from 1 to 12"),
        ("0 0 0 ? * MOO", "day of week", "MOO is not known here"),
        ("0 0 0 * * *", "day of week", "either the day of month or the day of week must be ?"),
        ("0 0 0 ? * ?", "day of week", "? can't be both"),
        ("? 0 0 * * ?", "seconds", "? is for the day of month or the day of week only"),
        ("L 0 0 * * ?", "seconds", "L is for the day of month or the day of week only"),
        ("0 0 0 L,15 * ?", "day of month", "L can't be combined with other days"),
        ("0 0 0 L-31 * ?", "day of month", "at most 30 days"),
        ("0 0 0 ? * 2#1,3#2", "day of week", "only one #"),
        ("0 0 0 ? * 2#6", "day of week", "a number from 1 to 5 must follow #"),
        ("0 0 0 ? * 15W", "day of week", "W is for the day of month only"),
        ("0 0 0 5L * ?", "day of month", "L is for the day of week only"),
        ("0 0/60 0 * * ?", "minutes", "a step of 60 is more than 59"),
        ("0 */x 0 * * ?", "minutes", "a number must follow /"),
        ("0 0 0 1 1 ? 2030-2020", "year", "2030-2020 runs backwards"),
        ("0 0 0 1- 1 ?", "day of month", "a number must follow"),
        ("0 0 0 $ 1 ?", "day of month", "unexpected character $"),
    ],
)
def test_an_invalid_expression_names_the_field_and_the_reason(text: str, field: str, reason: str) -> None:
    """A person needs both to mend it."""
    with pytest.raises(InvalidCron) as caught:
        parse_fields(text)
    assert caught.value.field == field
    assert reason in caught.value.reason


@given(st.integers(0, 2**32), st.sampled_from(ZONES))
@settings(max_examples=150, deadline=None)
def test_every_fire_time_matches_its_fields_and_none_lies_between(seed: int, zone: str) -> None:
    """Each is later than the one before, and every field admits it on the zone's wall clock."""
    draw = random.Random(seed)
    text, at = expression(draw), instant(draw, zone)
    fields = parse_fields(text)
    for _ in range(3):
        found = CronExpression.parse(text).next_after(at, ZoneInfo(zone))
        if found is None:
            return
        assert found > at
        wall = found.astimezone(ZoneInfo(zone))
        assert wall.second in fields.seconds
        assert wall.minute in fields.minutes
        assert wall.hour in fields.hours
        assert wall.month in fields.months
        assert wall.year in fields.years
        if fields.by_weekday:
            assert wall.isoweekday() % 7 + 1 in fields.weekdays
        elif not fields.rules.last_day and not fields.rules.nearest_weekday:
            assert wall.day in fields.days
        assert wall.day <= month_length(wall.year, wall.month)
        at = found


@given(st.text(max_size=40) | st.from_regex(r"[0-9*?/,LW#\- ]{0,40}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_expression_or_an_invalid_cron(text: str) -> None:
    """No other exception is raised, and every valid expression can be searched."""
    with contextlib.suppress(InvalidCron):
        found = CronExpression.parse(text).next_after(datetime(2026, 5, 10, tzinfo=UTC), UTC_ZONE)
        assert found is None or found.year >= 2026


@pytest.mark.parametrize(
    "text",
    [
        "0 0 0 30 2 ?",
        "0 0 0 29 2 ? 2100",
        "0 0 0 L-30W * ?",
        "59 59 23 ? 2 7#5",
        "0 0 0 31 2,4,6,9,11 ?",
    ],
)
def test_no_search_takes_long(text: str) -> None:
    """Not even for dates that never come; Quartz itself never ends on L-30W. Ten times the goal of 50 ms may pass."""
    began = time.perf_counter()
    at: datetime | None = datetime(2026, 5, 10, tzinfo=UTC)
    for _ in range(3):
        at = CronExpression.parse(text).next_after(at, ZoneInfo("Europe/Paris")) if at else None
    assert time.perf_counter() - began < 3 * 0.5


def test_at_the_end_of_the_calendar_no_fire_time_is_left() -> None:
    """The search ends without an error."""
    assert CronExpression.parse("0 0 0 * * ?").next_after(datetime(9999, 12, 30, tzinfo=UTC), UTC_ZONE) is None
