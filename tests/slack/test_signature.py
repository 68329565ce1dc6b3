"""The signature check in front of HTTP requests."""

import hashlib
import hmac
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.slack.signature import MAX_AGE_S, refused_unread, verified

SECRET, NOW = "8f742231b10e8888abcd99yyyzzz85a5", 1531420618.0


def genuine(secret: str, headers: Mapping[str, str], body: bytes, clock: Callable[[], float]) -> bool:
    """Whether the request is verified."""
    return verified(secret, headers, body, clock) is not None


def signed(stamp: str, body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Slack's two headers."""
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def test_slacks_own_example_passes() -> None:
    """The worked example of Slack's page "Verifying requests from Slack": timestamp, body and signature."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "X-SLACK-SIGNATURE": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    assert genuine(SECRET, headers, body, lambda: 1531420618.0)


@pytest.mark.parametrize(
    ("age", "good"), [(0, True), (MAX_AGE_S, True), (MAX_AGE_S + 1, False), (-MAX_AGE_S - 1, False)]
)
def test_old_and_future_requests_are_refused(age: int, good: bool) -> None:
    """Five minutes in either direction, as Slack advises."""
    assert genuine(SECRET, signed(str(int(NOW) - age), b"x"), b"x", lambda: NOW) is good


def test_another_body_or_another_secret_is_refused() -> None:
    """The signature covers the body and needs the app's secret."""
    headers = signed(str(int(NOW)), b"x")
    assert genuine(SECRET, headers, b"x", lambda: NOW)
    assert not genuine(SECRET, headers, b"y", lambda: NOW)
    assert not genuine("another", headers, b"x", lambda: NOW)


@pytest.mark.parametrize("stamp", ["", "abc", "-1", "1e9", "١٥٣١٤٢٠٦١٨", " 1531420618", "9" * 400])
def test_a_junk_timestamp_is_refused_without_an_error(stamp: str) -> None:
    """Even with a correct signature over the junk."""
    assert not genuine(SECRET, signed(stamp, b"x"), b"x", lambda: NOW)


@pytest.mark.parametrize("signature", ["", "v0=", "v1=" + "0" * 64, "v0=é", "v0=\udcff"])
def test_a_junk_signature_is_refused_without_an_error(signature: str) -> None:
    """Even with bytes that are not text, which HTTP servers pass on."""
    headers = {"X-Slack-Request-Timestamp": str(int(NOW)), "X-Slack-Signature": signature}
    assert not genuine(SECRET, headers, b"x", lambda: NOW)


@given(headers=st.dictionaries(st.text(), st.text()), stamp=st.text(), signature=st.text(), body=st.binary())
def test_nothing_unsigned_passes_and_nothing_raises(
    headers: dict[str, str], stamp: str, signature: str, body: bytes
) -> None:
    """Whatever the headers and the body are."""
    junk = {**headers, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    assert not genuine(SECRET, junk, body, lambda: NOW)
    fresh = {**headers, "X-Slack-Request-Timestamp": str(int(NOW)), "X-Slack-Signature": signature}
    assert not genuine(SECRET, fresh, body, lambda: NOW)


def test_heads_of_slacks_requests_pass() -> None:
    """With a length or in chunks, as a form or as JSON, with any header of a proxy."""
    own = {**signed(str(int(NOW)), b"x"), "X-Forwarded-For": "192.0.2.1", "Accept-Encoding": "gzip,deflate"}
    for more in (
        {"Content-Length": "1048576", "Content-Type": "application/x-www-form-urlencoded"},
        {"transfer-encoding": "chunked", "content-type": "application/json; charset=utf-8"},
    ):
        assert refused_unread(CIMultiDict({**own, **more}), 1048576, lambda: NOW) is None


@given(
    headers=st.lists(st.tuples(st.text(), st.text())),
    own=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("Content-Encoding", "Transfer-Encoding", "Content-Length", "Content-Type", "X-Slack-Request-Timestamp"),
            st.text() | st.text("0123456789", max_size=5000),
        ),
    ),
)
def test_no_header_makes_the_head_check_raise(headers: list[tuple[str, str]], own: dict[str, str]) -> None:
    """Without a signature every request is refused, and nothing raises."""
    found = CIMultiDict([*headers, *own.items()])
    found.popall("X-Slack-Signature", None)
    assert refused_unread(found, 1000, lambda: NOW) is not None
