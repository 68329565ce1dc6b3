"""Whether a word asks that only the asker sees the answer. In doubt it does: a private answer can be repeated."""

import re
import unicodedata

_PLAIN = ("private", "privately")
PRIVATE = frozenset(_PLAIN) | {"priv", "prvt", "pvt", "me", "myself", "dm", "secret", "secretly", "confidential"}
PRIVATE |= {"hidden", "hide", "quiet", "quietly", "nobody", "ephemeral"}
_CHINESE = ("私", "仅自己", "仅我", "只给我", "自己可见", "不公开", "非公开", "保密")
# A host's name is one part: its pieces are no near misses (pirate-01).
_PART = re.compile(r"[^\w.-]+")
_MOST_EDITS = 2


def hints_at_privacy(text: str) -> bool:
    """Of a text without blanks in lower case: whether ``private`` or a near miss of it stands anywhere in it."""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    if "privat" in text or any(part in text for part in _CHINESE):
        return True
    return any(map(_is_near_miss, _PART.split(text)))


def name_hints_at_privacy(name: str) -> bool:
    """The same of what stands where a host's name is expected: only ``private`` or a near miss beside the name.

    ``web-07/private`` and ``db.private`` do, ``private-db-01`` does not.
    """
    parts = _PART.split(name)
    beside = len(parts) > 1 and any(map(_is_near_miss, parts))
    return beside or any(label in _PLAIN for part in parts for label in part.split("."))


def _is_near_miss(word: str) -> bool:
    """At most two letters too many, missing, wrong or swapped: ``prviate``, ``pivate``, ``privte``, ``privado``."""
    return any(
        # Two edits leave all but two of its letters: few words are compared in full.
        abs(len(target) - len(word)) <= _MOST_EDITS
        and len(set(target) - set(word)) <= _MOST_EDITS
        and _distance(word, target) <= _MOST_EDITS
        for target in _PLAIN
    )


def _distance(one: str, other: str) -> int:
    """Edits that turn one word into the other: a letter put in, left out, replaced, or swapped with the next."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                edits = min(edits, earlier[j - 2] + 1)
            row.append(edits)
    return row[-1]
