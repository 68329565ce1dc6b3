"""The API behind the sandbox's page: state, stream, posts, and who may talk to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.slack.server import LocalSlack, SampleNote

Json = dict[str, Any]
ADA, GRACE = "U0ONCALL", "U0GUEST"
NOTE = SampleNote("ST2601050930000000000001A1", "nightly", "runs every night")
CARD = [
    {
        "type": "actions",
        "block_id": "card",
        "elements": [
            {"type": "button", "action_id": "refresh", "text": {"type": "plain_text", "text": "Refresh"}},
            {
                "type": "overflow",
                "action_id": "more",
                "options": [{"text": {"type": "plain_text", "text": "Runs"}, "value": "runs"}],
            },
        ],
    }
]
VIEW = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Targets"},
    "blocks": [{"type": "divider", "block_id": "line"}],
}


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack(tasks=(NOTE,)) as slack:
        yield slack


@pytest.fixture
async def http(slack: LocalSlack) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=slack.url) as http:
        yield http


@pytest.fixture
async def link(slack: LocalSlack, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """A Socket Mode client after its hello; the test plays the bot."""
    headers = {"Authorization": f"Bearer {slack.app_token}"}
    async with http.post("/api/apps.connections.open", headers=headers) as response:
        socket = await http.ws_connect((await response.json())["url"])
    await socket.receive_json()
    return socket


async def post(http: aiohttp.ClientSession, path: str, **body: Any) -> tuple[int, Json]:
    async with http.post(f"/sandbox/{path}", json=body) as response:
        return response.status, dict(await response.json())


async def next_event(stream: aiohttp.ClientResponse, kind: str) -> Json:
    """The next change of a kind; comments and other changes are skipped."""
    while line := await asyncio.wait_for(stream.content.readline(), 10):
        if line.startswith(b"data: "):
            event = json.loads(line.removeprefix(b"data: "))
            if event["type"] == kind:
                return dict(event)
    raise AssertionError(f"the stream ended before a {kind}")


async def api(slack: LocalSlack, http: aiohttp.ClientSession, method: str, **args: Any) -> Json:
    async with http.post(
        f"/api/{method}", json=args, headers={"Authorization": f"Bearer {slack.bot_token}"}
    ) as response:
        return dict(await response.json())


async def test_the_state_is_what_one_person_sees(slack: LocalSlack, http: aiohttp.ClientSession) -> None:
    """It has people, conversations and sample tasks, without other people's private ones."""
    await api(slack, http, "chat.postEphemeral", channel="C0SHIFT", user=ADA, text="psst")
    states = []
    for user in (ADA, GRACE):
        async with http.get("/sandbox/state", params={"user": user}) as response:
            states.append(await response.json())
    ada, grace = states
    assert ada["app"] == {"id": "A0SANDBOX", "name": "COC Tasks", "bot_user": "U0BOT"}
    assert ada["users"][1] == {"id": GRACE, "name": "Grace", "title": "Guest", "tz": "Europe/London", "guest": True}
    assert [place["id"] for place in ada["channels"]] == ["C0SHIFT", "C0INCIDENT", "D0ADA"]
    assert "D0ADA" not in [place["id"] for place in grace["channels"]]
    assert ada["tasks"] == [{"id": NOTE.id, "name": "nightly", "note": "runs every night"}]
    assert (ada["connected"], ada["views"]) == (False, [])
    [message] = ada["messages"]["C0SHIFT"]
    assert message == {
        "ts": message["ts"],
        "channel": "C0SHIFT",
        "user": "U0BOT",
        "text": "psst",
        "blocks": None,
        "ephemeral_to": ADA,
        "edited": None,
        "thread_ts": None,
        "kind": "message",
        "files": [],
    }
    assert grace["messages"]["C0SHIFT"] == []


async def test_a_command_appears_in_the_stream(
    http: aiohttp.ClientSession, slack: LocalSlack, link: aiohttp.ClientWebSocketResponse
) -> None:
    """The post gets a 202 at once; the stream has the quiet line, the answer, its replacement and its deletion."""
    async with http.get("/sandbox/events", params={"user": ADA}) as stream:
        status, started = await post(http, "command", user=ADA, channel="C0SHIFT", text="/schedtask  ST1 <x>")
        assert status == 202
        line = (await next_event(stream, "message"))["message"]
        assert (line["kind"], line["ephemeral_to"], line["text"]) == (
            "command",
            ADA,
            "Ada used /schedtask ST1 &lt;x&gt;",
        )
        envelope = await link.receive_json()
        assert (envelope["envelope_id"], envelope["payload"]["text"]) == (started["id"], "ST1 <x>")
        await link.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "card", "blocks": CARD}})
        message = (await next_event(stream, "message"))["message"]
        assert (message["text"], message["blocks"]) == ("card", CARD)
    assert [m.kind for m in slack.messages("C0SHIFT")] == ["message"]


async def test_clicks_of_the_page_reach_the_bot(
    http: aiohttp.ClientSession, slack: LocalSlack, link: aiohttp.ClientWebSocketResponse
) -> None:
    """Buttons, menu options and modals work; each change is in the stream."""
    ts = (await api(slack, http, "chat.postMessage", channel="C0SHIFT", text="card", blocks=CARD))["ts"]
    place = {"channel": "C0SHIFT", "ts": ts}
    async with http.get("/sandbox/events", params={"user": ADA}) as stream:
        option = CARD[0]["elements"][1]["options"][0]  # type: ignore[index]
        status, _ = await post(
            http, "click", user=ADA, message=place, block_id="card", action_id="more", selected_option=option
        )
        assert status == 202
        envelope = await link.receive_json()
        assert envelope["payload"]["actions"][0]["selected_option"] == option
        await link.send_json({"envelope_id": envelope["envelope_id"]})
        trigger_id = envelope["payload"]["trigger_id"]
        view = (await api(slack, http, "views.open", trigger_id=trigger_id, view=VIEW))["view"]
        [shown] = (await next_event(stream, "views"))["views"]
        assert shown == {key: view[key] for key in ("id", "hash", "type", "title", "close", "submit", "blocks")}
        assert (await post(http, "view/submit", user=ADA, view={"id": view["id"]}, values={}))[0] == 202
        envelope = await link.receive_json()
        assert envelope["payload"]["type"] == "view_submission"
        answer = {"response_action": "errors", "errors": {"line": "not so"}}
        await link.send_json({"envelope_id": envelope["envelope_id"], "payload": answer})
        event = await next_event(stream, "errors")
        assert event == {"type": "errors", "view": view["id"], "errors": {"line": "not so"}}
        assert await post(http, "view/close", user=ADA, view={"id": view["id"]}) == (202, {"id": None})
        assert (await next_event(stream, "views"))["views"] == []
        await api(slack, http, "chat.delete", channel="C0SHIFT", ts=ts)
        assert await next_event(stream, "gone") == {"type": "gone", "channel": "C0SHIFT", "ts": ts}


async def test_the_stream_has_failures_and_connections(
    http: aiohttp.ClientSession, slack: LocalSlack, link: aiohttp.ClientWebSocketResponse
) -> None:
    """When the bot disconnects, the page learns it, and the next command fails with Slack's error."""
    async with http.get("/sandbox/events", params={"user": GRACE}) as stream:
        await link.close()
        assert (await next_event(stream, "connected"))["connected"] is False
        await post(http, "command", user=GRACE, channel="C0SHIFT", text="/schedtask ST1")
        toast = await next_event(stream, "toast")
        assert (toast["error"], toast["text"]) == (
            "dispatch_failed",
            '/schedtask failed with the error "dispatch_failed"',
        )


async def test_a_reply_belongs_to_the_thread_of_its_root(http: aiohttp.ClientSession, slack: LocalSlack) -> None:
    """A reply to a reply has the same root; a private message has no thread; a command in a thread is refused."""
    root = (await api(slack, http, "chat.postMessage", channel="C0SHIFT", text="card"))["ts"]
    place = {"user": ADA, "channel": "C0SHIFT"}
    assert (await post(http, "command", **place, text="one", thread_ts=root))[0] == 202
    reply = slack.messages("C0SHIFT")[-1]
    assert (await post(http, "command", **place, text="two", thread_ts=reply.ts))[0] == 202
    assert [message.thread_ts for message in slack.messages("C0SHIFT")] == [None, root, root]
    private = await api(slack, http, "chat.postEphemeral", channel="C0SHIFT", user=ADA, text="psst")
    assert (await post(http, "command", **place, text="three", thread_ts=private["message_ts"]))[0] == 404
    async with http.get("/sandbox/events", params={"user": ADA}) as stream:
        await post(http, "command", **place, text="/schedtask ST1", thread_ts=root)
        assert (await next_event(stream, "toast"))["error"] == "not_in_threads"


async def test_a_persons_time_zone_is_the_same_everywhere(http: aiohttp.ClientSession, slack: LocalSlack) -> None:
    """The state, the stream and users.info agree."""
    slack.scopes += ",users:read"
    async with http.get("/sandbox/events", params={"user": GRACE}) as stream:
        assert (await post(http, "zone", user=ADA, tz="Australia/Lord_Howe"))[0] == 202
        assert await next_event(stream, "zone") == {"type": "zone", "user": ADA, "tz": "Australia/Lord_Howe"}
    info = await api(slack, http, "users.info", user=ADA)
    assert (info["user"]["tz"], info["user"]["tz_offset"]) == ("Australia/Lord_Howe", 11 * 3600)


async def test_each_step_has_its_request(
    http: aiohttp.ClientSession, slack: LocalSlack, link: aiohttp.ClientWebSocketResponse
) -> None:
    """A response_url, a trigger or a view identifies the request; a call without them has none."""
    await post(http, "command", user=ADA, channel="C0SHIFT", text="/schedtask ST1")
    first = await link.receive_json()
    await post(http, "command", user=GRACE, channel="C0SHIFT", text="/schedtask ST2")
    second = await link.receive_json()
    for envelope in (second, first):
        await link.send_json({"envelope_id": envelope["envelope_id"]})
    view = (await api(slack, http, "views.open", trigger_id=second["payload"]["trigger_id"], view=VIEW))["view"]
    async with http.post(first["payload"]["response_url"], json={"text": "one"}) as response:
        assert response.status == 200
    changed = VIEW | {"title": {"type": "plain_text", "text": "New"}}
    await api(slack, http, "views.update", view_id=view["id"], view=changed)
    await api(slack, http, "no.such", x=1)
    async with http.get("/sandbox/state", params={"user": ADA}) as response:
        steps = (await response.json())["steps"]
    one, two = (step["serial"] for step in steps if step["lane"] == "request")
    assert [(s["what"], s["request"], s["outcome"]) for s in steps if s["lane"] == "reply"][-4:] == [
        ("views.open", two, "ok"),
        ("response_url", one, "ok"),
        ("views.update", two, "ok"),
        ("no.such", None, "unknown_method"),
    ]
    acks = [step for step in steps if step["lane"] == "ack"]
    assert [(ack["request"], ack["outcome"]) for ack in acks] == [(one, "ok"), (two, "ok")]
    async with http.get(f"/sandbox/steps/{steps[-1]['serial']}") as response:
        assert json.loads((await response.json())["answer"])["error"] == "unknown_method"
    await post(http, "steps/clear")
    async with http.get(f"/sandbox/steps/{steps[-1]['serial']}") as response:
        assert response.status == 404


async def test_a_limited_slack_accepts_a_call_after_its_retry_after(
    http: aiohttp.ClientSession, slack: LocalSlack
) -> None:
    """Until then, each attempt gets a 429 with Retry-After; another method has a separate limit."""
    await post(http, "switch", id="slack", value="limited")
    for method, error in (
        ("chat.postMessage", "ratelimited"),
        ("chat.postMessage", "ratelimited"),
        ("auth.test", "ratelimited"),
    ):
        assert (await api(slack, http, method, channel="C0SHIFT", text="x"))["error"] == error
    await asyncio.sleep(1.1)
    assert (await api(slack, http, "chat.postMessage", channel="C0SHIFT", text="x"))["ok"] is True
    assert [call.status for call in slack.calls] == [429, 429, 429, 200]
    await post(http, "switch", id="slack", value="failing")
    async with http.post("/api/auth.test", headers={"Authorization": f"Bearer {slack.bot_token}"}) as response:
        assert (response.status, response.content_type) == (503, "text/html")


async def test_a_stream_that_falls_behind_ends(http: aiohttp.ClientSession, slack: LocalSlack) -> None:
    """The page then reconnects and reads the state; the queue is bounded."""
    slack._page.stream_events = 3
    async with http.get("/sandbox/events", params={"user": ADA}) as stream:
        await stream.content.readline()
        for _ in range(5):
            slack._workspace.toast(ADA, "x", "x")
        rest = await asyncio.wait_for(stream.content.read(), 10)
    assert b"data:" not in rest


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("command", {"user": ADA, "channel": "C0SHIFT"}, 400),
        ("command", {"user": "U0NOBODY", "channel": "C0SHIFT", "text": "x"}, 404),
        ("command", {"user": GRACE, "channel": "D0ADA", "text": "/schedtask x"}, 404),
        ("click", {"user": ADA, "action_id": "refresh"}, 400),
        ("click", {"user": ADA, "action_id": "refresh", "message": {"channel": "C0SHIFT", "ts": "1.0"}}, 404),
        ("click", {"user": ADA, "action_id": "x", "message": {"ts": "1.0"}, "selected_option": 7}, 400),
        ("click", {"user": ADA, "action_id": "refresh", "view": {"id": "V1"}}, 404),
        ("view/submit", {"user": ADA, "view": {"id": "V1"}, "values": {}}, 404),
        ("view/submit", {"user": ADA, "view": {"id": "V1"}, "values": {"b": 1}}, 400),
        ("view/close", {"user": ADA}, 400),
        ("zone", {"user": ADA, "tz": "Mars/Olympus_Mons"}, 400),
        ("zone", {"user": "U0NOBODY", "tz": "UTC"}, 404),
        ("switch", {"id": "slack", "value": "on fire"}, 400),
        ("switch", {"id": "coc", "value": "normal"}, 400),
        ("command", {"user": ADA, "channel": "C0SHIFT", "text": "x", "thread_ts": "1.0"}, 404),
    ],
)
async def test_invalid_posts_get_a_reason(http: aiohttp.ClientSession, path: str, body: Json, status: int) -> None:
    """The answer is a 4xx with the reason."""
    answered, answer = await post(http, path, **body)
    assert answered == status
    assert answer["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:3000"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_other_sites_are_refused(http: aiohttp.ClientSession, headers: dict[str, str], status: int) -> None:
    """A rebound name or a foreign origin gets a 403, and every answer has the security headers."""
    async with http.get("/sandbox/state", params={"user": ADA}, headers=headers) as response:
        assert response.status == status
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"


async def test_the_pages_own_origin_may_post_json_only(http: aiohttp.ClientSession, slack: LocalSlack) -> None:
    """Plain text, which any site may send, is refused."""
    body = json.dumps({"user": ADA, "channel": "C0SHIFT", "text": "hi"})
    plain = {"Origin": slack.url, "Content-Type": "text/plain"}
    async with http.post("/sandbox/command", data=body, headers=plain) as response:
        assert response.status == 415
    async with http.post(
        "/sandbox/command", data=body, headers=plain | {"Content-Type": "application/json"}
    ) as response:
        assert response.status == 202


@pytest.mark.parametrize(
    ("path", "status"),
    [("/page/page.js", 200), ("/page/none.js", 404), ("/page/..%2Fapi.py", 404), ("/page/x.exe", 404)],
)
async def test_only_the_pages_files_are_served(http: aiohttp.ClientSession, path: str, status: int) -> None:
    """Files elsewhere and of unknown types get a 404; scripts have their media type."""
    async with http.get(path) as response:
        assert response.status == status
        if status == 200:
            assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"


async def test_stopping_ends_streams_and_sockets(slack: LocalSlack) -> None:
    """An open stream, a connected client and a command in progress do not delay the stop."""
    async with aiohttp.ClientSession(base_url=slack.url) as http:
        headers = {"Authorization": f"Bearer {slack.app_token}"}
        async with http.post("/api/apps.connections.open", headers=headers) as response:
            socket = await http.ws_connect((await response.json())["url"])
        async with http.get("/sandbox/events", params={"user": ADA}) as stream:
            await post(http, "command", user=ADA, channel="C0SHIFT", text="/schedtask ST1")
            started = asyncio.get_running_loop().time()
            # The client's side of the WebSocket must be read for its close to be answered, as any client does.
            await asyncio.gather(slack.stop(), _drain(socket))
            assert asyncio.get_running_loop().time() - started < 2
            assert b"data" in await stream.content.read()


async def _drain(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass
