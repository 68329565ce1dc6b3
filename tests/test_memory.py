"""The memory of a real bot process while COC sends very large answers."""

import pytest

from tests.bench import processes
from tests.bench.beside import beside
from tests.bench.large import DENSE, many, rush, serve
from tests.bench.light_slack import LightSlack

pytestmark = pytest.mark.slow

MOST_MB = 300
"""The documented systemd unit ends the process at 512 MB. Before there were bounds, ten answers of 16 MB at once took
547 MB, and one with 1.5 million keys took 617 MB."""


@pytest.mark.parametrize("ids", [many(10, 16), [DENSE]], ids=["10 of 16 MB", "1.5 million keys"])
@pytest.mark.timeout(120)
async def test_large_answers_stay_within_bounds_and_everybody_is_answered(ids: list[str]) -> None:
    """With a card, or with an error that gives the reason."""
    async with LightSlack() as slack, beside(serve) as (_, url, _), processes.bot(slack, url) as bot:
        asks, samples, _ = await rush(slack, bot, ids, patience_s=60)
    assert all(ask.card for ask in asks)
    assert max(samples) < MOST_MB
