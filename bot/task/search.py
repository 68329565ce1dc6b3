"""Are these hosts among a task's targets? By host name, IP or resource id, with ``*`` for any characters.

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
"""How many near misses are suggested."""
COMPARED = 400_000
"""Characters of names that are compared for near misses of one host, for at most 0.3 s: all of any ordinary task."""
ALIKE = 0.75
"""How alike two names are that are near: 1.0 is equal. Between ``db-01`` and ``web-01`` it is 0.73."""
LENGTHS = ALIKE / (2 - ALIKE)
"""The shorter of two such names has at least this share of the other's length."""
MOST_PARTS = 5
"""Words of one host's name: ``My Web Server 1``."""

_RESOURCE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MISREAD = str.maketrans("oil", "011")
_MASKED = re.compile(r"\*+")


@dataclass(frozen=True, slots=True)
class Match:
    """A machine that matches and where it stands. ``place`` is its batch's place among ``total``, from 1."""

    machine: Machine
    step: Step
    batch: Batch
    place: int
    total: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one host that was asked for."""

    asked: Untrusted
    matches: tuple[Match, ...] = ()
    near: tuple[Untrusted, ...] = ()
    """Names that may have been meant."""
    unreadable: str = ""
    """Why it is not one host's name."""
    unlisted: str = ""
    """What COC does not list of some machines ("host name"), so that this one may be among them."""


def find_hosts(
    targets: Targets, asked: tuple[str, ...], most: int, redactor: Redactor
) -> tuple[tuple[Answer, ...], int]:
    """An answer for each host, at most so many, and how many words are left over.

    Words that are one name only together (``My Server 1``) get one answer. Takes up to 60 ms for
    one host among 1,000 machines and 0.5 s among 10,000: not for the event loop.
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
    """Whether a machine has what was typed into a search field in one of its names, in any case.

    With ``*`` in it the whole name must match, as in ``look_up``; nothing typed matches everything.
    """
    if not typed.strip():
        return lambda _machine: True
    text = fold(typed)
    matches = _whole(text) if "*" in text else _holding(text, bare(typed))
    # A view is built while the loop waits: of thousands of ASCII names, only the case is folded.
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
        """A name as it came, by its folded one."""
        return {fold(name): name for machine in self._machines for name in _fields(machine)}

    @cached_property
    def _alike(self) -> dict[str, list[str]]:
        """The folded names by what they have in common with those that are nearly the same."""
        found: dict[str, list[str]] = {}
        for name in self._spelling:
            for form in _forms(name):
                found.setdefault(form, []).append(name)
        return found

    def parts_of_one_name(self, words: tuple[str, ...]) -> int:
        """How many of these words are one name only together; 1 where the first is a name by itself."""
        for count in range(len(words), 1, -1):
            if fold(" ".join(words[:count])) in self._matches:
                return count
        broken = len(words) > 1 and fold(words[0] + words[1]) in self._matches and not self.matches(words[0])
        return 2 if broken else 1

    def answer(self, asked: str, joined: str) -> Answer:
        """``joined`` is the same without blanks: a name that was broken by a line end."""
        for name in dict.fromkeys((asked, joined)):
            if matches := self.matches(name):
                return Answer(Untrusted(name, self._redactor), matches)
        typed = Untrusted(asked, self._redactor)
        if why := unreadable(asked):
            return Answer(typed, unreadable=why)
        near = tuple(Untrusted(name, self._redactor) for name in self._near(bare(asked).replace("*", "")))
        return Answer(typed, near=near, unlisted=self._unlisted(bare(asked)))

    def matches(self, wanted: str) -> tuple[Match, ...]:
        """As it was typed, then without what surrounds it, then a full name for a short one and the reverse."""
        name = bare(wanted)
        kin = self._full_names.get(name.partition(".")[0], ()) if name else ()
        names = self._matching(fold(wanted)) if wanted.strip() else []
        names = names or self._matching(name) or [other for other in kin if same_host(name, other)]
        # One machine may have several of these names.
        return tuple({id(match): match for found in names for match in self._matches[found]}.values())

    def _matching(self, wanted: str) -> list[str]:
        if "*" in wanted:
            return list(filter(_whole(wanted), self._matches))
        return [wanted] if wanted in self._matches else []

    def _near(self, word: str) -> tuple[str, ...]:
        """Names like the one that was asked for, the most alike first.

        The same but for separators and leading zeros, with letters swapped, holding it or held by it, spelled alike.
        """
        if not word:
            return ()
        same = [name for form in _forms(word) for name in self._alike.get(form, ())]
        same += [name for name in self._spelling if word in name or (len(name) > 3 and name in word)]
        alike = list(dict.fromkeys(same))[:MOST_NEAR]
        if len(alike) < MOST_NEAR:
            # Others are too long or too short to be as alike as that.
            shortest, longest = len(word) * LENGTHS, len(word) / LENGTHS
            rest = [name for name in self._spelling if shortest <= len(name) <= longest and name not in alike]
            compared = rest[: COMPARED // len(word)]
            alike += difflib.get_close_matches(word, compared, MOST_NEAR - len(alike), ALIKE)
        return tuple(self._spelling[name] for name in alike)

    def _unlisted(self, name: str) -> str:
        """What COC does not list of every machine, where that is what was asked for."""
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
    """Whether a folded name is a pattern's; ``*`` stands for any characters, nothing else is special.

    By searching the pieces between the stars in order, which takes linear time: a regular expression with a
    hundred stars would take for ever.
    """
    first, *inner, last = wanted.split("*")

    def matches(name: str) -> bool:
        at, end = len(first), len(name) - len(last)
        if at > end or not name.startswith(first) or not name.endswith(last):
            return False
        for piece in inner:
            found = name.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return matches


def _holding(text: str, wanted: str) -> Callable[[str], bool]:
    """Whether a folded name holds what was typed, or is short for it."""
    labels = wanted.split(".")
    short = {".".join(labels[:count]) for count in range(1, len(labels))}
    short = {name for name in short if same_host(name, wanted)}
    bare_differs = wanted not in {"", text}
    return lambda name: text in name or (bare_differs and wanted in name) or name in short


def _forms(name: str) -> tuple[str, str]:
    """What ``web_07``, ``web-7`` and ``web-O7`` have in common, and what ``web-07`` and ``wbe-07`` have."""
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
