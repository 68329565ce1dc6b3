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
    """Ada's window; at the end the browser must not have complained."""
    complaints: list[str] = []
    async with LocalSlack() as slack:
        page = await browser.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda said: complaints.extend([said.text] if said.type in {"error", "warning"} else []))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(slack.url)
        await page.wait_for_selector("body[data-ready]")
        yield page
        await page.close()
    assert complaints == []


@pytest.fixture
async def post(page: Page) -> AsyncIterator[Post]:
    """Posts blocks as the bot and waits until the page shows the message."""
    url = page.url.rstrip("/")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {LocalSlack.bot_token}"}) as session:

        async def send(*blocks: Json, text: str = "a message") -> None:
            body = {"channel": "C0SHIFT", "text": text, "blocks": list(blocks)}
            async with session.post(f"{url}/api/chat.postMessage", json=body) as answer:
                said = await answer.json()
            assert said["ok"], said
            await page.wait_for_selector(f"[data-ts='{said['ts']}']")

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
    """Each kind of markup, and what merely looks like it."""
    assert {text: await page.evaluate(DRAW, [text, True]) for text in MARKUP} == MARKUP


async def test_only_web_and_mail_addresses_are_ever_followed(page: Page) -> None:
    """What links, buttons and menu entries may open; nothing that runs code here."""
    safe = "async (address) => (await import('/page/dom.js')).safeUrl(address)"
    for address in ("https://a.example/", "http://127.0.0.1:1/", "mailto:bob@a.example"):
        assert await page.evaluate(safe, address) == address
    for address in ("javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "file:///etc/hosts", "//", ""):
        assert await page.evaluate(safe, address) is None


async def test_verbatim_only_stops_bare_addresses_from_becoming_links(page: Page) -> None:
    """Without it an address is a link, without the full stop after it; mentions stay live with it."""
    assert (
        await page.evaluate(DRAW, ["go to https://a.example/x.", False])
        == "go to [https://a.example/x](https://a.example/x)."
    )
    assert await page.evaluate(DRAW, ["<!channel>", True]) == "<span>@channel</span>"


async def test_the_cards_own_emoji_are_drawn_without_any_font(page: Page) -> None:
    """A machine without an emoji font must show the verdict's dot: every name that cards use has a drawing."""
    drawn = """async (names) => {
      const { isDrawn } = await import("/page/drawings.js");
      const { emojiNode } = await import("/page/emoji.js");
      return names.filter((name) => !isDrawn(name) || !emojiNode(name).querySelector?.("svg > *"));
    }"""
    assert await page.evaluate(drawn, sorted(EMOJI)) == []


async def test_a_long_text_is_folded_unless_the_app_says_expand(page: Page, post: Post) -> None:
    """`See more` shows all of it, `See less` folds it again; short texts have no such button."""
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


async def test_date_tokens_are_worded_as_slack_words_them(page: Page) -> None:
    """Seen from Shanghai at 18:00 the day before; only a token that opens the format gets a capital."""
    then = 1778342709  # 10 May 2026 00:05:09 in Shanghai
    now = then - 21909
    assert {form: await page.evaluate(FORMAT, [form, then, "Asia/Shanghai", now]) for form in DATES} == DATES


async def test_other_peoples_words_stay_words(page: Page, post: Post) -> None:
    """Markup in names is shown as it was written, in every kind of block, and nothing of it comes alive."""
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


async def test_a_mention_that_leaked_stands_out(page: Page, post: Post) -> None:
    """What was not escaped is shown as the live mention it would be in Slack."""
    await post({"type": "section", "text": {"type": "mrkdwn", "text": "name: <!channel>", "verbatim": True}})
    await expect(page.locator(".mention-live")).to_have_text("@channel")


async def test_what_the_page_cannot_draw_it_names(page: Page, post: Post) -> None:
    """An unknown block and a picture from elsewhere leave an honest box; the rest of the message is there."""
    picture = {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "a graph"}
    picker = {"type": "datepicker", "action_id": "day"}
    await post({"type": "divider"}, picture, {"type": "actions", "elements": [picker]})
    await expect(page.get_by_role("img", name="a graph")).to_be_visible()
    await expect(page.get_by_text("datepicker is not drawn here")).to_be_visible()
    await expect(page.locator(".message-main hr")).to_have_count(1)


async def test_lists_keep_their_order_and_depth(page: Page, post: Post) -> None:
    """rich_text lists: bullets, numbers that start where they are told to, and indents."""

    def items(style: str, *words: str, **more: int) -> Json:
        sections = [{"type": "rich_text_section", "elements": [{"type": "text", "text": word}]} for word in words]
        return {"type": "rich_text_list", "style": style, "elements": sections, **more}

    await post(
        {"type": "rich_text", "elements": [items("bullet", "a", "b"), items("ordered", "c", indent=1, offset=2)]}
    )
    await expect(page.locator("ul.rich-list li")).to_have_text(["a", "b"])
    await expect(page.locator("ol.rich-list.indent-1")).to_have_attribute("start", "3")
