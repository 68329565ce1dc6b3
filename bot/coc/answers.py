"""What an HTTP answer of COC means: a JSON object, or one error of the tree in ``bot.errors``. No I/O.

The codes follow the vendor's document of the call and the error-code pages of its API gateway. A code decides
before the status does, except on 401 and 403: those two must never turn into something that is retried.
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
from bot.coc.reading import TooManyValues, clean_deep, give_way, parse

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
_SHAPES = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))
_LONGEST_MESSAGE = 500
_LONGEST_ID = 64

UNUSABLE_ID = "unusable id"
"""Stands for a request id that is none: support could not find anything by it, and it might be anything."""
_REQUEST_ID = re.compile(rf"[A-Za-z0-9_.:-]{{1,{_LONGEST_ID}}}")
_CODE = re.compile(rf"[A-Za-z0-9_.-]{{1,{_LONGEST_ID}}}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")
# The gateway quotes what it was sent: "…,ak:ABCDEFGHIJKLMNOPQRST,err:ak not exist", or the canonical request
# with its X-Security-Token line. Four characters are enough to tell which key it was.
_SECRET = re.compile(
    r"""((?:\bak|\baccess|\bsignature|security-?token)["']?\s*[:=]\s*["']?)([\w+/=.~-]{4})[\w+/=.~-]{6,}""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end.

    ``headers`` looks names up in any case (``httpx.Headers``). ``permission`` is what the call needs, e.g.
    ``coc:schedule:get``. ``received`` is when it came, in seconds since 1970 UTC.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    permission: str
    received: float

    @property
    def request_id(self) -> str | None:
        """The cloud's id of this request, from the headers; None where it sent none."""
        for name in ("X-Request-Id", "X-IAM-Trace-Id"):
            found = _request_id(self.headers.get(name))
            if found:
                return found
        return None


class Words(NamedTuple):
    """What the service itself says about a failure: two ids, of which the characters are known, and its words."""

    code: str | None
    message: str | None
    request_id: str | None


_SILENCE = Words(None, None, None)


def task_object(answer: Answer, task_id: str) -> dict[str, Any]:
    """The task in the answer to the detail call. Raises the error that the answer means, or WrongTask."""
    found = _object(answer)
    came = found.get("id")
    if isinstance(came, str) and came.strip() == task_id:
        return found
    if not came:
        _raise_if_envelope(answer, found)
        raise _error(errors.WrongTask, answer, _SILENCE, "the answer names no task")
    raise _error(errors.WrongTask, answer, _SILENCE, f"asked for {task_id}, got {_line(str(came), 60)}")


def entries(answer: Answer, key: str) -> list[dict[str, Any]]:
    """The objects in the list under ``key``; null counts as an empty list, what is no object is left out.

    Raises the error that the answer means, or Unreadable where there is no such list.
    """
    found = _object(answer)
    if key in found and found[key] is None:
        return []
    if not isinstance(found.get(key), list):
        _raise_if_envelope(answer, found)
        raise _error(errors.Unreadable, answer, _SILENCE, f"the answer has no list '{key}'")
    return [item for item in found[key] if isinstance(item, dict)]


def _object(answer: Answer) -> dict[str, Any]:
    if not 200 <= answer.status < 300:
        raise _refusal(answer)
    try:
        found = _parsed(answer.body)
    except TooManyValues as error:
        raise _error(errors.TooLarge, answer, _SILENCE, str(error)) from error
    except ValueError as error:
        raise _error(errors.Unreadable, answer, _SILENCE, _what_instead(answer.body, error)) from error
    if not isinstance(found, dict):
        raise _error(errors.Unreadable, answer, _SILENCE, f"a JSON {type(found).__name__} instead of an object")
    return found


def _raise_if_envelope(answer: Answer, found: dict[str, Any]) -> None:
    words = _words(found)
    if words.code or words.message:
        raise _error(_BY_CODE.get(_canonical(words.code), errors.ErrorEnvelope), answer, words)


def _refusal(answer: Answer) -> errors.CocError:
    try:
        words, detail = _words(_parsed(answer.body)), ""
    except ValueError as error:
        words, detail = _SILENCE, _what_instead(answer.body, error)
    if 300 <= answer.status < 400:
        detail = "the endpoint redirects elsewhere; a signed request does not follow"
    return _error(_kind(answer.status, words.code), answer, words, detail)


def _kind(status: int, code: str | None) -> type[errors.CocError]:
    known = _BY_CODE.get(_canonical(code))
    if status == 401:
        return errors.TokenExpired if known is errors.TokenExpired else errors.Unauthenticated
    if status == 403:
        return errors.Forbidden
    if known is not None:
        return known
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return errors.WrongEndpoint
    if 400 <= status < 500:
        return errors.InvalidRequest
    return errors.ServiceFailure if 500 <= status < 600 else errors.Unreadable


def _canonical(code: str | None) -> str:
    text = (code or "").upper()
    return "APIGW." + text.removeprefix("APIG.") if text.startswith("APIG.") else text


def _error(kind: type[errors.CocError], answer: Answer, words: Words, detail: str = "") -> errors.CocError:
    request_id = answer.request_id or words.request_id
    if kind is errors.Forbidden:
        return errors.Forbidden(
            detail,
            permission=answer.permission,
            status=answer.status,
            code=words.code,
            message=words.message,
            request_id=request_id,
        )
    return kind(
        detail,
        status=answer.status,
        code=words.code,
        message=words.message,
        request_id=request_id,
        retry_after=_retry_after(answer),
    )


def _parsed(body: bytes) -> object:
    """The JSON value in the body. Raises ValueError with the reason.

    Bytes that are not UTF-8 become U+FFFD: one bad byte in a comment must not hide the task. NaN and the
    infinities, which JSON does not know, read as null; of a repeated key the last one counts.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        value = parse(text, parse_constant=_no_number, object_hook=give_way)
        # Raw surrogates were replaced while decoding; only escapes can bring one in.
        return clean_deep(value) if _SURROGATE.search(text) else value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_number(_: str) -> None:
    return None


def _what_instead(body: bytes, error: ValueError) -> str:
    start = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "the body is empty"
    if start.startswith(b"<"):
        return "HTML or XML instead of JSON"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1} of {len(error.doc)}"
    return f"not JSON that can be read: {str(error)[:100]}"


def _words(found: object) -> Words:
    if not isinstance(found, dict):
        return _SILENCE
    request_id = _request_id(found.get("request_id") or found.get("requestId"))
    for code_key, message_key in _SHAPES:
        code, message = _line(found.get(code_key), _LONGEST_MESSAGE), _line(found.get(message_key), _LONGEST_MESSAGE)
        if code and not _CODE.fullmatch(code):
            code, message = None, _line(": ".join(filter(None, (code, message))), _LONGEST_MESSAGE)
        if code or message:
            return Words(code, message, request_id)
    inner = found.get("error")
    if isinstance(inner, dict):  # IAM's own: {"error": {"code": 403, "message": "…", "title": "Forbidden"}}
        code, message, _ = _words({key: item for key, item in inner.items() if key != "error"})
        return Words(code, message or _line(inner.get("title"), _LONGEST_MESSAGE), request_id)
    return Words(None, _line(inner, _LONGEST_MESSAGE) if isinstance(inner, str) else None, request_id)


def _request_id(value: object) -> str | None:
    """The id that support asks for; the first where proxies have joined several."""
    found = (_line(value, 8 * _LONGEST_ID) or "").partition(",")[0].strip()
    return (found if _REQUEST_ID.fullmatch(found) else UNUSABLE_ID) if found else None


def _line(value: object, longest: int) -> str | None:
    """A service's words as one line fit to show: no control or direction characters, no keys, not too long."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        value = str(value)  # IAM sends its codes as numbers
    if not isinstance(value, str):
        return None
    text = value[: 8 * longest]  # bounds the work below
    text = "".join(" " if unicodedata.category(character).startswith(("C", "Z")) else character for character in text)
    text = _SECRET.sub(r"\1\2…", " ".join(text.split()))
    return (text if len(text) <= longest else text[: longest - 1] + "…") or None


def _retry_after(answer: Answer) -> float | None:
    """Seconds to wait, from Retry-After as seconds or as a date; None where it is absent or makes no sense."""
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
