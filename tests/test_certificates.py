"""Untrusted certificates: the error names the setting that helps, and the setting does help."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.certificates import explain_certificate_error
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.slack.server import LocalSlack
from tests.test_run import NIGHTLY, environment, running


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key, file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(file), "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return file


@asynccontextmanager
async def behind_tls(url: str, certificate: Path) -> AsyncIterator[str]:
    """The address of a TLS server in front of a local one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    parts = urlsplit(url)

    connections: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # the peer hung up
        finally:
            writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(parts.hostname, parts.port)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, inner_writer))
            group.create_task(pump(inner_reader, writer))

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(connect(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}{parts.path}"
    finally:
        server.close()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets in the next pass


@pytest.mark.slow
async def test_the_named_setting_makes_the_certificate_trusted(certificate: Path, tmp_path: Path) -> None:
    """For Slack and COC, in each command; also if only the file .env has it."""
    async with (
        LocalCoc() as coc,
        LocalSlack() as slack,
        behind_tls(coc.url, certificate) as coc_url,
        behind_tls(slack.api_url, certificate) as slack_url,
    ):
        given = {**environment(coc, slack), "COC_ENDPOINT": coc_url, "SLACK_API_URL": slack_url}
        for command, lines in ((("run",), 1), (("show", NIGHTLY), 1), (("doctor",), 3)):
            async with running(given, *command, cwd=tmp_path) as bot:
                out, err = await bot.child.communicate()
                said = (out + err).decode()
                assert bot.child.returncode == 1, said
                assert (
                    said.count("its certificate is not trusted (self-signed certificate); set SSL_CERT_FILE") == lines
                )
                assert "Traceback" not in said
        (tmp_path / ".env").write_text(f"SSL_CERT_FILE={certificate}\n")
        for command in (("show", NIGHTLY), ("doctor",)):
            async with running(given, *command, cwd=tmp_path) as bot:
                out, err = await bot.child.communicate()
                assert bot.child.returncode == 0, (out + err).decode()
        async with running(given, cwd=tmp_path) as bot:
            await bot.event("ready", 30)


@pytest.mark.slow
async def test_the_vendors_library_has_its_own_setting(certificate: Path, tmp_path: Path) -> None:
    """The error of fetching a temporary key names it, and it works."""
    (tmp_path / "token").write_text("an identity")
    async with LocalCoc() as coc, LocalSlack() as slack, behind_tls(coc.url, certificate) as url:
        given = environment(coc, slack, HUAWEICLOUD_SDK_IAM_ENDPOINT=url, HUAWEICLOUD_SDK_IDP_ID="idp")
        given["HUAWEICLOUD_SDK_ID_TOKEN_FILE"] = str(tmp_path / "token")
        for more, says in (
            ({}, "set REQUESTS_CA_BUNDLE"),
            ({"REQUESTS_CA_BUNDLE": str(certificate)}, "refused with HTTP"),
        ):
            async with running(given | more, "show", NIGHTLY, cwd=tmp_path) as bot:
                assert await bot.ended() == 1
                assert says in bot.raw
                assert "Traceback" not in bot.raw


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (62, "its certificate is for another name: check the address"),
        (64, "its certificate is for another name: check the address"),
        (10, "its certificate has expired, or this clock is wrong"),
    ],
)
def test_other_certificate_errors_are_named(code: int, says: str) -> None:
    """A file of certificates would not help, so the error names something else."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "as OpenSSL says"
    assert explain_certificate_error(error) == says
    assert explain_certificate_error(OSError("no route")) is None
