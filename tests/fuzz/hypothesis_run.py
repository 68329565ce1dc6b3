"""Property checks with a time budget: ``python -m tests.fuzz.hypothesis_run --minutes 10 [decoder builders …]``.

For each group its checks take turns, some hundred examples at a time, each time from a fresh seed, until the group's
minutes are over. What breaks is shrunk, written to files with what reproduces it, and not reported twice; the exit
status is then 1. ``--only "card" --seed 7`` runs one turn again.
"""

import argparse
import secrets
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.checks import GROUPS, Check, of_group, ready
from tests.fuzz.findings import Broke, Findings

EXAMPLES = 200
SLOW_S = 10.0
"""Of processor time for one example: more is a finding too."""


def attempt(check: Check, drawn: Any) -> None:
    """One example; what takes too long breaks as well."""
    began = time.process_time()
    check.holds(drawn)
    took = time.process_time() - began
    if took > SLOW_S:
        raise Broke("slow", f"{took:.0f} s")


def turn(check: Check, number: int, found: Findings, *, examples: int = EXAMPLES, shrink: bool = True) -> int:
    """Examples of one check from a seed; how many were tried. What breaks is made as small as can be, if wanted."""
    tried = 0
    least: Exception | None = None

    def holds(drawn: Any) -> None:
        nonlocal tried, least
        tried += 1
        try:
            attempt(check, drawn)
        except Exception as error:
            if not found.is_known(check.name, error):
                least = error
                raise

    given_one: Callable[[], None] = given(drawn=check.drawn)(holds)
    test = seed(number)(
        settings(
            max_examples=examples,
            database=None,
            deadline=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            report_multiple_bugs=False,
        )(given_one)
    )
    try:
        test()
    except Exception as error:  # noqa: BLE001 - whatever breaks is what is looked for
        command = f'python -m tests.fuzz.hypothesis_run --only "{check.name}" --seed {number}'
        # Hypothesis can fail in turn, at writing out an input that is nested very deeply.
        found.write(check.name, least or error, command)
    return tried


def main() -> None:
    """Run the groups one after the other; exit status 1 where anything was found."""
    parser = argparse.ArgumentParser(description="Property checks with a time budget.")
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each group")
    parser.add_argument("--only", help="one turn of the check of this name")
    parser.add_argument("--seed", type=int, help="where that turn starts")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="directory for what is found")
    asked = parser.parse_args()
    if not set(asked.groups) <= set(GROUPS):
        parser.error(f"groups are {', '.join(GROUPS)}")
    found = Findings(asked.findings)
    for group in GROUPS:
        checks = [check for check in of_group(group) if asked.only in {None, check.name}]
        if not checks or (asked.groups and group not in asked.groups):
            continue
        tried: Counter[str] = Counter()
        began = time.monotonic()
        with ready(group):
            while True:
                for check in checks:
                    number = secrets.randbits(32) if asked.seed is None else asked.seed
                    tried[check.name] += turn(check, number, found)
                if asked.only or time.monotonic() - began >= asked.minutes * 60:
                    break
        parts = ", ".join(f"{name} {count:,}" for name, count in tried.items())
        print(f"{group}: {tried.total():,} examples in {time.monotonic() - began:.0f} s ({parts})", flush=True)  # noqa: T201
    print(f"{len(found.known)} found", flush=True)  # noqa: T201
    raise SystemExit(1 if found.known else 0)


if __name__ == "__main__":
    main()
