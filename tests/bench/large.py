"""What large tasks cost in memory: ``python -m tests.bench.large`` prints a table.

Many people ask for as many different tasks at the same moment; most of each answer is one long parameter. Then one
task whose answer has 1.5 million keys, and one with a list as long. Counted is the largest
resident set of the bot's process, sampled every 10 ms.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection

from aiohttp import web
from rich.table import Table

from tests.bench import processes
from tests.bench.beside import beside
from tests.bench.figures import console, run
from tests.bench.light_slack import Ask, LightSlack
from tests.bench.processes import Running

MB = 1024 * 1024
CROWDS = ((10, 16), (20, 16), (50, 16), (100, 2), (2, 60))
"""How many at once, of how many MB."""
KEYS = 1_500_000
DENSE, LIST = "ST" + "D" * 24, "ST" + "L" * 24
SAMPLE_S = 0.01


def many(count: int, megabytes: int) -> list[str]:
    """Ids of so many tasks of so many MB."""
    return [f"ST{megabytes:02d}{number:022d}" for number in range(count)]


def _bodies() -> dict[str, bytes]:
    """What COC answers, by the beginning of the id: a large parameter, many keys, many small lists."""
    base = {"id": "$", "name": "large", "trigger_time": {"policy": "ONCE", "single_scheduled_time": 1746866130000}}
    keys = {f"k{number}": number for number in range(KEYS)}
    bodies = {
        "STDD": json.dumps({**base, **keys}).encode(),
        "STLL": json.dumps({**base, "more": [[] for _ in range(KEYS)]}).encode(),
    }
    for _, megabytes in CROWDS:
        text = "echo 'some words of a long script'; " * (megabytes * MB // 36)
        script = {"script_params": json.dumps([{"paramName": "script", "paramValue": text, "paramOrder": 1}])}
        bodies[many(1, megabytes)[0][:4]] = json.dumps({**base, "input_param": json.dumps(script)}).encode()
    return bodies


def serve(parent: Connection) -> None:
    """The process of COC."""

    async def main() -> None:
        bodies = _bodies()

        async def answer(request: web.BaseRequest) -> web.Response:
            task_id = request.path.rpartition("/")[2]
            if not task_id.startswith("ST"):
                return web.json_response({"count": 0, "scheduled_tasks": [], "scheduled_task_history_list": []})
            body = bodies[task_id[:4]].replace(b'"$"', f'"{task_id}"'.encode(), 1)
            return web.Response(body=body, content_type="application/json")

        runner = web.ServerRunner(web.Server(answer, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        parent.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
        with suppress(EOFError):
            await asyncio.to_thread(parent.recv)

    asyncio.run(main())


@asynccontextmanager
async def watched(bot: Running) -> AsyncIterator[list[float]]:
    """Samples of the resident set, in MB."""
    samples: list[float] = [bot.memory()["RSS"]]

    async def watch() -> None:
        while True:
            samples.append(bot.memory()["RSS"])
            await asyncio.sleep(SAMPLE_S)

    watching = asyncio.create_task(watch())
    try:
        yield samples
    finally:
        watching.cancel()


async def rush(
    slack: LightSlack, bot: Running, ids: list[str], patience_s: float = 15.0
) -> tuple[list[Ask], list[float], float]:
    """Everybody at once: the commands, the samples of memory, seconds until the last was answered."""
    asks = [slack.command(task_id) for task_id in ids]
    began = time.perf_counter()
    async with watched(bot) as samples:
        await slack.rush(asks, card=True, patience_s=patience_s)
    return asks, samples, time.perf_counter() - began


async def main() -> None:
    """Measure and print."""
    table = Table(
        "at once", "idle RSS", "largest RSS", "RSS 2 s later", "cards", "errors", "no answer", "worst ack", "last"
    )
    crowds = {f"{count} of {size} MB": many(count, size) for count, size in CROWDS}
    for what, ids in (crowds | {f"{KEYS:,} keys": [DENSE], f"{KEYS:,} lists": [LIST]}).items():
        async with LightSlack() as slack, beside(serve) as (_, url, _), processes.bot(slack, url) as bot:
            asks, samples, took = await rush(slack, bot, ids)
            await asyncio.sleep(2)
            cards = sum(b'"refresh"' in ask.card for ask in asks)
            errors = sum(bool(ask.card) for ask in asks) - cards
            table.add_row(
                what,
                f"{samples[0]:.0f} MB",
                f"{max(samples):.0f} MB",
                f"{bot.memory()['RSS']:.0f} MB",
                str(cards),
                str(errors),
                str(len(ids) - cards - errors),
                f"{max(ask.ack_ms for ask in asks):.0f} ms",
                f"{took:.1f} s",
            )
    console.print(table)


if __name__ == "__main__":
    run(main)
