"""Every documented error of COC, behind each button, ends in an answer for the person who pressed."""

import json

import aiohttp
import pytest

from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.session import Sandbox

GRACE, ADA, SHIFT = "U0GUEST", "U0ONCALL", "C0SHIFT"

ROWS = {
    "400NOTFOUND": "COC knows no scheduled task",
    "400FOREIGN": "belongs to another cloud account",
    "400INVALID": "did not accept the request",
    "401SIGNATURE": "refused the bot's credentials",
    "401TOKEN": "temporary cloud credentials have expired",
    "403POLICY": "may not read this task",
    "403GATEWAY": "may not read this task",
    "404PATH": "does not reach COC at its configured address",
    "429THROTTLED": "throttling the bot",
    "494HEADERS": "COC failed to answer",
    "500INTERNAL": "COC failed to answer",
    "502HTML": "COC failed to answer",
    "503BUSY": "COC failed to answer",
    "504TIMEOUT": "COC failed to answer",
    "200ENVELOPE": "answer can't be read",
    "200HTML": "answer can't be read",
    "200LIST": "answer can't be read",
    "200EMPTY": "answer can't be read",
    "200TRUNCATED": "answer can't be read",
    "200OTHERID": "another task than the one asked for",
    "302REDIRECT": "does not reach COC at its configured address",
    "RESET": "can't reach COC",
}


async def card_of(box: Sandbox, task_id: str) -> str:
    """The ``ts`` of a card whose buttons ask for this task; it was posted while the task could still be read."""
    buttons = [
        {"type": "button", "action_id": name, "text": {"type": "plain_text", "text": name}, "value": task_id}
        for name in ("refresh", "targets")
    ]
    facts = {"type": "section", "text": {"type": "mrkdwn", "text": "the facts of an hour ago"}}
    body = {"channel": SHIFT, "text": "card", "blocks": [facts, {"type": "actions", "elements": buttons}]}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {box.slack.bot_token}"}) as session,
        session.post(f"{box.slack.api_url}chat.postMessage", json=body) as answer,
    ):
        return str((await answer.json())["ts"])


@pytest.mark.slow
@pytest.mark.parametrize("label", ROWS)
async def test_each_error_behind_each_button_is_answered(box: Sandbox, label: str) -> None:
    """Refresh marks the old facts and shows the person the error; Targets shows it in the modal."""
    task_id = error_id(label)
    ts = await card_of(box, task_id)
    assert (await box.slack.click(GRACE, "refresh", message_ts=ts)).acked
    await box.slack.settled(lambda: len(box.slack.messages(SHIFT, GRACE)) == 2, timeout=10)
    problem = box.slack.messages(SHIFT, GRACE)[1]
    assert problem.ephemeral_to == GRACE
    assert ROWS[label] in problem.text
    (card,) = box.slack.messages(SHIFT, ADA)
    said = json.dumps(card.blocks)
    assert "the facts of an hour ago" in said
    assert "*Not refreshed*" in said

    assert (await box.slack.click(GRACE, "targets", message_ts=ts)).acked
    await box.slack.settled(lambda: ROWS[label] in json.dumps(box.slack.view(GRACE)), timeout=10)
    assert "reference `" in json.dumps(box.slack.view(GRACE))
