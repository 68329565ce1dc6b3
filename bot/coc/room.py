"""Room in memory for large answers while they are read and decoded. Others wait, within their own deadline.

Reading and decoding an answer takes about five times its size. Without a bound, ten answers of 16 MB at once took
547 MB and fifty took 1.3 GB (measured).

- Up to ``SMALL`` an answer needs no room.
- Up to ``MEDIUM`` it takes one of ``PLACES``. A full task of 999 machines has about 1 MB.
- A larger one is read alone. It never waits for a place, so two answers never wait for each other.
"""

import asyncio
from types import TracebackType
from typing import Any, Self

SMALL = 256 * 1024
MEDIUM = 2 * 1024 * 1024
PLACES = 12


class Room:
    """Shared by all calls of one client. Use from one event loop."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(PLACES)
        self.alone = asyncio.Lock()


class Place:
    """What one answer takes of the room: an async context manager that gives it back at the end."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held: asyncio.Semaphore | asyncio.Lock | None = None
        self._after: asyncio.Future[Any] | None = None
        self.is_waiting = False
        """Whether the answer waits for others to be done. True after a wait that was cancelled, too."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._after is None or self._after.done():
            self._release()
        else:
            self._after.add_done_callback(lambda _done: self._release())

    async def grow(self, size: int) -> None:
        """Make sure there is room for ``size`` bytes of answer; wait for it where there is none."""
        if size > MEDIUM and self._held is not self._room.alone:
            await self._wait_for(self._room.alone)
        elif size > SMALL and self._held is None:
            await self._wait_for(self._room.places)

    def keep_for(self, decoding: asyncio.Future[Any]) -> None:
        """Keep the room until this is done, even if nobody waits for it any more: a thread can't be stopped."""
        self._after = decoding

    async def _wait_for(self, wanted: asyncio.Semaphore | asyncio.Lock) -> None:
        self.is_waiting = True
        await wanted.acquire()
        self.is_waiting = False
        self._release()
        self._held = wanted

    def _release(self) -> None:
        if self._held is not None:
            self._held.release()
            self._held = None
