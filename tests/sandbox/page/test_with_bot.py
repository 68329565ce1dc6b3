"""What a person sees in the sandbox: the page in a real browser, the real bot behind it, a local COC behind that."""

import re
from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, expect

from bot.sandbox.session import Sandbox
from tests.sandbox.page.windows import ADA, GRACE, PHONE, Windows

pytestmark = pytest.mark.browser

NIGHTLY, WAITING = "ST2601050930000000000002B2", "ST2601050930000000000005E5"
HUGE, HOSTILE = "ST2601050930000000000014P1", "ST2601050930000000000015Q1"
FORBIDDEN = "STERR403GATEWAY00000000000"


@pytest.fixture
async def windows(box: Sandbox, browser: Browser) -> AsyncIterator[Windows]:
    """Opens windows of the sandbox; at the end, no browser may have complained."""
    windows = Windows(browser, box.url)
    yield windows
    await windows.close()
    assert windows.complaints == []


async def say(page: Page, line: str) -> None:
    """Type a line and send it."""
    box = page.get_by_label("Message or command")
    await box.fill(line)
    await box.press("Enter")


async def card(page: Page, task_id: str) -> Locator:
    """The latest card of a task, once it is posted."""
    card = page.locator("#message-list .message:has([data-action=refresh])").filter(has_text=task_id).last
    await card.wait_for()
    return card


async def turn(page: Page, label: str, choice: str) -> None:
    """Set a switch behind the scenes, and wait for the sandbox's confirmation."""
    box = page.get_by_role("combobox", name=label, exact=True)
    if not await box.is_visible():
        await page.get_by_role("button", name="Behind the scenes").click()
    await box.select_option(choice)
    await expect(page.locator("#trouble")).to_contain_text(choice)


async def test_a_command_becomes_a_card_that_says_whether_the_task_will_run(windows: Windows) -> None:
    """After a click on the sample and Enter, everyone in the channel sees name, verdict and buttons."""
    ada, grace = await windows.open(ADA), await windows.open(GRACE)
    await ada.get_by_role("button", name="nightly-logrotate").click()
    await ada.get_by_label("Message or command").press("Enter")
    for page in (ada, grace):
        shown = await card(page, NIGHTLY)
        await expect(shown.get_by_role("heading", name="nightly-logrotate")).to_be_visible()
        await expect(shown).to_contain_text(
            re.compile(r"Runs next (Today|Tomorrow|\w+ \d+, \d{4}) at \d+:\d\d [AP]M")
        )
        await expect(shown.get_by_role("button", name="Show targets")).to_be_visible()


async def test_refresh_shows_in_both_windows_what_changed(windows: Windows) -> None:
    """The reviewer approves in COC; after Refresh, the card shows the approval and its previous state."""
    ada, grace = await windows.open(ADA), await windows.open(GRACE)
    await say(ada, f"/schedtask {WAITING}")
    shown = await card(ada, WAITING)
    await expect(shown).to_contain_text("Won't run until ops-bob approves it")
    await turn(ada, "The reviewer has", "approved what waited")
    await shown.get_by_role("button", name="Refresh").click()
    for page in (ada, grace):
        fresh = await card(page, WAITING)
        await expect(fresh).to_contain_text("PENDING → PASSED")
        await expect(page.locator(".message:has([data-action=refresh])")).to_have_count(1)


async def test_show_targets_opens_a_window_with_pages(windows: Windows) -> None:
    """Of 999 machines, the next page shows other ones, and the previous page the first ones."""
    page = await windows.open()
    await say(page, f"/schedtask {HUGE}")
    await (await card(page, HUGE)).get_by_role("button", name="Show targets").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("999 machines")
    first = await dialog.locator(".rich-list li").first.inner_text()
    await dialog.get_by_role("button", name="Next").click()
    await expect(dialog.locator(".rich-list li").first).not_to_have_text(first)
    await dialog.get_by_role("button", name="Previous").click()
    await expect(dialog.locator(".rich-list li").first).to_have_text(first)


async def test_the_explorer_is_filtered_and_searched_by_hand(windows: Windows) -> None:
    """Menus, the search field, Find, the jump menu and the list of names work, and can be undone."""
    page = await windows.open()
    await say(page, f"/schedtask {HUGE}")
    await (await card(page, HUGE)).get_by_role("button", name="Show targets").click()
    dialog = page.get_by_role("dialog")
    rows = dialog.locator(".rich-list li")
    await dialog.get_by_label("Any state").select_option("Offline (10)")
    await expect(rows).to_have_count(10)
    await dialog.get_by_label("Any region").select_option("cn-north-4 (249)")
    await expect(rows).to_have_count(2)
    await expect(dialog).to_contain_text("2 of 999 machines match")
    find = dialog.get_by_label("Find a machine")
    await find.fill("node-0776")
    await find.press("Enter")
    await expect(rows).to_have_count(1)
    await expect(find).to_have_value("node-0776")
    await dialog.get_by_role("button", name="Clear filters").click()
    await expect(rows).to_have_count(40)
    await expect(find).to_have_value("")
    await expect(dialog.get_by_label("Any state")).to_have_value("any")
    await find.fill("10.100.1.*")
    await dialog.get_by_role("button", name="Find", exact=True).click()
    await expect(dialog).to_contain_text("of 999 machines match")
    await dialog.get_by_role("button", name="Names to paste").click()
    await expect(dialog.get_by_role("heading", name="Names to paste")).to_be_visible()
    await expect(dialog.locator("pre")).to_contain_text("node-0051")
    await dialog.get_by_role("button", name="Close").first.click()
    await expect(dialog.get_by_role("heading", name="Targets")).to_be_visible()
    await dialog.get_by_role("button", name="Clear filters").click()
    await dialog.get_by_label("Page", exact=True).select_option("Page 25 of 25")
    await expect(rows).to_have_count(39)


async def test_an_error_card_is_seen_by_the_one_who_asked(windows: Windows) -> None:
    """It has what happened, what to do and the references; the other person does not see it."""
    ada, grace = await windows.open(ADA), await windows.open(GRACE)
    await say(ada, f"/schedtask {FORBIDDEN}")
    problem = ada.locator(".message-ephemeral", has_text="reference").last
    for words in ("Only visible to you", "coc:schedule:get", "cloud request"):
        await expect(problem).to_contain_text(words)
    await say(ada, f"/schedtask {NIGHTLY}")
    await card(grace, NIGHTLY)
    await expect(grace.locator(".message-ephemeral")).to_have_count(0)


async def test_hostile_text_stays_text(windows: Windows) -> None:
    """Mentions, links and markup in a task's name, comment and hosts have no effect in the card or a modal."""
    page = await windows.open()
    await say(page, f"/schedtask {HOSTILE}")
    shown = await card(page, HOSTILE)
    await expect(shown).to_contain_text("<!channel>")
    await shown.get_by_role("button", name="Show targets").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(".rich-list li").first).to_be_visible()
    for place in (shown, dialog):
        assert await place.locator(".mention-live, a[href], script, iframe, img, [onclick], [onerror]").count() == 0
    assert await shown.locator(".mention").all_inner_texts() == ["@Ada"]


async def test_a_new_time_zone_changes_every_date(windows: Windows) -> None:
    """The time-zone menu changes every date on the page, for this person only, and survives a reload."""
    ada, grace = await windows.open(ADA), await windows.open(GRACE)
    await say(ada, f"/schedtask {NIGHTLY}")
    grace_reads = await (await card(grace, NIGHTLY)).inner_text()
    assert "5:30 PM" in await (await card(ada, NIGHTLY)).inner_text()
    await ada.get_by_label("Your time zone").select_option("Asia/Kolkata")
    await expect(await card(ada, NIGHTLY)).to_contain_text("3:00 PM")
    await ada.reload()
    await expect(await card(ada, NIGHTLY)).to_contain_text("3:00 PM")
    await expect(ada.get_by_label("Your time zone")).to_have_value("Asia/Kolkata")
    assert await (await card(grace, NIGHTLY)).inner_text() == grace_reads


async def test_behind_the_scenes_shows_the_steps_in_order(windows: Windows) -> None:
    """Request, acknowledgement, COC's three calls and the reply can be opened; none shows a key."""
    page = await windows.open()
    await page.get_by_role("button", name="Behind the scenes").click()
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator(".step")).to_have_count(0)
    await say(page, f"/schedtask {NIGHTLY}")
    await expect(page.locator(".step-reply .step-good")).to_have_text("ok")
    lanes = [
        str(await step.get_attribute("class")).removeprefix("step step-")
        for step in await page.locator(".step").all()
    ]
    assert lanes == ["request", "ack", "coc", "coc", "coc", "reply"]
    assert re.fullmatch(r"[\d.]+ ms", await page.locator(".step-ack .step-ms").inner_text())
    assert await page.locator(".step-coc .step-outcome").all_inner_texts() == ["200", "200", "200"]
    await page.locator(".step-coc summary").first.click()
    details = page.locator(".step-coc .step-details").first
    await expect(details).to_contain_text(f"GET /v1/schedule/task/{NIGHTLY}")
    await expect(details).to_contain_text("request id")
    assert "SDK-HMAC-SHA256" not in await details.inner_text()


async def test_a_switch_breaks_coc_for_everyone_until_it_is_reset(windows: Windows) -> None:
    """The person gets an error, the calls are red, both windows say what is broken; after the reset, all works."""
    ada, grace = await windows.open(ADA), await windows.open(GRACE)
    await turn(ada, "COC answers", "by hanging up")
    await expect(grace.locator("#trouble")).to_have_text("COC answers by hanging up")
    await say(ada, f"/schedtask {NIGHTLY}")
    await expect(ada.locator(".message-ephemeral", has_text="reference")).to_be_visible(timeout=10_000)
    await expect(ada.locator(".step-coc .step-bad").first).to_have_text("reset")
    await ada.get_by_role("button", name="All well again").click()
    await expect(grace.locator("#trouble")).to_be_hidden()
    await say(ada, f"/schedtask {NIGHTLY}")
    await card(ada, NIGHTLY)


async def test_without_two_permissions_the_card_says_what_is_missing(windows: Windows) -> None:
    """With a key that may read the task only, the card is yellow and names the permission."""
    page = await windows.open()
    await turn(page, "The bot's key may ask COC", "the task only")
    await say(page, f"/schedtask {NIGHTLY}")
    shown = await card(page, NIGHTLY)
    await expect(shown).to_contain_text("can't tell whether it is enabled")
    await expect(shown.get_by_role("img", name="large yellow circle")).to_be_visible()
    await expect(shown).to_contain_text("coc:schedule:list")


async def test_a_rate_limited_slack_gets_the_card_a_second_later(windows: Windows) -> None:
    """The bot waits for a Retry-After of 1, and the drawer shows both attempts."""
    page = await windows.open()
    await turn(page, "Slack is", "rate limited")
    await say(page, f"/schedtask {NIGHTLY}")
    await card(page, NIGHTLY)
    outcomes = await page.locator(".step-reply .step-outcome").all_inner_texts()
    assert outcomes[-2:] == ["429 ratelimited, Retry-After 1", "ok"]


async def test_an_unreachable_bot_is_slacks_own_error(windows: Windows) -> None:
    """The toast has Slack's `dispatch_failed`; the bot reconnects by itself."""
    page = await windows.open()
    await turn(page, "Slack is", "unreachable")
    await expect(page.locator("#connection")).to_have_text("Bot not connected")
    await say(page, f"/schedtask {NIGHTLY}")
    await expect(page.get_by_role("alert")).to_contain_text('/schedtask failed with the error "dispatch_failed"')
    await page.get_by_role("button", name="All well again").click()
    await expect(page.locator("#connection")).to_have_text("Bot connected", timeout=20_000)


async def test_a_reconnecting_slack_loses_no_answer(windows: Windows) -> None:
    """The bot is disconnected and reconnects; the next command is answered."""
    page = await windows.open()
    await turn(page, "Slack is", "reconnecting")
    await expect(page.locator(".step-link", has_text="is not connected")).not_to_have_count(0)
    await page.get_by_role("button", name="All well again").click()
    await expect(page.locator("#connection")).to_have_text("Bot connected", timeout=20_000)
    await say(page, f"/schedtask {NIGHTLY}")
    await card(page, NIGHTLY)


async def test_a_thread_keeps_replies_out_of_the_channel_and_accepts_no_command(windows: Windows) -> None:
    """The message shows the number of replies, both windows show the reply, and a command in a thread is refused."""
    ada, grace = await windows.open(ADA), await windows.open(GRACE)
    await say(ada, f"/schedtask {NIGHTLY}")
    await (await card(ada, NIGHTLY)).get_by_role("button", name="Reply in thread").click()
    reply = ada.get_by_label("Reply", exact=True)
    await reply.fill("is web-07 in it?")
    await reply.press("Enter")
    await expect(ada.get_by_role("region", name="Thread", exact=True)).to_contain_text("is web-07 in it?")
    await expect(grace.locator("#message-list")).not_to_contain_text("is web-07 in it?")
    await grace.get_by_role("button", name="1 reply").click()
    await expect(grace.get_by_role("region", name="Thread", exact=True)).to_contain_text("is web-07 in it?")
    await reply.fill(f"/schedtask {NIGHTLY}")
    await reply.press("Enter")
    await expect(ada.get_by_role("alert")).to_contain_text("/schedtask is not supported in threads")
    await ada.get_by_role("region", name="Thread", exact=True).press("Escape")
    await expect(ada.locator("#side")).to_be_hidden()


@pytest.mark.parametrize("width", [PHONE[0], 320])
async def test_nothing_scrolls_sideways_on_a_phone(windows: Windows, width: int) -> None:
    """Card, hostile card, error, modal and drawer are not wider than the screen."""
    page = await windows.open(size=(width, 812))
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for task_id in (NIGHTLY, HOSTILE):
        await say(page, f"/schedtask {task_id}")
        await card(page, task_id)
    await say(page, f"/schedtask {FORBIDDEN}")
    await page.locator(".message-ephemeral", has_text="reference").wait_for()
    inside = "node => node.scrollWidth - node.clientWidth"
    assert await page.evaluate(wider) <= 0
    assert await page.locator("#messages").evaluate(inside) <= 0
    await page.get_by_role("button", name="Behind the scenes").click()
    assert await page.evaluate(wider) <= 0
    assert await page.locator("#steps-scroll").evaluate(inside) <= 0
    await page.get_by_role("button", name="Close").click()
    await (await card(page, NIGHTLY)).get_by_role("button", name="Show targets").click()
    await page.get_by_role("dialog").get_by_text("web-01").wait_for()
    assert await page.locator(".modal-body").evaluate(inside) <= 0


@pytest.mark.parametrize(
    ("size", "dark"),
    [
        pytest.param((1300, 850), False, id="desktop-light"),
        pytest.param(PHONE, True, id="phone-dark"),
        pytest.param((1300, 850), True, id="desktop-dark", marks=pytest.mark.exhaustive),
        pytest.param(PHONE, False, id="phone-light", marks=pytest.mark.exhaustive),
    ],
)
async def test_axe_finds_nothing_serious(windows: Windows, size: tuple[int, int], *, dark: bool) -> None:
    """axe-core has no serious or critical finding in card, error, suggestions, drawer, thread and modal."""
    page, axe = await windows.open(size=size, dark=dark), Axe()
    findings: list[str] = []

    async def look(where: str) -> None:
        for fault in (await axe.run(page)).response["violations"]:
            if fault["impact"] in {"serious", "critical"}:
                nodes = [node["html"][:160] for node in fault["nodes"][:3]]
                findings.append(f"{where}: {fault['id']}: {fault['help']}: {nodes}")

    await look("empty")
    await say(page, f"/schedtask {FORBIDDEN}")
    await page.locator(".message-ephemeral", has_text="reference").wait_for()
    await say(page, f"/schedtask {NIGHTLY}")
    shown = await card(page, NIGHTLY)
    await page.get_by_label("Message or command").fill("/schedtask ")
    await look("card, error and completion")
    await page.get_by_label("Message or command").fill("")
    await page.get_by_role("button", name="Behind the scenes").click()
    await page.get_by_role("combobox", name="COC answers").select_option("by hanging up")
    await page.locator(".step-coc summary").first.click()
    await page.locator(".step-text").first.wait_for()
    await look("behind the scenes")
    await page.get_by_role("button", name="All well again").click()
    await page.locator("#side-x").click()
    await shown.get_by_role("button", name="Reply in thread").click()
    await look("thread")
    await page.locator("#side-x").click()
    await shown.get_by_role("button", name="Show targets").click()
    await page.get_by_role("dialog").get_by_text("web-01").wait_for()
    await page.wait_for_timeout(200)  # the window fades in; half-way there its colours are paler
    await look("modal")
    assert findings == []
