"""The Web API methods of the sandbox's Slack, and what its response URLs do.

Methods take the arguments as JSON and return the answer without `ok`; SlackRefusedError says no.
Errors are those of each method's page under docs.slack.dev/reference/methods.
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
    Json,
    Message,
    Place,
    SlackRefusedError,
    View,
    with_ids,
)
from bot.sandbox.slack.rules import check_message, check_view
from bot.sandbox.slack.workspace import Trigger, Workspace


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method: what runs it, and the scope it needs, if any."""

    run: Callable[[Json], Json]
    scope: str | None = None


class Methods:
    """Everything a bot token may call."""

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
        # A person's id as the channel stands for their direct messages with the app.
        direct = (place for place in self._workspace.places.values() if place.kind == "dm")
        theirs = next((place for place in direct if args.get("channel") in place.members), None)
        place = theirs or self._bot_place(args)
        text, blocks = _content(args, "message")
        thread_ts = args.get("thread_ts")
        message = Message(self._workspace.next_ts(), place.id, BOT_USER, text, blocks, thread_ts=thread_ts)
        self._workspace.post(message)
        return {"channel": place.id, "ts": message.ts, "message": message.to_slack()}

    def _post_ephemeral(self, args: Json) -> Json:
        place = self._bot_place(args)
        user = str(args.get("user"))
        if user not in place.members:
            raise SlackRefusedError("user_not_in_channel")
        text, blocks = _content(args, "ephemeral")
        ts = self._workspace.next_ts()
        thread_ts = args.get("thread_ts")
        message = Message(ts, place.id, BOT_USER, text, blocks, ephemeral_to=user, thread_ts=thread_ts)
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

    def _bot_place(self, args: Json) -> Place:
        return self._workspace.bot_place(str(args.get("channel")))

    def _own_message(self, args: Json, not_ours: str) -> Message:
        """Ephemeral messages can't be found here: only their response_url reaches them."""
        place = self._bot_place(args)
        message = self._workspace.message(place.id, str(args.get("ts")))
        if message is None or message.ephemeral_to:
            raise SlackRefusedError("message_not_found")
        if message.user != BOT_USER:
            raise SlackRefusedError(not_ours)
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
        found = self._workspace.find_view(args.get("view_id"), args.get("external_id"))
        if found is None:
            raise SlackRefusedError("not_found")
        user, current = found
        if args.get("hash") and args["hash"] != current.hash:
            raise SlackRefusedError("hash_conflict")
        return {"view": self._workspace.update_view(user, current, view).to_slack()}

    def _trigger(self, args: Json) -> Trigger:
        return self._workspace.exchange(str(args.get("trigger_id")))

    def answer_submission(self, user: str, view: View, answer: Json | None) -> Json | None:
        """What an acknowledged view_submission does to the stack; returns field errors, if it names some.

        Raises SlackRefusedError where the view in the answer is not valid.
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
        dm = next(p.id for p in self._workspace.places.values() if p.kind == "dm" and person.id in p.members)
        self._workspace.bot_in.add(dm)
        return {"channel": {"id": dm}}

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
        """Does what a post to a response URL asks for.

        `replace_original` and `delete_original` reach the clicked message only; a command's URL has none and
        just posts again. A replaced message keeps its place, time and visibility. Only what is accepted
        counts as a use. Raises SlackRefusedError.
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
        """Posts what the app said in an answer: for everyone if `in_channel`, else for `user` only."""
        public = body.get("response_type") == "in_channel"
        text, blocks = _content(body, "message" if public else "ephemeral")
        ts, thread_ts = self._workspace.next_ts(), body.get("thread_ts")
        viewer = None if public else user
        message = Message(ts, channel, BOT_USER, text, blocks, ephemeral_to=viewer, thread_ts=thread_ts)
        self._workspace.post(message)


def _content(args: Json, surface: str, original: Message | None = None) -> tuple[str, list[Json] | None]:
    """The checked text and blocks of a message. `original` is what they replace."""
    if args.get("attachments"):
        raise SlackRefusedError("invalid_attachments")
    text, blocks = args.get("text"), _decoded(args.get("blocks"), "invalid_blocks_format")
    replaced = original.blocks or [] if original else []
    used = frozenset(block["block_id"] for block in replaced)
    check_message(text, blocks, surface, used_ids=used)
    return text or "", with_ids(blocks) if blocks else None


def _view_argument(args: Json) -> Json:
    view = check_view(_decoded(args.get("view"), "invalid_arguments"))
    return view | {"blocks": with_ids(view["blocks"])}


def _decoded(value: Any, refusal: str) -> Any:
    """Blocks and views may come as JSON inside a string, as forms must send them."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise SlackRefusedError(refusal) from error
