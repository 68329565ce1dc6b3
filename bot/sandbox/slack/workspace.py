"""The state of the local Slack: messages, modal stacks, triggers, response URLs.

Everything is in memory and bounded. Every change is announced to listeners: the JSON object for the page, and the
people who may see it.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.slack.records import CONVERSATIONS, PEOPLE, Conversation, Json, Message, SlackRefusedError, View

TRIGGER_SECONDS = 3.0
"""How long a trigger_id can be exchanged for a view."""
RESPONSE_URL_SECONDS, RESPONSE_URL_USES = 30 * 60, 5
"""How long and how often a response_url may be used."""
STACK_DEPTH = 3
"""Views in one modal stack."""
MAX_MESSAGES = 2_000
"""Messages per conversation; the oldest is deleted."""
MAX_SECRETS = 4_000
"""TriggerId ids and response URLs; the oldest are evicted, and then count as expired."""


@dataclass(slots=True)
class TriggerId:
    """A trigger_id's person and time of issue; `view_id` is the view that was clicked, if any."""

    user: str
    issued: float
    view_id: str | None
    exchanged: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """A response URL. `original` is the ts of the clicked message, None for a command's URL."""

    user: str
    channel: str
    issued: float
    original: str | None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A change: the JSON object for the page, and the people who may see it."""

    body: Json
    viewers: frozenset[str]


class Workspace:
    """The state of one sandbox workspace. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.trigger_s, self.max_messages = TRIGGER_SECONDS, MAX_MESSAGES
        self.people = dict(PEOPLE)
        self.conversations = CONVERSATIONS
        self.bot_in = {"C0SHIFT"}
        self.groups = {"S0ONCALL": {"U0ONCALL"}}
        self._messages: dict[str, OrderedDict[str, Message]] = {channel: OrderedDict() for channel in CONVERSATIONS}
        self._stacks: dict[str, list[View]] = {person: [] for person in PEOPLE}
        self._triggers: OrderedDict[str, TriggerId] = OrderedDict()
        self._response_urls: OrderedDict[str, ResponseUrl] = OrderedDict()
        self._listeners: list[Callable[[Change], None]] = []
        self._last_ts = (0, 0)

    # --- announcing changes

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` on every change, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def announce(self, body: Json, viewers: Iterable[str]) -> None:
        """Announce a change that `viewers` may see."""
        event = Change(body, frozenset(viewers))
        for listener in tuple(self._listeners):
            listener(event)

    def set_time_zone(self, user: str, zone: str) -> None:
        """Set a person's time zone (an IANA name); their clock and their dates follow it."""
        self.people[user] = replace(self.people[user], tz=zone)
        self.announce({"type": "zone", "user": user, "tz": zone}, self.people)

    def toast(self, user: str, error: str, text: str) -> None:
        """Show one person that an action of theirs failed, as Slack's client does."""
        self.announce({"type": "toast", "error": error, "text": text}, {user})

    # --- messages

    def bot_conversation(self, channel: str) -> Conversation:
        """A conversation that the bot is in. Raises SlackRefusedError: channel_not_found, not_in_channel."""
        conversation = self.conversations.get(channel)
        if conversation is None:
            raise SlackRefusedError("channel_not_found")
        if conversation.id not in self.bot_in:
            raise SlackRefusedError("not_in_channel")
        return conversation

    def next_ts(self) -> str:
        """A new message timestamp: unique and increasing, even while the clock stands still."""
        second, serial = self._last_ts
        now = int(self.clock())
        self._last_ts = (now, 100) if now > second else (second, serial + 100)
        return f"{self._last_ts[0]}.{self._last_ts[1]:06d}"

    def post(self, message: Message) -> Message:
        """Add a message; the oldest of a full conversation is deleted."""
        messages = self._messages[message.channel]
        messages[message.ts] = message
        self._announce_message(message)
        if len(messages) > self.max_messages:
            self.delete(next(iter(messages.values())))
        return message

    def edit(self, message: Message, text: str, blocks: list[Json] | None) -> Message:
        """Replace text and blocks; conversation, time and visibility stay."""
        edited = replace(message, text=text, blocks=blocks, edited={"user": message.user, "ts": self.next_ts()})
        self._messages[message.channel][message.ts] = edited
        self._announce_message(edited)
        return edited

    def delete(self, message: Message) -> None:
        """Delete a message."""
        del self._messages[message.channel][message.ts]
        gone = {"type": "gone", "channel": message.channel, "ts": message.ts}
        self.announce(gone, self._viewers(message))

    def message(self, channel: str, ts: str) -> Message | None:
        """The message with this timestamp, if it exists."""
        return self._messages[channel].get(ts) if channel in self._messages else None

    def messages(self, channel: str, viewer: str) -> list[Message]:
        """The messages that one person sees in a conversation, oldest first."""
        return [message for message in self._messages[channel].values() if viewer in self._viewers(message)]

    def _viewers(self, message: Message) -> frozenset[str]:
        members = self.conversations[message.channel].members
        return members & {message.ephemeral_to} if message.ephemeral_to else members

    def _announce_message(self, message: Message) -> None:
        self.announce({"type": "message", "message": message.to_json()}, self._viewers(message))

    # --- triggers and response URLs

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        """A trigger_id; it opens one view within three seconds."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = TriggerId(user, self.clock(), view_id)
        _evict_oldest(self._triggers)
        return trigger_id

    def exchange(self, trigger_id: str) -> TriggerId:
        """Use up a trigger. Raises SlackRefusedError: invalid_, exchanged_ or expired_trigger_id."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackRefusedError("invalid_trigger_id")
        if trigger.exchanged:
            raise SlackRefusedError("exchanged_trigger_id")
        if self.clock() - trigger.issued > self.trigger_s:
            raise SlackRefusedError("expired_trigger_id")
        trigger.exchanged = True
        return trigger

    def new_response_url(self, user: str, channel: str, original: str | None) -> str:
        """The secret part of a new response_url."""
        token = secrets.token_urlsafe(18)
        self._response_urls[token] = ResponseUrl(user, channel, self.clock(), original)
        _evict_oldest(self._response_urls)
        return token

    def response_url(self, token: str) -> ResponseUrl:
        """The response URL of a token. Raises SlackRefusedError: expired_url, used_url."""
        url = self._response_urls.get(token)
        if url is None or self.clock() - url.issued > RESPONSE_URL_SECONDS:
            raise SlackRefusedError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackRefusedError("used_url")
        return url

    # --- views

    def stack(self, user: str) -> tuple[View, ...]:
        """One person's modal stack, bottom first."""
        return tuple(self._stacks[user])

    def find_view(self, view_id: str | None, external_id: str | None = None) -> tuple[str, View] | None:
        """The person who has a view open, and the view."""
        for user, stack in self._stacks.items():
            for view in stack:
                if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
                    return user, view
        return None

    def open_view(self, user: str, content: Json) -> View:
        """Start a new stack; open views are closed."""
        self._stacks[user].clear()
        return self._add_view(user, content)

    def push_view(self, user: str, content: Json) -> View:
        """Push a view. Raises SlackRefusedError: not_found (no view is open), push_limit_reached."""
        if not self._stacks[user]:
            raise SlackRefusedError("not_found")
        if len(self._stacks[user]) >= STACK_DEPTH:
            raise SlackRefusedError("push_limit_reached")
        return self._add_view(user, content)

    def update_view(self, user: str, view: View, content: Json) -> View:
        """Replace the content of an open view; it gets a new hash."""
        view.content, view.hash = content, self._new_hash()
        block_ids = {block.get("block_id") for block in content["blocks"]}
        view.values = {block_id: value for block_id, value in view.values.items() if block_id in block_ids}
        self.announce_views(user)
        return view

    def close_view(self, user: str, view: View, *, everything: bool = False) -> None:
        """Remove a view and those above it from the stack, or all with `everything`."""
        stack = self._stacks[user]
        del stack[0 if everything else stack.index(view) :]
        self.announce_views(user)

    def announce_views(self, user: str) -> None:
        """Announce a person's modal stack to their page."""
        views = [view.to_json() for view in self._stacks[user]]
        self.announce({"type": "views", "views": views}, {user})

    def _add_view(self, user: str, content: Json) -> View:
        stack = self._stacks[user]
        view_id = f"V0{secrets.token_hex(5).upper()}"
        root, previous = (stack[0].id, stack[-1].id) if stack else (view_id, None)
        view = View(view_id, self._new_hash(), content, root, previous)
        stack.append(view)
        self.announce_views(user)
        return view

    def _new_hash(self) -> str:
        return f"{int(self.clock())}.{secrets.token_hex(4)}"


def _evict_oldest(secrets_by_token: OrderedDict[str, Any]) -> None:
    while len(secrets_by_token) > MAX_SECRETS:
        secrets_by_token.popitem(last=False)
