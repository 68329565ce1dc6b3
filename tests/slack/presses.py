"""What people do in the sandbox, and what they then see: for the tests of buttons and modals."""

import json
from typing import Any

import aiohttp

from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Message

ADA, GRACE = "U0ONCALL", "U0GUEST"
SHIFT, INCIDENT = "C0SHIFT", "C0INCIDENT"
NIGHTLY = "ST2601050930000000000002B2"


async def post(box: Sandbox, text: str, channel: str = SHIFT, user: str = ADA) -> Message:
    """A card that stands in the channel."""
    before = len(box.slack.messages(channel, user))

    def is_answered() -> bool:
        messages = box.slack.messages(channel, user)
        return len(messages) > before and "Still waiting" not in messages[-1].text

    await box.slack.command(user, channel, text)
    await box.slack.settled(is_answered)
    return box.slack.messages(channel, user)[-1]


def now(box: Sandbox, card: Message, user: str = ADA) -> str:
    """What the card says now, whole."""
    found = next(m for m in box.slack.messages(card.channel, user) if m.ts == card.ts)
    return json.dumps([found.text, found.blocks], ensure_ascii=False)


def view_text(box: Sandbox, user: str = ADA) -> str:
    """What the person's modal says now, whole; empty without one."""
    view = box.slack.view(user)
    return json.dumps(view["blocks"], ensure_ascii=False) if view else ""


async def filled(box: Sandbox, user: str = ADA) -> dict[str, Any]:
    """The modal once it shows more than that COC is being asked."""
    await box.slack.settled(lambda: view_text(box, user) and "Asking COC" not in view_text(box, user), timeout=10)
    view = box.slack.view(user)
    assert view is not None
    return view


async def turned(box: Sandbox, page: str) -> None:
    """Waits until the modal shows something else than this page."""
    await box.slack.settled(lambda: view_text(box) != page)


async def chat(box: Sandbox, method: str, **arguments: Any) -> dict[str, Any]:
    """Calls the local Slack's Web API with the bot's token, as another version of the bot would have."""
    headers = {"Authorization": f"Bearer {box.slack.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{box.slack.api_url}{method}", json=arguments) as answer,
    ):
        found: dict[str, Any] = await answer.json()
    assert found["ok"], found
    return found
