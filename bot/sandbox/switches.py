"""The switches of the page: each makes something go wrong, so that one can watch how the bot copes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Choice:
    """One position of a switch. `note` describes its effect in a few words."""

    value: str
    label: str
    note: str


@dataclass(slots=True)
class Switch:
    """A switch: `value` is its position, and `apply` brings a new one into effect."""

    id: str
    label: str
    choices: tuple[Choice, ...]
    apply: Callable[[str], Awaitable[None]]
    value: str = NORMAL

    def to_json(self) -> dict[str, Any]:
        """The page's SWITCH object."""
        choices = [{"value": c.value, "label": c.label, "note": c.note} for c in self.choices]
        return {"id": self.id, "label": self.label, "value": self.value, "choices": choices}

    async def set(self, value: str) -> None:
        """Set the position. Raises KeyError for an unknown one."""
        if value not in {choice.value for choice in self.choices}:
            raise KeyError(value)
        await self.apply(value)
        self.value = value
