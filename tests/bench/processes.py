"""The processes of a benchmark: the bot, the local COC with many copies of a task, and what the bot is compared to.

Each is a process of its own, so that nothing but its own work counts for it.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import aiohttp

from bot.sandbox.coc.faults import AnswerFault
from bot.sandbox.coc.samples.everyday import NIGHTLY
from bot.sandbox.coc.samples.parts import SampleTask
from bot.sandbox.coc.server import ACCESS_KEY, SECRET_KEY, LocalCoc, RecordedRequest
from tests.bench.beside import beside
from tests.bench.light_slack import LightSlack

TASKS, ELSEWHERE = 600, 240
"""Copies of the task in COC: far more than the bot keeps in mind, so that each look-up is a new one.

The first are all in one enterprise project; of those behind them each is in another one than its neighbours, so that
nobody can guess where.
"""
START_S = 30.0


def task_id(number: int) -> str:
    """The id of one of the copies."""
    return f"ST{number:024d}"


def task_name(number: int) -> str:
    """The name of that copy, which is in its card."""
    return f"bench-task-{number:04d}"


def _copies(sample: SampleTask) -> Iterator[SampleTask]:
    assert isinstance(sample.detail, dict)
    assert sample.listing is not None
    for number in range(TASKS + ELSEWHERE):
        own = {"id": task_id(number), "name": task_name(number)}
        if number >= TASKS:
            own["enterprise_project_id"] = str(UUID(int=number % 3 + 1))
        yield replace(sample, id=own["id"], detail={**sample.detail, **own}, listing={**sample.listing, **own})


def _kind(seen: RecordedRequest) -> str:
    last = seen.path.rstrip("/").rpartition("/")[2]
    return {"task": "listing", "history": "runs"}.get(last, "detail")


def serve(parent: Connection) -> None:
    """The process of COC: tells its URL, then takes seconds of delay and answers with the calls since the last."""

    async def run() -> None:
        calls: Counter[str] = Counter()
        async with LocalCoc() as coc:
            coc.tasks = {copy.id: copy for copy in _copies(coc.tasks[NIGHTLY])}

            def observe(seen: RecordedRequest) -> None:
                if not seen.outcome:
                    calls[_kind(seen)] += 1

            coc.observe = observe
            # A bot that waits no longer hangs up; the server would write a traceback each time.
            logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
            fault: AnswerFault = coc.fail(status=200)
            parent.send(coc.url)
            while (delay := await asyncio.to_thread(_received, parent)) is not None:
                fault.delay = delay
                parent.send(dict(calls))
                calls.clear()

    asyncio.run(run())


def _received(pipe: Connection) -> float | None:
    try:
        return float(pipe.recv())
    except EOFError:
        return None


class Cloud:
    """The local COC in a process of its own."""

    def __init__(self, pipe: Connection, url: str, pid: int) -> None:
        self._pipe = pipe
        self.url = url
        self.pid = pid

    async def delay(self, seconds: float) -> dict[str, int]:
        """Answer each call so much later from now on; how many calls of each kind there were until now."""
        self._pipe.send(seconds)
        found: dict[str, int] = await asyncio.to_thread(self._pipe.recv)
        return found


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has had; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def watched(percents: Mapping[int, list[float]]) -> Iterator[None]:
    """Note how many percent of a core processes use meanwhile, each by its id."""
    before, began = {pid: cpu_s(pid) for pid in percents}, time.perf_counter()
    yield
    spent = time.perf_counter() - began
    for pid, found in percents.items():
        found.append((cpu_s(pid) - before[pid]) / spent * 100)


@asynccontextmanager
async def cloud() -> AsyncIterator[Cloud]:
    """A COC with TASKS and ELSEWHERE tasks."""
    async with beside(serve) as (pipe, url, pid):
        yield Cloud(pipe, url, pid)


@dataclass(frozen=True, slots=True)
class Running:
    """A process that has been started; ``log`` is a file with all that it writes."""

    child: asyncio.subprocess.Process
    log: Path

    def memory(self) -> dict[str, float]:
        """MB of RSS, PSS and USS as Linux counts them; nothing elsewhere."""
        try:
            lines = Path(f"/proc/{self.child.pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            return {}
        kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        own = kb["Private_Clean"] + kb["Private_Dirty"]
        return {"RSS": kb["Rss"] / 1024, "PSS": kb["Pss"] / 1024, "USS": own / 1024}

    async def logged(self, word: str) -> float:
        """Wait until a word is in what it wrote; seconds that this took."""
        began = time.perf_counter()
        async with asyncio.timeout(START_S):
            while word not in self.log.read_text("utf-8", "replace"):
                if self.child.returncode is not None:
                    raise RuntimeError(f"it ended: {self.log.read_text('utf-8', 'replace')[-2000:]}")
                await asyncio.sleep(0.005)
        return time.perf_counter() - began


def _opened(path: Path) -> BinaryIO:
    return path.open("wb")


@asynccontextmanager
async def process(*module: str, given: Mapping[str, str]) -> AsyncIterator[Running]:
    """``python -m`` with this environment and little else; stopped in the end."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "SYSTEMROOT"}}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        environment = {**kept, "HOME": folder, **given}
        with _opened(log) as out:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *module, env=environment, stdout=out, stderr=out
            )
        try:
            yield Running(child, log)
        finally:
            if child.returncode is None:
                child.send_signal(signal.SIGTERM)
                try:
                    async with asyncio.timeout(10):
                        await child.wait()
                except TimeoutError:
                    child.kill()
                    await child.wait()


def bot_environment(slack: LightSlack, coc_url: str) -> dict[str, str]:
    """What the bot is told; without its limits for one person and one channel, which a benchmark would meet."""
    return {
        **slack.environment,
        **coc_environment(coc_url),
        "SCHEDTASK_PERSON_LIMIT": "0",
        "SCHEDTASK_CHANNEL_LIMIT": "0",
        "SCHEDTASK_PORT": "0" if slack.events_url is None else _port(slack.events_url),
    }


def coc_environment(coc_url: str) -> dict[str, str]:
    """Where COC is, and the key to it."""
    return {
        "COC_ENDPOINT": coc_url,
        "HUAWEICLOUD_SDK_AK": ACCESS_KEY,
        "HUAWEICLOUD_SDK_SK": SECRET_KEY,
        "HUAWEICLOUD_SDK_DOMAIN_ID": "d0000000000000000000000000000001",
    }


@asynccontextmanager
async def bot(slack: LightSlack, coc_url: str) -> AsyncIterator[Running]:
    """The real bot, ready."""
    async with process("bot", "run", given=bot_environment(slack, coc_url)) as running:
        await running.logged('"ready"')
        yield running


@asynccontextmanager
async def other(slack: LightSlack, *module: str, **given: str) -> AsyncIterator[Running]:
    """Something that the bot is compared to, ready."""
    async with process(*module, given={**slack.environment, **given}) as running:
        if slack.events_url is None:
            await slack.connected()
        else:
            await _listening(slack.events_url)
        yield running


async def _listening(url: str) -> None:
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.02)


def events_url() -> str:
    """An address for a bot in HTTP mode, on a port that is free now."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/slack/events"


def _port(url: str) -> str:
    return url.split(":")[2].partition("/")[0]


def port_of(slack: LightSlack) -> dict[str, str]:
    """The port as what is compared to the bot is told it."""
    return {} if slack.events_url is None else {"BENCH_PORT": _port(slack.events_url)}
