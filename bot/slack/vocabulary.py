"""The words that the command knows, in lower case, and the meaning of each word of a text.

Who sees the answer:

- A word that asks for privacy wins wherever it stands: also over ``public``, in a link, or as a near miss. Better a
  card that is private too early than one that is public by accident: a private answer can be repeated.
- A host's name does not ask for privacy: ``host private-db-01`` is public. The bare word after ``host`` does
  (``host private``), and so does a whole label of a name (``db.private``). A near miss that is the only name after
  ``host`` is looked up as a host, privately.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.task.hostnames import is_address, is_host_shaped, undecorated

ID_MARK = "\0"
"""Replaces a task id in a text. ``bot.cards.block_kit.clean`` has removed this character from what was typed."""

ASKS = re.compile(
    r"\W*(?P<word>hosts?|host[-_]?names?|ips?|ip[-_]?address(?:es)?|vms?|servers?|machines?|nodes?|instances?"
    r"|主机名?|云主机|机器|服务器|节点)(?:(?P<sign>[:=]+)(?P<name>.*)|\W*)",
    re.IGNORECASE,
)
"""Asks about the hosts that follow: ``host``, ``--ip``, ``server:``, or with a name in it, ``host=web-07``."""
GLUED = re.compile(r"(?P<word>主机名?|云主机|机器|服务器|节点)(?P<sign>)(?P<name>[0-9A-Za-z].*)")
"""The same in Chinese, which needs no blank."""
SURE = frozenset({"host", "hosts", "hostname", "hostnames", "ip", "ips", "主机", "主机名"})
"""After these any word is a name; after the others only a word that looks like one: ``all machines offline``."""

PUBLIC = frozenset({"public", "publicly"})
EVERYONE = frozenset({"everyone", "everybody"})
NOT = frozenset({"not", "no", "non", "never", "dont", "don't", "don\u2019t", "without"})
"""Before ``public`` or ``everyone`` they ask for privacy: ``don't show everyone``."""
HELP = frozenset({"help", "h", "usage", "man", "hilfe", "aide", "ayuda", "帮助"})
SHOWING = frozenset({"show", "give", "tell", "send", "get", "let", "bring", "fetch", "find", "help"})
"""``me`` after one of these does not ask for privacy."""

_FILLERS = """
a about address addresses affected all also among an and any are asap at be by called can cc check could details
display do does doing else for from going has have hello hey hi how i id ids in included info into is it its job
just look lookup my name named names now of ok on only or our out part please pls plz run running runs schedtask
schedule scheduled see ssh state status still target targets task taskid tasks thank thanks that the there these
this those thx to up us view want was we what what's whats when where whether which who why will with you your
任务 定时任务 查看 查询 显示 状态 请 是否 在 和 的 吗
"""
SMALL_TALK = SHOWING | frozenset(_FILLERS.split())
"""Words that are polite or natural around an id and mean nothing to the command."""

_PLAIN = ("private", "privately")
PRIVATE = frozenset(_PLAIN) | {"priv", "prvt", "pvt", "me", "myself", "dm", "secret", "secretly", "confidential"}
PRIVATE |= {"hidden", "hide", "quiet", "quietly", "nobody", "ephemeral"}
_CHINESE = ("私", "仅自己", "仅我", "只给我", "自己可见", "不公开", "非公开", "保密")
# A host's name is one part: its pieces are not near misses (pirate-01).
_PART = re.compile(r"[^\w.-]+")
_MOST_EDITS = 2

_LONGEST_HOST = 255
_SEPARATOR = re.compile(r"[\W_]")
_LIST_MARK = re.compile(r"\d{1,2}[.)]")

WordKind = Literal[
    "private", "public", "not", "everyone", "asks", "host", "perhaps private", "small talk", "help", "unknown"
]
_KINDS: dict[str, WordKind] = {
    **dict.fromkeys(SMALL_TALK, "small talk"),
    **dict.fromkeys(NOT, "not"),
    **dict.fromkeys(EVERYONE, "everyone"),
    **dict.fromkeys(HELP, "help"),
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word and its meaning. ``perhaps private`` is a near miss where a host's name is expected."""

    kind: WordKind
    text: str


def is_known(word: str) -> bool:
    """Whether letters are a word of the command, and so not a piece of a broken id."""
    folded = word.casefold()
    return (
        folded in _KINDS
        or folded in PUBLIC
        or folded in PRIVATE
        or hints_at_privacy(folded)
        or bool(ASKS.fullmatch(folded))
    )


def classify(tokens: Iterable[str]) -> Iterator[Word]:
    """Each token with its meaning, which may depend on the token before it and on a word such as ``host``."""
    asking: Literal["", "perhaps", "surely"] = ""
    before, first = "", True
    pending = list(tokens)[::-1]
    while pending:
        token = pending.pop()
        bare = _trimmed(token)
        word = bare.casefold()
        if keyword := ASKS.fullmatch(token) or GLUED.fullmatch(token):
            asked, is_marked = keyword["word"].casefold(), bool(keyword["sign"]) or token.startswith("-")
            asking = "surely" if asked in SURE or is_marked else asking or "perhaps"
            pending += [keyword["name"]] if keyword["name"] else []
            yield Word("asks" if is_marked or (asked in SURE and asked[-1] != "s") else "small talk", keyword["word"])
        elif asking and "/" in token and len(listed := _slashed(token)) > 1:
            pending += listed[::-1]
        elif asking and _LIST_MARK.fullmatch(token):
            pass
        elif word or (asking and "*" in token):
            yield from _meaning(token, bare, before, asking, first=first)
        before, first = word, first and not word


def _trimmed(token: str) -> str:
    """A token without the punctuation around it. A regular expression would take quadratic time."""
    first = next((at for at, char in enumerate(token) if char.isalnum()), len(token))
    behind = next((at for at, char in enumerate(reversed(token)) if char.isalnum()), 0)
    return token[first : len(token) - behind]


def _slashed(token: str) -> list[str]:
    """The names in ``web-07/web-08``; a path or a prefix length after a name is not one."""
    parts = undecorated(token).split("/")
    named = all(is_host_shaped(part) and (is_address(part) or not part.isdecimal()) for part in parts)
    return parts if named else [token]


def _meaning(token: str, bare: str, before: str, asking: str, *, first: bool) -> Iterator[Word]:
    word = bare.casefold()
    letters = _SEPARATOR.sub("", word)
    name = (undecorated(token) or token)[:_LONGEST_HOST] if asking else ""
    is_name = asking == "surely" or (asking == "perhaps" and is_host_shaped(name))
    if ID_MARK in token:
        yield Word("private" if hints_at_privacy(word) else "small talk", bare)
    elif word == "me" and before in SHOWING:
        yield Word("small talk", bare)
    elif letters in PRIVATE or before + word in PRIVATE:
        yield Word("private", bare)
    elif word in PUBLIC or (word == "here" and first):
        yield Word("public", bare)
    elif (kind := _KINDS.get(word)) is not None:
        yield Word(kind, bare)
    elif is_name and word != letters:
        yield Word("host", name)
        if name_hints_at_privacy(word):
            yield Word("private", bare)
    elif is_name:
        yield Word("perhaps private" if hints_at_privacy(word) else "host", name)
    else:
        yield Word("private" if hints_at_privacy(word) else "unknown", bare)


def hints_at_privacy(text: str) -> bool:
    """Whether ``private`` or a near miss of it is in a text; the text has no blanks and is in lower case."""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    if "privat" in text or any(part in text for part in _CHINESE):
        return True
    return any(map(_is_near_miss, _PART.split(text)))


def name_hints_at_privacy(name: str) -> bool:
    """The same where a host's name is expected: only a whole label ``private``, or a near miss beside the name.

    ``web-07/private`` and ``db.private`` do, ``private-db-01`` does not.
    """
    parts = _PART.split(name)
    beside = len(parts) > 1 and any(map(_is_near_miss, parts))
    return beside or any(label in _PLAIN for part in parts for label in part.split("."))


def _is_near_miss(word: str) -> bool:
    """Whether at most two letters are extra, missing, wrong or swapped: ``prviate``, ``pivate``, ``privado``."""
    return any(
        # Two edits leave all but two letters of the word, so few words are compared in full.
        abs(len(target) - len(word)) <= _MOST_EDITS
        and len(set(target) - set(word)) <= _MOST_EDITS
        and _distance(word, target) <= _MOST_EDITS
        for target in _PLAIN
    )


def _distance(one: str, other: str) -> int:
    """Edits that turn one word into the other: insert, delete or replace a letter, or swap it with the next."""
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
