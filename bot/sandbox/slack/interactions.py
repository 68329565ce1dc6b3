"""What people do in the local Slack: commands, clicks and submissions, and how the app acknowledges them."""

import html
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.sandbox.scenes import Scenes
from bot.sandbox.slack.delivery import Ack, DeliveryError, Envelope
from bot.sandbox.slack.methods import Methods
from bot.sandbox.slack.payloads import (
    NotThereError,
    action_of,
    choice,
    find_element,
    message_click,
    slash_command,
    state_of,
    view_click,
    view_closed,
    view_submission,
)
from bot.sandbox.slack.records import Conversation, Json, Message, Person, SlackRefusedError, View
from bot.sandbox.slack.workspace import Workspace


@dataclass(slots=True)
class Interaction:
    """One interaction and its acknowledgement.

    `kind` is slash_commands, block_actions, view_submission or view_closed. `error` is None, or Slack's
    `operation_timeout` (no acknowledgement within three seconds) or `dispatch_failed` (no connection), or the error
    code of an acknowledgement that Slack refused. `ack_ms` is in milliseconds.
    """

    id: str
    kind: str
    payload: Json
    acked: bool = False
    ack_ms: float | None = None
    ack_body: Json | None = None
    error: str | None = None


class Interactions:
    """Builds and delivers interactions.

    Building one raises NotThereError if the person does not see what they want to use; delivering never raises.
    """

    def __init__(
        self,
        workspace: Workspace,
        methods: Methods,
        send: Callable[[Envelope], Awaitable[Ack]],
        url: Callable[[], str],
        scenes: Scenes,
    ) -> None:
        self._scenes = scenes
        self._workspace = workspace
        self._methods = methods
        self._send = send
        self._url = url

    def command(self, user: str, channel: str, text: str, command: str) -> Interaction:
        """A slash command; only the person sees the line that says so."""
        person, conversation = self._person(user), self._conversation(user, channel)
        line = html.escape(f"{person.name} used {command} {text}".rstrip(), quote=False)
        ts = self._workspace.next_ts()
        self._workspace.post(Message(ts, channel, user, line, ephemeral_to=user, kind="command"))
        links = {
            "response_url": self._response_url(user, channel, None),
            "trigger_id": self._workspace.new_trigger(user),
        }
        return _interaction("slash_commands", slash_command(person, conversation, command, text, **links))

    def write(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> None:
        """Post a person's message, perhaps in a thread; Slack escapes what people type."""
        self._conversation(user, channel)
        if thread_ts is not None:
            root = self._message(user, thread_ts)
            if root.channel != channel or root.ephemeral_to:
                raise NotThereError(f"{channel!r} has no thread {thread_ts!r}")
            thread_ts = root.thread_ts or root.ts
        escaped = html.escape(text, quote=False)
        self._workspace.post(Message(self._workspace.next_ts(), channel, user, escaped, thread_ts=thread_ts))

    def click_message(
        self,
        user: str,
        message_ts: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: str | None = None,
        selected: str | Sequence[str] | None = None,
    ) -> Interaction:
        """A click on an element of a message."""
        person = self._person(user)
        message = self._message(user, message_ts)
        block, element = find_element(message.blocks, block_id, action_id, value)
        chosen = choice(element, value, selected)
        action = action_of(block, element, chosen, self._workspace.next_ts())
        known = {block["block_id"]: {action_id: {"type": element["type"], **chosen}}}
        conversation = self._workspace.conversations[message.channel]
        links = {
            "response_url": self._response_url(user, message.channel, message.ts),
            "trigger_id": self._workspace.new_trigger(user),
        }
        state = state_of(message.blocks, known)
        return _interaction("block_actions", message_click(person, conversation, message, action, state, **links))

    def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: str | None = None,
        selected: str | Sequence[str] | None = None,
    ) -> Interaction:
        """A click on an element of an open modal."""
        person, view = self._person(user), self._view(user, view_id)
        blocks = view.content["blocks"]
        block, element = find_element(blocks, block_id, action_id, value)
        chosen = choice(element, value, selected)
        action = action_of(block, element, chosen, self._workspace.next_ts())
        view.values.setdefault(block["block_id"], {})[action_id] = {"type": element["type"], **chosen}
        trigger_id = self._workspace.new_trigger(user, view.id)
        state = state_of(blocks, view.values)
        return _interaction("block_actions", view_click(person, view, action, state, trigger_id=trigger_id))

    def submit_view(self, user: str, view_id: str, values: Json) -> Interaction:
        """A submission of a modal; `values` is {block_id: {action_id: {"type", "value"}}}."""
        person, view = self._person(user), self._view(user, view_id)
        for block_id, entered in values.items():
            view.values.setdefault(block_id, {}).update(entered)
        state = state_of(view.content["blocks"], view.values)
        trigger_id = self._workspace.new_trigger(user, view.id)
        return _interaction("view_submission", view_submission(person, view, state, trigger_id=trigger_id))

    def close_view(self, user: str, view_id: str) -> Interaction | None:
        """Close a modal; None unless its view asks for a view_closed."""
        person, view = self._person(user), self._view(user, view_id)
        self._workspace.close_view(user, view, everything=bool(view.content.get("clear_on_close")))
        if not view.content.get("notify_on_close"):
            return None
        return _interaction("view_closed", view_closed(person, view))

    async def deliver(self, interaction: Interaction) -> Interaction:
        """Send an interaction and apply its acknowledgement; the person sees a failure, too."""
        kind = "slash_commands" if interaction.kind == "slash_commands" else "interactive"
        payload = interaction.payload
        request = self._scenes.begin("request", self._describe(interaction), {"payload": payload})
        view = payload.get("view") or {}
        token = str(payload.get("response_url") or "").rpartition("/")[2]
        self._scenes.assign(request.serial, token, payload.get("trigger_id"), view.get("id"))
        self._scenes.end(request, "sent")
        ack_step = self._scenes.begin("ack", "acknowledged", request=request.serial)
        answers = interaction.kind in {"slash_commands", "view_submission"}
        try:
            ack = await self._send(Envelope(interaction.id, kind, interaction.payload, answers))
            interaction.acked, interaction.ack_ms, interaction.ack_body = True, ack.ms, ack.body
            self._scenes.end(ack_step, "ok", details={"body": ack.body} if ack.body else None)
            self._apply_ack(interaction)
        except DeliveryError as error:
            self._scenes.end(ack_step, str(error), good=False)
            self._report_failure(interaction, str(error))
        except SlackRefusedError as refused:
            self._report_failure(interaction, refused.error)
        return interaction

    def _apply_ack(self, interaction: Interaction) -> None:
        payload, body = interaction.payload, interaction.ack_body
        if interaction.kind == "slash_commands" and body and (body.get("text") or body.get("blocks")):
            self._methods.post_answer(payload["user_id"], payload["channel_id"], body)
        if interaction.kind == "view_submission":
            user = payload["user"]["id"]
            open_view = self._workspace.find_view(payload["view"]["id"])
            if open_view is not None:
                _, view = open_view
                errors = self._methods.answer_submission(user, view, body)
                if errors:
                    self._workspace.announce({"type": "errors", "view": view.id, "errors": errors}, {user})

    def _describe(self, interaction: Interaction) -> str:
        """The interaction in a few words, for the drawer."""
        payload = interaction.payload
        if interaction.kind == "slash_commands":
            return f"{self._name(payload['user_id'])} typed {payload['command']} {payload['text']}".rstrip()
        who = self._name(payload["user"]["id"])
        if interaction.kind != "block_actions":
            title = payload["view"]["title"]["text"]
            return f"{who} {'submitted' if interaction.kind == 'view_submission' else 'closed'} “{title}”"
        action = payload["actions"][0]
        option = action.get("selected_option") or {}
        label = option.get("text") or action.get("text") or {}
        return f"{who} used “{label.get('text') or action['action_id']}”"

    def _name(self, user: str) -> str:
        return self._workspace.people[user].name

    def _report_failure(self, interaction: Interaction, error: str) -> None:
        interaction.error = error
        payload = interaction.payload
        if interaction.kind == "slash_commands":
            user, text = payload["user_id"], f'{payload["command"]} failed with the error "{error}"'
        else:
            user, text = payload["user"]["id"], f"We had some trouble connecting. Try again? ({error})"
        self._workspace.toast(user, error, text)

    def _person(self, user: str) -> Person:
        person = self._workspace.people.get(user)
        if person is None:
            raise NotThereError(f"there is no user {user!r}")
        return person

    def _conversation(self, user: str, channel: str) -> Conversation:
        conversation = self._workspace.conversations.get(channel)
        if conversation is None or user not in conversation.members:
            raise NotThereError(f"{user!r} is in no channel {channel!r}")
        return conversation

    def _message(self, user: str, ts: str) -> Message:
        for channel in self._workspace.conversations:
            for message in self._workspace.messages(channel, user):
                if message.ts == ts:
                    return message
        raise NotThereError(f"{user!r} sees no message {ts!r}")

    def _view(self, user: str, view_id: str) -> View:
        open_view = self._workspace.find_view(view_id)
        if open_view is None or open_view[0] != user:
            raise NotThereError(f"{user!r} has no view {view_id!r} open")
        return open_view[1]

    def _response_url(self, user: str, channel: str, original: str | None) -> str:
        return f"{self._url()}/response/{self._workspace.new_response_url(user, channel, original)}"


def _interaction(kind: str, payload: Json) -> Interaction:
    return Interaction(str(uuid.uuid4()), kind, payload)
