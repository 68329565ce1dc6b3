"""Schedules and spans of time in words: "Every Monday and Friday at 17:30". Zone and end are shown beside them."""

from contextlib import suppress

from cron_descriptor import CasingTypeEnum, ExpressionDescriptor, Options
from cron_descriptor.Exception import FormatError, MissingFieldError, WrongArgumentError

from bot.schedule.trigger import Trigger, instant, parse_time_of_day, parse_weekdays

_DAYS = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def describe(trigger: Trigger) -> str:
    """Put a trigger into English words, or show its raw values if they make no sense; cards show cron in full."""
    if trigger.policy == "ONCE":
        return _describe_once(trigger)
    if trigger.policy == "PERIODIC":
        return _describe_periodic(trigger)
    if trigger.policy == "CRON":
        return _describe_cron(trigger.cron) if trigger.cron else "No cron expression"
    return f"Unknown policy {trigger.policy}"


def local_time(trigger: Trigger) -> str | None:
    """The time of ONCE in the task's own zone, ``Tue 6 Jan 2026, 09:30``; None if time or zone is unknown."""
    at, zone = instant(trigger.single_ms), trigger.zone
    if at is None or zone is None:
        return None
    local = at.astimezone(zone)
    seconds = ":%S" if local.second else ""
    return local.strftime(f"%a {local.day} %b %Y, %H:%M{seconds}")


def _describe_once(trigger: Trigger) -> str:
    local = local_time(trigger)
    if local is not None:
        return f"Once, {local}"
    at = instant(trigger.single_ms)
    return f"Once, {at:%Y-%m-%d %H:%M:%S} UTC" if at else "Once, at a time that COC does not name"


def _describe_periodic(trigger: Trigger) -> str:
    days, at = parse_weekdays(trigger.weekdays), parse_time_of_day(trigger.time_of_day)
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


def format_distance(seconds: float) -> str:
    """Format a span in the largest unit that fits, ``14 h``, ``3 days``, without its sign."""
    span = abs(seconds)
    if span < 90:
        return f"{span:.0f} s"
    if span < 90 * 60:
        return f"{span / 60:.0f} min"
    return f"{span / 3600:.0f} h" if span < 48 * 3600 else f"{span / 86400:.0f} days"


def format_duration(seconds: float) -> str:
    """Format a duration in its two largest units: ``2 min 30 s``, ``1 h 5 min``, ``3 days 4 h``."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    parts = ((days, " day" if days == 1 else " days"), (hours, " h"), (minutes, " min"), (whole % 60, " s"))
    first = next(index for index, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number:,}{unit}" for number, unit in parts[first : first + 2] if number)


def _describe_cron(expression: str) -> str:
    options = Options(
        casing_type=CasingTypeEnum.Sentence,
        day_of_week_start_index_zero=False,  # Quartz: Sunday is 1
        use_24hour_time_format=True,
        locale_code="en_US",  # otherwise the language of the machine that the bot runs on
    )
    # The library would read five fields as Unix cron, which COC does not speak.
    if len(expression.split()) in {6, 7}:
        with suppress(FormatError, MissingFieldError, WrongArgumentError, ValueError, IndexError):
            return str(ExpressionDescriptor(expression, options).get_description())
    return "A cron expression that can't be put into words"
