"""Optional OpenTelemetry traces: a span for each command or click, and below it those of its HTTP calls.

The spans of HTTP calls are made by OpenTelemetry's own instrumentation of aiohttp, by which both COC and Slack are
asked; exporters and sampling are set by OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_ENDPOINT`` …).
Addresses are cut to what is no secret: a response URL lets its holder post.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from yarl import URL

from bot.errors import StartError
from bot.operations.untrusted import audited
from bot.timings import TIMINGS

SERVICE = "schedtask-bot"

Finish = Callable[[str], None]
"""Told of the outcome of what the span is about."""


def without_secrets(url: URL) -> str:
    """The address as it may be in a trace: without query; of Slack's response URLs and uploads the host only."""
    public = url.path.startswith(("/v1/", "/api/"))
    return str(url.origin().with_path(url.path)) if public else f"{url.origin()}/…"


class Traces:
    """Sends spans once ``start`` has been called; until then costs nothing. ``stop`` blocks: call it in a thread."""

    def __init__(self, send_s: float = TIMINGS.traces_s) -> None:
        self._send_s = send_s
        self._provider: Any = None
        self._tracer: Any = None
        self._instrumentor: Any = None

    def start(self) -> None:
        """Begin; sessions that are opened afterwards are traced. Raises StartError without the libraries."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import SpanLimits, TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError as error:
            raise StartError(
                f"SCHEDTASK_TRACES needs OpenTelemetry's libraries ({error}): install it with the extra [traces]"
            ) from None
        timeout = None if os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else self._send_s
        name = os.environ.get("OTEL_SERVICE_NAME") or SERVICE
        # Events hold what exceptions say, which may be anybody's words; the kind of an error is an attribute.
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": name}), span_limits=SpanLimits(max_events=0)
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout)))
        self._tracer = self._provider.get_tracer(SERVICE)
        self._instrumentor = AioHttpClientInstrumentor()
        self._instrumentor.instrument(tracer_provider=self._provider, url_filter=without_secrets)

    def stop(self) -> None:
        """Send what is left, trace no more."""
        provider, self._provider, self._tracer = self._provider, None, None
        if provider is not None:
            self._instrumentor.uninstrument()
            provider.force_flush(int(self._send_s * 1000))
            provider.shutdown()

    @contextmanager
    def span(self, kind: str, **attributes: str) -> Iterator[Finish]:
        """Around one interaction: ids only, no value of a task."""
        if self._tracer is None:
            yield lambda _outcome: None
            return
        named = {f"schedtask.{name}": str(value) for name, value in audited(attributes).items() if value}
        with self._tracer.start_as_current_span(kind, attributes=named, set_status_on_exception=False) as span:
            yield lambda outcome: span.set_attribute(
                "schedtask.outcome", str(audited({"outcome": outcome})["outcome"])
            )
