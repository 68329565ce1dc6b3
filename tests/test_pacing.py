"""Turns: one heavy piece for each pass of the event loop, so that what is short never waits for a crowd."""

import asyncio
import itertools
import time

from bot.pacing import Turns


async def test_pieces_run_one_a_pass_and_in_order() -> None:
    """Between two of them everything else that is ready gets its turn."""
    turns, seen = Turns(), []

    async def heavy(number: int) -> None:
        await turns.turn()
        seen.append(f"heavy {number}")

    async def light() -> None:
        for number in range(20):
            seen.append(f"light {number}")
            await asyncio.sleep(0)

    await asyncio.gather(*(heavy(number) for number in range(5)), light())
    order = [what for what in seen if what.startswith("heavy")]
    assert order == [f"heavy {number}" for number in range(5)]
    places = [seen.index(what) for what in order]
    assert all(after - before > 1 for before, after in itertools.pairwise(places))


async def test_a_crowd_holds_nobody_up_for_longer_than_a_piece() -> None:
    """A hundred pieces of 2 ms that become ready at once: a beat in between comes after one or two of them."""
    turns, go = Turns(), asyncio.Event()

    async def heavy() -> None:
        await go.wait()
        await turns.turn()
        until = time.perf_counter() + 0.002
        while time.perf_counter() < until:
            pass

    crowd = [asyncio.create_task(heavy()) for _ in range(100)]
    await asyncio.sleep(0)
    go.set()
    passes = 0
    while not all(task.done() for task in crowd):
        await asyncio.sleep(0)
        passes += 1
    assert passes >= 100, "without turns there would be two or three"


async def test_who_gives_up_takes_no_turn() -> None:
    """A cancelled wait does not hold up the next one, nor does it stop the giving."""
    turns = Turns()
    waits = [asyncio.ensure_future(turns.turn()) for _ in range(3)]
    await asyncio.sleep(0)
    waits[0].cancel()
    waits[1].cancel()
    async with asyncio.timeout(1):
        await waits[2]
        await turns.turn()
