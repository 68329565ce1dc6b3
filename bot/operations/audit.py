"""The audit: one JSON line for each command, click and submission. Append-only, apart from the log.

A line says who, where, which task, what they did, how it ended, how long it took, and the ids by which it is found
elsewhere. It never holds a value of the task or what somebody typed.
"""

import json
import logging
import logging.handlers
import queue
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.operations.untrusted import audited

_NAME = "schedtask.audit"


class Audit:
    """Writes entries to a file or to standard output, from a thread of its own: a slow disk holds up nobody."""

    def __init__(self, path: str | None = None) -> None:
        """Open the file for appending, readable by its owner only. Raises OSError."""
        target: logging.Handler
        if path is None:
            target = logging.StreamHandler(sys.stdout)
        else:
            Path(path).touch(mode=0o600)
            target = logging.handlers.WatchedFileHandler(path, encoding="utf-8")
        target.setFormatter(logging.Formatter("%(message)s"))
        waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self._target = target
        self._listener = logging.handlers.QueueListener(waiting, target)
        self._handler = logging.handlers.QueueHandler(waiting)
        self._logger = logging.Logger(_NAME, logging.INFO)  # its own, so that no other logger's settings reach it
        self._logger.addHandler(self._handler)
        self._listener.start()

    def write(self, entry: Mapping[str, object]) -> None:
        """Append one line: what ``Desk`` says of an interaction, and the time, which is now, UTC."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._logger.info("%s", json.dumps({"at": at, **audited(entry)}, ensure_ascii=False))

    def close(self) -> None:
        """Write what is waiting, then close."""
        self._listener.stop()
        self._target.close()
