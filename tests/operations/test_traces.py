"""Traces as a collector receives them: a span for each interaction, its HTTP calls below it, no secret."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from opentelemetry import trace
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from yarl import URL

from bot.operations.traces import Traces, strip_secrets
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.operations.sanitizing import SANITIZER
from tests.test_run import ADA, NIGHTLY, SHIFT, environment, running

SECRET = "password=hunter2"


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP collector: its address, and what it has received."""
    received: list[ExportTraceServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        received.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", received
    finally:
        await runner.cleanup()


def spans(received: list[ExportTraceServiceRequest]) -> list[Span]:
    """All spans."""
    return [
        span
        for request in received
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def words(span: Span) -> dict[str, str]:
    """A span's attributes that are texts."""
    return {pair.key: pair.value.string_value for pair in span.attributes}


@pytest.mark.slow
async def test_an_interaction_and_its_calls_are_one_trace(tmp_path: Path) -> None:
    """The calls for detail, list, history and the post are below the command's span, which has the reference."""
    async with LocalCoc() as coc, LocalSlack() as slack, collector() as (url, received):
        given = environment(coc, slack, SCHEDTASK_TRACES="true", OTEL_EXPORTER_OTLP_ENDPOINT=url)
        async with running(given, cwd=tmp_path) as bot:
            await bot.event("ready")
            await slack.command(ADA, SHIFT, NIGHTLY)
            await slack.settled(lambda: slack.messages(SHIFT, ADA))
            answered = await bot.event("answered")
            bot.child.send_signal(signal.SIGTERM)
            assert await bot.ended() == 0
    found = spans(received)
    command = next(span for span in found if span.name == "command")
    said = words(command)
    assert said["schedtask.reference"] == answered["reference"]
    assert (said["schedtask.task_id"], said["schedtask.outcome"]) == (NIGHTLY, "card")
    below = [span for span in found if span.trace_id == command.trace_id and span is not command]
    assert len(below) == 4
    resource = received[0].resource_spans[0].resource
    assert {pair.key: pair.value.string_value for pair in resource.attributes}["service.name"] == "schedtask-bot"
    everything = b"".join(request.SerializeToString() for request in received)
    for call in slack.calls:
        assert call.method != "response_url" or b"/response/" not in everything
    for secret in (slack.bot_token, slack.app_token, coc.access_key, coc.secret_key, "ticket="):
        assert secret.encode() not in everything


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://coc.myhuaweicloud.com/v1/schedule/task?task_id=ST1&limit=10", "https://coc.myhuaweicloud.com/v1/schedule/task"),
        ("https://slack.com/api/views.open", "https://slack.com/api/views.open"),
        ("https://hooks.slack.com/commands/T1/22/secret", "https://hooks.slack.com/…"),
        ("https://files.slack.com/upload/v1/ABC", "https://files.slack.com/…"),
        ("wss://wss-primary.slack.com/link/?ticket=abc&app_id=1", "wss://wss-primary.slack.com/…"),
    ],
)  # fmt: skip
def test_addresses_lose_their_secret_parts(url: str, shown: str) -> None:
    """A response URL lets its holder post, a ticket lets its holder connect."""
    assert strip_secrets(URL(url)) == shown


@pytest.mark.slow
async def test_a_missing_collector_delays_nothing(tmp_path: Path) -> None:
    """The bot answers and stops in time."""
    async with LocalCoc() as coc, LocalSlack() as slack:
        given = environment(coc, slack, SCHEDTASK_TRACES="true", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
        async with running(given, cwd=tmp_path) as bot:
            await bot.event("ready")
            await slack.command(ADA, SHIFT, NIGHTLY)
            await slack.settled(lambda: slack.messages(SHIFT, ADA))
            await bot.event("answered")
            bot.child.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert await bot.ended(30) == 0
            assert time.monotonic() - began < 8


async def test_no_span_holds_the_message_of_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind of the exception is enough; its message may be anybody's words."""
    traces = Traces(SANITIZER)
    async with collector() as (url, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        traces.start()
        with contextlib.suppress(ValueError), traces.span("command", reference="K7QF-2M", team=SECRET) as finish:
            finish(f"slack: {SECRET}")
            async with aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.ClientConnectorError):
                    await session.get("http://hunter2.invalid:9/v1/x")
            raise ValueError(SECRET)
        await asyncio.to_thread(traces.stop)
    found = spans(received)
    assert {span.name for span in found} == {"command", "GET"}
    assert not [event for span in found for event in span.events]
    assert SECRET.encode() not in b"".join(request.SerializeToString() for request in received)
    assert "ClientConnector" in " ".join(span.status.message for span in found)


async def test_tracing_that_is_off_does_nothing() -> None:
    """Without ``start`` a span records nothing."""
    traces = Traces(SANITIZER)
    with traces.span("command", reference="K7QF-2M") as finish:
        finish("card")
        assert not trace.get_current_span().is_recording()
    await asyncio.to_thread(traces.stop)
    assert not AioHttpClientInstrumentor().is_instrumented_by_opentelemetry
