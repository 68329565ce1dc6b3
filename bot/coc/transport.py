"""HTTP for the COC client: httpx's interface over aiohttp's connections, with failures mapped to ``bot.errors``.

httpx's own pool collapses at 100 concurrent requests (94 a second against 1,283 measured over aiohttp). The bridge
between the two maps exceptions coarsely: a refused, a reset and a dropped connection all arrive as
``httpx.ConnectTimeout``, and unreadable HTTP as a bare aiohttp error. Their cause, aiohttp's own exception, is exact.
"""

from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from bot import errors
from bot.certificates import explain_certificate_error
from bot.coc.memory import Reservation

BODY_CAP = 64 * 1024 * 1024
"""Most bytes of a successful answer. One parameter value may legally have 16,777,215 characters."""

ERROR_BODY_CAP = 1024 * 1024
"""Most bytes of an error answer; its message stands at the start."""

READ_AHEAD = 256 * 1024
"""Bytes that a connection buffers. While another answer is being decoded the event loop makes some 100 passes a
second: with aiohttp's own 64 KiB, 16 MB would take seconds."""

_FAILURES = (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError)
"""Raised by sending a request or reading an answer, after the bridge has mapped the exceptions that it knows."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds to wait for a connection, for the next bytes, and for all tries of one call together."""

    connect: float = 2.0
    read: float = 5.0
    total: float = 8.0


def open_http(
    endpoint: str,
    *,
    auth: httpx.Auth,
    deadlines: Deadlines,
    user_agent: str,
    transport: httpx.AsyncBaseTransport | None,
) -> httpx.AsyncClient:
    """A pooled HTTP/1.1 client for one endpoint. It signs its requests and follows no redirect.

    The environment's proxies and certificate stores apply as httpx documents (``HTTPS_PROXY``, ``NO_PROXY``,
    ``SSL_CERT_FILE``), unless ``transport`` is given.
    """
    return _Http(
        base_url=endpoint,
        auth=auth,
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        # The pool's deadline is the total one: a call that waits for a free connection has not failed to connect.
        timeout=httpx.Timeout(
            connect=deadlines.connect, read=deadlines.read, write=deadlines.read, pool=deadlines.total
        ),
        # One event loop can use no more; further calls queue for a connection.
        limits=httpx.Limits(max_connections=100, keepalive_expiry=15.0),
        follow_redirects=False,
        transport=transport,
    )


class _Http(HttpxAiohttpClient):
    """httpx-aiohttp's client. Its transports keep the environment's proxies; their sessions are ours."""

    def _init_transport(self, *args: Any, **options: Any) -> httpx.AsyncBaseTransport:
        return _over_our_session(super()._init_transport(*args, **options))

    def _init_proxy_transport(self, *args: Any, **options: Any) -> httpx.AsyncBaseTransport:
        return _over_our_session(super()._init_proxy_transport(*args, **options))


def _over_our_session(transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    if not isinstance(transport, AiohttpTransport):
        return transport

    def session() -> aiohttp.ClientSession:
        limits = transport.limits
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=limits.max_connections or 0,  # for aiohttp, 0 means no limit
                keepalive_timeout=limits.keepalive_expiry,
                ssl=transport.ssl_context,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=READ_AHEAD,
            middlewares=(_send_once,),
        )

    transport.client = session
    return transport


async def _send_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp itself repeats a request when the connection drops: each of our three tries would be two. It does not
    # repeat after this wider class of the same errors.
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ServerConnectionError(str(error) or "connection dropped") from error


async def send(http: httpx.AsyncClient, request: httpx.Request, deadlines: Deadlines) -> httpx.Response:
    """Send a request; the answer's headers. Raises TimedOut, Unreachable, or Unreadable for bad HTTP."""
    try:
        return await http.send(request, stream=True)
    except _FAILURES as error:
        raise _no_answer(error, deadlines) from error


async def read_body(
    response: httpx.Response, reservation: Reservation, deadlines: Deadlines, max_bytes: int = BODY_CAP
) -> bytes:
    """The decoded body of a streamed answer. Large ones wait for memory first.

    A successful answer is read whole; raises TooLarge past ``max_bytes``, TimedOut or Unreadable if it breaks off. An
    error answer is read as far as possible, up to a smaller cap: its status already says enough.
    """
    chunks, size = [], 0
    cap = max_bytes if response.is_success else ERROR_BODY_CAP
    await reservation.before_reading(min(_declared_size(response), cap))
    try:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > cap:
                break
            await reservation.while_reading(size)
            chunks.append(chunk)
    except _FAILURES as error:
        if response.is_success or _is_timeout(error):
            raise _broken_answer(error, response.status_code, deadlines) from error
    if size > cap and response.is_success:
        raise errors.TooLarge(f"more than {cap // 1024 // 1024} MiB", status=response.status_code)
    return b"".join(chunks)


def _declared_size(response: httpx.Response) -> int:
    """The body's size in bytes; 0 where the headers do not say, as for a compressed body."""
    declared = response.headers.get("Content-Length", "")
    known = declared.isascii() and declared.isdigit() and "Content-Encoding" not in response.headers
    return int(declared[:18]) if known else 0


def _no_answer(error: Exception, deadlines: Deadlines) -> errors.CocError:
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    if isinstance(cause, aiohttp.SocketTimeoutError | httpx.ReadTimeout | httpx.WriteTimeout):
        return errors.TimedOut(f"read deadline: no answer within {deadlines.read:g} s")
    if _is_timeout(error):
        return errors.TimedOut(f"connect deadline: no connection within {deadlines.connect:g} s")
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return errors.Unreachable(f"the proxy refused: HTTP {cause.status}")
    if isinstance(cause, aiohttp.ClientResponseError | aiohttp.ClientPayloadError | httpx.RemoteProtocolError):
        return errors.Unreadable("the answer is not HTTP")
    return errors.Unreachable(_reason(cause))


def _broken_answer(error: Exception, status: int, deadlines: Deadlines) -> errors.CocError:
    if _is_timeout(error):
        return errors.TimedOut(f"read deadline: the answer paused for more than {deadlines.read:g} s", status=status)
    if isinstance(error, httpx.DecodingError):
        return errors.Unreadable("the body does not decompress", status=status)
    return errors.Unreadable(f"the body broke off: {_reason(error)}", status=status)


def _is_timeout(error: Exception) -> bool:
    if isinstance(error.__cause__, aiohttp.ClientError):
        return isinstance(error.__cause__, TimeoutError)
    return isinstance(error, httpx.TimeoutException | TimeoutError)


def _reason(error: Exception) -> str:
    # The message of an OSError names host and port, never a header.
    return explain_certificate_error(error) or (str(error) or type(error).__name__)[:200]
