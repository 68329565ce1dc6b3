"""Answers under way, shared by all who ask meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """What is under way, by task: whoever comes meanwhile gets the same answer."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.Task[T]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._open

    async def join(self, task_id: str, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What is under way for this task, else what ``start`` begins."""
        flight = self._open.get(task_id)
        if flight is None:
            flight = asyncio.create_task(start(), name=f"lookup {task_id}")
            self._open[task_id] = flight
            flight.add_done_callback(lambda done: self._landed(task_id, done))
        # Shielded: one person's cancelled wait must not cancel the answer for the others.
        return await asyncio.shield(flight)

    def _landed(self, task_id: str, flight: asyncio.Task[T]) -> None:
        self._open.pop(task_id, None)
        if not flight.cancelled():
            flight.exception()  # seen, also where everybody has given up waiting
