"""Browser windows of the sandbox's people. Complaints of the browser are recorded, CSP violations included."""

from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

ADA, GRACE = "U0ONCALL", "U0GUEST"
DESKTOP, PHONE = (1200, 850), (375, 812)


class Windows:
    """Opens windows of a sandbox's page. ``complaints`` must be empty at the end of a test."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    async def open(
        self, user: str = ADA, size: tuple[int, int] = DESKTOP, *, dark: bool = False, now: str | None = None
    ) -> Page:
        """A window of this person; ``now`` freezes the page's clock."""
        viewport = ViewportSize(width=size[0], height=size[1])
        context = await self._browser.new_context(viewport=viewport, color_scheme="dark" if dark else "light")
        self._contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(5000)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._on_request(request.url))
        if now is not None:
            await page.clock.set_fixed_time(now)
        await page.goto(f"{self._url}/?user={user}")
        await page.wait_for_selector("body[data-ready]")
        return page

    async def close(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            await context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _on_request(self, url: str) -> None:
        if urlsplit(url).scheme != "data" and not url.startswith(f"{self._url}/"):
            self.complaints.append(f"the page requests {url}")
