"""The soak itself, for some seconds: it drives everything and detects a loss."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.bench import soak
from tests.bench.soak_people import Tally

pytestmark = pytest.mark.slow


async def test_a_short_soak_loses_nothing() -> None:
    """Hundreds of mixed interactions with faults: all acknowledged, all answered, no unexpected log line."""
    tally, errors = await soak.soak(0.15)
    assert errors == ""
    assert (tally.lost_acks, tally.lost_answers) == ([], [])
    assert {"command", "refresh", "targets", "runs", "parameters"} <= set(tally.done)
    assert tally.done.total() > 50
    assert len(tally.memory_kb) >= 5


def test_growth_compares_medians() -> None:
    """Those of the second and the last tenth of the time; a peak does not count."""
    memory = [(float(second), 1024 * (100 if second < 50 else 110)) for second in range(101)]
    memory[95] = (95.0, 1024 * 999)
    assert soak.growth(memory) == (100, 110)


def test_a_loss_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """By the exit status and in the table."""
    good = Tally(done=Counter(command=1), acks_ms=[1.0], memory_kb=[(float(n), 1000) for n in range(20)])
    assert soak.report(good, "", 1)
    for lost in (replace(good, lost_acks=["command: operation_timeout"]), replace(good, lost_answers=["refresh"])):
        assert not soak.report(lost, "", 1)
    assert not soak.report(good, "boom\n", 1)
    assert "operation_timeout" in capsys.readouterr().out
