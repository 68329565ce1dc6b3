"""Prometheus metrics of one bot process, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.coc.client import Call

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts and times; no label holds anything that a person or a task brought along."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._interactions = Histogram(
            "schedtask_interaction_seconds",
            "From a command or click to its answer, by kind and outcome.",
            ("kind", "outcome"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._calls = Histogram(
            "schedtask_coc_call_seconds",
            "Each try of a COC call, by operation and outcome.",
            ("operation", "outcome"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._shared = Counter(
            "schedtask_shared_answers",
            "Answers without a COC call of their own: joined (one under way), reused (a recent one), stale.",
            ("how",),
            registry=self._registry,
        )
        self._unsigned = Counter(
            "schedtask_refused_requests",
            "HTTP requests that were not Slack's: unsigned, replayed, too large.",
            ("reason",),
            registry=self._registry,
        )
        self._connected = Gauge(
            "schedtask_slack_connected", "1 while Slack can reach this process.", registry=self._registry
        )

    def interaction(self, kind: str, outcome: str, seconds: float) -> None:
        """One answered command or click."""
        self._interactions.labels(kind, outcome).observe(seconds)

    def coc_call(self, call: Call) -> None:
        """One try of a COC call."""
        self._calls.labels(call.operation, call.outcome).observe(call.seconds)

    def shared(self, how: str) -> None:
        """One answer that cost no COC call of its own: joined, reused or stale."""
        self._shared.labels(how).inc()

    def refused_request(self, reason: str) -> None:
        """One HTTP request that was not Slack's."""
        self._unsigned.labels(reason).inc()

    def text(self, *, connected: bool) -> bytes:
        """Everything in Prometheus's text format, version 0.0.4."""
        self._connected.set(connected)
        return generate_latest(self._registry)
