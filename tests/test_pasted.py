"""Pasted values: harmless extras are stripped with a warning, other faults are named. No value is ever shown."""

from pathlib import Path

import pytest

from bot import environment, pasted, settings
from bot.settings import ConfigurationError
from tests.operations.sanitizing import SANITIZER

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1-s3cret", "SLACK_APP_TOKEN": "xapp-1-s3cret", "COC_REGION": "cn-north-4"}
HARMLESS = [
    ("{}\n", "blanks or line breaks around it"),
    ("{}\r\n", "blanks or line breaks around it"),
    ("{}\r", "blanks or line breaks around it"),
    (" \t{}\xa0", "blanks or line breaks around it"),
    ("\ufeff{}", "invisible characters"),
    ("{}\u200b", "invisible characters"),
    ("\u2060\u202a{}\u202c", "invisible characters"),
    ('"{}"', "quotes around it"),
    ("'{}'", "quotes around it"),
    ("“{}”", "quotes around it"),
    ("`{}`", "quotes around it"),
    ("<{}>", "quotes around it"),
    ("Bearer {}", "the word Bearer before it"),
    ("NAME={}", "its own name before it"),
    ("export NAME={}", "its own name before it"),
    ('export NAME="{}"\r\n', "its own name before it and quotes around it"),
]
NAMES = {
    "SLACK_BOT_TOKEN": "xoxb-1-s3cret",
    "SLACK_APP_TOKEN": "xapp-1-s3cret",
    "SLACK_API_URL": "https://slack.example.com/api/",
    "COC_ENDPOINT": "https://coc.example.com",
    "COC_REGION": "cn-north-4",
    "SCHEDTASK_VISIBILITY": "private",
    "HUAWEICLOUD_SDK_AK": "AKs3cret",
    "HUAWEICLOUD_SDK_SK": "s3cret",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN": "s3cret",
    "HUAWEICLOUD_SDK_PROJECT_ID": "p0",
    "HUAWEICLOUD_SDK_DOMAIN_ID": "d0",
}


@pytest.mark.parametrize(("around", "what"), HARMLESS)
@pytest.mark.parametrize(("name", "value"), NAMES.items())
def test_harmless_characters_are_stripped_with_a_warning(name: str, value: str, around: str, what: str) -> None:
    """The warning names the variable. We and the vendor's library use the clean value."""
    given = {**GOOD, name: around.replace("NAME", name).format(value)}
    found = settings.read(given)
    (warning,) = settings.warnings(given)
    assert warning.startswith("ignored ")
    assert warning.endswith(f" ({name})")
    assert all(part in warning for part in what.split(" and "))
    assert "s3cret" not in warning
    if name.startswith("HUAWEI"):
        assert environment.clean_library_values(given)[name] == value
        return
    field = next(key for key, field in settings.Settings.model_fields.items() if field.alias == name)
    used = getattr(found, field)
    assert (used.get_secret_value() if name.endswith("TOKEN") else used) == value
    assert settings.warnings(GOOD) == []


@pytest.mark.parametrize(("around", "what"), [*HARMLESS[1:-3], ("SLACK_BOT_TOKEN={}\n", "its own name before it")])
def test_the_value_in_a_file_is_cleaned(tmp_path: Path, around: str, what: str) -> None:
    """Its last line break causes no warning."""
    path = tmp_path / "token"
    given = {**GOOD, "SLACK_BOT_TOKEN_FILE": str(path)}
    del given["SLACK_BOT_TOKEN"]
    path.write_bytes(around.format("xoxb-1-s3cret").encode())
    assert settings.read(given).slack_bot_token.get_secret_value() == "xoxb-1-s3cret"
    assert settings.warnings(given)[0].startswith(f"ignored {what} in ")
    path.write_text("xoxb-1-s3cret\n")
    assert settings.warnings(given) == []


@pytest.mark.parametrize(
    ("around", "says"),
    [
        ('"{}', "begins with a quote"),
        ("{}”", "ends with a quote"),
        ("\"{}'", "begins with a quote"),
        ("{} {}", "has a blank inside"),
        ("{}\xa0{}", "has a blank inside"),
        ("{}\n{}", "has a line break inside"),
        ('{}"{}', "has a quote inside"),
        ("{}…", "has a character that can't be in a token or key (HORIZONTAL ELLIPSIS)"),
        ("{}\u2013{}", "has a character that can't be in a token or key (EN DASH)"),
        ("{}\x07", "has a character that can't be in a token or key (a control character)"),
        ("export OTHER={}", "has a blank inside"),
    ],
)
@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(("TOKEN", "K", "_ID"))])
def test_impossible_values_are_named_but_not_repeated(name: str, around: str, says: str) -> None:
    """The fault is one line."""
    with pytest.raises(ConfigurationError) as caught:
        settings.read({**GOOD, name: around.format(*[NAMES[name]] * 2)})
    assert caught.value.faults == (f"{name} {says}",)


@pytest.mark.parametrize("name", ["SLACK_API_URL", "COC_ENDPOINT"])
@pytest.mark.parametrize("around", ['"{}', "{}'", "{} {}", "{}\n{}", "{}\x07"])
def test_a_fault_in_an_address_is_named(name: str, around: str) -> None:
    """In one line, whatever else is wrong with it."""
    with pytest.raises(ConfigurationError) as caught:
        settings.read({**GOOD, name: around.format(*["https://x.example.com"] * 2)})
    (fault,) = caught.value.faults
    assert fault.startswith(f"{name} ")
    assert "example" not in fault


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-1-s3cret", "a user token"),
        ("SLACK_BOT_TOKEN", "xoxe-1-s3cret", "a refresh token"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxb-1-s3cret", "a bot token that expires"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxp-1-s3cret", "a user token that expires"),
        ("SLACK_BOT_TOKEN", "xoxa-2-s3cret", "a workspace app's token"),
        ("SLACK_BOT_TOKEN", "xoxc-2-s3cret", "a token from a browser"),
        ("SLACK_BOT_TOKEN", "xoxz-2-s3cret", "another kind of Slack token"),
        ("SLACK_BOT_TOKEN", "xapp-1-s3cret", "an app-level token"),
        ("SLACK_BOT_TOKEN", "0123456789abcdef0123456789abcdef", "a signing secret or a client secret"),
        ("SLACK_BOT_TOKEN", "1234567890.1234567890", "a client ID"),
        ("SLACK_BOT_TOKEN", "https://hooks.slack.com/services/s3cret", "an address"),
        ("SLACK_BOT_TOKEN", "s3cret", "does not begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1-s3cret", "a bot token"),
        ("SLACK_APP_TOKEN", "xoxp-1-s3cret", "a user token"),
        ("SLACK_APP_TOKEN", "A0123456789", "an app ID"),
        ("SLACK_SIGNING_SECRET", "xoxb-1-s3cret", "a bot token"),
        ("SLACK_SIGNING_SECRET", "xapp-1-s3cret", "an app-level token"),
        ("SLACK_SIGNING_SECRET", "gIkuvaNzQIHg97ATvDxqgjtO", "a verification token"),
        ("SLACK_SIGNING_SECRET", "/run/secrets/s3cret", "the path of a file"),
    ],
)
def test_a_secret_of_the_wrong_kind_is_named_with_the_right_one(name: str, value: str, kind: str) -> None:
    """Slack itself says only invalid_auth."""
    with pytest.raises(ConfigurationError) as caught:
        settings.read({**GOOD, name: value, "SCHEDTASK_MODE": "http" if "SIGNING" in name else "socket"})
    (fault,) = caught.value.faults
    assert kind in fault
    assert fault.endswith(f": it needs {pasted.SLACK_SECRETS[name][1]}")
    assert "s3cret" not in fault


def test_a_signing_secret_of_an_unusual_form_is_doubted() -> None:
    """Slack documents no form, so it is not a fault."""
    given = {**GOOD, "SCHEDTASK_MODE": "http", "SLACK_SIGNING_SECRET": "s3cret"}
    (doubt,) = settings.doubts(settings.read(given))
    assert doubt.startswith("check SLACK_SIGNING_SECRET, which should be the Signing Secret (32 digits")
    given["SLACK_SIGNING_SECRET"] = "0123456789abcdef0123456789abcdef"
    assert settings.doubts(settings.read(given)) == []
    assert settings.doubts(settings.read(GOOD)) == []


def test_a_temporary_key_needs_its_security_token() -> None:
    """COC would say only that the key is wrong, and would lock it."""
    given = {**GOOD, "HUAWEICLOUD_SDK_AK": "HST3W0123456789ABCDE", "HUAWEICLOUD_SDK_SK": "s3cret"}
    with pytest.raises(ConfigurationError, match=r"^HUAWEICLOUD_SDK_SECURITY_TOKEN is missing: .*temporary"):
        settings.read(given)
    settings.read({**given, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "s3cret"})
    settings.read({**given, "HUAWEICLOUD_SDK_AK": "HPUAW0123456789ABCDE"})


def test_the_log_hides_a_secret_as_pasted_and_as_used() -> None:
    """Both forms are among the secrets."""
    given = {**GOOD, "HUAWEICLOUD_SDK_SK": "ab\u200bcdef"}
    assert {"ab\u200bcdef", "abcdef"} <= set(settings.secrets(settings.read(given), given))


def test_words_for_people_are_not_cleaned() -> None:
    """Quotes and joined emoji belong to them."""
    given = {**GOOD, "SCHEDTASK_CONTACT": '"night shift" \U0001f469\u200d\U0001f4bb'}
    assert settings.read(given).contact == given["SCHEDTASK_CONTACT"]


def test_the_log_shows_warnings_about_settings_in_full() -> None:
    """They name settings such as SLACK_BOT_TOKEN; the redactor would hide a value after such a name."""
    given = {**GOOD, **{name: f'"{value}"' for name, value in NAMES.items()}}
    odd = {**GOOD, "SLACK_SIGNING_SECRET": "odd-but-kept", "SCHEDTASK_MODE": "http"}
    said = [*settings.warnings(given), *settings.doubts(settings.read(odd))]
    assert len(said) == len(NAMES) + 1
    assert [SANITIZER.event(None, "warning", {"what": line})["what"] for line in said] == said
