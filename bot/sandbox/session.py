"""The sandbox as one thing: a local COC, a local Slack and, between them over real sockets, the bot itself."""

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlencode

from bot import settings
from bot.app import Bot
from bot.coc.credentials import CredentialSource, static_key
from bot.sandbox.coc.samples.parts import SampleTask
from bot.sandbox.coc.server import LocalCoc, Seen
from bot.sandbox.coc.switches import coc_switches
from bot.sandbox.scenes import Step
from bot.sandbox.slack.server import LocalSlack, SampleNote


class Sandbox:
    """Starts all three; ``url`` is the page. The bot is the same code that serves a real workspace.

    ``transport`` is how the local Slack reaches it. ``port`` is the page's; 0 takes any free one. ``given`` are
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
        self._calls: dict[int, Step] = {}
        self.coc.observe = self._saw
        self.bot: Bot | None = None
        self._transport = transport
        self._given = given or {}
        self._make_bot = make_bot

    @property
    def url(self) -> str:
        """The page's address."""
        return self.slack.url

    async def start(self) -> None:
        """Start COC, Slack and the bot. Raises OSError where the page's port is taken."""
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

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def environment(self) -> dict[str, str]:
        """What a separate bot process needs in its environment to use this sandbox."""
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

    def _saw(self, call: Seen) -> None:
        """Writes COC's side of the story; called when a call comes in and when it is over."""
        step = self._calls.pop(id(call), None)
        if step is None:
            headers = {name: value for name, value in call.headers.items() if name != "authorization"}
            path = f"{call.method} {call.path}" + ("?" + urlencode(call.query) if call.query else "")
            shown = {"request": path, "headers": headers}
            self._calls[id(call)] = self.slack.scenes.begin("coc", _in_words(call), shown)
            return
        outcome = str(call.status) if call.ended == "answered" else call.ended.replace("the client", "the bot")
        good = call.ended == "answered" and call.status == 200
        details = {"request id": call.request_id, "answer": call.excerpt.decode("utf-8", "replace")}
        self.slack.scenes.end(step, outcome, good=good, details=details if call.request_id else None)

    def _settings(self) -> settings.Settings:
        return settings.read({**self.environment(), **self._given})

    def _credentials(self) -> CredentialSource:
        return CredentialSource(
            static_key(ak=self.coc.access_key, sk=self.coc.secret_key, domain_id="sandbox-domain")
        )


def _in_words(call: Seen) -> str:
    """Which of the three calls it is."""
    end = call.path.removeprefix("/v1/schedule/task").strip("/")
    if end == call.path.strip("/"):
        return f"{call.method} {call.path}"
    return {"": "list: enabled, last run", "history": "history: recent runs"}.get(end, f"task {end}")
