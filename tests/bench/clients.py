"""Which HTTP client carries most: ``python -m tests.bench.clients`` prints two tables.

100 requests at once to a server in another process that answers after 50 ms: with httpx as it is, with the bot's
client for COC, which is httpx's interface over aiohttp's connections, and with aiohttp alone. Then 1,000 cards to a
response URL, 50 at a time: with Bolt's ``respond``, which opens a session for each, with httpx, and with one session
of aiohttp for all, as the bot does.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from multiprocessing.connection import Connection

import aiohttp
import httpx
from aiohttp import web
from rich.table import Table
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.coc.transport import Deadlines, open_http
from tests.bench.beside import beside
from tests.bench.figures import Figure, median, pair, run, show
from tests.bench.light_slack import without_pauses

ANSWER_S = 0.05
AT_ONCE, ROUNDS = 100, 7
CARDS, CARDS_AT_ONCE = 1_000, 50
CARD_ROUNDS = 2
BODY = json.dumps({"scheduled_tasks": [{"id": f"ST{number:024d}", "name": "x" * 40} for number in range(100)]})
CARD = {
    "text": "a card",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 350}} for _ in range(9)],
}
Send = Callable[[], Awaitable[None]]
"""One request from beginning to end."""
HTTPX, OURS, AIOHTTP = "httpx alone", "the bot's: httpx over aiohttp", "aiohttp alone"
RESPOND, SHARED = "Bolt's respond: a session for each", "the bot's: one aiohttp session"


def serve(parent: Connection) -> None:
    """The server's process: tells its URL, and ends when the parent lets go."""

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(ANSWER_S)
        return web.Response(text=BODY, content_type="application/json")

    async def taken(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="ok")

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/slow", slow)
        app.router.add_post("/response", taken)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        parent.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
        with suppress(EOFError):
            await asyncio.to_thread(parent.recv)
        await runner.cleanup()

    asyncio.run(run())


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    """The URL of a server in another process."""
    async with beside(serve) as (_, url, _pid):
        yield url


@asynccontextmanager
async def askers(url: str) -> AsyncIterator[dict[str, Send]]:
    """What asks COC or could."""
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(httpx.AsyncClient(base_url=url))
        ours = open_http(url, auth=httpx.Auth(), deadlines=Deadlines(), user_agent="benchmark", transport=None)
        await stack.enter_async_context(ours)
        connector = aiohttp.TCPConnector(limit=100)
        session = await stack.enter_async_context(aiohttp.ClientSession(url, connector=connector))

        async def over(client: httpx.AsyncClient) -> None:
            (await client.get("/slow")).raise_for_status()

        async def alone() -> None:
            async with session.get("/slow", raise_for_status=True) as answer:
                await answer.read()

        yield {HTTPX: lambda: over(plain), OURS: lambda: over(ours), AIOHTTP: alone}


@asynccontextmanager
async def posters(url: str) -> AsyncIterator[dict[str, Send]]:
    """What posts cards or could."""
    target = f"{url}/response"
    async with httpx.AsyncClient() as plain, aiohttp.ClientSession() as session:

        async def respond() -> None:
            answer = await AsyncRespond(response_url=target)(CARD)
            assert answer.status_code == 200

        async def over() -> None:
            (await plain.post(target, json=CARD)).raise_for_status()

        async def shared() -> None:
            async with session.post(target, json=CARD, raise_for_status=True) as answer:
                await answer.read()

        yield {RESPOND: respond, HTTPX: over, SHARED: shared}


async def volley(send: Send, count: int, at_once: int) -> tuple[float, list[float]]:
    """So many requests, so many at the same time: requests a second, and milliseconds of each."""
    places, times = asyncio.Semaphore(at_once), []

    async def one() -> None:
        async with places:
            began = time.perf_counter()
            await send()
            times.append((time.perf_counter() - began) * 1000)

    with without_pauses():
        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(count)))
        spent = time.perf_counter() - began
    return count / spent, times


async def compared(ways: dict[str, Send], rounds: int, count: int, at_once: int) -> dict[str, tuple[float, str]]:
    """Requests a second (the median round) and their times, of each way, in turn; the first round warms up."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, send in ways.items():
            rate, each = await volley(send, count, at_once)
            if number > 0:
                rates[name].append(rate)
                times[name] += each
    return {name: (median(rates[name]), pair(times[name])) for name in ways}


def report(title: str, found: dict[str, tuple[float, str]], base: str, ours: str) -> None:
    """Print one comparison; ours should carry no less than what it replaces."""
    table = Table("", "requests a second", "p50 / p99 ms", "ratio")
    for name, (rate, times) in found.items():
        table.add_row(name, f"{rate:,.0f}", times, f"{rate / found[base][0]:.1f}")
    wanted = Figure(f"{ours}, times {base}", found[ours][0] / found[base][0], 1.0, "{:.1f}", least=True)
    show(title, table, [wanted])


async def main() -> None:
    """Measure and print."""
    async with server() as url:
        async with askers(url) as ways:
            found = await compared(ways, ROUNDS, AT_ONCE, AT_ONCE)
        report(f"{AT_ONCE} requests at once, each answered after {ANSWER_S * 1000:.0f} ms", found, HTTPX, OURS)
        async with posters(url) as ways:
            found = await compared(ways, CARD_ROUNDS, CARDS, CARDS_AT_ONCE)
        report(f"{CARDS:,} cards to a response URL, {CARDS_AT_ONCE} at a time", found, RESPOND, SHARED)


if __name__ == "__main__":
    run(main)
