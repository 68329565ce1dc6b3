"""What the page makes of text and blocks: Slack's markup where Slack has it, and nothing but text elsewhere."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from bot.sandbox.slack.server import LocalSlack
from tests.cards.judges import EMOJI

pytestmark = pytest.mark.browser

Json = dict[str, Any]
Post = Callable[..., Awaitable[None]]
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> <!channel> <@U0ONCALL>"
)
ESCAPED = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

DRAW = """async ([text, verbatim]) => {
  const { mrkdwn } = await import("/page/mrkdwn.js");
  const names = { userName: (id) => ({ U2: "Bob" })[id], channelName: () => "ops" };
  const box = document.createElement("div");
  box.append(mrkdwn(text, { viewer: "U1", zone: "Asia/Shanghai", ...names }, verbatim));
  for (const link of box.querySelectorAll("a")) link.replaceWith(`[${link.textContent}](${link.href})`);
  for (const node of box.querySelectorAll("*")) {
    for (const { name } of [...node.attributes]) node.removeAttribute(name);
  }
  return box.innerHTML;
}"""
"""The markup that mrkdwn becomes; links as [text](address), attributes dropped."""

FORMAT = """async ([format, unix, zone, now]) => {
  const { formatDate } = await import("/page/dates.js");
  return formatDate(unix, format, zone, now * 1000);
}"""


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Ada's window; at the end, the browser must not have complained."""
    complaints: list[str] = []
    async with LocalSlack() as slack:
        page = await browser.new_page()
        page.set_default_timeout(5000)
        page.on(
            "console",
            lambda message: complaints.extend([message.text] if message.type in {"error", "warning"} else []),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(slack.url)
        await page.wait_for_selector("body[data-ready]")
        yield page
        await page.close()
    assert complaints == []


@pytest.fixture
async def post(page: Page) -> AsyncIterator[Post]:
    """Posts blocks as the bot, and waits until the page shows the message."""
    url = page.url.rstrip("/")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {LocalSlack.bot_token}"}) as session:

        async def send(*blocks: Json, text: str = "a message") -> None:
            body = {"channel": "C0SHIFT", "text": text, "blocks": list(blocks)}
            async with session.post(f"{url}/api/chat.postMessage", json=body) as answer:
                body = await answer.json()
            assert body["ok"], body
            await page.wait_for_selector(f"[data-ts='{body['ts']}']")

        yield send


MARKUP = {
    "*bold* _italic_ ~gone~ `code`": "<strong>bold</strong> <em>italic</em> <s>gone</s> <code>code</code>",
    "*bold _and italic_*": "<strong>bold <em>and italic</em></strong>",
    "snake_case_name 2*3*4 a * b *": "snake_case_name 2*3*4 a * b *",
    "*not\nacross lines*": "*not\nacross lines*",
    "`*stays*`": "<code>*stays*</code>",
    "&lt;b&gt; &amp;amp; &quot;": "&lt;b&gt; &amp;amp; &amp;quot;",
    "&gt; one\n&gt; two\nthree": "<blockquote>one\ntwo</blockquote>three",
    "before\n> after": "before<blockquote>after</blockquote>",
    "&gt;&gt;&gt;all\nof it": "<blockquote>all\nof it</blockquote>",
    "see ```a\n*b*``` end": "see <pre>a\n*b*</pre> end",
    "<https://a.example/?x=1&amp;y=2|the *site*>": "[the *site*](https://a.example/?x=1&amp;y=2)",
    "<mailto:bob@a.example|Bob>": "[Bob](mailto:bob@a.example)",
    "<javascript:alert(1)|click>": "&lt;javascript:alert(1)|click&gt;",
    "<data:text/html,x|click>": "&lt;data:text/html,x|click&gt;",
    "hello <@U2>, <@U9>, <#C1>": "hello <span>@Bob</span>, <span>@U9</span>, <span>#ops</span>",
    "`<!here>` leaks": "<code><span>@here</span></code> leaks",
    ":no_such_name: 10:30:45": ":no_such_name: 10:30:45",
    ":calendar::bell:": "<span>📆</span><span>🔔</span>",
    "<!date^1778405400^{time}|09:30 UTC>": "<time>5:30 PM</time>",
    "<!date^1778405400^{date_num}^https://a.example/|d>": "[2026-05-10](https://a.example/)",
    "*<!date^1778405400^{date_short} {time}|f>*": "<strong><time>May 10, 2026 5:30 PM</time></strong>",
    "<!date^99999999999999999^{time}|some time>": "some time",
    "https://a.example stays text": "https://a.example stays text",
}


async def test_mrkdwn_is_drawn_as_slack_draws_it(page: Page) -> None:
    """Each kind of markup is drawn, and text that only resembles markup stays text."""
    assert {text: await page.evaluate(DRAW, [text, True]) for text in MARKUP} == MARKUP


async def test_only_web_and_mail_addresses_become_links(page: Page) -> None:
    """Links, buttons and menu entries open no URL that runs code."""
    safe = "async (address) => (await import('/page/dom.js')).safeUrl(address)"
    for address in ("https://a.example/", "http://127.0.0.1:1/", "mailto:bob@a.example"):
        assert await page.evaluate(safe, address) == address
    for address in ("javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "file:///etc/hosts", "//", ""):
        assert await page.evaluate(safe, address) is None


async def test_verbatim_only_stops_bare_addresses_from_becoming_links(page: Page) -> None:
    """Without verbatim, a bare address is a link, but not the full stop after it; with it, mentions still work."""
    assert (
        await page.evaluate(DRAW, ["go to https://a.example/x.", False])
        == "go to [https://a.example/x](https://a.example/x)."
    )
    assert await page.evaluate(DRAW, ["<!channel>", True]) == "<span>@channel</span>"


async def test_the_cards_own_emoji_are_drawn_without_any_font(page: Page) -> None:
    """Every emoji name in cards has a drawing: a machine without an emoji font shows the verdict's dot, too."""
    drawn = """async (names) => {
      const { isDrawn } = await import("/page/drawings.js");
      const { emojiNode } = await import("/page/emoji.js");
      return names.filter((name) => !isDrawn(name) || !emojiNode(name).querySelector?.("svg > *"));
    }"""
    assert await page.evaluate(drawn, sorted(EMOJI)) == []


async def test_a_long_text_is_folded_unless_the_app_says_expand(page: Page, post: Post) -> None:
    """`See more` unfolds it, `See less` folds it; short texts have no such button."""
    words = "\n".join(f"line {n}" for n in range(30))
    block = {"type": "section", "text": {"type": "plain_text", "text": words}}
    await post(block | {"block_id": "a"}, block | {"block_id": "b", "expand": True})
    more = page.get_by_role("button", name="See more")
    await expect(more).to_have_count(1)
    heights = [
        await node.evaluate("node => node.clientHeight") for node in await page.locator(".section-body .text").all()
    ]
    assert heights[0] < heights[1] / 2
    await more.click()
    await expect(page.get_by_role("button", name="See less")).to_have_attribute("aria-expanded", "true")
    opened = await page.locator(".section-body .text").first.evaluate("node => node.clientHeight")
    assert opened == heights[1]


DATES = {
    "{date_num} {date_slash}": "2026-05-10 05/10/2026",
    "{date} · {date_short}": "May 10th, 2026 · May 10, 2026",
    "{date_long}, {time_secs}": "Sunday, May 10th, 2026, 12:05:09 AM",
    "{date_pretty} {time}": "Tomorrow 12:05 AM",
    "on {date_short_pretty}": "on tomorrow",
    "{ago}": "In 6 hours",
    "{nonsense}": "{nonsense}",
}


async def test_date_tokens_have_slacks_wording(page: Page) -> None:
    """Seen from Shanghai at 18:00 on the day before; only a token at the start of the format is capitalized."""
    then = 1778342709  # 10 May 2026 00:05:09 in Shanghai
    now = then - 21909
    assert {form: await page.evaluate(FORMAT, [form, then, "Asia/Shanghai", now]) for form in DATES} == DATES


async def test_untrusted_text_stays_text(page: Page, post: Post) -> None:
    """Markup in names is shown verbatim in every kind of block, and nothing in it works."""
    plain = {"type": "plain_text", "text": HOSTILE, "emoji": True}
    mrkdwn = {"type": "mrkdwn", "text": ESCAPED, "verbatim": True}
    leaf = {"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE + " *x*"}]}
    option = {"text": {"type": "plain_text", "text": HOSTILE[:75]}, "value": "<b>"}
    await post(
        {"type": "header", "text": plain},
        {"type": "section", "text": mrkdwn, "fields": [mrkdwn, plain]},
        {"type": "context", "elements": [mrkdwn, plain]},
        {"type": "rich_text", "elements": [leaf, {"type": "rich_text_preformatted", "elements": leaf["elements"]}]},
        {
            "type": "actions",
            "elements": [
                {"type": "static_select", "action_id": "pick", "placeholder": option["text"], "options": [option]}
            ],
        },
        text=ESCAPED,
    )
    message = page.locator(".message-main")
    for locator in (message.get_by_role("heading"), message.locator(".section-body > .text"), message.locator("pre")):
        await expect(locator).to_contain_text(HOSTILE)
    await expect(message.locator("script, img, .mention")).to_have_count(0)
    await expect(message.locator("option").last).to_have_text(HOSTILE[:75])
    assert await page.title() != "owned"


async def test_a_leaked_mention_stands_out(page: Page, post: Post) -> None:
    """Unescaped text is shown as the mention that it is in Slack."""
    await post({"type": "section", "text": {"type": "mrkdwn", "text": "name: <!channel>", "verbatim": True}})
    await expect(page.locator(".mention-live")).to_have_text("@channel")


async def test_the_page_names_what_it_cannot_draw(page: Page, post: Post) -> None:
    """An unknown block and an external picture become a box that says so; the rest of the message is drawn."""
    picture = {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "a graph"}
    picker = {"type": "datepicker", "action_id": "day"}
    await post({"type": "divider"}, picture, {"type": "actions", "elements": [picker]})
    await expect(page.get_by_role("img", name="a graph")).to_be_visible()
    await expect(page.get_by_text("datepicker is not drawn here")).to_be_visible()
    await expect(page.locator(".message-main hr")).to_have_count(1)


async def test_lists_keep_their_order_and_depth(page: Page, post: Post) -> None:
    """rich_text lists have bullets, numbers from their offset, and indents."""

    def items(style: str, *words: str, **more: int) -> Json:
        sections = [{"type": "rich_text_section", "elements": [{"type": "text", "text": word}]} for word in words]
        return {"type": "rich_text_list", "style": style, "elements": sections, **more}

    await post(
        {"type": "rich_text", "elements": [items("bullet", "a", "b"), items("ordered", "c", indent=1, offset=2)]}
    )
    await expect(page.locator("ul.rich-list li")).to_have_text(["a", "b"])
    await expect(page.locator("ol.rich-list.indent-1")).to_have_attribute("start", "3")
