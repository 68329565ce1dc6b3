"""The payloads that Slack sends for a command, a click or a submission, complete.

Follows docs.slack.dev/interactivity and docs.slack.dev/reference/interaction-payloads.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from bot.sandbox.slack.records import (
    APP_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    Conversation,
    Json,
    Message,
    Person,
    View,
    elements_of,
)

VERIFICATION_TOKEN = "sandbox-verification"  # noqa: S105 - Slack's deprecated token, which nobody checks

_SINGLE_CHOICE = {
    "overflow": "selected_option",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
}
_MULTIPLE_CHOICE = {"multi_static_select": "selected_options", "checkboxes": "selected_options"}
_TYPED = {
    "datepicker": "selected_date",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "plain_text_input": "value",
}
_STATELESS = {"button", "overflow"}


class NotThereError(LookupError):
    """The person does not see, or no longer sees, the thing that they want to use."""


def slash_command(person: Person, conversation: Conversation, command: str, text: str, **links: str) -> Json:
    """The fields of a slash command; all are strings, because a form carries them. `links`: URL and trigger."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": person.team,
        "team_domain": TEAM_DOMAIN,
        "channel_id": conversation.id,
        "channel_name": conversation.wire_name,
        "user_id": person.id,
        "user_name": person.handle,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        **links,
    }


def message_click(
    person: Person, conversation: Conversation, message: Message, action: Json, state: Json, **links: str
) -> Json:
    """The block_actions of a click in a message. Slack sends no `message` for an ephemeral one."""
    hidden = message.ephemeral_to is not None
    payload = _interaction("block_actions", person) | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": conversation.id,
            "is_ephemeral": hidden,
        },
        "channel": {"id": conversation.id, "name": conversation.wire_name},
        "state": {"values": state},
        "actions": [action],
        **links,
    }
    return payload if hidden else payload | {"message": message.to_slack()}


def view_click(person: Person, view: View, action: Json, state: Json, **links: str) -> Json:
    """The block_actions of a click in a modal; it has neither channel nor response_url."""
    return _interaction("block_actions", person) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view.to_slack() | {"state": {"values": state}},
        "actions": [action],
        **links,
    }


def view_submission(person: Person, view: View, state: Json, **links: str) -> Json:
    """The view_submission of a modal's submit button."""
    return _interaction("view_submission", person) | {
        "view": view.to_slack() | {"state": {"values": state}},
        "response_urls": [],
        **links,
    }


def view_closed(person: Person, view: View) -> Json:
    """The view_closed of a modal's close button."""
    return _interaction("view_closed", person) | {"view": view.to_slack(), "is_cleared": False}


def _interaction(kind: str, person: Person) -> Json:
    return {
        "type": kind,
        "user": {"id": person.id, "username": person.handle, "name": person.handle, "team_id": person.team},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def find_element(
    blocks: Sequence[Json] | None, block_id: str | None, action_id: str, value: str | None
) -> tuple[Json, Json]:
    """The block and the element of an action; `value` distinguishes buttons with the same action id.

    Raises NotThereError.
    """
    for block in blocks or ():
        for element in elements_of(block):
            same = element.get("action_id") == action_id and block_id in {None, block["block_id"]}
            if same and (element["type"] != "button" or value in {None, element.get("value")}):
                return block, element
    raise NotThereError(f"there is no {action_id!r} with value {value!r} to click here")


def action_of(block: Json, element: Json, chosen: Json, action_ts: str) -> Json:
    """One entry of `actions`."""
    copied = {key: element[key] for key in ("text", "value", "placeholder") if key in element}
    return deepcopy(
        {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            **copied,
            **chosen,
            "action_ts": action_ts,
        }
    )


def choice(element: Json, value: str | None, selected: str | Sequence[str] | None) -> Json:
    """The choice or input, under Slack's name for it. `selected` holds the values of options.

    Raises NotThereError if an option does not exist.
    """
    kind = element["type"]
    if kind in _TYPED:
        return {_TYPED[kind]: value}
    if kind in _MULTIPLE_CHOICE:
        values = [selected] if isinstance(selected, str) else list(selected or ())
        return {_MULTIPLE_CHOICE[kind]: [_option(element, one) for one in values]}
    if kind in _SINGLE_CHOICE:
        return {_SINGLE_CHOICE[kind]: _option(element, selected) if isinstance(selected, str) else None}
    return {}


def state_of(blocks: Sequence[Json] | None, known: Json) -> Json:
    """`state.values`: by block and action, the current choice, or the initial one if nothing was chosen."""
    values: Json = {}
    for block in blocks or ():
        for element in elements_of(block):
            if "action_id" in element and element["type"] not in _STATELESS:
                before = known.get(block["block_id"], {}).get(element["action_id"])
                at_first = {"type": element["type"], **_initial(element)}
                values.setdefault(block["block_id"], {})[element["action_id"]] = before or at_first
    return deepcopy(values)


def _initial(element: Json) -> Json:
    kind = element["type"]
    name = (_SINGLE_CHOICE | _MULTIPLE_CHOICE | _TYPED)[kind]
    initial: Any = element.get("initial_" + name.removeprefix("selected_"), [] if kind in _MULTIPLE_CHOICE else None)
    return {name: initial}


def _option(element: Json, value: str) -> Json:
    for option in _options(element):
        if option["value"] == value:
            return option
    raise NotThereError(f"there is no option {value!r} in {element['action_id']!r}")


def _options(element: Json) -> Iterator[Json]:
    yield from element.get("options", ())
    for group in element.get("option_groups", ()):
        yield from group["options"]
