"""What may be shown of a parameter. Every value passes here on its way to a card, a terminal, a file or a log.

Parameters are secrets unless shown to be harmless: COC does not say whether it masks sensitive ones. A value is
hidden by its name (password, token, 密码 …) or by its shape (private keys, cloud access keys, JWTs, credentials
in URLs and command lines, long random strings). A hidden value shows neither a part of itself nor its length.
"""

import math
import re
from collections import Counter
from typing import Any

HIDDEN = "[hidden]"

# Words inside a name, split at camel, snake and kebab borders; a name is secret if one of its words is.
_WORDS = frozenset(
    {"password", "passwd", "passphrase", "pwd", "pass", "secret", "token", "credential", "credentials", "cred"}
    | {"creds", "apikey", "accesskey", "secretkey", "privatekey", "signature", "authorization", "auth", "cookie"}
    | {"session", "sessionid", "bearer", "jwt", "otp", "pin", "ak", "sk", "salt", "certificate", "keytab", "psk"}
)
_PAIRS = re.compile(r"(?:api|access|secret|private|signing|encryption|encrypt|master|ssh|aes|rsa|host|app|auth)_?key")
_CHINESE = re.compile("密码|口令|密钥|秘钥|令牌|凭证|凭据|证书|私钥|授权码|验证码|访问码")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_SHAPES = (
    re.compile(r"-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|CERTIFICATE)[A-Z ]*-----[\s\S]*?(?:-----END [^-]*-----|$)"),
    re.compile(r"\bey[JK][A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"),  # JSON web token
    re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{6,}|\bxapp-[A-Za-z0-9-]{6,}"),  # Slack
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bglpat-[A-Za-z0-9_-]{16,}|\bsk-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\b(?:AKIA|ASIA|AKID|LTAI|HPUA|HST3)[A-Z0-9a-z]{12,}"),  # access keys of clouds
    re.compile(r"(?i)\b(?:bearer|basic|digest|token)\s+[A-Za-z0-9+/_.=~-]{8,}"),
    re.compile(r"(?i)(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),  # user:password in a URL
)
# name=value, name: value, --name value; the value is hidden, the name stays.
_ASSIGNED = re.compile(
    r"""(?ix) (?P<name> [\w.\-\u4e00-\u9fff]+ ) (?P<mid> ["']? \s* [=:：] \s* | (?<=\w) \s+ )
        (?P<value> "[^"]*" | '[^']*' | [^\s,;&"'}]+ )"""
)
_FLAG = re.compile(r"(?i)(?P<name>--?[a-z][\w-]*)(?P<mid>[=\s]+)(?P<value>\"[^\"]*\"|'[^']*'|\S+)")
_MYSQL_P = re.compile(r"(?<=\s-p)[^\s-]\S*")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
_HARMLESS = re.compile(
    r"(?i)^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d+|[a-z]+(?:[-_][a-z0-9]+)+)$"
)


def secret_name(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    if _CHINESE.search(name):
        return True
    snake = _CAMEL.sub("_", name).replace("-", "_").replace(".", "_").replace(" ", "_").lower()
    return any(word in _WORDS for word in snake.split("_")) or _PAIRS.search(snake) is not None


def value(name: str, text: str) -> str:
    """What may be shown of one named value: ``[hidden]``, or the text with every secret in it hidden."""
    if not text:
        return text
    return HIDDEN if secret_name(name) else plain(text)


def plain(text: str) -> str:
    """A text without a name of its own, such as raw inner JSON, with every secret in it hidden."""
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    text = _MYSQL_P.sub(HIDDEN, text)
    text = _FLAG.sub(_hide_named, text)
    text = _ASSIGNED.sub(_hide_named, text)
    return _RANDOM.sub(lambda match: HIDDEN if _random(match.group()) else match.group(), text)


def structure(name: str, found: Any) -> Any:
    """A decoded JSON value with every secret in it hidden, at any depth."""
    if isinstance(found, dict):
        paired = found.get("paramName", found.get("name"))
        return {
            key: HIDDEN
            if secret_name(str(key)) and not isinstance(item, dict | list)
            else structure(str(paired) if key in {"paramValue", "value"} and paired else str(key), item)
            for key, item in found.items()
        }
    if isinstance(found, list):
        return [structure(name, item) for item in found]
    if isinstance(found, str):
        return value(name, found)
    return HIDDEN if secret_name(name) and found is not None else found


def _hide_named(match: re.Match[str]) -> str:
    if not secret_name(match["name"].lstrip("-")) or match["value"] == HIDDEN:
        return match.group()
    return f"{match['name']}{match['mid']}{HIDDEN}"


def _random(text: str) -> bool:
    """Whether a long run of characters looks drawn at random rather than written: by mixture and entropy."""
    if _HARMLESS.match(text):
        return False
    kinds = sum(any(test(c) for c in text) for test in (str.isupper, str.islower, str.isdigit))
    counts = Counter(text)
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return kinds >= 2 and entropy > 3.5 and (kinds == 3 or len(text) >= 32)
