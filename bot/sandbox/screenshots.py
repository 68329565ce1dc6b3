"""Screenshots of the page in the system's Chromium, on a desktop and on a phone."""

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox.session import Sandbox

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
"""Chromium's switches: it runs in a container, and makes no network requests by itself."""

SHOWPIECE = "ST2601050930000000000002B2"
SHORT_CARD = "ST2601050930000000000001A1"
REFUSED = "STERR403GATEWAY00000000000"
SIZES = {"desktop": (1200, 860), "phone": (390, 1230)}
"""CSS pixels; the phone is as tall as a card, so that the picture shows all of it."""


class NoBrowserError(Exception):
    """Playwright or Chromium is missing; the message says how to install it."""


async def take_screenshots(folder: Path) -> list[Path]:
    """Write PNGs into a folder: card, targets, error and runs for each size, and scenes. Returns the files."""
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415 - optional, and needed only here
    except ImportError:
        raise NoBrowserError("Playwright is missing: pip install playwright") from None
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        raise NoBrowserError("Chromium is missing: on Debian and Ubuntu, apt install chromium")
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    written: list[Path] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        for name in SIZES:
            async with Sandbox() as box:
                written += await _take_size(browser, box, name, folder)
        await browser.close()
    return written


async def _take_size(browser: "Browser", box: Sandbox, name: str, folder: Path) -> list[Path]:
    width, height = SIZES[name]
    page = await browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=1.5)
    await page.goto(f"{box.url}/?user=U0ONCALL")
    await page.locator("body[data-ready]").wait_for()
    files = [folder / f"{what}-{name}.png" for what in ("card", "targets", "error", "runs")]
    await _type(page, f"/schedtask {SHOWPIECE}")
    await page.locator("[data-action=refresh]").last.wait_for()
    await _settle(page)
    await page.screenshot(path=files[0], animations="disabled")
    await page.locator("[data-action=targets]").last.click()
    await page.locator("dialog#modal").get_by_text("web-01").wait_for()
    await page.screenshot(path=files[1], animations="disabled")
    await _close(page)
    await page.locator("[data-action=more]").last.click()
    await page.get_by_role("menuitem", name="Run history").click()
    await page.locator("dialog#modal [data-action=runs_again]").wait_for()
    await page.screenshot(path=files[3], animations="disabled")
    await _close(page)
    await _type(page, f"/schedtask {REFUSED}")
    problem = page.locator(".message-ephemeral:has-text('reference')").last
    await problem.wait_for()
    await _settle(page)
    await problem.screenshot(path=files[2])
    if name == "desktop":
        files.append(folder / f"scenes-{name}.png")
        await _behind_the_scenes(page)
        await page.screenshot(path=files[-1], animations="disabled")
    await page.close()
    return files


async def _behind_the_scenes(page: "Page") -> None:
    """Open the drawer while COC is slow: the person gets a note, then the card."""
    await page.get_by_role("button", name="Behind the scenes").click()
    await page.locator("#steps-clear").click()
    await page.locator("#switch-coc").select_option("slow")
    await _type(page, f"/schedtask {SHORT_CARD}")
    await page.locator(f".message:has([data-action=refresh]):has-text('{SHORT_CARD}')").wait_for()
    await _settle(page)


async def _close(page: "Page") -> None:
    await page.keyboard.press("Escape")
    await page.locator("dialog#modal").wait_for(state="hidden")


async def _type(page: "Page", line: str) -> None:
    await page.locator("#line").fill(line)
    await page.locator("#line").press("Enter")


async def _settle(page: "Page") -> None:
    """Wait for fonts, scrolling and the line about the used command."""
    await page.wait_for_timeout(400)
