"""The audit: one JSON line for each command, click and submission. Append-only, separate from the log.

A line holds the person, the place, the task, the action, its outcome and duration, and the ids that lead to it
elsewhere. It never holds a value of the task or text that somebody typed.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from bot.errors import StartError
from bot.operations.line_writer import LineWriter, Reason
from bot.operations.sanitizer import Sanitizer
from bot.operations.sinks import STDOUT, PrivateFile, Stream
from bot.timings import TIMINGS, WriterTimings

log = structlog.get_logger(__name__)


class Audit:
    """Writes entries to a file or to standard output, on a separate thread.

    While they can't be written they wait, within the bounds of the ``LineWriter``. The log says when an outage begins
    and ends.
    """

    def __init__(
        self,
        path: str | None,
        sanitizer: Sanitizer,
        *,
        on_lost: Callable[[Reason, int], None] = lambda _reason, _lines: None,
        timings: WriterTimings = TIMINGS.writer,
    ) -> None:
        """Open the file for appending, readable by its owner only. Raises StartError."""
        self._sanitizer = sanitizer
        self._file = file = path or "standard output"
        try:
            if path is None and sys.__stdout__ is None:
                raise OSError("standard output is closed")
            sink = PrivateFile(path) if path else Stream(STDOUT)
        except OSError as error:
            raise StartError(
                f"The audit can't be written to {file} ({error.strerror or error}): check SCHEDTASK_AUDIT_FILE"
            ) from None
        self._stop_s = timings.audit_stop_s
        self._writer = LineWriter(
            sink,
            lost_line=lambda lines: self._line({"did": "audit", "outcome": "lines lost", "lines": lines}),
            on_outage=lambda reason, why: log.error("audit_failing", file=file, reason=reason, error=why),
            on_recovery=lambda lost: log.warning("audit_recovered", file=file, lines_lost=lost),
            on_lost=on_lost,
            timings=timings,
        )

    @property
    def waiting(self) -> int:
        """Lines that are not written yet."""
        return self._writer.waiting

    def write(self, entry: Mapping[str, object]) -> None:
        """Append one line: the entry of an interaction, stamped with the current time in UTC."""
        self._writer.put(self._line(entry))

    async def close(self) -> None:
        """Write waiting lines, for a few seconds at most, and log how many are lost."""
        lost = await asyncio.to_thread(self._writer.close, self._stop_s)
        if lost:
            log.error("audit_lines_lost", file=self._file, lines=lost)

    def _line(self, entry: Mapping[str, object]) -> bytes:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"at": at, **self._sanitizer.entry(entry)}, ensure_ascii=False)
        # A lone surrogate becomes \udc80, which JSON reads as the same surrogate.
        return f"{line}\n".encode("utf-8", "backslashreplace")
