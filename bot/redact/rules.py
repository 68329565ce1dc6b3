"""A rule describes one syntax in which a secret appears. It is data: a pattern, and an example of either outcome.

The rules are in the TOML files of ``data``. There ``‹name›`` in a pattern stands for a part: WORD, SAME_COMMAND, or
one that the file defines.

Only the unnamed groups of a pattern are hidden; with no groups the whole match is.
Patterns take linear time on any text: runs are possessive or bounded.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from bot.redact.references import is_status, unschemed, variables_of
from bot.redact.spans import Span, hide

WORD = (
    r"""("(?>(?:[^"\\\n]|\\.)*)"?|'[^'\n]*+'?|\\"(?>(?:(?!\\").)*)(?:\\")?"""
    r"""|[^\s"'|;&<>\\](?>(?:[^\s"']|["'](?=\w))*))"""
)
"""One secret word: quoted (also inside a JSON string) or up to the next blank."""
SAME_COMMAND = r"(?:(?!&&)[^\n|;]|\\\n)"
"""One character further inside the same command."""
_PART = re.compile(r"‹(\w+)›")
_LINE_END = re.compile(r"(?<!\\)\n")
"""A line goes on behind a backslash."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One syntax. The examples are written like those of the corpora: ⟦…⟧ around each secret."""

    name: str
    words: str
    """One of these (lower case, ``␣`` for a blank) stands in every text that the pattern matches."""
    regex: str
    hides: str
    keeps: str
    across: bool = False
    """Whether it may match across the end of a line."""
    pattern: re.Pattern[str] = field(init=False)
    keywords: tuple[str, ...] = field(init=False)
    groups: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.compile(self.regex)
        named = set(pattern.groupindex.values())
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "keywords", tuple(word.replace("␣", " ") for word in self.words.split()))
        object.__setattr__(self, "groups", tuple(n for n in range(1, pattern.groups + 1) if n not in named) or (0,))

    def spans(self, text: str) -> list[Span]:
        """Where the secrets are."""
        matches = self.pattern.finditer(text)
        return [match.span(group) for match in matches for group in self.groups if match.start(group) >= 0]


class RuleSet:
    """RuleSet in order. Each reads only the lines that hold one of its words, unless it matches across lines."""

    def __init__(self, *rules: Rule) -> None:
        self.all = rules
        self._of_lines = [(word, n) for n, rule in enumerate(rules) if not rule.across for word in rule.keywords]
        self._across = [(word, n) for n, rule in enumerate(rules) if rule.across for word in rule.keywords]

    def hide(self, text: str, variables: set[str]) -> str:
        """Hides the secrets of these rules; adds the variables that stand in place of one to ``variables``."""
        text = self._apply(self._across, text, variables)
        if "\n" not in text:
            return self._apply(self._of_lines, text, variables)
        return "\n".join(self._apply(self._of_lines, line, variables) for line in _LINE_END.split(text))

    def _apply(self, words: list[tuple[str, int]], text: str, variables: set[str]) -> str:
        lower = text.lower()
        for n in sorted({n for word, n in words if word in lower}):
            text = hide_unless_reference(text, self.all[n].spans(text), variables)
        return text


def hide_unless_reference(text: str, spans: Iterable[Span], variables: set[str]) -> str:
    """The text with these spans hidden, except references; adds the variables among them."""
    hidden = []
    for start, end in sorted(spans):
        value = unschemed(text[start:end])
        used = variables_of(value)
        if used is not None:
            variables.update(used)
        elif value and not is_status(value):
            hidden.append((start, end))
    return hide(text, hidden)


def load(name: str) -> dict[str, Any]:
    """A file of ``data``."""
    return tomllib.loads(files("bot.redact").joinpath("data", f"{name}.toml").read_text("utf-8"))


def _read_rules(name: str) -> list[Rule]:
    file = load(name)
    parts = {"word": WORD, "same_command": SAME_COMMAND, **file.get("parts", {})}

    def expand(regex: str | list[str]) -> str:
        return _PART.sub(lambda match: parts[match[1]], "".join(regex))

    return [Rule(**{**row, "regex": expand(row["regex"])}) for row in file["rule"]]


SHAPES = RuleSet(*_read_rules("shapes"))
"""Known by their shape, whatever their name: keys, tokens, hashes, URLs."""
SYNTAX = RuleSet(*_read_rules("syntax"), *_read_rules("devices"), *_read_rules("phrases"))
"""Handed over without a name that says so: by shells, SQL, programs, devices and sentences."""
