"""One command or click: who sent it and where, how to answer it, and what has become of it so far."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.task.target_query import TargetQuery, decode_query

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
class Interaction:
    """What Slack says about one command or click, and its state while it is answered.

    Texts are empty where Slack sent none.
    """

    kind: str
    """For the log: "command", "refresh", "targets", "page", "find", "csv", "json", "names", "runs", "parameters"."""
    user: str
    channel: str
    team: str
    response_url: str
    trigger_id: str
    view: Mapping[str, Any] = field(default_factory=dict)
    """The modal in which somebody clicked."""
    query: TargetQuery | None = None
    """What that modal shows, by its metadata."""
    task_id: str | None = None
    """The task that the answer is about, once it is known."""
    reference: str = field(default_factory=new_reference)
    """The interaction's name in the log, in the audit and in every error that the person sees."""

    is_decided: bool = False
    """Whether ``Access`` has decided about it and counted it; ``refusal`` is its decision."""
    refusal: Exception | None = None
    slack_wait_s: float = 0.0
    """Seconds spent on asking Slack about the person."""
    has_waiting_note: bool = False
    """Whether the person has been told that the bot still waits for COC."""
    cloud_requests: list[str] = field(default_factory=list)
    """The cloud's request ids of the calls made for it, for the audit."""

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
        """From a ``block_actions`` or ``view_submission`` payload."""
        user, view = _part(body, "user"), _part(body, "view")
        # For a modal Slack names no channel; ours remembers where the card stands, and sends files there.
        query = decode_query(view.get("private_metadata"))
        channel = query.channel if query else _text(_part(body, "channel"), "id")
        return cls(
            kind=kind,
            user=_text(user, "id"),
            channel=channel or _text(_part(body, "container"), "channel_id"),
            # In a channel that is shared with another workspace the person's own counts.
            team=_text(user, "team_id") or _text(_part(body, "team"), "id"),
            response_url=_text(body, "response_url"),
            trigger_id=_text(body, "trigger_id"),
            view=view,
            query=query,
        )


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""
