"""Replies to Slack, against a server on a real socket: which answers count as posted, are retried, or are final."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.cards.block_kit import Message, section
from bot.slack.errors import SlackRefused
from bot.slack.reply import Replies
from bot.timings import TIMINGS, ReplyTimings

CARD = Message("verdict", (section("card"),))


class StandIn:
    """A Slack that gives the answers of a test in sequence, and repeats the last one."""

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
        """Record the pause instead of waiting."""
        self.slept.append(seconds)


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    """The stand-in, while it listens."""
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
    """Replies with their session."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-1", base_url=f"{slack.url}/api/", session=session)
        yield Replies(session, client, sleep=slack.sleep)


@asynccontextmanager
async def listening(handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """The address of a server that answers every POST like this."""
    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def talking(url: str, timings: ReplyTimings = TIMINGS.replies) -> AsyncIterator[Replies]:
    """Replies that go to this server."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-1", base_url=f"{url}/api/", session=session)
        yield Replies(session, client, timings=timings)


def text(body: str, status: int = 200, **headers: str) -> web.Response:
    """A plain text answer."""
    return web.Response(status=status, text=body, headers=headers)


def refusal(error: str, status: int = 200) -> web.Response:
    """A JSON answer with an error."""
    return web.json_response({"ok": False, "error": error}, status=status)


@pytest.mark.parametrize("answer", [text("ok"), text(""), text("OK\n"), web.json_response({"ok": True}), text("{}")])
async def test_these_answers_count_as_posted(slack: StandIn, replies: Replies, answer: web.Response) -> None:
    """Slack writes ``ok``; an empty body and JSON without an error count too. The message is posted once."""
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
        (text("<html>proxy</html>"), "not_slack"),
        (None, "broken_off"),
    ],
)
async def test_final_refusals_are_not_retried(
    slack: StandIn, replies: Replies, answer: web.Response | None, error: str
) -> None:
    """After a used or expired URL, a refusal, or a broken connection (it may be posted) there is no retry."""
    slack.answers = [answer]
    with pytest.raises(SlackRefused) as caught:
        await replies.respond(slack.url, CARD)
    assert caught.value.error == error
    assert len(slack.bodies) == 1


@pytest.mark.parametrize("first", [text("", 429, **{"Retry-After": "1"}), text("<html>", 503)])
async def test_transient_refusals_are_retried_once(slack: StandIn, replies: Replies, first: web.Response) -> None:
    """After a short rate limit and a 5xx there is a pause and one retry."""
    slack.answers = [first, text("ok")]
    await replies.respond(slack.url, CARD)
    assert len(slack.bodies) == 2
    assert len(slack.slept) == 1


async def test_a_long_rate_limit_is_not_awaited(slack: StandIn, replies: Replies) -> None:
    """A person would press again sooner."""
    slack.answers = [text("", 429, **{"Retry-After": "30"})]
    with pytest.raises(SlackRefused, match="ratelimited"):
        await replies.respond(slack.url, CARD)
    assert slack.slept == []


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_refused_blocks_fall_back_to_the_text(slack: StandIn, replies: Replies, status: int) -> None:
    """After ``invalid_blocks``, with any status, the person gets the verdict as text."""
    slack.answers = [refusal("invalid_blocks", status), text("ok")]
    await replies.respond(slack.url, CARD, response_type="in_channel")
    assert "blocks" in slack.bodies[0]
    assert "blocks" not in slack.bodies[1]
    assert slack.bodies[1]["text"] == "verdict"
    assert slack.bodies[1]["response_type"] == "in_channel"


async def test_a_card_is_never_replaced_by_bare_text(slack: StandIn, replies: Replies) -> None:
    """Everybody would lose facts and buttons: the text goes only to the person who asked, or nowhere."""
    slack.answers = [refusal("invalid_blocks"), text("ok")]
    await replies.respond(slack.url, CARD, replace_original=True)
    assert "blocks" not in slack.bodies[1]
    assert (slack.bodies[1]["replace_original"], slack.bodies[1]["response_type"]) == (False, "ephemeral")
    slack.answers = [refusal("invalid_blocks")]
    with pytest.raises(SlackRefused, match="invalid_blocks"):
        await replies.respond(slack.url, CARD, text_suffices=False, replace_original=True)
    assert len(slack.bodies) == 3


async def test_methods_send_their_arguments_without_none(slack: StandIn, replies: Replies) -> None:
    """The JSON body has no None, the answer's fields come back, and an error has Slack's code."""
    slack.answers = [web.json_response({"ok": True, "view": {"id": "V1"}})]
    assert (await replies.call("views.update", view_id="V1", hash=None))["view"] == {"id": "V1"}
    assert slack.bodies == [{"view_id": "V1"}]
    slack.answers = [refusal("expired_trigger_id")]
    with pytest.raises(SlackRefused, match="expired_trigger_id"):
        await replies.call("views.open", trigger_id="t")
    assert len(slack.bodies) == 2


@pytest.mark.parametrize(
    ("header", "waited"),
    [("1", 1.0), ("0", 0.0), ("1.5", 1.5), ("soon", 1.0), ("-3", 0.0), ("nan", 0.0), (None, 1.0)],
)
async def test_a_short_rate_limit_is_awaited(
    slack: StandIn, replies: Replies, header: str | None, waited: float
) -> None:
    """The pause is Retry-After in seconds, or one second if that is absent or not a number."""
    slack.answers = [text("", 429, **({"Retry-After": header} if header else {})), text("ok")]
    await replies.respond(slack.url, CARD)
    assert slack.slept == [waited]


async def test_a_second_rate_limit_is_final(slack: StandIn, replies: Replies) -> None:
    """It is honoured once: two tries and one pause."""
    slack.answers = [text("", 429, **{"Retry-After": "1"})]
    with pytest.raises(SlackRefused, match="ratelimited"):
        await replies.respond(slack.url, CARD)
    assert (len(slack.bodies), slack.slept) == (2, [1.0])


async def test_a_server_that_stays_broken_is_tried_twice(slack: StandIn, replies: Replies) -> None:
    """There are two tries, and the status is the error."""
    slack.answers = [text("<html>", 502)]
    with pytest.raises(SlackRefused) as caught:
        await replies.respond(slack.url, CARD)
    assert (caught.value.error, caught.value.transient, len(slack.bodies)) == ("http_502", True, 2)


async def test_a_refusal_that_names_the_block_is_in_the_log(slack: StandIn, replies: Replies) -> None:
    """Slack's JSON pointers name the block."""
    pointers = {"messages": ["[ERROR] must be less than 76 characters [json-pointer:/blocks/3/text]"]}
    no = web.json_response({"ok": False, "error": "invalid_blocks", "response_metadata": pointers}, status=400)
    slack.answers = [no, text("ok")]
    with capture_logs() as logs:
        await replies.respond(slack.url, CARD)
    assert [entry["event"] for entry in logs] == ["blocks_refused"]
    assert "/blocks/3/text" in logs[0]["error"]


async def test_a_text_that_is_refused_too_is_final(slack: StandIn, replies: Replies) -> None:
    """The fallback happens once."""
    slack.answers = [refusal("invalid_blocks")]
    with pytest.raises(SlackRefused, match="invalid_blocks"):
        await replies.respond(slack.url, CARD)
    assert len(slack.bodies) == 2


async def test_an_answer_in_several_packets_is_read_to_its_end() -> None:
    """A part of it would hide ``invalid_blocks``."""
    bodies = []

    async def handle(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        answer = web.StreamResponse(status=200 if len(bodies) > 1 else 400)
        await answer.prepare(request)
        for part in (b"o", b"k") if len(bodies) > 1 else (b'{"ok": false, ', b'"error": "invalid_', b'blocks"}'):
            await answer.write(part)
            await asyncio.sleep(0.05)
        return answer

    async with listening(handle) as url, talking(url) as replies:
        await replies.respond(url, CARD)
    assert ["blocks" in body for body in bodies] == [True, False]


@pytest.mark.parametrize("method", [None, "chat.postMessage"])
async def test_a_hanging_slack_is_not_retried(method: str | None) -> None:
    """The deadline is the end: it may be posted, and a retry could show it twice."""
    asked = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        await asyncio.sleep(1)
        return web.Response(text="ok")

    async with listening(handle) as url, talking(url, ReplyTimings(call_s=0.2)) as replies:
        with pytest.raises(SlackRefused, match="timed_out"):
            await (replies.call(method) if method else replies.respond(url, CARD))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "error", "tries"),
    [
        (web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}), "r", 2),
        (web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "9"}), "r", 1),
        (web.Response(status=503, text="<html>", content_type="text/html"), "http_503", 2),
        (web.Response(status=503, text="busy"), "http_503", 2),
        (web.json_response({"ok": False, "error": "fatal_error"}, status=500), "fatal_error", 1),
        (refusal("channel_not_found"), "channel_not_found", 1),
        (web.Response(text="a proxy's page"), "not_slack", 1),
        (web.json_response([1]), "not_slack", 1),
        (web.Response(text="{", content_type="application/json"), "http_200", 1),
    ],
)
async def test_a_failed_method_is_retried_only_if_that_may_help(
    slack: StandIn, replies: Replies, answer: web.Response, error: str, tries: int
) -> None:
    """A short rate limit and a gateway's 5xx are retried; a refusal and an answer that is not Slack's are not."""
    slack.answers = [answer]
    with pytest.raises(SlackRefused) as caught:
        await replies.call("chat.postMessage", channel="C1", text="x")
    assert caught.value.error == {"r": "ratelimited"}.get(error, error)
    assert len(slack.bodies) == tries


async def test_an_unreachable_slack_is_tried_twice(replies: Replies) -> None:
    """Without a connection there is one retry, then the error."""
    with pytest.raises(SlackRefused, match="unreachable"):
        await replies.respond("http://127.0.0.1:9/", CARD)


@pytest.mark.parametrize("word", ["<html>proxy 12:01:07</html>", "Tr\u00e8s long", "x" * 61, ""])
def test_a_page_instead_of_an_error_code_is_not_slack(word: str) -> None:
    """The error is a label of metrics: text from a proxy must not make new ones."""
    assert SlackRefused(word).error == "not_slack"
    assert SlackRefused("invalid_blocks").error == "invalid_blocks"


@pytest.mark.parametrize("method", [None, "chat.postMessage"])
async def test_unknown_error_codes_make_one_label(slack: StandIn, method: str | None) -> None:
    """However many there are, they share one label; the error has each code, cut. The log redacts it."""
    outcomes: list[str] = []
    words = [*(f"request_{number}_lost" for number in range(20)), "xoxb-1234567890-secret", "long_" * 100]
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-1", base_url=f"{slack.url}/api/", session=session)
        replies = Replies(session, client, observe=lambda _method, outcome, _seconds: outcomes.append(outcome))
        for word in words:
            slack.answers = [refusal(word)]
            with pytest.raises(SlackRefused) as caught:
                await (replies.call(method) if method else replies.respond(slack.url, CARD))
            assert len(str(caught.value)) < 300
            assert word[:20] in str(caught.value)
    assert set(outcomes) == {"other", "not_slack"}


@pytest.mark.parametrize("status", [299, 402, 418, 530, 599])
async def test_odd_statuses_make_no_new_label(slack: StandIn, replies: Replies, status: int) -> None:
    """A gateway may answer with any status."""
    slack.answers = [web.Response(status=status, text="")]
    with pytest.raises(SlackRefused) as caught:
        await replies.call("chat.postMessage")
    assert caught.value.error == "other"
    assert f"http_{status}" in str(caught.value)
