"""What many machines cost: ``python -m tests.bench.targets`` prints three tables.

The first is for one core: decoding target instances against the least that any reader has to do for them, one
``json.loads`` of each level. The second is what the explorer makes of them: pages and files. The third is for the
event loop: for how long a look-up of the task keeps everything else waiting, over the whole way from the socket to
the snapshot. The local COC runs in a process of its own, so that none of its work is counted. The machines are those
of the sandbox's task beyond the limit.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection

from rich.console import Console
from rich.table import Table

from bot.cards.take_along import make_file
from bot.cards.targets import targets_view
from bot.coc.client import CocClient
from bot.coc.credentials import CredentialSource, SignedAuth, static_key
from bot.coc.wire import Task
from bot.lookup.lookup import Lookup
from bot.operations.memory import settle_memory
from bot.sandbox.coc.samples.oversized import OVERSIZED, oversized_task, target_instances
from bot.sandbox.coc.server import ACCESS_KEY, SECRET_KEY, LocalCoc
from bot.task.assemble import read_detail
from bot.task.read_targets import read_targets
from bot.task.snapshot import Missing, Snapshot
from bot.task.target_query import TargetQuery
from tests.bench.beside import beside
from tests.cards.snapshots import REDACTOR

MACHINES = (1, 100, 999, 10_000)
REPEATS = 7
"""Each figure is of so many repeats: other work on the same machine only ever makes one worse."""
BEAT_S = 0.001
WANTED_RATIO = 3
QUERIES = {
    "first page": TargetQuery(OVERSIZED),
    "last page": TargetQuery(OVERSIZED, page=99_999),
    "offline": TargetQuery(OVERSIZED, state="OFFLINE"),
    "one batch": TargetQuery(OVERSIZED, part="1/2"),
    "search": TargetQuery(OVERSIZED, text="node-00"),
    "search with stars": TargetQuery(OVERSIZED, text="*-0*7"),
}
"""Queries of the target explorer."""
LONGEST_GAP_MS = 50
AS_OF = datetime(2026, 5, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Gap:
    """For how long the event loop did not come round, in milliseconds, and how long the whole work took.

    ``best_ms`` and ``worst_ms`` are the longest gap of the best and of the worst repeat, ``whole_ms`` is the time
    of the fastest.
    """

    best_ms: float
    worst_ms: float
    whole_ms: float


def best_ms(work: Callable[[], object]) -> float:
    """Milliseconds that the fastest repeat takes."""
    fastest = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - began)
    return fastest * 1000


def bare_loads(text: str) -> list[object]:
    """Every level of ``target_instances``, and nothing done with it."""
    return [json.loads(step["target_instances"]) for step in json.loads(text)]


async def longest_gap_ms(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of the longest time between two beats while an awaitable is under way."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(BEAT_S)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    heart = asyncio.create_task(beat())
    await asyncio.sleep(0)
    try:
        await work()
        await asyncio.sleep(2 * BEAT_S)
    finally:
        heart.cancel()
        with suppress(asyncio.CancelledError):
            await heart
    return longest * 1000


async def gap_of(work: Callable[[], Awaitable[object]]) -> Gap:
    """What all repeats of some work come to; the first one, which opens connections, is not counted."""
    await work()
    gaps, wholes = [], []
    for _ in range(REPEATS):
        began = time.perf_counter()
        gaps.append(await longest_gap_ms(work))
        wholes.append((time.perf_counter() - began) * 1000 - 2 * BEAT_S * 1000)
    return Gap(min(gaps), max(gaps), min(wholes))


def task_id(machines: int) -> str:
    """The task that has so many machines."""
    return f"ST{machines:024d}"


def serve(parent: Connection) -> None:
    """A COC with one task for each number of machines, in a process of its own; ends when the parent lets go.

    Tells the parent its URL.
    """

    async def run() -> None:
        async with LocalCoc() as coc:
            sample = coc.tasks[OVERSIZED]
            assert isinstance(sample.detail, dict)
            for machines in MACHINES:
                name = task_id(machines)
                detail = {**sample.detail, "id": name, "target_instances": target_instances(machines)}
                listing = {**(sample.listing or {}), "id": name}
                coc.tasks[name] = replace(sample, id=name, detail=detail, listing=listing)
            parent.send(coc.url)
            with suppress(EOFError):
                await asyncio.to_thread(parent.recv)

    asyncio.run(run())


@asynccontextmanager
async def coc_elsewhere() -> AsyncIterator[CocClient]:
    """A client of a COC that runs in another process."""
    keys = CredentialSource(static_key(ak=ACCESS_KEY, sk=SECRET_KEY))
    async with beside(serve) as (_, url, _pid):
        client = CocClient(endpoint=url, auth=SignedAuth(keys))
        try:
            yield client
        finally:
            await client.aclose()


async def gaps() -> list[tuple[str, Gap]]:
    """The event loop's longest gaps: with nothing to do, then during a look-up of each task."""
    idle = await gap_of(lambda: asyncio.sleep(0.1))
    async with coc_elsewhere() as coc:
        lookup = Lookup(coc, REDACTOR)
        waits = [await gap_of(partial(lookup.snapshot, task_id(machines))) for machines in MACHINES]
    names = [f"look-up, machines: {machines:,}" for machines in MACHINES]
    return [("baseline: a sleep of 0.1 s", idle), *zip(names, waits, strict=True)]


def decoding() -> list[tuple[int, float, float]]:
    """Machines, milliseconds of the bare ``json.loads``, milliseconds of ``read_targets``."""
    rows = []
    for machines in MACHINES:
        text = target_instances(machines)
        rows.append((machines, best_ms(partial(bare_loads, text)), best_ms(partial(read_targets, text, REDACTOR))))
    return rows


def snapshot_of(text: str) -> Snapshot:
    """The task beyond the limit with these ``target_instances``, decoded; what the other calls tell is missing."""
    detail = oversized_task(int(AS_OF.timestamp() * 1000)).detail
    assert isinstance(detail, dict)
    read = read_detail(Task.model_validate({**detail, "target_instances": text}), REDACTOR)
    return Snapshot(
        task_id=OVERSIZED,
        task=read.task,
        targets=read.targets,
        parameters=read.parameters,
        summary=Missing("not asked"),
        runs=Missing("not asked"),
        as_of=AS_OF,
        elapsed_s=0.1,
        redactor=REDACTOR,
    )


def rendering() -> list[tuple[int, list[float]]]:
    """Machines, and milliseconds of each of LOOKS and of a CSV file."""
    rows = []
    for machines in MACHINES:
        snapshot = snapshot_of(target_instances(machines))
        views = [best_ms(partial(targets_view, snapshot, query)) for query in QUERIES.values()]
        rows.append((machines, [*views, best_ms(partial(make_file, snapshot, TargetQuery(OVERSIZED), "csv"))]))
    return rows


def main() -> None:
    """Measure and print."""
    console = Console(width=120)
    table = Table("machines", "baseline: json.loads", "read_targets", "ratio to the baseline", "per machine")
    for machines, bare, ours in decoding():
        table.add_row(
            f"{machines:,}",
            f"{bare:.2f} ms",
            f"{ours:.2f} ms",
            f"{ours / bare:.1f}",
            f"{ours * 1000 / machines:.1f} µs",
        )
    console.print(table)
    pages = Table("machines", *QUERIES, "CSV of all")
    for machines, times in rendering():
        pages.add_row(f"{machines:,}", *(f"{ms:.1f} ms" for ms in times))
    console.print(pages)
    waits = Table("longest gap of the event loop", "best repeat", "worst repeat", "whole, fastest repeat")
    settle_memory()  # as the bot does once it has started
    rows = asyncio.run(gaps())
    for name, gap in rows:
        waits.add_row(name, f"{gap.best_ms:.1f} ms", f"{gap.worst_ms:.1f} ms", f"{gap.whole_ms:.0f} ms")
    console.print(waits)
    console.print(
        f"wanted: at most about {WANTED_RATIO} times the baseline, and no gap of more than {LONGEST_GAP_MS} ms; "
        f"longest {max(gap.worst_ms for _, gap in rows):.1f} ms"
    )


if __name__ == "__main__":
    main()
