"""The scanner for English sentences: "the password is hunter2", but not "the password is rotated"."""

import re

from bot.redact.encodings import JSON_ESCAPE
from bot.redact.entropy import looks_like_value
from bot.redact.names import Kind, words
from bot.redact.occurrence import Occurrence
from bot.redact.spans import Span, take, unbroken

_QUOTE = re.compile(r"""\\?["']|`""")
_LONGEST_QUOTED = 80
_WORD = re.compile(r"[A-Za-z]{3,40}")
_ENDS_LIKE_SECRET = re.compile(r"(?i)(?:pass|pin|code|key|psw|pw)s?$")
_COINED = re.compile(r"(?i)\w(?:pw|psw|secret)$")
_LINE_BEGINS = re.compile(r"\n[ \t]*$")
_LINK = re.compile(
    r"(?i)(?![ \t]{0,5}\n[ \t]{0,5}set\b)(?!\s{1,5}(?:reset|changed|updated|rotated)\s{1,5}(?!to\b"
    r"|as\b)[a-z]{2,20}\s)(?:\s{1,5}(?:has|have|been|is|was|are|were|be|will|would|should|now|set|changed|reset"
    r"|updated|rotated|equals|equal|to|as|just|still|currently|simply)(?=[\s:：])){1,6}(?:\s{0,3}[:：]\s*|\s{1,5})"
)
_ABOUT_ENDING = re.compile(r"(?i).*(?:ed|ing|able|ible|ly)|.{0,2}")
_ABOUT_SECRETS = words(
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
_BLANK = re.compile(r"[ \t]++")
_SETS = re.compile(
    r"(?i)(?:\b(?:set|with|using|use|enter|type|typed|entered|input|send|supply|give|new|default|temporary"
    r"|initial|temp|old|current|root|admin|her|his|my|your|our|their|setx|export"
    r"|login|username|local-user|user)\s+(?:the\s+)?(?:\w{1,20}\s+)?|改为|使用|输入)$"
)
_ONE_WORD = re.compile(r"([A-Za-z]++)[.,;\"'}\]]*+(?!\S)")
_SETTING_BEGINS = re.compile(r"(?:^|\n|\")[ \t]*$")
_SETTING_VALUE = re.compile(r"(?=\S*[^a-z\s])[A-Za-z][\w.+-]{2,40}")
_DASH = re.compile(r"\s+[-–—]{1,2}\s+")
WHOLE_LINE = re.compile(
    r"(?i)passphrase|mnemonic|phrase|recovery|backup_?code|credentials?$|creds$|cookies?$|账号密码|账户密码"
    r"|助记词|恢复码|connection.?string|private.?key$"
)
REST_OF_LINE = re.compile(r"""[^\n\r"]*+""")
_NOUNS = words(
    "policy policies expiry expiration rotation reset change changes check checks audit audits manager "
    "management length strength hash hashes hint file files field fields prompt store vault age history "
    "complexity requirements rules rule service server provider endpoint generator generation validation "
    "verification authentication auth login based name names count counts usage limit limits bucket budget "
    "window type types scanner scan leak leaks engine engines list cache request requests response format "
    "lifetime refresh renewal value values settings config reminder notification notice mail email form page "
    "dialog database backup backups update updates job task plan protection"
)


def scan_prose(at: Occurrence) -> list[Span] | None:
    """The value in a sentence: "the password is hunter2", "set password hunter2", but not "password policy check"."""
    is_asked = at.kind is Kind.STRONG or _ENDS_LIKE_SECRET.search(at.name)
    span = _in_sentence(at) if is_asked else None
    return [span] if span is not None else None


def _in_sentence(at: Occurrence) -> Span | None:
    text, before = at.text, at.before(40)
    link = _LINK.match(text, at.end)
    gap = link or _DASH.match(text, at.end) or _BLANK.match(text, at.end)
    if gap is None or before[-7:].lower() == "column ":
        return None
    begin = gap.end()
    span = unbroken(text, begin) if text[begin : begin + 1] in {"[", "{"} else take(text, begin)
    if span is None:
        return None
    value = text[slice(*span)]
    if _QUOTE.match(value):
        return span if link or " " not in value.strip() or len(value) < _LONGEST_QUOTED else None
    word = value.rstrip(".,;:!?)。，；\"'\\}]").lower()
    is_about = _is_about_secrets(word)
    if link is not None and not is_about and WHOLE_LINE.search(at.name[-40:]):
        line = REST_OF_LINE.match(text, begin)
        return line.span() if line is not None else span
    if looks_like_value(JSON_ESCAPE.sub("e", value)):
        return span
    is_word = not is_about and _WORD.fullmatch(word) is not None
    if link is not None:
        return span if is_word and not value.startswith("-") else None
    if at.kind is not Kind.STRONG or word in _NOUNS:
        return None
    if (is_word and _COINED.search(at.name)) or (not is_about and _is_setting(at, span)):
        return span
    behind = text[span[1] : span[1] + 1]
    ends = behind in {"", "\n", "\\"} or not value[-1:].isalnum()
    is_line = _LINE_BEGINS.search(before) is not None and behind in {"", "\n", "\r"}
    return span if is_word and ends and (is_line or _SETS.search(before)) else None


def _is_setting(at: Occurrence, span: Span) -> bool:
    """Whether a line has a name of several words and a value: ``remote_password Oak-Tree``."""
    value = at.text[slice(*span)]
    ends = at.text[span[1] : span[1] + 1] in {"", "\n", "\r", "\\"} or '"' in value
    return (
        "_" in at.name
        and ends
        and _SETTING_BEGINS.search(at.before(40)) is not None
        and _SETTING_VALUE.fullmatch(value.rstrip('"\\,}]')) is not None
    )


def _is_about_secrets(word: str) -> bool:
    """Whether a word of a sentence says something about a secret: "rotated", "required"."""
    return word in _ABOUT_SECRETS or _ABOUT_ENDING.fullmatch(word) is not None


def only_says(text: str, at: int) -> bool:
    """Whether the one word at ``at`` says something about a secret: "is rotated"."""
    word = _ONE_WORD.match(text, at)
    return word is not None and _is_about_secrets(word.group(1).lower())
