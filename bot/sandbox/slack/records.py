"""The records of the local Slack: people, conversations, messages and views, with their JSON on the wire."""

import secrets
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]
"""A JSON object on the wire."""

APP_ID, APP_NAME = "A0SANDBOX", "COC Tasks"
BOT_USER, BOT_ID = "U0BOT", "B0SANDBOX"
TEAM_ID, TEAM_NAME, TEAM_DOMAIN = "T0SANDBOX", "Sandbox", "sandbox"
OTHER_TEAM_ID = "T0PARTNER"
"""Another workspace, with which the incident channel is shared."""


class SlackRefusedError(Exception):
    """Slack refuses: `error` is its error code, `problems` are its lines `message [json-pointer:…]`."""

    def __init__(self, error: str, problems: Iterable[str] = (), **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.problems = tuple(problems)
        self.details = details


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace. `tz` is an IANA name, `handle` the name after the @."""

    id: str
    name: str
    handle: str
    title: str
    tz: str
    guest: bool
    team: str = TEAM_ID
    """Their workspace; people of another one are in shared channels only."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel or a direct message (`kind` is `channel` or `dm`); `members` are people, without the bot."""

    id: str
    name: str
    kind: str
    members: frozenset[str]

    @property
    def wire_name(self) -> str:
        """The name in payloads: Slack gives every direct message the same one."""
        return "directmessage" if self.kind == "dm" else self.name


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `kind` is `message`, or `command` for the line "… used /schedtask".

    `files` are Slack's file objects.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] | None = None
    ephemeral_to: str | None = None
    edited: Json | None = None
    thread_ts: str | None = None
    kind: str = "message"
    files: tuple[Json, ...] = ()

    def to_json(self) -> Json:
        """The page's MESSAGE object."""
        return {name: deepcopy(getattr(self, name)) for name in self.__slots__}

    def to_slack(self) -> Json:
        """The message in Slack's payloads and answers."""
        wire: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": TEAM_ID}
        if self.user == BOT_USER:
            wire |= {"bot_id": BOT_ID, "app_id": APP_ID}
        files = list(self.files) or None
        optional = {"blocks": self.blocks, "edited": self.edited, "thread_ts": self.thread_ts, "files": files}
        return wire | {key: deepcopy(value) for key, value in optional.items() if value is not None}


@dataclass(slots=True)
class View:
    """One view of a modal stack. `content` is what the app sent, `values` what the person typed or chose."""

    id: str
    hash: str
    content: Json
    root_id: str
    previous_id: str | None
    values: Json = field(default_factory=dict)

    def to_slack(self) -> Json:
        """The view in Slack's payloads and answers."""
        blank: Json = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
        }
        own: Json = {
            "id": self.id,
            "hash": self.hash,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "state": {"values": self.values},
        }
        return deepcopy(blank | self.content | own)

    def to_json(self) -> Json:
        """The page's VIEW object."""
        view = self.to_slack()
        return {key: view[key] for key in ("id", "hash", "type", "title", "close", "submit", "blocks")}


PEOPLE: Mapping[str, Person] = MappingProxyType(
    {
        "U0ONCALL": Person("U0ONCALL", "Ada", "ada", "On call", "Asia/Shanghai", guest=False),
        "U0GUEST": Person("U0GUEST", "Grace", "grace", "Guest", "Europe/London", guest=True),
        "U0PARTNER": Person("U0PARTNER", "Mallory", "mallory", "Partner", "UTC", guest=False, team=OTHER_TEAM_ID),
    }
)
CONVERSATIONS: Mapping[str, Conversation] = MappingProxyType(
    {
        "C0SHIFT": Conversation("C0SHIFT", "shift-chat", "channel", frozenset({"U0ONCALL", "U0GUEST"})),
        "C0INCIDENT": Conversation("C0INCIDENT", "inc-2041", "channel", frozenset(PEOPLE)),
        "D0ADA": Conversation("D0ADA", "Ada's DM", "dm", frozenset({"U0ONCALL"})),
        "D0GRACE": Conversation("D0GRACE", "Grace's DM", "dm", frozenset({"U0GUEST"})),
        "D0MALLORY": Conversation("D0MALLORY", "Mallory's DM", "dm", frozenset({"U0PARTNER"})),
    }
)


def with_ids(blocks: Iterable[Json]) -> list[Json]:
    """A deep copy of blocks in which every block and every element has an id, as Slack assigns them."""
    copies = deepcopy(list(blocks))
    for block in copies:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            if element.get("type") not in {"image", "mrkdwn", "plain_text"}:
                element.setdefault("action_id", secrets.token_urlsafe(6))
    return copies


def elements_of(block: Json) -> list[Json]:
    """The interactive elements and images of a block."""
    if block["type"] == "actions":
        return list(block["elements"])
    return [block[key] for key in ("accessory", "element") if key in block]
