"""What a crowd costs COC: ``python -m tests.bench.crowd`` prints a table.

200 different people press Refresh on one card at the same moment; COC answers each call after 50 ms. Counted are the
calls of each kind that COC gets for all of them together, and how long the last one waits.
"""

import asyncio
from dataclasses import dataclass

from rich.table import Table

from tests.bench import processes
from tests.bench.figures import Figure, median, ms, run, show
from tests.bench.light_slack import LightSlack, without_pauses
from tests.bench.processes import Cloud, task_id, task_name

PEOPLE, ROUNDS = 200, 4
COC_S = 0.05
SETTLE_S = 2.2
"""After the card was posted: older than any answer that the bot gives to others again."""
KINDS = ("detail", "listing", "runs")


@dataclass(frozen=True, slots=True)
class Round:
    """One crowd: COC's calls by kind, how many got the card, milliseconds."""

    calls: dict[str, int]
    answered: int
    median_ms: float
    last_ms: float
    worst_ack_ms: float


async def crowd(slack: LightSlack, coc: Cloud, number: int) -> Round:
    """Somebody asks for a task; a moment later everybody presses Refresh on the card."""
    first = slack.command(task_id(number))
    await slack.one(first, card=True)
    clicks = [slack.click(first.card, "refresh") for _ in range(PEOPLE)]
    await asyncio.sleep(SETTLE_S)
    await coc.delay(COC_S)
    with without_pauses():
        await slack.rush(clicks, card=True)
    calls = await coc.delay(COC_S)
    name = task_name(number).encode()
    good = sum(name in click.card and b'"replace_original": true' in click.card for click in clicks)
    times = [click.card_ms for click in clicks]
    return Round(calls, good, median(times), max(times), max(click.ack_ms for click in clicks))


async def main() -> None:
    """Measure and print."""
    async with LightSlack() as slack, processes.cloud() as coc, processes.bot(slack, coc.url):
        await slack.one(slack.command(task_id(100)), card=True)
        rounds = [await crowd(slack, coc, number) for number in range(ROUNDS)]
    table = Table("crowd", *(f"{kind} calls" for kind in KINDS), "answered", "p50", "last answer", "worst ack")
    for number, found in enumerate(rounds, 1):
        table.add_row(
            str(number),
            *(str(found.calls.get(kind, 0)) for kind in KINDS),
            str(found.answered),
            *map(ms, (found.median_ms, found.last_ms, found.worst_ack_ms)),
        )
    figures = [
        Figure(f"{kind} calls, most of any crowd", max(found.calls.get(kind, 0) for found in rounds), 1, "{:.0f}")
        for kind in KINDS
    ]
    fewest = min(found.answered for found in rounds)
    figures.append(Figure("people answered, fewest of any crowd", fewest, PEOPLE, "{:.0f}", least=True))
    show(f"{PEOPLE} people press Refresh on one card, COC {COC_S * 1000:.0f} ms", table, figures)


if __name__ == "__main__":
    run(main)
