"""The sandbox: a local COC, a local Slack and, between them over real sockets, the bot."""

import os
import time
from collections.abc import Callable
from typing import Literal, Self
from urllib.parse import urlencode

from bot import settings
from bot.app import Bot
from bot.coc.credentials import CredentialSource, static_key
from bot.sandbox.coc.samples.parts import SampleTask
from bot.sandbox.coc.server import LocalCoc, RecordedRequest
from bot.sandbox.coc.switches import coc_switches
from bot.sandbox.scenes import SceneStep
from bot.sandbox.slack.server import LocalSlack, SampleNote


class Sandbox:
    """Starts all three; ``url`` is the page. The bot is the code that serves real workspaces.

    ``transport`` is how the local Slack reaches the bot. ``port`` is the page's; 0 takes any free one. ``given`` are
    further settings, by the names of their environment variables. ``clock`` is the local Slack's, in Unix seconds.
    ``tasks`` are COC's instead of the samples. ``make_bot`` gets the settings and the credentials.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        transport: Literal["socket", "http"] = "socket",
        given: dict[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        tasks: dict[str, SampleTask] | None = None,
        make_bot: Callable[..., Bot] = Bot,
    ) -> None:
        self.coc = LocalCoc(tasks=tasks)
        notes = tuple(SampleNote(task.id, task.name, task.note) for task in self.coc.tasks.values())
        self.slack = LocalSlack(port=port, clock=clock, tasks=notes, switches=coc_switches(self.coc))
        self._calls: dict[int, SceneStep] = {}
        self.coc.observe = self._add_step
        self.bot: Bot | None = None
        self._transport = transport
        self._given = given or {}
        self._make_bot = make_bot

    @property
    def url(self) -> str:
        """The page's address."""
        return self.slack.url

    async def start(self) -> None:
        """Start COC, Slack and the bot. Raises OSError if the page's port is taken."""
        try:
            await self.coc.start()
            await self.slack.start()
            self.bot = self._make_bot(self._settings(), credentials=self._credentials())
            await self.bot.start()
            if self._transport == "http":
                self.slack.events_url = f"http://127.0.0.1:{self.bot.port}/slack/events"
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the bot first, so that it can finish its answers."""
        bot, self.bot = self.bot, None
        if bot is not None:
            await bot.stop()
        await self.slack.stop()
        await self.coc.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def environment(self) -> dict[str, str]:
        """The environment in which a separate bot process uses this sandbox."""
        secret = (
            {"SLACK_APP_TOKEN": self.slack.app_token}
            if self._transport == "socket"
            else {"SLACK_SIGNING_SECRET": self.slack.signing_secret}
        )
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_API_URL": self.slack.api_url,
            "COC_ENDPOINT": self.coc.url,
            "SCHEDTASK_HOST": "127.0.0.1",
            "SCHEDTASK_PORT": "0",
            "SCHEDTASK_AUDIT_FILE": os.devnull,
            **secret,
        }

    def _add_step(self, call: RecordedRequest) -> None:
        """Add a call of COC to the steps; called when the call arrives and when it has its outcome."""
        step = self._calls.pop(id(call), None)
        if step is None:
            headers = {name: value for name, value in call.headers.items() if name != "authorization"}
            path = f"{call.method} {call.path}" + ("?" + urlencode(call.query) if call.query else "")
            details = {"request": path, "headers": headers}
            self._calls[id(call)] = self.slack.scenes.begin("coc", _describe(call), details)
            return
        outcome = str(call.status) if call.outcome == "answered" else call.outcome.replace("the client", "the bot")
        good = call.outcome == "answered" and call.status == 200
        details = {"request id": call.request_id, "answer": call.excerpt.decode("utf-8", "replace")}
        self.slack.scenes.end(step, outcome, good=good, details=details if call.request_id else None)

    def _settings(self) -> settings.Settings:
        return settings.read({**self.environment(), **self._given})

    def _credentials(self) -> CredentialSource:
        return CredentialSource(
            static_key(ak=self.coc.access_key, sk=self.coc.secret_key, domain_id="sandbox-domain")
        )


def _describe(call: RecordedRequest) -> str:
    """The call in a few words."""
    end = call.path.removeprefix("/v1/schedule/task").strip("/")
    if end == call.path.strip("/"):
        return f"{call.method} {call.path}"
    return {"": "list: enabled, last run", "history": "history: recent runs"}.get(end, f"task {end}")
