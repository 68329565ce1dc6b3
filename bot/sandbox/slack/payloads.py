"""What Slack sends when somebody types a command, clicks, or submits: payloads with Slack's full shapes.

Follows docs.slack.dev/interactivity and docs.slack.dev/reference/interaction-payloads.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from bot.sandbox.slack.records import APP_ID, TEAM_DOMAIN, TEAM_ID, Json, Message, Person, Place, View, elements_of

VERIFICATION_TOKEN = "sandbox-verification"  # noqa: S105 - Slack's deprecated token; checks nothing

_ONE_OF = {"overflow": "selected_option", "static_select": "selected_option", "radio_buttons": "selected_option"}
_SOME_OF = {"multi_static_select": "selected_options", "checkboxes": "selected_options"}
_TYPED = {
    "datepicker": "selected_date",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "plain_text_input": "value",
}
_STATELESS = {"button", "overflow"}


class NotThereError(LookupError):
    """What was to be clicked, submitted or written into is not there (any more) for this person."""


def slash_command(person: Person, place: Place, command: str, text: str, **links: str) -> Json:
    """The fields of a slash command; all strings, as they also go into a form. `links`: URL and trigger."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": person.team,
        "team_domain": TEAM_DOMAIN,
        "channel_id": place.id,
        "channel_name": place.wire_name,
        "user_id": person.id,
        "user_name": person.handle,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        **links,
    }


def message_click(person: Person, place: Place, message: Message, action: Json, state: Json, **links: str) -> Json:
    """The block_actions of a click in a message. Of an ephemeral message Slack sends no `message`."""
    hidden = message.ephemeral_to is not None
    payload = _interaction("block_actions", person) | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": place.id,
            "is_ephemeral": hidden,
        },
        "channel": {"id": place.id, "name": place.wire_name},
        "state": {"values": state},
        "actions": [action],
        **links,
    }
    return payload if hidden else payload | {"message": message.to_slack()}


def view_click(person: Person, view: View, action: Json, state: Json, **links: str) -> Json:
    """The block_actions of a click in a modal: no channel, no response_url."""
    return _interaction("block_actions", person) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view.to_slack() | {"state": {"values": state}},
        "actions": [action],
        **links,
    }


def view_submission(person: Person, view: View, state: Json, **links: str) -> Json:
    """The payload of a modal's submit button."""
    return _interaction("view_submission", person) | {
        "view": view.to_slack() | {"state": {"values": state}},
        "response_urls": [],
        **links,
    }


def view_closed(person: Person, view: View) -> Json:
    """The payload of a modal closed with its own close button."""
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
    """The block and element of an action; a button's `value` tells several of the same action apart.

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
    kept = {key: element[key] for key in ("text", "value", "placeholder") if key in element}
    return deepcopy(
        {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            **kept,
            **chosen,
            "action_ts": action_ts,
        }
    )


def choice(element: Json, value: str | None, selected: str | Sequence[str] | None) -> Json:
    """What was chosen or typed, under the name Slack gives it. `selected` holds values of options.

    Raises NotThereError where there is no such option.
    """
    kind = element["type"]
    if kind in _TYPED:
        return {_TYPED[kind]: value}
    if kind in _SOME_OF:
        wanted = [selected] if isinstance(selected, str) else list(selected or ())
        return {_SOME_OF[kind]: [_option(element, one) for one in wanted]}
    if kind in _ONE_OF:
        return {_ONE_OF[kind]: _option(element, selected) if isinstance(selected, str) else None}
    return {}


def state_of(blocks: Sequence[Json] | None, known: Json) -> Json:
    """`state.values`: per block and action what is chosen now, the initial choice where nothing was."""
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
    name = (_ONE_OF | _SOME_OF | _TYPED)[kind]
    given: Any = element.get("initial_" + name.removeprefix("selected_"), [] if kind in _SOME_OF else None)
    return {name: given}


def _option(element: Json, value: str) -> Json:
    for option in _options(element):
        if option["value"] == value:
            return option
    raise NotThereError(f"there is no option {value!r} in {element['action_id']!r}")


def _options(element: Json) -> Iterator[Json]:
    yield from element.get("options", ())
    for group in element.get("option_groups", ()):
        yield from group["options"]
