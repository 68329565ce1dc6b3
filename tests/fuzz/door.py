"""The bot's HTTP entry, served for real, between a Slack and a COC that only judge and answer.

Everything from the socket to the reply is the bot's own: the listener, the signature check, Bolt, all listeners of
ours, the look-up and its client. What the bot would send to Slack is judged on the spot.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_builtins import AsyncRequestVerification
from slack_sdk.signature import Clock
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards.block_kit import Message
from bot.cards.task import NOT_REFRESHED
from bot.coc.client import CocClient
from bot.lookup.lookup import Lookup
from bot.operations.listener import Listener
from bot.operations.metrics import Metrics
from bot.sandbox.slack.records import SlackRefusedError
from bot.sandbox.slack.rules import check_message
from bot.slack import EVENTS_PATH, http_mode
from bot.slack.access import Access, Rules
from bot.slack.background import BackgroundTasks
from bot.slack.errors import SlackRefused
from bot.slack.guarded_lookup import GuardedLookup
from bot.slack.listeners import register_listeners
from bot.slack.reply import Replies
from bot.slack.runner import Runner
from bot.timings import AnswerTimings
from tests.cards.judges import assert_tame, judge_message, judge_view
from tests.cards.snapshots import REDACTOR
from tests.fuzz.findings import Broke
from tests.fuzz.inputs import BODIES

SECRET = "0123456789abcdef0123456789abcdef"
STAMP, SIGNATURE = b"X-Slack-Request-Timestamp", b"X-Slack-Signature"
PATIENCE_S = 10.0
"""More than any answer may take, also on a machine that is busy."""
ANSWER_S = 0.05
"""How long an answer is waited for where what was sent may be no whole request."""
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


Header = tuple[bytes, bytes]


def request(body: bytes, headers: Iterable[Header], path: bytes = b"/slack/events") -> bytes:
    """A well-formed POST with these headers as far as they are ones."""
    taken = {b"content-length", b"transfer-encoding", b"connection", b"expect", b"host", b"upgrade"}
    lines = []
    for name, value in headers:
        word = name.lower()
        if not _HEADER.fullmatch(name) or word in taken:
            continue
        lines.append(name + b": " + re.sub(rb"[\x00-\x1f\x7f]", b" ", value))
        if word not in {STAMP.lower(), SIGNATURE.lower()}:
            taken.add(word)  # an HTTP server may refuse a second one
    own = [b"Host: x", b"Connection: close", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([b"POST " + path + b" HTTP/1.1", *own, *lines, b"", body])


class Slack(Replies):
    """Takes every reply, judges it, and keeps what was wrong."""

    def __init__(self) -> None:
        self.wrong: list[Exception] = []
        self.replies = 0

    async def respond(self, url: str, message: Message, **options: Any) -> None:
        """A message to a response URL."""
        del url, options
        self._message(message)

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """A call of the Web API."""
        view = arguments.get("view")
        if view is not None:
            self._judge(lambda: judge_view(view))
            return {"view": {"id": "V1", "hash": "h2"}}
        if method.startswith("chat."):
            self._message(Message(arguments["text"], tuple(arguments["blocks"])))
        return {"channel": {"id": "D1"}}

    async def upload(
        self, name: str, content: bytes, *, channel: str, thread_ts: str | None = None, comment: str = ""
    ) -> None:
        """A file."""
        del channel, thread_ts
        self._judge(lambda: assert_tame(comment))
        if not content or "/" in name:
            self.wrong.append(Broke("file", name))

    def _message(self, message: Message) -> None:
        if any(str(block).find(NOT_REFRESHED) >= 0 for block in message.blocks):
            # An old card that Slack sent us comes back with a mark; Slack refuses it where it is none of ours.
            try:
                check_message(message.text, list(message.blocks), "message")
            except (SlackRefusedError, AttributeError, KeyError, TypeError) as error:
                raise SlackRefused("invalid_blocks") from error
            return
        self._judge(lambda: judge_message(message))

    def _judge(self, judge: Callable[[], None]) -> None:
        self.replies += 1
        try:
            judge()
        except Exception as error:  # noqa: BLE001 - the bot must not catch it as its own; it is raised afterwards
            self.wrong.append(error)


class _Errors(logging.Handler):
    """Keeps what libraries log as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.records.append(record)


Given = tuple[int, dict[str, str], bytes]
"""Status, headers and body of an answer of COC's."""
FINE: tuple[Given, ...] = ((200, {}, BODIES[1]),)


@dataclass(slots=True)
class _Clock:
    """Time that leaps between two cases, so that nothing of an earlier one is young enough to be used."""

    leapt: float = 0.0
    stamped: int = 1_800_000_000

    def __call__(self) -> float:
        return time.monotonic() + self.leapt

    def stamp(self) -> float:
        """Slack's clock: a second later for each request that is signed, so that no two are the same."""
        return self.stamped


class _SlacksClock(Clock):
    """The same clock as Bolt wants it."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.stamp()


@dataclass(slots=True)
class Door:
    """A running HTTP entry with an event loop of its own. Use it as a context manager; not from a coroutine."""

    answers: tuple[Given, ...] = FINE
    """What COC answers, one after the other, again and again."""
    slack: Slack = field(default_factory=Slack)
    _asked: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _clock: _Clock = field(default_factory=_Clock)
    _errors: _Errors = field(default_factory=_Errors)
    _work: BackgroundTasks = field(default_factory=BackgroundTasks)
    _port: int = 0
    _close: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self._errors)
        self._loop.run_until_complete(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for close in reversed(self._close):
            self._loop.run_until_complete(close())
        self._loop.run_until_complete(_leave())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        logging.getLogger().removeHandler(self._errors)

    def sign(self, body: bytes) -> tuple[Header, Header]:
        """The two headers by which a body is known as Slack's, and as a new request."""
        self._clock.stamped += 1
        when = str(self._clock.stamped)
        digest = hmac.new(SECRET.encode(), f"v0:{when}:".encode() + body, hashlib.sha256).hexdigest()
        return (STAMP, when.encode()), (SIGNATURE, f"v0={digest}".encode())

    def knock(
        self, raw: bytes, answers: tuple[Given, ...] = FINE, *, fresh: bool = True, whole: bool = True
    ) -> int | None:
        """Send bytes, wait until all is done that follows from them; the status, None where none came.

        Raises what was wrong: an error in the log, a reply that Slack would refuse or that holds something live,
        work that does not end.
        """
        self.answers, self._asked = answers or FINE, 0
        self._clock.leapt += 1_000.0 if fresh else 0.0
        self._errors.records.clear()
        self.slack.wrong.clear()
        with structlog.testing.capture_logs() as events:
            status, late = self._loop.run_until_complete(self._knock(raw, whole))
        for record in self._errors.records:
            cause = record.exc_info[1] if record.exc_info else None
            raise Broke(f"logged by {record.name}: {_place(cause)}", record.getMessage()) from cause
        for event in events:
            if event["log_level"] in {"error", "critical"}:
                cause = event.get("exc_info")
                if isinstance(cause, BaseException):
                    raise cause
                raise Broke(f"logged: {event['event']}", str(event))
        if self.slack.wrong:
            raise self.slack.wrong[0]
        if late:
            raise Broke("work that does not end")
        if status is not None and status >= 500:
            raise Broke(f"status {status}")
        return status

    async def _knock(self, raw: bytes, whole: bool) -> tuple[int | None, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(raw)
            async with asyncio.timeout(PATIENCE_S if whole else ANSWER_S):
                answer = await reader.read(64 * 1024)
        except OSError:  # a timeout, too: what is no whole request is waited for by the server
            answer = b""
        finally:
            writer.close()
        if not whole:
            await asyncio.sleep(ANSWER_S / 5)  # the server hears of the hanging up
        late = await self._work.drain(PATIENCE_S)
        found = _STATUS.match(answer)
        if answer and not found:
            raise Broke("an answer that is no HTTP", repr(answer[:100]))
        return (int(found.group(1)) if found else None), late

    async def _start(self) -> None:
        metrics = Metrics()
        coc = CocClient(
            endpoint="https://coc.example",
            auth=httpx.Auth(),
            transport=httpx.MockTransport(self._coc),
            sleep=lambda _seconds: asyncio.sleep(0),
        )
        self._close.append(coc.aclose)
        app, access = _app(self._clock), Access(Rules(), "T1", self.slack.call)
        lookup = GuardedLookup(Lookup(coc, REDACTOR, monotonic=self._clock), access, Rules())
        timings = AnswerTimings(settle_s=0.0)
        observe = metrics.observe_interaction
        runner = Runner(self.slack, self._work, access, REDACTOR, observe=observe, timings=timings)
        register_listeners(app, runner, lookup)

        async def ready() -> bool:
            return True

        async def text() -> bytes:
            return metrics.render(connected=True)

        listener = Listener(is_ready=ready, render_metrics=text)
        handle = http_mode.handler(app, SECRET, metrics.count_refused_request, clock=self._clock.stamp)
        self._port = await listener.start("127.0.0.1", 0, {EVENTS_PATH: handle})
        self._close.append(listener.stop)

    def _coc(self, _request: httpx.Request) -> httpx.Response:
        status, headers, body = self.answers[self._asked % len(self.answers)]
        self._asked += 1
        # As from a socket: whatever bytes a header has are Latin-1.
        wire = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return httpx.Response(status, headers=wire, content=body)


async def _leave() -> None:
    """End the tasks in which the server still waits for the rest of what was begun."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _place(cause: BaseException | None) -> str:
    """An error's class and the file and line that raised it."""
    frames = traceback.extract_tb(cause.__traceback__) if cause is not None else []
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(cause).__name__}{where}"


def _app(clock: _Clock) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="UBOT")

    app = AsyncApp(
        name="fuzzed",
        client=AsyncWebClient(base_url="http://127.0.0.1:9/"),
        authorize=authorize,
        signing_secret=SECRET,
        process_before_response=True,
        logger=logging.getLogger("slack_bolt"),
    )
    for middleware in app._async_middleware_list:
        if isinstance(middleware, AsyncRequestVerification):
            # Bolt checks the signature once more, by a clock of its own.
            middleware.verifier.clock = _SlacksClock(clock)
    return app
