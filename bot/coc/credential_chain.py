"""Walks the vendor library's credential sources once. Synchronous and slow: call it off the event loop.

``huaweicloudsdkcore`` has the sources and their order (``CredentialProviderChain``): OIDC, environment, credentials
file, ECS agency metadata, pod identity. The walk is ours. The library's own stops at an unreachable metadata service,
because it does not catch the error of ``requests``; pod identity comes after that and is never asked.

The library's messages can quote what it read: ``configparser`` quotes the offending line of a credentials file,
``requests`` quotes a header. Only messages that the library worded itself are passed on.
"""

import calendar
import configparser
import logging
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.auth.provider import (
    EnvCredentialProvider,
    MetadataCredentialProvider,
    OidcStsCredentialProvider,
    PodIdentityCredentialProvider,
    ProfileCredentialProvider,
)
from huaweicloudsdkcore.exceptions.exception_handler import DefaultExceptionHandler
from huaweicloudsdkcore.exceptions.exceptions import (
    ApiTypeError,
    ApiValueError,
    SdkException,
    ServiceResponseException,
)
from huaweicloudsdkcore.http.http_client import HttpClient
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.http.http_handler import HttpHandler

from bot import pasted
from bot.errors import CredentialsUnavailable
from bot.timings import TIMINGS

Kind = Literal["auto", "global", "basic"]

_DOMAIN_ID = "HUAWEICLOUD_SDK_DOMAIN_ID"
_PROJECT_ID = "HUAWEICLOUD_SDK_PROJECT_ID"
_CREDENTIALS_FILE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"

_SOURCES = (
    ("OIDC", OidcStsCredentialProvider),
    ("environment", EnvCredentialProvider),
    ("credentials file", ProfileCredentialProvider),
    ("ECS agency metadata", MetadataCredentialProvider),
    ("pod identity", PodIdentityCredentialProvider),
)
_PROBED = {"ECS agency metadata", "pod identity"}
"""Sources that cannot distinguish "not set up" from "does not answer". After any error the next source is asked."""

_VENDOR_ERRORS = (ApiTypeError, ApiValueError, SdkException)
_OTHER_ERRORS = (OSError, ValueError, TypeError, LookupError, AttributeError, configparser.Error)
"""Also raised by the sources: files, sockets (all of ``requests``), malformed JSON, dates and sections."""

_PART_NAMES = {
    "ak": "access key (ak)",
    "sk": "secret key (sk)",
    "security_token": "security token (security_token)",
    "project_id": "project id (project_id)",
    "domain_id": "domain id (domain_id)",
}
_PLAIN_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True, slots=True)
class Key:
    """A usable key. ``signer`` is the vendor's credentials object. ``expires_at`` is in seconds since 1970 UTC.

    ``expires_at`` is None for a key that does not expire, or whose expiry is unknown.
    """

    signer: Any = field(repr=False)
    source: str
    expires_at: float | None = None
    ignored: tuple[str, ...] = ()
    """Pasted extras that were stripped from its parts, a phrase for each."""

    @property
    def renewable(self) -> bool:
        """Whether the source may have a newer key."""
        return self.signer.sts_accessor is not None

    @property
    def kind(self) -> str:
        """ "basic" (a project's, X-Project-Id) or "global" (an account's, X-Domain-Id)."""
        return "basic" if isinstance(self.signer, BasicCredentials) else "global"

    @property
    def masked(self) -> str:
        """The access key's first four characters, enough to identify it."""
        return f"{str(self.signer.ak)[:4]}…"


def static_key(
    ak: str,
    sk: str,
    security_token: str | None = None,
    *,
    domain_id: str | None = None,
    project_id: str | None = None,
) -> Key:
    """An explicit key. With ``project_id`` it signs for a project (basic), else for an account (global)."""
    signer = BasicCredentials(ak, sk, project_id) if project_id else GlobalCredentials(ak, sk, domain_id)
    if security_token:
        signer.with_security_token(security_token)
    return Key(signer, "given explicitly")


def load_key(kind: Kind) -> Key:
    """The key of the first source that has one, in the library's order.

    Blocks: up to 6 s where a metadata service is silent, 16 s where STS or IAM is. Raises CredentialsUnavailable,
    which names the sources and holds no secret.
    """
    resolved = _resolve(kind)
    failures = []
    for source, provider in _SOURCES:
        is_set_up = False
        try:
            signer = provider(resolved).get_credentials()
            is_set_up = True
            expires_at = _exchange(signer)
        except (*_VENDOR_ERRORS, *_OTHER_ERRORS) as error:
            failures.append(f"{source}: {'set up, but ' if is_set_up else ''}{_explain(error)}")
            # As in the library, a source that is set up but fails does not give way to another identity.
            if is_set_up or not (isinstance(error, _VENDOR_ERRORS) or source in _PROBED):
                break
        else:
            _add_ids(signer)
            return Key(signer, source, expires_at, _clean(signer, source))
    raise CredentialsUnavailable("; ".join(failures))


def _resolve(kind: Kind) -> Literal["global", "basic"]:
    """The kind that was asked for, else the one that the configured ids suggest."""
    if kind != "auto":
        return kind
    if os.environ.get(_DOMAIN_ID):
        return "global"
    if os.environ.get(_PROJECT_ID):
        return "basic"
    configured = os.environ.get(_CREDENTIALS_FILE)
    home = os.environ.get("USERPROFILE" if os.name == "nt" else "HOME")
    path = Path(configured) if configured else Path(home or ".") / ".huaweicloud" / "credentials"
    parser = configparser.ConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, ValueError):
        return "global"  # the source itself reports what is wrong with the file
    return "basic" if parser.has_section("basic") and not parser.has_section("global") else "global"


def _exchange(signer: Any) -> float | None:
    """Fetch the temporary key where the source only describes how to get one. Returns when the key expires."""
    if signer.sts_accessor is None:
        return None
    if not signer.ak:  # OIDC and federation: metadata and pod identity have already fetched theirs
        client = HttpClient(
            HttpConfig(timeout=TIMINGS.credentials.exchange_s),
            HttpHandler(),
            DefaultExceptionHandler(),
            logging.getLogger("huaweicloudsdkcore"),
        )
        try:
            signer.process_sts(client)
        finally:
            client.close()
    # The library keeps the expiry under a private name only, with UTC read as local time: undo that.
    local = signer._expired_at  # noqa: SLF001
    return float(calendar.timegm(time.localtime(local)))


def _add_ids(signer: Any) -> None:
    """Add the ids that metadata and pod identity lack, from the variables that the other sources read."""
    signer.security_token = signer.security_token or None  # the library would send an empty one
    if isinstance(signer, BasicCredentials):
        signer.project_id = signer.project_id or os.environ.get(_PROJECT_ID)
    else:
        signer.domain_id = signer.domain_id or os.environ.get(_DOMAIN_ID)


def _clean(signer: Any, source: str) -> tuple[str, ...]:
    """Strip pasted extras from a key, and say which. Impossible values never reach a header."""
    ignored = []
    for part, name in _PART_NAMES.items():
        text = getattr(signer, part, None)
        if not text:
            continue
        value, removed = pasted.strip_extras(part, text)
        fault = pasted.find_fault(value) if value else "is empty"
        if fault:
            raise CredentialsUnavailable(f"{source}: the {name} {fault}")
        if removed:
            setattr(signer, part, value)
            ignored.append(f"{' and '.join(removed)} in the {name}")
    if pasted.is_temporary(signer.ak) and not signer.security_token:
        raise CredentialsUnavailable(f"{source}: a temporary access key (HST…) without its security token")
    return tuple(ignored)


def _explain(error: BaseException) -> str:
    """Why a source gave no key, in words that cannot hold what it read."""
    for known in (error, error.__context__):
        if isinstance(known, ServiceResponseException):
            code = str(known.error_code)
            return f"refused with HTTP {known.status_code} {code if _PLAIN_CODE.fullmatch(code) else ''}".strip()
        if isinstance(known, requests.exceptions.SSLError):
            return "its certificate is not trusted: set REQUESTS_CA_BUNDLE to a file with that of its authority"
        if isinstance(known, requests.HTTPError) and known.response is not None:
            return f"refused with HTTP {known.response.status_code}"
    if isinstance(error, _VENDOR_ERRORS) and error.__context__ is None:
        return str(error).removeprefix("SdkException - ")
    if isinstance(error, configparser.MissingSectionHeaderError) and error.line.startswith("\ufeff"):
        return "the file begins with a byte order mark: save it without"
    if isinstance(error, configparser.Error):
        return f"the file is not in the expected form ({type(error).__name__})"
    if isinstance(error, OSError):
        return f"not reachable or not readable ({type(error).__name__})"
    return f"came in an unexpected form ({type(error).__name__})"
