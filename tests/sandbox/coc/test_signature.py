"""The signature check agrees with the vendor's published example and with its signer."""

import hashlib

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from bot.sandbox.coc.signature import (
    LOCK_TIME,
    MAX_FAILURES,
    SignatureRefused,
    SignatureVerifier,
    canonical_request,
    signature,
)

# The worked example of the vendor's "API Request Signing Guide". Later editions mask the middle of this key,
# which opens nothing; the vendor's Java SDK tests itself with the same example.
ACCESS_KEY, SECRET_KEY = "QTWAOYTTINDUT2QVKYUC", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
DATE, NOW = "20191115T033655Z", 1573789015.0
PATH = "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
TARGET = f"{PATH}?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
SIGNED = ["content-type", "host", "x-sdk-date"]
HASH = "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
SIGNATURE = "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
HEADERS = {
    "content-type": "application/json",
    "host": "service.region.example.com",
    "x-sdk-date": DATE,
    "authorization": (
        f"SDK-HMAC-SHA256 Access={ACCESS_KEY}, SignedHeaders=content-type;host;x-sdk-date, Signature={SIGNATURE}"
    ),
}


def check(
    target: str = TARGET, headers: dict[str, str] = HEADERS, body: bytes = b"", method: str = "GET", now: float = NOW
) -> None:
    """Verify a request with a new verifier; without arguments, the published request."""
    SignatureVerifier(ACCESS_KEY, SECRET_KEY, None).verify(method, target, headers, body, now=now)


def vendor_signed(path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A request signed by the vendor's library: path and query as it sends them, and lower-case headers."""
    request = SdkRequest(
        method="GET",
        schema="http",
        host="127.0.0.1:8080",
        resource_path=path,
        query_params=query,
        header_params={"X-Sdk-Date": DATE, **headers},
    )
    Signer(BasicCredentials(ACCESS_KEY, SECRET_KEY)).sign(request)
    return request.uri, {name.lower(): value for name, value in request.header_params.items()}


def test_published_example_has_the_published_hash_and_signature() -> None:
    """Canonical request and signature of the guide's example are the printed ones."""
    canonical = canonical_request("GET", TARGET, HEADERS, SIGNED, b"")
    assert hashlib.sha256(canonical.encode()).hexdigest() == HASH
    assert signature(SECRET_KEY, DATE, canonical) == SIGNATURE


def test_published_example_is_accepted() -> None:
    """The guide's request is accepted within a quarter of an hour of its date."""
    check()
    check(now=NOW + 900)
    check(now=NOW - 900)


def test_order_of_the_query_does_not_matter() -> None:
    """The query is sorted before it is signed."""
    check(target=f"{PATH}?marker=13551d6b-755d-4757-b956-536f674975c0&limit=2")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"target": TARGET.replace("limit=2", "limit=3")}, "verify aksk signature fail"),
        ({"target": TARGET + "&offset=1"}, "verify aksk signature fail"),
        ({"target": TARGET.replace("vpcs", "vpcz")}, "verify aksk signature fail"),
        ({"method": "DELETE"}, "verify aksk signature fail"),
        ({"body": b"{}"}, "verify aksk signature fail"),
        ({"headers": {**HEADERS, "host": "evil.example"}}, "verify aksk signature fail"),
        ({"headers": {**HEADERS, "x-sdk-date": "20191115T033656Z"}}, "verify aksk signature fail"),
        ({"headers": {**HEADERS, "x-sdk-date": "yesterday"}}, "X-Sdk-Date is not"),
        ({"headers": {name: HEADERS[name] for name in HEADERS if name != "host"}}, "host was not sent"),
        ({"headers": {name: HEADERS[name] for name in HEADERS if name != "authorization"}}, "no Authorization"),
        ({"headers": {**HEADERS, "authorization": "Bearer x"}}, "not of the form"),
        ({"now": NOW + 901}, "signature expired: X-Sdk-Date is -901 s off"),
        ({"now": NOW - 901}, "signature expired: X-Sdk-Date is +901 s off"),
    ],
)
def test_a_tampered_request_is_refused(changed: dict[str, object], says: str) -> None:
    """A request that differs from the signed one is refused with the reason."""
    with pytest.raises(SignatureRefused, match=says.replace("+", r"\+")):
        check(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signed", "says"),
    [
        ("host", "X-Sdk-Date is not signed"),
        ("x-sdk-date;host", "not sorted"),
        ("host;host;x-sdk-date", "not sorted"),
        ("Host;x-sdk-date", "not sorted"),
    ],
)
def test_signed_headers_follow_the_rules(signed: str, says: str) -> None:
    """The date is signed; names are sorted, unique and in lower case."""
    sent = f"SDK-HMAC-SHA256 Access={ACCESS_KEY}, SignedHeaders={signed}, Signature={SIGNATURE}"
    with pytest.raises(SignatureRefused, match=says):
        check(headers={**HEADERS, "authorization": sent})


@pytest.mark.parametrize(
    ("path", "query", "headers"),
    [
        ("/v1/schedule/task/ST2601050930000000000002B2", [], {}),
        ("/v1/schedule/task/", [], {"X-Domain-Id": "d" * 32}),
        ("/v1/schedule/task", [("task_name", "定时 任务+1/2~3&=%"), ("limit", "10"), ("Limit", "9")], {}),
        ("/v1/schedule/task/history", [("b", "2"), ("a", ""), ("b", "1"), ("B", "")], {"X-Note": "  spaces  "}),
        ("/v1/a b/中文/~-._!*'()", [("x", "!*'()~-._")], {"X-Project-Id": "p" * 32, "X-Note": "中文"}),
    ],
)
def test_vendors_signatures_are_accepted(path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> None:
    """Spaces, reserved characters, Chinese, empty and repeated parameters are signed as the verifier expects."""
    target, sent = vendor_signed(path, query, headers)
    # On the wire header values are bytes: the vendor hands over UTF-8 read as Latin-1.
    check(target=target, headers={name: value.encode("latin-1").decode() for name, value in sent.items()})


def test_an_unknown_key_is_refused_and_locks_nothing() -> None:
    """However often an unknown key fails, the known one works."""
    key = SignatureVerifier(ACCESS_KEY, SECRET_KEY, None)
    stranger = {**HEADERS, "authorization": HEADERS["authorization"].replace(ACCESS_KEY, "STRANGER000000000000")}
    for _ in range(MAX_FAILURES * 2):
        with pytest.raises(SignatureRefused, match="ak not exist"):
            key.verify("GET", TARGET, stranger, b"", now=NOW)
    key.verify("GET", TARGET, HEADERS, b"", now=NOW)


def test_more_than_five_failures_in_a_row_lock_the_key_for_five_minutes() -> None:
    """After the sixth failure, correct signatures are refused, too, for five minutes."""
    key = SignatureVerifier(ACCESS_KEY, SECRET_KEY, None)
    for _ in range(MAX_FAILURES + 1):
        with pytest.raises(SignatureRefused, match="verify aksk signature fail"):
            key.verify("GET", TARGET, HEADERS, b"tampered", now=NOW)
    for later in (0, LOCK_TIME - 1):
        with pytest.raises(SignatureRefused, match="AK access failed to reach the limit"):
            key.verify("GET", TARGET, HEADERS, b"", now=NOW + later)
    key.verify("GET", TARGET, HEADERS, b"", now=NOW + LOCK_TIME)


def test_a_success_resets_the_count() -> None:
    """Only failures in a row count."""
    key = SignatureVerifier(ACCESS_KEY, SECRET_KEY, None)
    for _ in range(3):
        for _ in range(MAX_FAILURES):
            with pytest.raises(SignatureRefused, match="verify"):
                key.verify("GET", TARGET, HEADERS, b"tampered", now=NOW)
        key.verify("GET", TARGET, HEADERS, b"", now=NOW)


def test_security_token_must_come_with_a_temporary_key() -> None:
    """If the key has a token, a missing, a different, or an unsigned and changed token is refused."""
    key = SignatureVerifier(ACCESS_KEY, SECRET_KEY, "the-token")
    with pytest.raises(SignatureRefused, match="X-Security-Token is missing"):
        key.verify("GET", TARGET, HEADERS, b"", now=NOW)
    for token, says in (("another", "decrypt token fail"), ("the-token", None)):
        target, headers = vendor_signed(PATH, [], {"X-Security-Token": token})
        if says is None:
            key.verify("GET", target, headers, b"", now=NOW)
        else:
            with pytest.raises(SignatureRefused, match=says):
                key.verify("GET", target, headers, b"", now=NOW)
