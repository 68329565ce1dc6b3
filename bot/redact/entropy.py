"""Tells random characters from words that people write.

Long random runs are keys and tokens, unless the text before them says that they are a checksum, a commit or an id.
"""

import math
import re
from collections import Counter
from functools import lru_cache

from bot.redact.encodings import decode_base64
from bot.redact.references import is_reference
from bot.redact.spans import HIDDEN

_RUN = re.compile(r"(?>((?<=\\)[nrt])?)([A-Za-z0-9+/_-]{16,}+={0,2})")
_PIECE = re.compile(r"[A-Za-z0-9]+")
_SEGMENT = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_HEX = re.compile(r"(?:[0-9a-f]+|[0-9A-F]+)")
_RESOURCE = re.compile(r"(?!sk-|ak-)[a-z]{1,12}-[0-9a-z]{8,22}|[0-9a-f]{32}(?:in|no|vr|pr)\d{2}")
_RESOURCE_AHEAD = re.compile(r"(?:^|[/\s=:\"'(,])(?!sk-|ak-)[a-z]{1,12}-$")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_CONSONANTS = re.compile(r"[^aeiouy]{5}")
# UUIDs, numbers, and words joined by hyphens or underscores: cn-north-4, nightly_logrotate_2024.
_HARMLESS = re.compile(
    r"(?i)(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d+"
    r"|[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|[a-z]{1,15}(?:[-_](?:[a-z]{1,15}\d{0,4}|\d{1,14}))+)"
)
# Stands before a checksum, a commit or an id. The rest of a path counts too: /v1/<project>/…, /commit/<sha>.
_IDENTIFIES = re.compile(
    r"(?:(?i:sha-?(?:1|224|256|384|512)?(?:sums?)?|md5(?:sum)?|crc\w{0,4}|digest|checksum|commit\w{0,6}|revision|rev"
    r"|etag|if-none-match|fingerprint|thumbprint|integrity|tree|blob|raw|head|parents?|merge|checkout|cherry-pick"
    r"|revert|reset|--hard|show|diff|log|switch|hash|trace\w{0,8}|span\w{0,8}|request\w{0,8}|uuid|v\d(?:\.\d)?"
    r"|overlay2|containers?|layers?|docker|sha256|store|objects|index|HEAD|branch|tag|image|inspect|logs|stop|start"
    r"|restart|rmi?|exec|bisect|good|bad|build|release|version|cache|versionId|ids?)|[A-Za-z]{0,20}(?:Id|ID)"
    r"|\w{0,30}[_-](?:id|ID|ids|sha\d{0,3}|hash|commit|rev|digest|md5|checksum))\\{0,15}[\"'`]?[\s:=@/(\[#-]{1,6}"
    r"(?:\\{0,15}[\"'`]){0,3}(?:[0-9a-f]{1,64}\.{2,3}|\*)?$"
)
# A cloud's project or account in the name of a resource: urn:smn:cn-north-4:<project>:alarm.
_URN_AHEAD = re.compile(r"(?i)\b(?:urn|arn|crn)(?::[\w./-]{0,40}){1,6}:$")
_PUBLIC = re.compile(r"(?i)(?:pub(?:lic)?[ _-]?key|content-md5)\\{0,15}[\"']?\s{0,3}[:=]\s{0,3}\\{0,15}[\"']?$")
# "name": "commit", "value": "…": the name describes the value.
_BRIDGE = re.compile(
    r"""\\{0,15}["']\s?,\s{0,3}\\{0,15}["']?\w{0,12}[vV]al\w{0,4}\\{0,15}["']?\s?[:=]\s?(?:\\{0,15}["']){0,3}$"""
)
_DIGEST_AHEAD = re.compile(r"(?i)sha(?:1|256|384|512)[-:]$|\bh1:$|ssh-(?:rsa|ed25519|dss) $")
_DIGEST = re.compile(r"(?i)sha(?:1|256|384|512)-")
_CLOSING = ".,;:!?)。，；：！？\"'\\}]>"
_ODD = re.compile(r"[\d!@#$%^&*+=~\\?{}\[\]|<>]")
_LETTERS = re.compile(r"[A-Za-z]+(?:[-_/.'’][A-Za-z]+)*")
# Dates, versions, times, words with hyphens, abbreviations.
_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d\S*|v?\d+(?:\.\d+)+|\d{1,2}:\d\d\S*|[a-z]+(?:-[a-z]+|-v?\d{1,4})+|[A-Z]+-?\d{0,3}"
)
_PATH_BORDER = re.compile(r"""[\s="':,(\\]""")
_BEFORE = 120
"""Characters before a run that may identify it."""
_LONGEST_ALONE = 64
"""Characters: a value that is a single run may be shorter than a run inside a text."""
_LONG_RUN = 20
_LEAST_NOISE = 16
_CACHED_UP_TO = 14  # characters: words, no secrets


def hide_random_runs(text: str, name: str = "") -> str:
    """The text with long random runs hidden."""

    def hide(match: re.Match[str]) -> str:
        return (match.group(1) or "") + HIDDEN if _is_random(match, name) else match.group()

    return _RUN.sub(hide, text)


def looks_like_value(word: str, least: int = 4) -> bool:
    """Whether a word of running text is a value rather than a word: digits, symbols or capitals inside it."""
    word = word.strip("\"'`").rstrip(_CLOSING)
    if len(word) < least or word.startswith(("-", "/", "|", "&", ">", "<", "~", "./", "$(", "../")):
        return False
    if is_reference(word) or _WRITTEN.fullmatch(word):
        return False
    if _ODD.search(word):
        return True
    if not word.isascii() or not any(c.isalpha() for c in word):
        return False
    if _LETTERS.fullmatch(word):
        return noise(word) >= max(8, len(word) // 2) or (word[1:] != word[1:].lower() and not is_wordy(word))
    return True


def is_wordy(piece: str) -> bool:
    """Whether people wrote a piece of letters and digits: words, camel case, words with a number."""
    return _is_wordy_remembered(piece) if len(piece) <= _CACHED_UP_TO else _is_wordy(piece)


@lru_cache(maxsize=4096)
def _is_wordy_remembered(piece: str) -> bool:
    return _is_wordy(piece)


def _is_wordy(piece: str) -> bool:
    if len(piece) <= 3 or piece.isdigit():
        return True
    digits = sum(c.isdigit() for c in piece)
    if len(piece) >= 12 and digits >= 0.7 * len(piece):
        return True  # a time or a number with a prefix, as in ids
    segments = _SEGMENT.findall(piece)
    letters = [segment for segment in segments if not segment.isdigit()]
    if len(segments) - len(letters) > 2:
        return False
    short = sum(len(segment) <= 2 for segment in segments)
    if len(segments) >= 3 and (
        len(piece) / len(segments) < 2.9 or (short * 2 >= len(segments) and len(segments) > 3)
    ):
        return False
    speakable = sum(len(segment) for segment in letters if _is_speakable(segment.lower()))
    return speakable >= 0.7 * (len(piece) - digits) and digits <= 0.5 * len(piece)


def _is_speakable(word: str) -> bool:
    if len(word) <= 3:
        return True
    vowels = sum(c in "aeiouy" for c in word)
    return 0.15 <= vowels / len(word) <= 0.8 and _CONSONANTS.search(word) is None


def noise(run: str) -> int:
    """How many characters of a run stand in pieces that nobody would write."""
    return sum(len(piece) for piece in _PIECE.findall(run) if not is_wordy(piece))


def _is_random(match: re.Match[str], name: str) -> bool:
    run, text, start = match.group(2), match.string, match.start(2)
    is_alone = bool(name) and len(text) < _LONGEST_ALONE and run == text.strip("\"' \n")
    if (len(run) < _LONG_RUN and not is_alone) or noise(run) < _LEAST_NOISE:
        return False
    if _HARMLESS.fullmatch(run) or _RESOURCE.fullmatch(run) or _ULID.fullmatch(run) or _is_checksum(match):
        return False
    before = text[max(0, start - _BEFORE) : start]
    if name and len(before) == match.start() and not before.strip("\"' \n"):
        before = f"{name[-_BEFORE:]}="
    before = _BRIDGE.sub("=", before)
    if _PUBLIC.search(before) or _DIGEST_AHEAD.search(before):
        return False
    noisy = []
    for piece in _PIECE.finditer(run):
        if not is_wordy(piece.group()):
            at = piece.start()
            ahead = (before if at < _BEFORE else "") + run[max(0, at - _BEFORE) : at]
            if not _is_identified(piece.group(), ahead) and not _is_resource(piece, ahead, run):
                noisy.append(piece.group())
    return not _DIGEST.match(run) and _is_mixed(run, noisy) and not _holds_sentence(run)


def _is_checksum(match: re.Match[str]) -> bool:
    """Whether it is a line of sha256sum: a checksum, two characters, the file's name."""
    return match.string[match.end() : match.end() + 2] in {"  ", " *"} and _HEX.fullmatch(match.group(2)) is not None


def _is_mixed(run: str, noisy: list[str]) -> bool:
    """Whether the pieces that nobody would write are long and mixed enough."""
    noise = "".join(noisy)
    if len(noise) < _LEAST_NOISE:
        return False
    kinds = sum(any(test(c) for c in noise) for test in (str.isupper, str.islower, str.isdigit))
    entropy = -sum(n / len(run) * math.log2(n / len(run)) for n in Counter(run).values())
    longest = max(len(piece) for piece in noisy)
    if kinds == 2 and _HEX.fullmatch(noise):
        return longest >= 32 and entropy > 2.8  # shorter ones are ids
    if kinds == 1:
        return longest >= 24 and entropy > 3.0
    return entropy > 3.2 and (kinds == 3 or len(noise) >= _LONG_RUN)


def _is_resource(piece: re.Match[str], ahead: str, run: str) -> bool:
    """Whether it is the id of a cloud resource behind its short prefix, or a package's hash before its name."""
    text = piece.group()
    if text != text.lower():
        return False
    if _RESOURCE_AHEAD.search(ahead):
        return 8 <= len(text) <= 22
    return ahead.endswith("/store/") and run[piece.end() : piece.end() + 1] == "-"


def _is_identified(piece: str, ahead: str) -> bool:
    """Whether the text before a piece says that it is a checksum, a commit or an id."""
    if not _HEX.fullmatch(piece):
        return False
    if _IDENTIFIES.search(ahead) or _URN_AHEAD.search(ahead):
        return True
    # A file's path: no one keeps a secret in one, many keep checksums there.
    path = _PATH_BORDER.split(ahead)[-1]
    return path.startswith(("/", "~/")) and len(piece) >= 32


def _holds_sentence(run: str) -> bool:
    """Whether a base64 run holds a text of several words, in which the redactor looks for secrets by itself."""
    text = decode_base64(run) or ""
    pieces = _PIECE.findall(text)
    return len(text.split()) >= 3 and sum(map(is_wordy, pieces)) >= 0.8 * len(pieces)
