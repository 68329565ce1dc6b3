"""A host's name as people paste it and as COC writes it, in one spelling.

A wrong "No" is worse than none. Each of these used to lead to one:

- quotes, brackets, Markdown, a full stop or a question mark around the name; Slack's link ``<http://x|x>``
- other case, full-width letters and digits, typographic dashes, invisible characters, a host name's last dot
- what surrounds a name in a terminal or a ticket: ``root@``, ``:22``, ``/24``, ``ssh://…/path``, ``…'s``
- an address in another spelling: leading zeros, brackets and zone of IPv6, IPv4 inside IPv6
- the full name where COC has the short one, and the reverse (``same_host``)
- several addresses in one field of COC (``spellings``)
- a name with blanks, or one that a line end has broken (``bot.task.search`` joins the parts)
- a name that COC hides or does not have, a public address where COC lists private ones (``Answer.unlisted``)
- what only resembles a name: ``web_07``, ``web-7`` and ``web07`` are asked about, never denied
- what is no single name: a network, a range, a pattern with braces (``unreadable``)
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator

from bot.redact.untrusted import Untrusted

LONGEST = 400
"""Characters that are looked at: a host name has at most 255, and the patterns here take quadratic time."""
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u02d7\u2e3a\u2e3b"), "-")
_LINK = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
# A name may begin or end with a star, an IPv6 address with two colons.
_BEFORE = re.compile(r"^(?:(?!::)[^\w*])+")
_AFTER = re.compile(r"(?:(?<!:):|[^\w*:])+$")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://+", re.IGNORECASE)
_BOLD = re.compile(r"^[*_]+([^*]+?)[*_]+$")
_BRACKETED = re.compile(r"\[?([0-9a-f:.]*:[0-9a-f:.]*)(?:%\w+)?(?:\](?::\d+)?)?", re.IGNORECASE)
_PREFIX_LENGTH = re.compile(r"([0-9a-f.:]+)/(\d{1,3})", re.IGNORECASE)
_FOUR_NUMBERS = re.compile(r"\d+(?:\.\d+){3}", re.ASCII)
_PADDED = re.compile(r"(?:^|\.)0\d")
_RANGE = re.compile(r"\d+(?:\.\d+){3}-[\d.]+", re.ASCII)
_NAME = re.compile(r"[\w.*-]*[^\W_][\w.*-]*|\*+")


def fold(name: str) -> str:
    """One spelling for comparing names; never empty for a name that is not."""
    plain = name if name.isascii() else unicodedata.normalize("NFKC", _visible(name)).translate(DASHES)
    folded = plain.strip().casefold().rstrip(".")
    # Few addresses have another spelling, and there may be thousands.
    if ":" in folded or _PADDED.search(folded):
        return _address(folded) or folded
    return folded or name.casefold()


def same_host(one: str, other: str) -> bool:
    """Whether two folded names are one host's: equal, or one is the full name of the other."""
    if one == other:
        return True
    short, full = sorted((one, other), key=len)
    return full.startswith(f"{short}.") and not short.replace(".", "").isdecimal() and not is_address(full)


def spellings(field: str) -> Iterator[str]:
    """The folded names in one field of COC: the field itself, and each address where it lists several."""
    yield fold(field)
    if "," in field or ";" in field:
        yield from (fold(part) for part in re.split(r"[,;\s]+", field) if part)


def undecorated(typed: str) -> str:
    """What was typed without the quotes, brackets and punctuation around it, or a link's own words."""
    typed = typed[:LONGEST].strip()
    linked = _LINK.fullmatch(typed)
    text = (linked[2] or linked[1]) if linked else typed
    name = _AFTER.sub("", text if _BRACKETED.fullmatch(text.rstrip(".,;!?")) else _BEFORE.sub("", text))
    return name + "".join(shut for begin, shut in ("[]", "{}") if begin in name[1:] and shut not in name)


def bare(typed: str) -> str:
    """The folded name alone: no user, port, path or prefix length either. Empty where nothing is left."""
    text = _BOLD.sub(r"\1", undecorated(typed))
    text = unicodedata.normalize("NFKC", _visible(undecorated(text))).translate(DASHES)
    text = re.split(r"[/\\]", _SCHEME.sub("", text).lstrip("/\\"), maxsplit=1)[0].rpartition("@")[2]
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed and is_address(bracketed[1]):
        return fold(bracketed[1])
    if text.count(":") == 1:
        text = text.partition(":")[0]
    text = undecorated(re.sub(r"['\u2019]s$", "", text)).strip("_")
    return fold(text) if text else ""


def unreadable(typed: str) -> str:
    """Why this is not one host's name, for the end of a sentence; empty where it may be one.

    An example in it stands in backticks.
    """
    text = undecorated(typed)
    network = _PREFIX_LENGTH.fullmatch(text)
    if network and (example := _network(network[0])):
        return f"it is a network; ask for an address, or with a star: `{example}`"
    name = bare(typed)
    if _RANGE.fullmatch(name) or re.search(r"[\w-][\[{(].*[\d,.-]", text):
        return "it is a range; name each host, or use a star for any characters"
    if _FOUR_NUMBERS.fullmatch(name) and not is_address(name):
        return "it is no IP address"
    return "" if _NAME.fullmatch(name) or is_address(name) else "it is no host name, IP or resource id"


def is_host_shaped(word: str | Untrusted) -> bool:
    """Whether a word among others looks like a host: it has a digit, dot, hyphen or star, and is readable."""
    text = word.raw if isinstance(word, Untrusted) else word
    return bool(re.search(r"[\d.*-]", text)) and not unreadable(text)


def is_address(name: str) -> bool:
    """Whether it is an IP address."""
    return bool(_address(name))


def is_public(name: str) -> bool:
    """Whether it is an IP address that is reached from the internet."""
    address = _address(name)
    return bool(address) and ipaddress.ip_address(address).is_global


def _address(name: str) -> str:
    """An IP address in its one spelling; empty for anything else."""
    if _FOUR_NUMBERS.fullmatch(name):
        numbers = [part.lstrip("0") or "0" for part in name.split(".")]
        return ".".join(numbers) if all(len(part) < 4 and int(part) < 256 for part in numbers) else ""
    if name.count(":") < 2 or len(name) > 50:
        return ""
    try:
        address = ipaddress.IPv6Address(name.partition("%")[0])
    except ValueError:
        return ""
    return str(address.ipv4_mapped or address)


def _network(text: str) -> str:
    """A pattern for some addresses of a network; empty where the text is one address with its prefix length."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return ""
    if network.num_addresses <= 2:
        return ""
    first = str(network.network_address)
    return (
        ".".join([*first.split(".")[: max(network.prefixlen // 8, 1)], "*"]) if network.version == 4 else f"{first}*"
    )


def _visible(text: str) -> str:
    return "".join(char for char in text if unicodedata.category(char) != "Cf")
