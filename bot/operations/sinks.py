"""Where lines end up: standard output, standard error, or a private file.

Everything here may block. It runs on a line writer's thread, never on the event loop.
"""

import os
import select
import stat
import time
from pathlib import Path
from typing import Protocol

STDOUT, STDERR = 1, 2
POLL_MS = 200
"""How long one write waits for a reader, and so how late a writer notices that it must stop."""
PRIVATE = 0o600


class Sink(Protocol):
    """A place for lines."""

    def write(self, data: bytes) -> int:
        """Write at least part of ``data``; return the bytes taken, 0 if nobody reads. Raises OSError."""

    def close(self) -> None:
        """Release it."""


class Stream:
    """An open descriptor: a pipe, a socket, a terminal, or a file that standard output was redirected to.

    It polls instead of setting O_NONBLOCK, which would hold for every process that shares the pipe or terminal.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)

    def write(self, data: bytes) -> int:
        """Wait a moment for room, then write. A line larger than the room may block until somebody reads."""
        if not self._poll.poll(POLL_MS):
            return 0
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # another process has set O_NONBLOCK on the shared pipe
            time.sleep(POLL_MS / 1000)
            return 0

    def close(self) -> None:
        """Leave the descriptor open: it belongs to the process."""


class PrivateFile:
    """Appends to a file that only its owner can read. Follows renames: the next line goes to a new file.

    A named pipe or a device works too. Processes must not share one.
    """

    def __init__(self, path: str) -> None:
        """Open it. Raises OSError."""
        self._path = Path(path)
        self._fd = -1
        self._open()

    def write(self, data: bytes) -> int:
        """Write a whole line or nothing: a part that fitted on a full disk is taken back."""
        try:
            if not self._is_current():
                self._open()
            if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                return Stream(self._fd).write(data)
            return self._append(data)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _append(self, line: bytes) -> int:
        written = 0
        try:
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError:
            if written:
                os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
            raise
        return written

    def _is_current(self) -> bool:
        if self._fd < 0:
            return False
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._fd))
        except FileNotFoundError:
            return False

    def _open(self) -> None:
        self.close()
        self._refuse_foreign_link()
        # Readable too, to check its last byte, and because a named pipe without a reader can then be opened.
        self._fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY, PRIVATE)
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode):
            return
        if stat.S_IMODE(status.st_mode) != PRIVATE:
            os.fchmod(self._fd, PRIVATE)
        if status.st_size and os.pread(self._fd, 1, status.st_size - 1) != b"\n":
            # A process was killed in the middle of a line. The next line must not continue it.
            self._append(b"\n")

    def _refuse_foreign_link(self) -> None:
        """Others with access to the directory could point the audit at any file of the bot's user."""
        try:
            link = self._path.lstat()
        except FileNotFoundError:
            return
        if stat.S_ISLNK(link.st_mode) and link.st_uid not in {0, os.geteuid()}:
            raise PermissionError(1, "a symbolic link that belongs to another user", str(self._path))
