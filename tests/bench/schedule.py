"""How fast next runs are found: ``python -m tests.bench.schedule`` prints a table.

Random Quartz expressions in nine zones, three next runs of each, one core. The baseline is the least that any
evaluator has to do for a run: turn one instant into the zone's wall time and back. Parsing is counted apart, and a
list of expressions that make careless evaluators search for years is measured one by one.
"""

import random
import statistics
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bot.schedule.quartz import CronExpression
from bot.schedule.quartz_fields import InvalidCron
from tests.schedule.expressions import ZONES, expression, instant

EXPRESSIONS = 4000
RUNS = 3
SLOWEST_ALLOWED_MS = 50
WANTED_PER_SECOND = 10_000
HARD = (
    "0 0 0 29 2 ? 2100",
    "0 0 0 30 2 ?",
    "0 0 0 31 4,6,9,11 ?",
    "0 0 0 29 2 ? 2097/1",
    "0 0 0 ? 2 7#5",
    "59 59 23 L-30 2 ?",
    "0 0 0 L-30W 2 ?",
    "0 30 2 ? 3 1#2 2098",
    "* * * * * ? 2199",
    "0/1 0/1 0/1 ? * * 2299",
)


def measured() -> tuple[list[float], list[float], list[float]]:
    """Microseconds per parsed expression, per next run found, and per instant turned to wall time and back."""
    draw = random.Random(4)
    parses, finds, conversions = [], [], []
    for number in range(EXPRESSIONS):
        zone = ZoneInfo(ZONES[number % len(ZONES)])
        text, at = expression(draw), instant(draw, zone.key)
        began = time.perf_counter()
        quartz = CronExpression.parse(text)
        parses.append((time.perf_counter() - began) * 1e6)
        began, found, run = time.perf_counter(), 0, quartz.next_after(at, zone)
        while run is not None and found < RUNS - 1:
            found, run = found + 1, quartz.next_after(run, zone)
        finds.append((time.perf_counter() - began) * 1e6 / (found + 1))
        began = time.perf_counter()
        for _ in range(RUNS):
            at.astimezone(zone).replace(tzinfo=zone).astimezone(UTC)
        conversions.append((time.perf_counter() - began) * 1e6 / RUNS)
    return parses, finds, conversions


def hard() -> list[tuple[str, float]]:
    """The hard ones, each with the milliseconds of parsing it and finding one run in every zone's slowest."""
    rows = []
    for text in HARD:
        worst = 0.0
        for zone in map(ZoneInfo, ZONES):
            began = time.perf_counter()
            try:
                CronExpression.parse(text).next_after(datetime(2026, 1, 1, tzinfo=UTC), zone)
            except InvalidCron:
                continue
            finally:
                worst = max(worst, (time.perf_counter() - began) * 1000)
        rows.append((text, worst))
    return rows


def main() -> None:
    """Measure and print."""
    parses, finds, conversions = measured()
    base = statistics.mean(conversions)
    table = Table("what", "mean", "p99", "slowest", "per second", "ratio to the baseline")
    for name, values in (
        ("baseline: instant to wall time and back", conversions),
        ("parsing an expression", parses),
        ("finding a next run", finds),
    ):
        mean, high = statistics.mean(values), sorted(values)[int(len(values) * 0.99)]
        table.add_row(
            name,
            f"{mean:.1f} µs",
            f"{high:.1f} µs",
            f"{max(values) / 1000:.2f} ms",
            f"{1e6 / mean:,.0f}",
            f"{mean / base:.1f}",
        )
    console = Console(width=120)
    console.print(table)
    slow = Table("hard expressions, slowest of the zones", "ms")
    rows = hard()
    for text, ms in rows:
        slow.add_row(text, f"{ms:.2f}")
    console.print(slow)
    rate, worst = 1e6 / statistics.mean(finds), max(max(finds) / 1000 * RUNS, *(ms for _, ms in rows))
    console.print(
        f"{rate:,.0f} next runs a second (wanted {WANTED_PER_SECOND:,}); slowest {worst:.1f} ms "
        f"(wanted at most {SLOWEST_ALLOWED_MS})"
    )


if __name__ == "__main__":
    main()
