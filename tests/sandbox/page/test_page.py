"""The page in a real browser, with the local Slack; a stub of an app answers over HTTP."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.sandbox.slack.server import LocalSlack, SampleNote
from tests.sandbox.page.windows import ADA, DESKTOP, GRACE, PHONE, Windows

pytestmark = pytest.mark.browser

Json = dict[str, Any]
RECORDED = Path(__file__).parent / "recorded"
SHIFT = "C0SHIFT"
TASK = SampleNote("ST2601050930000000000002B2", "nightly-logrotate", "42 machines in three batches")
NOW = "2026-05-09T22:00:00Z"
"""The page's clock: 10 May 6:00 in Shanghai, still 9 May 23:00 in London."""


def recorded(name: str) -> Json:
    """A recorded message or view."""
    loaded: Json = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    return loaded


class StubApp:
    """An app behind Slack's HTTP requests: records what it gets, and answers 200."""

    def __init__(self) -> None:
        self.commands: list[Json] = []
        self.actions: list[Json] = []
        self.submissions: list[Json] = []
        self.submission_answer: Json | None = None
        self.status = 200

    async def handle(self, request: web.Request) -> web.Response:
        """Slack's request URL, for commands and interactions."""
        form = await request.post()
        if "payload" not in form:
            self.commands.append(dict(form))
            return web.Response(status=self.status)
        payload = json.loads(str(form["payload"]))
        if payload["type"] == "view_submission":
            self.submissions.append(payload["view"]["state"]["values"])
            if self.submission_answer is not None:
                return web.json_response(self.submission_answer)
        else:
            self.actions.append(payload["actions"][0] | {"trigger_id": payload["trigger_id"]})
        return web.Response(status=self.status)


class Stage:
    """A local Slack with its stub app, and people's browser windows."""

    def __init__(self, slack: LocalSlack, app: StubApp, session: aiohttp.ClientSession, browser: Browser) -> None:
        self.slack, self.app, self._session = slack, app, session
        self.windows = Windows(browser, slack.url)

    async def api(self, method: str, **body: Any) -> Json:
        """Call the Web API as the bot does; asserts that the answer is ok."""
        headers = {"Authorization": f"Bearer {self.slack.bot_token}"}
        async with self._session.post(f"{self.slack.api_url}{method}", json=body, headers=headers) as answer:
            result: Json = await answer.json()
        assert result["ok"], result
        return result

    async def post(self, *blocks: Json, text: str = "a message") -> str:
        """Post blocks into the shift chat; returns the message's ts."""
        result = await self.api("chat.postMessage", channel=SHIFT, text=text, blocks=list(blocks))
        return str(result["ts"])

    async def post_card(self) -> str:
        """Post the sample card."""
        card = recorded("card")
        return await self.post(*card["blocks"], text=card["text"])

    async def window(self, user: str = ADA, size: tuple[int, int] = DESKTOP) -> Page:
        """A browser window of this person, at the time NOW."""
        return await self.windows.open(user, size, now=NOW)

    async def pressed(self, action_id: str) -> Json:
        """The action that the app gets for a press of this element, once it arrives."""
        return await self.slack.settled(
            lambda: next((action for action in self.app.actions if action["action_id"] == action_id), None) or {}
        )

    async def open_targets(self, page: Page, view: Json | None = None) -> str:
        """Press `Show targets` on the card and open the view, as the bot does. Returns the view's id."""
        await page.get_by_role("button", name="Show targets").click()
        trigger_id = (await self.pressed("targets"))["trigger_id"]
        result = await self.api("views.open", trigger_id=trigger_id, view=view or recorded("targets"))
        await expect(page.get_by_role("dialog")).to_be_visible()
        return str(result["view"]["id"])


@pytest.fixture
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    """Everything set up. At the end, the browser must not have complained, e.g. about a violation of the CSP."""
    app = StubApp()
    listener = web.Application()
    listener.router.add_post("/slack/events", app.handle)
    runner = web.AppRunner(listener)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    async with LocalSlack(tasks=(TASK,), events_url=url) as slack, aiohttp.ClientSession() as session:
        stage = Stage(slack, app, session, browser)
        yield stage
        await stage.windows.close()
    await runner.cleanup()
    assert stage.windows.complaints == []


async def test_a_sample_task_is_one_click_and_enter_away(stage: Stage) -> None:
    """A click on a sample task enters its command, Enter sends it, and only that person sees the line about it."""
    page, other = await stage.window(ADA), await stage.window(GRACE)
    await page.get_by_role("button", name=TASK.name).click()
    line = page.get_by_label("Message or command")
    await expect(line).to_have_value(f"/schedtask {TASK.id}")
    await line.press("Enter")
    await expect(page.get_by_text(f"Ada used /schedtask {TASK.id}")).to_be_visible()
    await expect(line).to_have_value("")
    command = await stage.slack.settled(lambda: stage.app.commands)
    assert (command[0]["text"], command[0]["user_id"]) == (TASK.id, ADA)
    await stage.post_card()
    await expect(other.get_by_role("heading", name=TASK.name)).to_be_visible()
    await expect(other.get_by_text("Ada used")).to_have_count(0)


async def test_a_slash_opens_suggestions_and_an_unknown_command_is_refused(stage: Stage) -> None:
    """`/s` suggests the command, Tab accepts it, a name finds its task; `/nonsense` is refused without being sent."""
    page = await stage.window()
    line = page.get_by_label("Message or command")
    await line.press_sequentially("/s")
    await expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    await line.press("Tab")
    await line.press_sequentially("logrot")
    await line.press("Tab")
    await expect(line).to_have_value(f"/schedtask {TASK.id}")
    await line.fill("/nonsense")
    await line.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("/nonsense is not a command here")
    await line.fill("good morning <b>all</b>")
    await line.press("Enter")
    await expect(page.get_by_text("good morning <b>all</b>")).to_be_visible()
    assert stage.app.commands == []


async def test_each_person_sees_dates_in_their_time_zone(stage: Stage) -> None:
    """The same date token is 5:30 PM today in Shanghai and 10:30 AM tomorrow in London."""
    await stage.post_card()
    verdicts = {}
    for user in (ADA, GRACE):
        page = await stage.window(user)
        verdicts[user] = await page.locator(".block-section").first.inner_text()
    assert "Runs next Today at 5:30 PM (in 14 h)" in verdicts[ADA]
    assert "Runs next Tomorrow at 10:30 AM (in 14 h)" in verdicts[GRACE]


async def test_an_ephemeral_message_is_marked_and_for_one_person(stage: Stage) -> None:
    """Only the addressee sees it, marked `Only visible to you`, even after a reload."""
    ada, grace = await stage.window(ADA), await stage.window(GRACE)
    await stage.api("chat.postEphemeral", channel=SHIFT, user=GRACE, text="just for Grace")
    await expect(grace.locator(".message-ephemeral")).to_contain_text("Only visible to you")
    await stage.api("chat.postMessage", channel=SHIFT, text="for all")
    await expect(ada.get_by_text("for all", exact=True)).to_be_visible()
    await expect(ada.get_by_text("just for Grace")).to_have_count(0)
    await grace.reload()
    await expect(grace.locator(".message-ephemeral")).to_contain_text("just for Grace")


async def test_two_windows_show_the_same_and_a_pressed_button_is_busy_until_the_answer(stage: Stage) -> None:
    """`Refresh` in one window is busy until the message changes; then both windows show the change in place."""
    ts = await stage.post_card()
    ada, grace = await stage.window(ADA), await stage.window(GRACE)
    refresh = ada.get_by_role("button", name="Refresh")
    await refresh.click()
    await expect(refresh).to_have_attribute("aria-busy", "true")
    action = await stage.pressed("refresh")
    assert action["value"] == TASK.id
    card = recorded("card")
    card["blocks"][0]["text"]["text"] = "renamed-logrotate"
    await stage.api("chat.update", channel=SHIFT, ts=ts, text="renamed", blocks=card["blocks"])
    for page in (ada, grace):
        await expect(page.get_by_role("heading", name="renamed-logrotate")).to_be_visible()
        await expect(page.locator(".message-main")).to_have_count(1)
    await expect(refresh).not_to_have_attribute("aria-busy", "true")
    await expect(refresh).to_be_focused()


async def test_a_modal_opens_keeps_the_focus_and_closes_with_escape(stage: Stage) -> None:
    """Tab stays inside; Esc closes it for Slack, too, and the focus returns to the button."""
    await stage.post_card()
    page = await stage.window()
    loading: Json = {"type": "modal", "title": {"type": "plain_text", "text": "Targets"}}
    loading["blocks"] = [{"type": "section", "text": {"type": "plain_text", "text": "Loading…"}}]
    view_id = await stage.open_targets(page, loading)
    await expect(page.get_by_role("dialog", name="Targets")).to_contain_text("Loading…")
    await stage.api("views.update", view_id=view_id, view=recorded("targets"))
    dialog = page.get_by_role("dialog", name="Targets")
    await expect(dialog).to_contain_text("web-01")
    for _ in range(14):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert stage.slack.view(ADA) is None
    await expect(page.get_by_role("button", name="Show targets")).to_be_focused()


async def test_input_and_choices_in_a_modal_reach_the_app(stage: Stage) -> None:
    """A select and Enter in the search box send actions; the input survives an update; Find submits it."""
    await stage.post_card()
    page = await stage.window()
    view_id = await stage.open_targets(page)
    await page.get_by_label("State").select_option("Offline (2)")
    assert (await stage.pressed("state"))["selected_option"]["value"] == "OFFLINE"
    box = page.get_by_label("Find a machine")
    await box.fill("web-*")
    await box.press("Enter")
    assert (await stage.pressed("find"))["value"] == "web-*"
    view = recorded("targets")
    del view["blocks"][7:9]
    await stage.api("views.update", view_id=view_id, view=view)
    await expect(page.get_by_text("db-01")).to_have_count(0)
    await expect(box).to_have_value("web-*")
    await page.get_by_role("button", name="Find").click()
    values = await stage.slack.settled(lambda: stage.app.submissions)
    assert values[0]["search"]["find"]["value"] == "web-*"
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_an_error_of_the_app_appears_beside_its_field(stage: Stage) -> None:
    """`response_action: errors` keeps the modal open, marks the field and focuses it."""
    await stage.post_card()
    page = await stage.window()
    await stage.open_targets(page)
    box = page.get_by_label("Find a machine")
    await box.fill("[")
    stage.app.submission_answer = {"response_action": "errors", "errors": {"search": "No such pattern: ["}}
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_role("dialog").get_by_text("No such pattern: [")).to_be_visible()
    await expect(box).to_have_attribute("aria-invalid", "true")
    await expect(box).to_be_focused()
    assert stage.slack.view(ADA) is not None


async def test_menus_work_by_keyboard_and_confirmations_can_be_declined(stage: Stage) -> None:
    """In the overflow menu, `Keep it` sends nothing and `Forget it` sends the action."""
    await stage.post_card()
    page = await stage.window()
    more = page.get_by_role("button", name="More actions")
    for _ in range(2):
        await more.click()
        await expect(page.get_by_role("menu")).to_be_visible()
        await more.click()
        await expect(page.get_by_role("menu")).to_be_hidden()
    await more.click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_be_hidden()
    await more.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    assert (await stage.pressed("more"))["selected_option"]["value"] == "runs"
    forget = page.get_by_role("button", name="Forget", exact=True)
    await forget.click()
    await page.get_by_role("button", name="Keep it").click()
    await forget.click()
    await page.get_by_role("button", name="Forget it").click()
    await stage.pressed("forget")
    assert [action["action_id"] for action in stage.app.actions] == ["more", "forget"]


async def test_a_failing_app_is_shown_in_a_toast(stage: Stage) -> None:
    """The toast has Slack's error, and the button is usable."""
    await stage.post_card()
    page = await stage.window()
    stage.app.status = 500
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_role("alert")).to_contain_text("trouble")
    await expect(page.get_by_role("button", name="Refresh")).not_to_have_attribute("aria-busy", "true")


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 640)])
async def test_nothing_makes_the_page_scroll_sideways(stage: Stage, size: tuple[int, int]) -> None:
    """Card and modal are not wider than the window, even with endless words."""
    long = "x" * 300
    section = {"type": "section", "text": {"type": "mrkdwn", "text": f"{long} `{long}` *{long}*\n```{long}```"}}
    header = {"type": "header", "text": {"type": "plain_text", "text": long[:150]}}
    button = {"type": "button", "action_id": "long", "text": {"type": "plain_text", "text": long[:75]}}
    await stage.post(header, section, {"type": "actions", "elements": [button]})
    await stage.post_card()
    page = await stage.window(size=size)
    wider = "node => node.scrollWidth - node.clientWidth"
    assert await page.evaluate(f"({wider})(document.scrollingElement)") <= 0
    assert await page.locator("#messages").evaluate(wider) <= 0
    fields = await page.locator(".section-field").evaluate_all("all => all.map(node => node.offsetLeft)")
    assert len(set(fields)) == (2 if size == DESKTOP else 1)
    view = recorded("targets")
    view["blocks"].insert(0, section)
    await stage.open_targets(page, view)
    assert await page.locator(".modal-body").evaluate(wider) <= 0
    box = await page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]


async def test_on_a_phone_the_rail_is_a_drawer(stage: Stage) -> None:
    """A closed drawer is out of reach; an open one has the tasks, and a choice closes it."""
    page = await stage.window(size=PHONE)
    task = page.get_by_role("button", name=TASK.name)
    await expect(task).to_be_hidden()
    await page.get_by_role("button", name="Channels, sample tasks and people").click()
    await task.click()
    await expect(task).to_be_hidden()
    await expect(page.get_by_label("Message or command")).to_have_value(f"/schedtask {TASK.id}")


async def test_the_page_reconnects_to_the_sandbox(stage: Stage) -> None:
    """The page says that the stream is lost; after the reconnection, it shows what it missed."""
    page = await stage.window()
    await page.context.set_offline(True)
    await stage.slack.stop()
    await expect(page.locator("#connection")).to_contain_text("out of reach")
    stage.windows.complaints.clear()  # the browser's own words about the lost connection
    await stage.slack.start()
    await stage.post_card()
    await page.context.set_offline(False)
    await expect(page.get_by_role("heading", name="nightly-logrotate")).to_be_visible(timeout=15_000)
    await expect(page.locator("#connection")).to_contain_text("Bot connected")
    stage.windows.complaints = [text for text in stage.windows.complaints if "ERR_" not in text]
