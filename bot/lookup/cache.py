"""The latest good answers of a process, by task: for paging, for a crowd, and for when COC fails. In bounds."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.task.snapshot import Snapshot

KEPT = 32
"""How many answers are kept. A full task of 999 machines is about 1 MB."""

KEPT_MACHINES = 50_000
"""How many machines the kept answers may have together, unless the newest alone has more.

The vendor's limit of 999 for each never comes to so many. The garbage collector walks over all of them from time to
time, in which everything waits: some 3 ms for every 10,000.
"""

KEPT_BYTES = 64 * 1024 * 1024
"""How many bytes the kept answers may take in memory together, by their weights.

A task of 999 machines weighs 4 MB and takes less than 1. An answer that alone weighs more than all may is not kept.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer. ``asked`` is by the monotonic clock, in seconds: its age counts from when COC was asked."""

    snapshot: Snapshot
    asked: float
    weight: int
    told: set[str] = field(default_factory=set, compare=False)
    """Who has been told it already."""


class Recent:
    """Answers by task id; the oldest go first where there are too many, too large or of too many machines."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def keep(self, entry: Entry) -> None:
        """Keep it instead of an older one of the same task."""
        task_id = entry.snapshot.task_id
        self._entries.pop(task_id, None)
        if entry.weight > KEPT_BYTES:
            return
        self._entries[task_id] = entry
        weight = sum(found.weight for found in self._entries.values())
        machines = sum(_machines(found) for found in self._entries.values())
        while len(self._entries) > 1 and (
            len(self._entries) > KEPT or weight > KEPT_BYTES or machines > KEPT_MACHINES
        ):
            _, oldest = self._entries.popitem(last=False)
            weight -= oldest.weight
            machines -= _machines(oldest)

    def drop(self, task_id: str) -> None:
        """Forget a task: COC has said that there is none, or that we may not see it."""
        self._entries.pop(task_id, None)

    def get(self, task_id: str, max_age_s: float) -> Entry | None:
        """The answer about a task if COC was asked for it less than ``max_age_s`` seconds ago."""
        entry = self._entries.get(task_id)
        return entry if entry is not None and self.age_s(entry) < max_age_s else None

    def age_s(self, entry: Entry) -> float:
        """Seconds since COC was asked."""
        return self._monotonic() - entry.asked


def _machines(entry: Entry) -> int:
    return len(entry.snapshot.targets.machines)
