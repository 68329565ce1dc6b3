"""A Quartz cron expression taken apart: six or seven fields into the values each of them admits.

Quartz 2.3 decides what is valid and what it means (its tutorial "CronTrigger", and what was observed on the real
thing where the tutorial is silent): a field is a list of parts; a part is read from its beginning, and what Quartz
does not look at behind it changes nothing (``MON-FRI/2`` is Monday to Friday). Values are counted as Quartz counts
them: Sunday is 1, January is 1.
"""

import re
from dataclasses import dataclass, field

LAST_YEAR = 2999
"""Quartz looks no further."""
_ALL, _NONE = 99, 98
"""Quartz's own numbers for * and ?, which it also takes where somebody writes them (observed)."""

_MONTHS = {"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6}
_MONTHS |= {"JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_LAST = re.compile(r"L(?:-([0-9]*)(W?)|(W?))")
_NUMBER = re.compile(r"([0-9]+)(.?)(.*)", re.DOTALL)
_RANGE = re.compile(r"([0-9]+)(?:/([0-9]+))?")
_STEP = re.compile(r"([0-9]+)(.?)", re.DOTALL)


class InvalidCron(ValueError):
    """An expression that Quartz would refuse. ``field`` is its name, ``reason`` says why, in words for people."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the seven fields: its name, the values it may hold, the largest step, names for values."""

    name: str
    least: int
    most: int
    most_step: int
    names: dict[str, int] = field(default_factory=dict)


SECOND = _Kind("seconds", 0, 59, 59)
MINUTE = _Kind("minutes", 0, 59, 59)
HOUR = _Kind("hours", 0, 23, 23)
DAY = _Kind("day of month", 1, 31, 31)
MONTH = _Kind("month", 1, 12, 12, _MONTHS)
WEEKDAY = _Kind("day of week", 1, 7, 7, _DAYS)
YEAR = _Kind("year", 1970, LAST_YEAR, LAST_YEAR)
EVERY_YEAR = tuple(range(YEAR.least, YEAR.most + 1))
_MARKED = {"L": WEEKDAY, "#": WEEKDAY, "W": DAY}
KINDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)


@dataclass(frozen=True, slots=True)
class CronFields:
    """What an expression admits; every tuple is sorted. Exactly one of ``by_weekday`` and not is in force.

    ``last_day`` is L or LW, ``last_day_offset`` the n of L-n, ``nearest_weekday`` any W; ``last_weekday`` is the
    5L of a day of the week, ``nth_weekday`` the 3 of 6#3.
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    years: tuple[int, ...]
    by_weekday: bool = False
    last_day: bool = False
    last_day_offset: int = 0
    nearest_weekday: bool = False
    last_weekday: bool = False
    nth_weekday: int = 0


@dataclass(slots=True)
class _Found:
    """What the parts read so far amount to."""

    values: dict[str, set[int]] = field(default_factory=lambda: {kind.name: set() for kind in KINDS})
    unspecified: set[str] = field(default_factory=set)
    last_day: bool = False
    last_day_offset: int = 0
    nearest_weekday: bool = False
    last_weekday: bool = False
    nth_weekday: int = 0
    every_year: bool = False

    def add(self, kind: _Kind, *values: int) -> None:
        self.values[kind.name].update(values)


def parse(expression: str) -> CronFields:
    """The fields of a Quartz expression. Raises InvalidCron."""
    texts = [part.strip() for part in re.split(r"[ \t]+", expression.upper()) if part.strip()]
    if len(texts) < 6:
        raise InvalidCron("", f"six or seven fields are needed, seconds first; there are {len(texts)}")
    found = _Found()
    if texts[6:7] in ([], ["*"]):  # nearly always; a thousand years are not to be collected and sorted each time
        texts[6:] = []
        found.every_year = True
    for kind, text in zip(KINDS, texts, strict=False):
        _list(kind, text, found)
    for kind in KINDS:
        # Quartz takes an L for seconds and the like, and then has no value to fire at.
        if (
            not found.values[kind.name]
            and kind.name not in found.unspecified
            and not (kind is DAY and found.last_day)
            and not (kind is YEAR and found.every_year)
        ):
            raise InvalidCron(kind.name, "no value is given; L is for the day of month or the day of week only")
    by_weekday = DAY.name in found.unspecified
    if by_weekday == (WEEKDAY.name in found.unspecified):
        raise InvalidCron(WEEKDAY.name, "either the day of month or the day of week must be ?, and not both")
    seconds, minutes, hours, days, months, weekdays, years = (
        tuple(sorted(found.values[kind.name])) for kind in KINDS
    )
    return CronFields(
        seconds=seconds,
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=weekdays,
        years=EVERY_YEAR if found.every_year else years,
        by_weekday=by_weekday,
        last_day=found.last_day,
        last_day_offset=found.last_day_offset,
        nearest_weekday=found.nearest_weekday,
        last_weekday=found.last_weekday,
        nth_weekday=found.nth_weekday,
    )


def _list(kind: _Kind, text: str, found: _Found) -> None:
    if kind in (DAY, WEEKDAY) and "L" in text and "," in text:
        raise InvalidCron(kind.name, f"L can't be combined with other days: {text}")
    if kind is WEEKDAY and text.count("#") > 1:
        raise InvalidCron(kind.name, f"only one # is possible: {text}")
    for part in filter(None, text.split(",")):
        try:
            _part(kind, part, found)
        except ValueError as error:
            if isinstance(error, InvalidCron):
                raise
            raise InvalidCron(kind.name, f"not readable: {part}") from None


def _part(kind: _Kind, part: str, found: _Found) -> None:
    first = part[0]
    if "A" <= first <= "Z" and not _LAST.fullmatch(part):
        _named(kind, part, found)
    elif first == "?":
        _unspecified(kind, part, found)
    elif first in "*/":
        _every(kind, part, found)
    elif first == "L":
        _last(kind, part, found)
    elif "0" <= first <= "9":
        _numbered(kind, part, found)
    else:
        raise InvalidCron(kind.name, f"unexpected character {first}")


def _named(kind: _Kind, part: str, found: _Found) -> None:
    start, mark = _name(kind, part[:3]), part[3:4]
    if mark == "-":
        _range(kind, start, _name(kind, part[4:7]), 1, found)
        return
    if kind is WEEKDAY and mark == "#":
        found.nth_weekday = _nth(kind, part[4:])
    elif kind is WEEKDAY and mark == "L":
        found.last_weekday = True
    found.add(kind, start)


def _name(kind: _Kind, name: str) -> int:
    if name not in kind.names:
        wanted = f"one of {', '.join(kind.names)}" if kind.names else "no name"
        raise InvalidCron(kind.name, f"{name} is not known here, {wanted} is")
    return kind.names[name]


def _unspecified(kind: _Kind, part: str, found: _Found) -> None:
    if kind not in (DAY, WEEKDAY):
        raise InvalidCron(kind.name, "? is for the day of month or the day of week only")
    if len(part) > 2:
        raise InvalidCron(kind.name, f"nothing may follow ?: {part}")
    if kind is WEEKDAY and not found.last_day and DAY.name in found.unspecified:
        raise InvalidCron(kind.name, "? can't be both the day of month and the day of week")
    found.unspecified.add(kind.name)


def _every(kind: _Kind, part: str, found: _Found) -> None:
    rest = part.removeprefix("*")
    step = 1
    if rest.startswith("/"):
        step = _step(kind, _whole(kind, rest[1:]))
    found.add(kind, *range(kind.least, kind.most + 1, max(step, 1)))


def _last(kind: _Kind, part: str, found: _Found) -> None:
    if kind is WEEKDAY:
        found.add(kind, 7)
    elif kind is DAY:
        match = _LAST.fullmatch(part)
        offset, with_offset, without = match.groups() if match else (None, "", "")
        if offset == "" and not with_offset:
            raise InvalidCron(kind.name, "a number must follow L-")
        found.last_day = True
        found.last_day_offset = int(offset or 0)
        found.nearest_weekday = bool(with_offset or without)
        if found.last_day_offset > 30:
            raise InvalidCron(kind.name, f"L-{offset}: at most 30 days before the last one")
    # In another field Quartz passes over it: 1,L is 1 for the month.


def _numbered(kind: _Kind, part: str, found: _Found) -> None:
    match = _NUMBER.fullmatch(part)
    if match is None:
        raise InvalidCron(kind.name, f"not readable: {part}")
    value, mark, rest = int(match[1]), match[2], match[3]
    if mark in _MARKED:
        _marked(kind, value, mark, rest, found)
        return
    if value == _NONE and kind in (DAY, WEEKDAY) and mark not in ("-", "/"):
        found.unspecified.add(kind.name)
        return
    if value == _ALL:
        value = kind.least
        mark, rest = (mark, rest) if mark in ("-", "/") else ("/", "1")
    if mark == "-":
        end = _RANGE.match(rest)
        if end is None or (rest[end.end(1) : end.end(1) + 1] == "/" and end[2] is None):
            raise InvalidCron(kind.name, f"a number must follow: {part}")
        _range(kind, value, int(end[1]), int(end[2] or 1), found)
    elif mark == "/":
        step = _STEP.match(rest)
        # Quartz complains of what follows a step of one digit, and of nothing behind a longer one.
        if step is None or (len(step[1]) == 1 and step[2]):
            raise InvalidCron(kind.name, f"a number must follow /: {part}")
        _range(kind, value, None, _step(kind, int(step[1])), found)
    else:
        _within(kind, value)
        found.add(kind, value)


def _marked(kind: _Kind, value: int, mark: str, rest: str, found: _Found) -> None:
    """5L and 6#3 for a day of the week, 15W for a day of the month."""
    if kind is not _MARKED[mark]:
        raise InvalidCron(kind.name, f"{mark} is for the {_MARKED[mark].name} only")
    if mark == "#" and value == 0:  # Quartz counts it as Saturday
        value = 7
    _within(kind, value)
    if mark == "L":
        found.last_weekday = True
    elif mark == "W":
        found.nearest_weekday = True
    else:
        found.nth_weekday = _nth(kind, rest)
    found.add(kind, value)


def _range(kind: _Kind, start: int, end: int | None, step: int, found: _Found) -> None:
    """Adds ``start`` to ``end`` (the largest value if None); a range may wrap around, but for years."""
    _within(kind, start)
    if end is not None and kind is not YEAR and end > kind.most:
        raise InvalidCron(kind.name, f"{end} is more than {kind.most}")
    if step == 0:
        found.add(kind, start)
        return
    stop = kind.most if end is None else end
    if kind is YEAR:
        if stop < start:
            raise InvalidCron(kind.name, f"{start}-{stop} runs backwards")
        found.add(kind, *range(start, min(stop, kind.most) + 1, step))
    elif stop >= start:
        found.add(kind, *range(start, stop + 1, step))
    else:
        size = kind.most - kind.least + 1
        wrapped = (value % size for value in range(start, stop + size + 1, step))
        found.add(kind, *(value or (size if kind.least else 0) for value in wrapped))


def _within(kind: _Kind, value: int) -> None:
    if kind is not YEAR and not kind.least <= value <= kind.most:
        raise InvalidCron(kind.name, f"{value} is not from {kind.least} to {kind.most}")


def _step(kind: _Kind, step: int) -> int:
    if step > kind.most_step and kind is not YEAR:
        raise InvalidCron(kind.name, f"a step of {step} is more than {kind.most_step}")
    return step


def _whole(kind: _Kind, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise InvalidCron(kind.name, f"a number must follow /: {text or 'nothing'}")
    return int(text)


def _nth(kind: _Kind, text: str) -> int:
    if not re.fullmatch(r"\+?0*[1-5]", text):
        raise InvalidCron(kind.name, f"a number from 1 to 5 must follow #: {text or 'nothing'}")
    return int(text)
