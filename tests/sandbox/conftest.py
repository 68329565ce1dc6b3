"""What several tests of the sandbox need."""

import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from bot.sandbox.screenshots import CHROMIUMS, QUIET


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chromium that all tests of this process share: to start one costs more than most tests."""
    path = next((path for path in map(shutil.which, CHROMIUMS) if path), None)
    if path is None:
        pytest.skip("no Chromium here; install it (Debian, Ubuntu: apt install chromium) to test the page")
    profile = tmp_path_factory.mktemp("chromium")
    ways = ("--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}")
    with subprocess.Popen([path, *QUIET, *ways], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            yield f"http://127.0.0.1:{_port(child, profile / 'DevToolsActivePort')}"
        finally:
            child.terminate()


def _port(child: subprocess.Popen[bytes], written: Path) -> str:
    """The port that Chromium has chosen."""
    deadline = time.monotonic() + 30
    while not written.exists() or "\n" not in written.read_text("ascii"):
        assert child.poll() is None, "Chromium has ended"
        assert time.monotonic() < deadline, "Chromium does not say where it listens"
        time.sleep(0.02)
    return written.read_text("ascii").partition("\n")[0]


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The system's Chromium, without what earlier tests have opened."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium)
        yield browser
        await browser.close()
