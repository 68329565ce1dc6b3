"""The audit: one JSON line for each command, click and submission. Append-only, apart from the log.

A line says who, where, which task, what they did, how it ended, how long it took, and the ids by which it is found
elsewhere. It never holds a value of the task or what somebody typed.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from bot.errors import StartError
from bot.operations.line_writer import LineWriter, Reason
from bot.operations.sinks import STDOUT, PrivateFile, Stream
from bot.operations.untrusted import audited
from bot.timings import TIMINGS, WriterTimings

log = structlog.get_logger(__name__)


class Audit:
    """Writes entries to a file or to standard output, from a thread of its own.

    While they can't be written they wait, at most ``MAX_LINES`` of them. The log says when that begins and ends.
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        on_lost: Callable[[Reason, int], None] = lambda _reason, _lines: None,
        timings: WriterTimings = TIMINGS.writer,
    ) -> None:
        """Open the file for appending, readable by its owner only. Raises StartError."""
        self._where = path or "standard output"
        try:
            if path is None and sys.__stdout__ is None:
                raise OSError("standard output is closed")
            sink = PrivateFile(path) if path else Stream(STDOUT)
        except OSError as error:
            raise StartError(
                f"The audit can't be written to {self._where} ({error.strerror or error}): check SCHEDTASK_AUDIT_FILE"
            ) from None
        self._stop_s = timings.audit_stop_s
        self._writer = LineWriter(
            sink,
            lost_line=lambda lines: _line({"did": "audit", "outcome": "lines lost", "lines": lines}),
            on_outage=self._say_failing,
            on_recovery=self._say_well,
            on_lost=on_lost,
            timings=timings,
        )

    @property
    def waiting(self) -> int:
        """Lines that are not written yet."""
        return self._writer.waiting

    def write(self, entry: Mapping[str, object]) -> None:
        """Append one line: an entry of ``bot.slack.runner`` and the time, in UTC."""
        self._writer.put(_line(entry))

    async def close(self) -> None:
        """Write what is waiting, for a few seconds at most, and log how many lines are lost."""
        lost = await asyncio.to_thread(self._writer.close, self._stop_s)
        if lost:
            log.error("audit_lines_lost", file=self._where, lines=lost)

    def _say_failing(self, reason: Reason, why: str) -> None:
        log.error("audit_failing", file=self._where, reason=reason, error=why)

    def _say_well(self, lost: int) -> None:
        log.warning("audit_recovered", file=self._where, lines_lost=lost)


def _line(entry: Mapping[str, object]) -> bytes:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"at": at, **audited(entry)}, ensure_ascii=False)
    # A lone surrogate becomes \udc80, which JSON reads as what it was.
    return f"{line}\n".encode("utf-8", "backslashreplace")
