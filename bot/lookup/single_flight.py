"""Calls in flight, shared by everybody who asks for the same thing meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs ``call`` with a key, at most once at a time for each key."""

    def __init__(self, call: Callable[[str], Coroutine[Any, Any, T]]) -> None:
        self._call = call
        self._calls: dict[str, asyncio.Task[T]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._calls

    async def join(self, key: str) -> T:
        """The result of the call in flight for this key, else of a new one."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = asyncio.create_task(self._call(key), name=f"single flight {key}")
            call.add_done_callback(lambda done: self._forget(key, done))
        # Shielded: one caller's cancelled wait must not cancel the call for the others.
        return await asyncio.shield(call)

    def _forget(self, key: str, call: asyncio.Task[T]) -> None:
        self._calls.pop(key, None)
        if not call.cancelled():
            call.exception()  # marks it as retrieved, also where every caller has given up
