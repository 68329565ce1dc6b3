"""Fire times: ONCE and PERIODIC, in zones, around clock changes, and for any values."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.schedule.trigger import (
    Outlook,
    Trigger,
    find_zone,
    instant,
    is_second_occurrence,
    outlook,
    parse_time_of_day,
    parse_weekdays,
    upcoming,
)

TESTS = Path(__file__).parents[1]
NEVER_MS = 253402300799000
"""9999-12-31T23:59:59Z, which means "never" in many systems."""

EVERY_DAY = "1,2,3,4,5,6,7"
ZONES = ("Asia/Shanghai", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")


def utc(text: str) -> datetime:
    """An instant from ``2026-01-05 10:00``, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moments(first_year: int, last_year: int) -> st.SearchStrategy[datetime]:
    """Any instant in these years, to the second."""
    first, last = (round(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first_year, last_year))
    return st.integers(first, last).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def ms(moment: datetime) -> int:
    """The instant in milliseconds, as COC sends it."""
    return round(moment.timestamp() * 1000)


def daily(zone: str, at: str, **more: str) -> Trigger:
    """A task that runs every day."""
    return Trigger("PERIODIC", zone_name=zone, time_of_day=at, weekdays=more.get("weekdays", EVERY_DAY))


def runs(trigger: Trigger, after: str, count: int = 3) -> list[str]:
    """The next runs, as UTC texts."""
    found = outlook(trigger, utc(after), count)
    assert found.problem is None
    return [f"{run:%Y-%m-%d %H:%M}" for run in found.runs]


def test_once_runs_once_strictly_after_now() -> None:
    """Its instant is in milliseconds UTC; at that very instant no run is left."""
    at = utc("2025-05-10 08:35:30")
    trigger = Trigger("ONCE", single_ms=1746866130000)
    assert outlook(trigger, at - timedelta(milliseconds=1)) == Outlook((at,))
    assert outlook(trigger, at) == Outlook()
    assert outlook(trigger, at + timedelta(days=1)) == Outlook()


def test_once_ignores_the_end() -> None:
    """``scheduled_close_time`` belongs to PERIODIC and CRON."""
    trigger = Trigger("ONCE", single_ms=1746866130000, close_ms=1)
    assert trigger.closes is None
    assert len(outlook(trigger, utc("2020-01-01")).runs) == 1


def test_s2_runs_on_sundays_mondays_wednesdays_and_thursdays_at_17_30_in_shanghai() -> None:
    """The document's own example of a period: "1,2,4,5" counts from Sunday."""
    wire = json.loads((TESTS / "samples" / "S2.json").read_text("utf-8"))["trigger_time"]
    trigger = Trigger(
        wire["policy"],
        wire["time_zone"],
        time_of_day=wire["periodic_scheduled_time"],
        weekdays=wire["period"],
        close_ms=wire["scheduled_close_time"],
    )
    found = outlook(trigger, utc("2026-01-02 12:00"), 5).runs  # a Friday
    assert [f"{run:%a %d %H:%M}" for run in found] == [
        "Sun 04 09:30",
        "Mon 05 09:30",
        "Wed 07 09:30",
        "Thu 08 09:30",
        "Sun 11 09:30",
    ]


@pytest.mark.parametrize(("number", "name"), list(enumerate(("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"), 1)))
def test_weekdays_count_from_sunday(number: int, name: str) -> None:
    """Sunday is 1, Saturday is 7, in the task's zone and not in UTC."""
    trigger = daily("Asia/Shanghai", "00:30", weekdays=str(number))
    (run,) = outlook(trigger, utc("2026-01-05"), 1).runs
    assert f"{run.astimezone(ZoneInfo('Asia/Shanghai')):%a}" == name


def test_an_absent_zone_is_shanghai() -> None:
    """The document's default."""
    assert runs(Trigger("PERIODIC", time_of_day="08:00", weekdays="2"), "2026-01-04 23:00") == [
        "2026-01-05 00:00",
        "2026-01-12 00:00",
        "2026-01-19 00:00",
    ]


def test_the_last_run_may_be_at_the_very_end_but_not_after() -> None:
    """The end is inclusive, as in Quartz."""
    end = utc("2026-01-06 12:00")
    for close, expected in ((end, 2), (end - timedelta(milliseconds=1), 1), (end + timedelta(days=9), 3)):
        trigger = Trigger("PERIODIC", "UTC", time_of_day="12:00", weekdays=EVERY_DAY, close_ms=ms(close))
        assert len(outlook(trigger, utc("2026-01-05 11:00")).runs) == expected


@pytest.mark.parametrize("policy", ["PERIODIC", "CRON"])
def test_after_the_end_no_run_is_left(policy: str) -> None:
    """The schedule is over, even if its other fields are unreadable; that is not a problem."""
    trigger = Trigger(policy, close_ms=ms(utc("2026-01-05")))
    assert outlook(trigger, utc("2026-01-05")) == Outlook()


@pytest.mark.parametrize(
    ("trigger", "says"),
    [
        (Trigger("ONCE"), "the task names no time to run at"),
        (Trigger("ONCE", single_ms=10**20), "the task names no time to run at"),
        (daily("Mars/Olympus", "12:00"), "unknown time zone Mars/Olympus"),
        (daily("UTC", "25:00"), "the task's time of day can't be read"),
        (daily("UTC", "12:00", weekdays="8"), "the task's weekdays can't be read"),
        (daily("UTC", "12:00", weekdays=" "), "the task's weekdays can't be read"),
        (Trigger("CRON"), "the task names no cron expression"),
        (
            Trigger("CRON", cron="0 0 25 * * ?"),
            "the cron expression is not valid: hours: 25 is not from 0 to 23",
        ),
        (
            Trigger("CRON", cron="0 3 * * *"),
            "the cron expression is not valid: six or seven fields are needed, seconds first; there are 5",
        ),
        (Trigger("CRON", "Mars/Olympus", cron="0 0 3 * * ?"), "unknown time zone Mars/Olympus"),
        (Trigger("WEEKLY"), "unknown schedule policy WEEKLY"),
        (Trigger(""), "COC sent no schedule"),
    ],
)
def test_unknown_fire_times_have_a_reason(trigger: Trigger, says: str) -> None:
    """An outlook with a problem has no run, and differs from one that is over."""
    assert outlook(trigger, utc("2026-01-05")) == Outlook(problem=says)


@pytest.mark.parametrize(
    ("zone", "at", "after", "expected"),
    [
        # 29 March 2026, 02:00 → 03:00: 02:30 does not exist and is skipped.
        ("Europe/Paris", "02:30", "2026-03-27 12:00", ["2026-03-28 01:30", "2026-03-30 00:30", "2026-03-31 00:30"]),
        ("Europe/Paris", "02:00", "2026-03-28 12:00", ["2026-03-30 00:00", "2026-03-31 00:00", "2026-04-01 00:00"]),
        ("Europe/Paris", "03:00", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 01:00", "2026-03-31 01:00"]),
        # 25 October 2026, 03:00 → 02:00: 02:30 comes twice and fires at the second one.
        ("Europe/Paris", "02:30", "2026-10-24 12:00", ["2026-10-25 01:30", "2026-10-26 01:30", "2026-10-27 01:30"]),
        # Asked during the first 02:45, Quartz counts on from 02:45.
        ("Europe/Paris", "02:30", "2026-10-25 00:45", ["2026-10-26 01:30", "2026-10-27 01:30", "2026-10-28 01:30"]),
        ("Europe/Paris", "02:30", "2026-10-25 01:30", ["2026-10-26 01:30", "2026-10-27 01:30", "2026-10-28 01:30"]),
        # 8 March and 1 November 2026.
        (
            "America/New_York",
            "02:15",
            "2026-03-07 12:00",
            ["2026-03-09 06:15", "2026-03-10 06:15", "2026-03-11 06:15"],
        ),
        (
            "America/New_York",
            "01:15",
            "2026-10-31 12:00",
            ["2026-11-01 06:15", "2026-11-02 06:15", "2026-11-03 06:15"],
        ),
        # Half an hour: 4 October 2026 02:00 → 02:30; 5 April 2026 02:00 → 01:30.
        (
            "Australia/Lord_Howe",
            "02:15",
            "2026-10-03 00:00",
            ["2026-10-04 15:15", "2026-10-05 15:15", "2026-10-06 15:15"],
        ),
        (
            "Australia/Lord_Howe",
            "01:45",
            "2026-04-04 00:00",
            ["2026-04-04 15:15", "2026-04-05 15:15", "2026-04-06 15:15"],
        ),
        # Midnight itself was missing on 4 November 2018, and came twice on 18 February.
        (
            "America/Sao_Paulo",
            "00:00",
            "2018-11-02 12:00",
            ["2018-11-03 03:00", "2018-11-05 02:00", "2018-11-06 02:00"],
        ),
        (
            "America/Sao_Paulo",
            "23:30",
            "2018-02-17 12:00",
            ["2018-02-18 02:30", "2018-02-19 02:30", "2018-02-20 02:30"],
        ),
        # A whole day was missing: Samoa had no 30 December 2011.
        ("Pacific/Apia", "12:00", "2011-12-29 00:00", ["2011-12-29 22:00", "2011-12-30 22:00", "2011-12-31 22:00"]),
    ],
)
def test_around_clock_changes_it_runs_as_quartz_does(zone: str, at: str, after: str, expected: list[str]) -> None:
    """A local time that does not exist is skipped; one that comes twice fires once, at the second occurrence."""
    assert runs(daily(zone, at), after) == expected


def test_a_time_that_a_clock_change_skips_is_named() -> None:
    """Only if it is before the last run that is shown."""
    paris = ZoneInfo("Europe/Paris")
    spring = outlook(daily("Europe/Paris", "02:30"), utc("2026-03-28 12:00"))
    assert str(spring.skipped) == "2026-03-29 02:30:00"
    assert outlook(daily("Europe/Paris", "03:30"), utc("2026-03-28 12:00")).skipped is None
    assert outlook(daily("Europe/Paris", "02:30"), utc("2026-03-30 12:00")).skipped is None
    cron = Trigger("CRON", "Europe/Paris", cron="0 30 2 ? * SUN")
    assert outlook(cron, utc("2026-03-23 12:00")).skipped == spring.skipped
    autumn = outlook(daily("Europe/Paris", "02:30"), utc("2026-10-24 12:00"))
    assert autumn.skipped is None
    assert [is_second_occurrence(run, paris) for run in autumn.runs] == [True, False, False]


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-10-24 23:59", "2026-10-25 01:30"),
        ("2026-10-25 00:00", "2026-10-25 01:30"),
        ("2026-10-25 00:45", "2026-10-25 01:30"),  # the first 02:45: the second 02:30 is still ahead
        ("2026-10-25 00:59:59", "2026-10-25 01:30"),
        ("2026-10-25 01:29:59", "2026-10-25 01:30"),
        ("2026-10-25 01:30", "2026-10-26 01:30"),
    ],
)
def test_a_running_schedule_does_not_lose_the_hour_that_comes_twice(now: str, first: str) -> None:
    """Its next time was set before the first of the two hours."""
    for trigger in (daily("Europe/Paris", "02:30"), Trigger("CRON", "Europe/Paris", cron="0 30 2 * * ?")):
        found = upcoming(trigger, utc(now))
        assert f"{found.runs[0]:%Y-%m-%d %H:%M}" == first
        assert len(found.runs) == 3
    every_minute = upcoming(Trigger("CRON", "Europe/Paris", cron="0 * * * * ?"), utc("2026-10-25 00:45"))
    assert every_minute.runs[0] == utc("2026-10-25 01:00")


def test_cron_runs_until_the_end_and_never_on_a_date_that_never_comes() -> None:
    """The end is inclusive; a date that never comes leaves no run and is not a problem."""
    weekdays_only = Trigger("CRON", "UTC", cron="0 15 10 ? * MON-FRI", close_ms=ms(utc("2026-01-06 10:15")))
    assert runs(weekdays_only, "2026-01-02 10:15") == ["2026-01-05 10:15", "2026-01-06 10:15"]
    assert outlook(Trigger("CRON", "UTC", cron="0 0 0 30 2 ?"), utc("2026-01-05")) == Outlook()


@given(
    zone=st.sampled_from(ZONES),
    after=moments(2015, 2037),
    at=st.times().map(lambda moment: moment.replace(microsecond=0)),
    days=st.sets(st.integers(1, 7), min_size=1),
)
@settings(max_examples=100, deadline=None)
def test_a_periodic_schedule_equals_the_same_cron_expression(
    *, zone: str, after: datetime, at: time, days: set[int]
) -> None:
    """Both count weekdays from Sunday = 1."""
    names = ",".join(map(str, sorted(days)))
    periodic = Trigger("PERIODIC", zone, time_of_day=f"{at:%H:%M:%S}", weekdays=names)
    cron = Trigger("CRON", zone, cron=f"{at.second} {at.minute} {at.hour} ? * {names}")
    assert outlook(periodic, after, 5) == outlook(cron, after, 5)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1", (7,)),
        ("7, 2,2", (1, 6)),
        ("1,2,3,4,5,6,7", (1, 2, 3, 4, 5, 6, 7)),
        ("2，3", (1, 2)),
        (",3,", (2,)),
        ("0", None),
        ("8", None),
        ("MON", None),
        ("1-3", None),
        ("", None),
        (None, None),
    ],
)
def test_a_period_is_parsed_into_iso_weekdays(text: str | None, days: tuple[int, ...] | None) -> None:
    """Monday is 1 in the result; one unreadable part makes all of it None."""
    assert parse_weekdays(text) == days


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("17:30:00", time(17, 30)),
        ("17:30", time(17, 30)),
        (" 7:05:09 ", time(7, 5, 9)),
        ("00:00:00", time(0)),
        ("24:00", None),
        ("12:60", None),
        ("12:00:61", None),
        ("noon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_of_day_is_parsed_with_or_without_seconds(text: str | None, at: time | None) -> None:
    """In 24-hour format."""
    assert parse_time_of_day(text) == at


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, utc("1970-01-01")),
        (1746866130123, utc("2025-05-10 08:35:30.123")),
        (None, None),
        (10**18, None),
        (-(10**18), None),
        (10**400, None),
        (NEVER_MS, datetime(9999, 12, 30, tzinfo=UTC)),
        (-62135596800000, datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_milliseconds_become_an_instant_that_every_zone_can_show(
    value: int | None, expected: datetime | None
) -> None:
    """None outside the calendar; at its edges the instant stays a day inside."""
    found = instant(value)
    assert found == expected
    if found is not None:
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            assert found.astimezone(ZoneInfo(zone)) == found


@pytest.mark.parametrize(
    "name",
    [
        *("Mars/Olympus", "Asia", "GMT+8", "../../etc/passwd", "/etc/localtime", "zone.tab", "a\0b", "\ud800"),
        *("x" * 5000, "Asia/Shanghai/", "时区", " "),
    ],
)
def test_a_bad_zone_name_finds_no_zone(name: str) -> None:
    """Directories, paths, files that are not zones and impossible names: no exception, no file is read."""
    assert find_zone(name) is None


def test_a_zone_name_may_have_blanks_around_it() -> None:
    """Pasted names have them."""
    assert find_zone(" Europe/Paris ") == ZoneInfo("Europe/Paris")


@given(
    zone=st.sampled_from(ZONES),
    after=moments(2015, 2037),
    at=st.times().map(lambda moment: moment.replace(microsecond=0)),
    days=st.sets(st.integers(1, 7), min_size=1),
    open_for=st.none() | st.timedeltas(timedelta(0), timedelta(days=60)),
    count=st.integers(1, 12),
)
@settings(max_examples=200, deadline=None)
def test_runs_are_ahead_in_order_on_the_right_days_and_never_after_the_end(
    *, zone: str, after: datetime, at: time, days: set[int], open_for: timedelta | None, count: int
) -> None:
    """Strictly increasing, at the local time of day, on the task's weekdays, with no day left out between them."""
    # Asked while the clock shows an hour for the first time, Quartz looks on from what it shows.
    shown_now = after.astimezone(ZoneInfo(zone))
    assume(shown_now.replace(fold=0).utcoffset() == shown_now.replace(fold=1).utcoffset())
    trigger = Trigger(
        "PERIODIC",
        zone_name=zone,
        time_of_day=f"{at:%H:%M:%S}",
        weekdays=",".join(map(str, sorted(days))),
        close_ms=None if open_for is None else ms(after + open_for),
    )
    found = outlook(trigger, after, count)
    assert found.problem is None
    assert all(run > before for before, run in zip((after, *found.runs), found.runs, strict=False))
    closes = trigger.closes
    for run in found.runs:
        local = run.astimezone(ZoneInfo(zone))
        assert local.time() == at
        assert local.isoweekday() % 7 + 1 in days
        assert closes is None or run <= closes
    # Every matching local day up to the last run, or to the end, has its run, unless its local time is skipped.
    last = found.runs[-1] if len(found.runs) == count else closes
    assert last is not None
    day, expected = after.astimezone(ZoneInfo(zone)).date() - timedelta(days=1), []
    while day <= last.astimezone(ZoneInfo(zone)).date():
        shown = by_search(day, at, zone)
        if day.isoweekday() % 7 + 1 in days and shown is not None and after < shown <= last:
            expected.append(shown)
        day += timedelta(days=1)
    assert list(found.runs) == expected


def by_search(day: date, at: time, zone: str) -> datetime | None:
    """Find the last instant at which the zone's clock shows this, by trying every offset of that time."""
    naive = datetime.combine(day, at)
    about = naive.replace(tzinfo=UTC)
    offsets = {
        (about + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
        for hours in range(-30, 31)
    }
    shown = [about - offset for offset in offsets]
    fitting = [run for run in shown if run.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == naive]
    return max(fitting, default=None)


ANY_TEXT = st.none() | st.text(st.characters(exclude_categories=[]), max_size=12)
ANY_MS = st.none() | st.integers() | st.sampled_from([NEVER_MS, -62135596800000, 2**63 - 1, -(2**63), 10**300])
ANY_TRIGGER = st.builds(
    Trigger,
    policy=st.sampled_from(["ONCE", "PERIODIC", "CRON", "WEEKLY", ""]) | st.text(max_size=6),
    zone_name=ANY_TEXT | st.sampled_from([*ZONES, "Asia", "zone.tab"]),
    single_ms=ANY_MS,
    time_of_day=ANY_TEXT | st.sampled_from(["17:30:00", "02:30"]),
    weekdays=ANY_TEXT | st.sampled_from(["1", EVERY_DAY]),
    cron=ANY_TEXT,
    close_ms=ANY_MS,
)


@given(ANY_TRIGGER, moments(1971, 9000))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_trigger_has_an_outlook(trigger: Trigger, after: datetime) -> None:
    """Odd zones, huge milliseconds, any text: later runs, a problem or neither, and never an exception."""
    found = outlook(trigger, after)
    assert all(run > after for run in found.runs)
    assert not (found.runs and found.problem)
    if trigger.closes is not None:
        assert all(run <= trigger.closes for run in found.runs)
