"""What several tests of the sandbox need."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from bot.sandbox.screenshots import CHROMIUMS, QUIET


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    path = next((path for path in map(shutil.which, CHROMIUMS) if path), None)
    if path is None:
        pytest.skip("no Chromium here; install it (Debian, Ubuntu: apt install chromium) to test the page")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()
