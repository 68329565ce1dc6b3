"""What people do in the sandbox and what they see then, for the tests of buttons and modals."""

import json
from typing import Any

import aiohttp

from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Message

ADA, GRACE = "U0ONCALL", "U0GUEST"
SHIFT, INCIDENT = "C0SHIFT", "C0INCIDENT"
NIGHTLY = "ST2601050930000000000002B2"


async def post(box: Sandbox, text: str, channel: str = SHIFT, user: str = ADA) -> Message:
    """Post a card in the channel; on a busy machine a waiting note may precede it."""
    before = [message.ts for message in box.slack.messages(channel, user)]
    await box.slack.command(user, channel, text)

    def new() -> list[Message]:
        messages = box.slack.messages(channel, user)
        return [m for m in messages if m.ts not in before and "Still waiting" not in m.text]

    return (await box.slack.settled(new, timeout=10))[-1]


def now(box: Sandbox, card: Message, user: str = ADA) -> str:
    """The card's whole text now."""
    message = next(m for m in box.slack.messages(card.channel, user) if m.ts == card.ts)
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def view_text(box: Sandbox, user: str = ADA) -> str:
    """The whole text of the person's modal now; empty without a modal."""
    view = box.slack.view(user)
    return json.dumps(view["blocks"], ensure_ascii=False) if view else ""


def is_loading(box: Sandbox, user: str = ADA) -> bool:
    """Whether the person's modal is a loading view."""
    return any(words in view_text(box, user) for words in ("Asking COC", "Sending the file"))


async def filled(box: Sandbox, user: str = ADA) -> dict[str, Any]:
    """The modal, once it shows more than the loading view."""
    await box.slack.settled(lambda: view_text(box, user) and not is_loading(box, user), timeout=10)
    view = box.slack.view(user)
    assert view is not None
    return view


async def view_changed(box: Sandbox, page: str) -> None:
    """Wait until the modal shows something else than this page or a loading view."""
    await box.slack.settled(lambda: view_text(box) != page and not is_loading(box), timeout=10)


async def chat(box: Sandbox, method: str, **arguments: Any) -> dict[str, Any]:
    """Call the local Slack's Web API with the bot's token, as another version of the bot would."""
    headers = {"Authorization": f"Bearer {box.slack.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{box.slack.api_url}{method}", json=arguments) as answer,
    ):
        fields: dict[str, Any] = await answer.json()
    assert fields["ok"], fields
    return fields
