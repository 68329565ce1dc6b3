"""The cache of recent answers is bounded in entries, machines and bytes."""

from dataclasses import replace

from bot.lookup.cache import MAX_ENTRIES, Entry, SnapshotCache
from tests.cards.snapshots import machine, snapshot, step, with_steps


def entry(task_id: str, *, machines: int = 1, weight: int = 1_000, requested_at: float = 0.0) -> Entry:
    """An answer about a task with so many machines."""
    targets = step([machine(f"host-{number}", number) for number in range(machines)])
    return Entry(replace(snapshot(with_steps(targets)), task_id=task_id), requested_at, weight)


def cached(cache: SnapshotCache, *task_ids: str) -> list[bool]:
    """Which of the tasks are in the cache."""
    return [cache.get(task_id, 60) is not None for task_id in task_ids]


def test_the_oldest_entry_is_evicted_when_there_are_too_many() -> None:
    """The newest ones stay."""
    cache = SnapshotCache(lambda: 0.0)
    for number in range(MAX_ENTRIES + 1):
        cache.put(entry(f"task {number}"))
    assert cached(cache, "task 0", "task 1", f"task {MAX_ENTRIES}") == [False, True, True]


def test_the_oldest_entry_is_evicted_when_all_have_too_many_machines_together() -> None:
    """The newest entry stays, however many machines it has."""
    cache = SnapshotCache(lambda: 0.0, max_machines=100)
    for task_id in ("first", "second", "third"):
        cache.put(entry(task_id, machines=42))
    assert cached(cache, "first", "second", "third") == [False, True, True]
    cache.put(entry("single", machines=101))
    assert cached(cache, "second", "third", "single") == [False, False, True]


def test_an_entry_heavier_than_the_limit_is_not_cached() -> None:
    """Lighter ones are evicted by weight, the oldest first."""
    cache = SnapshotCache(lambda: 0.0, max_bytes=100)
    cache.put(entry("light", weight=20))
    cache.put(entry("heavy", weight=90))
    assert cached(cache, "light", "heavy") == [False, True]
    cache.put(entry("heavy", weight=101))
    assert cached(cache, "heavy") == [False]


def test_a_new_answer_replaces_the_old_one_and_becomes_the_newest() -> None:
    """Eviction goes by the latest answer of a task."""
    cache = SnapshotCache(lambda: 0.0, max_machines=2)
    for task_id in ("first", "second", "first", "third"):
        cache.put(entry(task_id))
    assert cached(cache, "first", "second", "third") == [True, False, True]


def test_an_entry_is_served_up_to_an_age() -> None:
    """Its age counts from when COC was asked."""
    now = 100.0
    cache = SnapshotCache(lambda: now)
    cache.put(entry("task", requested_at=90.0))
    assert cache.get("task", 10.1) is not None
    assert cache.get("task", 10.0) is None
