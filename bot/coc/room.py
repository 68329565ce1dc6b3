"""Room in memory for large answers while they are read and decoded. Others wait, within their own deadline.

Decoding an answer takes four times its size beside the answer itself. Without a bound, ten answers of 16 MB at once
took 547 MB and fifty took 1.3 GB (``tests/bench/large.py``).

- Up to ``SMALL`` bytes an answer needs no room.
- A larger one takes as many bytes of ``TOTAL`` as it declares, before it is read. First come, first served.
- One that declares no size, such as a compressed one, takes ``MEDIUM``, the size of four full tasks. If it has
  more, it takes the lock for heavy work and reads on, beyond ``TOTAL`` if need be: it never waits for room while
  others wait for its own.
- Answers above ``MEDIUM`` are decoded one at a time, under the same lock.
"""

import asyncio
from types import TracebackType
from typing import Any, Self

SMALL = 256 * 1024
MEDIUM = 4 * 1024 * 1024
TOTAL = 40 * 1024 * 1024


class Room:
    """Shared by all calls of one client. Use from one event loop."""

    def __init__(self) -> None:
        self.used = 0
        """Bytes that answers hold now."""
        self.heavy = asyncio.Lock()
        self._queue = asyncio.Lock()  # asyncio's locks are fair
        self._freed = asyncio.Event()

    async def take(self, size: int) -> None:
        """Take so many bytes, when there are so many, or when nobody holds any."""
        async with self._queue:
            while self.used and self.used + size > TOTAL:
                self._freed.clear()
                await self._freed.wait()
            self.used += size

    def give_back(self, size: int) -> None:
        """The opposite of ``take``."""
        self.used -= size
        self._freed.set()


class Place:
    """What one answer holds of the room: an async context manager that gives it back at the end."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = 0
        self._is_heavy = False
        self._decoding: asyncio.Future[Any] | None = None
        self.is_waiting = False
        """Whether the answer waits for others. Stays True where the wait is cancelled."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        # Nobody may wait for the result any more, but a thread can't be stopped: it holds the memory to its end.
        if self._decoding is None or self._decoding.done():
            self._leave()
        else:
            self._decoding.add_done_callback(lambda _done: self._leave())

    async def expect(self, size: int) -> None:
        """Before reading: an answer declares so many bytes."""
        if size > SMALL:
            await self._take(size)

    async def grow(self, size: int) -> None:
        """While reading: an answer has so many bytes by now."""
        if size <= max(SMALL, self._held):
            return
        if not self._held:
            await self._take(MEDIUM)
        elif not self._is_heavy:
            await self._become_heavy()
        more = size - self._held
        if more > 0:
            self._room.used += more
            self._held = size

    async def decoding(self, size: int) -> None:
        """Before decoding so many bytes."""
        if size > MEDIUM and not self._is_heavy:
            await self._become_heavy()

    def keep_until(self, decoding: asyncio.Future[Any]) -> None:
        """Hold the place until this is done, even if the wait for it is given up."""
        self._decoding = decoding

    async def _take(self, size: int) -> None:
        self.is_waiting = True
        await self._room.take(size)
        self.is_waiting = False
        self._held = size

    async def _become_heavy(self) -> None:
        self.is_waiting = True
        await self._room.heavy.acquire()
        self.is_waiting = False
        self._is_heavy = True

    def _leave(self) -> None:
        if self._held:
            self._room.give_back(self._held)
            self._held = 0
        if self._is_heavy:
            self._room.heavy.release()
            self._is_heavy = False
