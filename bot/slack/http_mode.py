"""HTTP mode: Slack's signed requests on ``POST /slack/events``, handed to the same app as in Socket Mode."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.guard import Replays, verified
from bot.slack.intake import as_request

PATH = "/slack/events"


def handler(
    app: AsyncApp,
    secret: str,
    refused: Callable[[str], None],
    *,
    acked: Callable[[float], None] = lambda _seconds: None,
    clock: Callable[[], float] = time.time,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A request handler that lets only Slack's own requests through.

    ``refused`` is told of every other one: "unsigned" (forged, old or junk), "replayed", "too large", "unreadable"
    (a body that breaks off or does not unpack) and "bad request" (signed, but nothing that Slack sends). ``acked``
    is told how many seconds each of the others took from its last byte to its acknowledgement.
    """
    replays = Replays(clock)

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            refused("too large")
            raise
        except (web.RequestPayloadError, HttpProcessingError, OSError, ValueError):
            refused("unreadable")
            return web.Response(status=400, text="unreadable\n")
        began = time.monotonic()
        signature = verified(secret, request.headers, body, clock)
        if signature is None:
            refused("unsigned")
            return web.Response(status=401, text="not signed by Slack\n")
        if not replays.fresh(signature):
            refused("replayed")
            return web.Response(status=401, text="a copy of an earlier request\n")
        text = as_request(body, request.headers.get("Content-Type", ""))
        if text is None:
            refused("bad request")
            return web.Response(status=400, text="not a request of Slack's\n")
        bolt = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
        response = await to_aiohttp_response(await app.async_dispatch(bolt))
        acked(time.monotonic() - began)
        return response

    return handle
