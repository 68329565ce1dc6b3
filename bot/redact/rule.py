"""A rule: one syntax by which a text hands over a secret, as data with an example that must hide and one that must not.

In a pattern every group without a name is a secret; all around it stays. A pattern without groups is one as a whole.
Patterns take linear time on any text: runs are possessive or bounded.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.redact.chance import HIDDEN, variable

Span = tuple[int, int]
_STATUS = re.compile(r"(?i)required|optional|none|null|enabled?|disabled?|basic|bearer")
_SCHEME = re.compile(r"(?i)^\s*+(?:(?:bearer|basic|token)\s++)?")


@dataclass(frozen=True, slots=True)
class Rule:
    """One syntax. The examples are written like those of the corpora: ⟦…⟧ around each secret."""

    name: str
    words: str
    """One of these (lower case, ``␣`` for a blank) stands in every text that the pattern matches."""
    regex: str
    hides: str
    keeps: str
    pattern: re.Pattern[str] = field(init=False)
    keywords: tuple[str, ...] = field(init=False)
    groups: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.compile(self.regex)
        named = set(pattern.groupindex.values())
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "keywords", tuple(self.words.replace("␣", " ").split("|")))
        object.__setattr__(self, "groups", tuple(n for n in range(1, pattern.groups + 1) if n not in named) or (0,))

    def may_match(self, lower: str) -> bool:
        """Whether the lower-case text holds one of the rule's words."""
        return any(word in lower for word in self.keywords)

    def spans(self, text: str) -> list[Span]:
        """Where the secrets are."""
        return [
            found.span(group)
            for found in self.pattern.finditer(text)
            for group in self.groups
            if found.start(group) >= 0
        ]


def applied(rules: Iterable[Rule], text: str, variables: set[str]) -> str:
    """The text without the secrets that the rules know; adds the variables that stand where a secret would."""
    lower = text.lower()
    for rule in rules:
        if rule.may_match(lower):
            text = without(text, rule.spans(text), variables)
    return text


def without(text: str, spans: Iterable[Span], variables: set[str]) -> str:
    """The text with these spans hidden, but for those that only say where the secret comes from."""
    kept, shown = [], 0
    for start, end in sorted(spans):
        if start < shown or end <= start:
            continue
        given = _SCHEME.sub("", text[start:end])
        name = variable(given)
        if name is None and _STATUS.fullmatch(given):
            continue
        if name is not None:
            variables.add(name)
            continue
        kept += [text[shown:start], HIDDEN]
        shown = end
    return "".join(kept) + text[shown:] if kept else text
