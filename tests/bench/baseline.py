"""The script that one would write instead of the bot: ``python -m tests.bench.baseline``, as the manuals have it.

Bolt's ordinary app with its default threads, Socket Mode with its defaults, the vendor's own client, one call, a
simple card. Told where Slack and COC are by the bot's variables.
"""

import os
import threading
from typing import Any

from huaweicloudsdkcoc.v1 import CocClient, ShowScheduledTaskRequest
from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

coc = (
    CocClient.new_builder()
    .with_credentials(
        GlobalCredentials(
            os.environ["HUAWEICLOUD_SDK_AK"],
            os.environ["HUAWEICLOUD_SDK_SK"],
            os.environ["HUAWEICLOUD_SDK_DOMAIN_ID"],
        )
    )
    .with_endpoint(os.environ["COC_ENDPOINT"])
    .build()
)
app = App(client=WebClient(token=os.environ.pop("SLACK_BOT_TOKEN"), base_url=os.environ["SLACK_API_URL"]))


def card(task: Any) -> list[dict[str, Any]]:
    """Name, kind, risk, approval, trigger."""
    facts = {
        "Task": task.id,
        "Executes": f"{task.task_type} {task.associated_task_name}",
        "Risk": task.risk_level,
        "Approval": task.approve_status,
        "Schedule": task.trigger_time,
        "Created by": task.created_user_name,
    }
    fields = [{"type": "mrkdwn", "text": f"*{name}*\n{value}"[:2000]} for name, value in facts.items()]
    return [
        {"type": "header", "text": {"type": "plain_text", "text": task.name[:150]}},
        {"type": "section", "fields": fields},
    ]


@app.command("/schedtask")
def command(ack: Ack, respond: Respond, command: dict[str, Any]) -> None:
    """Acknowledge, ask, answer."""
    ack()
    task = coc.show_scheduled_task(ShowScheduledTaskRequest(command["text"].strip()))
    respond(blocks=card(task), text=task.name, response_type="in_channel")


if __name__ == "__main__":
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).connect()
    threading.Event().wait()
