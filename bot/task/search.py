"""Finds hosts among a task's targets by host name, IP or resource id, with ``*`` for any characters.

``bot.task.hostnames`` says how names are compared.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.task.hostnames import bare, fold, is_address, is_public, same_host, spellings, unreadable
from bot.task.targets import Batch, Machine, Step, Targets

MOST_NEAR = 3
"""Near misses that are suggested."""
COMPARED = 400_000
"""Characters of names that are compared for near misses of one host, which takes at most 0.3 s. An ordinary task has
fewer."""
ALIKE = 0.75
"""The ratio from which names are near misses: 1.0 is equal, ``db-01`` and ``web-01`` have 0.73."""
LENGTHS = ALIKE / (2 - ALIKE)
"""The shorter of two near misses has at least this share of the other's length."""
MOST_PARTS = 5
"""Words in one host's name: ``My Web Server 1``."""

_RESOURCE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MISREAD = str.maketrans("oil", "011")
_MASKED = re.compile(r"\*+")


@dataclass(frozen=True, slots=True)
class Match:
    """A machine that matches, and its batch, which is number ``place`` of ``total`` in its step."""

    machine: Machine
    step: Step
    batch: Batch
    place: int
    total: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The result for one host."""

    asked: Untrusted
    matches: tuple[Match, ...] = ()
    near: tuple[Untrusted, ...] = ()
    """Near misses."""
    unreadable: str = ""
    """Why the input is not a single host's name."""
    unlisted: str = ""
    """The field that COC omits for some machines ("host name"), so that the host may be one of them."""


def find_hosts(
    targets: Targets, asked: tuple[str, ...], most: int, redactor: Redactor
) -> tuple[tuple[Answer, ...], int]:
    """At most ``most`` answers, one for each host, and the number of words left over.

    Words that make a name only together (``My Server 1``) get one answer. Takes up to 60 ms for one host among 1,000
    machines and 0.5 s among 10,000: not for the event loop.
    """
    index = _Index(targets, redactor)
    answers: list[Answer] = []
    at = 0
    while at < len(asked) and len(answers) < most:
        parts = asked[at : at + index.parts_of_one_name(asked[at : at + MOST_PARTS])]
        answers.append(index.answer(" ".join(parts), "".join(parts)))
        at += len(parts)
    return tuple(answers), len(asked) - at


def name_filter(typed: str) -> Callable[[Machine], bool]:
    """Make a test of whether one of a machine's names contains ``typed``, in any case.

    With ``*`` in it the whole name must match, as in ``find_hosts``. Empty input matches every machine.
    """
    if not typed.strip():
        return lambda _machine: True
    text = fold(typed)
    matches = _whole(text) if "*" in text else _containing(text, bare(typed))
    # The event loop waits for the view, so thousands of ASCII names only have their case folded.
    return lambda machine: any(
        matches(name.casefold() if name.isascii() else fold(name)) for name in _fields(machine)
    )


class _Index:
    """The machines of a task by their folded names."""

    def __init__(self, targets: Targets, redactor: Redactor) -> None:
        self._machines = targets.machines
        self._redactor = redactor
        self._matches: dict[str, list[Match]] = {}
        for match in _all(targets):
            for name in dict.fromkeys(_names(match.machine)):
                self._matches.setdefault(name, []).append(match)
        self._full_names: dict[str, list[str]] = {}
        for name in self._matches:
            self._full_names.setdefault(name.partition(".")[0], []).append(name)

    @cached_property
    def _spelling(self) -> dict[str, str]:
        """COC's spelling of each folded name."""
        return {fold(name): name for machine in self._machines for name in _fields(machine)}

    @cached_property
    def _alike(self) -> dict[str, list[str]]:
        """The folded names by the forms that they share with near misses."""
        names: dict[str, list[str]] = {}
        for name in self._spelling:
            for form in _forms(name):
                names.setdefault(form, []).append(name)
        return names

    def parts_of_one_name(self, words: tuple[str, ...]) -> int:
        """How many of these words make one name together; 1 where the first is a name by itself."""
        for count in range(len(words), 1, -1):
            if fold(" ".join(words[:count])) in self._matches:
                return count
        broken = len(words) > 1 and fold(words[0] + words[1]) in self._matches and not self.matches(words[0])
        return 2 if broken else 1

    def answer(self, asked: str, joined: str) -> Answer:
        """``joined`` is ``asked`` without blanks, for a name that a line end has broken."""
        for name in dict.fromkeys((asked, joined)):
            if matches := self.matches(name):
                return Answer(Untrusted(name, self._redactor), matches)
        typed = Untrusted(asked, self._redactor)
        if why := unreadable(asked):
            return Answer(typed, unreadable=why)
        near = tuple(Untrusted(name, self._redactor) for name in self._near(bare(asked).replace("*", "")))
        return Answer(typed, near=near, unlisted=self._unlisted(bare(asked)))

    def matches(self, wanted: str) -> tuple[Match, ...]:
        """Matches for the name as typed, else without its surroundings, else between short and full names."""
        name = bare(wanted)
        kin = self._full_names.get(name.partition(".")[0], ()) if name else ()
        names = self._matching(fold(wanted)) if wanted.strip() else []
        names = names or self._matching(name) or [other for other in kin if same_host(name, other)]
        # One machine may have several of these names.
        return tuple({id(match): match for name in names for match in self._matches[name]}.values())

    def _matching(self, wanted: str) -> list[str]:
        if "*" in wanted:
            return list(filter(_whole(wanted), self._matches))
        return [wanted] if wanted in self._matches else []

    def _near(self, word: str) -> tuple[str, ...]:
        """Names similar to ``word``, the most similar first.

        They differ in separators, leading zeros or swapped letters, contain it or are contained in it, or have a
        similar spelling.
        """
        if not word:
            return ()
        same = [name for form in _forms(word) for name in self._alike.get(form, ())]
        same += [name for name in self._spelling if word in name or (len(name) > 3 and name in word)]
        alike = list(dict.fromkeys(same))[:MOST_NEAR]
        if len(alike) < MOST_NEAR:
            # Names of other lengths can't reach ALIKE.
            shortest, longest = len(word) * LENGTHS, len(word) / LENGTHS
            rest = [name for name in self._spelling if shortest <= len(name) <= longest and name not in alike]
            compared = rest[: COMPARED // len(word)]
            alike += difflib.get_close_matches(word, compared, MOST_NEAR - len(alike), ALIKE)
        return tuple(self._spelling[name] for name in alike)

    def _unlisted(self, name: str) -> str:
        """The kind of name asked for, where COC does not list it for every machine."""
        machines = self._machines
        if _RESOURCE_ID.fullmatch(name):
            return "" if all(machine.resource_id for machine in machines) else "resource id"
        if is_address(name):
            listed = [fold(machine.ip.raw) for machine in machines if machine.ip]
            if is_public(name) and machines and not any(map(is_public, listed)):
                return "public address"
            return "" if len(listed) == len(machines) else "address"
        names = (machine.host_name or machine.cmdb_name for machine in machines)
        return "host name" if any(name is None or _MASKED.fullmatch(name.raw) for name in names) else ""


def _whole(wanted: str) -> Callable[[str], bool]:
    """Make a test of whether a folded name matches a pattern with ``*`` for any characters.

    It searches the pieces between the stars in order, in linear time: a regular expression with a hundred stars
    would take forever.
    """
    first, *inner, last = wanted.split("*")

    def matches(name: str) -> bool:
        at, end = len(first), len(name) - len(last)
        if at > end or not name.startswith(first) or not name.endswith(last):
            return False
        for piece in inner:
            position = name.find(piece, at, end)
            if position < 0:
                return False
            at = position + len(piece)
        return True

    return matches


def _containing(text: str, wanted: str) -> Callable[[str], bool]:
    """Make a test of whether a folded name contains the input or is its short form."""
    labels = wanted.split(".")
    short = {".".join(labels[:count]) for count in range(1, len(labels))}
    short = {name for name in short if same_host(name, wanted)}
    bare_differs = wanted not in {"", text}
    return lambda name: text in name or (bare_differs and wanted in name) or name in short


def _forms(name: str) -> tuple[str, str]:
    """A form that ``web_07``, ``web-7`` and ``web-O7`` share, and one that ``web-07`` and ``wbe-07`` share."""
    squeezed = re.sub(r"[\W_]+", "", re.sub(r"(?<!\d)0+(?=\d)", "", name.translate(_MISREAD)))
    return squeezed, " ".join(sorted(name))


def _names(machine: Machine) -> Iterator[str]:
    for field in _fields(machine):
        yield from spellings(field)


def _fields(machine: Machine) -> Iterator[str]:
    texts = (machine.host_name, machine.cmdb_name, machine.ip, machine.resource_id)
    return (text.raw for text in texts if text)


def _all(targets: Targets) -> Iterator[Match]:
    for step in targets.walk():
        for place, batch in enumerate(step.batches, start=1):
            for machine in batch.machines:
                yield Match(machine, step, batch, place, len(step.batches))
