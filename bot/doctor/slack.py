"""The doctor's checks of Slack: tokens, scopes, the clock, and a Socket Mode connection opened for real."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.certificates import explain_certificate_error
from bot.doctor.finding import Finding, shown, skew_s
from bot.doctor.manifest import OPTIONAL_SCOPES, required_scopes
from bot.settings import Settings
from bot.timings import TIMINGS

MAX_SKEW_S = 5 * 60
"""The bot refuses signed requests that are further off, as Slack recommends."""
MAX_CONNECTIONS = 10
"""Slack's limit for one app."""


async def check_slack(configured: Settings) -> list[Finding]:
    """Token, scopes, clock; in Socket Mode the app-level token and a connection."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMINGS.doctor_s)) as session:
        client = AsyncWebClient(
            token=configured.slack_bot_token.get_secret_value(), base_url=configured.slack_api_url, session=session
        )
        try:
            answer = await client.auth_test()
        except SlackApiError as error:
            return [_refused("SLACK_BOT_TOKEN", error, "copy the Bot User OAuth Token again, or install the app")]
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return [_unreachable(configured.slack_api_url, error)]
        findings = [
            Finding(True, f"Slack: SLACK_BOT_TOKEN is good for {shown(str(answer.get('team')), 80)}"),
            check_scopes(answer.headers, configured),
            check_clock(answer.headers),
        ]
        if configured.transport == "socket" and configured.slack_app_token is not None:
            findings += await _socket(client, session, configured.slack_app_token.get_secret_value(), configured)
    return findings


def check_scopes(headers: Mapping[str, str], configured: Settings) -> Finding:
    """Whether the bot token has the scopes that the code and the operator's rules need."""
    given = _header(headers, "x-oauth-scopes")
    if given is None:
        return Finding(True, "Slack: it did not say which scopes the token has")
    missing = required_scopes(configured) - {part.strip() for part in given.split(",")}
    if missing:
        return Finding(False, f"Slack: the scope {', '.join(sorted(missing))} is missing: add it, reinstall the app")
    without = sorted(OPTIONAL_SCOPES - {part.strip() for part in given.split(",")})
    lost = f"; without {' and '.join(without)} no file of targets can be sent" if without else ""
    return Finding(True, f"Slack: the scopes are {shown(given, 500)}{lost}")


def check_clock(headers: Mapping[str, str]) -> Finding:
    """How far this clock is from Slack's."""
    skew = skew_s(_header(headers, "date"))
    if skew is None:
        return Finding(True, "Slack: it did not say what time it is")
    if abs(skew) > MAX_SKEW_S:
        return Finding(
            False, f"Slack: this clock is {skew:.0f} s off; in HTTP mode requests fail beyond {MAX_SKEW_S} s: set it"
        )
    return Finding(True, f"Slack: this clock is {abs(skew):.0f} s off")


async def _socket(
    client: AsyncWebClient, session: aiohttp.ClientSession, token: str, configured: Settings
) -> list[Finding]:
    try:
        opened = await client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        advice = "it must be an app-level token (xapp-) of this app with connections:write, and Socket Mode be on"
        return [_refused("SLACK_APP_TOKEN", error, advice)]
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return [_unreachable(configured.slack_api_url, error)]
    findings = [Finding(True, "Slack: SLACK_APP_TOKEN may open Socket Mode connections")]
    try:
        async with asyncio.timeout(TIMINGS.doctor_s), session.ws_connect(str(opened["url"])) as socket:
            hello = json.loads(await socket.receive_str())
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, TypeError) as error:
        # Not the error's own words: aiohttp's hold the address, and that holds the ticket.
        if (refused := explain_certificate_error(error)) is not None:
            return [*findings, Finding(False, f"Slack: no Socket Mode connection: {refused}")]
        why = f"HTTP {error.status}" if isinstance(error, aiohttp.ClientResponseError) else type(error).__name__
        findings.append(
            Finding(
                False, f"Slack: no Socket Mode connection ({why}): let wss:// to Slack through the proxy or firewall"
            )
        )
        return findings
    findings.append(check_hello(hello, configured.socket_connections))
    return findings


def check_hello(hello: Any, wanted: int) -> Finding:
    """Whether Slack's first message on a connection leaves room for the bot's own; it counts the doctor's too."""
    if not isinstance(hello, dict) or hello.get("type") != "hello":
        return Finding(False, "Slack: a Socket Mode connection opened, but no hello came: is something in between?")
    number = hello.get("num_connections")
    others = number - 1 if isinstance(number, int) else 0
    if others + wanted > MAX_CONNECTIONS:
        return Finding(
            False,
            f"Slack: {others} connections are open, {wanted} more are too many (Slack allows {MAX_CONNECTIONS}): "
            "stop other processes, or lower SCHEDTASK_SOCKET_CONNECTIONS",
        )
    return Finding(True, f"Slack: a Socket Mode connection opened and was greeted; {others} others are open")


def _refused(name: str, error: SlackApiError, advice: str) -> Finding:
    return Finding(False, f"Slack: {name} was refused ({shown(str(error.response.get('error')), 80)}): {advice}")


def _unreachable(url: str, error: BaseException) -> Finding:
    if (why := explain_certificate_error(error)) is not None:
        return Finding(False, f"Slack: {url}: {why}")
    return Finding(
        False, f"Slack: {url} can't be reached ({type(error).__name__}): check the network, the proxy, SLACK_API_URL"
    )


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)
