"""For all tests here: no certificates."""

import pytest


@pytest.fixture(autouse=True)
def _few_certificates(few_certificates: None) -> None:
    """Nobody speaks TLS here."""
