"""What the sandbox's Slack remembers: messages, modal stacks, triggers, response URLs.

Everything lives in memory and is bounded. Every change is announced to listeners as the JSON object
that the page receives, together with the people who may see it.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.slack.records import PEOPLE, PLACES, Json, Message, Place, SlackRefusedError, View

TRIGGER_SECONDS = 3.0
"""How long a trigger_id may be exchanged for a view."""
RESPONSE_URL_SECONDS, RESPONSE_URL_USES = 30 * 60, 5
"""How long and how often a response_url may be used."""
STACK_DEPTH = 3
"""Views that one modal stack holds."""
MESSAGES_KEPT = 2_000
"""Messages kept per channel; older ones are forgotten."""
SECRETS_KEPT = 4_000
"""Trigger ids and response URLs kept; the oldest are forgotten, and then count as expired."""


@dataclass(slots=True)
class Trigger:
    """Who may be shown a view, and since when; `view_id` is the view it came from, if any."""

    user: str
    issued: float
    view_id: str | None
    exchanged: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where a response URL answers. `original` is the ts of the clicked message, None for a command's URL."""

    user: str
    channel: str
    issued: float
    original: str | None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A change, as the page receives it, and the people who may know of it."""

    body: Json
    viewers: frozenset[str]


class Workspace:
    """The state of one sandbox workspace. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.trigger_s, self.messages_kept = TRIGGER_SECONDS, MESSAGES_KEPT
        self.people = dict(PEOPLE)
        self.places = PLACES
        self.bot_in = {"C0SHIFT"}
        self.groups = {"S0ONCALL": {"U0ONCALL"}}
        self._messages: dict[str, OrderedDict[str, Message]] = {place: OrderedDict() for place in PLACES}
        self._stacks: dict[str, list[View]] = {person: [] for person in PEOPLE}
        self._triggers: OrderedDict[str, Trigger] = OrderedDict()
        self._response_urls: OrderedDict[str, ResponseUrl] = OrderedDict()
        self._listeners: list[Callable[[Event], None]] = []
        self._last_ts = (0, 0)

    # --- telling others

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Calls `listener` on every change from now on; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def announce(self, body: Json, viewers: Iterable[str]) -> None:
        """Tells every listener of a change that `viewers` may see."""
        event = Event(body, frozenset(viewers))
        for listener in tuple(self._listeners):
            listener(event)

    def move(self, user: str, zone: str) -> None:
        """Somebody is in another time zone now (an IANA name); their clock and every date they read follow."""
        self.people[user] = replace(self.people[user], tz=zone)
        self.announce({"type": "zone", "user": user, "tz": zone}, self.people)

    def toast(self, user: str, error: str, text: str) -> None:
        """Tells one person that something they did failed, as Slack's client would."""
        self.announce({"type": "toast", "error": error, "text": text}, {user})

    # --- messages

    def bot_place(self, channel: str) -> Place:
        """A conversation that the bot is in. Raises SlackRefusedError: channel_not_found, not_in_channel."""
        place = self.places.get(channel)
        if place is None:
            raise SlackRefusedError("channel_not_found")
        if place.id not in self.bot_in:
            raise SlackRefusedError("not_in_channel")
        return place

    def next_ts(self) -> str:
        """A new message timestamp: unique and rising, even when the clock stands still."""
        second, serial = self._last_ts
        now = int(self.clock())
        self._last_ts = (now, 100) if now > second else (second, serial + 100)
        return f"{self._last_ts[0]}.{self._last_ts[1]:06d}"

    def post(self, message: Message) -> Message:
        """Adds a message and announces it; the oldest of a full channel is forgotten."""
        kept = self._messages[message.channel]
        kept[message.ts] = message
        self._announce_message(message)
        if len(kept) > self.messages_kept:
            self.delete(next(iter(kept.values())))
        return message

    def edit(self, message: Message, text: str, blocks: list[Json] | None) -> Message:
        """Replaces text and blocks; the place, the time and who may see it stay."""
        edited = replace(message, text=text, blocks=blocks, edited={"user": message.user, "ts": self.next_ts()})
        self._messages[message.channel][message.ts] = edited
        self._announce_message(edited)
        return edited

    def delete(self, message: Message) -> None:
        """Removes a message."""
        del self._messages[message.channel][message.ts]
        gone = {"type": "gone", "channel": message.channel, "ts": message.ts}
        self.announce(gone, self._viewers(message))

    def message(self, channel: str, ts: str) -> Message | None:
        """The message of that timestamp, if it is still there."""
        return self._messages[channel].get(ts) if channel in self._messages else None

    def messages(self, channel: str, viewer: str) -> list[Message]:
        """What one person sees in a conversation, oldest first."""
        return [message for message in self._messages[channel].values() if viewer in self._viewers(message)]

    def _viewers(self, message: Message) -> frozenset[str]:
        members = self.places[message.channel].members
        return members & {message.ephemeral_to} if message.ephemeral_to else members

    def _announce_message(self, message: Message) -> None:
        self.announce({"type": "message", "message": message.to_json()}, self._viewers(message))

    # --- triggers and response URLs

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        """A trigger_id, good for one view within three seconds."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, self.clock(), view_id)
        _forget_oldest(self._triggers)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Uses a trigger up. Raises SlackRefusedError with Slack's word where it is no good."""
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
        """The secret part of a fresh response_url."""
        token = secrets.token_urlsafe(18)
        self._response_urls[token] = ResponseUrl(user, channel, self.clock(), original)
        _forget_oldest(self._response_urls)
        return token

    def response_url(self, token: str) -> ResponseUrl:
        """The response URL if it may still be used. Raises SlackRefusedError: expired_url, used_url."""
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
        """An open view and the person who has it open."""
        for user, stack in self._stacks.items():
            for view in stack:
                if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
                    return user, view
        return None

    def open_view(self, user: str, content: Json) -> View:
        """Starts a new stack; what was open is closed."""
        self._stacks[user].clear()
        return self._add_view(user, content)

    def push_view(self, user: str, content: Json) -> View:
        """Puts a view on top. Raises SlackRefusedError: not_found (nothing open), push_limit_reached."""
        if not self._stacks[user]:
            raise SlackRefusedError("not_found")
        if len(self._stacks[user]) >= STACK_DEPTH:
            raise SlackRefusedError("push_limit_reached")
        return self._add_view(user, content)

    def update_view(self, user: str, view: View, content: Json) -> View:
        """Replaces what an open view shows, under a new hash."""
        view.content, view.hash = content, self._new_hash()
        kept = {block.get("block_id") for block in content["blocks"]}
        view.values = {block_id: value for block_id, value in view.values.items() if block_id in kept}
        self.announce_views(user)
        return view

    def close_view(self, user: str, view: View, *, everything: bool = False) -> None:
        """Takes a view (and what lies on it) off the stack, or empties the stack."""
        stack = self._stacks[user]
        del stack[0 if everything else stack.index(view) :]
        self.announce_views(user)

    def announce_views(self, user: str) -> None:
        """Tells the person's page what its modal stack is now."""
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


def _forget_oldest(kept: OrderedDict[str, Any]) -> None:
    while len(kept) > SECRETS_KEPT:
        kept.popitem(last=False)
