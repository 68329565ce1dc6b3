"""The deadlines as they are set by default, in real time: whatever COC does, the person has an answer within 10 s."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from bot.app import Bot
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.session import Sandbox
from bot.timings import AccessTimings, Timings
from tests.faults.bench import answers_of, one_task
from tests.faults.surfaces import SURFACES, Surface

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_certificates")]

ANSWER_S = 10.0
TOLD_S = 30.0
"""Until the person has an answer where each call to Slack takes 10 s: two calls one after the other, and some."""


def hangs(coc: LocalCoc) -> None:
    """No answer ever."""
    coc.fail(status=200, delay=60)


def drips(coc: LocalCoc) -> None:
    """A byte a second: no pause is long enough for the deadline of a pause."""
    coc.fail(status=200, drip=(1, 1.0))


def crawls(coc: LocalCoc) -> None:
    """The task comes just before its own deadline, what belongs to it not at all."""
    coc.fail("detail", status=200, delay=4.9, drip=(20_000, 1.4))
    coc.fail("list", status=200, delay=60)
    coc.fail("history", status=200, delay=60)


def throttles(coc: LocalCoc) -> None:
    """Each try takes long and is sent away in the end."""
    coc.fail(status=503, delay=2.4)


FAULTS: tuple[Callable[[LocalCoc], None], ...] = (hangs, drips, crawls, throttles)


async def answered(box: Sandbox, surface: Surface, fault: Callable[[LocalCoc], None]) -> float | None:
    """Seconds from the press to the first word that is more than that one has to wait; None where it comes late."""
    spot = await surface.prepare(box, surface.channel)
    fault(box.coc)
    before, loop = len(box.slack.calls), asyncio.get_running_loop()
    began = loop.time()
    await surface.press(box, spot)
    while not answers_of(box.slack.calls[before:]):
        if loop.time() - began > ANSWER_S:
            return None
        await asyncio.sleep(0.02)
    return loop.time() - began


async def told(box: Sandbox, surface: Surface) -> float | None:
    """Seconds from the press to the first answer that Slack has taken; None where none comes in bounded time."""
    spot = await surface.prepare(box, surface.channel)
    box.slack._api.service.late_s = 10.0
    box.slack._api.service.condition = "late"
    before, loop = len(box.slack.calls), asyncio.get_running_loop()
    began = loop.time()
    await surface.press(box, spot)
    while not answers_of(box.slack.calls[before:]):
        if loop.time() - began > TOLD_S:
            return None
        await asyncio.sleep(0.05)
    return loop.time() - began


async def test_with_all_of_slack_slow_by_ten_seconds_everybody_is_told() -> None:
    """Each call takes 10 s and is lost where the bot does not wait for it: there is an answer or a clear error."""
    given = {"SCHEDTASK_TARGETS_MAX_AGE": "0", "SCHEDTASK_GRACE": "0.1"}
    # A file takes five calls, one after the other; test_table has it with short ones.
    surfaces = [surface for surface in SURFACES if not surface.files]
    async with AsyncExitStack() as stack:
        boxes = [Sandbox(given=given, tasks=one_task()) for _ in surfaces]
        for box in boxes:
            box.slack.drops_abandoned_calls = True
            await stack.enter_async_context(box)
        took = await asyncio.gather(*(told(box, surface) for box, surface in zip(boxes, surfaces, strict=True)))
    silent = [str(surface) for surface, s in zip(surfaces, took, strict=True) if s is None]
    assert silent == []


async def test_nobody_waits_for_longer_than_ten_seconds() -> None:
    """Every surface under every slowness, all beside each other."""
    cells = [(fault, surface) for fault in FAULTS for surface in SURFACES]
    given: dict[str, Any] = {"SCHEDTASK_TARGETS_MAX_AGE": "0", "SCHEDTASK_STALE_FOR": "0"}
    async with AsyncExitStack() as stack:
        boxes = [await stack.enter_async_context(Sandbox(given=given, tasks=one_task())) for _ in cells]
        took = await asyncio.gather(
            *(answered(box, surface, fault) for box, (fault, surface) in zip(boxes, cells, strict=True))
        )
    late = [f"{fault.__name__}-{surface}" for (fault, surface), s in zip(cells, took, strict=True) if s is None]
    assert late == []


async def test_slack_and_coc_together_take_no_longer() -> None:
    """Slack says just in time who may ask, then COC drips: one deadline for both."""
    given: dict[str, Any] = {
        "SCHEDTASK_TARGETS_MAX_AGE": "0",
        "SCHEDTASK_STALE_FOR": "0",
        "SCHEDTASK_ALLOW_USERGROUPS": "S0ONCALL",
    }
    asks_each_time = Timings(access=AccessTimings(group_s=0, stale_wait_s=2.5))
    make_bot = partial(Bot, timings=asks_each_time)

    async def both(box: Sandbox, surface: Surface) -> float | None:
        def both_slow(coc: LocalCoc) -> None:
            drips(coc)
            box.slack.refuse("usergroups.users.list", delay=2.3)

        box.slack.scopes += ",usergroups:read"
        return await answered(box, surface, both_slow)

    async with AsyncExitStack() as stack:
        boxes = [Sandbox(given=given, tasks=one_task(), make_bot=make_bot) for _ in SURFACES]
        for box in boxes:
            await stack.enter_async_context(box)
        took = await asyncio.gather(*(both(box, surface) for box, surface in zip(boxes, SURFACES, strict=True)))
    assert [surface.name for surface, s in zip(SURFACES, took, strict=True) if s is None] == []
