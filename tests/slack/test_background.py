"""Background tasks are referenced, drained at the end, and never lost in silence."""

import asyncio
import gc

from structlog.testing import capture_logs

from bot.slack.background import BackgroundTasks


async def test_a_background_task_is_referenced_until_it_ends() -> None:
    """The event loop itself keeps only weak references to tasks: a collection must not end one."""
    work, go, done = BackgroundTasks(), asyncio.Event(), asyncio.Event()

    async def job() -> None:
        await go.wait()
        done.set()

    work.start(job(), "card K7QF-2M")
    assert len(work) == 1
    await asyncio.sleep(0)
    gc.collect()
    go.set()
    await asyncio.wait_for(done.wait(), 1)
    await asyncio.sleep(0)
    assert len(work) == 0


async def test_draining_nothing_takes_no_time() -> None:
    """An idle bot stops at once."""
    async with asyncio.timeout(1):
        assert await BackgroundTasks().drain(60) == 0


async def test_draining_waits_for_tasks_within_the_grace_time() -> None:
    """Tasks that end in time are not cancelled, and draining takes no longer than they do."""
    work, finished = BackgroundTasks(), []

    async def job(number: int) -> None:
        await asyncio.sleep(0.05 * number)
        finished.append(number)

    for number in range(3):
        work.start(job(number), f"job {number}")
    async with asyncio.timeout(5):
        assert await work.drain(60) == 0
    assert finished == [0, 1, 2]
    assert len(work) == 0


async def test_late_tasks_are_cancelled_counted_and_may_clean_up() -> None:
    """Only after the grace time; a cancelled task still runs its ``finally``."""
    work, cleaned, finished = BackgroundTasks(), [], []

    async def late() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append("late")

    async def quick() -> None:
        await asyncio.sleep(0.01)
        finished.append("quick")

    work.start(late(), "late")
    work.start(quick(), "quick")
    with capture_logs() as logs:
        assert await work.drain(0.2) == 1
    assert (finished, cleaned) == (["quick"], ["late"])
    assert logs == [], "cut off is no error of the job's"
    assert len(work) == 0


async def test_a_failed_task_is_logged_by_name_and_harms_no_other() -> None:
    """The log has the traceback; draining does not raise the error."""
    work, finished = BackgroundTasks(), []

    async def broken() -> None:
        raise ValueError("boom")

    async def healthy() -> None:
        await asyncio.sleep(0.01)
        finished.append("healthy")

    with capture_logs() as logs:
        work.start(broken(), "refresh K7QF-2M")
        work.start(healthy(), "healthy")
        assert await work.drain(5) == 0
    assert finished == ["healthy"]
    (entry,) = logs
    assert (entry["event"], entry["task"], entry["log_level"]) == ("work_failed", "refresh K7QF-2M", "error")
    assert isinstance(entry["exc_info"], ValueError)
