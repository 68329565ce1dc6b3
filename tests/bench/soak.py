"""Hours of people in minutes: ``python -m tests.bench.soak --minutes 20`` prints what was lost and what has grown.

The bot is a process of its own between the local Slack and the local COC. Three people do one thing after the other:
commands, refreshes, windows, pages, searches, files. Meanwhile COC and Slack fail in turn: errors, throttling, slow,
dripping, broken off; connections are replaced, sent away and dropped.

Lost acknowledgement: Slack waited three seconds in vain, or had nobody to send to. Lost answer: acknowledged, but
20 s later there is nothing that the person could see, or no line in the audit. What Slack would take by no way
is counted apart. Memory is the resident set of the bot's process: the median of the second tenth of the time (by then
everything that is kept has been filled) against that of the last tenth.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.bench.soak_people import PLACES, Audit, Person, Tally

WANTED_GROWTH = 0.05

COC_FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 503},
    {"status": 500},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"status": 200, "delay": 0.4},
    {"status": 200, "delay": 4.0},
    {"status": 200, "drip": (200, 0.01)},
    {"drop": True},
    {"status": 200, "truncate": 100},
    {"status": 200, "body": "<html>proxy</html>"},
    {"status": 200, "body": {"error_code": "COC.00009999", "error_msg": "odd"}},
    {"status": 403},
)
SLACK_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("response_url", {"status": 429, "retry_after": 1}),
    ("response_url", {"status": 503}),
    ("response_url", {"error": "invalid_blocks"}),
    ("response_url", {"error": "expired_url"}),
    ("response_url", {"status": 0, "error": "cut"}),
    ("views.open", {"error": "expired_trigger_id"}),
    ("views.update", {"status": 429, "retry_after": 1}),
    ("views.update", {"status": 500}),
    ("views.update", {"error": "hash_conflict"}),
    ("files.getUploadURLExternal", {"error": "missing_scope"}),
    ("upload", {"status": 500}),
    ("conversations.open", {"status": 0, "error": "cut"}),
)


async def trouble(coc: LocalCoc, slack: LocalSlack, people: list[Person]) -> None:
    """COC and Slack fail in turn, and are well in between."""
    drawn = random.Random(7)
    while True:
        coc.clear_faults()
        await asyncio.sleep(drawn.uniform(0.5, 3.0))
        coc.fail(drawn.choice(("any", "detail", "list", "history")), times=5, **drawn.choice(COC_FAULTS))
        for _ in range(drawn.randint(0, 2)):
            method, how = drawn.choice(SLACK_FAULTS)
            slack.refuse(method, **how)
        await asyncio.sleep(drawn.uniform(0.2, 2.0))
        if drawn.random() < 0.2 and slack.connections == 2:
            await slack.disconnect("warning", 1)
            await asyncio.sleep(1.0)
            await slack.disconnect("refresh_requested", 1)
        elif drawn.random() < 0.05 and slack.connections == 2:
            for person in people:  # what is on its way down a broken line is lost to any bot
                await person.sending.acquire()
            slack.drop(1)
            await asyncio.sleep(0)
            for person in people:
                person.sending.release()


async def watch(pid: int, tally: Tally) -> None:
    """Notes the memory every second."""
    began = time.monotonic()
    while True:
        tally.memory_kb.append((time.monotonic() - began, _resident_kb(pid)))
        await asyncio.sleep(1.0)


def _resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def soak(minutes: float) -> tuple[Tally, str]:
    """Do it; what was counted, and what the bot has logged of errors."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "audit.jsonl")
        await asyncio.to_thread(path.touch, 0o600)
        async with LocalCoc() as coc, LocalSlack() as slack:
            child = await _start(coc, slack, path, Path(folder))
            logged = asyncio.create_task(_errors(child))
            await slack.settled(lambda: slack.connections == 2, timeout=30)
            audit = Audit(path)
            tasks = [task.id for task in coc.tasks.values() if isinstance(task.detail, dict) and not task.answer]
            people = [Person(user, slack, tasks, audit, tally) for user in PLACES]
            until = time.monotonic() + minutes * 60
            beside = [asyncio.create_task(trouble(coc, slack, people)), asyncio.create_task(watch(child.pid, tally))]
            await asyncio.gather(*(_live(person, until) for person in people))
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            child.terminate()
            errors = await logged
            status = await child.wait()
            audit.close()
    return tally, errors + ("" if status == 0 else f"exit status {status}\n")


async def _live(person: Person, until: float) -> None:
    while time.monotonic() < until:
        await person.act()
        await asyncio.sleep(0)


async def _start(coc: LocalCoc, slack: LocalSlack, audit: Path, home: Path) -> asyncio.subprocess.Process:
    given = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}},
        "HOME": str(home),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "COC_ENDPOINT": coc.url,
        "HUAWEICLOUD_SDK_AK": coc.access_key,
        "HUAWEICLOUD_SDK_SK": coc.secret_key,
        "HUAWEICLOUD_SDK_DOMAIN_ID": "d0000000000000000000000000000001",
        "SCHEDTASK_PORT": "0",
        "SCHEDTASK_AUDIT_FILE": str(audit),
        "SCHEDTASK_PERSON_LIMIT": "0",
        "SCHEDTASK_CHANNEL_LIMIT": "0",
        "SCHEDTASK_ALLOW_WORKSPACES": "T0PARTNER",
        "SCHEDTASK_LOG_LEVEL": "error",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), env=given, stderr=asyncio.subprocess.PIPE
    )


async def _errors(child: asyncio.subprocess.Process) -> str:
    """Log lines that tell of our own faults; refusals that Slack was told to give are none."""
    assert child.stderr is not None
    kept = []
    async for line in child.stderr:
        text = line.decode("utf-8", "replace")
        if not any(word in text for word in ('"reply_refused"', '"blocks_refused"', '"answer_lost"', '"ack_lost"')):
            kept.append(text)
    return "".join(kept)


def growth(memory_kb: list[tuple[float, int]]) -> tuple[float, float]:
    """Megabytes in the second and in the last tenth of the time."""
    end = memory_kb[-1][0]
    early = [kb for at, kb in memory_kb if 0.1 * end <= at <= 0.2 * end]
    late = [kb for at, kb in memory_kb if at >= 0.9 * end]
    return statistics.median(early) / 1024, statistics.median(late) / 1024


def report(tally: Tally, errors: str, minutes: float) -> bool:
    """Print it; whether all is as wanted."""
    console = Console(width=130)
    table = Table("what", "figure", title=f"Soak of {minutes:g} minutes", title_justify="left")
    acks = sorted(tally.acks_ms)
    early, late = growth(tally.memory_kb)
    grown = late / early - 1
    done = ", ".join(f"{n} {name}" for name, n in tally.done.most_common())
    points = [tally.memory_kb[len(tally.memory_kb) * tenth // 10][1] // 1024 for tenth in range(10)]
    rows = {
        "interactions": f"{tally.done.total():,} ({done})",
        "outcomes": ", ".join(f"{n} {name}" for name, n in tally.outcomes.most_common()),
        "lost acknowledgements": str(len(tally.lost_acks)),
        "lost answers": str(len(tally.lost_answers)),
        "answers that Slack took by no way": str(tally.not_taken),
        "acknowledged after p50 / p99 / most": " / ".join(
            f"{acks[min(int(len(acks) * part), len(acks) - 1)]:.1f} ms" for part in (0.5, 0.99, 1.0)
        ),
        "memory then / in the end": f"{early:.1f} / {late:.1f} MB, {grown:+.1%} (wanted below {WANTED_GROWTH:.0%})",
        "memory at each tenth of the time": ", ".join(map(str, points)) + " MB",
        "errors of our own in the log": str(errors.count("\n")),
    }
    for row in rows.items():
        table.add_row(*row)
    console.print(table)
    for what in [*tally.lost_acks[:10], *tally.lost_answers[:10], *errors.splitlines()[:10]]:
        console.print(what, markup=False, highlight=False)
    return not (tally.lost_acks or tally.lost_answers or errors) and grown < WANTED_GROWTH


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="People, faults and time; what was lost and what has grown.")
    parser.add_argument("--minutes", type=float, default=20.0)
    wanted = parser.parse_args().minutes
    sys.exit(0 if report(*asyncio.run(soak(wanted)), wanted) else 1)
