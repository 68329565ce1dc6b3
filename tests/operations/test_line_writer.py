"""Whole lines in order, a bounded queue, a private file: real descriptors, no process."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.operations import sinks
from bot.operations.line_writer import LineWriter, Reason
from bot.operations.sinks import PrivateFile, Stream
from bot.timings import WriterTimings
from tests.operations.operated import drained

BRIEF = WriterTimings(first_pause_s=0.01, longest_pause_s=0.02, blocked_s=0.1)
KILOBYTE = b"x" * 1023 + b"\n"


class Gate:
    """A sink that takes lines only while it is open; closed, it fails with ``error`` or takes nothing."""

    def __init__(self, error: int = 0) -> None:
        self.open = threading.Event()
        self.error = error
        self.written = b""

    def write(self, data: bytes) -> int:
        """Takes three bytes at a time."""
        if self.open.is_set():
            self.written += data[:3]
            return len(data[:3])
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        time.sleep(0.01)
        return 0

    def close(self) -> None:
        """Nothing to close."""


class Watched:
    """A writer of few lines, and what it reported."""

    def __init__(self, sink: sinks.Sink, *, max_lines: int = 10, max_bytes: int = 100_000) -> None:
        self.outages: list[Reason] = []
        self.recoveries: list[int] = []
        self.lost: list[tuple[Reason, int]] = []
        self.writer = LineWriter(
            sink,
            lost_line=lambda lines: f"lost {lines}\n".encode(),
            on_outage=lambda reason, _why: self.outages.append(reason),
            on_recovery=self.recoveries.append,
            on_lost=lambda reason, lines: self.lost.append((reason, lines)),
            max_lines=max_lines,
            max_bytes=max_bytes,
            timings=BRIEF,
        )

    def put(self, *numbers: int) -> None:
        """Lines with these numbers."""
        for number in numbers:
            self.writer.put(f"line {number}\n".encode())


def soon(so: Callable[[], object]) -> None:
    """Wait until it is so."""
    until = time.monotonic() + 5
    while not so():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.mark.parametrize("error", [0, 28, 5], ids=["blocked", "full", "other"])
def test_lines_that_overflow_are_dropped_counted_and_marked(error: int) -> None:
    """Old lines stay, new ones are dropped; one line marks the gap; the outage is reported once."""
    gate = Gate(error)
    watched = Watched(gate)
    watched.put(*range(10))
    soon(lambda: watched.outages)
    watched.put(*range(10, 17))
    assert watched.writer.waiting == 10
    gate.open.set()
    soon(lambda: watched.recoveries)
    watched.put(20)
    assert watched.writer.close(2) == 0
    assert gate.written.decode().splitlines() == [*(f"line {n}" for n in range(10)), "lost 7", "line 20"]
    reason = {0: "blocked", 28: "full", 5: "other"}[error]
    assert watched.outages == [reason]
    assert watched.lost == [(reason, 1)] * 7
    assert watched.recoveries == [7]


def test_a_line_larger_than_the_queue_is_dropped_and_the_next_one_is_not() -> None:
    """The gap is marked at once, because no other line waits."""
    gate = Gate()
    gate.open.set()
    watched = Watched(gate, max_bytes=100)
    watched.writer.put(KILOBYTE)
    soon(lambda: watched.recoveries)
    watched.put(1)
    assert watched.writer.close(2) == 0
    assert gate.written == b"lost 1\nline 1\n"


def test_the_bytes_of_the_queue_are_bounded() -> None:
    """Few large lines fill the queue as many small ones do."""
    watched = Watched(Gate(), max_lines=1000, max_bytes=10 * 1024)
    for _ in range(50):
        watched.writer.put(KILOBYTE)
    assert watched.writer.waiting == 10
    assert watched.writer.close(0) == 50
    assert sum(lines for _, lines in watched.lost) == 50


@pytest.mark.parametrize("error", [0, 28], ids=["blocked", "full"])
def test_closing_takes_a_bounded_time_and_counts_the_lines_left(error: int) -> None:
    """Lines that come afterwards are dropped and counted."""
    watched = Watched(Gate(error))
    watched.put(1, 2, 3)
    began = time.monotonic()
    assert watched.writer.close(0.3) == 3
    assert 0.2 < time.monotonic() - began < 1
    assert sum(lines for _, lines in watched.lost) == 3
    watched.put(4)
    assert sum(lines for _, lines in watched.lost) == 4


def test_a_sink_that_blocks_for_ever_does_not_delay_closing() -> None:
    """A line larger than the pipe blocks the thread, as a dead network disk would."""
    reader, writer = os.pipe()
    watched = Watched(Stream(writer), max_bytes=10_000_000)
    watched.writer.put(b"x" * 1_000_000 + b"\n")
    began = time.monotonic()
    assert watched.writer.close(0.2) == 1
    assert time.monotonic() - began < 1
    drained(reader)
    os.close(reader)
    os.close(writer)


def test_lines_of_many_threads_stay_whole() -> None:
    """The lines of each thread stay in order."""
    reader, writer = os.pipe()
    stream = LineWriter(Stream(writer), lost_line=lambda _lines: b"")

    def put_all(who: int) -> None:
        for n in range(200):
            stream.put(b"%d %d %s" % (who, n, KILOBYTE))

    threads = [threading.Thread(target=put_all, args=(who,)) for who in range(5)]
    for thread in threads:
        thread.start()
    with os.fdopen(reader, "rb") as read:
        lines = [read.readline() for _ in range(1000)]
    for thread in threads:
        thread.join()
    assert stream.close(2) == 0
    os.close(writer)
    for who in range(5):
        assert [line for line in lines if line.startswith(b"%d " % who)] == [
            b"%d %d %s" % (who, n, KILOBYTE) for n in range(200)
        ]


@pytest.fixture
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The process's umask for one test."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("umask", [0, 0o777], indirect=True)
def test_a_new_file_is_private_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    """Only its owner can read and write it."""
    file = PrivateFile(str(tmp_path / "audit"))
    file.write(b"a line\n")
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o600
    (tmp_path / "audit").unlink()
    file.write(b"another\n")
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o600
    file.close()


def test_a_new_line_does_not_continue_the_torn_line_of_a_killed_process(tmp_path: Path) -> None:
    """The next process ends the torn line first."""
    path = tmp_path / "audit"
    path.write_bytes(b"whole\ntorn")
    file = PrivateFile(str(path))
    file.write(b"next\n")
    file.close()
    assert path.read_bytes() == b"whole\ntorn\nnext\n"


def test_a_symbolic_link_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link of the bot's own user is followed: it may lead to another disk."""
    path, elsewhere = tmp_path / "audit", tmp_path / "elsewhere"
    path.symlink_to(elsewhere)
    PrivateFile(str(path)).close()
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    if os.geteuid() == 0:
        os.lchown(path, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(PermissionError, match="belongs to another user"):
        PrivateFile(str(path))


def test_a_device_keeps_its_mode() -> None:
    """``/dev/null`` as the audit's file must stay writable for everybody."""
    before = Path(os.devnull).stat().st_mode
    file = PrivateFile(os.devnull)
    assert file.write(b"a line\n") == 7
    file.close()
    assert Path(os.devnull).stat().st_mode == before
