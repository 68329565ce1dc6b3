"""Checks pasted secrets and addresses: strips harmless extras and names every other fault.

No message repeats a value, so that none can hold a secret.
"""

import re
import unicodedata

_PAIRS = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "‘": "’", "‚": "‘", "«": "»", "<": ">"}
_QUOTES = frozenset(_PAIRS) | frozenset(_PAIRS.values())
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
"""Soft hyphen, zero-width characters, direction marks, byte order mark."""

_TEMPORARY = re.compile(r"HST[0-9A-Z]{17}")
"""An access key of Huawei Cloud that expires. Permanent ones begin with HPUA or are random."""


def strip_extras(name: str, text: str) -> tuple[str, list[str]]:
    """Strip accidental extras from the value of a variable; return the value and a name for each extra.

    People also paste a whole line such as ``export NAME=value``.
    """
    own_name = re.compile(rf"(?:export\s+)?{re.escape(name)}\s*=")
    removed: dict[str, None] = {}
    while True:
        for extra, shorter in (
            ("invisible characters", text.translate(_INVISIBLE)),
            ("blanks or line breaks around it", text.strip()),
            ("its own name before it", own_name.sub("", text, count=1) if own_name.match(text) else text),
            ("quotes around it", _unquoted(text)),
            ("the word Bearer before it", re.sub(r"\A(?i:bearer)\s+", "", text)),
        ):
            if shorter != text:
                removed[extra] = None
                text = shorter
                break
        else:
            return text, list(removed)


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    paired = len(text) > 1 and _PAIRS.get(text[0]) == text[-1]
    return inner if paired and text[0] not in inner and text[-1] not in inner else text


def find_fault(text: str, *, address: bool = False) -> str | None:
    """Say why a cleaned value can't be a token, a key or an address. Continues a sentence that names it."""
    if text[:1] in _QUOTES:
        return "begins with a quote"
    if text[-1:] in _QUOTES:
        return "ends with a quote"
    for character in text:
        if character in _QUOTES:
            return "has a quote inside"
        if character in "\r\n":
            return "has a line break inside"
        if character.isspace():
            return "has a blank inside"
        if not ("!" <= character <= "~" or (address and character.isalnum())):
            kind = "an address" if address else "a token or key"
            return f"has a character that can't be in {kind} ({unicodedata.name(character, 'a control character')})"
    return None


def is_temporary(access_key: str) -> bool:
    """Whether an access key expires, and so needs a security token."""
    return _TEMPORARY.fullmatch(access_key) is not None


_SLACK_KINDS = (
    ("xoxb-", "a bot token"),
    ("xapp-", "an app-level token"),
    ("xoxp-", "a user token"),
    ("xoxe-", "a refresh token"),
    ("xoxe.xoxb-", "a bot token that expires, of an app with token rotation"),
    ("xoxe.xoxp-", "a user token that expires, of an app with token rotation"),
    ("xoxa-", "a workspace app's token, of a kind that Slack has given up"),
    ("xoxr-", "a workspace app's refresh token, of a kind that Slack has given up"),
    ("xoxc-", "a token from a browser"),
    ("xoxd-", "a token from a browser"),
    ("xoxs-", "a token from a browser"),
    ("xox", "another kind of Slack token"),
    ("https:", "an address"),
    ("/", "the path of a file"),
)
_OTHER_KINDS = (
    (r"[0-9a-f]{32}", "a signing secret or a client secret"),
    (r"\d+\.\d+", "a client ID"),
    (r"A[A-Z0-9]{8,11}", "an app ID"),
    (r"[A-Za-z0-9]{24}", "a verification token"),
)
SLACK_SECRETS = {
    "SLACK_BOT_TOKEN": ("xoxb-", "the Bot User OAuth Token (xoxb-…) from OAuth & Permissions"),
    "SLACK_APP_TOKEN": ("xapp-", "an app-level token (xapp-…) from Basic Information"),
    "SLACK_SIGNING_SECRET": ("", "the Signing Secret (32 digits and letters a to f) from Basic Information"),
}


def find_mix_up(name: str, text: str) -> str | None:
    """Say what was pasted instead of one of Slack's secrets, and what belongs there. Continues a sentence."""
    prefix, needed = SLACK_SECRETS[name]
    if prefix and text.startswith(prefix):
        return None
    kind = next((kind for start, kind in _SLACK_KINDS if text.startswith(start)), None)
    if kind is None:
        kind = next((kind for form, kind in _OTHER_KINDS if re.fullmatch(form, text)), None)
        if not prefix and kind in {None, _OTHER_KINDS[0][1]}:
            return None
    return f"{f'is {kind}' if kind else f'does not begin with {prefix}'}: it needs {needed}"
