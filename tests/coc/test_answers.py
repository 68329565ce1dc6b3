"""The meaning of an HTTP answer: each row of the error table, each body shape, and arbitrary bytes."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors
from bot.coc.answers import UNUSABLE_ID, Answer, parse_list, parse_task

ID = "ST2601050930000000000001A1"
NOON = 1_767_268_800.0  # 1 January 2026, 12:00 UTC


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer to the detail call. ``body`` is raw bytes, or any JSON value."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, httpx.Headers(headers or {}), raw, "coc:schedule:get", NOON)


def failure(status: int, body: object, headers: Mapping[str, str] | None = None) -> errors.CocError:
    """The error that the answer means."""
    with pytest.raises(errors.CocError) as caught:
        parse_task(answer(status, body, headers), ID)
    return caught.value


ROWS = [
    (400, "COC.00014102", errors.TaskNotFound),
    (400, "COC.00014121", errors.ForeignTask),
    (400, "COC.00014002", errors.InvalidRequest),
    (400, "COC.00010002", errors.InvalidRequest),
    (400, "COC.99999999", errors.InvalidRequest),
    (401, "APIGW.0301", errors.Unauthenticated),
    (401, "APIG.0301", errors.Unauthenticated),
    (401, "APIGW.0307", errors.TokenExpired),
    (401, "APIG.0307", errors.TokenExpired),
    (403, "APIGW.0302", errors.Forbidden),
    (403, "APIG.0302", errors.Forbidden),
    (403, "PAP5.0011", errors.Forbidden),
    (404, "APIGW.0101", errors.WrongEndpoint),
    (404, "APIG.0101", errors.WrongEndpoint),
    (405, "APIGW.0102", errors.InvalidRequest),
    (429, "APIGW.0308", errors.Throttled),
    (429, "APIG.0308", errors.Throttled),
    (429, "COC.00000001", errors.Throttled),
    (494, "APIGW.0106", errors.ServiceFailure),
    (500, "COC.00000500", errors.ServiceFailure),
    (502, "APIGW.0202", errors.ServiceFailure),
    (503, "APIGW.0203", errors.ServiceFailure),
    (504, "APIGW.0201", errors.ServiceFailure),
]


@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_each_row_of_the_error_table_is_its_own_error(status: int, code: str, kind: type[errors.CocError]) -> None:
    """Status and code decide. The error carries both, the service's message and the request id."""
    error = failure(status, {"error_code": code, "error_msg": "so it is", "request_id": "r-1"})
    assert type(error) is kind
    assert (error.status, error.code, error.message, error.request_id) == (status, code, "so it is", "r-1")


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize(
    "body", [b"<html><h1>Bad Gateway</h1></html>", b"", b"nginx", b"\xff\xfe\x00", b"[]", b"null"]
)
def test_a_gateways_own_page_is_a_retryable_service_failure(status: int, body: bytes) -> None:
    """The status says enough, whatever the body is."""
    error = failure(status, body)
    assert type(error) is errors.ServiceFailure
    assert error.retryable
    assert error.code is None


@pytest.mark.parametrize("status", [500, 501, 505, 494])
def test_other_service_failures_are_not_retried(status: int) -> None:
    """Only 502, 503 and 504 are worth another try."""
    assert not failure(status, {}).retryable


@pytest.mark.parametrize("status", [301, 302, 304, 307, 308])
def test_a_redirect_means_the_wrong_endpoint(status: int) -> None:
    """A signed request never follows. The target is not repeated, because it may hold anything."""
    error = failure(status, b"", {"Location": "https://login.example.com/?token=abc"})
    assert type(error) is errors.WrongEndpoint
    assert "abc" not in str(error)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error_code": "X.1", "error_msg": "m"}, "X.1", "m"),
        ({"errorCode": "X.1", "errorMsg": "m"}, "X.1", "m"),
        ({"code": "X.1", "message": "m"}, "X.1", "m"),
        ({"error": {"code": 403, "message": "m", "title": "Forbidden"}}, "403", "m"),
        ({"error": {"code": 403, "title": "Forbidden"}}, "403", "Forbidden"),
        ({"error": {"error_code": "X.1", "error_msg": "m"}}, "X.1", "m"),
        ({"error": "m"}, None, "m"),
        ({"error_msg": "m", "error_code": "X.1", "encoded_authorization_message": "e" * 3000}, "X.1", "m"),
        ({"error_code": None, "errorCode": "X.1", "errorMsg": "m"}, "X.1", "m"),
        ({"error_code": {"deep": 1}, "error_msg": ["list"]}, None, None),
        ({"code": True, "message": 10**30}, None, None),
    ],
)
def test_every_body_shape_gives_code_and_message(body: object, code: str | None, message: str | None) -> None:
    """The gateway's, camelCase, code/message and IAM's own. Values that are not text are left out."""
    error = failure(400, body)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"X-Request-Id": "h"}, {"request_id": "b"}, "h"),
        ({"x-request-id": "h", "X-IAM-Trace-Id": "i"}, {}, "h"),
        ({"X-IAM-Trace-Id": "i"}, {"request_id": "b"}, "i"),
        ({"X-Request-Id": " "}, {"request_id": "b"}, "b"),
        ({}, {"requestId": "b"}, "b"),
        ({}, {}, None),
    ],
)
def test_the_request_id_comes_from_the_headers_else_from_the_body(
    headers: Mapping[str, str], body: object, expected: str | None
) -> None:
    """The vendor's support asks for it first."""
    assert failure(500, body, headers).request_id == expected


@pytest.mark.parametrize(
    ("sent", "request_id"),
    [
        ("5f0c9a3e7b1d4c2a8e6f1a2b3c4d5e6f", "5f0c9a3e7b1d4c2a8e6f1a2b3c4d5e6f"),
        ("11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000001"),
        ("gw:a.b_c-1", "gw:a.b_c-1"),
        ("first-1, second-2", "first-1"),  # two proxies, one header
        (4711, "4711"),
        ("x" * 64, "x" * 64),
        ("x" * 65, UNUSABLE_ID),
        ("password=hunter2", UNUSABLE_ID),
        ("a b", UNUSABLE_ID),
        ("请求", UNUSABLE_ID),
        ("<!channel>", UNUSABLE_ID),
        (" , ", None),
        ({"id": "x"}, None),
    ],
)
def test_a_malformed_request_id_is_replaced(sent: object, request_id: str | None) -> None:
    """It goes into log and audit as it is, so it must be short and of safe characters."""
    assert failure(500, {"error_code": "X.1", "request_id": sent}).request_id == request_id
    if isinstance(sent, str) and sent.isascii():
        assert failure(500, {}, {"X-Request-Id": sent}).request_id == request_id


@pytest.mark.parametrize("sent", ["no such thing", "X" * 65, "X.1; password=hunter2"])
def test_a_malformed_code_becomes_part_of_the_message(sent: str) -> None:
    """Nothing that the service said is lost, and a code is always one word."""
    error = failure(500, {"error_code": sent, "error_msg": "so it is"})
    assert error.code is None
    assert error.message == f"{sent}: so it is"


def test_forbidden_names_the_permission_of_the_call() -> None:
    """The card says what to grant."""
    error = failure(403, {"error": {"code": 403, "message": "denied", "title": "Forbidden"}})
    assert isinstance(error, errors.Forbidden)
    assert error.permission == "coc:schedule:get"


@pytest.mark.parametrize("code", ["APIGW.0308", "COC.00014102"])
@pytest.mark.parametrize("status", [401, 403])
def test_no_code_makes_a_refused_identity_retryable(status: int, code: str) -> None:
    """Repeating a refused signature locks the key."""
    error = failure(status, {"error_code": code})
    assert isinstance(error, errors.Unauthenticated | errors.Forbidden)
    assert not error.retryable


def test_a_message_is_one_clean_line_of_at_most_500_characters() -> None:
    """Control and direction characters would garble a card or a log. A cut is visible."""
    error = failure(400, {"error_code": "X.\n1", "error_msg": "a\r\n\x1b[31m\u202eb\x00 中文 " + "x" * 600})
    assert error.code is None  # malformed, so part of the message
    assert error.message is not None
    assert error.message.startswith("X. 1: a [31m b 中文 xxx")
    assert len(error.message) == 500
    assert error.message.endswith("x…")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Get secretKey failed,ak:ABCDEFGHIJKLMNOPQRST,err:ak not exist",
            "Get secretKey failed,ak:ABCD…,err:ak not exist",
        ),
        (
            "canonicalRequest GET x-security-token:gQpjbi1ub3J0aC00abc== x",
            "canonicalRequest GET x-security-token:gQpj… x",
        ),
        ("Access=ABCDEFGHIJKLMNOPQRST, Signature=0123456789abcdef0123", "Access=ABCD…, Signature=0123…"),
        ("access: denied by policy", "access: denied by policy"),
    ],
)
def test_keys_that_the_gateway_quotes_are_masked(said: str, shown: str) -> None:
    """The answer to a refused signature may quote the key and the token."""
    assert failure(401, {"error_code": "APIGW.0301", "error_msg": said}).message == shown


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "Thu, 01 Jan 2026 12:00:03 GMT"}, 3.0),
        ({"Retry-After": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "Thu, 01 Jan 2026 13:00:04 GMT", "Date": "Thu, 01 Jan 2026 13:00:00 GMT"}, 4.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Thu, 99 Jan 2026 12:00:03 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_services_own_clock(
    headers: Mapping[str, str], seconds: float | None
) -> None:
    """RFC 9110, 10.2.3. A malformed value counts as absent."""
    assert failure(429, {}, headers).retry_after == seconds


def test_a_task_is_returned_unchanged() -> None:
    """All keys, also unknown ones. The id may have blanks around it."""
    body = {"id": f" {ID} ", "name": "夜间", "new": {"a": [1]}}
    assert parse_task(answer(200, body), ID) == body


@pytest.mark.parametrize(
    ("came", "says"),
    [
        ({"id": "ST2601050930000000000001A2"}, "got ST2601050930000000000001A2"),
        ({"id": ID.lower()}, "got st"),
        ({"id": 17}, "got 17"),
        ({"id": [ID]}, "got"),
        ({"id": None}, "names no task"),
        ({"id": ""}, "names no task"),
        ({}, "names no task"),
        ({"name": "x"}, "names no task"),
    ],
)
def test_the_answer_of_another_task_is_refused(came: object, says: str) -> None:
    """The id must match exactly, or somebody reads about the wrong machines."""
    error = failure(200, came, {"X-Request-Id": "r"})
    assert type(error) is errors.WrongTask
    assert says in error.detail
    assert error.request_id == "r"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("COC.00014102", errors.TaskNotFound),
        ("COC.00014121", errors.ForeignTask),
        ("APIG.0302", errors.Forbidden),
        ("APIGW.0307", errors.TokenExpired),
        ("COC.00000001", errors.ErrorEnvelope),
    ],
)
def test_an_error_in_a_200_is_the_error_of_its_code(code: str, kind: type[errors.CocError]) -> None:
    """An unknown code is an ErrorEnvelope."""
    error = failure(200, {"error_code": code, "error_msg": "no"})
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (200, code, "no")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<!doctype html><title>Log in</title>", "HTML"),
        (b'{"id": "ST26010509', "unterminated string"),
        (b"{'id': 1}", "not JSON"),
        (b"[]", "list"),
        (b"null", "NoneType"),
        (b"17", "int"),
        (b"{}{}", "extra data"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"n": ' + b"9" * 5000 + b"}", "not JSON that can be read"),
        ('{"id": "x"}'.encode("utf-16"), "not JSON"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_unreadable(body: bytes, says: str) -> None:
    """HTML, cut off, empty, another type, nested too deeply, a number too long, another encoding."""
    error = failure(200, body)
    assert type(error) is errors.Unreadable
    assert says in error.detail


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (b'"x": "\xff\xfe"', "\ufffd\ufffd"),
        (b'"x": NaN', None),
        (b'"x": -Infinity', None),
        (b'"x": 1, "x": 2', 2),
        (b'"x": "\\ud83d\\ude00"', "\U0001f600"),
        (b'"x": "a\\ud800b"', "a?b"),
        (b'"x": [{"\\udfff": "\\uDBFF"}]', [{"?": "?"}]),
    ],
)
def test_small_damage_does_not_hide_the_task(extra: bytes, expected: object) -> None:
    """Bad bytes, NaN, repeated keys and lone surrogates are repaired, with or without a byte order mark."""
    for mark in (b"", b"\xef\xbb\xbf"):
        task = parse_task(answer(200, mark + b'{"id": "' + ID.encode() + b'", ' + extra + b"}"), ID)
        assert task["x"] == expected
        json.dumps(task, ensure_ascii=False).encode()  # what is shown later can be encoded


def test_a_list_holds_its_objects_only() -> None:
    """Other items are left out. null is an empty list, as everywhere in this API."""
    assert parse_list(answer(200, {"rows": [{"a": 1}, None, 3, "x", [], {}]}), "rows") == [{"a": 1}, {}]
    assert parse_list(answer(200, {"rows": None}), "rows") == []


@pytest.mark.parametrize("body", [{}, {"count": 0}, {"rows": {}}, {"rows": "[]"}])
def test_a_missing_list_is_unreadable(body: object) -> None:
    """An answer of another shape must not read as "no runs"."""
    with pytest.raises(errors.Unreadable, match="no list 'rows'"):
        parse_list(answer(200, body), "rows")


def test_an_error_in_place_of_a_list_is_the_error_of_its_code() -> None:
    """The same table as for the detail call."""
    with pytest.raises(errors.ForeignTask):
        parse_list(answer(200, {"error_code": "COC.00014121"}), "rows")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "rows", "error", "error_code", "error_msg", "code", "message", "request_id"])
            | st.text(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())


@given(
    status=st.integers(100, 999) | st.sampled_from([200, 400, 401, 403, 404, 429, 503]),
    body=BODIES,
    headers=st.dictionaries(
        st.sampled_from(["Retry-After", "Date", "X-Request-Id", "X-IAM-Trace-Id", "Location"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    ),
)
def test_any_status_and_bytes_give_a_value_or_an_error_of_the_tree(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    """Nothing else is raised, and every text in it can be encoded."""
    came = answer(status, body, headers)
    for read in (lambda: parse_task(came, ID), lambda: parse_list(came, "rows")):
        error = None
        try:
            json.dumps(read(), ensure_ascii=False).encode()
        except errors.CocError as raised:
            error = raised
        if error is not None:
            assert error.status == status
            assert len(error.message or "") <= 500
            str(error).encode()
