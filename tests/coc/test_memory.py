"""The memory budget for large answers: bounded, fair, without deadlock; and what happens when it is used up."""

import asyncio
import gc
import json
import random
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from bot import errors
from bot.coc.client import CocClient, Deadlines
from bot.coc.memory import MEDIUM, SMALL, TOTAL, MemoryBudget, Reservation
from bot.coc.reading import LONGEST_TEXT, MOST_VALUES, TooManyValues, as_text, parse_json, shortened
from bot.sandbox.coc.samples.oversized import target_instances
from bot.task.assemble import read_detail
from tests.cards.snapshots import REDACTOR
from tests.coc.test_client import ID, client_for, http_server

MB = 1024 * 1024


@asynccontextmanager
async def reserved(budget: MemoryBudget) -> AsyncIterator[Reservation]:
    """A reservation that is released at the end."""
    reservation = Reservation(budget)
    try:
        yield reservation
    finally:
        reservation.release()


@pytest.mark.parametrize("seed", range(20))
async def test_answers_of_any_size_all_complete_within_the_budget(seed: int) -> None:
    """At most TOTAL bytes, plus one undeclared answer that grew. Nobody waits for ever; some give up."""
    draw, budget, most = random.Random(seed), MemoryBudget(), 0

    async def read(size: int, *, is_declared: bool, patience_s: float) -> bool:
        nonlocal most
        try:
            async with asyncio.timeout(patience_s), reserved(budget) as reservation:
                if is_declared:
                    await reservation.before_reading(size)
                for so_far in range(0, size + 1, max(size // 4, 1)):
                    await reservation.while_reading(so_far)
                    most = max(most, budget.used)
                    await asyncio.sleep(0)
                await reservation.before_decoding(size)
                await asyncio.sleep(0.001)
        except TimeoutError:
            return False
        return True

    sizes = [draw.choice([1000, SMALL + 1, MB, MEDIUM, MEDIUM + 1, 16 * MB, 60 * MB]) for _ in range(60)]
    patience = [draw.choice([0.0, 0.002, 10.0]) for _ in sizes]
    results = await asyncio.gather(
        *(
            read(size, is_declared=draw.random() < 0.5, patience_s=patience_s)
            for size, patience_s in zip(sizes, patience, strict=True)
        )
    )
    assert all(done for done, patience_s in zip(results, patience, strict=True) if patience_s == 10.0)
    assert most <= TOTAL + 60 * MB
    assert budget.used == 0
    assert not budget.large.locked()


async def test_an_abandoned_decode_holds_its_memory_until_the_thread_ends() -> None:
    """A thread cannot be stopped, and uses the memory although nobody waits for it."""
    budget, thread = MemoryBudget(), asyncio.get_running_loop().create_future()
    async with reserved(budget) as reservation:
        await reservation.before_reading(16 * MB)
        reservation.hold_until_done(thread)
    assert budget.used == 16 * MB
    thread.set_result(None)
    await asyncio.sleep(0)
    assert budget.used == 0


async def test_a_call_without_memory_in_time_is_busy() -> None:
    """COC has answered: it is not the one that was slow."""
    body = json.dumps({"id": ID, "input_param": "x" * MB}).encode()

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=body)

    async with http_server(answer) as url, client_for(url, deadlines=Deadlines(total=0.3)) as client:
        await client._memory.acquire(TOTAL)
        with pytest.raises(errors.Busy):
            await client.task(ID)
        client._memory.release(TOTAL)
        assert (await client.task(ID)).value.id == ID
        assert client._memory.used == 0


@pytest.mark.slow
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_giants_at_once_stay_within_the_budget(is_chunked: bool) -> None:
    """Declared or not, answers exceed the budget by no more than one answer."""
    body = json.dumps({"id": ID, "input_param": json.dumps({"text": "x" * 16 * MB})}).encode()
    most = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        if is_chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(body)
        await response.prepare(request)
        await response.write(body)
        await response.write_eof()
        return response

    async def ask(client: CocClient) -> int:
        nonlocal most
        detail = (await client.detail(ID, partial(read_detail, redactor=REDACTOR))).value
        most = max(most, client._memory.used)
        return len(detail.parameters.other[0].value or "")

    deadlines = Deadlines(read=60, total=60)
    async with http_server(answer) as url, client_for(url, deadlines=deadlines) as client:
        lengths = await asyncio.gather(*(ask(client) for _ in range(6)))
        assert client._memory.used == 0
    assert most <= TOTAL + len(body)
    assert set(lengths) == {len(shortened("x" * 16 * MB))}


@pytest.mark.parametrize(
    "text",
    [
        lambda: json.dumps({f"k{number}": number for number in range(MOST_VALUES + 1)}),
        lambda: "[" + "[]," * MOST_VALUES + "[]]",
        lambda: "[" + "{}," * MOST_VALUES + "{}]",
        lambda: "[" + "1," * MOST_VALUES + "1]",
        lambda: "[" + '"a,b",' * MOST_VALUES + "1]",
    ],
    ids=["keys", "lists", "objects", "numbers", "strings"],
)
def test_a_text_with_too_many_values_is_refused_before_it_is_decoded(text: Callable[[], str]) -> None:
    """Each value costs up to 100 bytes of memory, whatever it costs on the wire."""
    with pytest.raises(TooManyValues):
        parse_json(text())


@pytest.mark.parametrize(
    "value",
    [
        lambda: "a,b,[c],{d}\n" * MOST_VALUES,
        lambda: '"quoted", \\ and escaped, ' * MOST_VALUES,
        lambda: ["x,y"] * (MOST_VALUES // 2),
    ],
    ids=["commas", "quotes", "half as many"],
)
def test_commas_and_brackets_inside_strings_are_not_values(value: Callable[[], object]) -> None:
    """A long script or a table is one value."""
    made = value()
    assert parse_json(json.dumps({"text": made})) == {"text": made}


def test_a_long_text_is_shortened_and_says_so() -> None:
    """A shortened text is not shortened again."""
    text = as_text("x" * 16 * MB)
    assert text is not None
    assert len(text) <= LONGEST_TEXT
    assert text.endswith("… (16,577,316 more characters)")
    assert as_text(text) == text
    assert as_text("y" * LONGEST_TEXT) == "y" * LONGEST_TEXT


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        lambda: {f"k{number}": number for number in range(50_000)},
        lambda: {"more": [[] for _ in range(50_000)]},
        lambda: {"more": [{"a": 1.5} for _ in range(50_000)]},
        lambda: {"input_param": json.dumps({"x": [[n] for n in range(50_000)]})},
        lambda: {"target_instances": target_instances(999)},
    ],
    ids=["keys", "lists", "objects", "parameters", "machines"],
)
async def test_the_weight_of_an_answer_bounds_its_memory(fields: Callable[[], dict[str, Any]]) -> None:
    """The weight decides how many answers the cache holds."""

    body = json.dumps({"id": ID, **fields()}).encode()

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=body)

    slow = Deadlines(read=60, total=60)  # tracemalloc makes decoding several times slower
    async with http_server(answer) as url, client_for(url, deadlines=slow) as client:
        await client.task(ID)  # warms up objects that live as long as the client
        tracemalloc.start()
        try:
            detail = await client.detail(ID, partial(read_detail, redactor=REDACTOR))
            gc.collect()
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert taken < detail.weight + 256 * 1024
