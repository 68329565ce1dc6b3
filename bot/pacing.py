"""Decides where CPU-heavy work runs, so that the event loop always answers Slack in time.

Blocking I/O needs no decision: it goes to ``asyncio.to_thread``.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# The unit of cost is estimated milliseconds of CPU time on one core. The figures below were measured.

IN_LOOP_MS = 10.0
"""Work that costs less runs in the event loop: a thread costs more than it saves. The rest runs in a thread."""

CARD_MS = 1.0
"""Rendering a task's card, however many machines the task has."""

DECODE_MS_PER_BYTE = 40 / 2**20
"""Decoding a COC answer: from 256 KiB on in a thread. 1 MB of targets took 64 ms, 5.5 MB took 225 ms."""

VIEW_MS_PER_MACHINE = 0.005
"""Filtering and rendering a page of targets: 10,000 machines took 31 ms."""

FILE_MS_PER_MACHINE = 0.02
"""Writing targets as CSV or JSON: 10,000 machines took 202 ms."""

UNBOUNDED_MS = math.inf
"""The cost depends on the length of texts: redacting messages of runs, comparing the spelling of host names."""


class Pacer:
    """Runs heavy work in a thread, and lighter work in the event loop, one piece per pass. One per process.

    Without it the loop handles all answers of a crowd in one pass, and an acknowledgement that arrives meanwhile
    waits for all of them: 350 to 540 ms at 200 commands a second for as many tasks, against 20 to 25 ms with it.
    A slot costs some 50 µs.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next: asyncio.Handle | None = None

    async def run(
        self,
        cost_ms: float,
        work: Callable[[], T],
        *,
        is_urgent: bool = False,
        on_thread: Callable[[asyncio.Future[T]], None] = lambda _thread: None,
    ) -> T:
        """Return what ``work`` returns. Urgent work goes ahead of the queue: an acknowledgement waits for it.

        A thread cannot be stopped. Where the caller may give up, ``on_thread`` gets a future that is done when the
        thread has ended.
        """
        if cost_ms < IN_LOOP_MS:
            await self.slot(is_urgent=is_urgent)
            return work()
        thread = asyncio.ensure_future(asyncio.to_thread(work))
        on_thread(thread)
        return await asyncio.shield(thread)

    async def slot(self, *, is_urgent: bool = False) -> None:
        """Wait for a pass of the event loop without other heavy work. The slot ends at the caller's next await."""
        loop = asyncio.get_running_loop()
        mine = loop.create_future()
        if is_urgent:
            self._waiting.appendleft(mine)
        else:
            self._waiting.append(mine)
        if self._next is None:
            self._next = loop.call_soon(self._grant)
        await mine

    def _grant(self) -> None:
        self._next = None
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():  # cancelled meanwhile
                first.set_result(None)
                break
        if self._waiting:
            self._next = asyncio.get_running_loop().call_soon(self._grant)
