"""The page's switches: what one can make go wrong, and watch the bot deal with it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Choice:
    """One position of a switch. `note` says what it does in a few words."""

    value: str
    label: str
    note: str


@dataclass(slots=True)
class Switch:
    """Something to set. `turn` does it; `value` is where it stands."""

    id: str
    label: str
    choices: tuple[Choice, ...]
    turn: Callable[[str], Awaitable[None]]
    value: str = NORMAL

    def to_json(self) -> dict[str, Any]:
        """The page's SWITCH object."""
        choices = [{"value": c.value, "label": c.label, "note": c.note} for c in self.choices]
        return {"id": self.id, "label": self.label, "value": self.value, "choices": choices}

    async def set(self, value: str) -> None:
        """Turns it. Raises KeyError for a position it does not have."""
        if value not in {choice.value for choice in self.choices}:
            raise KeyError(value)
        await self.turn(value)
        self.value = value
