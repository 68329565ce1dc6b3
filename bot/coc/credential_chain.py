"""The vendor library's credential sources, walked once. Synchronous and slow: call it off the event loop.

``huaweicloudsdkcore`` has the sources and their order (``CredentialProviderChain``): OIDC, environment,
credentials file, ECS agency metadata, pod identity. Its own walk stops at a metadata service that cannot be
reached, because that raises an error of ``requests`` which the walk does not know; pod identity after it is
never asked. So the walk is here, and the sources are the library's.

The library's messages can quote what it read: ``configparser`` quotes the offending line of a credentials
file, ``requests`` quotes a header. Only messages that the library worded itself are passed on.
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
"""Sources that cannot tell "not set up" from "does not answer": whatever goes wrong there, the next is asked."""

_WORDED_BY_VENDOR = (ApiTypeError, ApiValueError, SdkException)
_UNWORDED = (OSError, ValueError, TypeError, LookupError, AttributeError, configparser.Error)
"""What else the sources raise: files, sockets (all of ``requests``), JSON, dates and sections of another shape."""

_PARTS = {
    "ak": "access key (ak)",
    "sk": "secret key (sk)",
    "security_token": "security token (security_token)",
    "project_id": "project id (project_id)",
    "domain_id": "domain id (domain_id)",
}
_PLAIN_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")

_EXCHANGE_TIMEOUT = (3, 5)
"""Seconds to connect to and to read from IAM or STS; the library's own are 60 and 120."""


@dataclass(frozen=True, slots=True)
class Key:
    """A usable key. ``signer`` is the vendor's credentials object; ``expires_at`` is in seconds since 1970 UTC.

    ``expires_at`` is None for a key that does not expire, or whose expiry nobody knows.
    """

    signer: Any = field(repr=False)
    source: str
    expires_at: float | None = None
    ignored: tuple[str, ...] = ()
    """Accidental extras that were stripped from its parts, a phrase for each."""

    @property
    def renewable(self) -> bool:
        """Whether the source can be asked for a newer key."""
        return self.signer.sts_accessor is not None

    @property
    def kind(self) -> str:
        """ "basic" (a project's, X-Project-Id) or "global" (an account's, X-Domain-Id)."""
        return "basic" if isinstance(self.signer, BasicCredentials) else "global"

    @property
    def masked(self) -> str:
        """The access key's first four characters, enough to tell which one it is."""
        return f"{str(self.signer.ak)[:4]}…"


def explicit_key(ak: str, sk: str, security_token: str | None, domain_id: str | None, project_id: str | None) -> Key:
    """A key given as such; a project id makes it a basic one."""
    signer = BasicCredentials(ak, sk, project_id) if project_id else GlobalCredentials(ak, sk, domain_id)
    if security_token:
        signer.with_security_token(security_token)
    return Key(signer, "given explicitly")


def load_key(kind: Kind) -> Key:
    """The key of the first source that has one, in the library's order.

    Blocks: up to 6 s where a metadata service is silent, 16 s where STS or IAM is. Raises
    CredentialsUnavailable, which says what was tried and holds no secret.
    """
    wanted = _wanted(kind)
    tried = []
    for source, provider in _SOURCES:
        try:
            signer = provider(wanted).get_credentials()
        except _WORDED_BY_VENDOR as error:
            tried.append(f"{source}: {_told(error)}")
            continue
        except _UNWORDED as error:
            tried.append(f"{source}: {_told(error)}")
            if source in _PROBED:
                continue
            break
        try:
            expires_at = _exchanged(signer)
        except (*_WORDED_BY_VENDOR, *_UNWORDED) as error:
            # As in the library, a source that is set up and then refused does not give way to another identity.
            tried.append(f"{source}: set up, but {_told(error)}")
            break
        return Key(_completed(signer), source, expires_at, _clean(signer, source))
    raise CredentialsUnavailable("; ".join(tried))


def _wanted(kind: Kind) -> Literal["global", "basic"]:
    """Which kind of credentials: what was asked for, else what the ids that are set up suggest."""
    if kind != "auto":
        return kind
    if os.environ.get(_DOMAIN_ID):
        return "global"
    if os.environ.get(_PROJECT_ID):
        return "basic"
    named = os.environ.get(_CREDENTIALS_FILE)
    home = os.environ.get("USERPROFILE" if os.name == "nt" else "HOME")
    path = Path(named) if named else Path(home or ".") / ".huaweicloud" / "credentials"
    parser = configparser.ConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, ValueError):
        return "global"  # the source itself will say what is wrong with the file
    return "basic" if parser.has_section("basic") and not parser.has_section("global") else "global"


def _exchanged(signer: Any) -> float | None:
    """Fetch the temporary key where the source has only said how to get one; when the key expires."""
    if signer.sts_accessor is None:
        return None
    if not signer.ak:  # OIDC and federation: metadata and pod identity have already fetched theirs
        client = HttpClient(
            HttpConfig(timeout=_EXCHANGE_TIMEOUT),
            HttpHandler(),
            DefaultExceptionHandler(),
            logging.getLogger("huaweicloudsdkcore"),
        )
        try:
            signer.process_sts(client)
        finally:
            client.close()
    # The library keeps the expiry under a private name only, as if UTC were the local time: undo that.
    local = signer._expired_at  # noqa: SLF001
    return float(calendar.timegm(time.localtime(local)))


def _completed(signer: Any) -> Any:
    """With the ids that metadata and pod identity do not bring along, from where the other sources take them."""
    signer.security_token = signer.security_token or None  # the library would send an empty one
    if isinstance(signer, BasicCredentials):
        signer.project_id = signer.project_id or os.environ.get(_PROJECT_ID)
    else:
        signer.domain_id = signer.domain_id or os.environ.get(_DOMAIN_ID)
    return signer


def _clean(signer: Any, source: str) -> tuple[str, ...]:
    """Strip accidental extras from a key, and say which. Impossible values never get into a header."""
    ignored = []
    for part, called in _PARTS.items():
        text = getattr(signer, part, None)
        if not text:
            continue
        value, removed = pasted.strip_extras(part, text)
        why = pasted.find_fault(value) if value else "is empty"
        if why:
            raise CredentialsUnavailable(f"{source}: the {called} {why}")
        if removed:
            setattr(signer, part, value)
            ignored.append(f"{' and '.join(removed)} in the {called}")
    if pasted.is_temporary(signer.ak) and not signer.security_token:
        raise CredentialsUnavailable(f"{source}: a temporary access key (HST…) without its security token")
    return tuple(ignored)


def _told(error: BaseException) -> str:
    """Why a source gave no key, in words that cannot hold what it read."""
    for seen in (error, error.__context__):
        if isinstance(seen, ServiceResponseException):
            code = str(seen.error_code)
            return f"refused with HTTP {seen.status_code} {code if _PLAIN_CODE.fullmatch(code) else ''}".strip()
        if isinstance(seen, requests.exceptions.SSLError):
            return "its certificate is not trusted: set REQUESTS_CA_BUNDLE to a file with that of its authority"
        if isinstance(seen, requests.HTTPError) and seen.response is not None:
            return f"refused with HTTP {seen.response.status_code}"
    if isinstance(error, _WORDED_BY_VENDOR) and error.__context__ is None:
        return str(error).removeprefix("SdkException - ")
    if isinstance(error, configparser.MissingSectionHeaderError) and error.line.startswith("\ufeff"):
        return "the file begins with a byte order mark: save it without"
    if isinstance(error, configparser.Error):
        return f"the file is not in the expected form ({type(error).__name__})"
    if isinstance(error, OSError):
        return f"not reachable or not readable ({type(error).__name__})"
    return f"came in an unexpected form ({type(error).__name__})"
