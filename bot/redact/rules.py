"""A rule: one syntax by which a text hands over a secret, as data, with an example that must hide and one that not.

In a pattern every group without a name is a secret; all around it stays. A pattern without groups is one as a whole.
Patterns take linear time on any text: runs are possessive or bounded.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.redact.references import is_status, unschemed, variables_of
from bot.redact.spans import Span, hide

WORD = (
    r"""("(?>(?:[^"\\\n]|\\.)*)"?|'[^'\n]*+'?|\\"(?>(?:(?!\\").)*)(?:\\")?"""
    r"""|[^\s"'|;&<>\\](?>(?:[^\s"']|["'](?=\w))*))"""
)
"""One secret word: quoted (also inside a JSON string) or up to the next blank."""
_LINE_END = re.compile(r"(?<!\\)\n")
"""A backslash goes on with the line."""


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
        return [
            found.span(group)
            for found in self.pattern.finditer(text)
            for group in self.groups
            if found.start(group) >= 0
        ]


class Rules:
    """Rules in their order. Each looks only at the lines that hold one of its words, unless it reads across lines."""

    def __init__(self, *rules: Rule) -> None:
        self.all = rules
        self._of_lines = [(word, n) for n, rule in enumerate(rules) if not rule.across for word in rule.keywords]
        self._across = [(word, n) for n, rule in enumerate(rules) if rule.across for word in rule.keywords]

    def applied(self, text: str, variables: set[str]) -> str:
        """The text without the secrets that the rules know; adds the variables that stand where a secret would."""
        text = self._apply(self._across, text, variables)
        if "\n" not in text:
            return self._apply(self._of_lines, text, variables)
        return "\n".join(self._apply(self._of_lines, line, variables) for line in _LINE_END.split(text))

    def _apply(self, words: list[tuple[str, int]], text: str, variables: set[str]) -> str:
        lower = text.lower()
        for n in sorted({n for word, n in words if word in lower}):
            text = without(text, self.all[n].spans(text), variables)
        return text


def without(text: str, spans: Iterable[Span], variables: set[str]) -> str:
    """The text with these spans hidden, but for those that only say where the secret comes from."""
    hidden = []
    for start, end in sorted(spans):
        value = unschemed(text[start:end])
        used = variables_of(value)
        if used is not None:
            variables.update(used)
        elif value and not is_status(value):
            hidden.append((start, end))
    return hide(text, hidden)
