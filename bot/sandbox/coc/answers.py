"""Answers of the sandbox's COC, ready to send: status, bytes, content type."""

import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox.coc.faults import GATEWAY_ERRORS, Fault

REQUEST_ID = "@request_id@"
"""Stands in a body for the request id that is given out when it is sent."""
FORBIDDEN = GATEWAY_ERRORS[403][1]


@dataclass(frozen=True)
class Answer:
    """What goes out, but for the headers that every answer has."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=UTF-8"


def encoded(body: dict[str, Any]) -> bytes:
    """A JSON object as COC sends it: UTF-8, Chinese unescaped."""
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can carry
        return json.dumps(body).encode()


def json_answer(status: int, body: dict[str, Any]) -> Answer:
    """An answer with a JSON object."""
    return Answer(status, encoded(body))


def gateway_error(status: int, message: str | None = None) -> Answer:
    """The gateway's own error body for a status; ``message`` replaces its usual words."""
    code, words = GATEWAY_ERRORS[status]
    return json_answer(status, {"error_code": code, "error_msg": message or words, "request_id": REQUEST_ID})


def instead(fault: Fault) -> Answer:
    """The answer that a fault puts in the place of the normal one: text is HTML, bytes and objects are JSON."""
    if fault.body is None:
        return gateway_error(fault.status) if fault.status in GATEWAY_ERRORS else Answer(fault.status, b"")
    if isinstance(fault.body, str):
        return Answer(fault.status, fault.body.encode(), "text/html;charset=UTF-8")
    return (
        Answer(fault.status, fault.body) if isinstance(fault.body, bytes) else json_answer(fault.status, fault.body)
    )
