"""Parses a Quartz cron expression: six or seven fields into the values that each of them admits.

Quartz 2.3 decides what is valid and what it means, by its tutorial "CronTrigger" and, where that is silent, as
observed on Quartz itself. A field is a list of parts. A part is read from its beginning, and trailing characters that
Quartz ignores change nothing (``MON-FRI/2`` is Monday to Friday). Values are Quartz's: Sunday is 1, January is 1.
"""

import re
from dataclasses import dataclass, replace

LAST_YEAR = 2999
"""Quartz searches no further."""
_ALL, _UNSPECIFIED = 99, 98
"""Quartz's own numbers for * and ?, which it also accepts in an expression (observed)."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST = re.compile(r"L(?:-([0-9]*)(W?)|(W?))")
_NUMBER = re.compile(r"([0-9]+)(.?)(.*)", re.DOTALL)
_RANGE = re.compile(r"([0-9]+)(?:/([0-9]+))?")
_STEP = re.compile(r"([0-9]+)(.?)", re.DOTALL)


class InvalidCron(ValueError):
    """Quartz would refuse the expression. ``field`` is the field's name, ``reason`` says why, for people."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """One of the seven fields: its name, the values it admits, the largest step, names of its values."""

    name: str
    lowest: int
    highest: int
    highest_step: int
    names: tuple[str, ...] = ()

    def error(self, reason: str) -> InvalidCron:
        return InvalidCron(self.name, reason)


SECOND = _Field("seconds", 0, 59, 59)
MINUTE = _Field("minutes", 0, 59, 59)
HOUR = _Field("hours", 0, 23, 23)
DAY = _Field("day of month", 1, 31, 31)
MONTH = _Field("month", 1, 12, 12, _MONTHS)
WEEKDAY = _Field("day of week", 1, 7, 7, _WEEKDAYS)
YEAR = _Field("year", 1970, LAST_YEAR, LAST_YEAR)
EVERY_YEAR = tuple(range(YEAR.lowest, YEAR.highest + 1))
_MARKS = {"L": WEEKDAY, "#": WEEKDAY, "W": DAY}
FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)


@dataclass(frozen=True, slots=True)
class DayRules:
    """The rules beside plain values: ``last_day`` is L or LW, ``last_day_offset`` the n of L-n, ``nearest_weekday``
    any W, ``last_weekday`` the 5L of a day of the week, ``nth_weekday`` the 3 of 6#3.
    """

    last_day: bool = False
    last_day_offset: int = 0
    nearest_weekday: bool = False
    last_weekday: bool = False
    nth_weekday: int = 0


@dataclass(frozen=True, slots=True)
class CronFields:
    """The values that an expression admits, sorted; either ``days`` or ``weekdays`` count, as ``by_weekday`` says."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    years: tuple[int, ...]
    by_weekday: bool = False
    rules: DayRules = DayRules()


@dataclass(slots=True)
class _Draft:
    """The values and rules of the parts parsed so far."""

    values: dict[_Field, set[int]]
    unspecified: set[_Field]
    rules: DayRules = DayRules()


def parse_fields(expression: str) -> CronFields:
    """Parse a Quartz expression. Raises InvalidCron."""
    texts = [part.strip() for part in re.split(r"[ \t]+", expression.upper()) if part.strip()]
    if len(texts) < 6:
        raise InvalidCron("", f"six or seven fields are needed, seconds first; there are {len(texts)}")
    draft = _Draft({field: set() for field in FIELDS}, set())
    every_year = texts[6:7] in ([], ["*"])  # nearly always; collecting and sorting a thousand years takes long
    for field, text in zip(FIELDS, texts[:6] if every_year else texts, strict=False):
        _parse_field(field, text, draft)
    for field, values in draft.values.items():
        # Quartz accepts an L for seconds and the like, and then has no value to fire at.
        is_last_day = field is DAY and draft.rules.last_day
        if not (values or field in draft.unspecified or is_last_day or (field is YEAR and every_year)):
            raise field.error("no value is given; L is for the day of month or the day of week only")
    by_weekday = DAY in draft.unspecified
    if by_weekday == (WEEKDAY in draft.unspecified):
        raise WEEKDAY.error("either the day of month or the day of week must be ?, and not both")
    seconds, minutes, hours, days, months, weekdays, years = map(tuple, map(sorted, draft.values.values()))
    if every_year:
        years = EVERY_YEAR
    return CronFields(seconds, minutes, hours, days, months, weekdays, years, by_weekday, draft.rules)


def _parse_field(field: _Field, text: str, draft: _Draft) -> None:
    if field in (DAY, WEEKDAY) and "L" in text and "," in text:
        raise field.error(f"L can't be combined with other days: {text}")
    if field is WEEKDAY and text.count("#") > 1:
        raise field.error(f"only one # is possible: {text}")
    for part in filter(None, text.split(",")):
        try:
            _parse_part(field, part, draft)
        except InvalidCron:
            raise
        except ValueError:
            raise field.error(f"not readable: {part}") from None


def _parse_part(field: _Field, part: str, draft: _Draft) -> None:
    first = part[0]
    if "A" <= first <= "Z" and not _LAST.fullmatch(part):
        _parse_names(field, part, draft)
    elif first == "?":
        _parse_unspecified(field, part, draft)
    elif first in "*/":
        rest = part.removeprefix("*")
        step = _check_step(field, _parse_step(field, rest[1:])) if rest.startswith("/") else 1
        draft.values[field].update(range(field.lowest, field.highest + 1, max(step, 1)))
    elif first == "L":
        _parse_last(field, part, draft)
    elif "0" <= first <= "9":
        _parse_number(field, part, draft)
    else:
        raise field.error(f"unexpected character {first}")


def _parse_names(field: _Field, part: str, draft: _Draft) -> None:
    start, mark = _value_of_name(field, part[:3]), part[3:4]
    if mark == "-":
        _add_range(field, start, _value_of_name(field, part[4:7]), 1, draft)
        return
    if field is WEEKDAY and mark == "#":
        draft.rules = replace(draft.rules, nth_weekday=_parse_nth(field, part[4:]))
    elif field is WEEKDAY and mark == "L":
        draft.rules = replace(draft.rules, last_weekday=True)
    draft.values[field].add(start)


def _value_of_name(field: _Field, name: str) -> int:
    if name not in field.names:
        wanted = f"one of {', '.join(field.names)}" if field.names else "no name"
        raise field.error(f"{name} is not known here, {wanted} is")
    return field.names.index(name) + 1


def _parse_unspecified(field: _Field, part: str, draft: _Draft) -> None:
    if field not in (DAY, WEEKDAY):
        raise field.error("? is for the day of month or the day of week only")
    if len(part) > 2:
        raise field.error(f"nothing may follow ?: {part}")
    if field is WEEKDAY and not draft.rules.last_day and DAY in draft.unspecified:
        raise field.error("? can't be both the day of month and the day of week")
    draft.unspecified.add(field)


def _parse_last(field: _Field, part: str, draft: _Draft) -> None:
    if field is WEEKDAY:
        draft.values[field].add(7)
    elif field is DAY:
        match = _LAST.fullmatch(part)
        offset, w_after_offset, w = match.groups() if match else (None, "", "")
        if offset == "" and not w_after_offset:
            raise field.error("a number must follow L-")
        days = int(offset or 0)
        if days > 30:
            raise field.error(f"L-{offset}: at most 30 days before the last one")
        is_nearest = bool(w_after_offset or w)
        draft.rules = replace(draft.rules, last_day=True, last_day_offset=days, nearest_weekday=is_nearest)
    # In another field Quartz skips it: 1,L is 1 for the month.


def _parse_number(field: _Field, part: str, draft: _Draft) -> None:
    match = _NUMBER.fullmatch(part)
    if match is None:
        raise field.error(f"not readable: {part}")
    value, mark, rest = int(match[1]), match[2], match[3]
    if mark in _MARKS:
        _parse_mark(field, value, mark, rest, draft)
        return
    if value == _UNSPECIFIED and field in (DAY, WEEKDAY) and mark not in ("-", "/"):
        draft.unspecified.add(field)
        return
    if value == _ALL:
        value = field.lowest
        mark, rest = (mark, rest) if mark in ("-", "/") else ("/", "1")
    if mark == "-":
        end = _RANGE.match(rest)
        if end is None or (rest[end.end(1) : end.end(1) + 1] == "/" and end[2] is None):
            raise field.error(f"a number must follow: {part}")
        _add_range(field, value, int(end[1]), int(end[2] or 1), draft)
    elif mark == "/":
        step = _STEP.match(rest)
        # Quartz refuses a character after a step of one digit, and accepts any after a longer one.
        if step is None or (len(step[1]) == 1 and step[2]):
            raise field.error(f"a number must follow /: {part}")
        _add_range(field, value, None, _check_step(field, int(step[1])), draft)
    else:
        _check_bounds(field, value)
        draft.values[field].add(value)


def _parse_mark(field: _Field, value: int, mark: str, rest: str, draft: _Draft) -> None:
    """Parse 5L and 6#3 for a day of the week, 15W for a day of the month."""
    if field is not _MARKS[mark]:
        raise field.error(f"{mark} is for the {_MARKS[mark].name} only")
    if mark == "#" and value == 0:  # Quartz counts it as Saturday
        value = 7
    _check_bounds(field, value)
    if mark == "L":
        draft.rules = replace(draft.rules, last_weekday=True)
    elif mark == "W":
        draft.rules = replace(draft.rules, nearest_weekday=True)
    else:
        draft.rules = replace(draft.rules, nth_weekday=_parse_nth(field, rest))
    draft.values[field].add(value)


def _add_range(field: _Field, start: int, end: int | None, step: int, draft: _Draft) -> None:
    """Add ``start`` to ``end``, by default the highest value. Ranges wrap around, except for years."""
    _check_bounds(field, start)
    if end is not None and field is not YEAR and end > field.highest:
        raise field.error(f"{end} is more than {field.highest}")
    if step == 0:
        draft.values[field].add(start)
        return
    stop = field.highest if end is None else end
    if stop >= start:
        draft.values[field].update(range(start, min(stop, field.highest) + 1, step))
        return
    if field is YEAR:
        raise field.error(f"{start}-{stop} runs backwards")
    size = field.highest - field.lowest + 1
    wrapped = (value % size for value in range(start, stop + size + 1, step))
    draft.values[field].update(value or (size if field.lowest else 0) for value in wrapped)


def _check_bounds(field: _Field, value: int) -> None:
    if field is not YEAR and not field.lowest <= value <= field.highest:
        raise field.error(f"{value} is not from {field.lowest} to {field.highest}")


def _check_step(field: _Field, step: int) -> int:
    if step > field.highest_step and field is not YEAR:
        raise field.error(f"a step of {step} is more than {field.highest_step}")
    return step


def _parse_step(field: _Field, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise field.error(f"a number must follow /: {text or 'nothing'}")
    return int(text)


def _parse_nth(field: _Field, text: str) -> int:
    if not re.fullmatch(r"\+?0*[1-5]", text):
        raise field.error(f"a number from 1 to 5 must follow #: {text or 'nothing'}")
    return int(text)
