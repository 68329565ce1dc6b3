"""Settings are read from one mapping; each fault is one line that names its variable."""

import re

import pytest

from bot import settings
from bot.settings import ConfigurationError

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1-s3cret", "SLACK_APP_TOKEN": "xapp-1-s3cret", "COC_REGION": "cn-north-4"}


def test_three_settings_are_enough() -> None:
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
        ({"SLACK_BOT_TOKEN": "xapp-1-s3cret"}, "SLACK_BOT_TOKEN is an app-level token"),
        ({"SLACK_APP_TOKEN": "xoxb-1-s3cret"}, "SLACK_APP_TOKEN is a bot token"),
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
def test_a_fault_names_the_variable_without_its_value(change: dict[str, str], says: str) -> None:
    """In one line without a secret."""
    with pytest.raises(ConfigurationError) as caught:
        settings.read({**GOOD, **change})
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"COC_REGION": "", "COC_ENDPOINT": "http://127.0.0.1:1"}, None),
        ({"SCHEDTASK_PORT": "70000"}, "SCHEDTASK_PORT: input should be less than or equal to 65535"),
        ({"SCHEDTASK_PORT": "web"}, "SCHEDTASK_PORT: input should be a valid integer"),
        ({"SCHEDTASK_PORT": "0"}, None),
        ({"SCHEDTASK_GRACE": "nan"}, "SCHEDTASK_GRACE"),
        ({"SCHEDTASK_GRACE": "inf"}, "SCHEDTASK_GRACE"),
        ({"SCHEDTASK_GRACE": "60"}, None),
        ({"SCHEDTASK_GRACE": "61"}, "SCHEDTASK_GRACE"),
        ({"SCHEDTASK_COC_TOTAL_TIMEOUT": "a while"}, "SCHEDTASK_COC_TOTAL_TIMEOUT"),
        ({"SCHEDTASK_COC_CREDENTIALS": "Basic"}, None),
        ({"SCHEDTASK_COC_CREDENTIALS": "both"}, "SCHEDTASK_COC_CREDENTIALS"),
        ({"SCHEDTASK_LOG_LEVEL": " DEBUG "}, None),
        ({"SCHEDTASK_LOG_LEVEL": "loud"}, "SCHEDTASK_LOG_LEVEL"),
        ({"SCHEDTASK_MODE": "socket", "SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is missing: SCHEDTASK_MODE=socket"),
        ({"SCHEDTASK_MODE": "carrier pigeon"}, "SCHEDTASK_MODE"),
        ({"SLACK_API_URL": "http://[::1/api"}, "SLACK_API_URL"),
        ({"SLACK_API_URL": "ftp://slack.com/api"}, "SLACK_API_URL"),
        ({"HOME": "/root", "TASK_HOST": "1"}, None),
        ({"SCHEDTASK_PROT": "1"}, "SCHEDTASK_PROT is not a setting: did you mean SCHEDTASK_PORT?"),
    ],
)
def test_each_setting_has_its_bounds(change: dict[str, str], says: str | None) -> None:
    """A value outside is refused in one line that names the variable; other programs' variables are ignored."""
    if says is None:
        settings.read({**GOOD, **change})
        return
    with pytest.raises(ConfigurationError) as caught:
        settings.read({**GOOD, **change})
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_with_both_secrets_the_mode_must_be_set() -> None:
    """Without SCHEDTASK_MODE the transport is not guessed."""
    both = {**GOOD, "SLACK_SIGNING_SECRET": "x"}
    assert settings.read({**both, "SCHEDTASK_MODE": "http"}).transport == "http"
    assert settings.read({**both, "SCHEDTASK_MODE": " Socket "}).transport == "socket"


def test_the_cloud_settings_need_no_slack() -> None:
    """``schedtask-bot show`` asks COC and posts nothing."""
    found = settings.read_cloud({"COC_REGION": " cn-north-4 ", "SCHEDTASK_COC_READ_TIMEOUT": "3.5"})
    assert (found.coc_region, found.coc_endpoint, found.coc_read_timeout) == ("cn-north-4", None, 3.5)
    with pytest.raises(ConfigurationError, match="COC_REGION is missing"):
        settings.read_cloud(dict.fromkeys(GOOD, ""))


def test_only_the_given_mapping_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's environment is ignored."""
    monkeypatch.setenv("SCHEDTASK_PORT", "4711")
    monkeypatch.setenv("port", "4712")
    assert settings.read(GOOD).port == 3000


def test_settings_are_frozen() -> None:
    """They are read once."""
    with pytest.raises(ValueError, match="frozen"):
        settings.read(GOOD).port = 1  # type: ignore[misc]


def test_settings_do_not_show_their_secrets() -> None:
    """Settings end up in tracebacks by their repr or str."""
    found = settings.read({**GOOD, "SLACK_SIGNING_SECRET": "s3cret", "SCHEDTASK_MODE": "HTTP"})
    assert "s3cret" not in repr(found) + str(found)
    assert found.mode == "http", "words are understood in any case"


def test_the_api_url_ends_with_one_slash() -> None:
    """Slack's client would otherwise join paths wrongly."""
    for url in ("http://127.0.0.1:9/api", "http://127.0.0.1:9/api//"):
        assert settings.read({**GOOD, "SLACK_API_URL": url}).slack_api_url == "http://127.0.0.1:9/api/"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SCHEDTASK_ALLOW_USER", "SCHEDTASK_ALLOW_USERS"),
        ("SCHEDTASK_VISIBILTY", "SCHEDTASK_VISIBILITY"),
        ("SCHEDTASK_ALLOW_GROUPS", "SCHEDTASK_ALLOW_USERGROUPS"),
        ("SCHEDTASK_COC_REGION", "COC_REGION"),
        ("SCHEDTASK_BOT_PORT", "SCHEDTASK_PORT"),
        ("schedtask_visibility", "SCHEDTASK_VISIBILITY"),
        ("Schedtask_Visibility", "SCHEDTASK_VISIBILITY"),
        ("SCHEDTASK-VISIBILITY", "SCHEDTASK_VISIBILITY"),
        ("SCHED_TASK_VISIBILITY", "SCHEDTASK_VISIBILITY"),
        ("SCHEDTSK_VISIBILITY", "SCHEDTASK_VISIBILITY"),
        ("export SCHEDTASK_VISIBILITY", "SCHEDTASK_VISIBILITY"),
        ("\ufeffSCHEDTASK_VISIBILITY", "SCHEDTASK_VISIBILITY"),
        ("SLACK_SIGNIN_SECRET", "SLACK_SIGNING_SECRET"),
        ("SLACK_APITOKEN_FILE", None),
        ("COC_ENDPONT", "COC_ENDPOINT"),
        ("coc_endpoint", "COC_ENDPOINT"),
        ("HUAWEICLOUD_SDK_AKK", "HUAWEICLOUD_SDK_AK"),
        ("HUAWEI_CLOUD_SDK_SK", "HUAWEICLOUD_SDK_SK"),
        ("HUAWEICLOUD_SDK_SECURITYTOKEN", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        ("SLACK_API_TOKEN", None),
        ("SLACK_CHANNEL", None),
        ("SLACK_WEBHOOK_URL", None),
        ("COC_PORT", None),
        ("DOC_ENDPOINT", None),
        ("HUAWEICLOUD_SDK_REGION_COC_CN_NORTH_4", None),
    ],
)
def test_a_misspelt_setting_stops_the_start(name: str, near: str | None) -> None:
    """The setting that was meant would be off. Names of other programs are ignored."""
    given = {**GOOD, "SLACK_APP_TOKEN": "xapp-1", name: "https://coc.example.com"}
    if near is None:
        settings.read(given)
        return
    with pytest.raises(ConfigurationError, match=re.escape(f"{name} is not a setting: did you mean {near}?")):
        settings.read(given)


def test_a_misspelt_name_beside_the_right_one_is_ignored() -> None:
    """It may be another program's, unless it begins with SCHEDTASK_."""
    settings.read({**GOOD, "COC_REGOIN": "cn-north-4", "SLACK_BOT_TOKENS": "many"})
    with pytest.raises(ConfigurationError, match="SCHEDTASK_PORTS is not a setting"):
        settings.read({**GOOD, "SCHEDTASK_PORT": "1", "SCHEDTASK_PORTS": "2"})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SCHEDTASK_CONTACT_FILE", "Set SCHEDTASK_CONTACT itself"),
        ("SCHEDTASK_HOST_FILE", "Set SCHEDTASK_HOST itself"),
        ("HUAWEICLOUD_SDK_SK_FILE", "Set HUAWEICLOUD_SDK_SK itself or HUAWEICLOUD_SDK_CREDENTIALS_FILE"),
        ("SCHEDTASK_SOMETHING", "is not a setting of schedtask-bot: remove it"),
    ],
)
def test_an_unknown_setting_is_refused(name: str, says: str) -> None:
    """Only three secrets are read from files."""
    with pytest.raises(ConfigurationError, match=f"^{name} .*{says}"):
        settings.read({**GOOD, name: "/run/secrets/x"})


def test_all_faults_are_reported_at_once() -> None:
    """Missing, wrong, unknown and unreadable: one line for each variable."""
    given = {
        "SLACK_BOT_TOKEN_FILE": "/nonexistent/token",
        "SLACK_API_URL": "'https://slack.com",
        "SCHEDTASK_ALLOW_USER": "U0ADA",
        "SCHEDTASK_GRACE": "soon",
        "SCHEDTASK_VISIBILITY": "secret",
        "HUAWEICLOUD_SDK_AK": "a b",
        "COC_REGION": "atlantis-1",
    }
    with pytest.raises(ConfigurationError) as caught:
        settings.read(given)
    assert [fault.split()[0].rstrip(":") for fault in caught.value.faults] == [
        "SCHEDTASK_ALLOW_USER",
        "SLACK_BOT_TOKEN_FILE",
        "SLACK_API_URL",
        "HUAWEICLOUD_SDK_AK",
        "SCHEDTASK_VISIBILITY",
        "SCHEDTASK_GRACE",
        "SLACK_APP_TOKEN",
        "COC_REGION",
    ]
    assert str(caught.value).splitlines() == list(caught.value.faults)


def test_faults_of_slack_settings_do_not_stop_show() -> None:
    """It needs the cloud settings only."""
    given = {"COC_REGION": "cn-north-4", "SCHEDTASK_ALLOW_USER": "U0ADA", "SLACK_BOT_TOKEN": "xoxp-1"}
    settings.read_cloud({**given, "SCHEDTASK_PERSON_LIMIT": "-1", "SLACK_BOT_TOKEN_FILE": "/nonexistent"})
    for name in ("SCHEDTASK_REDACT_WRODS", "SCHEDTASK_COC_READ_TIMEOT", "SCHEDTASK_SOMETHING"):
        with pytest.raises(ConfigurationError, match=f"{name} is not a setting"):
            settings.read_cloud({**given, name: "5"})


@pytest.mark.parametrize("value", ["", "  ", ",", " , ,\n", "\ufeff", "''"])
@pytest.mark.parametrize(
    "name",
    [
        *("SCHEDTASK_ALLOW_USERS", "SCHEDTASK_ALLOW_CHANNELS", "SCHEDTASK_ALLOW_USERGROUPS", "SCHEDTASK_ALLOW_TASKS"),
        *("SCHEDTASK_ALLOW_WORKSPACES", "SCHEDTASK_ALLOW_GUESTS", "SCHEDTASK_VISIBILITY", "SCHEDTASK_REDACT_WORDS"),
    ],
)
def test_an_empty_rule_is_refused(name: str, value: str) -> None:
    """Somebody meant to set it, so it must not fail open."""
    with pytest.raises(ConfigurationError, match=f"^{name}"):
        settings.read({**GOOD, name: value})


@pytest.mark.parametrize("value", ["no", "No", "off", "0", "false", "n", " FALSE ", '"false"'])
def test_every_spelling_of_no_is_false(value: str) -> None:
    """A word that is neither yes nor no is refused."""
    assert not settings.read({**GOOD, "SCHEDTASK_ALLOW_GUESTS": value}).allow_guests
    with pytest.raises(ConfigurationError, match="SCHEDTASK_ALLOW_GUESTS: say true or false"):
        settings.read({**GOOD, "SCHEDTASK_ALLOW_GUESTS": "never"})


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("[::]", "::"),
        ("::", "::"),
        ("[::1]", "::1"),
        ("0.0.0.0", "0.0.0.0"),
        ("localhost", "localhost"),
        ("[::1]:3000", "has a port: give that as SCHEDTASK_PORT"),
        ("localhost:3000", "has a port"),
        ("0.0.0.0:3000", "has a port"),
        ("http://0.0.0.0", "is a URL: give an address"),
        ("http://0.0.0.0:3000", "is a URL"),
        ("*", "is not an address to listen on"),
        ("[::", "is not an address to listen on"),
        ("0.0.0.0 # all", "is not an address to listen on"),
    ],
)
def test_the_host_is_an_address(value: str, result: str) -> None:
    """Brackets are stripped; a port or a scheme is refused by name."""
    if " " not in result:
        assert settings.read({**GOOD, "SCHEDTASK_HOST": value}).host == result
        return
    with pytest.raises(ConfigurationError, match=f"^SCHEDTASK_HOST: {result}"):
        settings.read({**GOOD, "SCHEDTASK_HOST": value})


def test_lists_are_separated_by_commas_or_blanks() -> None:
    """Empty entries do not count."""
    found = settings.read({**GOOD, "SCHEDTASK_ALLOW_CHANNELS": " C01ABC, C02DEF\ndm,, "})
    assert found.allow_channels == {"C01ABC", "C02DEF", "dm"}
    assert settings.read(GOOD).allow_channels == frozenset()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SCHEDTASK_ALLOW_CHANNELS", "#shift-chat", "'#shift-chat' is not an id such as C0123456789"),
        ("SCHEDTASK_ALLOW_USERS", "alice", "'alice' is not an id such as U0123456789"),
        ("SCHEDTASK_ALLOW_USERGROUPS", "@oncall", "'@oncall' is not an id such as S0123456789"),
        ("SCHEDTASK_ALLOW_WORKSPACES", "acme", "'acme' is not an id such as T0123456789"),
        ("SCHEDTASK_ALLOW_TASKS", "nightly-*", "'nightly-*' must begin with id:, name: or project:"),
        ("SCHEDTASK_ALLOW_GUESTS", "perhaps", "SCHEDTASK_ALLOW_GUESTS"),
        ("SCHEDTASK_PERSON_LIMIT", "-1", "SCHEDTASK_PERSON_LIMIT"),
        ("SCHEDTASK_ALLOW_USERS", "xoxb-1-s3cret", "SCHEDTASK_ALLOW_USERS: a token is not an id"),
        ("SCHEDTASK_REDACT_WORDS", "badge;pager", "SCHEDTASK_REDACT_WORDS: separate words by commas"),
    ],
)
def test_a_rule_with_a_name_instead_of_an_id_is_refused(name: str, value: str, says: str) -> None:
    """It would lock everybody out, or admit whoever takes that name."""
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        settings.read({**GOOD, name: value})


def test_the_secrets_are_those_of_slack_and_the_cloud() -> None:
    """The log hides them."""
    environment = {**GOOD, "HUAWEICLOUD_SDK_AK": "AK1", "HUAWEICLOUD_SDK_SK": "SK1"}
    assert settings.secrets(settings.read(environment), environment) == [
        *("xoxb-1-s3cret", "xapp-1-s3cret", "AK1", "SK1")
    ]
