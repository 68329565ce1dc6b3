"""The least that acknowledges: ``python -m tests.bench.listeners bolt`` or ``bare``.

``bolt`` is an empty Bolt listener with the bot's settings, ``bare`` has no Bolt at all and shows what the
measurement itself costs. Told where Slack is like the bot, by Socket Mode or, with BENCH_PORT, by HTTP.
"""

import asyncio
import json
import os
import sys

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.operations.memory import settle_memory

API_URL, PORT = os.environ.get("SLACK_API_URL", ""), os.environ.get("BENCH_PORT", "")
APP_TOKEN = os.environ.get("SLACK_APP_TOKEN", "")


async def empty() -> AsyncApp:
    """A Bolt app that acknowledges every command, and asks Slack who it is but once, as the bot does."""
    answer = await AsyncWebClient(token=os.environ.pop("SLACK_BOT_TOKEN"), base_url=API_URL).auth_test()
    identity = AuthorizeResult(
        enterprise_id=None,
        team_id=answer["team_id"],
        bot_token="xoxb-benchmark-bot",
        bot_id=answer["bot_id"],
        bot_user_id=answer["user_id"],
    )

    async def authorize() -> AuthorizeResult:
        return identity

    app = AsyncApp(
        client=AsyncWebClient(base_url=API_URL),
        authorize=authorize,
        signing_secret=os.environ.get("SLACK_SIGNING_SECRET", ""),
        process_before_response=True,
    )

    @app.command("/schedtask")
    async def command(ack: AsyncAck) -> None:
        await ack()

    return app


async def bolt() -> None:
    """The empty listener."""
    app = await empty()
    if PORT:
        await listen(app.web_app("/slack/events"))
    else:
        await AsyncSocketModeHandler(app, APP_TOKEN, web_client=AsyncWebClient(base_url=API_URL)).connect_async()


async def bare() -> None:
    """Only what the wire asks for."""
    if PORT:
        app = web.Application()
        app.router.add_post("/slack/events", _nothing)
        await listen(app)
    else:
        # The loop holds tasks weakly; this one has to live as long as the process.
        LIVING.add(asyncio.create_task(_echo()))


LIVING: set[asyncio.Task[None]] = set()


async def _nothing(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


async def _echo() -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{API_URL}apps.connections.open") as answer:
            url = (await answer.json())["url"]
        async with session.ws_connect(url) as link:
            async for message in link:
                envelope = json.loads(message.data)
                if "envelope_id" in envelope:
                    await link.send_str(json.dumps({"envelope_id": envelope["envelope_id"]}))


async def listen(app: web.Application) -> None:
    """Serve on BENCH_PORT."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(PORT)).start()


async def main() -> None:
    """Start, then serve until the process is ended."""
    await {"bolt": bolt, "bare": bare}[sys.argv[1]]()
    settle_memory()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
