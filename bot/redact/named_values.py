"""Finds the values behind secret names in running text, JSON, YAML, XML, code and prose.

One walk over the words of a text finds the names; for each, the scanners find its value in turn. A hidden value is
not walked again, so the walk takes linear time.
"""

import re
from enum import Enum
from functools import lru_cache

from bot.redact import yaml_lines
from bot.redact.assignments import scan_assignment
from bot.redact.chinese import scan_chinese
from bot.redact.code import scan_call, scan_flag, scan_list, scan_path, scan_variable
from bot.redact.fields import is_name, is_value
from bot.redact.markup import scan_cell, scan_xml
from bot.redact.names import Kind, Names, words
from bot.redact.occurrence import Occurrence, Scanner
from bot.redact.pairs import Pairs
from bot.redact.prose import scan_prose
from bot.redact.references import is_reference, is_status, unschemed, variables_of
from bot.redact.spans import HIDDEN, Span, hide

_BEFORE_KEY = words(
    "api access secret private signing encryption decryption master ssh root shared pre-shared license licence "
    "security client account storage host app application recovery webhook service session product activation backup "
    "unseal subscription bot auth verification one-time confirmation pairing unlock authentication"
)
_FIRST_WORDS = _BEFORE_KEY | {"connection", "seed", "mot", "m\u1eadt"}
# Names of several words. Other names are runs of word characters; the n of an escaped line break is no part of one.
_PHRASE = re.compile(
    rf"((?i:(?<![\w.-])(?:(?:secret[ ])?(?:{'|'.join(sorted(_BEFORE_KEY))})[ ](?:access[ ])?(?:key|code|phrase)s?"
    r"(?:[ ]id)?|connection[ ]string|seed[ ]phrase|mot[ ]de[ ]passe|m\u1eadt[ ]kh\u1ea9u)(?![\w.-])))"
)
_WORD = re.compile(r"(?>(?:(?<=\\)[nrt](?=[A-Za-z_]))?)([\w.-]++)")
_INDEX = re.compile(r"""\[\\{0,15}["'][\w.-]{1,40}\\{0,15}["']\](?=\s?=(?!=))""")
_PORT = re.compile(r":\d{2,5}(?!\d)")
_FILE = re.compile(
    r"(?i).*\.(?:txt|json|ya?ml|pem|crt|cer|py|sh|bash|log|conf|cfg|ini|xml|md|csv|gz|zip|tar|tgz|java|go|js|ts"
    r"|html?|sql|bak|db|p12|pfx|jks|so|exe|service|d|rb|php|jsonl|properties|tmpl|j2|tf|tfvars|vue|c|h|cpp|lua)"
)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{0,30}(?=[,;)\]}]*$)")
_LONGEST_PAIR_WORD = 20
_CACHED_UP_TO = 40


def scan_other(at: Occurrence) -> list[Span] | None:
    """Nothing: the word names a host or a file, or the shell's message for an unset variable follows."""
    is_host = at.before(2) == "//" or (
        "." in at.name and _PORT.match(at.text, at.end) and not at.names.is_secret(at.name.rpartition(".")[2])
    )
    is_file = _FILE.fullmatch(at.name[-40:]) is not None and at.behind(1) != "="
    return [] if is_host or is_file or at.behind(2) == ":?" else None


SCANNERS: tuple[Scanner, ...] = (
    scan_other,
    scan_xml,
    scan_assignment,
    scan_variable,
    scan_call,
    scan_list,
    scan_cell,
    scan_chinese,
    scan_flag,
    scan_path,
    scan_prose,
)
"""In the order in which they are asked."""


class _Role(Enum):
    """What a word may be in a text."""

    NONE = 0
    NAME = 1
    """It names a secret, or belongs to a pair of name and value."""
    FIRST = 2
    """A name of several words may begin with it."""


class NamedValues:
    """Hides the values behind secret names: ``name=…``, ``"name": …``, ``--name …``."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._remembered = lru_cache(maxsize=8192)(self._role)

    def hide(self, text: str, variables: set[str], bare: set[str]) -> str:
        """The text with these values hidden.

        Adds the variables that stand where a value would, and the bare names, which may be variables of a program.
        """
        manifests, pairs = yaml_lines.manifests(text), Pairs(text, self._names)
        hidden: list[Span] = []
        at = 0
        while (match := _WORD.search(text, at)) is not None:
            name, start, at = match.group(1), match.start(1), match.end()
            role = self._remembered(name) if len(name) <= _CACHED_UP_TO else _Role.NAME
            if role is _Role.NONE and not manifests:
                continue
            if role is _Role.FIRST and (phrase := _PHRASE.match(text, start)) is not None:
                at, name = phrase.end(), phrase.group()
            kind = self._names.kind(name)
            if name in yaml_lines.MANIFEST_DATA and any(a <= start < b for a, b in manifests):
                kind = Kind.STRONG
            if kind is not Kind.HARMLESS:
                spans = _scan(Occurrence(text, name, start, _end_of_name(text, start, at), kind, self._names))
            elif len(name) <= _LONGEST_PAIR_WORD and (span := pairs.scan(name, start, at)) is not None:
                name, spans = pairs.name, [span]
            else:
                continue
            hidden += spans[:-1]
            if spans and spans[-1][1] > spans[-1][0]:
                at = spans[-1][1]
                if not self._may_be_shown(name, text[slice(*spans[-1])], variables, bare):
                    hidden.append(spans[-1])
        return hide(text, hidden)

    def _role(self, word: str) -> _Role:
        if word.lower() in _FIRST_WORDS:
            return _Role.FIRST
        belongs = self._names.is_secret(word) or is_name(word) or is_value(word) or word in {"-n", "string"}
        return _Role.NAME if belongs else _Role.NONE

    def _may_be_shown(self, name: str, value: str, variables: set[str], bare: set[str]) -> bool:
        """Whether the value of a secret name is no secret: a reference, a status, a path."""
        if value == HIDDEN:
            return False
        if value.strip("\"'\\,;)}]") in {"", "*", "**", "[", "{"} or is_status(value):
            return True
        if (used := variables_of(unschemed(value))) is not None:
            variables.update(used)
            return True
        if _IDENTIFIER.match(value):
            bare.add(value.rstrip(",;)]}"))
        value = value.rstrip(",;)}]\"'\\").strip("\\\"'")
        return (
            any(is_reference(value + tail) for tail in ("", "}", "}}", ")", "))"))
            or yaml_lines.STATUS.fullmatch(value) is not None
            or self._names.locates(name, value)
        )


def _scan(at: Occurrence) -> list[Span]:
    """The values that the first scanner finds whose syntax it is."""
    for scanner in SCANNERS:
        if (spans := scanner(at)) is not None:
            return spans
    return []


def _end_of_name(text: str, start: int, end: int) -> int:
    """The end of a name with what belongs to it: the brace of Zabbix's ``{$NAME}``, the index of ``name["x"] =``."""
    if text[start - 2 : start] == "{$":
        end += text[end : end + 1] == "}"
    index = _INDEX.match(text, end) if text[end : end + 1] == "[" else None
    return index.end() if index is not None else end
