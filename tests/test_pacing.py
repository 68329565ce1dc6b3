"""Heavy work is paced: one piece per pass of the event loop, or a thread. Short work never waits for a crowd."""

import asyncio
import itertools
import threading
import time

import pytest

from bot.pacing import IN_LOOP_MS, UNBOUNDED_MS, Pacer


async def test_light_work_runs_one_piece_per_pass_in_arrival_order() -> None:
    """Whatever else is ready runs between two pieces."""
    pacer, seen = Pacer(), []

    async def chat() -> None:
        for number in range(20):
            seen.append(f"short {number}")
            await asyncio.sleep(0)

    pieces = [f"heavy {number}" for number in range(5)]
    await asyncio.gather(*(pacer.run(1.0, lambda piece=piece: seen.append(piece)) for piece in pieces), chat())  # type: ignore[misc]
    assert [entry for entry in seen if entry in pieces] == pieces
    positions = [seen.index(piece) for piece in pieces]
    assert all(after - before > 1 for before, after in itertools.pairwise(positions))


async def test_a_crowd_delays_nobody_for_longer_than_one_piece() -> None:
    """A hundred pieces of 2 ms become ready at once: the loop makes a pass for each of them."""
    pacer, go = Pacer(), asyncio.Event()

    async def heavy() -> None:
        await go.wait()
        await pacer.run(2.0, lambda: time.sleep(0.002))

    crowd = [asyncio.create_task(heavy()) for _ in range(100)]
    await asyncio.sleep(0)
    go.set()
    passes = 0
    while not all(task.done() for task in crowd):
        await asyncio.sleep(0)
        passes += 1
    assert passes >= 100, "without pacing there would be two or three"


async def test_urgent_work_goes_ahead_of_the_queue() -> None:
    """A view that an acknowledgement waits for does not wait for a crowd's cards."""
    pacer, seen = Pacer(), []
    crowd = [asyncio.ensure_future(pacer.run(1.0, lambda: seen.append("card"))) for _ in range(5)]
    await asyncio.sleep(0)
    await pacer.run(1.0, lambda: seen.append("view"), is_urgent=True)
    await asyncio.gather(*crowd)
    assert seen.index("view") <= 1


async def test_a_cancelled_wait_takes_no_slot() -> None:
    """It neither delays the next caller nor stops the queue."""
    pacer = Pacer()
    waits = [asyncio.ensure_future(pacer.slot()) for _ in range(3)]
    await asyncio.sleep(0)
    waits[0].cancel()
    waits[1].cancel()
    async with asyncio.timeout(1):
        await waits[2]
        await pacer.slot()


@pytest.mark.parametrize(
    ("cost_ms", "in_loop"), [(0.0, True), (IN_LOOP_MS - 1, True), (IN_LOOP_MS, False), (UNBOUNDED_MS, False)]
)
async def test_the_cost_decides_between_loop_and_thread(cost_ms: float, in_loop: bool) -> None:
    """From 10 ms on, and where the cost is not known, the work leaves the loop."""
    thread = await Pacer().run(cost_ms, threading.current_thread)
    assert (thread is threading.main_thread()) is in_loop


async def test_a_thread_outlives_a_caller_who_gives_up() -> None:
    """Its future says when it has really ended."""
    threads: list[asyncio.Future[bool]] = []
    end = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await Pacer().run(UNBOUNDED_MS, lambda: end.wait(5), on_thread=threads.append)
    assert not threads[0].done()
    end.set()
    assert await threads[0]
