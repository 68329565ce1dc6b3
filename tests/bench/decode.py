"""What showing many machines costs over reading them: ``python -m tests.bench.decode`` prints a table.

Decoding the target instances, the first page of the explorer and the card of the same task, against one bare
``json.loads`` of each level of the same bytes. On one core, all in turn; a ratio is the median of those of each turn.
``tests.bench.targets`` looks at the parts more closely.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rich.table import Table

from bot.cards.targets import targets_view
from bot.cards.task import task_card
from bot.operations.memory import settle_memory
from bot.sandbox.coc.samples.oversized import OVERSIZED, target_instances
from bot.task.read_targets import read_targets
from bot.task.target_query import TargetQuery
from tests.bench.figures import Figure, median, ms, run, show
from tests.bench.targets import MACHINES, bare_loads, snapshot_of
from tests.cards.snapshots import REDACTOR

TURNS = 11
FULL, BEYOND = 999, 10_000
"""The vendor's limit, and ten times as many."""
TIMES_LOADS, GROWTH = 4.0, 1.5


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many machines cost in one turn, in milliseconds."""

    loads: float
    decoding: float
    page: float
    card: float

    @property
    def whole(self) -> float:
        """Decoding and rendering."""
        return self.decoding + self.page + self.card


def measured() -> dict[int, list[Cost]]:
    """All turns, by the number of machines."""
    texts = {machines: target_instances(machines) for machines in MACHINES}
    snapshots = {machines: snapshot_of(text) for machines, text in texts.items()}
    settle_memory()  # as the bot does once it has started
    found: dict[int, list[Cost]] = {machines: [] for machines in MACHINES}
    for _ in range(TURNS):
        for machines, text in texts.items():
            works: tuple[Callable[[], object], ...] = (
                partial(bare_loads, text),
                partial(read_targets, text, REDACTOR),
                partial(targets_view, snapshots[machines], TargetQuery(OVERSIZED)),
                partial(task_card, snapshots[machines]),
            )
            found[machines].append(Cost(*map(_better, works)))
    return found


def _better(work: Callable[[], object]) -> float:
    """Milliseconds of the better of two: the first finds the caches full of something else."""
    times = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


async def main() -> None:
    """Measure and print."""
    costs = measured()
    table = Table("machines", "json.loads", "decoding", "first page", "card", "all three", "ratio", "per machine")
    ratios: dict[int, float] = {}
    for machines, turns in costs.items():
        ratios[machines] = median(turn.whole / turn.loads for turn in turns)
        parts = [[turn.loads, turn.decoding, turn.page, turn.card, turn.whole] for turn in turns]
        table.add_row(
            f"{machines:,}",
            *(ms(median(part), 2) for part in zip(*parts, strict=True)),
            f"{ratios[machines]:.1f}",
            f"{median(turn.whole for turn in turns) * 1000 / machines:.1f} µs",
        )
    growth = median(
        (beyond.whole / BEYOND) / (full.whole / FULL) for full, beyond in zip(costs[FULL], costs[BEYOND], strict=True)
    )
    what = "machines: decoding and rendering, times json.loads"
    figures = [Figure(f"{number:,} {what}", ratios[number], TIMES_LOADS, "{:.2f}") for number in (FULL, BEYOND)]
    figures.append(Figure(f"cost per machine at {BEYOND:,}, times that at {FULL}", growth, GROWTH, "{:.2f}"))
    show(
        "Decoding and rendering against bare json.loads",
        table,
        figures,
        "A page and a card cost something however few machines there are: with few, that is nearly all.",
    )


if __name__ == "__main__":
    run(main)
