"""How long the bot takes to start and how much memory it has: ``python -m tests.bench.start`` prints two tables.

``python -m bot run`` as a process of its own, until it logs that it is ready and answers so on its port. Beside it,
in turn, an empty Bolt listener until it is connected, which is the least that any bot in Python takes. Memory idle,
while 200 people at once keep asking, and afterwards; as Linux counts it.
"""

import asyncio
import re
import time
from collections.abc import Awaitable

import aiohttp
from rich.table import Table

from tests.bench import processes
from tests.bench.figures import Figure, median, run, show
from tests.bench.light_slack import LightSlack
from tests.bench.processes import TASKS, Running, bot_environment, process, task_id

STARTS = 7
PEOPLE, ROUNDS = 200, 6
COC_S = 0.05
IDLE_S = 1.5
READY_S, IDLE_MB = 1.5, 100.0
KINDS = ("RSS", "PSS", "USS")


async def bot_start(coc_url: str) -> tuple[float, float]:
    """Seconds until the bot has logged that it is ready, and until its port says so."""
    async with LightSlack() as slack:
        began = time.perf_counter()
        async with process("bot", "run", given=bot_environment(slack, coc_url)) as running:
            await running.logged('"ready"')
            logged = time.perf_counter() - began
            await ready(running)
            return logged, time.perf_counter() - began


async def empty_start() -> float:
    """Seconds until an empty Bolt listener is connected."""
    async with LightSlack() as slack:
        began = time.perf_counter()
        async with process("tests.bench.listeners", "bolt", given=slack.environment):
            await slack.connected()
            return time.perf_counter() - began


async def ready(running: Running) -> None:
    """Wait until ``/readyz`` answers 200."""
    port = re.search(r'"port": (\d+)', running.log.read_text("utf-8"))
    assert port is not None
    async with asyncio.timeout(10), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://127.0.0.1:{port.group(1)}/readyz") as answer:
                if answer.status == 200:
                    return


async def sampled(running: Running, work: Awaitable[None]) -> dict[str, float]:
    """The most memory of each kind while some work is under way."""
    most: dict[str, float] = {}
    task = asyncio.ensure_future(work)
    while not task.done():
        for kind, found in running.memory().items():
            most[kind] = max(most.get(kind, 0.0), found)
        await asyncio.wait([task], timeout=0.05)
    await task
    return most


async def memory() -> dict[str, dict[str, float]]:
    """MB of each kind: idle, at most under load, idle afterwards; and of the empty listener."""
    found: dict[str, dict[str, float]] = {}
    async with LightSlack() as slack, processes.cloud() as coc:
        await coc.delay(COC_S)
        async with processes.bot(slack, coc.url) as bot:
            await asyncio.sleep(IDLE_S)
            found["bot, idle after the start"] = bot.memory()

            async def load() -> None:
                for number in range(ROUNDS):
                    first = number * PEOPLE
                    people = range(first, first + PEOPLE)
                    asks = [slack.command(task_id(person % TASKS)) for person in people]
                    await slack.rush(asks, card=True)

            found[f"bot, {PEOPLE} people at once, most"] = await sampled(bot, load())
            await asyncio.sleep(IDLE_S)
            found[f"bot, idle after {PEOPLE * ROUNDS:,} cards"] = bot.memory()
    async with LightSlack() as slack, processes.other(slack, "tests.bench.listeners", "bolt") as empty:
        await asyncio.sleep(IDLE_S)
        found["empty Bolt listener, idle"] = empty.memory()
    return found


async def main() -> None:
    """Measure and print."""
    logged, answered, empty = [], [], []
    async with processes.cloud() as coc:
        for _ in range(STARTS + 1):
            one, two = await bot_start(coc.url)
            logged.append(one)
            answered.append(two)
            empty.append(await empty_start())
    # The first may have to read the libraries from the disk; it is no other start's time.
    base = median(empty[1:])
    table = Table("", "median", "fastest", "slowest", "first of all", "to the empty listener")
    rows = {"bot: ready is logged": logged, "bot: /readyz is 200": answered, "empty Bolt listener: connected": empty}
    for name, times in rows.items():
        later = times[1:]
        seconds = (median(later), min(later), max(later), times[0])
        table.add_row(name, *(f"{value:.2f} s" for value in seconds), f"{median(later) / base:.2f}")
    started = Figure("median start until /readyz is 200", median(answered[1:]), READY_S, "{:.2f} s")
    show(f"Start, {STARTS} times", table, [started])
    sizes = Table("memory", *KINDS)
    found = await memory()
    for name, kinds in found.items():
        sizes.add_row(name, *(f"{kinds[kind]:.0f} MB" if kind in kinds else "–" for kind in KINDS))
    idle = next(iter(found.values())).get("RSS")
    figures = [] if idle is None else [Figure("RSS, idle after the start", idle, IDLE_MB, "{:.0f} MB")]
    show("Memory", sizes, figures)


if __name__ == "__main__":
    run(main)
