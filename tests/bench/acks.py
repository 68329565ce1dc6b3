"""How fast a command is acknowledged: ``python -m tests.bench.acks`` prints a table.

The bot beside an empty Bolt listener with the same settings, and beside a bare socket that shows what measuring
itself costs; by Socket Mode and by signed HTTP, in turn. One command at a time, 200 a second whether or not the
earlier ones have been answered, and 200 at the same moment. The bot is asked for help, which needs no COC, for one
task by everybody, and for a different task by each; COC answers without delay.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from rich.table import Table

from tests.bench import processes
from tests.bench.figures import Figure, high, median, ms, pair, run, show
from tests.bench.light_slack import Ask, LightSlack, without_pauses
from tests.bench.processes import TASKS, Running, task_id

ALONE_ROUNDS, ALONE = 10, 25
"""So many rounds of so many commands one after the other; the first round warms up."""
RATE, POUR, POURS = 200, 300, 2
"""Commands a second, commands in a row, rows."""
CROWD, CROWDS = 200, 2
PAUSE_S = 0.003
"""Between commands, so that what is done after an answer is not in the way of the next acknowledgement."""
RATIO, P99_MS = 1.2, 50.0
EMPTY, BARE = "empty Bolt listener", "bare, no Bolt"
HELP, SAME, CARDS = "bot, help", "bot, one task for all", "bot, a task for each"
TRANSPORTS = ("Socket Mode", "HTTP")


@dataclass(eq=False)
class Subject:
    """Something that acknowledges, how it is reached, and what came of it."""

    name: str
    slack: LightSlack
    running: Running
    alone: list[float] = field(default_factory=list)
    poured: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    asked: int = 0

    @property
    def answers(self) -> bool:
        """Whether something comes after the acknowledgement."""
        return self.name not in {EMPTY, BARE}

    def asks(self, count: int) -> list[Ask]:
        """The next so many commands."""
        self.asked += count
        return [self.slack.command(self._text(number)) for number in range(self.asked - count, self.asked)]

    def _text(self, number: int) -> str:
        if self.name == CARDS:
            return task_id(number % TASKS)
        return task_id(0) if self.name == SAME else "help"

    async def one_by_one(self, *, counts: bool) -> None:
        """Commands one after the other."""
        asks = self.asks(ALONE)
        with without_pauses():
            for ask in asks:
                await self.slack.one(ask, card=self.answers)
                await asyncio.sleep(PAUSE_S)
        self.alone += [ask.ack_ms for ask in asks if counts]

    async def pour(self) -> None:
        """RATE commands a second."""
        asks = self.asks(POUR)
        with without_pauses(), processes.watched({self.running.child.pid: self.busy}):
            await self.slack.pour(asks, RATE, card=self.answers)
        self.poured += [ask.ack_ms for ask in asks]
        self.late += [(ask.sent - ask.due) * 1000 for ask in asks]

    async def crowd(self) -> None:
        """CROWD commands at the same moment."""
        asks = self.asks(CROWD)
        with without_pauses():
            await self.slack.rush(asks, card=self.answers)
        self.rates.append(CROWD / max(ask.ack_ms for ask in asks) * 1000)


@asynccontextmanager
async def subjects(transport: str) -> AsyncIterator[list[Subject]]:
    """All who acknowledge over one transport, connected."""
    async with AsyncExitStack() as stack:
        coc = await stack.enter_async_context(processes.cloud())

        async def slack() -> LightSlack:
            made = await stack.enter_async_context(LightSlack())
            made.events_url = processes.events_url() if transport == "HTTP" else None
            return made

        ours = await slack()
        bot = await stack.enter_async_context(processes.bot(ours, coc.url))
        found = [Subject(name, ours, bot) for name in (CARDS, SAME, HELP)]
        for name, word in ((EMPTY, "bolt"), (BARE, "bare")):
            its = await slack()
            module = ("tests.bench.listeners", word)
            running = await stack.enter_async_context(processes.other(its, *module, **processes.port_of(its)))
            found.append(Subject(name, its, running))
        yield found


async def measured(transport: str) -> list[Subject]:
    """Everything about one transport, in turn."""
    async with subjects(transport) as found:
        for number in range(ALONE_ROUNDS):
            for subject in found:
                await subject.one_by_one(counts=number > 0)
        for _ in range(POURS):
            for subject in found:
                await subject.pour()
        for _ in range(CROWDS):
            for subject in found:
                await subject.crowd()
    return found


async def main() -> None:
    """Measure and print."""
    table = Table(
        "",
        "one at a time, p50 / p99 ms",
        "to empty",
        f"{RATE} a second, p50 / p99 ms",
        "its CPU",
        "sender late, p99",
        f"{CROWD} at once, acks a second",
    )
    figures: dict[str, list[Figure]] = defaultdict(list)
    for transport in TRANSPORTS:
        found = {subject.name: subject for subject in await measured(transport)}
        empty = median(found[EMPTY].alone)
        table.add_section()
        for subject in found.values():
            table.add_row(
                f"{transport}: {subject.name}",
                pair(subject.alone, 2),
                f"{median(subject.alone) / empty:.2f}",
                pair(subject.poured),
                f"{median(subject.busy):.0f} %",
                ms(high(subject.late)),
                f"{median(subject.rates):,.0f}",
            )
        for name in (CARDS, HELP):
            ratio = median(found[name].alone) / empty
            figures["ratio"].append(Figure(f"{transport}: p50 to empty listener, {name}", ratio, RATIO, "{:.2f}"))
        for name in (CARDS, SAME, HELP):
            p99 = high(found[name].poured)
            figures["p99"].append(Figure(f"{transport}: p99 at {RATE} a second, {name}", p99, P99_MS))
    show(
        "Acknowledgements",
        table,
        [*figures["ratio"], *figures["p99"]],
        "The bare row is the measurement's own cost, in every other row too. “Sender late” is how far behind its "
        "schedule a command left; the times count from the schedule.",
    )


if __name__ == "__main__":
    run(main)
