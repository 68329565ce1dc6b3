"""Prose: "the password is hunter2", 密码是hunter2, token为hunter2. Used by ``bot.redact``."""

import re

from bot.redact.chance import looks_given
from bot.redact.encodings import JSON_ESCAPE
from bot.redact.names import CHINESE, Kind, Names, words
from bot.redact.values import Span, take

_SHORTEST_GIVEN = 4  # characters; what follows 密码 directly is else a number of it: 密码1
_HAN_GAP = re.compile(r"[ \t]*(?:[:：]\s*)?[“「『\"']?")
_NOT_BLANK = re.compile(r"\S++")
_COINED = re.compile(r"(?i)\w(?:pw|psw|secret)$")
_LINE_BEGINS = re.compile(r"\n[ \t]*$")
HAN = re.compile(r"[\u4e00-\u9fff]++")
_HAN_LINK = re.compile(
    r"(?:(?:我们?|都|先|暂时|临时|统一|现在?|今天|昨天|刚刚?){0,3}已?(?:被|经)?(?:重置|修改|变更|更改|更新|设置|设定|改|设|换)?(?:成(?!功)|为)了?|就?是|即"
    r"|如下|分别是|写的是|用的是|叫做?|填)"
)
_HAN_SAYS = re.compile(
    "(?:必填|必须|否|加密|错误|空|由|通过|在|不|动态|随机|自动|安全|系统|指|什么|一个|一种|保存|存|敏感|已|未|无|没|请|需|应|可|默认|正确|强制"
    "|有效|过期|每|至少|长度|包含|明文|密文|只|仅|从|用于|用来|如何|哪|谁|多|最|弱|唯一|必选|可选|选填|定期|否则|以|对|将|会|要|也|都|临时|登录)"
)
_LINK = re.compile(
    r"(?i)(?![ \t]{0,5}\n[ \t]{0,5}set\b)(?!\s{1,5}(?:reset|changed|updated|rotated)\s{1,5}(?!to\b"
    r"|as\b)[a-z]{2,20}\s)(?:\s{1,5}(?:has|have|been|is|was|are|were|be|will|would|should|now|set|changed|reset"
    r"|updated|rotated|equals|equal|to|as|just|still|currently|simply)(?=[\s:：])){1,6}(?:\s{0,3}[:：]\s*|\s{1,5})"
)
_SAYS = re.compile(r"(?i).*(?:ed|ing|able|ible|ly)|.{0,2}")
_SAID = words(
    "the this that these those not required invalid wrong incorrect missing empty set valid correct about too "
    "never due hidden kept reset old weak strong stale unchanged sent read taken from only with without "
    "within for and any none null used using your his her their its our what where when how who which must "
    "may can cannot long short secure safe unsafe unknown known there here very more less than case over "
    "under between default unique same different okay fine being left lost found shown given written bound "
    "hard easy part one two three four five six store file vault policy manager rotate renew change update "
    "check verify use match expire avoid always often once rotation length expiry field prompt least most "
    "again today tomorrow yesterday daily weekly monthly true false yes out off down gone public private "
    "base64 plain plaintext another access allow deny force reach make keep have work fail authenticate "
    "exceed contain include begin start end come meet stay remain user users admin some every you me him them "
    "us new next first last data via per day days week month year hours minutes characters chars leaked still "
    "forbidden forgotten broken just also already either neither both string strings value values name names "
    "important confidential"
)
BLANK = re.compile(r"[ \t]++")
_TAUGHT = re.compile(
    r"(?i)(?:\b(?:set|with|using|use|enter|type|typed|entered|input|send|supply|give|new|default|temporary"
    r"|initial|temp|old|current|root|admin|her|his|my|your|our|their|setx|export"
    r"|login|username|local-user|user)\s+(?:the\s+)?(?:\w{1,20}\s+)?|改为|使用|输入)$"
)
_ONE_WORD = re.compile(r"([A-Za-z]++)[.,;\"'}\]]*+(?!\S)")
_CONFIG_BEGINS = re.compile(r"(?:^|\n|\")[ \t]*$")
_CONFIGURED = re.compile(r"(?=\S*[^a-z\s])[A-Za-z][\w.+-]{2,40}")
_DASH = re.compile(r"\s+[-–—]{1,2}\s+")
WHOLE_LINE = re.compile(
    r"(?i)passphrase|mnemonic|phrase|recovery|backup_?code|credentials?$|creds$|cookies?$|账号密码|账户密码"
    r"|助记词|恢复码|connection.?string|private.?key$"
)
LINE = re.compile(r"""[^\n\r"]*+""")
_NOUNS = words(
    "policy policies expiry expiration rotation reset change changes check checks audit audits manager "
    "management length strength hash hashes hint file files field fields prompt store vault age history "
    "complexity requirements rules rule service server provider endpoint generator generation validation "
    "verification authentication auth login based name names count counts usage limit limits bucket budget "
    "window type types scanner scan leak leaks engine engines list cache request requests response format "
    "lifetime refresh renewal value values settings config reminder notification notice mail email form page "
    "dialog database backup backups update updates job task plan protection"
)


def chinese(text: str, name: str, start: int, end: int, names: Names) -> Span | None:
    """密码是hunter2: Chinese puts no space between name and value. The secret word must end the phrase."""
    runs = [run for run in HAN.finditer(name) if CHINESE.search(run.group())]
    if not runs:
        return _latin_linked(text, name, start, names)
    han = runs[-1]
    phrase = han.group()
    last = list(CHINESE.finditer(phrase))[-1]
    tail = phrase[last.end() :]
    linked = _HAN_LINK.match(tail)
    if tail and linked is None:
        return None
    after = start + han.start() + last.end() + (linked.end() if linked else 0)
    blank = _HAN_GAP.match(text, after)
    after = blank.end() if blank is not None else after
    if after >= len(text) or text[after] in "，。,.;；、？?！!)）\n|&<":
        return None
    if "\u4e00" <= text[after] <= "\u9fff" and (not linked or _HAN_SAYS.match(text, after)):
        return None
    found = _NOT_BLANK.match(text, after)
    if found is None or re.search(r"\w", found.group()) is None:
        return None
    if not linked and after < end and len(found.group()) < _SHORTEST_GIVEN:
        return None
    if not linked and after > end and not looks_given(found.group(), least=3):
        return None
    return found.span()


def _latin_linked(text: str, name: str, start: int, names: Names) -> Span | None:
    """token为hunter2: a Latin name, a Chinese link."""
    han = HAN.search(name)
    linked = _HAN_LINK.match(han.group()) if han is not None else None
    if han is None or linked is None or not names.is_secret(name[: han.start()]):
        return None
    after = start + han.start() + linked.end()
    if _HAN_SAYS.match(text, after):
        return None
    return take(text, after) if text[after : after + 1].strip("，。、；,;") else None


def prose(text: str, name: str, before: str, end: int, said: Kind) -> Span | None:
    """Prose: "the password is hunter2", "set password hunter2", but not "password policy check"."""
    link = _LINK.match(text, end)
    if before[-7:].lower() == "column ":
        return None
    gap = link or _DASH.match(text, end) or BLANK.match(text, end)
    if gap is None:
        return None
    span = take(text, gap.end()) if text[gap.end() : gap.end() + 1] not in {"[", "{"} else _span(text, gap.end())
    if span is None:
        return None
    given = text[slice(*span)]
    quoted = given[:1] in {'"', "'", "`"} or given.startswith(('\\"', "\\'"))
    if quoted:
        return span if link or " " not in given.strip() or len(given) < 80 else None
    bare = given.rstrip(".,;:!?)。，；\"'\\}]").lower()
    said_about = _is_said(bare)
    if link is not None and not said_about and WHOLE_LINE.search(name[-40:]):
        line = LINE.match(text, gap.end())
        return (gap.end(), line.end()) if line is not None else span
    if looks_given(JSON_ESCAPE.sub("e", given)):
        return span
    word = not said_about and re.fullmatch(r"[A-Za-z]{3,40}", bare) is not None
    if link is not None:
        return span if word and not given.startswith("-") else None
    if said is not Kind.STRONG or bare in _NOUNS:
        return None
    alone_on_line = _directive(text, before, span)
    if (word and _COINED.search(name)) or (not said_about and _configured(text, name, before, span)):
        return span
    alone = text[span[1] : span[1] + 1] in {"", "\n", "\\"} or not given[-1:].isalnum()
    return span if word and alone and (alone_on_line or _TAUGHT.search(before)) else None


def _directive(text: str, before: str, span: Span) -> bool:
    """Whether a line of a file has the name and the value, and nothing else."""
    return _LINE_BEGINS.search(before) is not None and text[span[1] : span[1] + 1] in {"", "\n", "\r"}


def _configured(text: str, name: str, before: str, span: Span) -> bool:
    """Whether a line has a name of several words and a value: ``remote_password Oak-Tree``."""
    given = text[slice(*span)]
    ends = text[span[1] : span[1] + 1] in {"", "\n", "\r", "\\"} or '"' in given
    return (
        "_" in name
        and ends
        and _CONFIG_BEGINS.search(before) is not None
        and _CONFIGURED.fullmatch(given.rstrip('"\\,}]')) is not None
    )


def _is_said(bare: str) -> bool:
    return bare in _SAID or _SAYS.fullmatch(bare) is not None


def only_says(text: str, at: int) -> bool:
    """Whether the one word at ``at`` says something about a secret: "is rotated"."""
    found = _ONE_WORD.match(text, at)
    return found is not None and _is_said(found.group(1).lower())


def says_about(text: str, at: int) -> bool:
    """Whether Chinese goes on about the secret, as in 密码：必填."""
    return _HAN_SAYS.match(text, at) is not None


def is_han(text: str) -> bool:
    """Whether there is Chinese in it."""
    return HAN.search(text) is not None


def _span(text: str, at: int) -> Span | None:
    found = _NOT_BLANK.match(text, at)
    return found.span() if found is not None else None
