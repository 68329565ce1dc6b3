"""HTTP mode: Slack's signed requests on ``POST /slack/events``, handed to the same app as in Socket Mode."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.slack.guard import genuine

PATH = "/slack/events"


def handler(
    app: AsyncApp, secret: str, refused: Callable[[], None], clock: Callable[[], float] = time.time
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A request handler that lets only Slack's own requests through; ``refused`` is told of every other one."""

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if not genuine(secret, request.headers, body, clock):
            refused()
            return web.Response(status=401, text="not signed by Slack\n")
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return handle
