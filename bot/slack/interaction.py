"""One command or click: who, where, how to answer it, and the reference under which it is in the log."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.task.target_query import decode

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No character that is mistaken for another when read out on the phone."""


def new_reference() -> str:
    """Six letters and digits in two groups, ``K7QF-2M``: short enough to be read out, 729 million of them."""
    number, drawn = secrets.randbits(64), ""  # one question to the system instead of six
    for _ in range(6):
        number, place = divmod(number, len(_LETTERS))
        drawn += _LETTERS[place]
    return f"{drawn[:4]}-{drawn[4:]}"


@dataclass(slots=True)
class Admission:
    """What ``Access`` has decided about one interaction: once, however often it is asked."""

    is_decided: bool = False
    refusal: Exception | None = None
    waited_s: float = 0.0
    """How long Slack was asked about the person, in seconds."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """What Slack says about one command or click. Texts are empty where Slack sent none."""

    kind: str
    """For the log: "command", "refresh", "targets", "page", "find", "csv", "json", "names", "runs", "parameters"."""
    user: str
    channel: str
    team: str
    response_url: str
    trigger_id: str
    reference: str = field(default_factory=new_reference)
    admission: Admission = field(default_factory=Admission, compare=False)
    waited: list[bool] = field(default_factory=list, compare=False)
    """Holds something once the person has been told that COC is being waited for."""
    cloud_requests: list[str] = field(default_factory=list, compare=False)
    """The cloud's request ids of what was asked for it, for the audit."""

    @classmethod
    def of_command(cls, body: Mapping[str, Any]) -> "Interaction":
        """From a slash command's fields."""
        return cls(
            kind="command",
            user=_text(body, "user_id"),
            channel=_text(body, "channel_id"),
            team=_text(body, "team_id"),
            response_url=_text(body, "response_url"),
            trigger_id=_text(body, "trigger_id"),
        )

    @classmethod
    def of_click(cls, body: Mapping[str, Any], kind: str) -> "Interaction":
        """From a ``block_actions`` payload."""
        # In a modal Slack names no channel; ours remembers where the card stands, and sends files there.
        look = decode(_part(body, "view").get("private_metadata"))
        channel = look.channel if look else _text(_part(body, "channel"), "id")
        user = _part(body, "user")
        return cls(
            kind=kind,
            user=_text(user, "id"),
            channel=channel or _text(_part(body, "container"), "channel_id"),
            # In a channel that is shared with another workspace the person's own counts.
            team=_text(user, "team_id") or _text(_part(body, "team"), "id"),
            response_url=_text(body, "response_url"),
            trigger_id=_text(body, "trigger_id"),
        )


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(body: Mapping[str, Any], key: str) -> str:
    found = body.get(key)
    return found if isinstance(found, str) else ""
