"""The bot with short deadlines between the local COC and the local Slack, and all that is watched in one cell.

Real sockets throughout. Time is under control where waiting tells nothing: a pause before another try is noted and
cut short, and the deadlines are fractions of a second instead of seconds.
"""

import asyncio
import gc
import json
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from aiohttp import web_app
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bot.app import Bot
from bot.coc.client import CocClient
from bot.sandbox.coc.samples.catalog import sample_tasks
from bot.sandbox.coc.samples.parts import SampleTask
from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Interaction, RecordedCall
from bot.timings import AnswerTimings, LookupTimings, ReplyTimings, Timings
from tests.slack.presses import NIGHTLY

COC_READ_S, COC_TOTAL_S = 0.35, 0.5
EXTRA_S, HISTORY_S = 0.25, 0.45
SLACK_S, UPLOAD_S = 0.3, 0.45
PATIENCE_S = 0.2
CALM = Timings(answers=AnswerTimings(loading_s=30.0, settle_s=0.1))
"""Where nothing is slow the deadlines are the bot's own: a busy machine must not look like a slow COC."""
BRIEF = replace(CALM, replies=ReplyTimings(call_s=SLACK_S, upload_s=UPLOAD_S))
"""Where Slack is slow: fractions of a second."""
IMPATIENT = replace(BRIEF, answers=replace(CALM.answers, patience_s=PATIENCE_S, loading_s=0.12))
"""Where somebody waits for COC for long enough to be told so."""
BRIEF_COC = replace(IMPATIENT, lookup=LookupTimings(extra_wait_s=EXTRA_S, history_wait_s=HISTORY_S))
"""Where COC is slow; ``COC_DEADLINES`` belong to it."""
ACK_MS = 1_000
"""Slack gives up an acknowledgement after 3,000."""
COC_DEADLINES = {
    "SCHEDTASK_COC_CONNECT_TIMEOUT": "0.5",
    "SCHEDTASK_COC_READ_TIMEOUT": str(COC_READ_S),
    "SCHEDTASK_COC_TOTAL_TIMEOUT": str(COC_TOTAL_S),
}
GIVEN = {
    "SCHEDTASK_TARGETS_MAX_AGE": "0",  # each click asks COC
    "SCHEDTASK_SHARE_FOR": "0",
    "SCHEDTASK_STALE_FOR": "0",
    "SCHEDTASK_PERSON_LIMIT": "0",
}

REFERENCE = re.compile(r"[Rr]eference `?([0-9A-Z]{4}-[0-9A-Z]{2})\b")
NOTE, MARK = "Still waiting", "Not refreshed"
LOADING = ("Asking COC for", "Sending the file …")
UNHANDLED = {"unexpected", "work_failed", "http_handler_failed", "cut_off"}
KINDS = {"history": "history", "": "list"}


@dataclass(slots=True)
class Heard:
    """What nobody must ever hear: errors of libraries, of the event loop, of tasks that nobody asked for."""

    records: list[str] = field(default_factory=list)
    loop: list[str] = field(default_factory=list)


class _Ear(logging.Handler):
    """Keeps what is logged by the libraries from a level on."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.ERROR)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.records.append(f"{record.name}: {record.getMessage()}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one press. ``answers`` are what the person got for it, loading views and notes left out."""

    interaction: Interaction
    answers: list[tuple[str, str]]
    """How it came (the method, or "ack") and what it says."""
    notes: int
    marks: int
    loading: int
    files: int
    asked: Counter[str]
    """Requests that COC saw, by kind."""
    calls: list[RecordedCall]

    @property
    def text(self) -> str:
        """Everything that the person was answered."""
        return "\n".join(text for _, text in self.answers)


class Bench:
    """One sandbox and everything that is recorded about it."""

    def __init__(self, audit: Path, logs: list[Any], heard: Heard) -> None:
        self.box: Sandbox
        self.logs = logs
        self.heard = heard
        self.passed_s = 0.0
        """How far the bot's clock is ahead."""
        self.slept: list[float] = []
        self.heals_after = float("inf")
        """Slack is well again after a pause of so many seconds."""
        self._audit = audit
        self._calls: list[RecordedCall] = []
        self._lines = 0

    @property
    def coc(self) -> CocClient:
        """The bot's client."""
        assert self.box.bot is not None
        assert self.box.bot._coc is not None
        return self.box.bot._coc

    def monotonic(self) -> float:
        """The bot's clock."""
        return time.monotonic() + self.passed_s

    async def hurried(self, seconds: float) -> None:
        """A pause before another try: noted, and cut short."""
        if not seconds:
            return
        self.slept.append(seconds)
        await asyncio.sleep(min(seconds, 0.03))
        if seconds >= self.heals_after:
            self.box.slack._api.service.condition = "well"

    def lines(self) -> list[dict[str, Any]]:
        """Every whole line of the audit; the last one may be half written."""
        return [json.loads(line) for line in self._audit.read_text("utf-8").rpartition("\n")[0].splitlines()]

    def idle(self) -> bool:
        """Whether the bot has nothing under way."""
        return self.box.bot is None or not len(self.box.bot._work)

    def audited(self) -> list[dict[str, Any]]:
        """The audit since the mark; complete once the bot has stopped."""
        return self.lines()[self._lines :]

    async def mark(self) -> None:
        """What follows belongs to the press that is looked at; what came before is over."""
        await _until(lambda: self.idle() and len(self.audited()) == len(self.events("answered")), 5)
        self._calls, self._lines = self.box.slack.calls, len(self.lines())
        self.box.coc.requests.clear()
        self.logs.clear()
        self.slept.clear()

    async def ended(self, within_s: float) -> None:
        """Waits until the press is audited and nothing is under way; TimeoutError where that takes longer."""
        await _until(lambda: self.audited() and self.idle(), within_s)

    def since(self) -> list[RecordedCall]:
        """The calls that Slack has answered since the mark."""
        return self.box.slack.calls[len(self._calls) :]

    def seen(self, interaction: Interaction) -> Seen:
        """What the person has got, and what it took."""
        calls = _taken(self.since())
        given = _given(calls)
        brought = (interaction.ack_body or {}).get("view")
        if isinstance(brought, dict):
            given.insert(0, ("ack", _text(brought)))
        kinds = [_kind(text) for _, text in given]
        return Seen(
            interaction=interaction,
            answers=[one for one, kind in zip(given, kinds, strict=True) if kind == "answer"],
            notes=kinds.count("note"),
            marks=kinds.count("mark"),
            loading=kinds.count("loading"),
            files=[call.method for call in calls].count("files.completeUploadExternal"),
            asked=self.asked(),
            calls=self.since(),
        )

    def asked(self) -> Counter[str]:
        """The requests that COC has seen since the mark, by kind."""
        ends = (seen.path.removeprefix("/v1/schedule/task").strip("/") for seen in self.box.coc.requests)
        return Counter(KINDS.get(end, "detail") for end in ends)

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Log events of these names since the mark."""
        return [entry for entry in self.logs if entry["event"] in names]

    def unhandled(self) -> list[str]:
        """What should never have been logged or said by anybody."""
        own = [repr(entry) for entry in self.logs if entry["event"] in UNHANDLED or entry.get("exc_info")]
        return own + self.heard.records + self.heard.loop


_SHOWING = {
    *("response_url", "chat.postEphemeral", "chat.postMessage", "chat.update"),
    *("views.open", "views.push", "views.update"),
}


@cache
def _nightly() -> SampleTask:
    return sample_tasks(int(time.time() * 1000))[NIGHTLY]


def one_task() -> dict[str, SampleTask]:
    """For the local COC: making its forty samples takes longer than a cell."""
    return {NIGHTLY: deepcopy(_nightly())}


async def _until(so: Callable[[], object], within_s: float) -> None:
    """Waits until it is so; the audit is written by a thread that tells nobody."""
    async with asyncio.timeout(within_s):
        while True:
            if so():
                return
            await asyncio.sleep(0.005)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _taken(calls: list[RecordedCall]) -> list[RecordedCall]:
    return [call for call in calls if call.status == 200 and call.response.get("ok")]


def _given(calls: list[RecordedCall]) -> list[tuple[str, str]]:
    return [(call.method, _said(call)) for call in calls if call.method in _SHOWING]


def answers_of(calls: list[RecordedCall]) -> list[str]:
    """What these calls have shown the person, but for notes, marks and loading views."""
    return [text for _, text in _given(_taken(calls)) if _kind(text) == "answer"]


def _said(call: RecordedCall) -> str:
    view = call.request.get("view")
    return _text(view) if view is not None else _text([call.request.get("text"), call.request.get("blocks")])


def _kind(text: str) -> str:
    if MARK in text:
        return "mark"
    if NOTE in text:
        return "note"
    return "loading" if any(words in text for words in LOADING) else "answer"


@asynccontextmanager
async def bench(
    folder: Path,
    timings: Timings = CALM,
    *,
    transport: Literal["socket", "http"] = "socket",
    drops_abandoned_calls: bool = False,
    **given: str,
) -> AsyncIterator[Bench]:
    """A running sandbox that is watched. ``given`` are settings (without ``SCHEDTASK_``) beside ``GIVEN``."""
    audit, heard = folder / "audit.jsonl", Heard()
    named = {f"SCHEDTASK_{name}": value for name, value in given.items()}
    ear, loop = _Ear(heard), asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: heard.loop.append(str(context.get("message")) + repr(context)))
    logging.getLogger().addHandler(ear)
    try:
        with capture_logs(processors=[merge_contextvars]) as logs:
            watched = Bench(audit, logs, heard)
            make_bot = partial(Bot, timings=timings, sleep=watched.hurried, monotonic=watched.monotonic)
            deadlines = COC_DEADLINES if timings == BRIEF_COC else {}
            given = {**GIVEN, **deadlines, **named, "SCHEDTASK_AUDIT_FILE": str(audit)}
            watched.box = Sandbox(transport=transport, given=given, tasks=one_task(), make_bot=make_bot)
            watched.box.slack.drops_abandoned_calls = drops_abandoned_calls
            async with watched.box:
                yield watched
            await asyncio.sleep(0)
            # aiohttp keeps the handlers of the latest 1,024 routes, and with them the servers of old cells.
            web_app._cached_build_middleware.cache_clear()
            gc.collect()  # a task whose error nobody asked for says so when it goes
    finally:
        logging.getLogger().removeHandler(ear)
        loop.set_exception_handler(before)
