"""Everything the bot can be told, read once from the environment (and a ``.env`` file beside it).

Slack's and COC's names are those that their own tools use; the rest begins with ``SCHEDTASK_``. The cloud
credentials themselves are not here: the vendor's library reads them from its own variables, files and services.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

Seconds = Annotated[float, Field(gt=0, le=60)]


def _listed(value: Any) -> Any:
    return frozenset(filter(None, re.split(r"[,\s]+", value))) if isinstance(value, str) else value


Words = Annotated[frozenset[str], BeforeValidator(_listed)]
"""Separated by commas or blanks."""
PerMinute = Annotated[int, Field(ge=0, le=10_000)]
CLOUD_SECRETS = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN")
"""The vendor's variables that hold secrets; its library reads them itself."""
SECRET_FILES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
"""Secrets that may stand in a file instead, named by the variable with ``_FILE`` behind."""


class ConfigurationError(Exception):
    """A setting is missing or wrong. The message is one line that names the variable and says what to do."""


class CloudSettings(BaseSettings):
    """What is needed to ask COC. The aliases of fields are the names of the environment variables."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    coc_region: str | None = Field(default=None, alias="COC_REGION")
    coc_endpoint: str | None = Field(default=None, alias="COC_ENDPOINT")
    coc_credentials: Literal["auto", "global", "basic"] = Field(default="auto", alias="SCHEDTASK_COC_CREDENTIALS")
    coc_connect_timeout: Seconds = Field(default=2.0, alias="SCHEDTASK_COC_CONNECT_TIMEOUT")
    coc_read_timeout: Seconds = Field(default=5.0, alias="SCHEDTASK_COC_READ_TIMEOUT")
    coc_total_timeout: Seconds = Field(default=8.0, alias="SCHEDTASK_COC_TOTAL_TIMEOUT")
    redact_words: Words = Field(default=frozenset(), alias="SCHEDTASK_REDACT_WORDS")
    redact_allow: Words = Field(default=frozenset(), alias="SCHEDTASK_REDACT_ALLOW")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed in: ``read`` gives one explicit mapping, so that no second source can differ."""
        return (init_settings,)

    @field_validator(
        "mode", "visibility", "log_format", "log_level", "coc_credentials", mode="before", check_fields=False
    )
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _where(self) -> Self:
        if not self.coc_region and not self.coc_endpoint:
            raise ValueError("COC_REGION is missing: give a region such as cn-north-4, or a COC_ENDPOINT")
        return self


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

    @field_validator("slack_bot_token")
    @classmethod
    def _bot_token(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value().startswith("xapp-"):
            raise ValueError("is an app-level token (xapp-); a bot token begins with xoxb-")
        return value

    @field_validator("slack_app_token")
    @classmethod
    def _app_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value().startswith("xox"):
            raise ValueError("is a bot or user token (xox…); an app-level token begins with xapp-")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https URL, such as https://slack.com/api/")
        return value.strip().rstrip("/") + "/"

    @field_validator("allow_workspaces", "allow_channels", "allow_users", "allow_usergroups")
    @classmethod
    def _ids(cls, value: frozenset[str], about: ValidationInfo) -> frozenset[str]:
        # A name instead of an id would lock everybody out, or let in who comes to bear it.
        form, example = _IDS[str(about.field_name)]
        wrong = sorted(word for word in value if not re.fullmatch(form, word))
        if wrong:
            raise ValueError(f"{wrong[0][:40]!r} is not an id such as {example}: give ids, not names")
        return value

    @field_validator("allow_tasks")
    @classmethod
    def _patterns(cls, value: frozenset[str]) -> frozenset[str]:
        wrong = sorted(word for word in value if not re.fullmatch(r"(?:id|name|project):.+", word))
        if wrong:
            raise ValueError(f"{wrong[0][:40]!r} must begin with id:, name: or project:, such as name:nightly-*")
        return value

    @model_validator(mode="after")
    def _transport(self) -> Self:
        if self.transport == "socket" and self.slack_app_token is None:
            raise ValueError(
                "SLACK_APP_TOKEN is missing (Socket Mode), or set SLACK_SIGNING_SECRET for HTTP mode"
                if self.mode is None
                else "SLACK_APP_TOKEN is missing: SCHEDTASK_MODE=socket needs an app-level token (xapp-…)"
            )
        if self.transport == "http" and self.slack_signing_secret is None:
            raise ValueError("SLACK_SIGNING_SECRET is missing: SCHEDTASK_MODE=http needs the app's signing secret")
        if self.mode is None and self.slack_app_token and self.slack_signing_secret:
            raise ValueError(
                "SCHEDTASK_MODE is missing: both SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are set, say socket or http"
            )
        return self

    @property
    def transport(self) -> Literal["socket", "http"]:
        """How Slack's requests reach us: as SCHEDTASK_MODE says, else by which of the two secrets is set."""
        if self.mode is not None:
            return self.mode
        return "http" if self.slack_app_token is None and self.slack_signing_secret is not None else "socket"


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in a mapping of environment variables. Empty values count as absent.

    Secrets may come from files: ``SLACK_BOT_TOKEN_FILE=/run/secrets/slack_bot_token``.

    Raises ConfigurationError with one line that names the variable; never with a secret's value in it.
    """
    return _read(Settings, _with_files(environment))


def read_cloud(environment: Mapping[str, str]) -> CloudSettings:
    """Only what is needed to ask COC, without Slack. Like ``read`` otherwise."""
    return _read(CloudSettings, environment)


S = TypeVar("S", bound=CloudSettings)


def _with_files(environment: Mapping[str, str]) -> Mapping[str, str]:
    found = dict(environment)
    for name in SECRET_FILES:
        path = environment.get(f"{name}_FILE", "").strip()
        if not path:
            continue
        if environment.get(name, "").strip():
            raise ConfigurationError(f"{name} and {name}_FILE are both set: keep one")
        try:
            found[name] = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise ConfigurationError(f"{name}_FILE: {path} can't be read ({why})") from None
        if not found[name]:
            raise ConfigurationError(f"{name}_FILE: {path} is empty")
    return found


def _read(kind: type[S], environment: Mapping[str, str]) -> S:
    names = {str(field.alias) for field in kind.model_fields.values()}
    given = {name: value.strip() for name, value in environment.items() if name in names and value.strip()}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ConfigurationError(_one_line(error)) from None


def secrets(found: Settings, environment: Mapping[str, str]) -> list[str]:
    """Every secret that the process was given, its cloud keys too: for the log to leave out."""
    own = (found.slack_bot_token, found.slack_app_token, found.slack_signing_secret)
    cloud = [environment.get(name, "") for name in CLOUD_SECRETS]
    return [secret.get_secret_value() for secret in own if secret is not None] + [key for key in cloud if key]


def unknown_names(environment: Mapping[str, str]) -> list[str]:
    """Variables that begin with ``SCHEDTASK_`` and mean nothing here: most likely typing errors, worth a warning."""
    names = {str(field.alias) for field in Settings.model_fields.values()}
    return sorted(name for name in environment if name.startswith("SCHEDTASK_") and name not in names)


def _one_line(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{name} is missing: {_WHAT.get(name, 'set it')}"
    return f"{name}: {message[:1].lower()}{message[1:]}" if name else message


_IDS = {
    "allow_workspaces": (r"[TE][A-Z0-9]{2,20}", "T0123456789"),
    "allow_channels": (r"[CGD][A-Z0-9]{2,20}|dm", "C0123456789, or dm for all direct messages"),
    "allow_users": (r"[UW][A-Z0-9]{2,20}", "U0123456789"),
    "allow_usergroups": (r"S[A-Z0-9]{2,20}", "S0123456789"),
}
_WHAT = {"SLACK_BOT_TOKEN": "the bot token (xoxb-…) from the app's page OAuth & Permissions"}
