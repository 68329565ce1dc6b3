"""What the soak's people do: one thing after the other, by lot, looking each time whether it was answered."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.slack.server import Interaction, LocalSlack, NotThereError

PLACES = {"U0ONCALL": "C0SHIFT", "U0GUEST": "C0SHIFT", "U0PARTNER": "C0INCIDENT"}
"""Who is where; the last is of another workspace, and the bot is no member there."""
ANSWER_S = 20.0
"""After so long without an answer it is lost: the bot promises 10 s, and Slack's own faults come on top."""
WINDOW_ACTIONS = (
    *("targets_next", "targets_previous", "targets_again", "targets_clear", "targets_csv", "targets_names"),
    *("runs_again", "parameters_again"),
)

Press = tuple[str, Callable[[], Awaitable[Interaction]]]


@dataclass
class Tally:
    """What has come of everything so far."""

    done: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    lost_acks: list[str] = field(default_factory=list)
    lost_answers: list[str] = field(default_factory=list)
    not_taken: int = 0
    acks_ms: list[float] = field(default_factory=list)
    memory_kb: list[tuple[float, int]] = field(default_factory=list)


class Audit:
    """The bot's audit file, read as it grows: how many entries there are of each person, and the last one."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8")
        self._rest = ""
        self.counts: Counter[str] = Counter()
        self.last: dict[str, dict[str, Any]] = {}

    def read(self) -> None:
        """Take in what is new."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            entry = json.loads(line)
            self.counts[entry.get("user", "")] += 1
            self.last[entry.get("user", "")] = entry

    def close(self) -> None:
        """Read no more."""
        self._file.close()


class Person:
    """Somebody who does one thing after the other, and looks each time whether it was answered."""

    def __init__(self, user: str, slack: LocalSlack, tasks: list[str], audit: Audit, tally: Tally) -> None:
        self._user = user
        self._slack = slack
        self._tasks = tasks
        self._audit = audit
        self._tally = tally
        self._drawn = random.Random(user)
        self._place = PLACES[user]
        self.sending = asyncio.Lock()
        """Held while a request is on its way to the bot."""

    async def act(self) -> None:
        """One thing, drawn by lot among what can be done now."""
        name, press = self._drawn.choice(self._choices())
        before = self._seen()
        self._audit.read()
        audited = self._audit.counts[self._user]
        try:
            async with self.sending:
                done = await press()
        except NotThereError:
            return  # closed or replaced a moment ago
        self._tally.done[name] += 1
        if not done.acked:
            self._tally.lost_acks.append(f"{name}: {done.error}")
            return
        self._tally.acks_ms.append(done.ack_ms or 0.0)
        await self._answered(name, done, before, audited)

    async def _answered(self, name: str, done: Interaction, before: object, audited: int) -> None:
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until:
            self._audit.read()
            if self._audit.counts[self._user] > audited:
                break
            await asyncio.sleep(0.005)
        else:
            self._tally.lost_answers.append(f"{name}: no line in the audit")
            return
        outcome = str(self._audit.last[self._user]["outcome"])
        self._tally.outcomes[outcome] += 1
        if "not told" in outcome:
            self._tally.not_taken += 1
        elif not self._used(done) and self._seen() == before and outcome != "gone":
            self._tally.lost_answers.append(f"{name}: nothing to be seen ({outcome})")

    def _used(self, done: Interaction) -> bool:
        """Whether something was posted to the address that came with it."""
        token = str(done.payload.get("response_url") or "").rpartition("/")[2]
        url = self._slack._workspace._response_urls.get(token)
        return url is not None and url.uses > 0

    def _seen(self) -> object:
        """What would change if something were shown: messages anywhere, the window, its files."""
        last = [messages[-1].ts for place in self._places() if (messages := self._slack.messages(place, self._user))]
        view = self._slack.view(self._user)
        return last, (view["id"], view["hash"]) if view else None

    def _places(self) -> list[str]:
        return list(self._slack._workspace.conversations)

    def _choices(self) -> list[Press]:
        slack, user, drawn = self._slack, self._user, self._drawn
        task = drawn.choice(self._tasks)
        view = slack.view(user)
        if view is not None:
            return self._in_window(view)
        texts = [task, task, f"private {task}", f"{task} host web-07", "help", "nonsense", error_id("400NOTFOUND")]
        text = drawn.choice(texts)
        choices: list[Press] = [("command", lambda: slack.command(user, self._place, text))]
        cards = [found for found in slack.messages(self._place, user) if '"refresh"' in json.dumps(found.blocks)]
        if cards:
            ts = drawn.choice(cards[-20:]).ts
            value = json.dumps(next(found.blocks for found in cards if found.ts == ts))
            task_id = value[value.index('"runs:') + 6 :][:26]
            choices += [
                ("refresh", lambda: slack.click(user, "refresh", message_ts=ts)),
                ("refresh", lambda: slack.click(user, "refresh", message_ts=ts)),
                ("targets", lambda: slack.click(user, "targets", message_ts=ts)),
                ("targets", lambda: slack.click(user, "targets", message_ts=ts)),
                ("runs", lambda: slack.click(user, "more", message_ts=ts, selected=f"runs:{task_id}")),
                ("parameters", lambda: slack.click(user, "more", message_ts=ts, selected=f"parameters:{task_id}")),
            ]
        return choices

    def _in_window(self, view: dict[str, Any]) -> list[Press]:
        """What the open window offers; one time in three it is closed instead."""
        slack, user, text = self._slack, self._user, json.dumps(view)
        offered = [action for action in WINDOW_ACTIONS if f'"{action}"' in text]
        if not offered or self._drawn.random() < 1 / 3:
            slack._interactions.close_view(user, view["id"])
            return self._choices()
        choices: list[Press] = [
            (action, lambda action=action: slack.click(user, action, view_id=view["id"]))  # type: ignore[misc]
            for action in offered
        ]
        field_of = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
        if field_of:
            typed = {field_of[0]: {"targets_find": {"type": "plain_text_input", "value": "web-0*"}}}
            choices.append(("find", lambda: slack.submit_view(user, view["id"], typed)))
        return choices
