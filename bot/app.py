"""The life cycle of a bot process: start, serve, drain, stop. The only module that knows every part."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot import cloud, signals, workspace
from bot.coc.client import Call, CocClient
from bot.coc.credentials import CredentialSource
from bot.errors import LinkLost
from bot.lookup.lookup import Lookup, Policy
from bot.operations import logs
from bot.operations.audit import Audit
from bot.operations.connections import Bounds, connection_limit
from bot.operations.descriptors import raise_descriptors
from bot.operations.listener import Listener
from bot.operations.memory import settle_memory
from bot.operations.metrics import Metrics
from bot.operations.sanitizer import Sanitizer
from bot.operations.traces import Traces
from bot.pacing import Pacer
from bot.redact import Redactor
from bot.settings import Settings
from bot.slack.access import Access
from bot.slack.background import BackgroundTasks
from bot.slack.guarded_lookup import GuardedLookup
from bot.slack.limits import Buckets
from bot.slack.listeners import register_listeners
from bot.slack.reply import Replies
from bot.slack.runner import Runner
from bot.slack.socket_mode import Connections
from bot.timings import TIMINGS, Timings
from bot.version import version

log = structlog.get_logger(__name__)

REFUSALS_AUDITED = 60
"""Refused HTTP requests of one kind that are audited per minute: nobody can fill the disk with them."""


class Bot:
    """One bot process: ``start``, then ``stop``; or ``run``, which does both around a signal.

    ``sleep`` pauses before a call to COC or Slack is repeated; ``monotonic`` is the clock of everything that ages.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        credentials: CredentialSource | None = None,
        timings: Timings = TIMINGS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._timings = timings
        self._sleep = sleep
        self._monotonic = monotonic
        self._stack = AsyncExitStack()
        self._work = BackgroundTasks()
        self._metrics = Metrics(log_lines_lost=logs.count_lost_lines)
        self._listener = Listener(
            is_ready=self.ready,
            render_metrics=self._metrics_text,
            on_refused=self._on_rejected_request,
            timings=timings.http,
        )
        self._pacer = Pacer()
        self._coc: CocClient | None = None
        self._socket: Connections | None = None
        self._audit: Audit | None = None
        self._rejections = Buckets(REFUSALS_AUDITED, monotonic)
        self._redactor = Redactor(settings.redact_words, settings.redact_allow)
        self._sanitizer = Sanitizer(self._redactor)
        self._traces = Traces(self._sanitizer, timings.traces_s)
        self._serving = False
        self.port = 0
        """The HTTP listener's port, once started."""

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP, then drain and stop.

        Raises StartError, ConfigurationError and, once the link to Slack is lost for good, LinkLost.
        """
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        signals.call_on_stop(loop, stop.set)
        try:
            await self._run_until(stop)
        finally:
            signals.ignore(loop)  # a second signal must not kill the process while it exits

    async def _run_until(self, stop: asyncio.Event) -> None:
        starting = asyncio.ensure_future(self.start())
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return
        try:
            starting.result()
            settle_memory()
            loss_reason = await self._serve(stopping)
        finally:
            stopping.cancel()
        log.info("stopping", under_way=len(self._work))
        await self.stop()
        if loss_reason:
            raise LinkLost(
                f"Slack's Socket Mode is lost ({loss_reason}): stopped, so that a supervisor can start it again"
            )

    async def _serve(self, stopping: asyncio.Future[Any]) -> str:
        """Wait for a signal, or for the link to be lost; then the reason of the loss."""
        if self._socket is None:
            await stopping
            return ""
        await asyncio.wait({stopping, self._socket.failed}, return_when=asyncio.FIRST_COMPLETED)
        return self._socket.failed.result() if self._socket.failed.done() else ""

    async def start(self) -> None:
        """Check the tokens, connect to Slack and serve. After a failure everything is closed again."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop accepting requests, finish what is under way within the grace time, close everything."""
        self._serving = False
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        await self._listener.stop()
        cut_off = await self._work.drain(self._settings.grace)
        if cut_off:
            log.error("cut_off", tasks=cut_off, grace_s=self._settings.grace)
        await self._stack.aclose()
        await asyncio.to_thread(self._traces.stop)

    async def ready(self) -> bool:
        """Whether Slack can reach this process now."""
        return self._serving and (self._socket is None or self._socket.health.live > 0)

    async def _start(self) -> None:
        settings, timings = self._settings, self._timings
        endpoint = cloud.coc_endpoint(settings)
        if settings.traces:
            self._traces.start()
        session = await self._stack.enter_async_context(workspace.http_session(timings.replies.call_s))
        client = workspace.web_client(settings, session)
        identity = await workspace.identify(client, self._redactor, timings.start_s)
        credentials = self._credentials or await cloud.coc_credentials(settings, timings.credentials)
        self._coc = cloud.coc_client(
            settings,
            endpoint,
            credentials,
            longest_call_s=timings.lookup.call_s,
            retry_s=timings.lookup.retry_s,
            observe=self._observe_call,
            pacer=self._pacer,
            sleep=self._sleep,
        )
        self._stack.push_async_callback(self._coc.aclose)
        self._audit = Audit(
            settings.audit_file, self._sanitizer, on_lost=self._metrics.count_lost_audit_lines, timings=timings.writer
        )
        self._stack.push_async_callback(self._audit.close)
        replies = Replies(
            session, client, timings=timings.replies, sleep=self._sleep, observe=self._metrics.observe_slack_call
        )
        app = workspace.bolt_app(settings, identity)
        self._register_listeners(app, self._coc, replies, self._audit, str(identity.team_id or ""))
        posts = workspace.http_posts(
            settings, app, self._metrics, refused=self._on_rejected_request, body_s=timings.http.body_s
        )
        bounds = Bounds(connection_limit(raise_descriptors()))
        self.port = await self._listener.start(settings.host, settings.port, posts, bounds=bounds)
        self._socket = await workspace.connect(
            settings, app, client, self._metrics, redactor=self._redactor, timings=timings.socket
        )
        self._serving = True
        log.info(
            "ready",
            version=version(),
            mode=settings.transport,
            endpoint=endpoint,
            credentials=credentials.describe(),
            team=identity.team_id,
            bot_user=identity.bot_user_id,
            host=settings.host,
            port=self.port,
        )

    def _register_listeners(self, app: AsyncApp, coc: CocClient, replies: Replies, audit: Audit, team: str) -> None:
        settings, timings = self._settings, self._timings
        rules = workspace.rules(settings)
        access = Access(rules, team, replies.ask, timings=timings.access, monotonic=self._monotonic)
        policy = Policy(timings.lookup.answer_s, settings.share_for, settings.stale_for)
        lookup = Lookup(
            coc,
            self._redactor,
            policy=policy,
            timings=timings.lookup,
            monotonic=self._monotonic,
            observe=self._metrics.count_shared_answer,
        )
        runner = Runner(
            replies=replies,
            background=self._work,
            access=access,
            redactor=self._redactor,
            audit=audit.write,
            observe=self._metrics.observe_interaction,
            span=self._traces.span,
            sleep=self._sleep,
            timings=timings.answers,
            pacer=self._pacer,
        )
        guarded = GuardedLookup(lookup, access, rules, targets_max_age_s=settings.targets_max_age)
        register_listeners(app, runner, guarded, private_by_default=settings.visibility == "private")

    async def _metrics_text(self) -> bytes:
        return self._metrics.render(
            connected=await self.ready(),
            under_way=len(self._work),
            audit_waiting=self._audit.waiting if self._audit is not None else 0,
            health=self._socket.health if self._socket is not None else None,
        )

    def _on_rejected_request(self, reason: str) -> None:
        """Count a request that was not Slack's, and audit it, a bounded number per minute."""
        self._metrics.count_refused_request(reason)
        if self._audit is not None and not self._rejections.take(reason):
            self._audit.write({"did": "http", "outcome": f"refused: {reason}"})

    def _observe_call(self, call: Call) -> None:
        self._metrics.observe_coc_call(call)
        log.info(
            "coc_call",
            operation=call.operation,
            outcome=call.outcome,
            status=call.status,
            ms=round(call.seconds * 1000),
            request_id=call.request_id,
        )
