"""Schedules in words: "Every Monday and Friday at 17:30". The zone and the end are said beside them."""

from cron_descriptor import CasingTypeEnum, ExpressionDescriptor, Options
from cron_descriptor.Exception import FormatError, MissingFieldError, WrongArgumentError

from bot.schedule.trigger import Trigger, instant, time_of_day, weekdays

_DAYS = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def describe(trigger: Trigger) -> str:
    """The trigger in words, in English; the raw values where they make no sense, but for cron, shown beside it."""
    if trigger.policy == "ONCE":
        return _once(trigger)
    if trigger.policy == "PERIODIC":
        return _periodic(trigger)
    if trigger.policy == "CRON":
        return _cron(trigger.cron) or (
            "A cron expression that can't be put into words" if trigger.cron else "No cron expression"
        )
    return f"Unknown policy {trigger.policy}"


def local_time(trigger: Trigger) -> str | None:
    """ONCE: its time in the task's own zone, ``Tue 6 Jan 2026, 09:30``; None where it can't be told."""
    at, zone = instant(trigger.single_ms), trigger.zone
    if at is None or zone is None:
        return None
    local = at.astimezone(zone)
    seconds = ":%S" if local.second else ""
    return local.strftime(f"%a {local.day} %b %Y, %H:%M{seconds}")


def _once(trigger: Trigger) -> str:
    local = local_time(trigger)
    if local is not None:
        return f"Once, {local}"
    at = instant(trigger.single_ms)
    return f"Once, {at:%Y-%m-%d %H:%M:%S} UTC" if at else "Once, at a time that COC does not name"


def _periodic(trigger: Trigger) -> str:
    days, at = weekdays(trigger.weekdays), time_of_day(trigger.time_of_day)
    if days is None:
        words = f"On days {trigger.weekdays}" if trigger.weekdays else "On days that COC does not name"
    elif len(days) == 7:
        words = "Every day"
    else:
        # A week that begins on Sunday, as the API counts it.
        names = [_DAYS[day] for day in sorted(days, key=lambda day: day % 7)]
        words = "Every " + (f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0])
    if at is None:
        return f"{words} at {trigger.time_of_day or 'a time that COC does not name'}"
    return f"{words} at {at:%H:%M:%S}" if at.second else f"{words} at {at:%H:%M}"


def distance(seconds: float) -> str:
    """A span in the largest unit that fits, ``14 h``, ``3 days``; seconds may be negative, the sign is dropped."""
    span = abs(seconds)
    if span < 90:
        return f"{span:.0f} s"
    if span < 90 * 60:
        return f"{span / 60:.0f} min"
    if span < 48 * 3600:
        return f"{span / 3600:.0f} h"
    return f"{span / 86400:.0f} days"


def span(seconds: float) -> str:
    """How long something took, in its two largest units: ``2 min 30 s``, ``1 h 5 min``, ``3 days 4 h``."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    for size, unit, smaller, smaller_unit in (
        (86400, " days", 3600, " h"),
        (3600, " h", 60, " min"),
        (60, " min", 1, " s"),
    ):
        if whole >= size:
            large, small = whole // size, whole % size // smaller
            name = " day" if unit == " days" and large == 1 else unit
            return f"{large:,}{name}" + (f" {small}{smaller_unit}" if small else "")
    return f"{whole} s"


def _cron(expression: str | None) -> str | None:
    if len((expression or "").split()) not in {6, 7}:
        return None  # the library would read five fields as Unix cron, which COC does not speak
    options = Options(
        casing_type=CasingTypeEnum.Sentence,
        day_of_week_start_index_zero=False,  # Quartz: Sunday is 1
        use_24hour_time_format=True,
        locale_code="en_US",  # otherwise the language of the machine that the bot runs on
    )
    try:
        return str(ExpressionDescriptor(expression or "", options).get_description())
    except (FormatError, MissingFieldError, WrongArgumentError, ValueError, IndexError):
        return None
