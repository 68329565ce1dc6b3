"""Files of secrets and certificates, and proxies, that variables name."""

import re
from pathlib import Path

import pytest

from bot import settings
from bot.settings import ConfigurationError

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1-s3cret", "SLACK_APP_TOKEN": "xapp-1-s3cret", "COC_REGION": "cn-north-4"}


def test_secrets_may_be_in_files(tmp_path: Path) -> None:
    """As container platforms mount them; a trailing line break is not a part of the secret."""
    (tmp_path / "token").write_text("xoxb-from-file\n")
    given = {**GOOD, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(tmp_path / "token")}
    assert settings.read(given).slack_bot_token.get_secret_value() == "xoxb-from-file"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SLACK_BOT_TOKEN_FILE": "/nonexistent/token"}, "SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set"),
        ({"SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": "/nonexistent/token"}, "/nonexistent/token can't be read"),
        ({"SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": "/dev/null"}, "/dev/null is empty"),
        ({"SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": "/dev/zero"}, "a character that can't be in a token"),
        ({"SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": "xoxb-1-s3cret"}, "the file that it names can't be read"),
        ({"SLACK_APP_TOKEN": "", "SLACK_APP_TOKEN_FILE": "s3cret"}, "the file that it names can't be read"),
        ({"SLACK_BOT_TOKEN": "/run/secrets/token"}, "SLACK_BOT_TOKEN is the path of a file"),
    ],
)
def test_an_unusable_secret_file_is_named(change: dict[str, str], says: str) -> None:
    """In one line with the name of the variable."""
    with pytest.raises(ConfigurationError, match=re.escape(says)) as caught:
        settings.read({**GOOD, **change})
    assert len(caught.value.faults) == 1
    assert "s3cret" not in str(caught.value)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    """Some shells write UTF-16."""
    (tmp_path / "token").write_bytes("xoxb-1".encode("utf-16"))
    with pytest.raises(ConfigurationError, match=r"SLACK_BOT_TOKEN_FILE: .*not text in UTF-8"):
        settings.read({**GOOD, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(tmp_path / "token")})


@pytest.mark.parametrize("file", ["/nonexistent/ca.pem", "/dev/null", "/"])
def test_an_unusable_certificate_file_is_named(file: str) -> None:
    """httpx would end the process over it with a traceback."""
    with pytest.raises(ConfigurationError, match=f"^SSL_CERT_FILE: {file} "):
        settings.read({**GOOD, "SSL_CERT_FILE": file})


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
def test_an_unusable_proxy_is_named(name: str) -> None:
    """Its address may hold a password; httpx would print it in a traceback."""
    for good in (
        "http://proxy.example.com:3128",
        "socks5://proxy:1080",
        "proxy:3128",
        '"http://who:s3cret@proxy:3128"\n',
        "",
    ):
        settings.read({**GOOD, name: good})
    for bad in (
        '"http://who:s3cret@proxy',
        "ftp://who:s3cret@proxy",
        "http://proxy:s3cret",
        "http://",
    ):
        with pytest.raises(ConfigurationError, match=f"^{name} is not the address of a proxy") as caught:
            settings.read({**GOOD, name: bad})
        assert "s3cret" not in str(caught.value)
