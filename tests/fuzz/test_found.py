"""What the fuzzers found, each as the least input that shows it."""

import json
from collections.abc import Iterator

import pytest

from bot.coc.wire import Task
from bot.show import as_json
from tests.cards.snapshots import snapshot
from tests.fuzz.checks import assert_sendable, form
from tests.fuzz.door import SIGNATURE, Door, request

COMMAND = b"command=%2Fschedtask&text=help&user_id=U1&team_id=T1&response_url=https%3A%2F%2Fhooks.slack.com%2Fx"
FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"


@pytest.fixture
def door() -> Iterator[Door]:
    """The HTTP entry, open."""
    with Door() as opened:
        yield opened


# Decoder ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["trigger_time", "message_notification", "reviewer_notification"])
def test_an_object_in_a_string_brings_in_no_half_character(key: str) -> None:
    """An escape in a JSON string inside the task makes a lone surrogate, which nothing can encode later."""
    assert_sendable(Task.model_validate({key: '{"new": {"\\ud800": ["\\ud800"]}}'}))


# Builders --------------------------------------------------------------------------------------------------


def test_a_value_nested_deeply_is_no_crash_on_the_command_line() -> None:
    """The card shows such a task; its JSON is to hide what lies too deep, as elsewhere."""
    deep: object = "x"
    for _ in range(300):
        deep = [deep]
    for found in (snapshot({"new": deep}), snapshot({}, summary={"new": deep}), snapshot({}, runs=[{"new": deep}])):
        assert json.loads(as_json(found))


# HTTP entry ------------------------------------------------------------------------------------------------


def test_a_copy_is_refused(door: Door) -> None:
    """The same request with the same two headers."""
    signed = door.sign(COMMAND)
    assert door.knock(request(COMMAND, signed)) == 200
    assert door.knock(request(COMMAND, signed)) == 401
    assert door.slack.replies == 1


def test_a_copy_with_another_signature_above_is_refused(door: Door) -> None:
    """Two headers of the same name: whoever has caught a request could send it again and again."""
    signed = door.sign(COMMAND)
    assert door.knock(request(COMMAND, signed)) == 200
    assert door.knock(request(COMMAND, [(SIGNATURE, b"v0=another"), *signed])) == 401
    assert door.slack.replies == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /slack/events HTTP/1.1\r\nno header\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slack-Signature: \x01\r\n\r\n",
    ],
)
def test_what_is_no_http_leaves_no_traceback(door: Door, raw: bytes) -> None:
    """Anybody can send it, as often as they like: it must not fill the log with alarms and their bytes."""
    assert door.knock(raw, whole=False) in {400, 401, None}


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"zstd"])
def test_a_body_that_does_not_unpack_is_refused(door: Door, encoding: bytes) -> None:
    """Anybody can send it: 500 and a traceback, with no signature at all. It is not even read."""
    assert door.knock(request(b"junk", [(b"Content-Encoding", encoding)])) == 415


@pytest.mark.parametrize(
    "begun", [b"Content-Length: 2000000\r\n\r\n" + b"a" * 500_000, b"Transfer-Encoding: chunked\r\n\r\nno number\r\n"]
)
def test_a_body_that_breaks_off_leaves_no_traceback(door: Door, begun: bytes) -> None:
    """Whoever hangs up in the middle of a request has nothing to say."""
    raw = b"POST /slack/events HTTP/1.1\r\nHost: x\r\n" + begun
    assert door.knock(raw, whole=False) in {400, 401, 413, None}


SHAPES = [
    '{"type": "block_actions", "actions": null}',
    '{"type": "block_actions", "actions": []}',
    '{"type": "block_actions", "actions": [1]}',
    '{"type": "block_actions", "actions": [{}]}',
    '{"type": "block_actions", "actions": [{"action_id": 1}]}',
    '{"type": "block_actions", "actions": [{"action_id": "targets"}], "user": 1, "team": []}',
    '{"type": "view_submission", "view": null}',
    '{"type": "view_submission", "view": {"callback_id": "targets"}}',
    '{"type": "event_callback", "event": 1}',
    "null",
    "[]",
    "1",
    "",
    "{",
    "[" * 100_000,
]


@pytest.mark.parametrize("payload", SHAPES, ids=lambda text: text[:60])
def test_a_signed_payload_of_another_shape_is_a_bad_request(door: Door, payload: str) -> None:
    """Slack sends none; but it is answered, not with 500 and a traceback."""
    body = form(payload.encode())
    status = door.knock(request(body, [(b"Content-Type", FORM), *door.sign(body)]))
    assert status is not None
    assert status < 500


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff", FORM),
        (COMMAND, FORM + b"; charset=nonsense"),
        (b"x", JSON),
        (b"{", FORM),
        (b"payload", FORM),
        (json.dumps([]).encode(), JSON),
    ],
)
def test_a_signed_body_that_can_not_be_read_is_a_bad_request(door: Door, body: bytes, content_type: bytes) -> None:
    """No UTF-8, an encoding that nobody knows, no JSON."""
    status = door.knock(request(body, [(b"Content-Type", content_type), *door.sign(body)]))
    assert status is not None
    assert status < 500


CLICK = '{"type": "block_actions", "actions": [{"action_id": "targets"}], '


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (form(b'{"type": ["x"]}'), FORM),
        (form(f'{CLICK}"enterprise": false}}'.encode()), FORM),
        (form(f'{CLICK}"event": 1}}'.encode()), FORM),
        (form(f'{CLICK}"authorizations": 1}}'.encode()), FORM),
        # Read as a form it is a command; Bolt reads it as JSON because of how it begins.
        (b'{"a": "=&command=x&", "type": "block_actions", "actions": null, "b": "=1"}', FORM),
        (b'{"type": "block_actions", "actions": [1]}', JSON),
        (b'{"type": "view_submission", "view": {"callback_id": ""}}', JSON),
        (b"command=x&type=event_callback&event=1", FORM),
        (b"command=x&type=view_submission&view=1", FORM),
        (b"command=x&enterprise=a", FORM),
    ],
    ids=lambda found: found.decode()[:60],
)
def test_what_bolt_would_read_in_another_way_is_a_bad_request(door: Door, body: bytes, content_type: bytes) -> None:
    """Whatever Bolt looks into must have been looked at, and as Bolt reads it."""
    assert door.knock(request(body, [(b"Content-Type", content_type), *door.sign(body)])) == 400
