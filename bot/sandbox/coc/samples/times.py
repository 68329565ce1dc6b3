"""The times of the sample tasks, relative to the sandbox's start. All are milliseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991: a fixed offset holds
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def shanghai_time(now_ms: int, days: int, clock: str) -> int:
    """The time of day ``clock`` (``17:30``) in Shanghai, so many days from today."""
    hour, minute = (int(part) for part in clock.split(":"))
    today = datetime.fromtimestamp(now_ms / SECOND, UTC).astimezone(SHANGHAI)
    then = today.replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days)
    return round(then.timestamp()) * SECOND


def close_time(now_ms: int) -> int:
    """A ``scheduled_close_time`` in the distant future: midnight in Shanghai, 300 days from today."""
    return shanghai_time(now_ms, 300, "00:00")
