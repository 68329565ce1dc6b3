"""The COC client over real sockets: its requests, its retries, and how every failure ends."""

import asyncio
import gzip
import itertools
import json
import os
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot import errors
from bot.coc.client import Call, CocClient, Deadlines
from bot.coc.credential_chain import Key
from bot.coc.credentials import CredentialSource, SignedAuth, static_key
from bot.coc.transport import BODY_CAP
from bot.sandbox.coc.server import LocalCoc

ID = "ST2601050930000000000001A1"
TASK = json.dumps({"id": ID, "name": "nightly"}).encode()


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client honours the environment's proxies. Here it must reach 127.0.0.1 directly."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@dataclass
class Time:
    """A clock that only moves when somebody sleeps."""

    now: float = 1_767_268_800.0
    naps: list[float] = field(default_factory=list)

    def read(self) -> float:
        """Seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.naps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def key_of(coc: LocalCoc) -> Key:
    """The key that the local COC accepts."""
    return static_key(coc.access_key, coc.secret_key, domain_id="d1")


@asynccontextmanager
async def client_for(
    endpoint: str, *, key: Key | None = None, clock: Time | None = None, **options: Any
) -> AsyncIterator[CocClient]:
    """A client whose pauses take no time; ``clock`` records them."""
    clock = clock or Time()
    auth = SignedAuth(CredentialSource(key or static_key("AK", "SK")))
    options = {"monotonic": clock.read, "clock": clock.read, "sleep": clock.sleep, "jitter": lambda: 0.0} | options
    client = CocClient(endpoint=endpoint, auth=auth, **options)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def coc_and_client(**options: Any) -> AsyncIterator[tuple[LocalCoc, CocClient]]:
    """A local COC that checks signatures, and a client for it."""
    async with LocalCoc() as coc, client_for(coc.url, key=key_of(coc), **options) as client:
        yield coc, client


@asynccontextmanager
async def http_server(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server that answers every path with ``handler``. Yields its base URL."""
    runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Wire:
    """A server below HTTP: it reads a request, sends ``sends``, then closes or resets the connection."""

    sends: bytes
    resets: bool = False
    reads: bool = True
    received: list[bytes] = field(default_factory=list)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Listen on 127.0.0.1. Yields host and port."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.reads:
            self.received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.sends)
        await writer.drain()
        if self.resets:
            await asyncio.sleep(0.05)  # let the client read the headers first
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()


def head(length: int, extra: str = "") -> bytes:
    """The head of a 200 that declares ``length`` bytes."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{extra}\r\n".encode()


# ---- requests ----


async def test_the_three_calls_bring_the_task_its_summary_and_its_runs() -> None:
    """Paths, queries and request ids are as documented; the local COC checks signatures and permissions."""
    async with coc_and_client() as (coc, client):
        task = await client.task(ID)
        summary = await client.summary(ID, task.value.enterprise_project_id)
        runs = await client.runs(ID, limit=5)
        detail, listing, history = coc.requests
    assert task.value.id == ID
    assert task.request_id is not None
    assert len({task.request_id, summary.request_id, runs.request_id}) == 3
    assert summary.value is not None
    assert summary.value.id == ID
    assert summary.value.enabled is not None
    assert [run.started_time for run in runs.value] == sorted((r.started_time for r in runs.value), reverse=True)  # type: ignore[type-var]
    assert (detail.path, detail.query) == (f"/v1/schedule/task/{ID}", {})
    assert listing.path == "/v1/schedule/task"
    assert listing.query["task_id"] == ID
    assert listing.query["enterprise_project_id"] == task.value.enterprise_project_id
    assert history.path == "/v1/schedule/task/history"
    assert history.query == {"task_id": ID, "limit": "5", "sort_key": "started_time", "sort_dir": "desc"}
    assert detail.headers["user-agent"].startswith("schedtask-bot")
    assert detail.headers["x-domain-id"] == "d1"


async def test_runs_are_sorted_newest_first() -> None:
    """A run that has not begun is the newest. A card must not call an old run the last one."""
    rows = [{"started_time": 5}, {"status": "READY"}, {"started_time": 9}, {"finished_time": 7}]

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.json_response({"count": 4, "scheduled_task_history_list": rows})

    async with http_server(answer) as url, client_for(url) as client:
        runs = (await client.runs(ID)).value
    assert [run.started_time or run.finished_time or run.status for run in runs] == ["READY", 9, 7, 5]


@pytest.mark.parametrize("project", ["0", "a b+c/d:e@f?g&h=i%20~*'()!$,;#", "研发 一部"])
async def test_the_signed_query_is_the_sent_query(project: str) -> None:
    """The local COC checks the signature against the raw request line. Every odd character survives."""
    async with coc_and_client() as (coc, client):
        await client.summary(ID, project)
        assert coc.requests[-1].query["enterprise_project_id"] == project


async def test_an_endpoint_may_have_a_path() -> None:
    """Some sites put COC behind a gateway."""
    paths = []

    async def answer(request: web.BaseRequest) -> web.Response:
        paths.append(request.raw_path)
        return web.Response(body=TASK)

    async with http_server(answer) as url, client_for(f"{url}/gateway") as client:
        await client.task(ID)
    assert paths == [f"/gateway/v1/schedule/task/{ID}"]


@pytest.mark.parametrize(
    "task_id", ["", "history", "ST123", ID.lower(), f"{ID}0", f"{ID}\n", f" {ID}", "ST/../../x" + "0" * 16]
)
async def test_a_malformed_task_id_is_never_requested(task_id: str) -> None:
    """Other words in the id's place are other calls of the API."""
    async with coc_and_client() as (coc, client):
        for ask in (client.task(task_id), client.summary(task_id, None), client.runs(task_id)):
            with pytest.raises(errors.InvalidRequest):
                await ask
        assert not coc.requests


async def test_a_task_that_is_not_listed_has_no_summary() -> None:
    """Other tasks' entries and items that are not objects do not count."""
    async with coc_and_client() as (coc, client):
        coc.fail("list", status=200, body={"count": 2, "scheduled_tasks": [{"id": ID[:-1] + "9"}, None, {}, 3]})
        assert (await client.summary(ID, None)).value is None


@pytest.mark.parametrize("ask", ["summary", "runs"])
async def test_an_answer_without_its_list_is_unreadable(ask: str) -> None:
    """It must not read as "never ran"."""
    async with coc_and_client() as (coc, client):
        coc.fail(status=200, body={"count": 0})
        with pytest.raises(errors.Unreadable):
            await (client.summary(ID, None) if ask == "summary" else client.runs(ID))


async def test_each_call_names_its_own_permission() -> None:
    """The permission to grant differs from call to call."""
    async with coc_and_client() as (coc, client):
        coc.permissions.clear()
        named = []
        for ask in (client.task(ID), client.summary(ID, None), client.runs(ID)):
            with pytest.raises(errors.Forbidden) as caught:
                await ask
            named.append(caught.value.permission)
    assert named == ["coc:schedule:get", "coc:schedule:list", "coc:schedule:getHistories"]


# ---- retries ----


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, errors.WrongEndpoint),
        (400, errors.InvalidRequest),
        (401, errors.Unauthenticated),
        (403, errors.Forbidden),
        (404, errors.WrongEndpoint),
        (494, errors.ServiceFailure),
        (500, errors.ServiceFailure),
        (600, errors.Unreadable),
    ],
)
async def test_a_final_error_is_never_retried(status: int, kind: type[errors.CocError]) -> None:
    """Repeating a refused signature locks the key. Repeating the others changes nothing."""
    async with coc_and_client() as (coc, client):
        coc.fail(status=status, body={"error_code": "X.1", "error_msg": "no"}, headers={"Location": "/elsewhere"})
        with pytest.raises(kind) as caught:
            await client.task(ID)
        assert type(caught.value) is kind
        assert len(coc.requests) == 1


async def test_an_unknown_task_is_not_found() -> None:
    """COC answers 400 with a code of its own, and so does the local COC."""
    async with coc_and_client() as (coc, client):
        with pytest.raises(errors.TaskNotFound) as caught:
            await client.task("ST" + "0" * 24)
        assert (caught.value.status, caught.value.code) == (400, "COC.00014102")
        assert caught.value.request_id is not None
        assert len(coc.requests) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_retryable_error_is_tried_three_times_and_raised(status: int) -> None:
    """The error is that of the last try, not wrapped and without an earlier one as its context."""
    async with coc_and_client() as (coc, client):
        coc.fail(status=status)
        with pytest.raises(errors.Throttled if status == 429 else errors.ServiceFailure) as caught:
            await client.task(ID)
        assert caught.value.status == status
        assert caught.value.request_id == coc.requests[-1].request_id
        assert caught.value.__context__ is None
        assert len(coc.requests) == 3


async def test_a_try_that_succeeds_ends_the_tries() -> None:
    """Two errors, then the task. Each request is signed anew."""
    async with coc_and_client() as (coc, client):
        coc.fail(status=503, times=2)
        assert (await client.task(ID)).value.id == ID
        assert [request.status for request in coc.requests] == [503, 503, 200]


@pytest.mark.parametrize(("jitter", "naps"), [(0.0, [0.1, 0.2]), (0.5, [0.2, 0.4]), (1.0, [0.3, 0.6])])
async def test_pauses_double_and_are_jittered(jitter: float, naps: list[float]) -> None:
    """Between half and one and a half of 0.2 s and 0.4 s."""
    clock = Time()
    async with coc_and_client(clock=clock, jitter=lambda: jitter) as (coc, client):
        coc.fail(status=502)
        with pytest.raises(errors.ServiceFailure):
            await client.task(ID)
    assert clock.naps == pytest.approx(naps)


@pytest.mark.parametrize(
    ("retry_after", "naps"),
    [
        (None, [1.0, 1.0]),
        ("1", [1.0, 1.0]),
        ("0", [0.0, 0.0]),
        ("2", [2.0]),
        ("3", []),
        ("3600", []),
        ("Thu, 01 Jan 2026 12:00:01 GMT", [1.0, 0.0]),
        ("Thu, 01 Jan 2026 12:10:00 GMT", []),
    ],
)
async def test_a_throttled_call_waits_as_the_service_says(retry_after: str | None, naps: list[float]) -> None:
    """Retry-After is seconds or a date; without it, a second. A wait beyond the budget of 2.5 s is not begun."""
    clock = Time()

    async def answer(_: web.BaseRequest) -> web.Response:
        headers = {"Retry-After": retry_after} if retry_after else {}
        response = web.Response(status=429, headers=headers)
        # A Retry-After date counts from the answer's Date, which must follow the test's clock.
        response.headers["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(clock.now))
        return response

    async with http_server(answer) as url, client_for(url, clock=clock) as client:
        with pytest.raises(errors.Throttled) as caught:
            await client.task(ID)
    assert clock.naps == pytest.approx(naps)
    if retry_after == "3600":
        assert caught.value.retry_after == 3600


async def test_the_budget_includes_the_tries_themselves() -> None:
    """A slow 503 leaves no time for another try."""
    clock = Time()

    async def answer(_: web.BaseRequest) -> web.Response:
        clock.now += 2.45
        return web.Response(status=503)

    async with http_server(answer) as url, client_for(url, clock=clock) as client:
        with pytest.raises(errors.ServiceFailure):
            await client.task(ID)
    assert clock.naps == []


# ---- no connection ----


async def test_a_reset_connection_is_retried() -> None:
    """COC has not answered, and reading is harmless."""
    async with coc_and_client() as (coc, client):
        coc.fail(drop=True, times=1)
        assert (await client.task(ID)).value.id == ID
        coc.fail(drop=True)
        coc.requests.clear()
        with pytest.raises(errors.Unreachable):
            await client.task(ID)
        assert len(coc.requests) == 3


async def test_a_connection_closed_without_an_answer_is_unreachable() -> None:
    """A load balancer without a backend does that."""
    wire = Wire(b"")
    async with wire.serve() as place, client_for(f"http://{place}") as client:
        with pytest.raises(errors.Unreachable):
            await client.task(ID)
    assert len(wire.received) == 3


async def test_a_refused_connection_is_unreachable() -> None:
    """The error names host and port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with client_for(f"http://127.0.0.1:{port}") as client:
            with pytest.raises(errors.Unreachable, match=f"127.0.0.1:{port}"):
                await client.task(ID)


async def test_an_unknown_host_name_is_unreachable() -> None:
    """RFC 2606 reserves .invalid for this."""
    async with client_for("http://coc.invalid") as client:
        with pytest.raises(errors.Unreachable, match=r"coc\.invalid"):
            await client.task(ID)


async def test_a_failed_tls_handshake_is_unreachable() -> None:
    """https to a port that speaks another protocol."""
    wire = Wire(b"HTTP/1.1 400 Bad Request\r\n\r\n", reads=False)
    async with wire.serve() as place, client_for(f"https://{place}") as client:
        with pytest.raises(errors.Unreachable):
            await client.task(ID)


# ---- deadlines ----


async def test_a_connection_that_is_not_accepted_times_out_once() -> None:
    """A full backlog drops the SYN, as a firewall does. No retry: the wait was long enough."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        calls: list[Call] = []
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        async with client_for(url, deadlines=Deadlines(connect=0.2), observe=calls.append) as client:
            with pytest.raises(errors.TimedOut, match=r"connect deadline: .* 0\.2 s"):
                await client.task(ID)
    assert [call.outcome for call in calls] == ["TimedOut"]


async def test_a_missing_answer_times_out_once() -> None:
    """The request was sent. A retry would only add load."""
    async with coc_and_client(deadlines=Deadlines(read=0.2)) as (coc, client):
        coc.fail(status=200, delay=5)
        with pytest.raises(errors.TimedOut, match=r"read deadline: no answer within 0\.2 s"):
            await client.task(ID)
        assert len(coc.requests) == 1


async def test_an_answer_that_pauses_times_out() -> None:
    """The head arrived, the rest does not."""
    async with coc_and_client(deadlines=Deadlines(read=0.2)) as (coc, client):
        coc.fail(status=200, drip=(10, 5))
        with pytest.raises(errors.TimedOut, match=r"read deadline: .* paused .* 0\.2 s") as caught:
            await client.task(ID)
        assert caught.value.status == 200


async def test_an_answer_that_drips_ends_at_the_total_deadline() -> None:
    """Each byte is in time, but not all of them together."""
    async with coc_and_client(deadlines=Deadlines(total=0.4)) as (coc, client):
        coc.fail(status=200, drip=(1, 0.05))
        with pytest.raises(errors.TimedOut, match=r"total deadline: .* 0\.4 s"):
            await client.task(ID)


async def test_the_total_deadline_covers_all_tries_together() -> None:
    """Two tries that would each be in time are not, together."""
    async with coc_and_client(deadlines=Deadlines(total=0.5)) as (coc, client):
        coc.fail(status=503, delay=0.35)
        with pytest.raises(errors.TimedOut, match="total deadline"):
            await client.task(ID)
        assert len(coc.requests) == 2


async def test_a_call_can_be_cancelled_at_any_time() -> None:
    """The client remains usable."""
    async with coc_and_client() as (coc, client):
        coc.fail(status=200, delay=5, times=1)
        asking = asyncio.create_task(client.task(ID))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await client.task(ID)).value.id == ID


# ---- broken answers ----


async def test_a_truncated_body_is_unreadable_and_final() -> None:
    """Content-Length declared more."""
    async with coc_and_client() as (coc, client):
        coc.fail(status=200, truncate=40)
        with pytest.raises(errors.Unreadable, match="broke off") as caught:
            await client.task(ID)
        assert caught.value.status == 200
        assert len(coc.requests) == 1


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        (Wire(head(1000) + TASK, resets=True), "broke off"),
        (Wire(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{" + b'"id"'), "broke off"),
        (Wire(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"), "not HTTP|broke off"),
        (Wire(head(len(TASK), "Content-Encoding: gzip\r\n") + TASK), "does not decompress"),
    ],
    ids=["reset in the body", "chunks end early", "no chunk size", "not gzip"],
)
async def test_a_body_broken_in_any_other_way_is_unreadable(wire: Wire, says: str) -> None:
    """Reset, chunks that end early or are malformed, bytes that are not gzip."""
    async with wire.serve() as place, client_for(f"http://{place}") as client:
        with pytest.raises(errors.Unreadable, match=says):
            await client.task(ID)
    assert len(wire.received) == 1


@pytest.mark.parametrize(
    "sends", [b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n"]
)
async def test_an_answer_that_is_not_http_is_unreadable(sends: bytes) -> None:
    """The wrong port, or an overlong header."""
    async with Wire(sends).serve() as place, client_for(f"http://{place}") as client:
        with pytest.raises(errors.Unreadable, match="not HTTP"):
            await client.task(ID)


async def test_a_broken_error_answer_still_counts_by_its_status() -> None:
    """A 503 whose body breaks off is a 503, and retried."""
    wire = Wire(b"HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\n{")
    async with wire.serve() as place, client_for(f"http://{place}") as client:
        with pytest.raises(errors.ServiceFailure):
            await client.task(ID)
    assert len(wire.received) == 3


@pytest.mark.parametrize(("status", "kind"), [(200, errors.TooLarge), (500, errors.ServiceFailure)])
async def test_an_endless_body_is_not_read_to_its_end(status: int, kind: type[errors.CocError]) -> None:
    """A successful answer is refused past the cap. Of an error answer the start is enough."""
    sent = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        for _ in range(2 * BODY_CAP // 2**20):
            await response.write(b" " * 2**20)
            sent += 2**20
        return response

    async with http_server(answer) as url, client_for(url) as client:
        with pytest.raises(kind) as caught:
            await client.task(ID)
        assert type(caught.value) is kind
    # The kernel buffers some bytes that nobody reads.
    assert sent < (BODY_CAP if status == 200 else 2**20) + 2**25


async def test_a_small_body_that_unpacks_into_a_large_one_is_refused() -> None:
    """The cap counts decoded bytes."""
    packed = gzip.compress(b" " * (BODY_CAP + 1), 9)
    assert len(packed) < 100_000

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with http_server(answer) as url, client_for(url) as client:
        with pytest.raises(errors.TooLarge, match="64 MiB"):
            await client.task(ID)


async def test_a_legal_giant_is_read() -> None:
    """One parameter value may have 16,777,215 characters. The weight counts decoded bytes."""
    body = json.dumps({"id": ID, "input_param": "x" * 16_777_215}).encode()

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=gzip.compress(body, 1), headers={"Content-Encoding": "gzip"})

    async with http_server(answer) as url, client_for(url) as client:
        fetched = await client.task(ID)
    assert fetched.weight >= len(body)
    assert len(fetched.value.input_param) == 16_777_215


@pytest.mark.parametrize(("length", "in_loop"), [(1_000, True), (300 * 1024, False)])
async def test_only_large_bodies_are_decoded_off_the_event_loop(length: int, in_loop: bool) -> None:
    """A megabyte of targets must not delay the acks of others. For a small task a thread is not worth it."""
    async with coc_and_client() as (coc, client):
        coc.fail(status=200, body={"id": ID, "name": "x" * length})
        thread = (await client.detail(ID, lambda _task: threading.current_thread())).value
    assert (thread is threading.main_thread()) is in_loop


# ---- the connection ----


async def test_a_redirect_is_not_followed() -> None:
    """The signature, and a temporary key's token, stay with the endpoint."""
    paths = []

    async def answer(request: web.BaseRequest) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with http_server(answer) as url, client_for(url) as client:
        with pytest.raises(errors.WrongEndpoint):
            await client.task(ID)
    assert paths == [f"/v1/schedule/task/{ID}"]


async def test_consecutive_calls_share_a_connection() -> None:
    """Five calls, one handshake."""
    connections = set()

    async def answer(request: web.BaseRequest) -> web.Response:
        connections.add(request.transport)
        return web.Response(body=TASK)

    async with http_server(answer) as url, client_for(url) as client:
        for _ in range(5):
            await client.task(ID)
    assert len(connections) == 1


async def test_a_hundred_calls_run_concurrently() -> None:
    """The reason for this transport. The server needs 50 ms per call, so sequential calls would take 5 s."""

    async def answer(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response(body=TASK)

    async with http_server(answer) as url, client_for(url) as client:
        started = time.perf_counter()
        await client.task(ID)
        one = time.perf_counter() - started
        started = time.perf_counter()
        await asyncio.gather(*(client.task(ID) for _ in range(100)))
        hundred = time.perf_counter() - started
    assert hundred < 50 * one


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY as httpx documents it: the proxy sees the whole address."""
    wire = Wire(head(len(TASK)) + TASK)
    async with wire.serve() as place:
        monkeypatch.setenv("HTTP_PROXY", f"http://{place}")
        async with client_for("http://coc.invalid") as client:
            assert (await client.task(ID)).value.id == ID
    assert wire.received[0].startswith(f"GET http://coc.invalid/v1/schedule/task/{ID} HTTP/1.1\r\n".encode())


# ---- observers and secrets ----


async def test_every_finished_try_is_observed() -> None:
    """One record per try, with operation, outcome, status, duration and request id."""
    calls: list[Call] = []
    ticks = itertools.count()
    async with coc_and_client(observe=calls.append, monotonic=lambda: 0.01 * next(ticks)) as (coc, client):
        coc.fail("history", status=503, times=1)
        await client.runs(ID)
        coc.permissions.discard("coc:schedule:list")
        with pytest.raises(errors.Forbidden):
            await client.summary(ID, None)
        coc.fail(drop=True)
        with pytest.raises(errors.Unreachable):
            await client.task(ID)
    assert [(call.operation, call.outcome, call.status) for call in calls] == [
        ("runs", "ServiceFailure", 503),
        ("runs", "ok", 200),
        ("summary", "Forbidden", 403),
        *[("task", "Unreachable", None)] * 3,
    ]
    assert all(call.seconds == pytest.approx(0.01) for call in calls)
    assert all((call.request_id is not None) is (call.status is not None) for call in calls)


async def test_a_wrong_key_is_unauthenticated_and_appears_nowhere() -> None:
    """Neither the error nor its attributes hold the key, the signature or the token."""
    async with LocalCoc() as coc:
        wrong = static_key(coc.access_key, "an-entirely-wrong-secret", security_token="tok" * 20)
        async with client_for(coc.url, key=wrong) as client:
            with pytest.raises(errors.Unauthenticated) as caught:
                await client.task(ID)
        assert len(coc.requests) == 1
    shown = str(caught.value) + repr(caught.value.__dict__) + repr(wrong)
    assert "an-entirely-wrong-secret" not in shown
    assert "toktok" not in shown
    assert coc.access_key not in shown


async def test_random_bytes_end_in_an_error_of_the_tree() -> None:
    """Random bytes as whole HTTP answers raise nothing else."""
    random_bytes = random.Random(20260101)
    pieces = [b"HTTP/1.1 ", b"200 OK", b"503 x", b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"7", b"{", b'"id"', b"}"]
    for _ in range(60):
        sends = b"".join(random_bytes.choice([*pieces, random_bytes.randbytes(3)]) for _ in range(12))
        async with (
            Wire(sends).serve() as place,
            client_for(f"http://{place}", deadlines=Deadlines(read=0.5)) as client,
        ):
            with pytest.raises(errors.CocError):
                await client.task(ID)
