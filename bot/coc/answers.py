"""The meaning of a COC answer: a JSON object, or one error of the tree in ``bot.errors``. No I/O.

The codes follow the vendor's document of the call and the error-code pages of its API gateway. The code decides
before the status, except on 401 and 403: those two must never become an error that is retried.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from bot import errors
from bot.coc.reading import MOST_VALUES, TooManyValues, parse_json, replace_surrogates_deep, yield_to_threads

_BY_CODE: Mapping[str, type[errors.CocError]] = {
    "COC.00014102": errors.TaskNotFound,
    "COC.00014121": errors.ForeignTask,
    "COC.00014002": errors.InvalidRequest,
    "COC.00010002": errors.InvalidRequest,
    "APIGW.0101": errors.WrongEndpoint,
    "APIGW.0301": errors.Unauthenticated,
    "APIGW.0302": errors.Forbidden,
    "APIGW.0307": errors.TokenExpired,
    "APIGW.0308": errors.Throttled,
}
_BY_STATUS: Mapping[int, type[errors.CocError]] = {
    404: errors.WrongEndpoint,
    429: errors.Throttled,
    494: errors.ServiceFailure,  # the gateway's own: request header too large
}
_ENVELOPES = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))
_MAX_MESSAGE = 500
_MAX_ID = 64

UNUSABLE_ID = "unusable id"
"""Replaces a malformed request id: support could not find anything by it, and it might hold anything."""
_REQUEST_ID = re.compile(rf"[A-Za-z0-9_.:-]{{1,{_MAX_ID}}}")
_CODE = re.compile(rf"[A-Za-z0-9_.-]{{1,{_MAX_ID}}}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")
# The gateway quotes what it was sent: "…,ak:ABCDEFGHIJKLMNOPQRST,err:ak not exist", or the canonical request
# with its X-Security-Token line. Four characters are enough to identify the key.
_SECRET = re.compile(
    r"""((?:\bak|\baccess|\bsignature|security-?token)["']?\s*[:=]\s*["']?)([\w+/=.~-]{4})[\w+/=.~-]{6,}""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end.

    ``headers`` ignores case (``httpx.Headers``). ``permission`` is the one that the call needs, e.g.
    ``coc:schedule:get``. ``received`` is in seconds since 1970 UTC.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    permission: str
    received: float
    max_values: int = MOST_VALUES
    """JSON values that are decoded at most."""

    @property
    def request_id(self) -> str | None:
        """The cloud's id of this request, from the headers; None where it sent none."""
        return _request_id(self.headers.get("X-Request-Id")) or _request_id(self.headers.get("X-IAM-Trace-Id"))


class Envelope(NamedTuple):
    """The service's own account of an error. Code and request id hold safe characters only."""

    code: str | None = None
    message: str | None = None
    request_id: str | None = None


_EMPTY = Envelope()


def parse_task(answer: Answer, task_id: str) -> dict[str, Any]:
    """The task in the answer to the detail call. Raises the error that the answer means, or WrongTask."""
    task = _parse_object(answer)
    answered_id = task.get("id")
    if isinstance(answered_id, str) and answered_id.strip() == task_id:
        return task
    if not answered_id:
        raise _unexpected(answer, task, errors.WrongTask, "the answer names no task")
    raise _error(errors.WrongTask, answer, f"asked for {task_id}, got {_one_line(str(answered_id), 60)}")


def parse_list(answer: Answer, key: str) -> list[dict[str, Any]]:
    """The objects in the list under ``key``. null counts as an empty list; items that are not objects are left out.

    Raises the error that the answer means, or Unreadable where there is no such list.
    """
    body = _parse_object(answer)
    if key in body and body[key] is None:
        return []
    if not isinstance(body.get(key), list):
        raise _unexpected(answer, body, errors.Unreadable, f"the answer has no list '{key}'")
    return [item for item in body[key] if isinstance(item, dict)]


def _parse_object(answer: Answer) -> dict[str, Any]:
    if not 200 <= answer.status < 300:
        raise _refusal(answer)
    try:
        value = _parse_json(answer.body, answer.max_values)
    except TooManyValues as error:
        raise _error(errors.TooLarge, answer, str(error)) from error
    except ValueError as error:
        raise _error(errors.Unreadable, answer, _why_not_json(answer.body, error)) from error
    if not isinstance(value, dict):
        raise _error(errors.Unreadable, answer, f"a JSON {type(value).__name__} instead of an object")
    return value


def _unexpected(
    answer: Answer, body: dict[str, Any], otherwise: type[errors.CocError], detail: str
) -> errors.CocError:
    """The error that a 200 reports in its body; ``otherwise`` where it reports none."""
    envelope = _parse_envelope(body)
    if envelope.code or envelope.message:
        return _error(_BY_CODE.get(_canonical_code(envelope.code), errors.ErrorEnvelope), answer, envelope=envelope)
    return _error(otherwise, answer, detail)


def _refusal(answer: Answer) -> errors.CocError:
    try:
        envelope, detail = _parse_envelope(_parse_json(answer.body, answer.max_values)), ""
    except ValueError as error:
        envelope, detail = _EMPTY, _why_not_json(answer.body, error)
    if 300 <= answer.status < 400:
        detail = "the endpoint redirects elsewhere; a signed request does not follow"
    return _error(_error_class(answer.status, envelope.code), answer, detail, envelope)


def _error_class(status: int, code: str | None) -> type[errors.CocError]:
    by_code = _BY_CODE.get(_canonical_code(code))
    if status == 401:
        return errors.TokenExpired if by_code is errors.TokenExpired else errors.Unauthenticated
    if status == 403:
        return errors.Forbidden
    if by_code is not None:
        return by_code
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return errors.WrongEndpoint
    if 400 <= status < 500:
        return errors.InvalidRequest
    return errors.ServiceFailure if 500 <= status < 600 else errors.Unreadable


def _canonical_code(code: str | None) -> str:
    text = (code or "").upper()
    return "APIGW." + text.removeprefix("APIG.") if text.startswith("APIG.") else text


def _error(
    error_class: type[errors.CocError], answer: Answer, detail: str = "", envelope: Envelope = _EMPTY
) -> errors.CocError:
    fields: dict[str, Any] = {
        "status": answer.status,
        "code": envelope.code,
        "message": envelope.message,
        "request_id": answer.request_id or envelope.request_id,
        "retry_after": _retry_after(answer),
    }
    if error_class is errors.Forbidden:
        fields["permission"] = answer.permission
    return error_class(detail, **fields)


def _parse_json(body: bytes, max_values: int) -> object:
    """The JSON value in the body. Raises ValueError with the reason.

    Bytes that are not UTF-8 become U+FFFD: one bad byte in a comment must not hide the task. NaN and the
    infinities, which are not JSON, become null. The last of a repeated key counts.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        value = parse_json(
            text, max_values=max_values, parse_constant=lambda _constant: None, object_hook=yield_to_threads
        )
        # UTF-8 decoding has replaced raw surrogates; only escapes can bring one in.
        return replace_surrogates_deep(value) if _SURROGATE.search(text) else value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _why_not_json(body: bytes, error: ValueError) -> str:
    start = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "the body is empty"
    if start.startswith(b"<"):
        return "HTML or XML instead of JSON"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1} of {len(error.doc)}"
    return f"not JSON that can be read: {str(error)[:100]}"


def _parse_envelope(body: object) -> Envelope:
    if not isinstance(body, dict):
        return _EMPTY
    request_id = _request_id(body.get("request_id") or body.get("requestId"))
    for code_key, message_key in _ENVELOPES:
        code, message = _one_line(body.get(code_key)), _one_line(body.get(message_key))
        if code and not _CODE.fullmatch(code):
            code, message = None, _one_line(": ".join(filter(None, (code, message))))
        if code or message:
            return Envelope(code, message, request_id)
    inner = body.get("error")
    if isinstance(inner, dict):  # IAM's own: {"error": {"code": 403, "message": "…", "title": "Forbidden"}}
        code, message, _ = _parse_envelope({key: item for key, item in inner.items() if key != "error"})
        return Envelope(code, message or _one_line(inner.get("title")), request_id)
    return Envelope(None, _one_line(inner) if isinstance(inner, str) else None, request_id)


def _request_id(value: object) -> str | None:
    """The id that support asks for; the first where proxies have joined several."""
    first = (_one_line(value, 8 * _MAX_ID) or "").partition(",")[0].strip()
    return (first if _REQUEST_ID.fullmatch(first) else UNUSABLE_ID) if first else None


def _one_line(value: object, limit: int = _MAX_MESSAGE) -> str | None:
    """The service's text on one line, safe to show: no control or direction characters, no keys, cut to the limit."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        value = str(value)  # IAM sends its codes as numbers
    if not isinstance(value, str):
        return None
    text = value[: 8 * limit]  # bounds the work below
    text = "".join(" " if unicodedata.category(character).startswith(("C", "Z")) else character for character in text)
    text = _SECRET.sub(r"\1\2…", " ".join(text.split()))
    return (text if len(text) <= limit else text[: limit - 1] + "…") or None


def _retry_after(answer: Answer) -> float | None:
    """Seconds to wait, from Retry-After as seconds or as a date; None where it is absent or malformed."""
    value = (answer.headers.get("Retry-After") or "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _timestamp(value)
    if until is None:
        return None
    # The service's own Date is the better "now": our clock may be minutes off.
    now = _timestamp(answer.headers.get("Date") or "")
    return max(0.0, until - (answer.received if now is None else now))


def _timestamp(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
