"""The Web API methods and the response URLs of the local Slack.

A method takes the arguments as a JSON object and returns the answer without `ok`, or raises SlackRefusedError with an
error of its page under docs.slack.dev/reference/methods.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.slack.files import Files
from bot.sandbox.slack.records import (
    BOT_ID,
    BOT_USER,
    TEAM_ID,
    TEAM_NAME,
    Conversation,
    Json,
    Message,
    SlackRefusedError,
    View,
    with_ids,
)
from bot.sandbox.slack.rules import check_message, check_view
from bot.sandbox.slack.workspace import TriggerId, Workspace


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method and the scope that it needs, if any."""

    run: Callable[[Json], Json]
    scope: str | None = None


class Methods:
    """All methods that a bot token can call."""

    def __init__(self, workspace: Workspace, url: Callable[[], str], files: Files) -> None:
        self._workspace = workspace
        self.files = files
        self._url = url
        self.table: Mapping[str, Method] = {
            "auth.test": Method(self._auth_test),
            "chat.postMessage": Method(self._post_message, "chat:write"),
            "chat.postEphemeral": Method(self._post_ephemeral, "chat:write"),
            "chat.update": Method(self._update, "chat:write"),
            "chat.delete": Method(self._delete, "chat:write"),
            "views.open": Method(self._views_open),
            "views.push": Method(self._views_push),
            "views.update": Method(self._views_update),
            "files.getUploadURLExternal": Method(files.get_upload_url, "files:write"),
            "files.completeUploadExternal": Method(files.complete, "files:write"),
            "conversations.open": Method(self._conversations_open, "im:write"),
            "users.info": Method(self._users_info, "users:read"),
            "usergroups.users.list": Method(self._group_members, "usergroups:read"),
        }

    def _auth_test(self, _: Json) -> Json:
        return {
            "url": f"{self._url()}/",
            "team": TEAM_NAME,
            "user": "coc_tasks",
            "team_id": TEAM_ID,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    # --- chat

    def _post_message(self, args: Json) -> Json:
        # A person's id as the channel means their direct messages with the app.
        conversation = self._direct_messages(args.get("channel")) or self._bot_conversation(args)
        text, blocks = _content(args, "message")
        thread_ts = args.get("thread_ts")
        message = Message(self._workspace.next_ts(), conversation.id, BOT_USER, text, blocks, thread_ts=thread_ts)
        self._workspace.post(message)
        return {"channel": conversation.id, "ts": message.ts, "message": message.to_slack()}

    def _post_ephemeral(self, args: Json) -> Json:
        conversation = self._bot_conversation(args)
        user = str(args.get("user"))
        if user not in conversation.members:
            raise SlackRefusedError("user_not_in_channel")
        text, blocks = _content(args, "ephemeral")
        ts = self._workspace.next_ts()
        thread_ts = args.get("thread_ts")
        message = Message(ts, conversation.id, BOT_USER, text, blocks, ephemeral_to=user, thread_ts=thread_ts)
        self._workspace.post(message)
        return {"message_ts": ts}

    def _update(self, args: Json) -> Json:
        message = self._own_message(args, "cant_update_message")
        text, blocks = _content(args, "message", message)
        edited = self._workspace.edit(message, text, blocks)
        return {"channel": edited.channel, "ts": edited.ts, "text": text, "message": edited.to_slack()}

    def _delete(self, args: Json) -> Json:
        message = self._own_message(args, "cant_delete_message")
        self._workspace.delete(message)
        return {"channel": message.channel, "ts": message.ts}

    def _bot_conversation(self, args: Json) -> Conversation:
        return self._workspace.bot_conversation(str(args.get("channel")))

    def _direct_messages(self, user: Any) -> Conversation | None:
        conversations = self._workspace.conversations.values()
        return next((one for one in conversations if one.kind == "dm" and user in one.members), None)

    def _own_message(self, args: Json, error: str) -> Message:
        """A message of the bot. Ephemeral messages are out of reach: only a response_url can change them."""
        conversation = self._bot_conversation(args)
        message = self._workspace.message(conversation.id, str(args.get("ts")))
        if message is None or message.ephemeral_to:
            raise SlackRefusedError("message_not_found")
        if message.user != BOT_USER:
            raise SlackRefusedError(error)
        return message

    # --- views

    def _views_open(self, args: Json) -> Json:
        view = _view_argument(args)
        trigger = self._trigger(args)
        return {"view": self._workspace.open_view(trigger.user, view).to_slack()}

    def _views_push(self, args: Json) -> Json:
        view = _view_argument(args)
        trigger = self._trigger(args)
        return {"view": self._workspace.push_view(trigger.user, view).to_slack()}

    def _views_update(self, args: Json) -> Json:
        view = _view_argument(args)
        if not args.get("view_id") and not args.get("external_id"):
            raise SlackRefusedError("invalid_arguments", ["missing required field: view_id [json-pointer:/view_id]"])
        open_view = self._workspace.find_view(args.get("view_id"), args.get("external_id"))
        if open_view is None:
            raise SlackRefusedError("not_found")
        user, current = open_view
        if args.get("hash") and args["hash"] != current.hash:
            raise SlackRefusedError("hash_conflict")
        return {"view": self._workspace.update_view(user, current, view).to_slack()}

    def _trigger(self, args: Json) -> TriggerId:
        return self._workspace.exchange(str(args.get("trigger_id")))

    def answer_submission(self, user: str, view: View, answer: Json | None) -> Json | None:
        """Apply the answer to a view_submission to the stack; return its field errors, if it has some.

        Raises SlackRefusedError if the answer's view is invalid.
        """
        action = (answer or {}).get("response_action")
        if action is None:
            self._workspace.close_view(user, view)
        elif action == "clear":
            self._workspace.close_view(user, view, everything=True)
        elif action == "update":
            self._workspace.update_view(user, view, _view_argument(answer or {}))
        elif action == "push":
            self._workspace.push_view(user, _view_argument(answer or {}))
        elif action == "errors":
            return dict((answer or {}).get("errors") or {})
        else:
            raise SlackRefusedError("invalid_arguments", [f"unknown response_action: {action}"])
        return None

    # --- people

    def _conversations_open(self, args: Json) -> Json:
        person = self._workspace.people.get(str(args.get("users")))
        if person is None:
            raise SlackRefusedError("user_not_found")
        conversation = self._direct_messages(person.id)
        assert conversation is not None  # noqa: S101 - every person has one
        self._workspace.bot_in.add(conversation.id)
        return {"channel": {"id": conversation.id}}

    def _users_info(self, args: Json) -> Json:
        person = self._workspace.people.get(str(args.get("user")))
        if person is None:
            raise SlackRefusedError("user_not_found")
        offset = datetime.fromtimestamp(self._workspace.clock(), UTC).astimezone(ZoneInfo(person.tz)).utcoffset()
        user: Json = {
            "id": person.id,
            "team_id": person.team,
            "name": person.handle,
            "real_name": person.name,
            "deleted": False,
            "is_bot": False,
            "is_restricted": person.guest,
            "is_ultra_restricted": False,
            "tz": person.tz,
            "tz_label": person.tz,
            "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
            "profile": {"real_name": person.name, "display_name": person.handle, "title": person.title},
        }
        if str(args.get("include_locale")).lower() in {"1", "true"}:
            user["locale"] = "en-US"
        return {"user": user}

    def _group_members(self, args: Json) -> Json:
        members = self._workspace.groups.get(str(args.get("usergroup")))
        if members is None:
            raise SlackRefusedError("no_such_subteam")
        return {"users": sorted(members)}

    # --- response URLs

    def respond(self, token: str, body: Json) -> None:
        """Do what a post to a response URL asks for.

        `replace_original` and `delete_original` apply to the clicked message; a command's URL has none and posts a
        new message. A replaced message keeps its time and visibility. Only accepted posts count as uses. Raises
        SlackRefusedError.
        """
        url = self._workspace.response_url(token)
        original = None
        if url.original and (body.get("replace_original") is True or body.get("delete_original") is True):
            original = self._workspace.message(url.channel, url.original)
            if original is None:
                raise SlackRefusedError("message_not_found")
        if original and body.get("delete_original") is True:
            self._workspace.delete(original)
        elif original:
            text, blocks = _content(body, "ephemeral" if original.ephemeral_to else "message", original)
            self._workspace.edit(original, text, blocks)
        else:
            self.post_answer(url.user, url.channel, body)
        url.uses += 1

    def post_answer(self, user: str, channel: str, body: Json) -> None:
        """Post an answer of the app: for everyone if it is `in_channel`, else for `user` only."""
        public = body.get("response_type") == "in_channel"
        text, blocks = _content(body, "message" if public else "ephemeral")
        ts, thread_ts = self._workspace.next_ts(), body.get("thread_ts")
        viewer = None if public else user
        message = Message(ts, channel, BOT_USER, text, blocks, ephemeral_to=viewer, thread_ts=thread_ts)
        self._workspace.post(message)


def _content(args: Json, surface: str, original: Message | None = None) -> tuple[str, list[Json] | None]:
    """The checked text and blocks of a message. `original` is the message that they replace."""
    if args.get("attachments"):
        raise SlackRefusedError("invalid_attachments")
    text, blocks = args.get("text"), _decode(args.get("blocks"), "invalid_blocks_format")
    replaced = original.blocks or [] if original else []
    check_message(text, blocks, surface, used_ids=frozenset(block["block_id"] for block in replaced))
    return text or "", with_ids(blocks) if blocks else None


def _view_argument(args: Json) -> Json:
    view = check_view(_decode(args.get("view"), "invalid_arguments"))
    return view | {"blocks": with_ids(view["blocks"])}


def _decode(value: Any, error_code: str) -> Any:
    """Blocks or a view, which may be JSON in a string, because forms need that. Raises SlackRefusedError."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise SlackRefusedError(error_code) from error
