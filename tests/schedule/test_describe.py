"""Schedules in words."""

import locale
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule.describe import describe, format_distance, format_duration, local_time
from bot.schedule.trigger import Trigger


def periodic(days: str | None, at: str | None) -> Trigger:
    """A periodic trigger in Shanghai."""
    return Trigger("PERIODIC", "Asia/Shanghai", time_of_day=at, weekdays=days)


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Trigger("ONCE", "Asia/Shanghai", single_ms=1746866130000), "Once, Sat 10 May 2025, 16:35:30"),
        (Trigger("ONCE", "Asia/Shanghai", single_ms=1767576600000), "Once, Mon 5 Jan 2026, 09:30"),
        (Trigger("ONCE", single_ms=1767576600000), "Once, Mon 5 Jan 2026, 09:30"),
        (Trigger("ONCE", "Europe/Paris", single_ms=1767576600000), "Once, Mon 5 Jan 2026, 02:30"),
        (Trigger("ONCE", "Mars/Olympus", single_ms=1767576600000), "Once, 2026-01-05 01:30:00 UTC"),
        (Trigger("ONCE"), "Once, at a time that COC does not name"),
        (Trigger("ONCE", "Asia/Shanghai", single_ms=253402300799000), "Once, Thu 30 Dec 9999, 08:00"),
        (periodic("1,2,4,5", "17:30:00"), "Every Sunday, Monday, Wednesday and Thursday at 17:30"),
        (periodic("6,2", "17:30"), "Every Monday and Friday at 17:30"),
        (periodic("7", "02:00:00"), "Every Saturday at 02:00"),
        (periodic("1,2,3,4,5,6,7", "02:00:05"), "Every day at 02:00:05"),
        (periodic("1,9", "02:00"), "On days 1,9 at 02:00"),
        (periodic(None, "02:00"), "On days that COC does not name at 02:00"),
        (periodic("1", "noon"), "Every Sunday at noon"),
        (periodic("1", None), "Every Sunday at a time that COC does not name"),
        (Trigger("CRON", cron="0 15 10 ? * *"), "At 10:15"),
        (Trigger("CRON", cron="0 15 10 ? * 2-6"), "At 10:15, Monday through Friday"),
        (Trigger("CRON", cron="0 15 10 ? * 1"), "At 10:15, only on Sunday"),
        (Trigger("CRON", cron="0 0 3 L * ?"), "At 03:00, on the last day of the month"),
        (Trigger("CRON", cron="0 0 3 LW * ?"), "At 03:00, on the last weekday of the month"),
        (Trigger("CRON", cron="0 0 3 ? * 6L"), "At 03:00, on the last Friday of the month"),
        (Trigger("CRON", cron="0 0 3 ? * 6#3"), "At 03:00, on the third Friday of the month"),
        (Trigger("CRON", cron="0 15 10 ? * * 2026"), "At 10:15, only in 2026"),
        # Five fields would be Unix cron, whose weekdays are one off.
        (Trigger("CRON", cron="15 10 * * 1"), "A cron expression that can't be put into words"),
        (Trigger("CRON", cron="a b c d e f"), "A cron expression that can't be put into words"),
        (Trigger("CRON"), "No cron expression"),
        (Trigger("WEEKLY"), "Unknown policy WEEKLY"),
    ],
)
def test_a_schedule_in_words(trigger: Trigger, words: str) -> None:
    """Each policy, in the task's own zone; raw values where they make no sense."""
    assert describe(trigger) == words


def test_the_words_are_english_whatever_the_machine_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would otherwise use the language of the host, and warn without one."""
    for language in ("de_DE", None):
        monkeypatch.setattr(locale, "getlocale", lambda *_, found=language: (found, "UTF-8"))
        assert describe(Trigger("CRON", cron="0 15 10 ? * 2-6")) == "At 10:15, Monday through Friday"


def test_a_local_time_needs_a_time_and_a_zone() -> None:
    """None if either is missing."""
    assert local_time(Trigger("ONCE", "UTC", single_ms=1767576600000)) == "Mon 5 Jan 2026, 01:30"
    assert local_time(Trigger("ONCE", "Nowhere/No", single_ms=1767576600000)) is None
    assert local_time(Trigger("ONCE", "UTC")) is None


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=89.4), "89 s"),
        (timedelta(seconds=90), "2 min"),
        (timedelta(minutes=89), "89 min"),
        (timedelta(minutes=90), "2 h"),
        (timedelta(hours=14, minutes=20), "14 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=400), "400 days"),
        (timedelta(hours=-14), "14 h"),
    ],
)
def test_a_distance_has_one_unit(span: timedelta, words: str) -> None:
    """No unit is used for less than one and a half of it."""
    assert format_distance(span.total_seconds()) == words


CRON_LIKE = st.lists(st.text("0123456789*?/,-LW#", min_size=1, max_size=6), min_size=4, max_size=8).map(" ".join)


@given(
    st.builds(
        Trigger,
        policy=st.sampled_from(["ONCE", "PERIODIC", "CRON"]) | st.text(max_size=6),
        zone_name=st.none() | st.text(max_size=8) | st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago"]),
        single_ms=st.none() | st.integers() | st.integers(-(2**47), 2**48),
        time_of_day=st.none() | st.text(max_size=8) | st.times().map(str),
        weekdays=st.none() | st.text("1234567, x", max_size=8),
        cron=st.none() | CRON_LIKE | st.text(max_size=12),
    )
)
@settings(max_examples=200, deadline=None)
def test_any_trigger_has_words(trigger: Trigger) -> None:
    """Never an exception, whatever its fields hold."""
    assert describe(trigger).strip()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 s"),
        (0.4, "under 1 s"),
        (1, "1 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (150, "2 min 30 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (86400, "1 day"),
        (3 * 86400 + 4 * 3600 + 59, "3 days 4 h"),
        (40_000 * 86400, "40,000 days"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, words: str) -> None:
    """As people say how long a run took."""
    assert format_duration(seconds) == words
