"""Slack as the settings say: the Web API client, the bot's identity, the Bolt app, its transports, who may ask."""

import asyncio
import logging
from collections.abc import Callable

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.certificates import explain_certificate_error
from bot.errors import StartError
from bot.operations.listener import Handler
from bot.operations.metrics import Metrics
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.settings import Settings
from bot.slack import EVENTS_PATH, http_mode
from bot.slack.access import Rules
from bot.slack.socket_mode import Connections
from bot.timings import SocketTimings


def http_session(deadline_s: float) -> aiohttp.ClientSession:
    """The session of the Web API client and of posts to response URLs."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=deadline_s), connector=aiohttp.TCPConnector(limit=200)
    )


def web_client(settings: Settings, session: aiohttp.ClientSession) -> AsyncWebClient:
    """The client for every call but those to response URLs."""
    return AsyncWebClient(
        token=settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url,
        session=session,
        logger=logging.getLogger("slack_sdk"),
        # By default it repeats a call whose connection dropped: a message would be posted twice.
        retry_handlers=[],
    )


async def identify(client: AsyncWebClient, redactor: Redactor, within_s: float) -> AuthorizeResult:
    """The owner of the bot token: asked once, at the start, so that a wrong token fails fast. Raises StartError."""
    try:
        async with asyncio.timeout(within_s):
            answer = await client.auth_test()
    except SlackApiError as error:
        word = _error_word(error, redactor)
        raise StartError(
            f"Slack refused SLACK_BOT_TOKEN ({word}): check the token and that the app is installed"
        ) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        why = _reason(error, redactor)
        raise StartError(
            f"Slack can't be reached at {client.base_url} ({why}): check the network and SLACK_API_URL"
        ) from None
    return AuthorizeResult(
        enterprise_id=answer.get("enterprise_id"),
        team_id=answer.get("team_id"),
        bot_token=client.token,
        bot_id=answer.get("bot_id"),
        bot_user_id=answer.get("user_id"),
    )


def bolt_app(settings: Settings, identity: AuthorizeResult) -> AsyncApp:
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


def http_posts(
    settings: Settings, app: AsyncApp, metrics: Metrics, *, refused: Callable[[str], None], body_s: float
) -> dict[str, Handler]:
    """The handler for Slack's requests by its path in HTTP mode; empty in Socket Mode."""
    secret = settings.slack_signing_secret
    if settings.transport != "http" or secret is None:
        return {}
    handler = http_mode.handler(app, secret.get_secret_value(), refused, body_s=body_s, acked=metrics.observe_ack)
    return {EVENTS_PATH: handler}


async def connect(
    settings: Settings,
    app: AsyncApp,
    client: AsyncWebClient,
    metrics: Metrics,
    *,
    redactor: Redactor,
    timings: SocketTimings,
) -> Connections | None:
    """Socket Mode with its first connection open; None in HTTP mode. Raises StartError."""
    token = settings.slack_app_token
    if settings.transport != "socket" or token is None:
        return None
    connections = Connections(
        app,
        token.get_secret_value(),
        client,
        wanted=settings.socket_connections,
        give_up_s=settings.socket_give_up,
        timings=timings,
        acked=metrics.observe_ack,
        replaced=metrics.count_replaced_socket,
    )
    try:
        await connections.start()
    except SlackApiError as error:
        word = _error_word(error, redactor)
        raise StartError(
            f"Slack refused SLACK_APP_TOKEN ({word}): it must be an app-level token of this app with "
            "the scope connections:write, and Socket Mode must be on"
        ) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        why = _reason(error, redactor)
        raise StartError(f"Slack's Socket Mode can't be reached ({why}): check the network") from None
    return connections


def rules(settings: Settings) -> Rules:
    """Who may ask for what, how often."""
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


def _error_word(error: SlackApiError, redactor: Redactor) -> str:
    data = error.response.data if hasattr(error.response, "data") else error.response
    word = str(data.get("error") or "no reason given") if isinstance(data, dict) else "an answer that is not Slack's"
    return Untrusted(word, redactor).shown(80)


def _reason(error: BaseException, redactor: Redactor) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return explain_certificate_error(error) or Untrusted(str(error) or type(error).__name__, redactor).shown(300)
