"""Replies to Slack, against a server on a real socket: what counts as posted, what is tried again, what is final."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards.blocks import section
from bot.cards.budget import Message
from bot.slack.reply import Replies, SlackRefused

CARD = Message("verdict", (section("card"),))


class StandIn:
    """A Slack that answers what a test tells it to, in order; the last answer again and again."""

    def __init__(self) -> None:
        self.answers: list[web.Response | None] = []
        self.bodies: list[dict[str, Any]] = []
        self.slept: list[float] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Any path."""
        self.bodies.append(json.loads(await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def sleep(self, seconds: float) -> None:
        """Instead of waiting."""
        self.slept.append(seconds)


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    """The stand-in, listening."""
    stand_in = StandIn()
    app = web.Application()
    app.router.add_post("/{path:.*}", stand_in.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield stand_in
    await runner.cleanup()


@pytest.fixture
async def replies(slack: StandIn) -> AsyncIterator[Replies]:
    """What is tested, on a session of its own."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-1", base_url=f"{slack.url}/api/", session=session)
        yield Replies(session, client, sleep=slack.sleep)


def text(body: str, status: int = 200, **headers: str) -> web.Response:
    """An answer in plain text."""
    return web.Response(status=status, text=body, headers=headers)


def refusal(error: str, status: int = 200) -> web.Response:
    """An answer in JSON that says no."""
    return web.json_response({"ok": False, "error": error}, status=status)


@pytest.mark.parametrize("answer", [text("ok"), text(""), text("OK\n"), web.json_response({"ok": True}), text("{}")])
async def test_what_counts_as_posted(slack: StandIn, replies: Replies, answer: web.Response) -> None:
    """Slack writes ``ok``; nothing, or JSON without an error, is as good. It is posted once."""
    slack.answers = [answer]
    await replies.respond(slack.url, CARD, response_type="in_channel")
    (body,) = slack.bodies
    assert body["text"] == "verdict"
    assert body["response_type"] == "in_channel"
    assert body["unfurl_links"] is False


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("used_url", 404), "used_url"),
        (text("expired_url", 404), "expired_url"),
        (refusal("channel_not_found"), "channel_not_found"),
        (text("<html>proxy</html>"), "<html>proxy</html>"),
        (None, "broken_off"),
    ],
)
async def test_what_is_final_is_not_repeated(
    slack: StandIn, replies: Replies, answer: web.Response | None, error: str
) -> None:
    """A used or expired URL, a refusal, a broken connection (it may have been posted): one try."""
    slack.answers = [answer]
    with pytest.raises(SlackRefused) as caught:
        await replies.respond(slack.url, CARD)
    assert caught.value.error == error
    assert len(slack.bodies) == 1


@pytest.mark.parametrize("first", [text("", 429, **{"Retry-After": "1"}), text("<html>", 503)])
async def test_what_passes_is_tried_once_more(slack: StandIn, replies: Replies, first: web.Response) -> None:
    """A short rate limit and a 5xx: after a wait, a second try."""
    slack.answers = [first, text("ok")]
    await replies.respond(slack.url, CARD)
    assert len(slack.bodies) == 2
    assert len(slack.slept) == 1


async def test_a_long_rate_limit_is_not_waited_for(slack: StandIn, replies: Replies) -> None:
    """Nobody waits 30 s in a chat."""
    slack.answers = [text("", 429, **{"Retry-After": "30"})]
    with pytest.raises(SlackRefused, match="ratelimited"):
        await replies.respond(slack.url, CARD)
    assert slack.slept == []


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_refused_blocks_fall_back_to_the_text(slack: StandIn, replies: Replies, status: int) -> None:
    """``invalid_blocks``, with whatever status: the person gets the verdict as text."""
    slack.answers = [refusal("invalid_blocks", status), text("ok")]
    await replies.respond(slack.url, CARD, replace_original=True)
    assert "blocks" in slack.bodies[0]
    assert "blocks" not in slack.bodies[1]
    assert slack.bodies[1]["text"] == "verdict"
    assert slack.bodies[1]["replace_original"] is True


async def test_methods_carry_what_is_given_and_nothing_empty(slack: StandIn, replies: Replies) -> None:
    """A JSON body without None; the answer's fields come back; an error is Slack's word."""
    slack.answers = [web.json_response({"ok": True, "view": {"id": "V1"}})]
    assert (await replies.call("views.update", view_id="V1", hash=None))["view"] == {"id": "V1"}
    assert slack.bodies == [{"view_id": "V1"}]
    slack.answers = [refusal("expired_trigger_id")]
    with pytest.raises(SlackRefused, match="expired_trigger_id"):
        await replies.call("views.open", trigger_id="t")
    assert len(slack.bodies) == 2


async def test_nobody_there(replies: Replies) -> None:
    """No connection: tried once more, then said."""
    with pytest.raises(SlackRefused, match="unreachable"):
        await replies.respond("http://127.0.0.1:9/", CARD)
