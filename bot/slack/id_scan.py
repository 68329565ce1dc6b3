"""Finds task ids in a text, whole or broken in pasting, and explains what is wrong with a text that resembles one."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.slack.vocabulary import ID_MARK, is_known
from bot.task_id import LENGTH

# No letter or digit adjoins an id; quotes, brackets, "id=" or "/" may.
_ID = re.compile(r"(?<![0-9A-Za-z])[Ss][Tt][0-9A-Za-z]{24}(?![0-9A-Za-z])")
_PIECE = re.compile(r"[0-9A-Za-z]+")
_BREAK = re.compile(r"[ \-=\\>|]{1,5}")
_START = re.compile(r"[Ss][Tt](?:[0-9A-Z]*|[0-9A-Za-z]*[0-9][0-9A-Za-z]*)")

_MASKED = re.compile(r"(?<![0-9A-Za-z])[Ss][Tt](?=[0-9A-Za-z]*[0-9])[0-9A-Za-z]*(\*|\.\.)[0-9A-Za-z*.]*")
# Meant as an id, but not one: it begins like one and has a digit.
_NEARLY = re.compile(r"(?<![0-9A-Za-z])[Ss][Tt](?=[0-9A-Za-z]*[0-9])[0-9A-Za-z]{3,}")
_SPOILT = re.compile(r"(?<![0-9A-Za-z])[Ss][Tt](?=[^\s,;]{0,22}[0-9])[^\s,;]{22,30}(?![^\s,;])")
_LOOKALIKE = re.compile(r"(?<!\w)(?![Ss][Tt])[5S\u0405\u0455s][7T\u0422\u0442\u03a4\u03c4t]\w{24}(?!\w)")
_HEADLESS = re.compile(r"(?<!\w)[0-9]{8}[0-9A-Za-z]{16}(?!\w)")
_PREFIXED = re.compile(r"(?<=[0-9A-Za-z])ST(?=[0-9A-Z]{0,23}[0-9])[0-9A-Z]{24}(?![0-9A-Za-z])")
_OTHER = re.compile(r"(?<![0-9A-Za-z])(SCT|SC|DOC|JOB)[0-9]{6,}[0-9A-Za-z]*", re.IGNORECASE)
_KINDS = {"SCT": "a script's run", "SC": "a script", "DOC": "a job", "JOB": "a job"}


@dataclass(frozen=True, slots=True)
class Scan:
    """The task ids in a text, each once; ``rest`` is the text with ``ID_MARK`` in the place of each."""

    task_ids: tuple[str, ...]
    rest: str
    complaint: str | None = None
    """One sentence about what resembles an id in a text without one; None if nothing does."""


def scan_ids(text: str) -> Scan:
    """Find every id in a text, also one that blanks, line ends or hyphens have broken."""
    places = [*_whole(text), *_joined(text)]
    if not places:
        return Scan((), text, next(filter(None, (complain(text) for complain in _COMPLAINTS)), None))
    rest, at = "", 0
    for start, end, _ in sorted(places, key=lambda place: place[0]):
        rest += text[at:start] + ID_MARK
        at = max(at, end)
    return Scan(tuple(dict.fromkeys(task_id for _, _, task_id in places)), rest + text[at:])


_Place = tuple[int, int, str]
"""Start, end and the id."""


def _whole(text: str) -> Iterator[_Place]:
    for match in _ID.finditer(text):
        yield *match.span(), _canonical(match[0])


def _joined(text: str) -> Iterator[_Place]:
    """The ids whose pieces have exactly 26 characters together."""
    pieces = list(_PIECE.finditer(text))
    for at, piece in enumerate(pieces):
        run = _run(text, pieces[at : at + LENGTH])
        length = 0
        for count, part in enumerate(run, start=1):
            length += len(part[0])
            goes_on = text[part.end() : part.end() + 1] == "-" and count < len(run)
            if length == LENGTH and count > 1 and not goes_on:
                yield piece.start(), part.end(), _canonical("".join(part[0] for part in run[:count]))


def _run(text: str, pieces: list[re.Match[str]]) -> list[re.Match[str]]:
    """The pieces that may belong to one broken id; the first begins like an id."""
    first = pieces[0]
    if not _START.fullmatch(first[0]) or len(first[0]) >= LENGTH:
        return []
    run, length = [first], len(first[0])
    for piece in pieces[1:]:
        letters = piece[0].isalpha()
        # A truncated id and the word after it would make a wrong id.
        stray = letters and (is_known(piece[0]) or (not piece[0].isupper() and len(piece[0]) > 2))
        if length > LENGTH or stray or not _BREAK.fullmatch(text, run[-1].end(), piece.start()):
            break
        run.append(piece)
        length += len(piece[0])
    return run


def _canonical(typed: str) -> str:
    # Nothing says that ids ignore case. Only an id all in lower case is assumed to have lost it; a phone makes the
    # first letter a capital.
    has_lost_case = typed[:2] in {"st", "St"} and typed[2:] == typed[2:].lower()
    return typed.upper() if has_lost_case else f"ST{typed[2:]}"


def _masked(text: str) -> str | None:
    match = _MASKED.search(text)
    if match is None:
        return None
    how = "has its characters masked" if "*" in match[0] else "is shortened"
    return f"“{match[0][:40]}” {how}. Paste the whole id."


def _spoilt(text: str) -> str | None:
    """As long as an id, but with a character that can't be in one."""
    for match in _SPOILT.finditer(text):
        typed = match[0].strip("\"'`“”‘’«»„.,;:!?()[]{}<>*_~")
        odd = next((at for at, char in enumerate(typed) if not _PIECE.fullmatch(char)), None)
        if odd is not None and abs(len(typed) - LENGTH) <= 1:
            return f"“{typed}” has {_named(typed[odd])} at position {odd + 1}; a task id has only letters and digits."
    return None


def _miscounted(text: str) -> str | None:
    match = _NEARLY.search(text)
    if match is None:
        return None
    pieces = list(_PIECE.finditer(text, match.start()))[:LENGTH]
    run = [piece[0] for piece in _run(text, pieces) or pieces[:1]]
    while len(run) > 1 and run[-1].isalpha():
        run.pop()
    length = sum(map(len, run))
    if len(run) > 1 and length >= LENGTH - 6:
        return (
            f"“{' '.join(run)[:40]}” is an id in {len(run)} pieces, with {length} characters together; "
            f"a task id has {LENGTH}. Paste it in one piece."
        )
    return f"“{run[0][:40]}” has {len(run[0])} characters; a task id has {LENGTH}."


def _foreign(text: str) -> str | None:
    if match := _LOOKALIKE.search(text):
        if match[0][:2].isascii():
            return f"“{match[0]}” begins with {match[0][:2]}; a task id begins with ST."
        script = next(filter(None, map(_script, match[0])))
        return f"“{match[0]}” begins with letters that only look like ST{script}. Type ST by hand."
    if match := _PREFIXED.search(text):
        return f"“{match[0]}” has other letters or digits right before it. Put a blank between."
    if match := _HEADLESS.search(text):
        return f"“{match[0]}” lacks the ST with which a task id begins."
    if match := _OTHER.search(text):
        return (
            f"“{match[0][:40]}” is the id of {_KINDS[match[1].upper()]}; the id of a scheduled task begins with ST."
        )
    return None


def _named(char: str) -> str:
    return f"“{char}”{_script(char)}"


def _script(char: str) -> str:
    """`` (Cyrillic)`` for a character that only looks like a Latin letter or a digit."""
    if char.isascii() or not char.isalnum():
        return ""
    return f" ({unicodedata.name(char, 'foreign').split()[0].title()})"


_COMPLAINTS = (_masked, _spoilt, _miscounted, _foreign)
