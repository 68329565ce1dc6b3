"""Decides which answer a modal shows when several are under way: that of the newest click.

Slack refuses an update with a ``hash`` that is not the view's present one. So no answer replaces another that it does
not know of, whichever process made that. But Slack would also refuse the newer of two quick clicks, because both
carry the hash from before. This process knows which of its own updates came between and goes on from their hash.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack.reply import Replies

MAX_MODALS = 1_000
"""Modals that are remembered. For a forgotten one only Slack's hash keeps the sequence."""


@dataclass(slots=True)
class _Modal:
    clicks: int = 0
    shown: int = 0
    """The number of the click whose answer is shown."""
    hash: str = ""
    replaced: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Click:
    """One click in a modal, numbered in the sequence of the clicks. ``hash`` is the view's at that moment."""

    view_id: str
    hash: str
    number: int


class ViewUpdates:
    """Updates the modals of one process."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._modals: OrderedDict[str, _Modal] = OrderedDict()

    def record_click(self, view: Mapping[str, Any]) -> Click:
        """Number a click in this view. Call it in the sequence in which the clicks arrive."""
        view_id = str(view.get("id") or "")
        modal = self._modals.setdefault(view_id, _Modal())
        self._modals.move_to_end(view_id)
        while len(self._modals) > MAX_MODALS:
            self._modals.popitem(last=False)
        modal.clicks += 1
        return Click(view_id, str(view.get("hash") or ""), modal.clicks)

    def record_ack(self, click: Click) -> None:
        """The ack of this click has replaced the view itself: answers to earlier clicks come too late."""
        modal = self._modals.setdefault(click.view_id, _Modal())
        modal.shown = max(modal.shown, click.number)

    async def update(self, click: Click, view: dict[str, Any], *, use_hash: bool = True) -> bool:
        """Show a view, unless the answer to a later click is already shown; returns whether it was shown.

        Without a hash Slack replaces whatever is shown: only for a view that offers nothing to click. Raises
        SlackRefused.
        """
        modal = self._modals.setdefault(click.view_id, _Modal())
        async with modal.lock:
            if modal.shown > click.number:
                return False
            base = modal.hash if click.hash in modal.replaced else click.hash
            answer = await self._replies.call(
                "views.update", view_id=click.view_id, hash=(base or None) if use_hash else None, view=view
            )
            updated = answer.get("view")
            modal.shown = click.number
            modal.replaced.append(base)
            modal.hash = str(updated.get("hash") or "") if isinstance(updated, Mapping) else ""
            return True
