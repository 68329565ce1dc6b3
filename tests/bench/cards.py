"""How fast cards come, for one person and for 200 at once: ``python -m tests.bench.cards`` prints a table.

Each person asks for a different task at the same moment, by Socket Mode; a card counts when it arrives at its
response URL. COC answers at once, after 50 and after 200 ms. The baseline is the script that one would write
instead, in turn with the bot. The script asks for the detail alone. The bot asks for detail, listing and runs, all at
once where it is likely in which enterprise project the task is; where that can't be guessed the listing has to wait
for the detail, and a card takes two round trips. A card's time is told over what COC alone takes, to a bare client in
the same run: over one round trip, and over as many as the card was waiting for.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from rich.table import Table

from tests.bench import processes
from tests.bench.coc_alone import alone_ms
from tests.bench.figures import Figure, high, median, ms, pair, run, show
from tests.bench.light_slack import LightSlack, without_pauses
from tests.bench.processes import TASKS, Cloud, task_id, task_name

LATENCIES_MS = (0, 50, 200)
ROUNDS = {1: 15, 10: 5, 50: 3, 100: 3, 200: 2}
"""Rounds, by the number of people who ask at once; the script has no more than SCRIPT_ROUNDS of many people."""
SCRIPT_ROUNDS = 2
UNKNOWN = {(200, 1): 15, (200, 100): 2}
"""Rounds about tasks whose project can't be guessed, by latency and people; each task is asked for once."""
BOT, ELSEWHERE_BOT, SCRIPT = "bot", "bot, 2 trips", "script"
ACK_LIMIT_MS = 3000.0
"""What Slack shows as operation_timeout."""
NOT_IN_TIME = b"COC did not answer in time"
WARM_UP = -1
"""Instead of a latency: rounds that do not count."""
PATIENCE_S = 40.0
"""A card that has not come by then is lost."""
OVER_COC_MS, WORST_ACK_MS, P99_OVER_MS, TIMES_BASELINE = 15.0, 250.0, 1000.0, 10.0
JUDGED = (200, 100)
"""The latency and the people for whom the most is wanted."""


@dataclass(eq=False)
class Tally:
    """What came of all rounds of one side for one latency and number of people. Times in milliseconds."""

    acks: list[float] = field(default_factory=list)
    cards: list[float] = field(default_factory=list)
    lost: int = 0
    wrong: int = 0
    notes: int = 0
    partial: int = 0
    """Cards without what COC did not tell in time."""
    rates: list[float] = field(default_factory=list)
    busy: tuple[list[float], list[float], list[float]] = field(default_factory=lambda: ([], [], []))
    """Percents of a core: of the process that answers, of COC's and of Slack's."""

    def over(self, coc_ms: float) -> list[float]:
        """Each card's time above what COC took."""
        return [card - coc_ms for card in self.cards]

    @property
    def late_acks(self) -> int:
        """Acknowledgements for which Slack shows an error."""
        return sum(ack >= ACK_LIMIT_MS for ack in self.acks)


@dataclass(eq=False)
class Side:
    """The bot, or the script instead of it."""

    name: str
    trips: int
    slack: LightSlack
    pids: tuple[int, int, int]
    first: int = 0
    asked: int = 0
    tallies: dict[tuple[int, int], Tally] = field(default_factory=dict)

    async def round(self, latency_ms: int, people: int) -> None:
        """So many people ask at once."""
        tally = self.tallies.setdefault((latency_ms, people), Tally())
        numbers = [self.first + number % TASKS for number in range(self.asked, self.asked + people)]
        self.asked += people
        asks = [self.slack.command(task_id(number)) for number in numbers]
        with without_pauses(), processes.watched(dict(zip(self.pids, tally.busy, strict=True))):
            await self.slack.rush(asks, card=True, patience_s=PATIENCE_S)
        tally.acks += [ask.ack_ms for ask in asks]
        there = [ask.card_ms for ask in asks if ask.card]
        tally.cards += there
        tally.lost += people - len(there)
        tally.notes += sum(ask.notes for ask in asks)
        tally.partial += sum(NOT_IN_TIME in ask.card for ask in asks)
        # Each card names its task; an error card does not.
        tally.wrong += sum(
            bool(ask.card) and task_name(number).encode() not in ask.card
            for number, ask in zip(numbers, asks, strict=True)
        )
        if there:
            tally.rates.append(len(there) / max(there) * 1000)


Sides = dict[str, Side]
Alone = dict[int, dict[int, float]]
"""Milliseconds that COC alone takes, by its latency and then by the number of round trips."""


@asynccontextmanager
async def sides() -> AsyncIterator[tuple[Cloud, Sides]]:
    """COC, the bot and the script, connected and warm."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        coc = await enter(processes.cloud())
        ours, theirs = await enter(LightSlack()), await enter(LightSlack())
        bot = await enter(processes.bot(ours, coc.url))
        script = await enter(processes.other(theirs, "tests.bench.baseline", **processes.coc_environment(coc.url)))
        witnesses = coc.pid, os.getpid()
        found = {
            BOT: Side(BOT, 1, ours, (bot.child.pid, *witnesses)),
            ELSEWHERE_BOT: Side(ELSEWHERE_BOT, 2, ours, (bot.child.pid, *witnesses), first=TASKS),
            SCRIPT: Side(SCRIPT, 1, theirs, (script.child.pid, *witnesses)),
        }
        for name in (BOT, SCRIPT):
            for people in (1, 10, 10):
                await found[name].round(WARM_UP, people)
        yield coc, found


def rounds_of(name: str, latency: int, people: int) -> int:
    """How many rounds one side has."""
    if name == ELSEWHERE_BOT:
        return UNKNOWN.get((latency, people), 0)
    return min(ROUNDS[people], SCRIPT_ROUNDS) if name == SCRIPT and people >= 50 else ROUNDS[people]


async def measured() -> tuple[Sides, Alone]:
    """All rounds, the sides in turn; and COC alone."""
    alone: Alone = {}
    async with sides() as (coc, found):
        for latency in LATENCIES_MS:
            await coc.delay(latency / 1000)
            alone[latency] = await alone_ms(coc.url)
            for people, most in ROUNDS.items():
                for number in range(most):
                    for name, side in found.items():
                        if number < rounds_of(name, latency, people):
                            await side.round(latency, people)
    return found, alone


def figures(sides_: Sides, alone: Alone) -> list[Figure]:
    """What is wanted."""
    bot, script = sides_[BOT], sides_[SCRIPT]
    latency, people = JUDGED
    ours, theirs = bot.tallies[JUDGED], script.tallies[JUDGED]
    over = [median(bot.tallies[latency_, 1].over(alone[latency_][bot.trips])) for latency_ in LATENCIES_MS]
    crowd = f"{people} people, COC {latency} ms"
    every = [tally for side in (bot, sides_[ELSEWHERE_BOT]) for tally in side.tallies.values()]
    count = partial(Figure, wanted=0, form="{:.0f}")
    return [
        Figure("one person: p50 of a card over COC alone, worst of the three", max(over), OVER_COC_MS),
        Figure(f"{crowd}: slowest acknowledgement", max(ours.acks), WORST_ACK_MS),
        Figure(f"{crowd}: p99 of a card over COC alone", high(ours.over(alone[latency][bot.trips])), P99_OVER_MS),
        count("cards lost or wrong, all rows", sum(tally.lost + tally.wrong for tally in every)),
        count("cards that lack what COC did not tell in time, all rows", sum(tally.partial for tally in every)),
        count("acknowledgements of 3 s and more, all rows", sum(tally.late_acks for tally in every)),
        Figure(
            f"{crowd}: cards a second, times the script's",
            median(ours.rates) / median(theirs.rates),
            TIMES_BASELINE,
            "{:.1f}",
            least=True,
        ),
    ]


def rows(found: Sides, alone: Alone, latency: int, people: int) -> Iterator[tuple[str, ...]]:
    """The rows of one latency and number of people."""
    base, digits = median(found[SCRIPT].tallies[latency, people].rates), 1 if people == 1 else 0
    for side in found.values():
        tally = side.tallies.get((latency, people))
        if tally is None:
            continue
        rate = median(tally.rates)
        yield (
            *(f"{latency} ms", str(people), side.name, ms(high(tally.acks), 0), ms(max(tally.acks), 0)),
            *(str(tally.late_acks), str(tally.lost + tally.wrong), f"{rate:,.0f}", f"{rate / base:.1f}"),
            pair(tally.over(alone[latency][1]), digits),
            pair(tally.over(alone[latency][side.trips]), digits),
            " / ".join(f"{median(percents):.0f}" for percents in tally.busy),
        )


async def main() -> None:
    """Measure and print."""
    found, alone = await measured()
    table = Table(
        *("COC", "people", "", "acks p99", "worst", "≥ 3 s", "lost", "cards/s", "ratio"),
        *("over 1 × COC", "over COC alone", "CPU %"),
        padding=(0, 0, 0, 1),
    )
    for latency in LATENCIES_MS:
        table.add_section()
        for people in ROUNDS:
            for row in rows(found, alone, latency, people):
                table.add_row(*row)
    latency, people = JUDGED
    notes = sum(tally.notes for side in found.values() for tally in side.tallies.values())
    show(
        "Cards; over COC p50 / p99 in ms; CPU of it / COC / Slack",
        table,
        figures(found, alone),
        "COC alone, one round trip and two: "
        + "; ".join(f"{latency} ms: {trips[1]:.1f} and {trips[2]:.1f} ms" for latency, trips in alone.items()),
        f"Of CPU 100 % is one core. “Still waiting” notes of the bot: {notes}. For {people} people at {latency} "
        f"ms one round trip allows at most {people / alone[latency][1] * 1000:,.0f} cards a second.",
    )


if __name__ == "__main__":
    run(main)
