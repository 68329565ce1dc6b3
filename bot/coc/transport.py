"""The HTTP under the COC client: httpx's interface over aiohttp's connections, and what its failures mean.

httpx's own pool collapses at 100 concurrent requests (94 a second against 1,283 measured over aiohttp). The
bridge between the two maps exceptions coarsely: a refused, a reset and a dropped connection all arrive as
``httpx.ConnectTimeout``, and unreadable HTTP as a bare aiohttp error. aiohttp's own exception, kept as the
cause, tells them apart.
"""

from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from bot import errors
from bot.certificates import refusal
from bot.coc.room import Place

BODY_CAP = 64 * 1024 * 1024
"""Bytes of a good answer that we are ready to read. One parameter value may legally have 16,777,215 characters."""

ERROR_BODY_CAP = 1024 * 1024
"""Bytes of a refusal that we read; its words stand at the start."""

READ_AHEAD = 256 * 1024
"""Bytes that a connection reads before somebody takes them. While another answer is being decoded the event loop runs
some 100 times a second: with aiohttp's own 64 KiB, 16 MB would take seconds."""

FAILURES = (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError)
"""What sending a request or reading an answer raises, once the bridge has mapped what it knows."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long to wait, in seconds: for a connection, for the next bytes, for all tries of one call together."""

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
    """A pooled HTTP/1.1 client for one endpoint that signs what it sends and follows no redirect.

    Proxies and certificate stores of the environment count as httpx documents it (``HTTPS_PROXY``,
    ``NO_PROXY``, ``SSL_CERT_FILE``), unless ``transport`` is given.
    """
    return _Http(
        base_url=endpoint,
        auth=auth,
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        # The pool's own deadline is the total one: a call that waits for its turn has not failed to connect.
        timeout=httpx.Timeout(
            connect=deadlines.connect, read=deadlines.read, write=deadlines.read, pool=deadlines.total
        ),
        # As many as one event loop can use; the rest queue for a connection instead of opening more.
        limits=httpx.Limits(max_connections=100, keepalive_expiry=15.0),
        follow_redirects=False,
        transport=transport,
    )


class _Http(HttpxAiohttpClient):
    """httpx-aiohttp's client with its transports, which keep the environment's proxies, over sessions of ours."""

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
                limit=limits.max_connections or 0,  # 0 is aiohttp's word for "no limit"
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
    # aiohttp repeats a request by itself when the connection drops: each of our three tries would be two.
    # It lets this wider class of the same errors through.
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ServerConnectionError(str(error) or "connection dropped") from error


async def read_body(response: httpx.Response, place: Place) -> bytes:
    """The decoded body of a streamed answer; waits for room in memory before it reads what is large.

    A good answer is read whole, or TooLarge is raised. Of a refusal as much is read as there is, up to its
    own cap: its status already says enough. Raises what is in ``FAILURES`` where a good answer breaks off.
    """
    chunks, size = [], 0
    cap = BODY_CAP if response.is_success else ERROR_BODY_CAP
    await place.expect(min(_declared_size(response), cap))
    try:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > cap:
                break
            await place.grow(size)
            chunks.append(chunk)
    except FAILURES as error:
        if response.is_success or _is_timeout(error):
            raise
    if size > cap and response.is_success:
        raise errors.TooLarge(f"more than {cap // 1024 // 1024} MiB", status=response.status_code)
    return b"".join(chunks)


def _declared_size(response: httpx.Response) -> int:
    """Bytes that the body will have; 0 where the headers do not say. Of a compressed body, nobody knows before."""
    declared = response.headers.get("Content-Length", "")
    known = declared.isascii() and declared.isdigit() and "Content-Encoding" not in response.headers
    return int(declared[:18]) if known else 0


def no_answer(error: Exception, deadlines: Deadlines) -> errors.CocError:
    """What it means that a request brought no answer: TimedOut, Unreachable, or Unreadable for bad HTTP."""
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    if isinstance(cause, aiohttp.SocketTimeoutError | httpx.ReadTimeout | httpx.WriteTimeout):
        return errors.TimedOut(f"read deadline: no answer within {deadlines.read:g} s")
    if _is_timeout(error):
        return errors.TimedOut(f"connect deadline: no connection within {deadlines.connect:g} s")
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return errors.Unreachable(f"the proxy refused: HTTP {cause.status}")
    if isinstance(cause, aiohttp.ClientResponseError | aiohttp.ClientPayloadError | httpx.RemoteProtocolError):
        return errors.Unreadable("the answer is not HTTP")
    return errors.Unreachable(_why(cause))


def broken_answer(error: Exception, status: int, deadlines: Deadlines) -> errors.CocError:
    """What it means that an answer broke off after its headers: TimedOut, or Unreadable."""
    if _is_timeout(error):
        return errors.TimedOut(f"read deadline: the answer paused for more than {deadlines.read:g} s", status=status)
    if isinstance(error, httpx.DecodingError):
        return errors.Unreadable("the body does not decompress", status=status)
    return errors.Unreadable(f"the body broke off: {_why(error)}", status=status)


def _is_timeout(error: Exception) -> bool:
    if isinstance(error.__cause__, aiohttp.ClientError):
        return isinstance(error.__cause__, TimeoutError)
    return isinstance(error, httpx.TimeoutException | TimeoutError)


def _why(error: Exception) -> str:
    # OSError's words name host and port, never a header.
    return refusal(error) or (str(error) or type(error).__name__)[:200]
