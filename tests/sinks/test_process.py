"""The bot as a process of its own: what it writes, sends and serves where COC and Slack send secrets."""

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
import pytest

from bot.coc.wire import Task
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.sinks.planted import SECRETS, full, parameters, targets
from tests.test_run import ADA, NIGHTLY, SHIFT, environment, running

pytestmark = pytest.mark.slow

PLANTED = [pytest.param(text, part, id=part) for text, part in SECRETS.items()][:2]


def refuse(coc: LocalCoc, text: str, status: int, kind: str = "any") -> None:
    """From now on COC refuses with the text in its words and ids."""
    body = {"error_code": "COC.00014002", "error_msg": text, "request_id": text}
    coc.fail(kind, status=status, body=body, headers={"X-Request-Id": text})  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "part"), PLANTED)
async def test_no_output_of_a_running_bot_holds_a_secret_of_others(tmp_path: Path, text: str, part: str) -> None:
    """Log at debug level, audit, metrics, and whatever Slack was sent: for refusals of COC's and of Slack's, and for
    a card whose task has the secret in its fields."""
    audit = tmp_path / "audit.jsonl"
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, SCHEDTASK_LOG_LEVEL="debug", SCHEDTASK_AUDIT_FILE=str(audit))
        async with running(given, cwd=tmp_path) as bot:
            port = (await bot.event("ready"))["port"]
            fields = dict.fromkeys(("name", "created_user_name", "agency_name", "version_no", "risk_level"), text)
            coc.change(NIGHTLY, **fields)
            await slack.command(ADA, SHIFT, NIGHTLY)
            await bot.event("answered", 30)
            refuse(coc, text, 500, "list")
            slack.refuse("response_url", text, times=1)
            await slack.command(ADA, SHIFT, NIGHTLY)
            await bot.event("reply_refused", 30)
            for status in (400, 403, 500):
                coc.clear_faults()
                refuse(coc, text, status)
                await slack.command(ADA, SHIFT, NIGHTLY)
                failed = await bot.event("coc_failed", 30)
                assert failed["request_id"] in {"unusable id", "[hidden]"}
                assert "[hidden]" in str(failed["error"])
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/metrics") as answer,
            ):
                metrics = await answer.text()
            bot.child.send_signal(signal.SIGTERM)
            assert await bot.ended() == 0
        sent = json.dumps([call.request for call in slack.calls], ensure_ascii=False)
        written = {"log": bot.raw, "audit": audit.read_text("utf-8"), "metrics": metrics, "Slack": sent}
        assert [name for name, said in written.items() if part in said.lower()] == []
        assert len(written["audit"].splitlines()) == 5


@pytest.mark.parametrize(("text", "part"), PLANTED)
async def test_show_and_doctor_print_no_secret_of_others(tmp_path: Path, text: str, part: str) -> None:
    """The card, the decoded data and errors in a terminal; what the doctor says of Slack and COC."""
    detail = {key: item for key, item in full(Task, text).items() if key in Task.model_fields}
    detail |= {"id": NIGHTLY, "target_instances": json.dumps(targets(text))}
    detail |= {"input_param": json.dumps(parameters(text))}
    more = ("--targets", "--parameters", "--runs")
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, COLUMNS="1000")

        async def printed(*arguments: str) -> str:
            async with running(given, *arguments, cwd=tmp_path) as bot, asyncio.timeout(60):
                out, err = await bot.child.communicate()
            return f"{arguments}:\n{out.decode()}{err.decode()}"

        del detail["enterprise_project_id"]  # the sandbox's list call wants it right
        coc.change(NIGHTLY, **detail)
        said = [await printed("show", NIGHTLY, *more), await printed("show", "--json", NIGHTLY)]
        coc.clear_faults()
        refuse(coc, text, 401)
        slack.refuse("auth.test", text)
        said += [await printed("show", NIGHTLY), await printed("doctor")]
        assert "COC said:" in said[2]
        assert "was refused (" in said[3]
        assert "[hidden]" in said[0]
        assert [text.partition("\n")[0] for text in said if part in text.lower()] == []
