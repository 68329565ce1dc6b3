"""The settings, read once from environment variables.

Variables of Slack and COC have the names that their own tools use; the others begin with ``SCHEDTASK_``. The cloud
credentials are not here: the vendor's library reads them from its own variables, files and services.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from bot.coc.endpoints import endpoint_for
from bot.environment import (
    CLOUD_SECRETS,
    LIBRARY_NAMES,
    SECRET_FILES,
    check_library_values,
    clean_library_values,
    read_variables,
)
from bot.pasted import SLACK_SECRETS
from bot.variables import find_misspelt, is_service_link

Seconds = Annotated[float, Field(gt=0, le=60)]


def _split(value: Any) -> Any:
    return frozenset(filter(None, re.split(r"[,\s]+", value))) if isinstance(value, str) else value


Words = Annotated[frozenset[str], BeforeValidator(_split)]
"""Separated by commas or blanks."""
PerMinute = Annotated[int, Field(ge=0, le=10_000)]


class ConfigurationError(Exception):
    """Settings are missing or wrong. Each line of ``faults`` names its variable and says what to do."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class CloudSettings(BaseModel, frozen=True):
    """The settings of calls to COC. The aliases of fields are the names of the environment variables."""

    coc_region: str | None = Field(default=None, alias="COC_REGION")
    coc_endpoint: str | None = Field(default=None, alias="COC_ENDPOINT")
    coc_credentials: Literal["auto", "global", "basic"] = Field(default="auto", alias="SCHEDTASK_COC_CREDENTIALS")
    coc_connect_timeout: Seconds = Field(default=2.0, alias="SCHEDTASK_COC_CONNECT_TIMEOUT")
    coc_read_timeout: Seconds = Field(default=5.0, alias="SCHEDTASK_COC_READ_TIMEOUT")
    coc_total_timeout: Seconds = Field(default=8.0, alias="SCHEDTASK_COC_TOTAL_TIMEOUT")
    redact_words: Words = Field(default=frozenset(), alias="SCHEDTASK_REDACT_WORDS")
    redact_allow: Words = Field(default=frozenset(), alias="SCHEDTASK_REDACT_ALLOW")

    @field_validator(
        "mode", "visibility", "log_format", "log_level", "coc_credentials", mode="before", check_fields=False
    )
    @classmethod
    def _lower_case(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("redact_words")
    @classmethod
    def _check_words(cls, value: frozenset[str]) -> frozenset[str]:
        if any(";" in word or "|" in word for word in value):
            raise ValueError("separate words by commas or blanks")
        return _check_not_empty(value)


class Settings(CloudSettings):
    """The configuration of one bot process."""

    slack_bot_token: SecretStr = Field(alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(default=None, alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = Field(default=None, alias="SLACK_SIGNING_SECRET")
    slack_api_url: str = Field(default="https://slack.com/api/", alias="SLACK_API_URL")
    mode: Literal["socket", "http"] | None = Field(default=None, alias="SCHEDTASK_MODE")
    socket_connections: int = Field(default=2, ge=1, le=5, alias="SCHEDTASK_SOCKET_CONNECTIONS")
    socket_give_up: float = Field(default=120.0, ge=5, le=3600, alias="SCHEDTASK_SOCKET_GIVE_UP")
    host: str = Field(default="127.0.0.1", alias="SCHEDTASK_HOST", min_length=1)
    port: int = Field(default=3000, alias="SCHEDTASK_PORT", ge=0, le=65535)
    visibility: Literal["public", "private"] = Field(default="public", alias="SCHEDTASK_VISIBILITY")
    targets_max_age: float = Field(default=60.0, ge=0, le=3600, alias="SCHEDTASK_TARGETS_MAX_AGE")
    share_for: float = Field(default=2.0, ge=0, le=60, alias="SCHEDTASK_SHARE_FOR")
    stale_for: float = Field(default=900.0, ge=0, le=86400, alias="SCHEDTASK_STALE_FOR")
    grace: Seconds = Field(default=10.0, alias="SCHEDTASK_GRACE")
    allow_workspaces: Words = Field(default=frozenset(), alias="SCHEDTASK_ALLOW_WORKSPACES")
    allow_channels: Words = Field(default=frozenset(), alias="SCHEDTASK_ALLOW_CHANNELS")
    allow_users: Words = Field(default=frozenset(), alias="SCHEDTASK_ALLOW_USERS")
    allow_usergroups: Words = Field(default=frozenset(), alias="SCHEDTASK_ALLOW_USERGROUPS")
    allow_guests: bool = Field(default=True, alias="SCHEDTASK_ALLOW_GUESTS")
    allow_tasks: Words = Field(default=frozenset(), alias="SCHEDTASK_ALLOW_TASKS")
    contact: str = Field(default="the bot's owner", alias="SCHEDTASK_CONTACT", max_length=200)
    person_limit: PerMinute = Field(default=60, alias="SCHEDTASK_PERSON_LIMIT")
    channel_limit: PerMinute = Field(default=120, alias="SCHEDTASK_CHANNEL_LIMIT")
    audit_file: str | None = Field(default=None, alias="SCHEDTASK_AUDIT_FILE")
    traces: bool = Field(default=False, alias="SCHEDTASK_TRACES")
    log_format: Literal["console", "json"] = Field(default="json", alias="SCHEDTASK_LOG_FORMAT")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", alias="SCHEDTASK_LOG_LEVEL")

    @field_validator("host")
    @classmethod
    def _check_host(cls, value: str) -> str:
        host = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if "://" in host:
                raise ValueError("is a URL: give an address to listen on, such as 0.0.0.0") from None
            if re.fullmatch(r"[^:]+:\d*|\[.*\]:\d*", host):
                raise ValueError("has a port: give that as SCHEDTASK_PORT") from None
            if not re.fullmatch(r"[\w.-]+", host):
                raise ValueError("is not an address to listen on, such as 0.0.0.0 or ::") from None
        return host

    @field_validator("slack_api_url")
    @classmethod
    def _check_api_url(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https URL, such as https://slack.com/api/")
        return value.strip().rstrip("/") + "/"

    @field_validator("allow_workspaces", "allow_channels", "allow_users", "allow_usergroups")
    @classmethod
    def _check_ids(cls, value: frozenset[str], info: ValidationInfo) -> frozenset[str]:
        # A name instead of an id would lock everybody out, or admit whoever takes that name.
        form, example = _IDS[str(info.field_name)]
        wrong = sorted(word for word in value if not re.fullmatch(form, word))
        if wrong:
            raise ValueError(f"{_quote(wrong[0])} is not an id such as {example}: give ids, not names")
        return _check_not_empty(value)

    @field_validator("allow_tasks")
    @classmethod
    def _check_patterns(cls, value: frozenset[str]) -> frozenset[str]:
        wrong = sorted(word for word in value if not re.fullmatch(r"(?:id|name|project):.+", word))
        if wrong:
            raise ValueError(f"{_quote(wrong[0])} must begin with id:, name: or project:, such as name:nightly-*")
        return _check_not_empty(value)

    @property
    def transport(self) -> Literal["socket", "http"]:
        """How Slack's requests arrive: as SCHEDTASK_MODE says, else by the secret that is set."""
        if self.mode is not None:
            return self.mode
        return "http" if self.slack_app_token is None and self.slack_signing_secret is not None else "socket"


S = TypeVar("S", bound=CloudSettings)


def read(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables. Empty values count as absent, except in a rule.

    Secrets may come from files: ``SLACK_BOT_TOKEN_FILE=/run/secrets/slack_bot_token``. Raises ConfigurationError with
    every fault at once, but never with a secret's value.
    """
    return _read(Settings, environment)


def read_cloud(environment: Mapping[str, str]) -> CloudSettings:
    """Read the settings of calls to COC only. Like ``read`` otherwise."""
    return _read(CloudSettings, environment)


def warnings(environment: Mapping[str, str]) -> list[str]:
    """Which accidental extras were removed: a line for each variable."""
    return read_variables(environment, _KNOWN).warnings


def doubts(settings: Settings) -> list[str]:
    """Values that are probably wrong. Slack documents no format for its signing secret, so that is not a fault."""
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    if settings.transport != "http" or secret is None or re.fullmatch(r"[0-9a-f]{32}", secret):
        return []
    return [f"check SLACK_SIGNING_SECRET, which should be {SLACK_SECRETS['SLACK_SIGNING_SECRET'][1]}"]


def service_links(environment: Mapping[str, str]) -> list[str]:
    """Variables that Kubernetes makes for a service named like this bot. They are not settings."""
    return sorted(
        name for name in environment if name.startswith("SCHEDTASK_") and is_service_link(name, environment[name])
    )


def secrets(settings: Settings | None, environment: Mapping[str, str]) -> list[str]:
    """Every secret of the process, its cloud keys too: for the log to hide."""
    slack = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret) if settings else ()
    sources = (environment, clean_library_values(environment))
    cloud = [source[name] for name in CLOUD_SECRETS for source in sources if source.get(name)]
    return list(dict.fromkeys([*(secret.get_secret_value() for secret in slack if secret), *cloud]))


def _read(kind: type[S], environment: Mapping[str, str]) -> S:
    variables = read_variables(environment, _KNOWN)
    values = variables.by_name
    names = {*_aliases(kind), *LIBRARY_NAMES}
    faults = list(_misspelt_faults(environment, names if kind is CloudSettings else None))
    faults += [fault for name, fault in variables.faults if name in names]
    wrong = {name for name, _ in variables.faults}
    settings = None
    try:
        settings = kind.model_validate(values)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        faults += [_sentence(each, values) for each in errors if each["loc"][0] not in wrong]
    if kind is Settings:
        faults += _transport_faults(values)
    if "COC_ENDPOINT" not in wrong:
        try:
            endpoint_for(values.get("COC_REGION"), values.get("COC_ENDPOINT"), clean_library_values(environment))
        except ValueError as error:
            faults.append(str(error))
    faults += check_library_values(environment)
    if faults or settings is None:
        raise ConfigurationError(*faults)
    return settings


def _misspelt_faults(environment: Mapping[str, str], only: set[str] | None) -> Iterator[str]:
    """One line for each unknown variable; with ``only`` just for those that probably mean one of these settings."""
    for name, near in find_misspelt(environment, _KNOWN).items():
        if near is None:
            yield f"{name} is not a setting of schedtask-bot: remove it, or look its right name up in the README"
        elif only is not None and near not in only:
            continue
        elif name == f"{near}_FILE":
            other = " or HUAWEICLOUD_SDK_CREDENTIALS_FILE" if near in CLOUD_SECRETS else ""
            yield f"{name} is not a setting: {near} is not read from a file. Set {near} itself{other}"
        else:
            yield f"{name} is not a setting: did you mean {near}?"


def _transport_faults(values: Mapping[str, str]) -> Iterator[str]:
    mode = values.get("SCHEDTASK_MODE", "").lower()
    app, signing = "SLACK_APP_TOKEN" in values, "SLACK_SIGNING_SECRET" in values
    if mode == "socket" and not app:
        yield "SLACK_APP_TOKEN is missing: SCHEDTASK_MODE=socket needs an app-level token (xapp-…)"
    elif mode == "http" and not signing:
        yield "SLACK_SIGNING_SECRET is missing: SCHEDTASK_MODE=http needs the app's signing secret"
    elif not mode and not app and not signing:
        yield "SLACK_APP_TOKEN is missing (Socket Mode), or set SLACK_SIGNING_SECRET for HTTP mode"
    elif not mode and app and signing:
        yield "SCHEDTASK_MODE is missing: both SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are set, say socket or http"


def _sentence(error: Any, values: Mapping[str, str]) -> str:
    name = str(error["loc"][0])
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"{name} is missing: the bot token (xoxb-…) from the app's page OAuth & Permissions"
    if values.get(name) == "":
        return f"{name} is set but empty: give it a value, or remove it"
    if error["type"] == "bool_parsing":
        return f"{name}: say true or false"
    return f"{name}: {message[:1].lower()}{message[1:]}"


def _check_not_empty(words: frozenset[str]) -> frozenset[str]:
    if not words:
        raise ValueError("holds nothing: give it a value, or remove it")
    return words


def _quote(word: str) -> str:
    return "a token" if word.startswith(("xox", "xapp-")) else repr(word[:40])


def _aliases(kind: type[CloudSettings]) -> list[str]:
    return [str(field.alias) for field in kind.model_fields.values()]


_KNOWN = (*_aliases(Settings), *(f"{name}_FILE" for name in SECRET_FILES), *LIBRARY_NAMES)
_IDS = {
    "allow_workspaces": (r"[TE][A-Z0-9]{2,20}", "T0123456789"),
    "allow_channels": (r"[CGD][A-Z0-9]{2,20}|dm", "C0123456789, or dm for all direct messages"),
    "allow_users": (r"[UW][A-Z0-9]{2,20}", "U0123456789"),
    "allow_usergroups": (r"S[A-Z0-9]{2,20}", "S0123456789"),
}
