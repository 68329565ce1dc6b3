"""Keeps keys valid and signs requests with them (``SDK-HMAC-SHA256``, by the vendor's own signer).

No repr, log or error holds a key or a token.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial

import httpx
import structlog
from huaweicloudsdkcore.sdk_request import SdkRequest

from bot.coc.credential_chain import Key, Kind, load_key, static_key
from bot.errors import CredentialsUnavailable
from bot.timings import TIMINGS, CredentialTimings

__all__ = ["CredentialSource", "Kind", "SignedAuth", "open_credentials", "static_key"]

log = structlog.get_logger(__name__)


class CredentialSource:
    """A key, and perhaps a way to load the next one. Belongs to one event loop.

    A temporary key is renewed in the background before it expires. A call waits for the renewal only when the key is
    about to expire, has expired or was refused. All calls share one renewal.
    """

    def __init__(
        self,
        key: Key,
        load: Callable[[], Key] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        timings: CredentialTimings = TIMINGS.credentials,
    ) -> None:
        self._load = load
        self._clock = clock
        self._timings = timings
        self._renewal: asyncio.Task[None] | None = None
        self._failure = ""
        self._attempted_at = float("-inf")
        self._accept(key)

    async def current(self) -> Key:
        """The key to sign with now. Raises CredentialsUnavailable when none can be good."""
        if self._load is None or not self._key.renewable:
            return self._key
        left = self._seconds_left()
        if left > self._renew_below and not self._is_refused:
            return self._key
        since = self._clock() - self._attempted_at
        if left > self._timings.last_call_s and not self._is_refused:
            if since >= self._timings.spacing_s:
                self._start_renewal(self._load)
            return self._key
        is_running = self._renewal is not None and not self._renewal.done()
        spacing_s = self._timings.spacing_s if left > 0 else self._timings.expired_spacing_s
        if is_running or since >= spacing_s:
            # Shielded: a caller who gives up must not cancel the renewal for the others.
            await asyncio.shield(self._start_renewal(self._load))
        if self._seconds_left() <= 0:
            raise CredentialsUnavailable(self._failure or f"{self._key.source}: gave a key that has expired")
        return self._key

    def mark_refused(self, key: Key) -> None:
        """COC refused a request signed with ``key``: if it is temporary, the next call renews it first."""
        if key is self._key:
            self._is_refused = True

    def describe(self) -> str:
        """One line for the doctor: source, kind, the key's first characters, expiry. No secret."""
        key = self._key
        if key.expires_at is not None:
            expiry = time.strftime("expires %Y-%m-%d %H:%M:%S UTC", time.gmtime(key.expires_at))
        elif key.signer.security_token:
            expiry = "temporary, expiry unknown"
        else:
            expiry = "does not expire"
        return f"{key.source}, {key.kind}, access key {key.masked}, {expiry}"

    def __repr__(self) -> str:
        return f"<CredentialSource: {self.describe()}>"

    def _seconds_left(self) -> float:
        expires_at = self._key.expires_at
        return float("inf") if expires_at is None else expires_at - self._clock()

    def _accept(self, key: Key) -> None:
        self._key = key
        self._is_refused = False
        # A key that lives no longer than the threshold would be renewed at every call.
        self._renew_below = min(self._timings.renew_before_s, self._seconds_left() / 2)

    def _start_renewal(self, load: Callable[[], Key]) -> asyncio.Task[None]:
        if self._renewal is None or self._renewal.done():
            self._attempted_at = self._clock()
            self._renewal = asyncio.create_task(self._renew(load))
        return self._renewal

    async def _renew(self, load: Callable[[], Key]) -> None:
        # Walks the sources anew: the library keeps an OIDC token that may have been rotated since.
        try:
            self._accept(await _within(self._timings.load_s, load))
        except CredentialsUnavailable as error:
            self._failure = error.detail
            log.warning("credentials_not_renewed", why=error.detail, seconds_left=round(self._seconds_left()))
        else:
            self._failure = ""
            log.info("credentials_renewed", credentials=self.describe())


async def open_credentials(
    kind: Kind = "auto",
    *,
    timings: CredentialTimings = TIMINGS.credentials,
    clock: Callable[[], float] = time.time,
) -> CredentialSource:
    """The key of the first of the vendor library's sources that has one.

    Sources, in order: OIDC, environment, credentials file, ECS agency metadata, pod identity. ``kind`` "auto" is
    global where a domain id is set, else basic where a project id is set, else the only section of the credentials
    file, else global. Raises CredentialsUnavailable, which lists the attempts.
    """
    load = partial(load_key, kind)
    key = await _within(timings.load_s, load)
    if key.ignored:
        log.warning("credentials_cleaned", source=key.source, ignored="; ".join(key.ignored))
    return CredentialSource(key, load, timings=timings, clock=clock)


async def _within(seconds: float, load: Callable[[], Key]) -> Key:
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(load)
    except TimeoutError as error:
        raise CredentialsUnavailable(f"no credential source answered within {seconds:g} s") from error


class SignedAuth(httpx.Auth):
    """Signs requests without a body, for ``httpx.AsyncClient`` only.

    The signature covers the host, the date and the key's own headers (X-Domain-Id or X-Project-Id,
    X-Security-Token). The request goes out with exactly the path and query that were signed. ``clock`` is in
    seconds since 1970 UTC; COC refuses a date more than 15 minutes off.
    """

    def __init__(self, source: CredentialSource, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._clock = clock

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign, send, and remember a refused signature. Never sends twice: that would lock the key."""
        key = await self._source.current()
        self.sign(request, key)
        response = yield request
        if response.status_code == 401:
            self._source.mark_refused(key)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Unsupported: getting a key may have to wait for the event loop."""
        raise RuntimeError("SignedAuth signs for httpx.AsyncClient only")

    def sign(self, request: httpx.Request, key: Key) -> None:
        """Add the signature and the headers it covers to ``request``."""
        path, _, _ = request.url.raw_path.decode("ascii").partition("?")
        draft = SdkRequest(
            method=request.method,
            schema=request.url.scheme,
            host=request.headers["Host"],
            resource_path=path,
            query_params=request.url.params.multi_items(),
            # The library would take the date from datetime.utcnow, which is deprecated.
            header_params={"X-Sdk-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))},
            body="",
        )
        signed = key.signer.sign_request(draft)
        request.headers.update(signed.header_params)
        # The same query can be written in several ways; the signature covers one of them.
        request.url = request.url.copy_with(raw_path=signed.uri.encode("ascii"))
