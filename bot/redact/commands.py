"""Secrets among the arguments of a command: behind a flag, glued to it, behind ``user:`` or behind a subcommand.

A table says where each tool takes one. The words of a command are read as a shell reads them, or as the strings of a
JSON list: ``["mysql", "-uroot", "-px"]``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile

from bot.redact.rules import hide_unless_reference, load
from bot.redact.spans import Span

_MOST_WORDS, _MOST_TOOLS = 60, 3
"""Words and nested tools (sudo docker exec db mysql) that are read of one command, so that time stays linear."""
_OTHERS = frozenset({"ssh", "scp", "sftp"})
"""Tools that take no secret, but have flags that look like those of a tool before them."""
_NAME = re.compile(r"(?<![\w$.=:,%-])[A-Za-z7][\w.+-]*+(?![=:(])")
_QUOTED = r""""(?![,:}\]])(?>(?:[^"\\\n]|\\.)*)(?:"|(?=\n|\Z))|'(?![,:}\]])[^'\n]*+(?:'|(?=\n|\Z))"""
_GAP = r"(?>(?:[ \t]|\\\r?\n[ \t]*)+)"
_WORD = re.compile(
    rf"""{_GAP}(\$'[^'\n]*+'|(?>(?:\$\([^()\n]*+\)|[^\s"'|;&<>\\]|(?<![&\s])&(?=[^\s&])|[|;](?=[^\s&|;<>]*[@#!]"""
    rf"""|\d)|\\[^\s]|{_QUOTED})+))"""
)
_ITEM = re.compile(r"""["']?\s{0,5},\s{0,5}(?:"((?>(?:[^"\\\n]|\\.)*))"|'([^'\n]*+)')""")
_FLAG = re.compile(r"-{1,2}[A-Za-z][\w-]*(?:$|=)|/[a-zA-Z]{1,12}(?:$|:)")
_NO_SECRET = re.compile(rf"{_FLAG.pattern}|(?:file|fd|env):")
"""May follow a flag instead of a secret: another flag, or the place where openssl finds it."""
# A flag that takes a secret, whatever the tool has behind its short one.
_LONG = re.compile(r"--|-(?:pass(?:word|wd|phrase|code|in|out|file)?|pwd?)(?:$|=)")
_ORACLE = re.compile(
    r"""["'\\(]*(?:(?:userid|target|catalog|auxiliary)=)?[\w$#.]{1,60}/(?!/)((?:["']{1,3}[^"'\n]+["']{1,3}"""
    r"""|[^\s"'/]+?))(?:@(?=[^@]*$).*|["'].*|$)"""
)


_LOGIN_BEHIND = re.compile(r"[\w=]+/[^/@]+@\w+$")
_PORT = re.compile(r"\d{1,6}")


@dataclass(frozen=True, slots=True)
class Tool:
    """Commands of one kind. The examples are written like those of the corpora."""

    names: str
    """``*`` at the end stands for any rest."""
    hides: str
    keeps: str
    flags: str = ""
    """The secret is the next word, or stands behind ``=``."""
    glued: str = ""
    """The secret stands in the same word: ``-phunter2``."""
    pairs: str = ""
    """The flag takes ``user:secret``; the last character is the sign between them."""
    after: str = ""
    """``add_user+2``: the secret is the second word behind that one, flags left out. ``+1`` counts from the tool."""
    only: str = ""
    """Only in a command with this word."""
    logs_in: bool = False
    """Its first word may be ``user/secret@database``."""
    clusters: bool = False
    """Flags of one letter may stand together: ``-xw``."""
    at: dict[str, tuple[int, ...]] = field(init=False)
    signs: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        places: dict[str, tuple[int, ...]] = {}
        for word, _, number in (item.rpartition("+") for item in self.after.split()):
            places[word.lower()] = (*places.get(word.lower(), ()), int(number))
        object.__setattr__(self, "at", places)
        object.__setattr__(self, "signs", {item[:-1]: item[-1] for item in self.pairs.split()})


TOOLS = tuple(Tool(**row) for row in load("tools")["tool"])


@lru_cache(maxsize=4096)
def tool_of(name: str) -> Tool | None:
    """The tool of this name."""
    name = name.lower().removesuffix(".exe").removesuffix(".sh")
    for tool in TOOLS:
        for known in tool.names.split():
            if name == known or (known[-1] == "*" and name.startswith(known[:-1])):
                return tool
    return None


def hide_arguments(text: str, variables: set[str]) -> str:
    """Hides every secret that a tool takes; adds the variables that stand in place of one to ``variables``."""
    spans: list[Span] = []
    for match in _NAME.finditer(text):
        tool = tool_of(match.group())
        if tool is not None:
            spans += _secrets(tool, list(_words(tool, text, match.end())))
    return hide_unless_reference(text, spans, variables) if spans else text


Word = tuple[int, str]
"""The start and the text of a word. The quotes are part of it, except in a JSON list."""


def _words(tool: Tool, text: str, at: int) -> Iterator[Word]:
    pattern = _ITEM if _ITEM.match(text, at) else _WORD
    tools, is_flag = 0, False
    for _ in range(_MOST_WORDS):
        match = pattern.match(text, at)
        if match is None or match.lastindex is None:
            return
        word = match.group(match.lastindex)
        if word in _OTHERS:
            return
        if tool_of(word) is not None and word.lower() not in tool.at:
            tools += 1
            if tools == _MOST_TOOLS or not (is_flag or tool.at):
                return
        is_flag = word.startswith("-")
        yield match.start(match.lastindex), word
        at = match.end()


def _secrets(tool: Tool, words: list[Word]) -> Iterator[Span]:
    if tool.only and not any(tool.only in word for _, word in words):
        return
    for n, (_, word) in enumerate(words):
        quote = 1 if word[:1] in {'"', "'"} else 0
        if word[quote : quote + 1] in {"-", "/"}:
            yield from _flagged(tool, words, n, quote)
    if tool.logs_in:
        logins = ((start, login) for start, word in words if (login := _ORACLE.match(word)) is not None)
        for n, (start, login) in enumerate(logins):
            if n == 0 or _LOGIN_BEHIND.match(login.string):
                yield start + login.start(1), start + login.end(1)
    yield from _counted(tool, words)


def _flagged(tool: Tool, words: list[Word], n: int, quote: int) -> Iterator[Span]:
    start, word = words[n]
    for option in tool.flags.split():
        if (taken := _taken(tool, option, words, n)) is not None:
            yield taken[0], taken[0] + len(taken[1])
    for option, sign in tool.signs.items():
        if (taken := _taken(tool, option, words, n, joined=True)) is not None:
            yield from _behind(sign, *taken)
    for option in tool.glued.split():
        if word.startswith(option, quote) and len(word) - quote > len(option) and not _LONG.match(word, quote):
            yield start + quote + len(option), start + len(word)


def _taken(tool: Tool, option: str, words: list[Word], n: int, *, joined: bool = False) -> Word | None:
    """The word or part of a word that an option takes, if the word is this option."""
    start, word = words[n]
    letter = option[1:]
    is_cluster = tool.clusters and len(letter) == 1 and 2 < len(word) <= 6 and word[1:].isalpha()
    if word == option or (is_cluster and word[-1] == letter):
        following = words[n + 1] if n + 1 < len(words) else None
        return following if following is not None and not _NO_SECRET.match(following[1]) else None
    if word.startswith(f"{option}="):
        return start + len(option) + 1, word[len(option) + 1 :]
    if joined and len(letter) == 1 and word.startswith(option):
        return start + 2, word[2:]
    return None


def _behind(sign: str, start: int, word: str) -> Iterator[Span]:
    """The part of a word behind a sign, without the closing quote."""
    user = word.partition(sign)[0]
    end = len(word) - (word[:1] in {'"', "'"} and word[-1:] == word[:1])
    if not (sign == ":" and _PORT.fullmatch(word, len(user) + 1, end)):
        yield start + len(user) + 1, start + end


def _counted(tool: Tool, words: list[Word]) -> Iterator[Span]:
    """The words in certain places behind a subcommand."""
    for key, numbers in tool.at.items():
        begin = 0 if not key else next((n for n, (_, word) in enumerate(words, 1) if word.lower() == key), None)
        if begin is None:
            continue
        rest = [word for word in words[begin:] if not _FLAG.match(word[1])]
        if not key and max(numbers) > 1:
            rest = list(takewhile(lambda word: not _FLAG.match(word[1]), words))
        for start, word in (rest[number - 1] for number in numbers if number <= len(rest)):
            yield start, start + len(word)
