"""Prometheus metrics of one bot process, in a separate registry."""

from collections.abc import Callable, Iterator
from typing import Protocol, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bot.coc.client import Call
from bot.operations.line_writer import Reason

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ACK_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 3.0)
"""Slack gives up on an acknowledgement after 3 s."""


class SocketHealth(Protocol):
    """The state of the Socket Mode connections."""

    @property
    def live(self) -> int:
        """How many can be used."""

    @property
    def pong_age_s(self) -> float:
        """Seconds since the last pong, of the connection where it is longest."""


class _LogLinesLost(Collector):
    """Counted by the log itself, which begins before the metrics do."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterator[CounterMetricFamily]:
        about = "Lines of the log that were dropped because nobody read it."
        yield CounterMetricFamily("schedtask_log_lines_lost", about, value=self._count())


class Metrics:
    """Counts and times. No label holds text of a person or a task."""

    def __init__(self, *, log_lines_lost: Callable[[], int] = lambda: 0) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_LogLinesLost(log_lines_lost))
        acks = self._histogram(
            "ack_seconds", "From a request of Slack's to its acknowledgement.", (), buckets=_ACK_SECONDS
        )
        self.observe_ack: Callable[[float], None] = acks.observe
        self._interactions = self._histogram(
            "interaction_seconds", "From a command or click to its answer, by kind and outcome.", ("kind", "outcome")
        )
        self._coc_calls = self._histogram(
            "coc_call_seconds", "Each try of a COC call, by operation and outcome.", ("operation", "outcome")
        )
        self._slack_calls = self._histogram(
            "slack_call_seconds", "Each try of a call to Slack, by method and outcome.", ("method", "outcome")
        )
        shared = "Answers without a COC call of their own: joined (one under way), reused (a recent one), stale."
        self.count_shared_answer = self._counter("shared_answers", shared, "how")
        self.count_refused_request = self._counter(
            "refused_requests", "HTTP requests that were not Slack's, and connections that were cut off.", "reason"
        )
        replaced = "Socket Mode connections that were replaced."
        self.count_replaced_socket = self._counter("socket_replaced", replaced, "reason")
        self._connected = self._gauge("slack_connected", "1 while Slack can reach this process.")
        self._sockets = self._gauge("socket_connections", "Socket Mode connections that are live.")
        self._pong_age = self._gauge(
            "socket_pong_age_seconds", "Since the last pong, of the connection where it is longest."
        )
        self._under_way = self._gauge("under_way", "Commands and clicks that are acknowledged and not yet answered.")
        lost = "Audit lines that could not be written."
        self._audit_lost = Counter("schedtask_audit_lost", lost, ("reason",), registry=self._registry)
        for reason in get_args(Reason):  # from the start, so that the first loss shows as an increase
            self._audit_lost.labels(reason)
        self._audit_waiting = self._gauge("audit_waiting", "Audit lines that are not written yet.")

    def observe_interaction(self, kind: str, outcome: str, seconds: float) -> None:
        """Record an answered command or click."""
        self._interactions.labels(kind, outcome).observe(seconds)

    def observe_coc_call(self, call: Call) -> None:
        """Record one try of a COC call."""
        self._coc_calls.labels(call.operation, call.outcome).observe(call.seconds)

    def observe_slack_call(self, method: str, outcome: str, seconds: float) -> None:
        """Record one try of a call to Slack."""
        self._slack_calls.labels(method, outcome).observe(seconds)

    def count_lost_audit_lines(self, reason: Reason, lines: int) -> None:
        """Count audit lines that could not be written."""
        self._audit_lost.labels(reason).inc(lines)

    def render(
        self, *, connected: bool, under_way: int = 0, audit_waiting: int = 0, health: SocketHealth | None = None
    ) -> bytes:
        """Render everything in Prometheus's text format, version 0.0.4."""
        self._connected.set(connected)
        self._under_way.set(under_way)
        self._audit_waiting.set(audit_waiting)
        if health is not None:
            self._sockets.set(health.live)
            self._pong_age.set(health.pong_age_s)
        return generate_latest(self._registry)

    def _histogram(
        self, name: str, about: str, labels: tuple[str, ...], buckets: tuple[float, ...] = _SECONDS
    ) -> Histogram:
        return Histogram(f"schedtask_{name}", about, labels, buckets=buckets, registry=self._registry)

    def _counter(self, name: str, about: str, label: str) -> Callable[[str], None]:
        counter = Counter(f"schedtask_{name}", about, (label,), registry=self._registry)
        return lambda value: counter.labels(value).inc()

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(f"schedtask_{name}", about, registry=self._registry)
