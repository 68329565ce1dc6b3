"""The latest good answers by task: for paging, for a crowd, and for when COC fails."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.task.snapshot import Snapshot

MAX_ENTRIES = 32
"""A full task of 999 machines takes about 1 MB."""

MAX_MACHINES = 50_000
"""Machines of all entries together. At the vendor's limit of 999 a task, ``MAX_ENTRIES`` comes first.

The garbage collector walks over all of them from time to time and stops everything meanwhile: some 3 ms for every
10,000.
"""

MAX_BYTES = 64 * 1024 * 1024
"""Weight of all entries together. A task of 999 machines weighs 4 MB, an upper bound, and takes less than 1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer. ``requested_at`` is by the monotonic clock: the answer's age counts from when COC was asked."""

    snapshot: Snapshot
    requested_at: float
    weight: int
    served_to: set[str] = field(default_factory=set, compare=False)
    """Users who have seen this answer."""


class SnapshotCache:
    """Evicts the oldest entries while there are too many, too heavy ones or too many machines."""

    def __init__(
        self, monotonic: Callable[[], float], *, max_machines: int = MAX_MACHINES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._monotonic = monotonic
        self._max_machines = max_machines
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def put(self, entry: Entry) -> None:
        """Replace an older entry of the same task. An entry above the limit of bytes is not cached at all.

        The newest entry stays, however many machines it has.
        """
        task_id = entry.snapshot.task_id
        self.remove(task_id)
        if entry.weight <= self._max_bytes:
            self._entries[task_id] = entry
        while len(self._entries) > 1 and self._is_over_limit():
            self._entries.popitem(last=False)

    def remove(self, task_id: str) -> None:
        """Drop a task that COC says is gone or forbidden."""
        self._entries.pop(task_id, None)

    def get(self, task_id: str, max_age_s: float) -> Entry | None:
        """The entry of the task, if COC was asked for it less than ``max_age_s`` seconds ago."""
        entry = self._entries.get(task_id)
        return entry if entry is not None and self.age_s(entry) < max_age_s else None

    def age_s(self, entry: Entry) -> float:
        """Seconds since COC was asked."""
        return self._monotonic() - entry.requested_at

    def _is_over_limit(self) -> bool:
        entries = self._entries.values()
        return (
            len(entries) > MAX_ENTRIES
            or sum(entry.weight for entry in entries) > self._max_bytes
            or sum(len(entry.snapshot.targets.machines) for entry in entries) > self._max_machines
        )
