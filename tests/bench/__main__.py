"""All benchmarks in a row: ``python -m tests.bench``, or those that are named: ``python -m tests.bench acks crowd``.

Needs no network. Takes about five minutes; nothing else should be running.
"""

import sys
import time

from tests.bench import acks, cards, clients, crowd, decode, start
from tests.bench.figures import console, run

ALL = {
    "acks": acks.main,
    "cards": cards.main,
    "crowd": crowd.main,
    "decode": decode.main,
    "start": start.main,
    "clients": clients.main,
}


def main(names: list[str]) -> None:
    """Run these, all where none is named."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.exit(f"no benchmark {unknown[0]!r}; there are {', '.join(ALL)}")
    began = time.perf_counter()
    for name in names or ALL:
        run(ALL[name])
    console.print(f"{time.perf_counter() - began:.0f} s", highlight=False)


if __name__ == "__main__":
    main(sys.argv[1:])
