"""A secret name where it stands in a text. A scanner reads one syntax and says where the value of such a name is."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.redact.names import Kind, Names
from bot.redact.spans import Span


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A secret name in a text."""

    text: str
    name: str
    start: int
    end: int
    """Behind the name and its brace (``{$NAME}``) or index (``name["x"]``)."""
    kind: Kind
    names: Names

    @property
    def opening(self) -> str:
        """The character before the name; empty at the start of the text."""
        return self.text[self.start - 1 : self.start]

    def before(self, count: int) -> str:
        """Up to so many characters before the name."""
        return self.text[max(0, self.start - count) : self.start]

    def behind(self, count: int) -> str:
        """Up to so many characters behind the name."""
        return self.text[self.end : self.end + count]


Scanner = Callable[[Occurrence], list[Span] | None]
"""Returns the values; the last one may turn out to be a reference. None: another syntax. An empty list: this syntax,
but it has no value, so the search ends.
"""
