"""Socket Mode over real WebSockets: connections are watched and replaced, and the bot gives up in the end."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import pytest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.app import Bot
from bot.sandbox.session import Sandbox
from bot.slack.envelopes import Envelopes
from bot.timings import SocketTimings, Timings
from tests.faults.surfaces import FIND
from tests.slack.presses import ADA, NIGHTLY, SHIFT, post

BRIEF = Timings(socket=SocketTimings(ping_s=0.5, stale_s=2.0, close_s=0.2, pauses_s=(0.1, 0.3)))


@asynccontextmanager
async def connected(count: int = 2, **given: str) -> AsyncIterator[Sandbox]:
    """A sandbox whose bot has all its connections."""
    given = {"SCHEDTASK_SOCKET_CONNECTIONS": str(count), **given}
    async with Sandbox(given=given, make_bot=partial(Bot, timings=BRIEF)) as box:
        await box.slack.settled(lambda: box.slack.connections == count)
        yield box


def opened(box: Sandbox) -> int:
    """How often the bot has asked for a connection's URL."""
    return [call.method for call in box.slack.calls].count("apps.connections.open")


async def metric(box: Sandbox, name: str) -> float:
    """One value of ``/metrics``."""
    assert box.bot is not None
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{box.bot.port}/metrics") as answer:
        found = re.search(rf"^{re.escape(name)} (\S+)$", await answer.text(), re.MULTILINE)
    assert found, name
    return float(found.group(1))


async def test_two_connections_by_default(box: Sandbox) -> None:
    """Both serve requests, alternately."""
    await box.slack.settled(lambda: box.slack.connections == 2)
    for _ in range(4):
        assert (await box.slack.command(ADA, SHIFT, "help")).acked
    assert await metric(box, "schedtask_socket_connections") == 2
    assert await metric(box, "schedtask_ack_seconds_count") == 4


@pytest.mark.parametrize("count", [1, 2])
async def test_a_connection_that_slack_will_close_is_replaced_first(count: int) -> None:
    """Slack warns and closes repeatedly; meanwhile no command is lost."""
    async with connected(count) as box:
        lost, stop = [], asyncio.Event()

        async def people() -> None:
            while not stop.is_set():
                done = await box.slack.command(ADA, SHIFT, "help")
                lost.extend([] if done.acked else [done])

        asking = asyncio.create_task(people())
        for number in range(1, 6):
            await box.slack.disconnect("warning", 1)
            await box.slack.settled(lambda wanted=count + number: opened(box) == wanted)  # type: ignore[misc]
            await box.slack.settled(lambda: box.slack.connections == count + 1)
            await box.slack.disconnect("refresh_requested", 1)
            await box.slack.settled(lambda: box.slack.connections == count)
        stop.set()
        await asking
        assert not lost


@pytest.mark.parametrize("how", ["refresh_requested", "drop", "mute"])
async def test_a_lost_connection_is_noticed_and_replaced(how: str) -> None:
    """Whether closed by Slack, dropped, or open but silent, a new one replaces it."""
    async with connected() as box:
        if how == "drop":
            box.slack.drop(1)
        elif how == "mute":
            box.slack.mute(1)
        else:
            await box.slack.disconnect(how, 1)
        await box.slack.settled(lambda: opened(box) == 3, timeout=10)
        await asyncio.sleep(0.2)  # the new one is greeted and the old one closed
        await box.slack.settled(lambda: box.slack.connections == 2, timeout=10)
        for _ in range(4):
            assert (await box.slack.command(ADA, SHIFT, "help")).acked


async def test_after_an_outage_the_bot_reconnects() -> None:
    """The bot is not ready during the outage and serves again afterwards."""
    async with connected() as box:
        assert box.bot is not None
        await box.slack.cut_off()
        await box.slack.settled(lambda: box.slack.connections == 0)
        assert not await box.bot.ready()
        await asyncio.sleep(0.5)
        await box.slack.cut_off(False)
        await box.slack.settled(lambda: box.slack.connections == 2, timeout=10)
        await post(box, NIGHTLY)
        assert await box.bot.ready()


async def test_a_long_outage_ends_the_process() -> None:
    """It ends after the operator's time, with a sentence."""
    async with connected() as box:
        assert box.bot is not None
        links = box.bot._socket
        assert links is not None
        links._give_up_s = 1.0  # the setting allows no less than 5
        await box.slack.cut_off()
        async with asyncio.timeout(10):
            assert await links.failed == "no connection to Slack for 1 s"


async def test_a_revoked_token_ends_the_process_at_once() -> None:
    """A retry could never help; connections that still live are used to their end."""
    async with connected() as box:
        assert box.bot is not None
        links = box.bot._socket
        assert links is not None
        box.slack.refuse("apps.connections.open", "token_revoked", times=1000)
        await box.slack.disconnect("refresh_requested", 1)
        await asyncio.sleep(0.5)
        assert not links.failed.done()
        assert (await box.slack.command(ADA, SHIFT, "help")).acked
        await box.slack.disconnect("refresh_requested")
        async with asyncio.timeout(5):
            assert await links.failed == "Slack refuses the app-level token (token_revoked)"


async def test_an_acknowledgement_uses_another_connection() -> None:
    """If a connection closes before the acknowledgement, the other one carries it."""
    async with connected() as box:
        assert box.bot is not None
        links = box.bot._socket
        assert links is not None
        for connection in links._open:
            send = connection.client.send_message

            async def broken(message: str) -> None:
                raise ConnectionResetError("gone")

            connection.client.send_message = broken  # type: ignore[method-assign]
            done = [await box.slack.command(ADA, SHIFT, "help") for _ in range(2)]
            assert all(one.acked for one in done)
            connection.client.send_message = send  # type: ignore[method-assign]


async def test_stopping_waits_for_acknowledgements_under_way() -> None:
    """Commands that arrived before the stop are acknowledged."""
    async with connected() as box:
        assert box.bot is not None
        asking = [asyncio.create_task(box.slack.command(ADA, SHIFT, "help")) for _ in range(20)]
        await asyncio.sleep(0.01)
        await box.bot.stop()
        done = await asyncio.gather(*asking)
        assert all(one.acked for one in done)


async def test_an_answer_that_is_not_slacks_does_not_stop_reconnecting() -> None:
    """After a proxy's page instead of JSON or a dead URL it goes on until it works."""
    async with connected() as box:
        for _ in range(3):
            box.slack.refuse("apps.connections.open", "odd", status=503)
        box.slack.refuse("apps.connections.open", "cut", status=0)
        await box.slack.disconnect("refresh_requested")
        await box.slack.settled(lambda: box.slack.connections == 2, timeout=10)
        await post(box, NIGHTLY)


async def test_a_request_without_a_listener_is_not_acknowledged() -> None:
    """Slack shows the person an error, which is better than silence."""
    async with connected() as box:
        assert box.bot is not None
        links = box.bot._socket
        assert links is not None
        connection = links._open[0]
        request = SocketModeRequest(
            "interactive", "e1", {"type": "shortcut", "callback_id": "x", "user": {"id": ADA}}
        )
        before = await metric(box, "schedtask_ack_seconds_count")
        await connection.handle(connection.client, request)
        assert await metric(box, "schedtask_ack_seconds_count") == before


def twice(box: Sandbox, monkeypatch: pytest.MonkeyPatch, wait_s: float) -> list[dict[str, Any]]:
    """Make Slack send each envelope twice, over two connections if there are two; returns all acknowledgements."""
    sockets, acks = box.slack._sockets, list[dict[str, Any]]()
    send, acknowledge = sockets._send, sockets._acknowledge

    async def sent(parcel: Any) -> None:
        await send(parcel)
        await asyncio.sleep(wait_s)
        await send(parcel)

    def heard(text: str) -> None:
        acks.append(json.loads(text))
        acknowledge(text)

    monkeypatch.setattr(sockets, "_send", sent)
    monkeypatch.setattr(sockets, "_acknowledge", heard)
    return acks


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("wait_s", [0.0, 0.3])
async def test_a_repeated_envelope_is_acknowledged_twice_and_makes_one_card(
    count: int, wait_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On one connection or two, at once or after the card was posted."""
    async with connected(count) as box:
        acks = twice(box, monkeypatch, wait_s)
        assert (await box.slack.command(ADA, SHIFT, NIGHTLY)).acked
        await box.slack.settled(lambda: len(acks) == 2)
        await box.slack.settled(lambda: box.slack.messages(SHIFT, ADA))
        assert box.bot is not None
        await box.slack.settled(lambda: not len(box.bot._work) if box.bot else False)
        assert len(box.slack.messages(SHIFT, ADA)) == 1
        assert len({ack["envelope_id"] for ack in acks}) == 1
        assert len(box.coc.requests) == 3


async def test_a_repeated_submission_gets_the_same_answer_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The acknowledgement carries the new view; an empty one would close the modal."""
    async with connected() as box:
        await post(box, NIGHTLY)
        spot = await FIND.prepare(box, SHIFT)
        acks = twice(box, monkeypatch, 0.0)
        assert (await FIND.press(box, spot)).acked
        await box.slack.settled(lambda: len(acks) == 2)
        assert acks[0] == acks[1]
        assert "1 of 42 machines match" in json.dumps(acks[0])


async def test_remembered_envelopes_are_bounded() -> None:
    """In number and in the size of their responses; an evicted envelope is handled again."""
    envelopes, made = Envelopes(most=10, most_characters=1_000), list[str]()

    async def answer(envelope_id: str, body: str) -> None:
        async def make() -> BoltResponse:
            made.append(envelope_id)
            return BoltResponse(status=200, body=body)

        assert (await envelopes.response(envelope_id, make)).body == body

    for number in range(100):
        await answer(f"small-{number}", "")
    assert len(envelopes) == 10
    for number in range(100):
        await answer(f"large-{number}", "x" * 400)
    assert len(envelopes) == 2
    await answer("large-99", "x" * 400)
    await answer("large-0", "x" * 400)
    assert made[-2:] == ["large-99", "large-0"]


async def test_a_copy_of_a_failed_envelope_is_handled() -> None:
    """Its copy must neither wait for ever nor fail with it."""
    envelopes, begun = Envelopes(), asyncio.Event()

    async def fail() -> BoltResponse:
        begun.set()
        await asyncio.sleep(0.05)
        raise RuntimeError("first")

    async def succeed() -> BoltResponse:
        return BoltResponse(status=200, body="second")

    first = asyncio.create_task(envelopes.response("e1", fail))
    await begun.wait()
    assert (await envelopes.response("e1", succeed)).body == "second"
    with pytest.raises(RuntimeError, match="first"):
        await first


async def test_a_connection_that_does_not_close_does_not_delay_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its peer may be gone for good; nothing stays behind."""
    async with connected() as box:
        assert box.bot is not None
        links = box.bot._socket
        assert links is not None
        connections = list(links._open)
        for connection in connections:
            monkeypatch.setattr(connection.client, "disconnect", partial(asyncio.sleep, 60))
        async with asyncio.timeout(2):
            await box.bot.stop()
        assert all(connection.client.aiohttp_client_session.closed for connection in connections)
        assert all(connection.client.message_processor.done() for connection in connections)
        for connection in connections:  # what the client could not do, because this test had taken it from it
            assert connection.client.current_session is not None
            await connection.client.current_session.close()
