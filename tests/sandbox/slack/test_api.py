"""The sandbox's Web API, response URLs and views over raw HTTP: what they do and what they refuse."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.slack.server import LocalSlack

Json = dict[str, Any]
ADA, GRACE = "U0ONCALL", "U0GUEST"
BUTTON = {
    "type": "button",
    "action_id": "refresh",
    "value": "ST1",
    "text": {"type": "plain_text", "text": "Refresh"},
}
CARD = [{"type": "actions", "elements": [BUTTON]}]
VIEW = {"type": "modal", "title": {"type": "plain_text", "text": "Targets"}, "blocks": [{"type": "divider"}]}


class Clock:
    """A clock that stands still until it is set."""

    now = 1767576600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[LocalSlack]:
    async with LocalSlack(clock=clock) as slack:
        yield slack


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


class Caller:
    """Calls the Web API as the bot does, but without an SDK."""

    def __init__(self, slack: LocalSlack, http: aiohttp.ClientSession) -> None:
        self.slack = slack
        self.http = http

    async def call(self, method: str, /, token: str | None = None, **args: Any) -> Json:
        headers = {"Authorization": f"Bearer {token or self.slack.bot_token}"}
        async with self.http.post(self.slack.api_url + method, json=args, headers=headers) as response:
            return dict(await response.json())

    async def respond(self, url: str, **body: Any) -> tuple[int, str]:
        async with self.http.post(url, json=body) as response:
            return response.status, await response.text()

    async def links(self, user: str = ADA, channel: str = "C0SHIFT") -> Json:
        """The payload of a command that nobody takes: its trigger and response URL are good all the same."""
        return (await self.slack.command(user, channel, "ST1")).payload


@pytest.fixture
def bot(slack: LocalSlack, http: aiohttp.ClientSession) -> Caller:
    return Caller(slack, http)


# --- tokens, scopes, bodies


async def test_auth_test_says_who_the_bot_is(slack: LocalSlack, http: aiohttp.ClientSession) -> None:
    """auth.test returns the ids and, in a header, the scopes."""
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with http.post(slack.api_url + "auth.test", headers=headers) as response:
        answer, scopes = await response.json(), response.headers["x-oauth-scopes"]
    assert answer["ok"] is True
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0SANDBOX", "U0BOT", "B0SANDBOX")
    assert answer["url"] == slack.url + "/"
    assert scopes == "commands,chat:write,files:write,im:write"


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("auth.test", "xoxb-of-somebody-else", "invalid_auth"),
        ("auth.test", LocalSlack.app_token, "not_allowed_token_type"),
        ("apps.connections.open", LocalSlack.bot_token, "not_allowed_token_type"),
        ("chat.scheduleMessage", LocalSlack.bot_token, "unknown_method"),
        ("users.info", LocalSlack.bot_token, "missing_scope"),
    ],
)
async def test_a_wrong_token_or_method_is_refused(bot: Caller, method: str, token: str, error: str) -> None:
    """Each refusal has Slack's error code."""
    assert (await bot.call(method, token=token))["error"] == error


async def test_no_token_is_not_authed(slack: LocalSlack, http: aiohttp.ClientSession) -> None:
    """A call needs an Authorization header or a token field, except api.test."""
    async with http.post(slack.api_url + "auth.test") as response:
        assert (await response.json())["error"] == "not_authed"
    async with http.post(slack.api_url + "api.test", json={"a": 1}) as response:
        assert await response.json() == {"ok": True, "args": {"a": 1}}


async def test_forms_carry_blocks_as_json(slack: LocalSlack, http: aiohttp.ClientSession) -> None:
    """A form with a token field and blocks as JSON text equals a JSON body."""
    form = {"token": slack.bot_token, "channel": "C0SHIFT", "text": "hello", "blocks": json.dumps(CARD)}
    async with http.post(slack.api_url + "chat.postMessage", data=form) as response:
        answer = await response.json()
    assert answer["ok"] is True
    [message] = slack.messages("C0SHIFT")
    assert message.blocks is not None
    assert message.blocks[0]["elements"] == [BUTTON]
    assert message.blocks[0]["block_id"]
    form["blocks"] = "[{"
    async with http.post(slack.api_url + "chat.postMessage", data=form) as response:
        assert (await response.json())["error"] == "invalid_blocks_format"


async def test_with_more_scopes_people_and_dms_are_reachable(slack: LocalSlack, bot: Caller) -> None:
    """users.info has time zone and locale; a DM accepts messages once it is opened."""
    slack.scopes = "commands,chat:write,users:read"
    assert (await bot.call("conversations.open", users=ADA))["needed"] == "im:write"
    slack.scopes += ",im:write"
    user = (await bot.call("users.info", user=GRACE, include_locale=True))["user"]
    assert (user["tz"], user["tz_offset"], user["is_restricted"], user["locale"]) == (
        "Europe/London",
        0,
        True,
        "en-US",
    )
    assert (await bot.call("users.info", user="U0NOBODY"))["error"] == "user_not_found"
    assert (await bot.call("chat.postMessage", channel="D0ADA", text="x"))["error"] == "not_in_channel"
    assert (await bot.call("conversations.open", users=ADA))["channel"] == {"id": "D0ADA"}
    assert (await bot.call("chat.postMessage", channel="D0ADA", text="x"))["ok"] is True
    assert [message.text for message in slack.messages("D0ADA", GRACE)] == []


# --- messages


async def test_a_message_is_posted_updated_and_deleted(slack: LocalSlack, bot: Caller) -> None:
    """An update keeps the ts; an update without blocks removes them."""
    posted = await bot.call("chat.postMessage", channel="C0SHIFT", text="one", blocks=CARD)
    [message] = slack.messages("C0SHIFT", GRACE)
    assert (message.ts, message.user, message.edited) == (posted["ts"], "U0BOT", None)
    await bot.call("chat.update", channel="C0SHIFT", ts=posted["ts"], text="two")
    [message] = slack.messages("C0SHIFT")
    assert (message.ts, message.text, message.blocks) == (posted["ts"], "two", None)
    assert message.edited
    assert (await bot.call("chat.delete", channel="C0SHIFT", ts=posted["ts"]))["ok"] is True
    assert slack.messages("C0SHIFT") == []


async def test_an_update_needs_new_block_ids(slack: LocalSlack, bot: Caller) -> None:
    """chat.update and response URLs refuse a block id of the current message."""
    named = [CARD[0] | {"block_id": "a"}]
    ts = (await bot.call("chat.postMessage", channel="C0SHIFT", text="x", blocks=named))["ts"]
    assert (await bot.call("chat.update", channel="C0SHIFT", ts=ts, text="x", blocks=named))[
        "error"
    ] == "invalid_blocks"
    url = (await slack.click(ADA, "refresh", message_ts=ts)).payload["response_url"]
    assert (await bot.respond(url, text="x", blocks=named, replace_original=True))[0] == 400
    renamed = [CARD[0] | {"block_id": "b"}]
    assert (await bot.call("chat.update", channel="C0SHIFT", ts=ts, text="x", blocks=renamed))["ok"] is True


async def test_an_ephemeral_message_is_for_one_person_and_cannot_be_updated(slack: LocalSlack, bot: Caller) -> None:
    """chat.update and chat.delete answer message_not_found."""
    posted = await bot.call("chat.postEphemeral", channel="C0SHIFT", user=ADA, text="psst")
    assert [message.ephemeral_to for message in slack.messages("C0SHIFT", ADA)] == [ADA]
    assert slack.messages("C0SHIFT", GRACE) == []
    for method in ("chat.update", "chat.delete"):
        answer = await bot.call(method, channel="C0SHIFT", ts=posted["message_ts"], text="x")
        assert answer["error"] == "message_not_found"
    assert (await bot.call("chat.postEphemeral", channel="C0SHIFT", user="U1", text="x"))[
        "error"
    ] == "user_not_in_channel"


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0INCIDENT", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0SHIFT"}, "no_text"),
        ("chat.update", {"channel": "C0SHIFT", "ts": "1.000100", "text": "x"}, "message_not_found"),
        ("views.open", {"trigger_id": "1.2.3", "view": VIEW}, "invalid_trigger_id"),
        ("views.open", {"trigger_id": "1.2.3", "view": "{"}, "invalid_arguments"),
        ("views.update", {"view": VIEW}, "invalid_arguments"),
        ("views.update", {"view_id": "V1", "view": VIEW}, "not_found"),
    ],
)
async def test_invalid_calls_are_refused(bot: Caller, method: str, args: Json, error: str) -> None:
    """Each refusal has an error code of the method's page."""
    assert (await bot.call(method, **args))["error"] == error


async def test_the_bot_cannot_change_other_peoples_messages(slack: LocalSlack, bot: Caller) -> None:
    """chat.update and chat.delete refuse a person's message."""
    page = {"user": ADA, "channel": "C0SHIFT", "text": "hi <!channel>"}
    async with bot.http.post(f"{slack.url}/sandbox/command", json=page) as response:
        assert response.status == 202
    [message] = slack.messages("C0SHIFT")
    assert message.text == "hi &lt;!channel&gt;"
    answer = await bot.call("chat.update", channel="C0SHIFT", ts=message.ts, text="x")
    assert answer["error"] == "cant_update_message"
    assert (await bot.call("chat.delete", channel="C0SHIFT", ts=message.ts))["error"] == "cant_delete_message"


async def test_invalid_blocks_come_with_a_pointer(bot: Caller) -> None:
    """errors and response_metadata have the same lines, the latter with [ERROR]."""
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    problem = "must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert await bot.call("chat.postMessage", channel="C0SHIFT", text="x", blocks=[header]) == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [problem],
        "response_metadata": {"messages": [f"[ERROR] {problem}"]},
    }


async def test_a_full_channel_loses_its_oldest_message(slack: LocalSlack, bot: Caller) -> None:
    """The number of messages is bounded."""
    slack._workspace.max_messages = 2
    for text in ("one", "two", "three"):
        await bot.call("chat.postMessage", channel="C0SHIFT", text=text)
    assert [message.text for message in slack.messages("C0SHIFT")] == ["two", "three"]


# --- response URLs


async def test_a_response_url_is_good_for_five_posts(slack: LocalSlack, bot: Caller) -> None:
    """It needs no membership and answers with a plain ok; the sixth post is refused."""
    url = (await bot.links(channel="C0INCIDENT"))["response_url"]
    answers = [await bot.respond(url, text=str(n), response_type="in_channel") for n in range(6)]
    assert answers[:5] == [(200, "ok")] * 5
    assert (answers[5][0], json.loads(answers[5][1])) == (404, {"ok": False, "error": "used_url"})
    assert [message.text for message in slack.messages("C0INCIDENT", GRACE)] == list("01234")


async def test_a_response_url_is_good_for_thirty_minutes(bot: Caller, clock: Clock) -> None:
    """It expires by the workspace's clock; unknown ones count as expired."""
    url = (await bot.links())["response_url"]
    clock.now += 30 * 60
    assert (await bot.respond(url, text="in time"))[0] == 200
    clock.now += 1
    assert await bot.respond(url, text="late") == (404, '{"ok": false, "error": "expired_url"}')
    assert (await bot.respond(f"{bot.slack.url}/response/unknown", text="x"))[0] == 404


async def test_a_commands_response_url_replaces_nothing(slack: LocalSlack, bot: Caller) -> None:
    """replace_original on a command's URL posts a new message, by default to the asker only."""
    url = (await bot.links())["response_url"]
    await bot.respond(url, text="one")
    await bot.respond(url, text="two", replace_original=True)
    assert [(message.text, message.ephemeral_to) for message in slack.messages("C0SHIFT")] == [
        ("one", ADA),
        ("two", ADA),
    ]


@pytest.mark.parametrize("viewer", [None, ADA])
async def test_a_clicks_response_url_replaces_the_message(slack: LocalSlack, bot: Caller, viewer: str | None) -> None:
    """An ephemeral or a public message keeps its ts and its visibility, whatever response_type says."""
    url = (await bot.links(channel="C0INCIDENT"))["response_url"]
    kind = "ephemeral" if viewer else "in_channel"
    await bot.respond(url, text="old", blocks=CARD, response_type=kind)
    [before] = slack.messages("C0INCIDENT")
    click = (await slack.click(ADA, "refresh", message_ts=before.ts)).payload
    assert click["response_url"] != url
    assert (await bot.respond(click["response_url"], text="new", replace_original=True, response_type="in_channel"))[
        0
    ] == 200
    [after] = slack.messages("C0INCIDENT")
    assert (after.ts, after.text, after.blocks, after.ephemeral_to) == (before.ts, "new", None, viewer)
    assert (await bot.respond(click["response_url"], delete_original=True))[0] == 200
    assert slack.messages("C0INCIDENT") == []
    assert (await bot.respond(click["response_url"], text="x", replace_original=True))[0] == 404


async def test_a_refused_post_is_a_400_and_does_not_count(slack: LocalSlack, bot: Caller) -> None:
    """Invalid blocks, empty posts and posts without JSON do not use up the URL."""
    url = (await bot.links())["response_url"]
    status, text = await bot.respond(url, text="x", blocks=[{"type": "marquee"}])
    assert (status, json.loads(text)["error"]) == (400, "invalid_blocks")
    assert json.loads(text)["response_metadata"]["messages"] == [
        "[ERROR] unsupported type: marquee [json-pointer:/blocks/0/type]"
    ]
    assert json.loads((await bot.respond(url))[1])["error"] == "no_text"
    async with bot.http.post(url, data="hello") as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_payload")
    for _ in range(5):
        assert (await bot.respond(url, text="x"))[0] == 200


# --- views


async def test_a_trigger_opens_one_view_within_three_seconds(slack: LocalSlack, bot: Caller, clock: Clock) -> None:
    """A used trigger is exchanged_trigger_id, a late one expired_trigger_id."""
    first, second = (await bot.links())["trigger_id"], (await bot.links())["trigger_id"]
    clock.now += 3
    opened = await bot.call("views.open", trigger_id=first, view=VIEW)
    assert slack.view(ADA) == opened["view"]
    assert slack.view(GRACE) is None
    assert (await bot.call("views.open", trigger_id=first, view=VIEW))["error"] == "exchanged_trigger_id"
    clock.now += 0.1
    assert (await bot.call("views.open", trigger_id=second, view=VIEW))["error"] == "expired_trigger_id"


async def test_an_update_needs_the_current_hash(slack: LocalSlack, bot: Caller) -> None:
    """Every update makes a new hash; with an old one, the view does not change."""
    view = (await bot.call("views.open", trigger_id=(await bot.links())["trigger_id"], view=VIEW))["view"]
    newer = VIEW | {"title": {"type": "plain_text", "text": "Loaded"}}
    updated = await bot.call("views.update", view_id=view["id"], hash=view["hash"], view=newer)
    assert updated["view"]["hash"] != view["hash"]
    again = await bot.call("views.update", view_id=view["id"], hash=view["hash"], view=VIEW)
    assert again["error"] == "hash_conflict"
    shown = slack.view(ADA)
    assert shown is not None
    assert shown["title"]["text"] == "Loaded"
    await slack.close_view(ADA, view["id"])
    assert (await bot.call("views.update", view_id=view["id"], view=VIEW))["error"] == "not_found"


async def test_a_stack_holds_three_views(slack: LocalSlack, bot: Caller) -> None:
    """The fourth view is push_limit_reached; without an open view, a push is not_found."""
    trigger = (await bot.links())["trigger_id"]
    assert (await bot.call("views.push", trigger_id=trigger, view=VIEW))["error"] == "not_found"
    answers = [
        await bot.call(method, trigger_id=(await bot.links())["trigger_id"], view=VIEW)
        for method in ("views.open", "views.push", "views.push", "views.push")
    ]
    assert [answer["ok"] for answer in answers] == [True, True, True, False]
    assert answers[3]["error"] == "push_limit_reached"
    assert answers[2]["view"]["root_view_id"] == answers[0]["view"]["id"]
    assert answers[2]["view"]["previous_view_id"] == answers[1]["view"]["id"]


async def test_invalid_views_are_invalid_arguments(bot: Caller) -> None:
    """The pointers begin with /view, and the trigger is not used up."""
    trigger = (await bot.links())["trigger_id"]
    bad = VIEW | {"title": {"type": "plain_text", "text": "x" * 25}}
    answer = await bot.call("views.open", trigger_id=trigger, view=bad)
    assert (answer["error"], answer["response_metadata"]["messages"]) == (
        "invalid_arguments",
        ["[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"],
    )
    assert (await bot.call("views.open", trigger_id=trigger, view=VIEW))["ok"] is True


# --- faults and the journal


async def test_a_call_can_be_made_to_fail(slack: LocalSlack, bot: Caller) -> None:
    """A call fails with an error code, a 429, a page of HTML or a closed connection; the next one succeeds."""
    url = slack.api_url + "chat.postMessage"
    args = {"token": slack.bot_token, "channel": "C0SHIFT", "text": "x"}
    slack.refuse("chat.postMessage", "fatal_error")
    slack.refuse("chat.postMessage", status=429, retry_after=7)
    slack.refuse("chat.postMessage", status=503)
    slack.refuse("chat.postMessage", status=0)
    slack.refuse("chat.postMessage", delay=0.05)
    async with bot.http.post(url, data=args) as response:
        assert (await response.json()) == {"ok": False, "error": "fatal_error"}
    async with bot.http.post(url, data=args) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert (await response.json())["error"] == "ratelimited"
    async with bot.http.post(url, data=args) as response:
        assert (response.status, response.content_type) == (503, "text/html")
    with pytest.raises(aiohttp.ClientError):
        await bot.http.post(url, data=args)
    async with bot.http.post(url, data=args) as response:
        assert (await response.json())["ok"] is True
    assert [call.status for call in slack.calls] == [200, 429, 503, 0, 200]
    assert slack.calls[-1].request == {"channel": "C0SHIFT", "text": "x"}
    assert [message.text for message in slack.messages("C0SHIFT")] == ["x"]


async def test_response_urls_can_be_made_to_fail(slack: LocalSlack, bot: Caller) -> None:
    """A refused post is in the journal as response_url, and not in the channel."""
    slack.refuse("response_url", "expired_url", status=404)
    url = (await bot.links())["response_url"]
    assert (await bot.respond(url, text="x"))[0] == 404
    assert (await bot.respond(url, text="y"))[0] == 200
    assert [(call.method, call.request["text"], call.status) for call in slack.calls] == [
        ("response_url", "x", 404),
        ("response_url", "y", 200),
    ]
    assert [message.text for message in slack.messages("C0SHIFT")] == ["y"]


async def test_settled_fails_with_the_state_of_the_workspace(slack: LocalSlack, bot: Caller) -> None:
    """The AssertionError has the messages and the calls."""
    await bot.call("chat.postMessage", channel="C0INCIDENT", text="x")
    with pytest.raises(AssertionError, match="not_in_channel"):
        await slack.settled(lambda: slack.messages("C0INCIDENT"), timeout=0.1)


async def test_a_persons_id_means_their_direct_messages(slack: LocalSlack, bot: Caller) -> None:
    """As in Slack, the conversation need not be open."""
    answer = await bot.call("chat.postMessage", channel=ADA, text="only for you")
    assert answer["channel"] == "D0ADA"
    assert [message.text for message in slack.messages("D0ADA", ADA)] == ["only for you"]
