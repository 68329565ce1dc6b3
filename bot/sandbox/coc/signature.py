"""Verifies that a request is signed as Huawei Cloud's gateway demands: ``SDK-HMAC-SHA256`` with a key pair.

Written from the vendor's "API Request Signing Guide" alone (canonical request, string to sign, signature, header),
with only ``hmac`` and ``hashlib``, so that it is a second opinion on the library that signs. Durations are in
seconds, times are Unix seconds.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote

ALGORITHM = "SDK-HMAC-SHA256"
MAX_SKEW = 15 * 60
"""The guide: the gateway refuses a date that is off by more than 15 minutes."""
MAX_FAILURES = 5
LOCK_TIME = 5 * 60
"""The guide's FAQ: more than five failures in a row lock the key for five minutes."""

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<signed>[^,\s]+), ?"
    r"Signature=(?P<signature>[0-9a-f]+)"
)


class SignatureRefused(Exception):
    """The request is not authenticated; the argument is the gateway's message without its prefix."""


def canonical_request(method: str, target: str, headers: Mapping[str, str], signed: list[str], body: bytes) -> str:
    """The canonical request of ``target`` (path and query as sent) over the ``signed`` header names.

    ``headers`` has lower-case names. The canonical path always ends in a slash.
    """
    path, _, query = target.partition("?")
    uri = "/".join(_percent_encode(unquote(part)) for part in path.split("/"))
    return "\n".join(
        [
            method.upper(),
            uri if uri.endswith("/") else f"{uri}/",
            _canonical_query(query),
            *(f"{name}:{headers[name].strip()}" for name in signed),
            "",
            ";".join(signed),
            hashlib.sha256(body).hexdigest(),
        ]
    )


def signature(secret_key: str, date: str, canonical: str) -> str:
    """The signature, in lower-case hex, of a canonical request at ``date`` (``YYYYMMDDTHHMMSSZ``)."""
    # Header values that are not UTF-8 arrive as lone surrogates; the signature covers their original bytes.
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    to_sign = f"{ALGORITHM}\n{date}\n{hashed}"
    return hmac.new(secret_key.encode(), to_sign.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


class SignatureVerifier:
    """Verifies requests against one key pair; counts its failures and locks it as the gateway does."""

    def __init__(self, access_key: str, secret_key: str, security_token: str | None) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._security_token = security_token
        self._failures = 0
        self._locked_until = 0.0

    def verify(self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, now: float) -> None:
        """Raise SignatureRefused unless the request is signed with this key.

        ``target`` is path and query as sent, ``headers`` has lower-case names, ``now`` is in Unix seconds.
        Failures of an unknown key are not counted, so they cannot lock this one.
        """
        sent = headers.get("authorization")
        if sent is None:
            raise SignatureRefused("x-auth-token not found, and there is no Authorization header")
        authorization = _AUTHORIZATION.fullmatch(sent)
        if authorization is None:
            raise SignatureRefused(
                f"the Authorization header is not of the form {ALGORITHM} Access=…, SignedHeaders=…"
            )
        if not _equal(authorization["access"], self._access_key):
            raise SignatureRefused("Get secretKey failed,ak:******,err:ak not exist")
        if now < self._locked_until:
            raise SignatureRefused("AK access failed to reach the limit,forbidden.")
        try:
            self._check_date(headers, now)
            self._check_signature(method, target, headers, body, authorization)
            self._check_token(headers)
        except SignatureRefused:
            self._failures += 1
            if self._failures > MAX_FAILURES:
                self._failures = 0
                self._locked_until = now + LOCK_TIME
            raise
        self._failures = 0

    def _check_date(self, headers: Mapping[str, str], now: float) -> None:
        date = headers.get("x-sdk-date", "")
        try:
            sent = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise SignatureRefused("verify aksk signature fail, X-Sdk-Date is not YYYYMMDDTHHMMSSZ") from None
        if abs(now - sent) > MAX_SKEW:
            off = round(sent - now)
            raise SignatureRefused(f"verify aksk signature fail, signature expired: X-Sdk-Date is {off:+d} s off")

    def _check_signature(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, authorization: re.Match[str]
    ) -> None:
        signed = authorization["signed"].split(";")
        if signed != sorted(set(signed)) or any(name != name.lower() for name in signed):
            raise SignatureRefused("verify aksk signature fail, SignedHeaders are not sorted lower-case names")
        if "x-sdk-date" not in signed:
            raise SignatureRefused("verify aksk signature fail, X-Sdk-Date is not signed")
        for name in signed:
            if name not in headers:
                raise SignatureRefused(f"verify aksk signature fail, signed header {name} was not sent")
        canonical = canonical_request(method, target, headers, signed, body)
        if not _equal(authorization["signature"], signature(self._secret_key, headers["x-sdk-date"], canonical)):
            raise SignatureRefused("verify aksk signature fail")

    def _check_token(self, headers: Mapping[str, str]) -> None:
        if self._security_token is None:
            return
        if "x-security-token" not in headers:
            raise SignatureRefused("decrypt token fail, X-Security-Token is missing")
        if not _equal(headers["x-security-token"], self._security_token):
            raise SignatureRefused("decrypt token fail")


def _canonical_query(query: str) -> str:
    # A plus sign stays a plus sign: in RFC 3986, which the guide follows, only %20 means a space.
    pairs = [part.partition("=") for part in query.split("&") if part]
    decoded = sorted((unquote(name), unquote(value)) for name, _, value in pairs)
    return "&".join(f"{_percent_encode(name)}={_percent_encode(value)}" for name, value in decoded)


def _percent_encode(text: str) -> str:
    return quote(text, safe="~", errors="replace")


def _equal(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "surrogateescape"), right.encode("utf-8", "surrogateescape"))
