"""Values that stand behind a secret name in running text, JSON, YAML, XML, code, prose. Used by ``bot.redact``.

One walk over the words of the text; what it has hidden it doesn't look at again, so it takes linear time.
"""

import re
from enum import Enum
from functools import lru_cache

from bot.pairs import is_name, is_value
from bot.redact import blocks, prose
from bot.redact.chance import HIDDEN
from bot.redact.names import Kind, Names, words
from bot.redact.pairing import NEAR, SIGN, TAG, TYPED, Pairs
from bot.redact.references import CMDLET, TYPE, is_reference, is_status, says_nothing, unschemed, variables_of
from bot.redact.values import Span, arguments, take, until_tag

# Names of several words first, then any run of word characters. In an escaped line break the n is no part of a name.
_PHRASE = re.compile(
    r"((?i:(?<![\w.-])(?:(?:secret[ ])?(?:api|access|secret|private|signing|encryption|decryption"
    r"|master|ssh|root|shared|pre-shared|license|licence|security|client|account|storage|host|app|application"
    r"|recovery|webhook|service|session|product|activation|backup|unseal|subscription|bot|auth|verification|one-time"
    r"|confirmation|pairing|unlock|authentication)[ ](?:access[ ])?(?:key|code|phrase)s?"
    r"(?:[ ]id)?|connection[ ]string|seed[ ]phrase|mot[ ]de[ ]passe|m\u1eadt[ ]kh\u1ea9u)(?![\w.-])))"
)
_WORD = re.compile(r"(?>(?:(?<=\\)[nrt](?=[A-Za-z_]))?)([\w.-]++)")
_FIRST_WORDS = words(
    "secret api access private signing encryption decryption master ssh root shared pre-shared license licence "
    "security client account storage host app application recovery webhook service session product activation backup "
    "unseal subscription bot auth verification one-time confirmation pairing unlock authentication connection seed "
    "mot m\u1eadt"
)
_WHOSE = re.compile(
    r"(?i)\s{1,3}(?:for|of|on|at|to)\s{1,3}(?:(?:the|user|host|account|server)\s{1,3})?[\"']?[\w.@:/-]{1,60}[\"']?"
    r"(?:\s?[:：=]\s+|\s+(?:is|was)\s+:?\s*|(?:\s(?!is\b|was\b)[\w.@-]{1,30}){1,3}\s?[:：=]\s+(?=\S+\s*(?:$|[\n\"'])))"
)
_INDEX = re.compile(r"""\[\\{0,15}["'][\w.-]{1,40}\\{0,15}["']\](?=\s?=(?!=))""")
_PUTS = re.compile(r"\b(?:put|set)\s+[\w./-]{0,60}/$")
_ATTRIBUTE = re.compile(r"""\\{0,15}["'](?:\s[^<>]{0,200})?>""")
_CALL = re.compile(r"""\s{0,3}\(""")
_STORE = re.compile(r"(?i)_?(?:store|manager|service|vault|cache)?\.$")
_STORES = re.compile(r"(?:put|set|add|store|save|insert|register|update|reset|replace)(?![a-z])")
_NEXT = re.compile(r"""\\{0,15}["']\s{0,5},\s{0,5}(?=\\{0,15}["'])""")
_KEY_FOLLOWS = re.compile(r"""\\{0,15}["'][\w-]{1,30}\\{0,15}["']\s?:""")
# Calls that only say something about a secret.
_ONLY_SAYS = re.compile(r"(?i)(?:\b|_)(?:t|tr|_|__|i18n\.\w{1,9}|translate|gettext|label|placeholder|msg|message)$")
_CELL = re.compile(r"[ \t`*]{0,10}\|[ \t]{0,10}")
_FILE = re.compile(
    r"(?i).*\.(?:txt|json|ya?ml|pem|crt|cer|py|sh|bash|log|conf|cfg|ini|xml|md|csv|gz|zip|tar|tgz|java|go|js|ts"
    r"|html?|sql|bak|db|p12|pfx|jks|so|exe|service|d|rb|php|jsonl|properties|tmpl|j2|tf|tfvars|vue|c|h|cpp|lua)"
)
_FIRST_WORD = re.compile(r"(?:^|\n|(?<!\\)\")[ \t]*(?:[-*#>;•]+[ \t]*)?[\w'-]{1,20}[ ]$")
_FIRST_ON_LINE = re.compile(r"(?:^|\n|(?<!\\)\")[ \t]*(?:[-*#>;•]+[ \t]*|//[ \t]*|\d{1,3}[.)、][ \t]*)*[\"'`*]{0,2}$")
_PORT = re.compile(r":\d{2,5}(?!\d)")
_LONGEST_PAIR_WORD = 20
_CACHED_UP_TO = 40
_FLAG_GAP = re.compile(r"[ \t]*\\?\n?[ \t]+|[ \t]++")
_FLAG_FOLLOWS = re.compile(r"--?[a-z][a-z-]*(?=[\s=]|$)|[|&;>]|<\(|(?:file|fd|env):|(?:id|type|source|src|target)=")
_USER_AHEAD = re.compile(r"(?i)(?:user|login|account|name|id|ak|账号|账户|用户名?)\s?/$")
_ENDS_WEAK = re.compile(r"(?i)(?:pass|pin|code|key|psw|pw)s?$")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{0,30}(?=[,;)\]}]*$)")
_MANIFEST_DATA = frozenset({"data", "stringData", "binaryData"})


class _Role(Enum):
    """What a word may be in a text."""

    NONE = 0
    NAME = 1
    """It names a secret, or belongs to a pair of name and value."""
    FIRST = 2
    """A name of several words may begin with it."""


class NamedValues:
    """Finds the values that stand behind a secret name: ``name=…``, ``"name": …``, ``--name …``."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._remembered = lru_cache(maxsize=8192)(self._role)

    def hidden(self, text: str, variables: set[str], bare: set[str]) -> str:
        """The text with these values hidden.

        Adds the variables that stand where a value would, and the bare names, which may be variables of a program.
        """
        return _Walk(text, variables, bare, self).run()

    def role(self, word: str) -> _Role:
        """What a word may be in a text."""
        return self._remembered(word) if len(word) <= _CACHED_UP_TO else _Role.NAME

    def _role(self, word: str) -> _Role:
        if word.lower() in _FIRST_WORDS:
            return _Role.FIRST
        tells = self.names.is_secret(word) or is_name(word) or is_value(word) or word in {"-n", "string"}
        return _Role.NAME if tells else _Role.NONE


class _Walk:
    """One walk over a text; keeps what to show."""

    def __init__(self, text: str, variables: set[str], bare: set[str], scanner: NamedValues) -> None:
        self.text = text
        self.names, self.role = scanner.names, scanner.role
        self.variables, self.bare = variables, bare
        self.manifests = blocks.manifests(text)
        self.kept: list[str] = []
        self.shown = 0
        self.pairs = Pairs(text, self.names)

    def hide(self, start: int, end: int) -> None:
        start = max(start, self.shown)
        if end <= start:
            return
        self.kept += [self.text[self.shown : start], HIDDEN]
        self.shown = end

    def run(self) -> str:
        at, text = 0, self.text
        while (found := _WORD.search(text, at)) is not None:
            name = found.group(1)
            at, role = found.end(), self.role(name)
            if role is _Role.NONE and not self.manifests:
                continue
            start = found.start(1)
            if role is _Role.FIRST and (phrase := _PHRASE.match(text, start)) is not None:
                at, name = phrase.end(), phrase.group()
            said = self.names.kind(name)
            if self.manifests and name in _MANIFEST_DATA and any(a <= start < b for a, b in self.manifests):
                said = Kind.STRONG
            if said is Kind.HARMLESS:
                span = self.pairs.find(name, start, at) if len(name) <= _LONGEST_PAIR_WORD else None
                name = self.pairs.name
            else:
                span = self.value(name, start, at, said)
            if span is None or span[1] <= span[0]:
                continue
            if not self.keeps(name, text[slice(*span)]):
                self.hide(*span)
            at = span[1]
        return "".join(self.kept) + text[self.shown :]

    def keeps(self, name: str, given: str) -> bool:
        """Whether what stands behind a secret name may be shown: a reference, a status, a path."""
        if given == HIDDEN:
            return False
        if given.strip("\"'\\,;)}]") in {"", "*", "**", "[", "{"} or is_status(given):
            return True
        if (of := variables_of(unschemed(given))) is not None:
            self.variables.update(of)
            return True
        if _IDENTIFIER.match(given):
            self.bare.add(given.rstrip(",;)]}"))
        whole = given.rstrip(",;")
        given = given.rstrip(",;)}]\"'\\").strip("\\\"'")
        return (
            is_reference(whole)
            or any(is_reference(given + tail) for tail in ("", "}", "}}", ")", "))"))
            or blocks.STATUS.fullmatch(given) is not None
            or TYPE.fullmatch(given) is not None
            or self.names.locates(name, given)
        )

    def value(self, name: str, start: int, end: int, said: Kind) -> Span | None:
        text = self.text
        if text[max(0, start - 2) : start] == "//" or (
            "." in name and _PORT.match(text, end) and not self.names.kind(name.rpartition(".")[2])
        ):
            return None  # a host
        if _FILE.fullmatch(name[-40:]) and "=" not in text[end : end + 1]:
            return None
        opened = text[start - 1 : start]
        if opened == "<" or (opened == ":" and re.search(r"<\w{1,30}:$", text[max(0, start - 32) : start])):
            tag = TAG.match(text, end) if text[end : end + 2] != "/>" else None
            if tag is not None:
                return until_tag(text, tag.end())
        attribute = _ATTRIBUTE.match(text, end) if opened in {'"', "'"} else None
        if attribute is not None:
            return until_tag(text, attribute.end())
        if text[start - 2 : start] == "{$":  # a macro of Zabbix
            end += text[end : end + 1] == "}"
        if text[end : end + 1] == "[" and (index := _INDEX.match(text, end)) is not None:
            end = index.end()
        if text[end : end + 2] == ":?":  # what a shell says where the variable is not set
            return None
        sign = TYPED.match(text, end) or SIGN.match(text, end) or self.whose(end)
        if sign is not None:
            return self.signed(name, start, sign)
        return self.unsigned(name, start, end, said)

    def whose(self, end: int) -> re.Match[str] | None:
        """The sign behind an owner: "password for root is x", but not "is rotated"."""
        sign = _WHOSE.match(self.text, end)
        return None if sign is None or prose.only_says(self.text, sign.end()) else sign

    def signed(self, name: str, start: int, sign: re.Match[str]) -> Span | None:
        text, at = self.text, sign.end()
        everything = name in _MANIFEST_DATA
        if says_nothing(text, name, start, at) or (prose.is_han(name[-4:]) and prose.says_about(text, at)):
            return None
        scalar = blocks.SCALAR.match(text, at)
        if scalar is not None:
            return self.last(blocks.below(text, start, scalar.end(), whole=True))
        if text[at : at + 1] in {"!", "&"} and ":" in sign.group():
            mark = blocks.MARK.match(text, at, at + NEAR)
            at = mark.end() if mark is not None else at
        if "\n" in sign.group():
            head = sign.start() + sign.group().index("\n")
            span = self.last(blocks.below(text, start, head, whole=False, everything=everything))
            if span is not None or everything:
                return span
        if text[at : at + 1] not in {'"', "'", "`", "\\", "{", "["}:
            span = self.line(name, start, sign.group(), at)
            if span is not None:
                return span
        return take(text, at)

    def last(self, spans: list[Span]) -> Span | None:
        """The last one; the others are hidden."""
        for span in spans[:-1]:
            self.hide(*span)
        return spans[-1] if spans else None

    def line(self, name: str, start: int, sign: str, at: int) -> Span | None:
        """An unquoted value of several words: where the name begins the line it goes on to the line's end."""
        text = self.text
        if not text[at : at + 1].strip():
            return None
        status = blocks.STATUS.match(text, at)
        if status is not None:
            return status.span()
        before = text[max(0, start - 60) : start]
        spaced = sign.startswith((" ", ":", "：", "＝")) and (sign[-1].isspace() or "：" in sign)
        first = spaced and sign.strip() in {":", "=", "：", "＝"} and _FIRST_ON_LINE.search(before)
        first = first or (spaced and sign.strip() in {":", "："} and _FIRST_WORD.search(before))
        if first or before.endswith(("/", "／")) or prose.WHOLE_LINE.search(name[-40:]):
            line = prose.LINE.match(text, at)
            return (at, at + len(line.group().rstrip())) if line is not None else None
        if before.endswith((";", "; ")):  # a connection string
            stop = text.find(";", at, at + 200)
            if stop > at and not {"\n", '"'} & set(text[at:stop]):
                return at, stop
        return None

    def unsigned(self, name: str, start: int, end: int, said: Kind) -> Span | None:
        text = self.text
        if (
            text[start - 1 : start] in {"$", "%"}
            or text[max(0, start - 2) : start] == "${"
            or CMDLET.match(text, start)
        ):
            return None  # a variable, or a command: what follows is not its value
        flag = name.startswith("-") or (text[start - 1 : start] == "/" and text[end : end + 1] == ":")
        before = text[max(0, start - 40) : start]
        if (call := _CALL.match(text, end)) is not None:
            last = name.rpartition(".")[2]
            hands = self.names.kind(last) or (
                _STORES.match(last) and self.names.kind(_STORE.sub("", name[: -len(last)])) is Kind.STRONG
            )
            return self.last(arguments(text, last, call.end()) if hands else [])
        if (following := self.listed(before, end, flag)) is not None:
            return take(text, following.end())
        if text[start - 1 : start] == "|" or re.search(r"\|[ \t`*]{1,8}$", before):
            cell = _CELL.match(text, end)
            if cell is not None and (stop := text.find("|", cell.end(), cell.end() + 200)) > 0:
                return cell.end(), stop
        if prose.is_han(name):
            return prose.chinese(text, name, start, end, self.names)
        if flag or (before.endswith("/") and _PUTS.search(before)):
            return self.flagged(name, end)
        if before.endswith("/") and not _USER_AHEAD.search(before):
            return None
        if said is Kind.STRONG or _ENDS_WEAK.search(name):
            return prose.prose(text, name, before, end, said)
        return None

    def listed(self, before: str, end: int, flag: bool) -> re.Match[str] | None:
        """``("password", "x")``, ``["--password", "x"]``, but not a list of words."""
        following = _NEXT.match(self.text, end)
        if following is None:
            return None
        if _KEY_FOLLOWS.match(self.text, following.end()):
            return None
        if flag:
            return following if re.search(r"""["']--?$|["']-*$""", before) else None
        opened = re.search(r"([\[(])\s*\\{0,15}[\"']$", before)
        if opened is None:
            return None
        if opened.group(1) == "(":
            return None if _ONLY_SAYS.search(before[: opened.start(1)]) else following
        span = take(self.text, following.end())
        return following if span is not None and re.match(r"\s*\]|$", self.text[span[1] : span[1] + 20]) else None

    def flagged(self, name: str, end: int) -> Span | None:
        blank = _FLAG_GAP.match(self.text, end)
        if blank is None:
            return None
        if name.endswith("-id") and "secretsmanager " in self.text[max(0, end - 200) : end]:
            return None  # the name of a secret
        if _FLAG_FOLLOWS.match(self.text, blank.end(), blank.end() + 60):
            return None
        return take(self.text, blank.end())
