"""For all cells: no certificates."""

import ssl
from pathlib import Path

import certifi
import pytest


@pytest.fixture(autouse=True)
def few_certificates(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell speaks TLS; reading all certificates anew takes as long as half a cell."""
    first, end, _ = Path(certifi.where()).read_text("utf-8").partition(ssl.PEM_FOOTER)
    bundle = tmp_path_factory.getbasetemp() / "one-certificate.pem"
    bundle.write_text(first + end)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
