"""Reads and cleans environment variables and the files that they name, and collects every fault.

The variables that the vendor's library and httpx read by themselves are checked too.
"""

import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot import pasted
from bot.variables import is_service_link

SECRET_FILES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
"""Secrets that may be in a file instead; the variable with the suffix ``_FILE`` names it."""
CLOUD_SECRETS = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN")
"""The vendor's variables that hold secrets; its library reads them itself."""
CLOUD_KEYS = (*CLOUD_SECRETS, "HUAWEICLOUD_SDK_PROJECT_ID", "HUAWEICLOUD_SDK_DOMAIN_ID")
"""Variables that the vendor's library puts into headers unchanged."""
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
"""Variables that the vendor's library and httpx read by themselves."""
_ADDRESSES = ("COC_ENDPOINT", "SLACK_API_URL")
_MOST_FILE_BYTES = 64 * 1024


@dataclass
class Variables:
    """Cleaned values by name. Faults and warnings are sentences; each fault comes with the name of its variable."""

    by_name: dict[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_variables(environment: Mapping[str, str], known: Collection[str]) -> Variables:
    """Read the known variables. An empty value counts as absent, unless it is a rule."""
    variables = Variables()
    values = variables.by_name
    for name in known:
        text = environment.get(name)
        if text is None or is_service_link(name, text):
            continue
        # Words for people may hold any character.
        value, removed = pasted.strip_extras(name, text) if name != "SCHEDTASK_CONTACT" else (text.strip(), [])
        if value or _is_rule(name):
            values[name] = value
        if value and removed:
            variables.warnings.append(f"ignored {' and '.join(removed)} ({name})")
    for name in SECRET_FILES:
        _read_file(name, variables)
    variables.faults += [(name, f"{name} {why}") for name, value in values.items() if (why := _fault(name, value))]
    if "HUAWEICLOUD_SDK_SECURITY_TOKEN" not in values and pasted.is_temporary(values.get("HUAWEICLOUD_SDK_AK", "")):
        why = "HUAWEICLOUD_SDK_AK is a temporary access key (HST…), good only together with its security token"
        variables.faults.append(("HUAWEICLOUD_SDK_AK", f"HUAWEICLOUD_SDK_SECURITY_TOKEN is missing: {why}"))
    return variables


def _is_rule(name: str) -> bool:
    """Whether an empty value would silently drop a rule that somebody meant to set."""
    return name.startswith("SCHEDTASK_ALLOW_") or name in {"SCHEDTASK_VISIBILITY", "SCHEDTASK_REDACT_WORDS"}


def _read_file(name: str, variables: Variables) -> None:
    values, faults = variables.by_name, variables.faults
    path = values.get(f"{name}_FILE")
    if path is None:
        return
    if name in values:
        faults.append((name, f"{name} and {name}_FILE are both set: keep one"))
        return
    values[name] = ""  # an unreadable file is one fault, not a missing secret too
    # The value may be the secret itself by mistake.
    shown = path if "/" in path and not path.startswith(("xox", "xapp-")) else "the file that it names"
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_FILE_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        faults.append((name, f"{name}_FILE: {shown} can't be read ({why})"))
        return
    # Every editor ends a file with a line break.
    values[name], removed = pasted.strip_extras(name, text.removesuffix("\n"))
    if not values[name]:
        faults.append((name, f"{name}_FILE: {shown} is empty"))
    elif removed:
        variables.warnings.append(f"ignored {' and '.join(removed)} in {shown} ({name}_FILE)")


def _fault(name: str, value: str) -> str | None:
    if not value or name not in (*_ADDRESSES, *SECRET_FILES, *CLOUD_KEYS):
        return None
    fault = pasted.find_fault(value, address=name in _ADDRESSES)
    return fault or (pasted.find_mix_up(name, value) if name in SECRET_FILES else None)


def clean_library_values(environment: Mapping[str, str]) -> dict[str, str]:
    """Clean the variables that libraries read by themselves."""
    return {
        name: pasted.strip_extras(name, value)[0]
        for name, value in environment.items()
        if name in LIBRARY_NAMES or name.startswith(("HUAWEICLOUD_", "HC_CONTAINER_"))
    }


def check_library_values(environment: Mapping[str, str]) -> Iterator[str]:
    """Find unusable certificate files and proxies. On these httpx raises errors that nobody catches."""
    values = clean_library_values(environment)
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
    if pasted.find_fault(address, address=True):
        return False
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        return parts.scheme in {"http", "https", "socks5", "socks5h"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
