"""Lines go through a bounded queue to a separate thread, so that a slow or broken sink never stops the bot.

Lines that can't be written wait and are tried again. When the queue is full, new lines are dropped and counted. Once
there is room again, a line in their place says how many were dropped.
"""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from bot.operations.sinks import Sink
from bot.timings import TIMINGS, WriterTimings

Reason = Literal["full", "denied", "gone", "blocked", "other"]
"""Why lines can't be written: no space, no permission, no file or reader, nobody reads, anything else."""
REASONS: dict[int, Reason] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "full"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "denied"),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EPIPE), "gone"),
}
MAX_LINES, MAX_BYTES = 10_000, 8 * 1024 * 1024


class LineWriter:
    """Takes lines from any thread without waiting. One thread writes them, in order.

    ``lost_line`` makes the line that stands for dropped ones. ``on_outage`` is called at the first failure of an
    outage, ``on_recovery`` at its end with the number of lines dropped, both on the writer's thread. ``on_lost`` is
    called for each loss, on the thread that met it.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        lost_line: Callable[[int], bytes],
        on_outage: Callable[[Reason, str], None] = lambda _reason, _why: None,
        on_recovery: Callable[[int], None] = lambda _lost: None,
        on_lost: Callable[[Reason, int], None] = lambda _reason, _lines: None,
        max_lines: int = MAX_LINES,
        max_bytes: int = MAX_BYTES,
        timings: WriterTimings = TIMINGS.writer,
    ) -> None:
        self._sink = sink
        self._lost_line = lost_line
        self._on_outage, self._on_recovery, self._on_lost = on_outage, on_recovery, on_lost
        self._max_lines, self._max_bytes = max_lines, max_bytes
        self._timings = timings
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        """Lines dropped since the last line that stands for dropped ones."""
        self._reason: Reason | None = None
        """Set during an outage."""
        # Reentrant: the garbage collector may run a destructor that logs while this thread holds it.
        self._changed = threading.Condition(threading.RLock())
        self._stopping = threading.Event()
        self._has_ended = False
        self._stop_at = 0.0
        # A daemon: a write that blocks for ever must not hold up the exit of the process.
        self._thread = threading.Thread(target=self._run, name="line-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Lines accepted and not yet written."""
        return len(self._lines)

    def put(self, line: bytes) -> None:
        """Queue a line, or drop and count it if the queue is full."""
        with self._changed:
            # After an overflow it accepts lines again only once the queue is half empty: one gap, not thousands.
            has_room = len(self._lines) < self._max_lines and self._bytes + len(line) <= self._max_bytes
            if has_room and not self._dropped and not self._has_ended:
                self._append(line)
                return
            self._dropped += 1
            self._changed.notify()
        self._on_lost(self._reason or "blocked", 1)

    def close(self, seconds: float) -> int:
        """Write waiting lines for at most so long; return the number of lines lost and not reported yet."""
        self._stop_at = time.monotonic() + seconds
        with self._changed:
            self._stopping.set()
            self._changed.notify()
        self._thread.join(seconds + self._timings.last_pause_s)
        self._has_ended = True
        left = self.waiting
        if left:
            self._on_lost(self._reason or "blocked", left)
        return left + self._dropped

    def _run(self) -> None:
        while (line := self._next()) is not None and self._deliver(line):
            with self._changed:
                self._lines.popleft()
                self._bytes -= len(line)
        self._sink.close()

    def _next(self) -> bytes | None:
        with self._changed:
            self._recover()
            while not self._lines and not self._stopping.is_set():
                self._changed.wait()
                self._recover()
            self._has_ended = not self._lines
            return self._lines[0] if self._lines else None

    def _deliver(self, line: bytes) -> bool:
        """Write one line, however long that takes; False if the process stopped first."""
        written, pause, idle_since = 0, self._timings.first_pause_s, time.monotonic()
        while written < len(line):
            if self._stopping.is_set() and time.monotonic() >= self._stop_at:
                return False
            try:
                taken = self._sink.write(line[written:])
            except OSError as error:
                self._fail(REASONS.get(error.errno or 0, "other"), error.strerror or str(error))
                if self._stopping.wait(pause):
                    time.sleep(self._timings.last_pause_s)
                pause = min(pause * 2, self._timings.longest_pause_s)
                continue
            written += taken
            if taken:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > self._timings.blocked_s:
                self._fail("blocked", "nobody reads it")
        return True

    def _fail(self, reason: Reason, why: str) -> None:
        is_first, self._reason = self._reason is None, reason
        if is_first:
            self._on_outage(reason, why)

    def _recover(self) -> None:
        """Accept lines again, and say how many were dropped, once half of the queue is written."""
        if len(self._lines) > self._max_lines // 2 or self._bytes > self._max_bytes // 2:
            return
        dropped, self._dropped = self._dropped, 0
        if dropped:
            self._append(self._lost_line(dropped))
        if dropped or self._reason is not None:
            self._reason = None
            self._on_recovery(dropped)

    def _append(self, line: bytes) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        self._changed.notify()
