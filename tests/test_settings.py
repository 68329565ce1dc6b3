"""Settings: read once from one mapping; what is wrong is one line that names the variable."""

import pytest

from bot import settings
from bot.settings import ConfigurationError

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1-s3cret", "SLACK_APP_TOKEN": "xapp-1-s3cret", "COC_REGION": "cn-north-4"}


def test_the_least_that_is_needed() -> None:
    """A bot token, one transport's secret and a place to find COC."""
    found = settings.read(GOOD)
    assert found.transport == "socket"
    http = {**GOOD, "SLACK_SIGNING_SECRET": "x"}
    del http["SLACK_APP_TOKEN"]
    assert settings.read(http).transport == "http"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SLACK_BOT_TOKEN": " "}, "SLACK_BOT_TOKEN is missing"),
        ({"SLACK_BOT_TOKEN": "xapp-1-s3cret"}, "SLACK_BOT_TOKEN: is an app-level token"),
        ({"SLACK_APP_TOKEN": "xoxb-1-s3cret"}, "SLACK_APP_TOKEN: is a bot or user token"),
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is missing"),
        ({"SCHEDTASK_MODE": "http"}, "SLACK_SIGNING_SECRET is missing"),
        ({"SLACK_SIGNING_SECRET": "x"}, "SCHEDTASK_MODE is missing"),
        ({"SCHEDTASK_PORT": "-1"}, "SCHEDTASK_PORT"),
        ({"SCHEDTASK_COC_READ_TIMEOUT": "0"}, "SCHEDTASK_COC_READ_TIMEOUT"),
        ({"SCHEDTASK_VISIBILITY": "secret"}, "SCHEDTASK_VISIBILITY"),
        ({"SLACK_API_URL": "slack.com"}, "SLACK_API_URL"),
        ({"COC_REGION": ""}, "COC_REGION is missing"),
    ],
)
def test_what_is_wrong_is_named_without_its_value(change: dict[str, str], says: str) -> None:
    """One line, the variable's name, and no secret in it."""
    with pytest.raises(ConfigurationError) as caught:
        settings.read({**GOOD, **change})
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert "s3cret" not in message


def test_secrets_do_not_show_in_the_settings_themselves() -> None:
    """Neither in repr nor in str: settings end up in tracebacks."""
    found = settings.read({**GOOD, "SLACK_SIGNING_SECRET": "s3cret", "SCHEDTASK_MODE": "HTTP"})
    assert "s3cret" not in repr(found) + str(found)
    assert found.mode == "http", "words are understood in any case"


def test_the_api_url_ends_with_one_slash() -> None:
    """With or without one as given: Slack's client would otherwise join it wrongly."""
    for url in ("http://127.0.0.1:9/api", "http://127.0.0.1:9/api//"):
        assert settings.read({**GOOD, "SLACK_API_URL": url}).slack_api_url == "http://127.0.0.1:9/api/"


def test_a_typing_error_is_noticed() -> None:
    """A SCHEDTASK_ variable that means nothing is named, for a warning."""
    assert settings.unknown_names({**GOOD, "SCHEDTASK_PROT": "1", "SCHEDTASK_PORT": "1"}) == ["SCHEDTASK_PROT"]
