"""Why Slack did not take a reply: its error codes as a closed set, and how its answers are read.

A code becomes a label of metrics and an outcome in the audit. The set holds the codes of the methods that the bot
calls, of response URLs and of every method. Slack may add codes and a proxy may answer anything; all of those share
one label.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

MAX_RAW_ERROR = 100
"""Characters of an unknown error code that go to the log."""
RETRY_S = 0.3
"""The pause before a second try where Slack names none."""
BLOCKS_REFUSED = frozenset({"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"})

_OURS = "timed_out unreachable broken_off not_slack no_channel upload_failed unknown_error"
_OF_EVERY_METHOD = """
access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied enterprise_is_restricted
fatal_error internal_error invalid_arg_name invalid_arguments invalid_array_arg invalid_auth invalid_charset
invalid_form_data invalid_json invalid_post_type json_not_object method_deprecated missing_args missing_post_type
missing_scope no_permission not_allowed_token_type not_authed org_login_required ratelimited rate_limited
request_timeout service_unavailable team_access_not_granted team_added_to_org token_expired token_revoked
two_factor_setup_required unknown_method
"""
_OF_MESSAGES = """
as_user_not_supported cannot_dm_bot cant_update_message channel_is_archived channel_not_found expired_url
invalid_blocks invalid_blocks_format invalid_payload is_archived is_inactive message_not_found messages_tab_disabled
metadata_too_large method_not_supported_for_channel_type msg_blocks_too_long msg_too_long no_text not_in_channel
restricted_action too_many_attachments used_url user_disabled user_not_found user_not_in_channel user_not_visible
users_not_found
"""
_OF_VIEWS = """
duplicate_external_id exchanged_trigger_id expired_trigger_id hash_conflict invalid_trigger_id not_found
push_limit_reached trigger_exchanged trigger_expired view_not_found view_too_large
"""
_OF_FILES_AND_GROUPS = """
blocked_file_type file_not_found file_update_failed file_upload_size_restricted file_uploads_disabled
file_uploads_except_images_disabled no_such_subteam posting_to_channel_denied too_many_users storage_limit_reached
unknown_subtype invalid_users method_not_supported
"""
_STATUSES = "200 400 401 403 404 405 407 408 410 411 413 414 415 431 500 501 502 503 504"
_KNOWN = frozenset(f"{_OURS} {_OF_EVERY_METHOD} {_OF_MESSAGES} {_OF_VIEWS} {_OF_FILES_AND_GROUPS}".split()) | {
    f"http_{status}" for status in _STATUSES.split()
}

_CODE = re.compile(r"[a-z0-9_.-]{1,60}")
"""The alphabet of Slack's codes."""


def error_label(code: str) -> str:
    """The code, if it is Slack's or ours; else "other", or "not_slack" for text that is not even a code."""
    if code in _KNOWN:
        return code
    return "other" if _CODE.fullmatch(code) else "not_slack"


class SlackRefused(Exception):
    """Slack did not take a reply.

    ``error`` is Slack's error code or what happened on the way, out of a closed set. ``raw_error`` is the code as it
    came, cut but not redacted. ``transient`` says whether the same call may succeed a moment later (rate limit, 5xx,
    no connection); ``needed`` is the scope that the token lacks.
    """

    def __init__(
        self,
        error: str,
        *,
        transient: bool = False,
        retry_after_s: float = RETRY_S,
        detail: str = "",
        needed: str = "",
    ) -> None:
        self.error = error_label(error)
        self.raw_error = error if self.error == error else error[:MAX_RAW_ERROR]
        self.transient = transient
        self.retry_after_s = retry_after_s
        self.needed = needed
        super().__init__(f"{self.raw_error}: {detail}" if detail else self.raw_error)


def post_refusal(status: int, body: str, headers: Mapping[str, str]) -> SlackRefused | None:
    """Why a response URL did not take a message; None where it did."""
    error, detail = _read_post_answer(body)
    if error == "ok":
        if 200 <= status < 300:
            return None
        error = "unknown_error"
    if status == 429:
        return SlackRefused("ratelimited", transient=True, retry_after_s=_retry_after(headers), detail=detail)
    if status >= 500:
        # Slack answers 500 with invalid_blocks too; that error is final whatever the status.
        is_final = error in BLOCKS_REFUSED
        return SlackRefused(error if is_final else f"http_{status}", transient=not is_final, detail=detail)
    return SlackRefused(error, detail=detail or f"HTTP {status}")


def api_refusal(error: SlackApiError) -> SlackRefused:
    """The same for an error that slack_sdk raised."""
    answer = error.response
    data = answer.data if isinstance(getattr(answer, "data", None), dict) else {}
    status = int(getattr(answer, "status_code", None) or getattr(answer, "status", None) or 0)
    code = str(data.get("error") or f"http_{status}")
    if status == 429 or code == "ratelimited":
        headers = getattr(answer, "headers", None) or {}
        return SlackRefused("ratelimited", transient=True, retry_after_s=_retry_after(headers))
    needed = data.get("needed")
    return SlackRefused(
        code,
        transient=status >= 500 and "error" not in data,
        detail=_messages(data),
        needed=needed if isinstance(needed, str) else "",
    )


def _read_post_answer(body: str) -> tuple[str, str]:
    """``ok`` or Slack's error code, and details, from the body of a response URL's answer.

    Slack writes ``ok``, an error code, or JSON. An empty body and JSON without an error count as ``ok`` too.
    """
    text = body.strip()
    try:
        answer = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return ("ok" if text.lower() == "ok" else text[:60]), ""
    if not isinstance(answer, dict):
        return ("ok" if answer in ("ok", True) else text[:60]), ""
    has_failed = answer.get("error") or answer.get("ok") is False
    return (str(answer.get("error") or "unknown_error") if has_failed else "ok"), _messages(answer)


def _messages(answer: Mapping[str, Any]) -> str:
    metadata = answer.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return "; ".join(str(message) for message in messages or [])[:1000]


def _retry_after(headers: Mapping[str, str]) -> float:
    value = next((value for key, value in headers.items() if key.lower() == "retry-after"), "1")
    try:
        return max(0.0, float(value))  # in this sequence of arguments "nan" is 0
    except ValueError:
        return 1.0
