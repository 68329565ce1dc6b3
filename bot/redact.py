"""What may be shown of a parameter. Every value passes here on its way to a card, a terminal, a file or a log.

Parameters are secrets unless shown to be harmless: COC does not say whether it masks sensitive ones. A value is
hidden by its name (password, token, 密码 …) or by its shape (private keys, cloud access keys, JWTs, credentials
in URLs and command lines, long random strings). A hidden value shows neither a part of itself nor its length.

A value may have 16 million characters, so no pattern here backtracks over a long run: all take linear time.
"""

import math
import re
from collections import Counter
from typing import Any

HIDDEN = "[hidden]"

MAX_DEPTH = 100
"""How deep a decoded value is shown; what lies deeper is hidden."""

# Anywhere in a name, its words run together: PGPASSWORD, dbpassword, accessTokens.
_STRONG = re.compile("passw|passphrase|pwd|secret|token|credential|signature|authorization|keytab")
_KEYS = re.compile(
    "(?:api|access|secret|private|signing|encryption|encrypt|master|ssh|gpg|aes|rsa|kms|host|app|auth|deploy"
    "|license|shared|storage|account|session)key"
)
# Words inside a name, split at camel, snake and kebab borders; in the plural and with a number behind too.
_WORDS = frozenset(
    {"pass", "cred", "auth", "cookie", "session", "sessionid", "bearer", "jwt", "otp", "pin", "ak", "sk", "salt"}
    | {"certificate", "psk"}
)
_NOT_PASS = frozenset({"compass", "bypass", "surpass", "trespass"})
_CHINESE = re.compile("密码|口令|密钥|秘钥|令牌|凭证|凭据|证书|私钥|授权码|验证码|访问码")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BORDER = re.compile(r"[^a-z]+")

_SHAPES = (
    re.compile(
        r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|CERTIFICATE)[A-Z ]{0,40}-----[\s\S]*?(?:-----END [^-]*-----|\Z)"
    ),
    re.compile(r"\bey[JK][A-Za-z0-9_-]{5,1000}\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)?"),  # JSON web token
    re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{6,}+|\bxapp-[A-Za-z0-9-]{6,}+"),  # Slack
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}+|\bglpat-[A-Za-z0-9_-]{16,}+|\bsk-[A-Za-z0-9_-]{16,}+"),
    re.compile(r"\b(?:AKIA|ASIA|AKID|LTAI|HPUA|HST3)[A-Z0-9a-z]{12,}+"),  # access keys of clouds
    re.compile(r"(?i)\b(?:bearer|basic|digest|token)\s++[^\s\"']{8,}+"),
    re.compile(r"(?i)(?:(?<=authorization:)|(?<=cookie:))[^\r\n\"']++"),
    re.compile(r"(?<=://)[^\s/@:]*+:[^\s/]*(?=@)"),  # user:password in a URL
)
# What a command line hands over without naming it: group 1 stays, the rest is hidden.
_HANDED = (
    re.compile(r"((?<![^\s\"'])-p)[^\s-]\S*+"),  # mysql -phunter2
    re.compile(r"((?<![\w-])(?:-u|-U|--user|--proxy-user)[=\s]{0,3}[^\s:\"'=-][^\s:\"']{0,100}:)(?!//)\S++"),  # curl
    re.compile(r"(?i)(\b(?:sshpass|login|mongo\w{0,8}|redis-cli)\b[^\n|;]{0,120}?\s-[pa]\s{1,5})\S++"),
    re.compile(r"(?i)(\bidentified\s{1,5}by\s{1,5})(?:\"[^\"]*+\"?|'[^']*+'?|\S++)"),  # SQL
)
_NAME = re.compile(r"[\w.-]++")
_HAN = re.compile(r"[\u4e00-\u9fff]++")
_SIGN = re.compile(r"""\\{0,15}["']?\s*+(?:=>|:=|[=:：])\s*+""")
_BLANK = re.compile(r"(?i)\s++(?:(?:is|was|to|as)\s++)?")
# A quoted value ends at a quote behind as many backslashes as its first one: JSON inside JSON strings.
_VALUE = re.compile(
    r"""(?sx)
        (?P<slashes>\\{0,15}) (?P<quote>["']) (?:(?!(?<!\\)(?P=slashes)(?P=quote)).)*+ (?:(?P=slashes)(?P=quote))?
      | (?: \[ [^\]]*+ \]? | \{ [^}]*+ \}? ) [^\s,;\]})"']*+
      | (?: -?\d[\d.eE+-]*+ | true | false | null ) (?=\s*+[,}\]])
      | \S++"""
)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{20,}+")
# UUIDs, numbers, and words joined by hyphens or underscores: cn-north-4, nightly_logrotate_2024.
_HARMLESS = re.compile(
    r"(?i)(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d+"
    r"|[a-z]{1,15}(?:[-_](?:[a-z]{1,15}\d{0,4}|\d{1,14}))+)"
)

_NAME_KEYS = ("paramName", "param_name", "name", "key")
_VALUE_KEYS = frozenset({"paramValue", "param_value", "value"})
# Raw JSON may break before the name that belongs to a value, so there every such value counts as a secret.
_RAW_VALUE = re.compile(r"[\"']?(?:paramValue|param_value)|[\"']value")


def secret_name(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    if _CHINESE.search(name):
        return True
    words = [word for word in _BORDER.split(_CAMEL.sub("_", name).lower()) if word]
    run = "".join(words)
    if _STRONG.search(run) or _KEYS.search(run):
        return True
    return any(
        word in _WORDS or word.removesuffix("s") in _WORDS or (word.endswith("pass") and word not in _NOT_PASS)
        for word in words
    )


def value(name: str, text: str) -> str:
    """What may be shown of one named value: ``[hidden]``, or the text with every secret in it hidden."""
    if not text:
        return text
    return HIDDEN if secret_name(name) else plain(text)


def plain(text: str) -> str:
    """A text without a name of its own, such as raw inner JSON, with every secret in it hidden."""
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    for handed in _HANDED:
        text = handed.sub(rf"\1{HIDDEN}", text)
    text = _without_named(text)
    return _RANDOM.sub(lambda match: HIDDEN if _random(match.group()) else match.group(), text)


def structure(name: str, found: Any) -> Any:
    """A decoded JSON value with every secret in it hidden, at any depth. A secret name counts for all below it."""
    return _structure(name, found, 0)


def _structure(name: str, found: Any, depth: int) -> Any:
    if isinstance(found, dict | list) and depth >= MAX_DEPTH:
        return HIDDEN
    if isinstance(found, dict):
        paired = next((found[key] for key in _NAME_KEYS if isinstance(found.get(key), str)), None)
        kept = {}
        for key, item in found.items():
            inner = paired if key in _VALUE_KEYS and paired else str(key)
            kept[key] = _structure(name if secret_name(name) else inner, item, depth + 1)
        return kept
    if isinstance(found, list):
        return [_structure(name, item, depth + 1) for item in found]
    if isinstance(found, str):
        return value(name, found)
    return HIDDEN if secret_name(name) and found is not None else found


def _without_named(text: str) -> str:
    """The text with the values hidden that stand behind a secret name: ``name=…``, ``"name": …``, ``--name …``."""
    kept, shown, at = [], 0, 0
    while (name := _NAME.search(text, at)) is not None:
        at = name.end()
        if not secret_name(name.group()) and not _RAW_VALUE.fullmatch(text, max(name.start() - 1, 0), at):
            continue
        start = _value_start(text, name)
        match = _VALUE.match(text, start) if start is not None else None
        if match is not None and match.group():
            kept += [text[shown : match.start()], HIDDEN]
            shown = at = match.end()
    return "".join(kept) + text[shown:]


def _value_start(text: str, name: re.Match[str]) -> int | None:
    """Where the value of a secret name begins; None where the name stands alone, as in "auth failed"."""
    sign = _SIGN.match(text, name.end())
    if sign is not None:
        return sign.end()
    # 密码是hunter2: Chinese puts no space between name and value.
    han = next((run for run in _HAN.finditer(name.group()) if _CHINESE.search(run.group())), None)
    if han is not None and han.end() < len(name.group()):
        return name.start() + han.end()
    blank = _BLANK.match(text, name.end())
    # Weak names (pass, auth, session) are words of every sentence; only as a flag do they name what follows.
    named = name.group().startswith("-") or han is not None or _STRONG.search(name.group().lower())
    return blank.end() if blank is not None and named else None


def _random(text: str) -> bool:
    """Whether a long run of characters looks drawn at random rather than written: by mixture and entropy."""
    if _HARMLESS.fullmatch(text):
        return False
    kinds = sum(any(test(c) for c in text) for test in (str.isupper, str.islower, str.isdigit))
    counts = Counter(text)
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return kinds >= 2 and entropy > 3.5 and (kinds == 3 or len(text) >= 32)
