"""Where COC listens: from a region, or an address the operator gave, to the base of every request URL.

One endpoint serves all regions of its site. The three known ones are those of the vendor's own client.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

KNOWN = {
    "cn-north-4": "https://coc.myhuaweicloud.com",
    "ap-southeast-3": "https://coc-intl.myhuaweicloud.com",
    "eu-west-101": "https://coc-eu-west-101-open-api.myhuaweicloud.eu",
}
"""Region to endpoint: the China site, the international site, the European site."""

_OVERRIDE = "HUAWEICLOUD_SDK_REGION_COC_"
"""What the vendor's client reads, followed by the region in capitals; several addresses, comma separated."""


def endpoint_for(region: str | None, endpoint: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The base URL of COC, without a trailing slash.

    ``endpoint`` wins over ``region``. For a region, the vendor's override variable in ``environ`` wins over
    the known address; of several addresses there the first counts. Raises ValueError with one sentence that
    names the variable to set.
    """
    if endpoint and endpoint.strip():
        return _validated(endpoint.strip(), "COC_ENDPOINT")
    name = (region or "").strip().lower()
    if not name:
        raise ValueError(f"Set COC_REGION to one of {_regions()}, or COC_ENDPOINT to the address of COC.")
    variable = _OVERRIDE + name.replace("-", "_").upper()
    override = (environ or {}).get(variable, "").split(",")[0].strip()
    if override:
        return _validated(override, variable)
    if name not in KNOWN:
        raise ValueError(
            f"COC_REGION: there is no known COC endpoint for '{name}'. Known are {_regions()}; "
            "for any other, set COC_ENDPOINT."
        )
    return KNOWN[name]


def _regions() -> str:
    return ", ".join(KNOWN)


def _validated(address: str, variable: str) -> str:
    # No message repeats the address: it may hold a password.
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
