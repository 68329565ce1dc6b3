"""The sandbox as a fixture: the real bot between a local COC and a local Slack, over real sockets."""

import gc
import os
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import certifi
import hypothesis
import pytest

from bot.sandbox.session import Sandbox

# Where nobody watches, the same examples each time; at a desk, new ones that may find something.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For ``-n auto``: one more than there are cores, because tests wait for sockets and processes."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``exhaustive``, unless ``-m`` mentions it or a test is named with its parameters.

    A hook, because an ``-m`` in ``addopts`` would give way to any other ``-m``.
    """
    if "exhaustive" in config.option.markexpr or any("[" in argument for argument in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]


def pytest_collection_finish() -> None:
    """Thousands of tests and their parameters stay until the end: a full collection need not walk through them.

    It took 0.3 s, and every cell of the fault table makes one.
    """
    gc.collect()
    gc.freeze()


class Time:
    """Slack's clock in tests: real time plus what a test lets pass."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return time.time() + self.passed


@pytest.fixture
def slack_time() -> Time:
    """The clock of the ``box`` fixture's Slack."""
    return Time()


@pytest.fixture(scope="session")
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle to trust, with one certificate instead of all that certifi has."""
    first, end, _ = Path(certifi.where()).read_text("utf-8").partition(ssl.PEM_FOOTER)
    bundle = tmp_path_factory.mktemp("certificates") / "one.pem"
    bundle.write_text(first + end)
    return bundle


@pytest.fixture
def few_certificates(one_certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody speaks TLS: a bot reads its certificates for longer than it takes to answer."""
    monkeypatch.setenv("SSL_CERT_FILE", str(one_certificate))


@pytest.fixture
async def box(few_certificates: None, slack_time: Time) -> AsyncIterator[Sandbox]:
    """A running sandbox in Socket Mode."""
    async with Sandbox(clock=slack_time) as sandbox:
        yield sandbox


@pytest.fixture(params=["socket", "http"])
async def either_box(few_certificates: None, request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """A running sandbox, once in Socket Mode and once in HTTP mode."""
    async with Sandbox(transport=request.param) as sandbox:
        yield sandbox
