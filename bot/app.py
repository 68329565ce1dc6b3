"""Puts the parts together: starts, serves, drains, stops. The only module that knows everybody."""

import asyncio
import gc
import logging
import os
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import redact, signals
from bot.cards.text import plain, shown
from bot.certificates import refusal
from bot.coc.client import Call, CocClient, Deadlines
from bot.coc.credentials import CredentialSource, SignedAuth, open_credentials
from bot.coc.endpoints import endpoint_for
from bot.errors import CredentialsUnavailable
from bot.lookup.lookup import Limits, Lookup
from bot.operations import logs
from bot.operations.audit import Audit
from bot.operations.connections import connection_limit
from bot.operations.descriptors import raise_descriptors
from bot.operations.listener import Handler, Listener
from bot.operations.metrics import Metrics
from bot.operations.sanitizer import Sanitizer
from bot.operations.traces import Traces, TracesMissing
from bot.pacing import Turns
from bot.settings import CloudSettings, ConfigurationError, Settings
from bot.slack import actions, commands, explorer, http_mode, socket_mode, views
from bot.slack.access import Access, Rules
from bot.slack.background import Work
from bot.slack.limits import Buckets
from bot.slack.reply import DEADLINE_S, Replies
from bot.slack.runner import Desk

log = structlog.get_logger(__name__)

REFUSALS_AUDITED = 60
"""Refused HTTP requests of one kind that the audit takes a minute."""
ANSWER_S = 8.5
"""A look-up with all its calls: whatever COC does, the person has an answer within 10 s of asking."""
CALL_S = 8.0
"""A COC call with its retries; nobody joins one that hangs for longer."""
START_DEADLINE_S = 15.0
"""For each step of starting that talks to somebody."""


def settle_memory() -> None:
    """Spare the event loop the long pauses of the garbage collector: for a process that has started.

    What starting has made lives as long as the process; walking all of it again and again takes 30 to 50 ms each
    time (measured), in which nothing is acknowledged.
    """
    gc.collect()
    gc.freeze()


class StartError(Exception):
    """The bot can't start. The message is one line that says why and what to do."""


class LinkLost(Exception):
    """Slack can't be reached any more; another process may be luckier. The message is one line that says why."""


class Bot:
    """One bot process: ``start``, then ``stop``; or ``run``, which does both around a signal."""

    def __init__(self, settings: Settings, *, credentials: CredentialSource | None = None) -> None:
        self._settings = settings
        self._credentials = credentials
        self._stack = AsyncExitStack()
        self._work = Work()
        self._metrics = Metrics(log_lines_lost=logs.count_lost_lines)
        self._listener = Listener(is_ready=self.ready, render_metrics=self._metrics_text, on_refused=self._refused)
        self._socket: socket_mode.Connections | None = None
        self._audit: Audit | None = None
        self._refusals = Buckets(REFUSALS_AUDITED, time.monotonic)
        self._sanitizer = Sanitizer(shown, redact.secret_name)
        self._traces = Traces(self._sanitizer)
        self._serving = False
        self.port = 0
        """Where the HTTP listener listens, once started."""

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP, then stop in good order.

        Raises StartError, ConfigurationError and, where the link to Slack is lost for good, LinkLost.
        """
        stop = asyncio.Event()
        signals.call_on_stop(asyncio.get_running_loop(), stop.set)
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
            lost = await self._until(stopping)
        finally:
            stopping.cancel()
        log.info("stopping", under_way=len(self._work))
        await self.stop()
        if lost:
            raise LinkLost(f"Slack's Socket Mode is lost ({lost}): stopped, so that a supervisor can start it again")

    async def _until(self, stopping: asyncio.Future[Any]) -> str:
        """Wait for a signal, or for the link to be lost: then why."""
        if self._socket is None:
            await stopping
            return ""
        await asyncio.wait({stopping, self._socket.failed}, return_when=asyncio.FIRST_COMPLETED)
        return self._socket.failed.result() if self._socket.failed.done() else ""

    async def start(self) -> None:
        """Check the tokens, connect to Slack and serve. Where that fails everything is closed again."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Take no more requests, finish what is under way within the grace time, close everything."""
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
        if not self._serving:
            return False
        return self._socket is None or self._socket.health.live > 0

    async def _metrics_text(self) -> bytes:
        health = self._socket.health if self._socket is not None else None
        return self._metrics.render(
            connected=await self.ready(),
            under_way=len(self._work),
            audit_waiting=self._audit.waiting if self._audit is not None else 0,
            health=health,
        )

    async def _start(self) -> None:
        settings = self._settings
        redact.configure(hide=settings.redact_words, show=settings.redact_allow)
        endpoint = coc_endpoint(settings)
        if settings.traces:
            self._trace()
        session = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=DEADLINE_S), connector=aiohttp.TCPConnector(limit=200)
            )
        )
        client = AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            logger=logging.getLogger("slack_sdk"),
            # By default it repeats a call whose connection dropped: a message would be posted twice.
            retry_handlers=[],
        )
        identity = await _identity(client)
        turns = Turns()
        credentials = self._credentials or await coc_credentials(settings)
        coc = CocClient(
            endpoint=endpoint,
            auth=SignedAuth(credentials),
            deadlines=replace(deadlines(settings), total=min(settings.coc_total_timeout, CALL_S)),
            observe=self._observe_call,
            turns=turns,
        )
        self._stack.push_async_callback(coc.aclose)
        replies = Replies(session, client, observe=self._metrics.observe_slack_call)
        audit = self._audit = self._open_audit()
        self._stack.push_async_callback(audit.close)
        desk = Desk(
            lookup=Lookup(
                coc,
                limits=Limits(ANSWER_S, settings.share_for, settings.stale_for),
                tell=self._metrics.count_shared_answer,
            ),
            replies=replies,
            work=self._work,
            access=Access(_rules(settings), str(identity.team_id or ""), replies.ask),
            audit=audit.write,
            private_by_default=settings.visibility == "private",
            observe=self._metrics.observe_interaction,
            span=self._traces.span,
            turns=turns,
            targets_max_age_s=settings.targets_max_age,
        )
        app = _bolt(settings, identity)
        for part in (commands, views, explorer, actions):  # actions last: it answers what no other listener knows
            part.register(app, desk)
        await self._listen(app)
        if settings.transport == "socket":
            self._socket = await self._connect(app, client)
        self._serving = True
        log.info(
            "ready",
            mode=settings.transport,
            endpoint=endpoint,
            credentials=credentials.describe(),
            team=identity.team_id,
            bot_user=identity.bot_user_id,
            host=settings.host,
            port=self.port,
        )

    def _open_audit(self) -> Audit:
        path = self._settings.audit_file
        try:
            return Audit(path, self._sanitizer, on_lost=self._metrics.count_lost_audit_lines)
        except OSError as error:
            raise StartError(
                f"The audit can't be written to {path or 'standard output'} ({error.strerror or error}): "
                "check SCHEDTASK_AUDIT_FILE"
            ) from None

    def _trace(self) -> None:
        try:
            self._traces.start()
        except TracesMissing as error:
            raise StartError(
                f"SCHEDTASK_TRACES needs OpenTelemetry's libraries ({error}): install it with the extra [traces]"
            ) from None

    async def _listen(self, app: AsyncApp) -> None:
        settings, secret = self._settings, self._settings.slack_signing_secret
        posts: dict[str, Handler] = {}
        if settings.transport == "http" and secret is not None:
            posts[http_mode.PATH] = http_mode.handler(
                app, secret.get_secret_value(), self._refused, acked=self._metrics.observe_ack
            )
        try:
            limit = connection_limit(raise_descriptors())
            self.port = await self._listener.start(settings.host, settings.port, posts, limit=limit)
        except OSError as error:
            raise StartError(
                f"Can't listen on {settings.host}:{settings.port} ({error.strerror or error}): "
                "check SCHEDTASK_HOST and SCHEDTASK_PORT"
            ) from None

    async def _connect(self, app: AsyncApp, client: AsyncWebClient) -> socket_mode.Connections:
        settings, token = self._settings, self._settings.slack_app_token
        connections = socket_mode.Connections(
            app,
            token.get_secret_value() if token else "",
            client,
            wanted=settings.socket_connections,
            give_up_s=settings.socket_give_up,
            acked=self._metrics.observe_ack,
            replaced=self._metrics.count_replaced_socket,
        )
        try:
            await connections.start()
        except SlackApiError as error:
            raise StartError(
                f"Slack refused SLACK_APP_TOKEN ({_word(error)}): it must be an app-level token of this app with "
                "the scope connections:write, and Socket Mode must be on"
            ) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise StartError(f"Slack's Socket Mode can't be reached ({_why(error)}): check the network") from None
        return connections

    def _refused(self, reason: str) -> None:
        """A request that was not Slack's. Nobody can fill the disk with them: the audit takes so many a minute."""
        self._metrics.count_refused_request(reason)
        if self._audit is not None and not self._refusals.take(reason):
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


def _rules(settings: Settings) -> Rules:
    return Rules(
        workspaces=settings.allow_workspaces,
        channels=settings.allow_channels,
        users=settings.allow_users,
        groups=settings.allow_usergroups,
        guests=settings.allow_guests,
        tasks=settings.allow_tasks,
        person_limit=settings.person_limit,
        channel_limit=settings.channel_limit,
        contact=settings.contact,
    )


def coc_endpoint(settings: CloudSettings) -> str:
    """Where COC is. Raises ConfigurationError."""
    try:
        return endpoint_for(settings.coc_region, settings.coc_endpoint, os.environ)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


async def coc_credentials(settings: CloudSettings) -> CredentialSource:
    """The cloud credentials, as the vendor's library finds them. Raises StartError."""
    try:
        return await open_credentials(settings.coc_credentials)
    except CredentialsUnavailable as error:
        raise StartError(
            f"No cloud credentials ({plain(error.detail, 1_000)}): set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or "
            "another of the vendor's sources"
        ) from None


def deadlines(settings: CloudSettings) -> Deadlines:
    """The deadlines of each COC call, in seconds."""
    return Deadlines(
        connect=settings.coc_connect_timeout, read=settings.coc_read_timeout, total=settings.coc_total_timeout
    )


async def _identity(client: AsyncWebClient) -> AuthorizeResult:
    """Who the bot token belongs to: asked once, at the start, so that a wrong token fails fast."""
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            answer = await client.auth_test()
    except SlackApiError as error:
        raise StartError(
            f"Slack refused SLACK_BOT_TOKEN ({_word(error)}): check the token and that the app is installed"
        ) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise StartError(
            f"Slack can't be reached at {client.base_url} ({_why(error)}): check the network and SLACK_API_URL"
        ) from None
    return AuthorizeResult(
        enterprise_id=answer.get("enterprise_id"),
        team_id=answer.get("team_id"),
        bot_token=client.token,
        bot_id=answer.get("bot_id"),
        bot_user_id=answer.get("user_id"),
    )


def _bolt(settings: Settings, identity: AuthorizeResult) -> AsyncApp:
    """The Bolt app. It acks before anything else: no listener of ours does I/O before its ack."""

    async def authorize() -> AuthorizeResult:
        # Bolt's own way would call auth.test inside the first request, before its ack.
        return identity

    return AsyncApp(
        name="schedtask-bot",
        client=AsyncWebClient(base_url=settings.slack_api_url),
        authorize=authorize,
        # Otherwise Bolt polls for the ack every 10 ms. Listeners here ack and hand their work to a task.
        process_before_response=True,
        # The listener in front has checked it; Bolt would compute the same signature again.
        request_verification_enabled=False,
        logger=logging.getLogger("slack_bolt"),
    )


def _word(error: SlackApiError) -> str:
    data = error.response.data if hasattr(error.response, "data") else error.response
    word = str(data.get("error") or "no reason given") if isinstance(data, dict) else "an answer that is not Slack's"
    return plain(word, 80)


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return refusal(error) or plain(str(error) or type(error).__name__, 300)
