"""Socket Mode: one WebSocket to Slack, opened so that a wrong token fails at the start instead of for ever."""

import asyncio
import contextlib

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

PING_INTERVAL_S = 10.0
"""The SDK reconnects after four of these without a pong."""


async def connect(app: AsyncApp, app_token: str, client: AsyncWebClient, deadline_s: float) -> AsyncSocketModeHandler:
    """Connect and start receiving. Raises SlackApiError where Slack refuses the token, TimeoutError, OSError."""
    # The SDK's own connect() retries every error for ever, a revoked token too; the first URL is ours to ask for.
    async with asyncio.timeout(deadline_s):
        answer = await client.apps_connections_open(app_token=app_token)
    handler = AsyncSocketModeHandler(app, app_token, web_client=client, ping_interval=PING_INTERVAL_S)
    handler.client.wss_uri = str(answer["url"])
    try:
        async with asyncio.timeout(deadline_s):
            await handler.connect_async()
    except BaseException:
        await close(handler)
        raise
    return handler


async def close(handler: AsyncSocketModeHandler) -> None:
    """Disconnect; Slack sends further requests elsewhere."""
    client = handler.client
    pending = [client.message_processor, client.current_session_monitor, client.message_receiver]
    with contextlib.suppress(aiohttp.ClientError, OSError):  # a socket that is already gone is closed enough
        await handler.close_async()
    # close() cancels these and does not wait; a loop that ends before they do complains.
    await asyncio.gather(*(task for task in pending if task is not None), return_exceptions=True)
