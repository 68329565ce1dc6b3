"""The shapes of Slack's requests. A signed body of another shape is a bad request, not an error in the bot.

The shapes follow Slack's pages on slash commands and interaction payloads. Bolt assumes that every signed body has
one of them.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

_INTERACTIONS = ("block_actions", "view_submission", "view_closed", "shortcut", "message_action")
_PARTS = ("user", "team", "enterprise", "channel", "container", "message", "view", "event")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def is_known_type(content_type: str) -> bool:
    """Whether Slack sends bodies of this content type; forms also come without one."""
    return _kind(content_type) in {FORM, JSON, ""}


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def as_request(body: bytes, content_type: str) -> str | None:
    """The body as text, if it is a command, a click, a submission or a check of the URL; else None."""
    kind = _kind(content_type)
    try:
        text = body.decode("utf-8")
        if kind == JSON:
            return text if _is_event(json.loads(text)) else None
        fields = parse_qs(text, keep_blank_values=True, strict_parsing=True, max_num_fields=100)
        # Bolt parses a body that begins like this as JSON, whatever its content type.
        if kind not in {FORM, ""} or text.startswith("{"):
            return None
        if "payload" in fields:
            return text if _is_interaction(json.loads(fields["payload"][-1])) else None
    except (ValueError, RecursionError):
        return None
    if fields.keys() & {"type", "actions", "authorizations", *_PARTS}:
        return None  # parts of an interaction, in which Bolt expects objects
    return text if "command" in fields or "ssl_check" in fields else None


def _is_event(payload: Any) -> bool:
    # Interactions never arrive as JSON.
    if not isinstance(payload, Mapping) or payload.get("type") not in ("event_callback", "url_verification"):
        return False
    return _has_parts(payload) and (
        payload["type"] == "url_verification" or isinstance(payload.get("event"), Mapping)
    )


def _has_parts(payload: Mapping[str, Any]) -> bool:
    """Whether the parts that Bolt reads are objects, where they are present."""
    authorizations = payload.get("authorizations")
    return all(isinstance(payload.get(key), Mapping | None) for key in _PARTS) and (
        authorizations is None
        or (isinstance(authorizations, list) and all(isinstance(one, Mapping) for one in authorizations))
    )


def _is_interaction(payload: Any) -> bool:
    if not isinstance(payload, Mapping) or payload.get("type") not in _INTERACTIONS or not _has_parts(payload):
        return False
    match payload["type"]:
        case "block_actions":
            actions = payload.get("actions")
            return isinstance(actions, list) and bool(actions) and all(map(_is_action, actions))
        case "view_submission" | "view_closed":
            view = payload.get("view")
            return isinstance(view, Mapping) and all(
                isinstance(view.get(key), str) for key in ("type", "callback_id")
            )
        case _:
            return isinstance(payload.get("callback_id"), str)


def _is_action(action: Any) -> bool:
    return isinstance(action, Mapping) and isinstance(action.get("action_id"), str)
