"""How fast the target explorer answers: ``python -m tests.bench.explorer`` prints a table.

The real bot in this process; the local Slack and the local COC in another one, so that only the bot's own work
counts. COC answers each call after 50 ms. Measured at Slack: from the click until the loading view is asked for,
until the filled view is there, and from Next or a filter until the list is there (without asking COC). Meanwhile a
heartbeat in the bot's event loop notes the longest time that it had to wait.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from bot import settings
from bot.app import Bot
from bot.coc.credentials import CredentialSource, static_key
from bot.operations.memory import settle_memory
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack

COC_S = 0.05
ROUNDS = {"nightly-logrotate": 60, "fleet-wide-kernel-check": 60, "all-regions-agent-upgrade": 20}
"""Clicks on each sample task, by its name."""
WANTED = {"loading p99": 50, "filled p50": 120, "loop held up": 50}
"""Milliseconds at most; the second for 999 machines."""
ADA, SHIFT = "U0ONCALL", "C0SHIFT"
BEAT_S = 0.001


class Heartbeat:
    """The longest time that the event loop did not get to a task that was due, in seconds."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            due = time.perf_counter() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self.worst = max(self.worst, time.perf_counter() - due)

    def stop(self) -> None:
        """Beat no more."""
        self._task.cancel()


class People:
    """The clicks, in the process of Slack and COC."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    async def seen(self, click: Callable[[], Awaitable[Any]], *methods: str) -> list[float]:
        """Milliseconds from a click until each of these calls came in."""
        count, began = len(self._slack.calls), time.time()
        await click()
        await self._slack.settled(
            lambda: {call.method for call in self._slack.calls[count:]} >= set(methods), timeout=30
        )
        calls = {call.method: call.at for call in self._slack.calls[count:]}
        return [(calls[method] - began) * 1000 for method in methods]

    async def explore(self, task_id: str, rounds: int) -> dict[str, list[float]]:
        """Open the explorer of a task many times; each time filter it and turn its page."""
        slack = self._slack
        await slack.command(ADA, SHIFT, task_id)
        card = await slack.settled(
            lambda: [found for found in slack.messages(SHIFT, ADA) if task_id in json.dumps(found.blocks)], timeout=30
        )
        found: dict[str, list[float]] = {"loading": [], "filled": [], "no COC": []}
        for _ in range(rounds):
            loading, filled = await self.seen(
                lambda: slack.click(ADA, "targets", message_ts=card[0].ts), "views.open", "views.update"
            )
            found["loading"].append(loading)
            found["filled"].append(filled)
            view = await slack.settled(lambda: "targets_next" in json.dumps(slack.view(ADA)) and slack.view(ADA))
            assert isinstance(view, dict)
            found["no COC"] += await self.narrowed(view["id"])
        return found

    async def narrowed(self, view_id: str) -> list[float]:
        """Milliseconds until a filter has taken effect, and until it is cleared."""
        slack = self._slack
        chosen = partial(slack.click, ADA, "targets_state", view_id=view_id, selected="OFFLINE")
        found = await self.seen(chosen, "views.update")
        await slack.settled(lambda: "targets_clear" in json.dumps(slack.view(ADA)))
        found += await self.seen(partial(slack.click, ADA, "targets_clear", view_id=view_id), "views.update")
        await slack.settled(lambda: "targets_next" in json.dumps(slack.view(ADA)))
        return found


async def serve() -> None:
    """The other process: Slack, COC and the people. Writes JSON lines, and waits for one before it begins."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        keys = {"ak": coc.access_key, "sk": coc.secret_key}
        given = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "COC_ENDPOINT": coc.url,
            "SCHEDTASK_PORT": "0",
        }
        print(json.dumps({"keys": keys, "environment": given}), flush=True)  # noqa: T201 - a pipe, not a terminal
        await slack.connected(timeout=30)
        coc.fail(status=200, delay=COC_S)
        ids = {task.name: task_id for task_id, task in coc.tasks.items()}
        people = People(slack)
        for name, rounds in ROUNDS.items():
            result = {"name": name, "ms": await people.explore(ids[name], rounds)}
            print(json.dumps(result), flush=True)  # noqa: T201


async def measure() -> None:
    """The bot, and the table."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.explorer", "serve", stdout=asyncio.subprocess.PIPE, limit=2**24
    )
    assert child.stdout is not None
    hello = json.loads(await child.stdout.readline())
    credentials = CredentialSource(static_key(**hello["keys"], domain_id="benchmark"))
    bot = Bot(settings.read(hello["environment"]), credentials=credentials)
    await bot.start()
    settle_memory()
    table = Table(
        "task", "to the loading view p50 / p99", "to the filled view p50 / p99", "filter, page p50", "loop held up"
    )
    console, heart = Console(width=130), Heartbeat()
    try:
        for _ in ROUNDS:
            heart.worst = 0.0
            result = json.loads(await child.stdout.readline())
            ms = result["ms"]
            table.add_row(
                result["name"],
                f"{statistics.median(ms['loading']):.1f} / {high(ms['loading']):.1f} ms",
                f"{statistics.median(ms['filled']):.1f} / {high(ms['filled']):.1f} ms",
                f"{statistics.median(ms['no COC']):.1f} ms",
                f"{heart.worst * 1000:.1f} ms",
            )
    finally:
        heart.stop()
        await bot.stop()
    console.print(table)
    wanted = ", ".join(f"{name} {ms} ms" for name, ms in WANTED.items())
    console.print(f"COC answers after {COC_S * 1000:.0f} ms. Wanted at most: {wanted}.")


def high(values: list[float]) -> float:
    """The 99th percentile."""
    return sorted(values)[min(int(len(values) * 0.99), len(values) - 1)]


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1:] == ["serve"] else measure())
