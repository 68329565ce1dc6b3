"""The link to Slack lost and found, and SIGTERM, in every phase of an interaction: what is under way is answered."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Interaction, LocalSlack
from bot.timings import SocketTimings
from tests.faults.bench import CALM, Bench, answers_of, bench
from tests.faults.surfaces import COMMAND, CSV, PAGING, TARGETS, Spot, Surface
from tests.slack.presses import ADA, GRACE, NIGHTLY, SHIFT, view_text
from tests.test_run import Process, running

pytestmark = pytest.mark.slow

# The link to Slack ----------------------------------------------------------------------------------------

CONNECTIONS = 2
Transport = Literal["socket", "http"]


async def drop_one(slack: LocalSlack) -> None:
    """The connection that was used last breaks without a word."""
    _abort(slack._sockets._connections[-1])


async def drop_all(slack: LocalSlack) -> None:
    """Every connection breaks without a word."""
    for socket in tuple(slack._sockets._connections):
        _abort(socket)


def _abort(socket: Any) -> None:
    socket._req.transport.abort()


def told(reason: str) -> Callable[[LocalSlack], Awaitable[None]]:
    """Slack sends its clients away, or warns them that it will."""

    async def disconnect(slack: LocalSlack) -> None:
        await slack.disconnect(reason)

    disconnect.__name__ = reason
    return disconnect


async def cut_off(slack: LocalSlack) -> None:
    """Slack can't be reached for a while."""
    await slack.cut_off()


Loss = Callable[[LocalSlack], Awaitable[None]]
SOCKET = SocketTimings(linger_s=0.3, watch_s=0.1, pauses_s=(0.02, 0.1, 0.2, 0.5, 1.0))
RECONNECTING = replace(CALM, socket=SOCKET)
LOSSES: tuple[Loss, ...] = (
    *(told(reason) for reason in ("warning", "refresh_requested", "link_disabled")),
    *(drop_one, drop_all, cut_off),
)
Phase = Literal["before-the-ack", "while-coc-is-asked", "while-the-answer-is-sent"]
PHASES: tuple[Phase, ...] = ("before-the-ack", "while-coc-is-asked", "while-the-answer-is-sent")
SENT_BY = {COMMAND: "response_url", TARGETS: "views.update", CSV: "upload"}


def under_way(slack: LocalSlack, method: str) -> bool:
    """Whether the bot has begun such a call and Slack has not answered yet."""
    return any(step.what == method and not step.outcome for step in slack.scenes._steps.values())


def lose_after_sending(watched: Bench, loss: Loss, patch: pytest.MonkeyPatch) -> None:
    """The link goes once the next request is on its way to the bot, before it is acknowledged."""
    sockets = watched.box.slack._sockets
    send = sockets._send

    async def sent(parcel: Any) -> None:
        patch.setattr(sockets, "_send", send)
        await send(parcel)
        await loss(watched.box.slack)

    patch.setattr(sockets, "_send", sent)


async def whole_again(watched: Bench, connections: int) -> None:
    """As many connections as before, the old ones gone."""
    sockets = watched.box.slack._sockets
    await watched.box.slack.settled(lambda: len(sockets._connections) == connections and not sockets._retired)


@pytest.mark.parametrize(
    ("loss", "phase", "surface"),
    [
        pytest.param(
            *(loss, phase, surface),
            id=f"{loss.__name__}-{phase}-{surface}",
            # Each loss in each phase behind one surface; the surfaces take turns.
            marks=() if (number + place) % len(SENT_BY) == PHASES.index(phase) else pytest.mark.exhaustive,
        )
        for number, loss in enumerate(LOSSES)
        for phase in PHASES
        for place, surface in enumerate(SENT_BY)
    ],
)
async def test_the_link_is_lost_and_found(
    loss: Loss, phase: Phase, surface: Surface, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One answer to what is under way, none twice; later presses are answered as if nothing had been."""
    async with bench(tmp_path, RECONNECTING) as watched:
        slack, coc = watched.box.slack, watched.box.coc
        slack._sockets.ack_s = 0.8
        await whole_again(watched, CONNECTIONS)
        spot = await surface.prepare(watched.box, surface.channel)
        await watched.mark()
        if phase == "before-the-ack":
            lose_after_sending(watched, loss, monkeypatch)
        elif phase == "while-coc-is-asked":
            coc.fail("detail", status=200, delay=0.2)
        else:
            slack.refuse(SENT_BY[surface], delay=0.2)
        pressing = asyncio.create_task(surface.press(watched.box, spot))
        if phase != "before-the-ack":
            await slack.settled(lambda: coc.requests)
            if phase == "while-the-answer-is-sent":
                await slack.settled(lambda: under_way(slack, SENT_BY[surface]))
            await loss(slack)
        await watched.ended(5)
        interaction = await pressing
        seen = watched.seen(interaction)
        assert [answer for _, answer in seen.answers if all(words in answer for words in surface.content)]
        assert len(seen.answers) == 1
        assert seen.files == surface.files
        if loss is cut_off:
            await slack.cut_off(False)
        await whole_again(watched, CONNECTIONS)
        later = await slack.command(GRACE, SHIFT, NIGHTLY)
        assert later.acked, later.error
        if (view := slack.view(ADA)) is not None:
            assert (await PAGING.press(watched.box, Spot(view=view["id"]))).acked
            await slack.settled(lambda: "page 2 of 2" in view_text(watched.box))
        presses = ["card"] if view is None else ["card", "targets"]
        await slack.settled(lambda: len(watched.audited()) > len(presses) and watched.idle())
    # With every connection gone under it, an acknowledgement has no way; Slack then tells the person.
    assert interaction.acked or (phase, loss) == ("before-the-ack", drop_all), interaction.error
    lines = watched.audited()
    assert sorted(line["outcome"] for line in lines) == sorted([surface.outcome, *presses])
    assert len(answers_of(watched.since())) == len(lines)
    assert watched.unhandled() == []


# SIGTERM --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class World:
    """A bot process between a COC and a Slack."""

    box: Sandbox
    process: Process
    audit: Path

    async def terminate(self, *, impatient: bool) -> None:
        """SIGTERM, and where somebody is impatient again and again until it is gone."""
        # Not by the child's own send_signal: it asks how the child is, and so takes its exit status from asyncio.
        child = self.process.child
        os.kill(child.pid, signal.SIGTERM)
        while impatient and child.returncode is None:
            await asyncio.sleep(0.02)
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)

    async def gone(self) -> list[dict[str, Any]]:
        """The process has ended well; its audit."""
        status = await self.process.ended()
        assert status == 0, f"exit status {status}; logged: {self.process.raw}"
        for word in ("Traceback", "never retrieved", "was destroyed", '"cut_off"', '"unexpected"', '"work_failed"'):
            assert word not in self.process.raw
        return [json.loads(line) for line in self.audit.read_text("utf-8").splitlines()]


@asynccontextmanager
async def world(
    folder: Path, transport: Transport = "socket", *, ready: bool = True, **variables: str
) -> AsyncIterator[World]:
    """Started; and ready, unless that is not waited for."""
    box, audit = Sandbox(transport=transport), folder / "audit.jsonl"
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH"}}
    try:
        await box.coc.start()
        await box.slack.start()
        keys = {"HUAWEICLOUD_SDK_AK": box.coc.access_key, "HUAWEICLOUD_SDK_SK": box.coc.secret_key}
        more = {
            "HUAWEICLOUD_SDK_DOMAIN_ID": "d0000000000000000000000000000001",
            "SCHEDTASK_AUDIT_FILE": str(audit),
            "SCHEDTASK_TARGETS_MAX_AGE": "0",
            "SCHEDTASK_COC_READ_TIMEOUT": "1.5",
        }
        async with running({**kept, **box.environment(), **keys, **more, **variables}, cwd=folder) as process:
            if ready:
                port = (await process.event("ready"))["port"]
                if transport == "http":
                    box.slack.events_url = f"http://127.0.0.1:{port}/slack/events"
            yield World(box, process, audit)
    finally:
        await box.stop()


def coc_is_slow(box: Sandbox) -> Callable[[], bool]:
    """The signal comes while COC is being asked."""
    box.coc.fail("detail", status=200, delay=0.8)
    return lambda: bool(box.coc.requests)


def coc_hangs(box: Sandbox) -> Callable[[], bool]:
    """The signal comes while COC is being asked, which never answers."""
    box.coc.fail("detail", status=200, delay=60)
    return lambda: bool(box.coc.requests)


def slack_is_slow(method: str) -> Callable[[Sandbox], Callable[[], bool]]:
    """The signal comes while Slack is taking the answer."""

    def prepare(box: Sandbox) -> Callable[[], bool]:
        box.slack.refuse(method, delay=0.8)
        return lambda: under_way(box.slack, method)

    return prepare


MOMENTS: dict[str, tuple[Surface, Callable[[Sandbox], Callable[[], bool]], str]] = {
    "card-asked-for": (COMMAND, coc_is_slow, "card"),
    "card-under-way": (COMMAND, slack_is_slow("response_url"), "card"),
    "card-that-never-comes": (COMMAND, coc_hangs, "TimedOut"),
    "modal-loading": (TARGETS, coc_is_slow, "targets"),
    "modal-filled": (TARGETS, slack_is_slow("views.update"), "targets"),
    "file-asked-for": (CSV, coc_is_slow, "file"),
    "file-on-its-way": (CSV, slack_is_slow("upload"), "file"),
}


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


async def terminated(
    moment: str, transport: Transport, folder: Path, starting: asyncio.Semaphore, *, impatient: bool
) -> None:
    """One bot, one press, and the signal at this moment. ``starting`` is held until the bot is ready."""
    surface, prepare, outcome = MOMENTS[moment]
    async with AsyncExitStack() as stack:
        async with starting:
            found = await stack.enter_async_context(world(folder, transport))
        box = found.box
        spot = await surface.prepare(box, surface.channel)
        before = len(box.slack.calls)
        box.coc.requests.clear()
        now = prepare(box)
        interaction = await surface.press(box, spot)
        assert interaction.acked, interaction.error
        await box.slack.settled(now)
        await found.terminate(impatient=impatient)
        lines = await found.gone()
    (answer,) = answers_of(box.slack.calls[before:])
    expected = ("COC did not answer in time",) if outcome == "TimedOut" else surface.content
    assert all(words in answer for words in expected), answer
    assert [line["outcome"] for line in lines if line["did"] == surface.did][-1] == outcome
    assert len(box.slack.files(ADA)) == surface.files


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("transport", "impatient"), [("socket", True), ("http", False)])
async def test_sigterm_loses_no_answer(transport: Transport, impatient: bool, tmp_path: Path) -> None:
    """What was acknowledged is answered before the process ends, with status 0; more signals change nothing.

    One bot for each moment, beside each other. They start one after the other: a start keeps a core busy for more
    than a second, and seven at once would starve the bots that are being judged, and other tests.
    """
    starting = asyncio.Semaphore(1)
    ends = await asyncio.gather(
        *(
            terminated(moment, transport, _folder(tmp_path, moment), starting, impatient=impatient)
            for moment in MOMENTS
        ),
        return_exceptions=True,
    )
    failed = [f"{moment}: {str(end)[:200]}" for moment, end in zip(MOMENTS, ends, strict=True) if end is not None]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_sigterm_in_a_crowd(transport: Transport, tmp_path: Path) -> None:
    """Forty commands while the process stops: each that was acknowledged is answered once, the others are not."""
    async with world(tmp_path, transport) as found:
        box = found.box
        box.coc.fail("detail", status=200, delay=0.3)

        async def press(number: int) -> Interaction:
            await asyncio.sleep(number * 0.01)
            return await box.slack.command((ADA, GRACE)[number % 2], SHIFT, f"private {NIGHTLY}")

        pressing = [asyncio.create_task(press(number)) for number in range(40)]
        await asyncio.sleep(0.2)
        await found.terminate(impatient=False)
        lines = await found.gone()
        acked = [interaction for interaction in await asyncio.gather(*pressing) if interaction.acked]
    assert 1 <= len(acked) <= 40
    assert len(answers_of(box.slack.calls)) == len(lines) == len(acked)


async def terminated_early(method: str, folder: Path, *, impatient: bool) -> None:
    """The signal comes while Slack is asked this."""
    async with world(folder, ready=False) as found:
        found.box.slack.refuse(method, delay=1.5, times=9)
        await found.box.slack.settled(lambda: under_way(found.box.slack, method), timeout=15)
        await found.terminate(impatient=impatient)
        assert await found.process.ended(2) == 0
    assert "Traceback" not in found.process.raw


@pytest.mark.parametrize("impatient", [False, True])
async def test_sigterm_while_it_starts(impatient: bool, tmp_path: Path) -> None:
    """While Slack is asked who we are, and for the address of the socket: it ends at once, with status 0."""
    methods = ("auth.test", "apps.connections.open")
    ends = await asyncio.gather(
        *(terminated_early(method, _folder(tmp_path, method), impatient=impatient) for method in methods),
        return_exceptions=True,
    )
    failed = [f"{method}: {str(end)[:200]}" for method, end in zip(methods, ends, strict=True) if end is not None]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("module", ["typer", "bot.settings", "slack_bolt.async_app"])
async def test_sigterm_while_it_reads_its_modules(module: str, tmp_path: Path) -> None:
    """Before there is an event loop: status 0 too, and no traceback."""
    async with world(tmp_path, ready=False, PYTHONPROFILEIMPORTTIME="1") as found:
        stderr = found.process.child.stderr
        assert stderr is not None
        async with asyncio.timeout(10):
            while not (line := await stderr.readline()).endswith(f" {module}\n".encode()):
                assert line, "it has ended before"
        await found.terminate(impatient=False)
        assert await found.process.ended(5) == 0
    assert "Traceback" not in found.process.raw
