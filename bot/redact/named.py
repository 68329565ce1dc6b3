"""Values that stand behind a secret name in running text, JSON, YAML, XML, code, prose. Used by ``bot.redact``.

One walk over the words of the text; what it has hidden it doesn't look at again, so it takes linear time.
"""

import re
from collections.abc import Iterator

from bot.redact import grammar
from bot.redact.chance import HIDDEN, is_reference, looks_given
from bot.redact.names import CHINESE, Kind, kind, locates

_LONGEST_PAIR_WORD = 20
_NEAR = 2000  # characters looked at for the name behind a value, so that time stays linear
_FLAG_GAP = re.compile(r"[ \t]*\\?\n?[ \t]+|[ \t]++")
_FLAG_FOLLOWS = re.compile(r"--?[a-z][a-z-]*(?=[\s=]|$)|[|&;>]|<\(|(?:id|type|source|src|target)=")
_HAN_GAP = re.compile(r"[ \t]*(?:[:：]\s*)?[“「『\"']?")
_USER_AHEAD = re.compile(r"(?i)(?:user|login|account|name|id|ak|账号|账户|用户名?)\s?/$")
_ENDS_WEAK = re.compile(r"(?i)(?:pass|pin|code|key)s?$")
_NOT_BLANK = re.compile(r"\S++")


def pair_kind(name: str) -> Kind:
    """The kind of a name that may hold JSON's escapes."""
    return kind(grammar.ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), name))


def _is_han(text: str) -> bool:
    return grammar.HAN.search(text) is not None


class _Walk:
    """One walk over a text; keeps what to show and the last name that waits for its value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.kept: list[str] = []
        self.shown = 0
        self.paired = ""
        self.paired_at = -1_000_000

    def hide(self, start: int, end: int) -> None:
        start = max(start, self.shown)
        if end <= start:
            return
        self.kept += [self.text[self.shown : start], HIDDEN]
        self.shown = end

    def run(self) -> str:
        at, text = 0, self.text
        while (found := grammar.NAME.search(text, at)) is not None:
            at = found.end()
            start, name = found.start(1), found.group(1)
            said = kind(name)
            if said is Kind.HARMLESS:
                at = self.pair(name, start, at)
                continue
            span = self.value(name, start, at, said)
            if span is None:
                continue
            begin, end = span
            if end <= begin:
                continue
            if self.keeps(name, text[begin:end]):
                at = end
                continue
            self.hide(begin, end)
            at = end
        return "".join(self.kept) + text[self.shown :]

    @staticmethod
    def keeps(name: str, given: str) -> bool:
        if given == HIDDEN:
            return False
        if given.strip("\"'\\,;)}]") in {"*", "**"}:
            return True
        if is_reference(given):
            return True
        given = given.rstrip(",;)}]\"'\\").strip("\\\"'")
        return (
            any(is_reference(given + tail) for tail in ("", "}", "}}", ")"))
            or grammar.STATUS.fullmatch(given) is not None
            or locates(name, given)
        )

    def pair(self, name: str, start: int, at: int) -> int:
        """Remembers ``"name": "password"``, and hides the ``"value"`` that goes with it. Where to go on."""
        if len(name) > _LONGEST_PAIR_WORD:
            return at
        word, tagged = grammar.plain_word(name), self.text[start - 1 : start] == "<"
        if word in grammar.PAIR_NAMES and self.remember(start, at, tagged=tagged):
            return at
        span = None
        if tagged and (word in grammar.PAIR_VALUES or word == "string"):
            span = self.paired_tag(start, at)
        elif word in grammar.PAIR_VALUES:
            span = self.paired_value(name, word, start, at)
        if span is None or span[1] <= span[0] or self.keeps(self.paired, self.text[slice(*span)]):
            return at
        self.hide(*span)
        return span[1]

    def remember(self, start: int, at: int, *, tagged: bool) -> bool:
        """Whether a name follows that is worth keeping: a harmless one doesn't replace a secret one."""
        found = (grammar.PAIR_TAG if tagged else grammar.PAIR_NAME_VALUE).match(self.text, at)
        if found is None:
            return False
        if self.secret and self.paired_at >= start - grammar.PAIR_REACH and not pair_kind(found.group(1)):
            return False
        self.paired, self.paired_at = found.group(1), at
        return True

    def paired_tag(self, start: int, at: int) -> tuple[int, int] | None:
        """``<name>password</name><value>hunter2</value>``."""
        tag = grammar.TAG.match(self.text, at)
        near = 0 <= start - self.paired_at <= grammar.PAIR_REACH
        return self.until_tag(tag.end()) if tag is not None and near and self.secret else None

    def paired_value(self, name: str, word: str, start: int, at: int) -> tuple[int, int] | None:
        """``"name": "password", "value": "hunter2"``, in either order."""
        text = self.text
        sign = grammar.SIGN.match(text, at) or (grammar.BLANK.match(text, at) if name.startswith("--") else None)
        if sign is None:
            return None
        near = 0 <= start - self.paired_at <= grammar.PAIR_REACH and "}" not in text[self.paired_at : start]
        raw = word in {"paramvalue", "parametervalue"} or (word == "value" and text[start - 1 : start] in {'"', "'"})
        secret = self.secret if near else raw and self.name_behind(sign.end())
        return self.take(sign.end()) if secret else None

    @property
    def secret(self) -> bool:
        return pair_kind(self.paired) is not Kind.HARMLESS

    def name_behind(self, at: int) -> bool:
        """Whether a raw value's name, which must stand behind it, is secret or cut off."""
        span = self.take(at, _NEAR)
        if span is None or span[1] - at >= _NEAR:
            return True
        window = self.text[span[1] : span[1] + grammar.PAIR_REACH]
        window = re.split(r"[{}]", window, maxsplit=1)[0]
        for found in re.finditer(r"(\w{1,20})(?=\\{0,15}[\"'])", window):
            if grammar.is_pair_name(found.group(1)):
                given = grammar.PAIR_NAME_VALUE.match(window, found.end())
                return given is None or pair_kind(given.group(1)) is not Kind.HARMLESS
        return True

    def value(self, name: str, start: int, end: int, said: Kind) -> tuple[int, int] | None:
        text = self.text
        if grammar.FILE.fullmatch(name[-40:]) and "=" not in text[end : end + 1]:
            return None
        opened = text[start - 1 : start]
        if opened == "<" or (opened == ":" and re.search(r"<\w{1,30}:$", text[max(0, start - 32) : start])):
            tag = grammar.TAG.match(text, end) if text[end : end + 2] != "/>" else None
            if tag is not None:
                return self.until_tag(tag.end())
        attribute = grammar.ATTRIBUTE.match(text, end) if opened in {'"', "'"} else None
        if attribute is not None:
            return self.until_tag(attribute.end())
        sign = grammar.SIGN.match(text, end) or grammar.WHOSE.match(text, end)
        if sign is not None:
            return self.signed(name, start, sign)
        return self.unsigned(name, start, end, said)

    def until_tag(self, at: int) -> tuple[int, int]:
        inner = grammar.INNER_TAG.match(self.text, at)
        at = inner.end() if inner is not None else at
        if self.text.startswith("<![CDATA[", at):
            close = self.text.find("]]>", at)
            return at, close if close >= 0 else len(self.text)
        close = self.text.find("<", at)
        close = close if close >= 0 else len(self.text)
        return (at, close) if self.text[at:close].strip() else (at, at)

    def signed(self, name: str, start: int, sign: re.Match[str]) -> tuple[int, int] | None:
        text, at = self.text, sign.end()
        scalar = grammar.BLOCK_SCALAR.match(text, at)
        if scalar is not None:
            return self.block(start, scalar.end(), whole=True)
        if text[at : at + 1] in {"!", "&"} and ":" in sign.group():
            mark = grammar.YAML_MARK.match(text, at, at + _NEAR)
            at = mark.end() if mark is not None else at
        if "\n" in sign.group():
            span = self.block(start, sign.start() + sign.group().index("\n"), whole=False)
            if span is not None:
                return span
        if self.says_nothing(name, start, at):
            return None
        if text[at : at + 1] not in {'"', "'", "`", "\\", "{", "["}:
            span = self.line(name, start, sign.group(), at)
            if span is not None:
                return span
        return self.take(at)

    def says_nothing(self, name: str, start: int, at: int) -> bool:
        """Whether what follows is computed, counted or said about the secret: ``$(cat x)``, ``pass: 3, fail: 1``."""
        text = self.text
        return (
            grammar.COMPUTED.match(text, at) is not None
            or grammar.REFERS.match(text, at) is not None
            or grammar.ARN.search(text[max(0, start - 120) : start]) is not None
            or (name.lower() == "pass" and grammar.TESTED.match(text, at) is not None)
            or (_is_han(name[-4:]) and grammar.HAN_SAYS.match(text, at) is not None)
        )

    def line(self, name: str, start: int, sign: str, at: int) -> tuple[int, int] | None:
        """An unquoted value of several words: where the name begins the line it goes on to the line's end."""
        text = self.text
        if not text[at : at + 1].strip():
            return None
        status = grammar.STATUS.match(text, at)
        if status is not None:
            return status.span()
        before = text[max(0, start - 60) : start]
        spaced = sign.startswith((" ", ":", "：", "＝")) and (sign[-1].isspace() or "：" in sign)
        first = spaced and sign.strip() in {":", "=", "：", "＝"} and grammar.FIRST_ON_LINE.search(before)
        first = first or (spaced and sign.strip() in {":", "："} and grammar.FIRST_WORD.search(before))
        if first or before.endswith(("/", "／")) or grammar.WHOLE_LINE.search(name[-40:]):
            line = grammar.LINE.match(text, at)
            return (at, at + len(line.group().rstrip())) if line is not None else None
        if before.endswith((";", "; ")):  # a connection string
            stop = text.find(";", at, at + 200)
            if stop > at and not {"\n", '"'} & set(text[at:stop]):
                return at, stop
        return None

    def take(self, at: int, near: int | None = None) -> tuple[int, int] | None:
        """The value that begins here: quoted, bracketed to its other bracket, or up to the next blank.

        With ``near`` it is looked for only in so many characters.
        """
        text = self.text
        stop = len(text) if near is None else at + near
        if text.startswith(HIDDEN, at):
            tail = grammar.TAIL.match(text, at + len(HIDDEN))
            return at, tail.end() if tail is not None else at
        if grammar.BRACKET.match(text, at) is None:
            found = grammar.VALUE.match(text, at, stop)
            return found.span() if found is not None else None
        depth = 0
        for found in grammar.INSIDE.finditer(text, at, stop):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found.group(), 0)
            if depth == 0:
                tail = grammar.TAIL.match(text, found.end())
                return at, tail.end() if tail is not None else found.end()
        return at, min(stop, len(text))

    def block(self, start: int, head: int, *, whole: bool) -> tuple[int, int] | None:
        """Hides what stands on the deeper lines below a name. The last span is for the caller to hide."""
        spans: list[tuple[int, int]] = []
        for line in self.below(start, head):
            at, rest = line.start(3), line.group(3).rstrip()
            pair = None if whole else grammar.YAML_PAIR.match(rest)
            if pair is None:
                spans.append((at, at + len(rest)))
            elif pair.group(2) and grammar.plain_word(pair.group(1)) not in grammar.TELLS_NOTHING:
                if not grammar.STATUS.fullmatch(pair.group(2)):
                    spans.append((at + pair.start(2), at + len(rest)))
            elif pair.group(2) and not spans:
                spans.append((at, at))
        for span in spans[:-1]:
            self.hide(*span)
        return spans[-1] if spans else None

    def below(self, start: int, head: int) -> Iterator[re.Match[str]]:
        """The lines that belong to a name: deeper ones, and a list's items as deep as it."""
        text = self.text
        begin = text.rfind("\n", max(0, start - 200), start) + 1
        lead = text[begin:start]
        indent = 0 if lead.strip(" -\"'\t") else len(lead) - len(lead.lstrip(" \t"))
        indent += 2 * lead.count("- ") if not lead.strip(" -\"'\t") else 0
        at = head
        while (line := grammar.LINE_AHEAD.match(text, at)) is not None:
            deep = len(line.group(1))
            if line.group(3).strip():
                if deep < indent or (deep == indent and not line.group(2)):
                    return
                yield line
            at = line.end()

    def unsigned(self, name: str, start: int, end: int, said: Kind) -> tuple[int, int] | None:
        text = self.text
        flag = name.startswith("-") or (text[start - 1 : start] == "/" and text[end : end + 1] == ":")
        before = text[max(0, start - 40) : start]
        for call in (grammar.CALL.match(text, end), self.listed(before, end, flag)):
            if call is not None:
                return self.take(call.end())
        if text[start - 1 : start] == "|" or re.search(r"\|[ \t`*]{1,8}$", before):
            cell = grammar.CELL.match(text, end)
            if cell is not None and (stop := text.find("|", cell.end(), cell.end() + 200)) > 0:
                return cell.end(), stop
        if _is_han(name):
            return self.chinese(name, start, end)
        if flag:
            return self.flagged(end)
        if before.endswith("/") and not _USER_AHEAD.search(before):
            return None
        if said is Kind.STRONG or _ENDS_WEAK.search(name):
            return self.prose(name, before, end, said)
        return None

    def listed(self, before: str, end: int, flag: bool) -> re.Match[str] | None:
        """``("password", "x")``, ``["--password", "x"]``, but not a list of words."""
        following = grammar.NEXT.match(self.text, end)
        if following is None or flag:
            return following
        opened = re.search(r"([\[(])\s*\\{0,15}[\"']$", before)
        if opened is None:
            return None
        if opened.group(1) == "(":
            return following
        span = self.take(following.end())
        return following if span is not None and re.match(r"\s*\]|$", self.text[span[1] : span[1] + 20]) else None

    def flagged(self, end: int) -> tuple[int, int] | None:
        blank = _FLAG_GAP.match(self.text, end)
        if blank is None:
            return None
        if _FLAG_FOLLOWS.match(self.text, blank.end(), blank.end() + 60):
            return None
        return self.take(blank.end())

    def chinese(self, name: str, start: int, end: int) -> tuple[int, int] | None:
        """密码是hunter2: Chinese puts no space between name and value. The secret word must end the phrase."""
        text = self.text
        runs = [run for run in grammar.HAN.finditer(name) if CHINESE.search(run.group())]
        if not runs:
            return self.latin_linked(name, start)
        han = runs[-1]
        phrase = han.group()
        last = list(CHINESE.finditer(phrase))[-1]
        tail = phrase[last.end() :]
        linked = grammar.HAN_LINK.match(tail)
        if tail and linked is None:
            return None
        after = start + han.start() + last.end() + (linked.end() if linked else 0)
        blank = _HAN_GAP.match(text, after)
        after = blank.end() if blank is not None else after
        if after >= len(text) or text[after] in "，。,.;；、？?！!)）\n|&<":
            return None
        if "\u4e00" <= text[after] <= "\u9fff" and (not linked or grammar.HAN_SAYS.match(text, after)):
            return None
        found = _NOT_BLANK.match(text, after)
        if found is None or re.search(r"\w", found.group()) is None:
            return None
        if not linked and after < end and len(found.group()) < grammar.SHORTEST_GIVEN:
            return None
        if not linked and after > end and not looks_given(found.group(), least=3):
            return None
        return found.span()

    def latin_linked(self, name: str, start: int) -> tuple[int, int] | None:
        """token为hunter2: a Latin name, a Chinese link."""
        han = grammar.HAN.search(name)
        linked = grammar.HAN_LINK.match(han.group()) if han is not None else None
        if han is None or linked is None or kind(name[: han.start()]) is Kind.HARMLESS:
            return None
        after = start + han.start() + linked.end()
        if grammar.HAN_SAYS.match(self.text, after):
            return None
        return self.take(after) if self.text[after : after + 1].strip("，。、；,;") else None

    def prose(self, name: str, before: str, end: int, said: Kind) -> tuple[int, int] | None:
        """Prose: "the password is hunter2", "set password hunter2", but not "password policy check"."""
        text = self.text
        link = grammar.LINK.match(text, end)
        gap = link or grammar.DASH.match(text, end) or grammar.BLANK.match(text, end)
        if gap is None:
            return None
        span = self.take(gap.end()) if text[gap.end() : gap.end() + 1] not in {"[", "{"} else _span(text, gap.end())
        if span is None:
            return None
        given = text[slice(*span)]
        quoted = given[:1] in {'"', "'", "`"} or given.startswith(('\\"', "\\'"))
        if quoted:
            return span if link or " " not in given.strip() or len(given) < 80 else None
        bare = given.rstrip(".,;:!?)。，；\"'\\}]").lower()
        said_about = bare in grammar.SAID or grammar.SAYS.fullmatch(bare) is not None
        if link is not None and not said_about and grammar.WHOLE_LINE.search(name[-40:]):
            line = grammar.LINE.match(text, gap.end())
            return (gap.end(), line.end()) if line is not None else span
        if looks_given(given):
            return span
        word = not said_about and re.fullmatch(r"[A-Za-z]{3,40}", bare) is not None
        if link is not None:
            return span if word and not given.startswith("-") else None
        if said is not Kind.STRONG:
            return None
        alone = text[span[1] : span[1] + 1] in {"", "\n", "\\"} or not given[-1:].isalnum()
        return span if word and alone and bare not in grammar.NOUNS and grammar.TAUGHT.search(before) else None


def _span(text: str, at: int) -> tuple[int, int] | None:
    found = _NOT_BLANK.match(text, at)
    return found.span() if found is not None else None


def without_named(text: str) -> str:
    """The text with the values hidden that stand behind a secret name: ``name=…``, ``"name": …``, ``--name …``."""
    return _Walk(text).run()
