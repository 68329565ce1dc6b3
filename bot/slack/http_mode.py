"""HTTP mode: Slack's signed requests on ``POST /slack/events``, handed to the same app as in Socket Mode."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.slack.guard import Replays, genuine

PATH = "/slack/events"


def handler(
    app: AsyncApp, secret: str, refused: Callable[[str], None], clock: Callable[[], float] = time.time
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A request handler that lets only Slack's own requests through.

    ``refused`` is told of every other one: "unsigned" (forged, old or junk), "replayed", "too large".
    """
    replays = Replays(clock)

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            refused("too large")
            raise
        if not genuine(secret, request.headers, body, clock):
            refused("unsigned")
            return web.Response(status=401, text="not signed by Slack\n")
        if not replays.fresh(request.headers):
            refused("replayed")
            return web.Response(status=401, text="a copy of an earlier request\n")
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return handle
