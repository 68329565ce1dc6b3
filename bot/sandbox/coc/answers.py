"""Answers of the local COC, ready to send: status, bytes, content type."""

import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox.coc.faults import GATEWAY_ERRORS, AnswerFault

REQUEST_ID = "@request_id@"
"""A body's placeholder for the request id, which is known when the answer is sent."""
FORBIDDEN = GATEWAY_ERRORS[403][1]


@dataclass(frozen=True)
class HttpAnswer:
    """An answer, without the headers that every answer has."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=UTF-8"


def encode_json(body: dict[str, Any]) -> bytes:
    """A JSON object as COC sends it: UTF-8, with Chinese characters unescaped."""
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only an escape can carry it
        return json.dumps(body).encode()


def json_answer(status: int, body: dict[str, Any]) -> HttpAnswer:
    """An answer with a JSON object."""
    return HttpAnswer(status, encode_json(body))


def gateway_error(status: int, message: str | None = None) -> HttpAnswer:
    """The gateway's own error for a status; ``message`` replaces its usual message."""
    code, usual = GATEWAY_ERRORS[status]
    return json_answer(status, {"error_code": code, "error_msg": message or usual, "request_id": REQUEST_ID})


def fault_answer(fault: AnswerFault) -> HttpAnswer:
    """The answer that replaces the normal one: a text is HTML, bytes and objects are JSON."""
    if fault.body is None:
        return gateway_error(fault.status) if fault.status in GATEWAY_ERRORS else HttpAnswer(fault.status, b"")
    if isinstance(fault.body, str):
        return HttpAnswer(fault.status, fault.body.encode(), "text/html;charset=UTF-8")
    if isinstance(fault.body, bytes):
        return HttpAnswer(fault.status, fault.body)
    return json_answer(fault.status, fault.body)
