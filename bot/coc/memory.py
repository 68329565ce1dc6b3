"""A memory budget for large answers while they are read and decoded. Others wait, within their own deadline.

Decoding an answer takes four times its size beside the answer itself. Without a bound, ten answers of 16 MB at once
took 547 MB and fifty took 1.3 GB (``tests/bench/large.py``).

- An answer of up to ``SMALL`` bytes needs no reservation.
- A larger one reserves the size it declares before it is read. First come, first served.
- One that declares no size, such as a compressed one, reserves ``MEDIUM``, the size of four full tasks. If it turns
  out larger, it takes the lock for large answers and reads on, beyond the budget if need be: an answer that holds
  memory never waits for memory.
- Answers above ``MEDIUM`` are decoded one at a time, under the same lock.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

SMALL = 256 * 1024
MEDIUM = 4 * 1024 * 1024
TOTAL = 40 * 1024 * 1024


class MemoryBudget:
    """``TOTAL`` bytes, shared by all calls of one client. Use from one event loop."""

    def __init__(self) -> None:
        self.used = 0
        """Bytes that answers hold now."""
        self.large = asyncio.Lock()
        """Held by the one answer that is being decoded, or read, above ``MEDIUM``."""
        self._queue = asyncio.Lock()  # asyncio's locks are fair
        self._released = asyncio.Event()

    async def acquire(self, size: int) -> None:
        """Take ``size`` bytes as soon as they are free, or nobody holds any."""
        async with self._queue:
            while self.used and self.used + size > TOTAL:
                self._released.clear()
                await self._released.wait()
            self.used += size

    def release(self, size: int) -> None:
        """Give ``size`` bytes back."""
        self.used -= size
        self._released.set()


class Reservation:
    """One answer's part of the budget. ``release`` it at the end."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._size = 0
        self._is_large = False
        self._thread: asyncio.Future[Any] | None = None
        self.is_waiting = False
        """Whether the answer waits for others. Stays True where the wait is cancelled."""

    async def before_reading(self, declared: int) -> None:
        """Reserve what an answer declares."""
        if declared > SMALL:
            await self._acquire(declared)

    async def while_reading(self, size: int) -> None:
        """Extend the reservation to what has been read so far."""
        if size <= max(SMALL, self._size):
            return
        if not self._size:
            await self._acquire(MEDIUM)
        elif not self._is_large:
            await self._acquire_large()
        if size > self._size:
            self._budget.used += size - self._size
            self._size = size

    async def before_decoding(self, size: int) -> None:
        """Wait until no other large answer is being decoded."""
        if size > MEDIUM and not self._is_large:
            await self._acquire_large()

    def hold_until_done(self, thread: asyncio.Future[Any]) -> None:
        """The thread that decodes the answer cannot be stopped: it uses the memory until it ends."""
        self._thread = thread

    def release(self) -> None:
        """Give everything back, now or when the thread has ended."""
        if self._thread is None or self._thread.done():
            self._release()
        else:
            self._thread.add_done_callback(lambda _thread: self._release())

    async def _acquire(self, size: int) -> None:
        await self._wait_for(self._budget.acquire(size))
        self._size = size

    async def _acquire_large(self) -> None:
        await self._wait_for(self._budget.large.acquire())
        self._is_large = True

    async def _wait_for(self, others: Awaitable[object]) -> None:
        self.is_waiting = True
        await others
        self.is_waiting = False

    def _release(self) -> None:
        self._budget.release(self._size)
        if self._is_large:
            self._budget.large.release()
