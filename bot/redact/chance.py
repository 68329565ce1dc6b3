"""Whether characters look drawn at random rather than written by people. Used by the rest of ``bot.redact``."""

import math
import re
from collections import Counter
from functools import lru_cache

from bot.redact.encodings import decode_base64
from bot.redact.references import is_reference

HIDDEN = "[hidden]"

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
# What stands before a checksum, a commit or an id. The rest of a path counts too: /v1/<project>/…, /commit/<sha>.
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
_ID_NAME = re.compile(
    r"(?i:(?:.{0,40}[_\W])?(?:id|ids|uuid|guid|sha\d{0,3}|commit|revision|digest|md5|checksum|etag|fingerprint"
    r"|hash))|.{0,40}(?:Id|ID|Sha|Hash|Commit|Digest|Revision|Checksum)|.{0,20}(?:校验和|摘要|提交|编号)"
)
_PUBLIC = re.compile(r"(?i)(?:pub(?:lic)?[ _-]?key|content-md5)\\{0,15}[\"']?\s{0,3}[:=]\s{0,3}\\{0,15}[\"']?$")
# "name": "commit", "value": "…": the name says what the value is.
_BRIDGE = re.compile(
    r"""\\{0,15}["']\s?,\s{0,3}\\{0,15}["']?\w{0,12}[vV]al\w{0,4}\\{0,15}["']?\s?[:=]\s?(?:\\{0,15}["']){0,3}$"""
)
_DIGEST_AHEAD = re.compile(r"(?i)sha(?:1|256|384|512)[-:]$|\bh1:$|ssh-(?:rsa|ed25519|dss) $")
_DIGEST = re.compile(r"(?i)sha(?:1|256|384|512)-")
_BEFORE = 120  # characters looked at before a run
_ALONE = 64  # characters: a value that is one run may be shorter than one inside a text
_LONG_RUN = 20
_LEAST_NOISE = 16
_CACHED_UP_TO = 14  # characters: words, no secrets


def random_runs(text: str, name: str = "") -> str:
    """The text with long runs hidden that look drawn at random rather than written."""

    def judged(found: re.Match[str]) -> str:
        return (found.group(1) or "") + HIDDEN if _random(found, name) else found.group()

    return _RUN.sub(judged, text)


_CLOSING = ".,;:!?)。，；：！？\"'\\}]>"
_ODD = re.compile(r"[\d!@#$%^&*+=~\\?{}\[\]|<>]")
_LETTERS = re.compile(r"[A-Za-z]+(?:[-_/.'’][A-Za-z]+)*")
# Dates, versions, times, words with hyphens, abbreviations.
_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d\S*|v?\d+(?:\.\d+)+|\d{1,2}:\d\d\S*|[a-z]+(?:-[a-z]+|-v?\d{1,4})+|[A-Z]+-?\d{0,3}"
)


def looks_given(word: str, least: int = 4) -> bool:
    """Whether a word of running text is a value rather than a word: digits, symbols or capitals inside it."""
    if is_reference(word.strip("\"'`")):
        return False
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
        return noise(word) >= max(8, len(word) // 2) or (word[1:] != word[1:].lower() and not wordy(word))
    return True


def wordy(piece: str) -> bool:
    """Whether a piece of letters and digits was written by people: words, camel case, words with a number."""
    return _wordy(piece) if len(piece) <= _CACHED_UP_TO else _looks_wordy(piece)


@lru_cache(maxsize=4096)
def _wordy(piece: str) -> bool:
    return _looks_wordy(piece)


def _looks_wordy(piece: str) -> bool:
    if len(piece) <= 3 or piece.isdigit():
        return True
    digits = sum(c.isdigit() for c in piece)
    if len(piece) >= 12 and digits >= 0.7 * len(piece):
        return True  # a time or a number with a prefix, as in ids
    segments = _SEGMENT.findall(piece)
    letters = [segment for segment in segments if not segment.isdigit()]
    if len(segments) - len(letters) > 2 or not letters:
        return False
    short = sum(len(segment) <= 2 for segment in segments)
    if len(segments) >= 3 and (
        len(piece) / len(segments) < 2.9 or (short * 2 >= len(segments) and len(segments) > 3)
    ):
        return False
    said = sum(len(segment) for segment in letters if _speakable(segment.lower()))
    return said >= 0.7 * (len(piece) - digits) and digits <= 0.5 * len(piece)


def _speakable(word: str) -> bool:
    if len(word) <= 3:
        return True
    vowels = sum(c in "aeiouy" for c in word)
    return 0.15 <= vowels / len(word) <= 0.8 and _CONSONANTS.search(word) is None


def pieces(text: str) -> list[str]:
    """The runs of letters and digits in a text."""
    return _PIECE.findall(text)


def noise(run: str) -> int:
    """How many characters of a run stand in pieces that nobody would write."""
    return sum(len(piece) for piece in _PIECE.findall(run) if not wordy(piece))


def _random(found: re.Match[str], name: str) -> bool:
    """Whether a long run of characters looks drawn at random rather than written."""
    run = found.group(2)
    alone = bool(name) and len(found.string) < _ALONE and run == found.string.strip("\"' \n")
    if len(run) < _LONG_RUN and not alone:
        return False
    if sum(len(piece) for piece in _PIECE.findall(run) if not wordy(piece)) < _LEAST_NOISE:
        return False
    if _HARMLESS.fullmatch(run) or _RESOURCE.fullmatch(run) or _ULID.fullmatch(run) or _checksum(found):
        return False
    before = found.string[max(0, found.start(2) - _BEFORE) : found.start(2)]
    if name and len(before) == found.start() and not before.strip("\"' \n"):
        before = f"{name[-_BEFORE:]}="
    before = _BRIDGE.sub("=", before)
    if _PUBLIC.search(before):
        return False
    noisy = []
    for piece in _PIECE.finditer(run):
        if not wordy(piece.group()):
            start = piece.start()
            ahead = (before if start < _BEFORE else "") + run[max(0, start - _BEFORE) : start]
            if not _identified(piece.group(), ahead) and not _resource(piece, ahead, run):
                noisy.append(piece.group())
    if _DIGEST_AHEAD.search(before) or (noisy and _DIGEST.match(run)):
        return False
    return _drawn(run, noisy) and not _written_in_base64(run)


def _checksum(found: re.Match[str]) -> bool:
    """Whether it is a line of sha256sum: a checksum, two characters, the file's name."""
    return found.string[found.end() : found.end() + 2] in {"  ", " *"} and _HEX.fullmatch(found.group(2)) is not None


def _drawn(run: str, noisy: list[str]) -> bool:
    """Whether the pieces that nobody would write are long and mixed enough."""
    noise = "".join(noisy)
    if len(noise) < _LEAST_NOISE:
        return False
    kinds = sum(any(test(c) for c in noise) for test in (str.isupper, str.islower, str.isdigit))
    counts = Counter(run)
    entropy = -sum(n / len(run) * math.log2(n / len(run)) for n in counts.values())
    longest = max(len(piece) for piece in noisy)
    if kinds == 2 and _HEX.fullmatch(noise):
        return longest >= 32 and entropy > 2.8  # shorter ones are ids
    if kinds == 1:
        return longest >= 24 and entropy > 3.0
    return entropy > 3.2 and (kinds == 3 or len(noise) >= _LONG_RUN)


def _resource(piece: re.Match[str], ahead: str, run: str) -> bool:
    """Whether it is the id of a cloud resource behind its short prefix, or a package's hash before its name."""
    text = piece.group()
    if text != text.lower():
        return False
    if _RESOURCE_AHEAD.search(ahead):
        return 8 <= len(text) <= 22
    return ahead.endswith("/store/") and run[piece.end() : piece.end() + 1] == "-"


def _identified(piece: str, ahead: str) -> bool:
    """Whether a checksum, commit or id is said to be one by what stands before it."""
    if not _HEX.fullmatch(piece):
        return False
    if (
        _IDENTIFIES.search(ahead)
        or _URN_AHEAD.search(ahead)
        or (ahead.endswith("=") and _ID_NAME.fullmatch(ahead[-61:-1]))
    ):
        return True
    # A file's path: no one keeps a secret in one, many keep checksums there.
    path = _PATH_BORDER.split(ahead)[-1]
    return path.startswith(("/", "~/")) and len(piece) >= 32


_PATH_BORDER = re.compile(r"""[\s="':,(\\]""")


def _written_in_base64(run: str) -> bool:
    """Whether a base64 run holds a text of several words; ``bot.redact`` looks for secrets in it."""
    text = decode_base64(run)
    if text is None:
        return False
    words = text.split()
    return len(words) >= 3 and sum(wordy(piece) for piece in _PIECE.findall(text)) >= 0.8 * len(_PIECE.findall(text))
