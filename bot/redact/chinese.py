"""The scanner for Chinese: 密码是hunter2, 登录密码 hunter2, token为hunter2. No blank stands behind the name."""

import re

from bot.redact.entropy import looks_like_value
from bot.redact.names import CHINESE
from bot.redact.occurrence import Occurrence
from bot.redact.spans import Span, take, unbroken

_HAN = re.compile(r"[\u4e00-\u9fff]++")
_GAP = re.compile(r"[ \t]*(?:[:：]\s*)?[“「『\"']?")
_LINK = re.compile(
    r"(?:(?:我们?|都|先|暂时|临时|统一|现在?|今天|昨天|刚刚?){0,3}已?(?:被|经)?(?:重置|修改|变更|更改|更新|设置|设定|改|设|换)?(?:成(?!功)|为)了?|就?是|即"
    r"|如下|分别是|写的是|用的是|叫做?|填)"
)
_SAYS = re.compile(
    "(?:必填|必须|否|加密|错误|空|由|通过|在|不|动态|随机|自动|安全|系统|指|什么|一个|一种|保存|存|敏感|已|未|无|没|请|需|应|可|默认|正确|强制"
    "|有效|过期|每|至少|长度|包含|明文|密文|只|仅|从|用于|用来|如何|哪|谁|多|最|弱|唯一|必选|可选|选填|定期|否则|以|对|将|会|要|也|都|临时|登录)"
)
_SHORTEST = 4  # characters; a shorter value directly behind 密码 is a number of it: 密码1


def is_chinese(text: str) -> bool:
    """Whether the text has Chinese characters."""
    return _HAN.search(text) is not None


def says_about(text: str, at: int) -> bool:
    """Whether a sentence about the secret goes on here: 密码：必填."""
    return _SAYS.match(text, at) is not None


def scan_chinese(at: Occurrence) -> list[Span] | None:
    """The value behind a Chinese name, which must end the phrase, or behind a Chinese link."""
    if not is_chinese(at.name):
        return None
    runs = [run for run in _HAN.finditer(at.name) if CHINESE.search(run.group())]
    span = _behind_chinese(at, runs[-1]) if runs else _behind_latin(at)
    return [span] if span is not None else []


def _behind_chinese(at: Occurrence, run: re.Match[str]) -> Span | None:
    text, phrase = at.text, run.group()
    name_end = list(CHINESE.finditer(phrase))[-1].end()
    link = _LINK.match(phrase, name_end)
    begin = at.start + run.start() + (link.end() if link is not None else name_end)
    gap = _GAP.match(text, begin)
    begin = gap.end() if gap is not None else begin
    if begin >= len(text) or text[begin] in "，。,.;；、？?！!)）”’」』》】\n|&<>":
        return None
    if "\u4e00" <= text[begin] <= "\u9fff" and (link is None or says_about(text, begin)):
        return None
    span = unbroken(text, begin)
    value = text[slice(*span)] if span is not None else ""
    if link is None and begin < at.end and len(value) < _SHORTEST:
        return None
    if link is None and begin > at.end and not looks_like_value(value, least=3):
        return None
    return span


def _behind_latin(at: Occurrence) -> Span | None:
    """token为hunter2."""
    run = _HAN.search(at.name)
    link = _LINK.match(run.group()) if run is not None else None
    if run is None or link is None or not at.names.is_secret(at.name[: run.start()]):
        return None
    begin = at.start + run.start() + link.end()
    if says_about(at.text, begin) or not at.text[begin : begin + 1].strip("，。、；,;"):
        return None
    return take(at.text, begin)
