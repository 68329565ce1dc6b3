"""The last net: the log hides the bot's own secrets and all tokens, even if somebody logs them by mistake."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from bot.operations import logs
from tests.operations.sanitizing import SANITIZER

SECRETS = ["xoxb-12345-abcdef", "s3cr3t/with+odd=signs", 'quote"d-secret', "AKEXAMPLE0000000000"]


@pytest.fixture
def logging_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore logging and structlog after the test."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.usefixtures("logging_as_before")
def test_the_log_shows_no_secret(capfd: pytest.CaptureFixture[str], style: Literal["json", "console"]) -> None:
    """In events, values, exceptions, other libraries' messages; as JSON, in URLs, in a dict's repr."""
    logs.configure(style, "info", SANITIZER, SECRETS)
    for secret in SECRETS:
        structlog.get_logger("bot.x").info("oops", value=secret, nested={"token": secret})
        logging.getLogger("some.library").warning("calling with %r and ?key=%s", {"k": secret}, secret)
        try:
            raise ValueError(f"refused: {secret}")
        except ValueError as error:
            structlog.get_logger("bot.x").error("unexpected", exc_info=error)
    logging.getLogger("x").warning("https://host/?key=s3cr3t%2Fwith%2Bodd%3Dsigns")
    logs.finish()
    text = capfd.readouterr().err
    assert text.count("[hidden]") >= 4 * len(SECRETS)
    for secret in SECRETS:
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text
    assert "s3cr3t" not in text


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer abcdefghijklmnop",
        "authorization: basic dXNlcjpwYXNz",
        "token xoxp-999-888-abcdef",
        "xapp-1-A1-22-abcdef",
        "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=00ff",
        "wss://wss-primary.slack.com/link/?ticket=abc-def&app_id=1",
    ],
)
def test_unknown_tokens_are_hidden_by_their_shape(line: str) -> None:
    """Tokens, Authorization headers, signatures and socket tickets."""
    shown = logs.secret_filter(())(line)
    assert "[hidden]" in shown
    for part in ("abcdef", "dXNl", "00ff", "abc-def"):
        assert part not in shown


def test_ids_that_lead_to_an_interaction_stay_visible() -> None:
    """References, request ids, ids of tasks and people; short words are not secrets."""
    ids = "request_id=5f0c9a3e7b1d4c2a8e6f1a2b3c4d5e6f task_id=ST2601050930000000000002B2"
    line = f"coc_call reference=K7QF-2M {ids} abc"
    assert logs.secret_filter(["abc", ""])(line) == line
