"""What the benchmarks share in counting and printing: percentiles, and figures beside what is wanted of them."""

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console(width=130)
"""Wide enough for every table, also where the output goes into a file."""
QUIET = 0.1
"""How much of a core others may use before the figures are not to be trusted."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure that something is wanted of: at most ``wanted``, or at least where ``least`` says so.

    ``form`` is how both are written, a format such as ``{:.1f} ms``.
    """

    what: str
    found: float
    wanted: float
    form: str = "{:.1f} ms"
    least: bool = False

    @property
    def good(self) -> bool:
        """Whether it is as wanted; what was never measured is not."""
        return self.found >= self.wanted if self.least else self.found <= self.wanted


def median(values: Iterable[float]) -> float:
    """The middle value; infinite where there is none."""
    found = list(values)
    return statistics.median(found) if found else float("inf")


def high(values: Iterable[float]) -> float:
    """The 99th percentile; infinite where there is none."""
    found = sorted(values)
    return found[min(int(len(found) * 0.99), len(found) - 1)] if found else float("inf")


def ms(value: float, digits: int = 1) -> str:
    """Milliseconds for a table; a dash where there is nothing."""
    return "–" if value == float("inf") else f"{value:,.{digits}f} ms"


def pair(values: Sequence[float], digits: int = 1) -> str:
    """Median and 99th percentile of milliseconds, for a column that says so."""
    return " / ".join(ms(value, digits).removesuffix(" ms") for value in (median(values), high(values)))


def show(title: str, table: Table, figures: Sequence[Figure] = (), *notes: str) -> None:
    """Print a table, then what was wanted, with ``ok`` or ``MISSED``."""
    table.title, table.title_justify, table.title_style = title, "left", "bold"
    console.print(table)
    if figures:
        judged = Table("wanted", "found", "at most / at least", "")
        for figure in figures:
            limit = f"{'≥' if figure.least else '≤'} {figure.form.format(figure.wanted)}"
            verdict = "ok" if figure.good else "[bold red]MISSED[/]"
            judged.add_row(figure.what, figure.form.format(figure.found), limit, verdict)
        console.print(judged)
    for note in notes:
        console.print(note, markup=False, highlight=False)
    console.print()


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run one benchmark, and say where something else kept the machine busy meanwhile."""
    began, busy, own = time.perf_counter(), _busy_s(), sum(os.times()[:4])
    asyncio.run(main())
    spent = time.perf_counter() - began
    others = (_busy_s() - busy - (sum(os.times()[:4]) - own)) / spent
    if others > QUIET:
        console.print(f"[bold red]Not quiet:[/] others used {others:.2f} of {os.cpu_count()} cores meanwhile.")
        console.print()


def _busy_s() -> float:
    """Seconds that all processors together were busy since the system started; 0 where it does not tell."""
    try:
        words = Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting, irq, soft, stolen = map(int, words)
    return (user + nice + system + irq + soft + stolen) / os.sysconf("SC_CLK_TCK")
