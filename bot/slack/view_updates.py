"""Which answer a modal shows when several are under way: that of the newest click, whichever is ready first.

Slack refuses an update with a ``hash`` that is not the view's present one. That keeps an answer from replacing
one that it does not know of, made by whatever process; but it would also refuse the newer of two quick clicks,
because both carry the hash from before. This process knows which of its own updates came between and goes on
from their hash.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack.reply import Replies

KEPT = 1_000
"""Modals that are remembered; of one that is forgotten only Slack's hash keeps the order."""


@dataclass(slots=True)
class _Modal:
    begun: int = 0
    written: int = 0
    hash: str = ""
    replaced: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Turn:
    """One click's right to update its modal, in the order of the clicks. ``hash`` is what the click saw."""

    view_id: str
    hash: str
    number: int


class Order:
    """The modals of one process."""

    def __init__(self) -> None:
        self._modals: OrderedDict[str, _Modal] = OrderedDict()

    def begin(self, view: Mapping[str, Any]) -> Turn:
        """The turn of a click in this view; the sequence of calls is the sequence of the clicks."""
        view_id = str(view.get("id") or "")
        modal = self._modals.setdefault(view_id, _Modal())
        self._modals.move_to_end(view_id)
        while len(self._modals) > KEPT:
            self._modals.popitem(last=False)
        modal.begun += 1
        return Turn(view_id, str(view.get("hash") or ""), modal.begun)

    def answered(self, turn: Turn) -> None:
        """The answer to this click has replaced the view without an update: earlier answers come too late."""
        modal = self._modals.setdefault(turn.view_id, _Modal())
        modal.written = max(modal.written, turn.number)

    async def update(self, replies: Replies, turn: Turn, view: dict[str, Any], *, blind: bool = False) -> bool:
        """Show a view, unless the answer to a later click is shown already; whether it was shown.

        ``blind`` goes without a hash, for a view that offers nothing to click. Raises SlackRefused.
        """
        modal = self._modals.setdefault(turn.view_id, _Modal())
        async with modal.lock:
            if modal.written > turn.number:
                return False
            base = modal.hash if turn.hash in modal.replaced else turn.hash
            given = None if blind else base or None
            answer = await replies.call("views.update", view_id=turn.view_id, hash=given, view=view)
            shown = answer.get("view")
            modal.written = turn.number
            modal.replaced.append(base)
            modal.hash = str(shown.get("hash") or "") if isinstance(shown, Mapping) else ""
            return True
