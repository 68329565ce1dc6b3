"""How fast the sandbox's page is there, and how it scrolls: ``python -m tests.bench.page`` prints a table.

Needs Chromium. Start-up is measured from the command to a page one can type into, against the time that Chromium
takes for an empty page in the same run. Scrolling is measured over frames of a channel with 500 messages, most of
them cards, against the same distance in an empty page of the same height; a frame that takes longer than two of the
screen's is one that a person sees stutter.
"""

import asyncio
import logging
import os
import shutil
import statistics
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console
from rich.table import Table

from bot.operations import logs
from bot.sandbox.screenshots import CHROMIUMS, QUIET
from bot.sandbox.session import Sandbox
from bot.sandbox.slack.records import BOT_USER, Message
from tests.operations.sanitizing import SANITIZER

MESSAGES = 500
STARTS = 5
NIGHTLY = "ST2601050930000000000002B2"
SCROLL = """async () => {
  const box = document.querySelector("#messages") ?? document.scrollingElement;
  box.scrollTop = 0;
  const frames = [];
  let before = await new Promise(requestAnimationFrame);
  for (let n = 0; n < 240; n += 1) {
    box.scrollTop += 160;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    before = now;
  }
  return frames;
}"""


async def start_up(browser: Browser) -> tuple[list[float], list[float]]:
    """Seconds from the command to a usable page, and from nothing to a blank page, in turn."""
    usable, blank = [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        command = (sys.executable, "-m", "bot", "sandbox", "--port", "0")
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL, env=dict(os.environ))
        assert process.stdout is not None
        url = ""
        while not url:
            line = (await process.stdout.readline()).decode()
            assert line, "the sandbox did not start"
            url = line.rpartition("ready:")[2].strip() if "ready:" in line else ""
        page = await browser.new_page()
        await page.goto(url)
        await page.locator("body[data-ready] #line").wait_for()
        usable.append(time.perf_counter() - began)
        await page.close()
        process.terminate()
        await process.wait()
        began = time.perf_counter()
        page = await browser.new_page()
        await page.goto("about:blank")
        blank.append(time.perf_counter() - began)
        await page.close()
    return usable, blank


async def full_channel(box: Sandbox, page: Page) -> None:
    """One real card, then copies of it and short messages, up to MESSAGES."""
    await page.locator("#line").fill(f"/schedtask {NIGHTLY}")
    await page.locator("#line").press("Enter")
    await page.locator("[data-action=refresh]").wait_for()
    workspace = box.slack._workspace
    card = box.slack.messages("C0SHIFT")[-1]
    for number in range(MESSAGES - 1):
        blocks = None if number % 5 == 0 else card.blocks
        workspace.post(Message(workspace.next_ts(), "C0SHIFT", BOT_USER, f"message {number}", blocks))
    await page.locator(".message").nth(MESSAGES - 1).wait_for()


async def scrolling(browser: Browser) -> tuple[list[float], list[float], float]:
    """Milliseconds of each frame in the full channel and in an empty page, and of loading that channel."""
    async with Sandbox() as box:
        page = await browser.new_page(viewport={"width": 1200, "height": 850})
        await page.goto(box.url)
        await page.locator("body[data-ready]").wait_for()
        await full_channel(box, page)
        began = time.perf_counter()
        await page.reload()
        await page.locator(".message").nth(MESSAGES - 1).wait_for()
        loading = (time.perf_counter() - began) * 1000
        frames = await page.evaluate(SCROLL)
        await page.goto("about:blank")
        await page.evaluate("document.body.style.height = '250000px'")
        empty = await page.evaluate(SCROLL)
        await page.close()
    return frames, empty, loading


def row(name: str, values: list[float], base: list[float], unit: str) -> tuple[str, ...]:
    """A line of the table: median, 99th percentile, the baseline's median, the ratio."""
    middle, other = statistics.median(values), statistics.median(base)
    high = sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]
    return name, f"{middle:.2f} {unit}", f"{high:.2f} {unit}", f"{other:.2f} {unit}", f"{middle / other:.2f}"


async def main() -> None:
    """Measure and print."""
    logs.configure("console", "error", SANITIZER)
    logging.disable(logging.INFO)
    path = next((found for found in map(shutil.which, CHROMIUMS) if found), None)
    if path is None:
        sys.exit("Chromium is missing: on Debian and Ubuntu, apt install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        usable, blank = await start_up(browser)
        frames, empty, loading = await scrolling(browser)
        await browser.close()
    table = Table("what", "median", "p99", "baseline", "ratio")
    table.add_row(*row("command to usable page / a blank page", usable, blank, "s"))
    table.add_row(*row(f"a frame while scrolling {MESSAGES} messages / an empty page", frames, empty, "ms"))
    table.add_row(f"loading those {MESSAGES} messages anew", f"{loading:.0f} ms", "", "", "")
    stutters = sum(frame > 2 * 1000 / 60 + 1 for frame in frames)
    table.add_row(f"frames of {len(frames)} that a person sees stutter", str(stutters), "", "", "")
    Console(width=110).print(table)


if __name__ == "__main__":
    asyncio.run(main())
