"""HTTP mode: takes Slack's signed requests on ``POST /slack/events`` to the same Bolt app as Socket Mode."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack import signature
from bot.slack.payloads import as_request
from bot.slack.signature import Refusal, Replays, verified
from bot.timings import TIMINGS


def handler(
    app: AsyncApp,
    secret: str,
    refused: Callable[[str], None],
    *,
    body_s: float = TIMINGS.http.body_s,
    acked: Callable[[float], None] = lambda _seconds: None,
    clock: Callable[[], float] = time.time,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A request handler that passes only Slack's own requests on.

    ``refused`` takes the reason of each refusal in ``bot.slack.signature``. ``acked`` takes the seconds from a
    request's last byte to its acknowledgement.
    """
    replays = Replays(clock)

    def refuse(refusal: Refusal) -> web.Response:
        refused(refusal.reason)
        return web.Response(status=refusal.status, text=refusal.text)

    async def handle(request: web.Request) -> web.StreamResponse:
        if refusal := signature.refused_unread(request.headers, request.client_max_size, clock):
            return refuse(refusal)
        body = await _body(request, body_s)
        if isinstance(body, Refusal):
            return refuse(body)
        began = time.monotonic()
        signed = verified(secret, request.headers, body, clock)
        if signed is None:
            return refuse(signature.UNSIGNED)
        if not replays.is_first(signed):
            return refuse(signature.REPLAYED)
        text = as_request(body, request.headers.get("Content-Type", ""))
        if text is None:
            return refuse(signature.BAD_REQUEST)
        bolt = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
        response = await to_aiohttp_response(await app.async_dispatch(bolt))
        acked(time.monotonic() - began)
        return response

    return handle


async def _body(request: web.Request, within_s: float) -> bytes | Refusal:
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        async with asyncio.timeout(within_s):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return signature.TOO_LARGE
    except TimeoutError:
        return signature.SLOW
    except (web.RequestPayloadError, HttpProcessingError, OSError, ValueError):
        return signature.UNREADABLE
