"""Optional OpenTelemetry traces: a span for each command or click, and below it the spans of its HTTP calls.

OpenTelemetry's own instrumentation of aiohttp, which carries the calls to COC and Slack, makes the spans of HTTP
calls; its own variables (``OTEL_EXPORTER_OTLP_ENDPOINT`` …) set exporters and sampling. Addresses lose every part
that could be a secret: a response URL lets its holder post.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from yarl import URL

from bot.errors import StartError
from bot.operations.sanitizer import Sanitizer
from bot.timings import TIMINGS

SERVICE = "schedtask-bot"

SetOutcome = Callable[[str], None]


def strip_secrets(url: URL) -> str:
    """The address without its query; of Slack's response URLs and uploads the host only."""
    is_public = url.path.startswith(("/v1/", "/api/"))
    return str(url.origin().with_path(url.path)) if is_public else f"{url.origin()}/…"


class Traces:
    """Sends spans after ``start``; before that it costs nothing. ``stop`` blocks: call it in a thread."""

    def __init__(self, sanitizer: Sanitizer, send_s: float = TIMINGS.traces_s) -> None:
        self._sanitizer = sanitizer
        self._send_s = send_s
        self._provider: Any = None
        self._tracer: Any = None
        self._instrumentor: Any = None

    def start(self) -> None:
        """Trace the sessions that are opened from now on. Raises StartError without the libraries."""
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
        resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or SERVICE})
        # Events hold the messages of exceptions, which may be anybody's words; the kind of an error is an attribute.
        self._provider = TracerProvider(resource=resource, span_limits=SpanLimits(max_events=0))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout)))
        self._tracer = self._provider.get_tracer(SERVICE)
        self._instrumentor = AioHttpClientInstrumentor()
        self._instrumentor.instrument(tracer_provider=self._provider, url_filter=strip_secrets)

    def stop(self) -> None:
        """Send the rest and stop tracing."""
        provider, self._provider, self._tracer = self._provider, None, None
        if provider is not None:
            self._instrumentor.uninstrument()
            provider.force_flush(int(self._send_s * 1000))
            provider.shutdown()

    @contextmanager
    def span(self, kind: str, **attributes: str) -> Iterator[SetOutcome]:
        """Trace one interaction, with ids only and no value of a task; yields a function that sets the outcome."""
        if self._tracer is None:
            yield lambda _outcome: None
            return

        def sanitized(**entry: str) -> dict[str, str]:
            return {f"schedtask.{name}": str(value) for name, value in self._sanitizer.entry(entry).items() if value}

        with self._tracer.start_as_current_span(
            kind, attributes=sanitized(**attributes), set_status_on_exception=False
        ) as span:
            yield lambda outcome: span.set_attributes(sanitized(outcome=outcome))
