"""Names of environment variables: tells those of Kubernetes and misspelt settings apart."""

import difflib
import ipaddress
import re
from collections.abc import Collection, Mapping

_PORT = r"_PORT_\d+_(?:TCP|UDP|SCTP)"
_FOREIGN = frozenset({"SLACK_API_TOKEN", "SLACK_APP_URL"})
"""Variables of other programs whose names are one letter from ours."""


def is_service_link(name: str, value: str) -> bool:
    """Whether Kubernetes set this variable for a service in the pod's namespace, by its name and value."""
    if re.search(rf"(?:_SERVICE_HOST|{_PORT}_ADDR)\Z", name):
        return _is_cluster_address(value)
    if re.search(rf"(?:_SERVICE_PORT(?:_[A-Z0-9_]+)?|{_PORT}_PORT)\Z", name):
        return value.isdecimal()
    if re.search(rf"{_PORT}_PROTO\Z", name):
        return value in {"tcp", "udp", "sctp"}
    address = r"(?:tcp|udp|sctp)://\S+:\d+"
    return re.search(rf"(?:_PORT|{_PORT})\Z", name) is not None and re.fullmatch(address, value) is not None


def _is_cluster_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    # An address to listen on is a setting under a wrong name.
    return not address.is_unspecified and not address.is_loopback


def find_misspelt(environment: Mapping[str, str], known: Collection[str]) -> dict[str, str | None]:
    """Find variables that look like misspelt settings, each with the setting that was probably meant.

    Every unknown name that begins with SCHEDTASK_ counts. Other programs share our other prefixes; there only a name
    counts that is one slip from a setting that is not set.
    """
    unset = [name for name in known if not environment.get(name, "").strip()]
    slips = {name: _slips(name) for name in unset}
    misspelt: dict[str, str | None] = {}
    for name, value in sorted(environment.items()):
        plain = re.sub(r"\W+", "_", name).strip("_").upper().removeprefix("EXPORT_")
        if name in known or is_service_link(name, value):
            continue
        if plain.startswith("SCHEDTASK_"):
            misspelt[name] = _nearest(plain, known)
        elif plain.startswith(("SLACK_", "COC_", "HUAWEI")) or "SCHED" in plain or "TASK_" in plain:
            near = [other for other in unset if not slips[other].isdisjoint(_slips(plain))]
            base = [other for other in unset if plain == f"{other}_FILE"]
            if (near or base) and plain not in _FOREIGN and value.strip():
                misspelt[name] = (near or base)[0]
    return misspelt


def _slips(name: str) -> set[str]:
    """Two names that share one of these differ by one letter: left out, added, changed or moved."""
    return {name, *(name[:i] + name[i + 1 :] for i in range(len(name)))}


def _nearest(name: str, known: Collection[str]) -> str | None:
    if (base := name.removesuffix("_FILE")) in known:
        return base
    tails = {other.removeprefix("SCHEDTASK_"): other for other in known}
    near = difflib.get_close_matches(name.removeprefix("SCHEDTASK_"), tails, n=1)
    return tails[near[0]] if near else None
