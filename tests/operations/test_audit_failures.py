"""The audit's file or pipe fails under a real process: lines wait, are written later, or are dropped and counted."""

import asyncio
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.operations.operated import PIPE, SMALL_QUEUES, Operated, drained, full_pipe, operated, until

pytestmark = pytest.mark.slow

NULL = asyncio.subprocess.DEVNULL
LOST = "schedtask_audit_lost_total"


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return path.stat().st_mode & 0o777


def outcomes(path: Path) -> list[str]:
    """The outcomes in the whole lines of an audit file, each of which is JSON; the last one may be half written."""
    return [json.loads(line)["outcome"] for line in path.read_text("utf-8").rpartition("\n")[0].splitlines()]


def named(events: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """The events with one of these names."""
    return [event for event in events if event["event"] in names]


@contextmanager
def directory_gone(file: Path, _bot: Operated) -> Iterator[None]:
    """Somebody moves the whole directory away, and back."""
    aside = file.parent.with_name("aside")
    file.parent.rename(aside)
    yield
    aside.rename(file.parent)


@contextmanager
def directory_in_the_way(file: Path, _bot: Operated) -> Iterator[None]:
    """A directory is in the place of the file."""
    file.rename(file.with_suffix(".1"))
    file.mkdir()
    yield
    file.rmdir()
    file.with_suffix(".1").rename(file)


@contextmanager
def read_only(file: Path, _bot: Operated) -> Iterator[None]:
    """The file was rotated, and no new one can be made: the file system has become read-only."""
    if os.geteuid() != 0 or subprocess.run(["mount", "--bind", file.parent, file.parent], check=False).returncode:
        pytest.skip("only root may mount")
    rotated = file.rename(file.with_suffix(".1"))
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", file.parent], check=True)
        yield
        subprocess.run(["mount", "-o", "remount,bind,rw", file.parent], check=True)
        rotated.rename(file)
    finally:
        subprocess.run(["umount", file.parent], check=True)


@contextmanager
def size_limit(file: Path, bot: Operated) -> Iterator[None]:
    """The file may grow by 10 bytes only, for root too: the start of a line is written, the rest is not."""
    limits = resource.prlimit(bot.child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.child.pid, resource.RLIMIT_FSIZE, (file.stat().st_size + 10, limits[1]))
    yield
    resource.prlimit(bot.child.pid, resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize(
    ("fail", "reason"),
    [(directory_gone, "gone"), (directory_in_the_way, "other"), (read_only, "denied"), (size_limit, "full")],
)
async def test_lines_wait_while_the_file_fails(fail: Any, reason: str, tmp_path: Path) -> None:
    """No line is lost or torn; the log has one event at the beginning of the outage and one at its end."""
    file = tmp_path / "logs" / "audit.jsonl"
    file.parent.mkdir()
    async with operated(tmp_path, stdout=NULL, umask=0, SCHEDTASK_AUDIT_FILE=str(file)) as bot:
        await bot.ask(2)
        await until(lambda: len(outcomes(file)) == 2)
        with fail(file, bot):
            await bot.ask(3)
            assert await bot.get("/readyz") == "ready\n"
            await asyncio.sleep(0.2)
        await until(lambda: len(outcomes(file)) == 5)
        await bot.ask(2)
        assert await bot.metric(LOST) == 0
        status, events = await bot.stopped()
    assert status == 0
    assert outcomes(file) == ["help"] * 7
    assert file.read_bytes().endswith(b"\n")
    assert mode(file) == 0o600
    failing, recovered = named(events, "audit_failing", "audit_recovered", "audit_lines_lost")
    assert failing["reason"] == reason
    assert recovered["lines_lost"] == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], check=False).returncode
    )
    if not mounted:
        pytest.skip("only root may mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_loses_counted_lines_and_exits_with_0(small_disk: Path, tmp_path: Path) -> None:
    """The queue overflows; metric, log and audit agree on the number of lines lost."""
    file, ballast = small_disk / "audit.jsonl", small_disk / "ballast"
    async with operated(tmp_path, stdout=NULL, before=SMALL_QUEUES, SCHEDTASK_AUDIT_FILE=str(file)) as bot:
        await bot.ask(2)
        await until(lambda: len(outcomes(file)) == 2)
        _fill(ballast)
        await bot.ask(40)  # the last page of the file still has room for some
        await bot.reaches("schedtask_audit_waiting", 10)
        lost = await bot.metric(LOST)
        assert f'{LOST}{{reason="full"}} {lost}' in await bot.get("/metrics")
        kept = len(outcomes(file)) + await bot.metric("schedtask_audit_waiting")
        assert lost > 0
        assert kept + lost == 42
        ballast.unlink()
        await until(lambda: "lines lost" in outcomes(file))
        await bot.ask()
        _fill(ballast)
        await bot.ask(30)
        status, events = await bot.stopped()
    assert status == 0
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [line["lines"] for line in lines if line["outcome"] == "lines lost"] == [lost]
    failing, recovered, again, left = named(events, "audit_failing", "audit_recovered", "audit_lines_lost")
    assert (failing["reason"], recovered["lines_lost"]) == ("full", lost)
    assert again["event"] == "audit_failing"
    assert left["event"] == "audit_lines_lost"
    assert left["lines"] + len(lines) - 1 + lost == 73


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as full, suppress(OSError):
        while full.write(b"x" * 4096):
            pass


async def test_a_rotated_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """Renamed as logrotate does it: the next line goes to a new file, which only its owner can read."""
    file = tmp_path / "audit.jsonl"
    file.touch(0o644)
    async with operated(tmp_path, stdout=NULL, umask=0, SCHEDTASK_AUDIT_FILE=str(file)) as bot:
        assert mode(file) == 0o600, "a file that was there before"
        await bot.ask(2)
        await until(lambda: len(outcomes(file)) == 2)
        file.rename(tmp_path / "audit.jsonl.1")
        await bot.ask()
        await until(lambda: file.exists() and outcomes(file))
        assert mode(file) == 0o600
        assert (await bot.stopped())[0] == 0
    assert outcomes(tmp_path / "audit.jsonl.1") == ["help"] * 2


@pytest.mark.parametrize("reads", [False, True], ids=["blocked", "gone"])
async def test_a_blocked_or_closed_pipe_for_the_audit_stops_nothing(reads: bool, tmp_path: Path) -> None:
    """The reader of standard output sleeps or is gone: commands get answers, the loss is logged, the exit is good."""
    reader, writer = full_pipe()
    async with operated(tmp_path, stdout=writer) as bot:
        os.close(writer)
        if reads:
            os.close(reader)
        await bot.ask(3)
        status, events = await bot.stopped()
    if not reads:
        assert drained(reader).strip() == ""
        os.close(reader)
    assert status == 0
    failing, left = named(events, "audit_failing", "audit_lines_lost")
    assert failing["reason"] == ("gone" if reads else "blocked")
    assert left["lines"] == 3


async def test_a_named_pipe_without_a_reader_keeps_the_lines(tmp_path: Path) -> None:
    """A later reader gets them; the start does not wait for it."""
    fifo = tmp_path / "audit"
    os.mkfifo(fifo, 0o600)
    async with operated(tmp_path, stdout=NULL, SCHEDTASK_AUDIT_FILE=str(fifo)) as bot:
        await bot.ask(2)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        assert (await bot.stopped())[0] == 0
    lines = [json.loads(line) for line in drained(reader).splitlines()]
    os.close(reader)
    assert [line["outcome"] for line in lines] == ["help"] * 2


async def test_the_bot_does_not_start_without_a_place_for_the_audit(tmp_path: Path) -> None:
    """Standard output is closed and no file is set: one line says so."""
    closed = "import os, sys\nos.close(1)\nsys.stdout = sys.__stdout__ = None\n"
    async with operated(tmp_path, stdout=NULL, stderr=PIPE, before=closed, ready=False) as bot:
        _, logged = await bot.child.communicate()
        assert bot.child.returncode == 1
        assert b"The audit can't be written to standard output (standard output is closed)" in logged
        assert b"check SCHEDTASK_AUDIT_FILE" in logged
