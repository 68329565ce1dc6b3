"""Labels of metrics and outcomes in the audit come from closed sets, whatever Slack answers."""

import json
import re
from pathlib import Path

import aiohttp

from bot.sandbox.session import Sandbox
from tests.slack.presses import ADA, NIGHTLY, SHIFT


async def test_unknown_error_codes_make_one_label_and_one_outcome(tmp_path: Path) -> None:
    """Eight refusals with eight unknown error codes make one time series and one outcome in the audit."""
    audit = tmp_path / "audit.jsonl"
    async with Sandbox(given={"SCHEDTASK_AUDIT_FILE": str(audit)}) as box:
        assert box.bot is not None
        for number in range(8):
            wanted = len(box.slack.messages(SHIFT, ADA)) + 1
            box.slack.refuse("response_url", f"request_{number}_lost")
            await box.slack.command(ADA, SHIFT, NIGHTLY)
            await box.slack.settled(lambda count=wanted: len(box.slack.messages(SHIFT, ADA)) >= count)  # type: ignore[misc]
        url = f"http://127.0.0.1:{box.bot.port}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            text = await answer.text()
    interactions = re.findall(r'schedtask_interaction_seconds_count{kind="command",outcome="([^"]*)"}', text)
    calls = re.findall(r'schedtask_slack_call_seconds_count{method="response_url",outcome="([^"]*)"}', text)
    assert interactions == ["slack: other"]
    assert set(calls) == {"ok", "other"}
    outcomes = [json.loads(line)["outcome"] for line in audit.read_text("utf-8").splitlines()]
    assert outcomes == ["slack: other"] * 8
