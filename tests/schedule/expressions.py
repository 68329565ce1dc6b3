"""Random Quartz expressions, valid and nearly valid, and instants around clock changes."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # forward and back around Ramadan
    "Antarctica/Troll",  # two hours
    "America/Santiago",  # at midnight
    "Asia/Beirut",  # at midnight
    "Pacific/Apia",  # 30 December 2011 did not exist
)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def expression(draw: random.Random) -> str:
    """An expression that Quartz accepts: everything in its tutorial, with lists and wrapping ranges."""
    fields = [_numbers(draw, 0, 59), _numbers(draw, 0, 59), _numbers(draw, 0, 23)]
    if draw.random() < 0.5:
        fields += [_days(draw), _months(draw), "?"]
    else:
        fields += ["?", _months(draw), _weekdays(draw)]
    if draw.random() < 0.2:
        fields.append(_years(draw))
    return " ".join(fields)


def broken(draw: random.Random) -> str:
    """An expression with a character or two changed, added or removed."""
    text = list(expression(draw))
    for _ in range(draw.randint(1, 2)):
        at = draw.randrange(len(text))
        text[at : at + draw.randint(0, 1)] = draw.choice(["", *"0123456789*?/,-#LW ", "MON", "JAN", "99", "X"])
    return "".join(text)


def instant(draw: random.Random, zone: str) -> datetime:
    """An instant, three times out of four within hours of a clock change, if the zone has any in these years.

    Not after 2036: Java's time zones know no single changes after 2037, such as Morocco's around Ramadan.
    """
    at = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(26 * 365 * 86400))
    if draw.random() < 0.25:
        return at
    tz = ZoneInfo(zone)
    for _ in range(500):
        later = at + timedelta(days=1)
        if at.astimezone(tz).utcoffset() != later.astimezone(tz).utcoffset():
            return at + timedelta(seconds=draw.randrange(-6 * 3600, 86400 + 6 * 3600))
        at = later
    return at


def _numbers(draw: random.Random, least: int, most: int) -> str:
    def one() -> str:
        a, b, step = draw.randint(least, most), draw.randint(least, most), draw.randint(1, most)
        return draw.choice([str(a)] * 4 + [f"{a}-{b}", f"{a}/{step}", f"*/{step}", f"{a}-{b}/{draw.randint(1, 20)}"])

    kind = draw.random()
    return (
        "*"
        if kind < 0.15
        else str(least)
        if kind < 0.35
        else ",".join(one() for _ in range(draw.choice([1, 1, 1, 2, 4])))
    )


def _days(draw: random.Random) -> str:
    day = draw.randint(1, 31)
    special = [
        "L",
        "LW",
        f"L-{draw.randint(1, 27)}",
        f"L-{draw.randint(1, 20)}W",
        f"{day}W",
        f"{draw.randint(1, 28)}W",
    ]
    kind = draw.random()
    return draw.choice(special) if kind < 0.4 else "*" if kind < 0.5 else _numbers(draw, 1, 31)


def _months(draw: random.Random) -> str:
    a, b = draw.choice(MONTHS), draw.choice(MONTHS)
    kind = draw.random()
    if kind < 0.5:
        return "*"
    return draw.choice([a, f"{a}-{b}", f"{a},{b}"]) if kind < 0.75 else _numbers(draw, 1, 12)


def _weekdays(draw: random.Random) -> str:
    a, b, n = draw.choice(DAYS), draw.choice(DAYS), draw.randint(1, 7)
    nth = draw.randint(1, 5)
    special = ["L", f"{n}L", f"{a}L", f"{n}#{nth}", f"{a}#{nth}", f"{a}-{b}", f"{a},{b}", a, f"{a}-{b},{n}"]
    return draw.choice(special) if draw.random() < 0.6 else _numbers(draw, 1, 7)


def _years(draw: random.Random) -> str:
    year = draw.randint(2009, 2036)
    return draw.choice([str(year), f"{year}-{year + draw.randint(0, 9)}", f"{year}/{draw.randint(1, 9)}", "*", "*/4"])
