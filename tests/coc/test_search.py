"""Finding a host among a task's targets."""

import itertools

import pytest

from bot.coc.search import find_hosts, near_hosts
from bot.coc.targets import Targets, decode_targets
from tests.cards.snapshots import machine, step, with_steps


def targets(*batches: list[str]) -> Targets:
    """One step with these host names by batch; the n-th machine has the IP 10.0.0.n."""
    number = itertools.count(1)
    found = [[machine(name, next(number)) for name in names] for names in batches]
    return decode_targets(with_steps(step(*found))["target_instances"])


FLEET = targets(["web-01", "web-02"], ["web-11", "api-01.example.com", "日志-1"])


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("web-01", ["web-01"]),
        ("WEB-01", ["web-01"]),
        ("10.0.0.3", ["web-11"]),
        ("11111111-0000-4000-8000-000000000004", ["api-01.example.com"]),
        ("web-*", ["web-01", "web-02", "web-11"]),
        ("*-01*", ["web-01", "api-01.example.com"]),
        ("日志-*", ["日志-1"]),
        ("*", ["web-01", "web-02", "web-11", "api-01.example.com", "日志-1"]),
        ("web-0", []),
        ("web-0.", []),  # a dot is a dot
        ("[w]eb-01", []),
        ("10.0.0", []),
        ("", []),
    ],
)
def test_a_host_is_found_by_name_ip_or_id(wanted: str, names: list[str]) -> None:
    """Whole names, in any case; ``*`` stands for any characters and nothing else is special."""
    assert [hit.machine.host_name for hit in find_hosts(FLEET, wanted)] == names


def test_a_hit_says_where_it_stands() -> None:
    """Its batch, among how many."""
    (hit,) = find_hosts(FLEET, "web-11")
    assert (hit.step.path, hit.place, hit.total) == ("1", 2, 2)


def test_a_pattern_of_many_stars_is_answered() -> None:
    """Nothing that can be typed takes the pattern matcher long."""
    assert not find_hosts(targets(["a" * 255]), "*a" * 100 + "*b")


@pytest.mark.parametrize(
    ("wanted", "near"),
    [("web-1", ("web-11",)), ("web-03", ("web-01",)), ("api-01", ("api-01.example.com",)), ("zzz", ()), ("*", ())],
)
def test_near_misses_are_suggested(wanted: str, near: tuple[str, ...]) -> None:
    """Those that hold what was typed first, then those spelled alike; at most three."""
    found = near_hosts(FLEET, wanted)
    assert found[:1] == near[:1] or set(near) <= set(found)
    assert len(found) <= 3
    assert bool(found) == bool(near)
