"""COC's base URL, from a region or from the operator's own address.

One endpoint serves all regions of its site. The three known ones are those of the vendor's own client.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

KNOWN = {
    "cn-north-4": "https://coc.myhuaweicloud.com",
    "ap-southeast-3": "https://coc-intl.myhuaweicloud.com",
    "eu-west-101": "https://coc-eu-west-101-open-api.myhuaweicloud.eu",
}
"""Region to endpoint: the China site, the international site, the European site."""

_SITE_NAMES = {"cn-north-4": "China", "ap-southeast-3": "international", "eu-west-101": "Europe"}
_SITES = (
    ("cn-", "cn-north-4"),
    ("eu-", "eu-west-101"),
    *((start, "ap-southeast-3") for start in ("ap-", "af-", "ae-", "la-", "me-", "my-", "na-", "ru-", "sa-", "tr-")),
)
"""The prefixes of a site's regions, and the region that stands for the site."""

_OVERRIDE = "HUAWEICLOUD_SDK_REGION_COC_"
"""Prefix of a variable of the vendor's client, before the region in capitals. Holds comma-separated addresses."""


def endpoint_for(region: str | None, endpoint: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The base URL of COC, without a trailing slash.

    ``endpoint`` wins over ``region``. For a region, the first address in the vendor's override variable in
    ``environ`` wins over the known one. Raises ValueError with one sentence that names the variable to set.
    """
    if endpoint and endpoint.strip():
        return _validated(endpoint.strip(), "COC_ENDPOINT")
    name = (region or "").strip().lower()
    if not name:
        raise ValueError(
            f"COC_REGION is missing: set it to one of {', '.join(KNOWN)}, or COC_ENDPOINT to the address of COC"
        )
    variable = _OVERRIDE + name.replace("-", "_").upper()
    override = (environ or {}).get(variable, "").split(",")[0].strip()
    if override:
        return _validated(override, variable)
    if name not in KNOWN:
        raise ValueError(_unknown(name))
    return KNOWN[name]


def _unknown(region: str) -> str:
    shown = f"'{region}'" if re.fullmatch(r"[a-z]{2,5}-[a-z0-9-]{1,20}", region) else "it"
    likely = next((known for start, known in _SITES if region.startswith(start)), None)
    return (
        f"COC_REGION: there is no known COC endpoint for {shown}. One endpoint serves all regions of a site, so name "
        f"your account's site: {', '.join(f'{name} ({site})' for name, site in _SITE_NAMES.items())}"
        f"{f'; most likely {likely}' if likely else ''}. For any other, set COC_ENDPOINT"
    )


def _validated(address: str, variable: str) -> str:
    # The messages never repeat the address: it may hold a password.
    if "://" not in address:
        address = f"https://{address}"
    if not address.isprintable() or " " in address or "\\" in address:
        raise ValueError(f"{variable} holds a character that no address may hold.")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{variable} is not an address: its host or port is malformed.") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"{variable} must start with https:// or http://.")
    if not host:
        raise ValueError(f"{variable} names no host.")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{variable} must not hold a user or a password.")
    if parts.query or parts.fragment or address.endswith(("?", "#")):
        raise ValueError(f"{variable} must not hold a query or a fragment.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
