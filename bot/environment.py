"""Reads and cleans environment variables and the files that they name, and collects everything wrong with them.

The vendor's library and httpx read variables of their own; those are checked too.
"""

import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot import pasted
from bot.variables import is_service_link

SECRET_FILES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
"""Secrets that may stand in a file instead, named by the variable with ``_FILE`` behind."""
CLOUD_SECRETS = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN")
"""The vendor's variables that hold secrets; its library reads them itself."""
CLOUD_KEYS = (*CLOUD_SECRETS, "HUAWEICLOUD_SDK_PROJECT_ID", "HUAWEICLOUD_SDK_DOMAIN_ID")
"""What the vendor's library puts into headers as it stands in the environment."""
_SDK = ("IDP_ID", "ID_TOKEN_FILE", "CREDENTIALS_FILE", "IAM_ENDPOINT", "STS_ENDPOINT")
_OIDC = ("PROVIDER_URN", "AGENCY_URN", "ID_TOKEN", "TOKEN_FILE", "SESSION_NAME")
_PROXIES = tuple(
    name for scheme in ("HTTP", "HTTPS", "ALL") for name in (f"{scheme}_PROXY", f"{scheme.lower()}_proxy")
)
LIBRARY_NAMES = (
    *CLOUD_KEYS,
    *(f"HUAWEICLOUD_SDK_{end}" for end in _SDK),
    *(f"HUAWEICLOUD_OIDC_{end}" for end in _OIDC),
    "SSL_CERT_FILE",
    *_PROXIES,
)
"""What the vendor's library and httpx read by themselves."""
_ADDRESSES = ("COC_ENDPOINT", "SLACK_API_URL")
_MOST_FILE_BYTES = 64 * 1024


@dataclass
class Values:
    """Cleaned values by name; faults and warnings are sentences, and a fault goes with the name that it concerns."""

    by_name: dict[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def gather(environment: Mapping[str, str], known: Collection[str]) -> Values:
    """The values of the known variables. An empty one counts as absent, unless it is a rule."""
    values = Values()
    for name in known:
        text = environment.get(name)
        if text is None or is_service_link(name, text):
            continue
        # People's own words may hold anything.
        value, removed = pasted.clean(name, text) if name != "SCHEDTASK_CONTACT" else (text.strip(), [])
        if value or _is_rule(name):
            values.by_name[name] = value
        if value and removed:
            values.warnings.append(f"ignored {' and '.join(removed)} ({name})")
    for name in SECRET_FILES:
        _read_file(name, values)
    for name, value in values.by_name.items():
        if value and (why := _unfit(name, value)):
            values.faults.append((name, f"{name} {why}"))
    if "HUAWEICLOUD_SDK_SECURITY_TOKEN" not in values.by_name:
        access_key = values.by_name.get("HUAWEICLOUD_SDK_AK", "")
        if pasted.is_temporary(access_key):
            why = "HUAWEICLOUD_SDK_AK is a temporary access key (HST…), good only together with its security token"
            values.faults.append(("HUAWEICLOUD_SDK_AK", f"HUAWEICLOUD_SDK_SECURITY_TOKEN is missing: {why}"))
    return values


def _is_rule(name: str) -> bool:
    """Whether an empty value would quietly leave out a rule that somebody meant to set."""
    return name.startswith("SCHEDTASK_ALLOW_") or name in {"SCHEDTASK_VISIBILITY", "SCHEDTASK_REDACT_WORDS"}


def _read_file(name: str, values: Values) -> None:
    path = values.by_name.get(f"{name}_FILE")
    if path is None:
        return
    if name in values.by_name:
        values.faults.append((name, f"{name} and {name}_FILE are both set: keep one"))
        return
    values.by_name[name] = ""  # an unreadable file is one fault, not a missing secret too
    # Somebody may have put the secret itself here.
    shown = path if "/" in path and not path.startswith(("xox", "xapp-")) else "the file that it names"
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_FILE_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        values.faults.append((name, f"{name}_FILE: {shown} can't be read ({why})"))
        return
    # Every editor ends a file with a line break.
    values.by_name[name], removed = pasted.clean(name, text.removesuffix("\n"))
    if not values.by_name[name]:
        values.faults.append((name, f"{name}_FILE: {shown} is empty"))
    elif removed:
        values.warnings.append(f"ignored {' and '.join(removed)} in {shown} ({name}_FILE)")


def _unfit(name: str, value: str) -> str | None:
    if name in _ADDRESSES:
        return pasted.fault(value, address=True)
    if name in SECRET_FILES:
        return pasted.fault(value) or pasted.mixed_up(name, value)
    return pasted.fault(value) if name in CLOUD_KEYS else None


def library_values(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that libraries read by themselves, cleaned."""
    named = {
        name: value
        for name, value in environment.items()
        if name in LIBRARY_NAMES or name.startswith(("HUAWEICLOUD_", "HC_CONTAINER_"))
    }
    return {name: pasted.clean(name, value)[0] for name, value in named.items()}


def library_faults(environment: Mapping[str, str]) -> Iterator[str]:
    """Unusable certificate files and proxies. On these httpx raises errors that nobody catches."""
    values = library_values(environment)
    if path := values.get("SSL_CERT_FILE"):
        try:
            ssl.create_default_context(cafile=path)
        except ssl.SSLError:
            yield f"SSL_CERT_FILE: {path} holds no certificate in PEM form"
        except OSError as error:
            yield f"SSL_CERT_FILE: {path} can't be read ({error.strerror})"
    for name in _PROXIES:
        if (proxy := values.get(name)) and not _is_proxy(proxy):
            yield f"{name} is not the address of a proxy, such as http://proxy.example.com:3128"


def _is_proxy(address: str) -> bool:
    if pasted.fault(address, address=True):
        return False
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        return parts.scheme in {"http", "https", "socks5", "socks5h"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
