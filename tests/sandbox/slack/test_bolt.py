"""A real Bolt app against the sandbox's Slack, by Socket Mode and by signed HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import LocalSlack, NotThereError

Json = dict[str, Any]
ADA, GRACE = "U0ONCALL", "U0GUEST"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def card(text: str) -> list[Json]:
    menu = {
        "type": "overflow",
        "action_id": "more",
        "options": [{"text": plain("Runs"), "value": "runs"}, {"text": plain("Parameters"), "value": "parameters"}],
    }
    buttons = [
        {"type": "button", "action_id": name, "text": plain(name), "value": "ST1"} for name in ("refresh", "targets")
    ]
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "actions", "elements": [*buttons, menu]},
    ]


def modal(title: str, **fields: Any) -> Json:
    page = {"type": "static_select", "action_id": "page", "options": [{"text": plain("2"), "value": "2"}]}
    blocks = [
        {
            "type": "input",
            "block_id": "host",
            "label": plain("Host"),
            "element": {"type": "plain_text_input", "action_id": "name"},
        },
        {"type": "actions", "block_id": "pages", "elements": [page]},
    ]
    return {"type": "modal", "title": plain(title), "submit": plain("Find"), "blocks": blocks, **fields}


async def on_command(ack: Any, respond: Any, body: Json) -> None:
    if body["text"] == "slow":
        await asyncio.sleep(3.5)
    if body["text"] == "at once":
        await ack("here you are")
        return
    await ack()
    await respond(text="card", blocks=card("first"), response_type="in_channel")


async def on_refresh(ack: Any, respond: Any) -> None:
    await ack()
    await respond(text="card", blocks=card("fresh"), replace_original=True)


async def on_choice(ack: Any, action: Json, client: AsyncWebClient) -> None:
    await ack()
    await client.chat_postMessage(channel="C0SHIFT", text=f"chose {action['selected_option']['value']}")


async def on_targets(ack: Any, body: Json, client: AsyncWebClient) -> None:
    await ack()
    opened = await client.views_open(trigger_id=body["trigger_id"], view=modal("Loading"))
    view = opened["view"]
    shown = modal("Targets", callback_id="targets", notify_on_close=True)
    await client.views_update(view_id=view["id"], hash=view["hash"], view=shown)


SUBMISSION_ANSWERS: dict[str, Json] = {
    "web-1": {},
    "bad": {"response_action": "errors", "errors": {"host": "no such host"}},
    "more": {"response_action": "push", "view": modal("One host")},
    "new": {"response_action": "update", "view": modal("Updated", callback_id="targets")},
    "clear": {"response_action": "clear"},
}


async def on_submission(ack: Any, view: Json) -> None:
    await ack(**SUBMISSION_ANSWERS[view["state"]["values"]["host"]["name"]["value"]])


async def on_close(ack: Any) -> None:
    await ack()


def bolt_app(slack: LocalSlack) -> AsyncApp:
    """A small app with every kind of listener."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    app.command("/schedtask")(on_command)
    app.action("refresh")(on_refresh)
    app.action("more")(on_choice)
    app.action("page")(on_choice)
    app.action("targets")(on_targets)
    app.view("targets")(on_submission)
    app.view_closed("targets")(on_close)
    return app


@pytest.fixture(params=["socket", "http"])
async def slack(request: pytest.FixtureRequest) -> AsyncIterator[LocalSlack]:
    """A local Slack with a Bolt app, in Socket Mode and by HTTP."""
    async with LocalSlack() as slack:
        app = bolt_app(slack)
        if request.param == "socket":
            handler = AsyncSocketModeHandler(app, slack.app_token)
            await handler.connect_async()
            await slack.connected()
            yield slack
            await handler.close_async()
        else:
            runner = web.AppRunner(app.server(0, "/slack/events").web_app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
            yield slack
            await runner.cleanup()


async def posted(slack: LocalSlack) -> str:
    """The ts of a card that Ada's command posted into a channel without the bot."""
    done = await slack.command(ADA, "C0INCIDENT", "ST1")
    assert (done.acked, done.error) == (True, None)
    [message] = await slack.settled(lambda: slack.messages("C0INCIDENT", GRACE))
    return message.ts


async def test_a_command_is_acknowledged_and_answered(slack: LocalSlack) -> None:
    """The card is public; the acknowledgement has a duration."""
    done = await slack.command(ADA, "C0INCIDENT", "ST1")
    assert done.ack_ms is not None
    assert 0 < done.ack_ms < 3000
    [message] = await slack.settled(lambda: slack.messages("C0INCIDENT", GRACE))
    assert (message.text, message.ephemeral_to, message.user) == ("card", None, "U0BOT")
    assert all(isinstance(value, str) for value in done.payload.values())


async def test_a_commands_acknowledgement_may_carry_the_answer(slack: LocalSlack) -> None:
    """Its text becomes a message for the asker only."""
    done = await slack.command(ADA, "C0SHIFT", "at once")
    assert done.ack_body is not None
    assert [(m.text, m.ephemeral_to) for m in slack.messages("C0SHIFT")] == [("here you are", ADA)]


async def test_a_button_replaces_its_card(slack: LocalSlack) -> None:
    """Anybody in the channel can press it; the payload has the message, the action and new links."""
    ts = await posted(slack)
    done = await slack.click(GRACE, "refresh", message_ts=ts)
    payload = done.payload
    assert done.acked
    assert payload["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C0INCIDENT",
        "is_ephemeral": False,
    }
    assert payload["user"] == {"id": GRACE, "username": "grace", "name": "grace", "team_id": "T0SANDBOX"}
    assert payload["channel"] == {"id": "C0INCIDENT", "name": "inc-2041"}
    assert payload["message"]["blocks"][0]["text"]["text"] == "first"
    [action] = payload["actions"]
    assert (action["type"], action["action_id"], action["value"]) == ("button", "refresh", "ST1")
    assert action["block_id"] == payload["message"]["blocks"][1]["block_id"]

    def fresh() -> bool:
        [message] = slack.messages("C0INCIDENT", ADA)
        return message.ts == ts and "fresh" in str(message.blocks)

    await slack.settled(fresh)


async def test_a_menu_sends_the_chosen_option(slack: LocalSlack) -> None:
    """The payload has the whole option; an unknown option cannot be chosen."""
    ts = await posted(slack)
    done = await slack.click(ADA, "more", message_ts=ts, selected="parameters")
    assert done.payload["actions"][0]["selected_option"] == {"text": plain("Parameters"), "value": "parameters"}
    await slack.settled(lambda: [m.text for m in slack.messages("C0SHIFT")] == ["chose parameters"])
    with pytest.raises(NotThereError):
        await slack.click(ADA, "more", message_ts=ts, selected="nonsense")


async def modal_of(slack: LocalSlack) -> str:
    """The id of the modal that Ada opened from a card."""
    await slack.click(ADA, "targets", message_ts=await posted(slack))
    view = await slack.settled(lambda: (v := slack.view(ADA)) and v["title"]["text"] == "Targets" and v)
    assert isinstance(view, dict)
    return str(view["id"])


async def test_a_modal_is_opened_used_and_closed(slack: LocalSlack) -> None:
    """A loading view is replaced by the content; clicks carry the view and the choices so far."""
    view_id = await modal_of(slack)
    done = await slack.click(ADA, "page", view_id=view_id, selected="2")
    assert done.payload["container"] == {"type": "view", "view_id": view_id}
    assert "response_url" not in done.payload
    assert "channel" not in done.payload
    values = done.payload["view"]["state"]["values"]
    assert values["pages"]["page"]["selected_option"]["value"] == "2"
    assert values["host"]["name"] == {"type": "plain_text_input", "value": None}
    with pytest.raises(NotThereError):
        await slack.click(GRACE, "page", view_id=view_id, selected="2")
    closed = await slack.close_view(ADA, view_id)
    assert closed is not None
    assert (closed.kind, closed.acked, slack.view(ADA)) == ("view_closed", True, None)


@pytest.mark.parametrize(
    ("name", "titles"),
    [("web-1", []), ("clear", []), ("bad", ["Targets"]), ("more", ["Targets", "One host"]), ("new", ["Updated"])],
)
async def test_the_answer_to_a_submission_is_applied(slack: LocalSlack, name: str, titles: list[str]) -> None:
    """An empty answer closes the view; clear, errors, push and update act accordingly."""
    view_id = await modal_of(slack)
    values = {"host": {"name": {"type": "plain_text_input", "value": name}}}
    done = await slack.submit_view(ADA, view_id, values)
    assert (done.kind, done.acked, done.error) == ("view_submission", True, None)
    left: list[str] = []
    while (view := slack.view(ADA)) is not None:
        left.insert(0, view["title"]["text"])
        await slack.close_view(ADA, view["id"])
    assert left == titles


async def test_a_late_acknowledgement_is_a_timeout(slack: LocalSlack) -> None:
    """After three seconds, the error is operation_timeout."""
    done = await slack.command(ADA, "C0SHIFT", "slow")
    assert (done.acked, done.ack_ms, done.error) == (False, None, "operation_timeout")


async def test_a_click_on_an_ephemeral_card_carries_no_message() -> None:
    """The payload has no message; only the viewer can press the card, and a replaced one stays private."""
    async with LocalSlack() as slack, aiohttp.ClientSession() as http:
        url = (await slack.command(ADA, "C0SHIFT", "x")).payload["response_url"]
        await http.post(url, json={"text": "card", "blocks": card("first")})
        [message] = slack.messages("C0SHIFT")
        done = await slack.click(ADA, "refresh", message_ts=message.ts)
        assert "message" not in done.payload
        assert done.payload["container"]["is_ephemeral"] is True
        with pytest.raises(NotThereError):
            await slack.click(GRACE, "refresh", message_ts=message.ts)


async def test_without_a_bot_nothing_can_be_dispatched() -> None:
    """Without a connection, a listener at the URL, or the right signature, the error is dispatch_failed."""
    async with LocalSlack() as slack:
        assert (await slack.command(ADA, "C0SHIFT", "x")).error == "dispatch_failed"
        slack.events_url = "http://127.0.0.1:1/slack/events"
        assert (await slack.command(ADA, "C0SHIFT", "x")).error == "dispatch_failed"
        app = AsyncApp(token=slack.bot_token, signing_secret="another")
        runner = web.AppRunner(app.server(0, "/slack/events").web_app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        assert (await slack.command(ADA, "C0SHIFT", "x")).error == "dispatch_failed"
        await runner.cleanup()


# --- Socket Mode alone


async def open_socket(slack: LocalSlack, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    headers = {"Authorization": f"Bearer {slack.app_token}"}
    async with http.post(slack.api_url + "apps.connections.open", headers=headers) as response:
        return await http.ws_connect((await response.json())["url"])


async def test_envelopes_alternate_between_connections() -> None:
    """Every connection gets a hello; two commands reach two clients, and each acknowledges its own."""
    async with LocalSlack() as slack, aiohttp.ClientSession() as http:
        sockets = [await open_socket(slack, http) for _ in range(2)]
        hellos = [await socket.receive_json() for socket in sockets]
        assert [hello["type"] for hello in hellos] == ["hello", "hello"]
        assert [hello["num_connections"] for hello in hellos] == [1, 2]
        assert hellos[0]["connection_info"] == {"app_id": "A0SANDBOX"}
        for socket, text in zip(sockets, ("one", "two"), strict=True):
            command = asyncio.create_task(slack.command(ADA, "C0SHIFT", text))
            envelope = await socket.receive_json()
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
            assert envelope["payload"]["text"] == text
            await socket.send_str("not JSON")
            await socket.send_json({"envelope_id": "of another"})
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            assert (await command).acked


async def test_a_websocket_url_is_valid_once_and_ten_connections_are_the_limit() -> None:
    """A used URL is refused; the eleventh connection gets too_many_websockets."""
    async with LocalSlack() as slack, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {slack.app_token}"}
        async with http.post(slack.api_url + "apps.connections.open", headers=headers) as response:
            url = (await response.json())["url"]
        first = await http.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)
        sockets = [first, *[await open_socket(slack, http) for _ in range(9)]]
        assert [(await socket.receive_json())["num_connections"] for socket in sockets] == list(range(1, 11))
        async with http.post(slack.api_url + "apps.connections.open", headers=headers) as response:
            assert await response.json() == {"ok": False, "error": "too_many_websockets"}


async def test_bolt_reconnects_after_a_disconnect() -> None:
    """A refresh closes the connection, and the SDK opens another one."""
    async with LocalSlack() as slack:
        handler = AsyncSocketModeHandler(bolt_app(slack), slack.app_token)
        await handler.connect_async()
        await slack.connected()

        def opened() -> int:
            return [call.method for call in slack.calls].count("apps.connections.open")

        await slack.disconnect("refresh_requested")
        await slack.settled(lambda: opened() >= 2)
        await slack.connected()
        assert (await slack.command(ADA, "C0SHIFT", "ST1")).acked
        await handler.close_async()


async def test_a_warning_closes_nothing() -> None:
    """After a warning, Slack still uses the connection; any other reason closes it at once."""
    async with LocalSlack() as slack, aiohttp.ClientSession() as http:
        socket = await open_socket(slack, http)
        assert (await socket.receive_json())["type"] == "hello"
        await slack.disconnect("warning")
        assert (await socket.receive_json())["reason"] == "warning"
        command = asyncio.create_task(slack.command(ADA, "C0SHIFT", "x"))
        await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
        assert (await command).acked
        gone = asyncio.create_task(slack.disconnect("refresh_requested"))
        assert (await socket.receive_json())["reason"] == "refresh_requested"
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        await gone
        assert (await slack.command(ADA, "C0SHIFT", "x")).error == "dispatch_failed"
