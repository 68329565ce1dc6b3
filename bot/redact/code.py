"""Scanners for code and command lines: variables, calls, lists of a name and its value, flags."""

import re

from bot.redact.names import Kind
from bot.redact.occurrence import Occurrence
from bot.redact.references import CMDLET
from bot.redact.spans import Span, take

_CALL = re.compile(r"""\s{0,3}\(""")
_STORE = re.compile(r"(?i)_?(?:store|manager|service|vault|cache)?\.$")
_STORES = re.compile(r"(?:put|set|add|store|save|insert|register|update|reset|replace)(?![a-z])")
_ARGUMENT = re.compile(
    r"""(?P<named>[:=\[]\s?)?(\\{0,15}"(?>(?:[^"\\\n]|\\[^"\n])*)\\{0,15}"|\\{0,15}'[^'\n]*+'|`[^`\n]*+`)|[(),]"""
)
_LONGEST_CALL = 400
_ONLY_ASKS = re.compile(
    r"(?i)^(?:get|fetch|read|find|load|lookup|has|is|delete|remove|forget|clear|unset|list|show|need)"
)
_REPLACES = re.compile(r"(?i)change|modify|update|rotate")
_NEXT = re.compile(r"""\\{0,15}["']\s{0,5},\s{0,5}(?=\\{0,15}["'])""")
_KEY_FOLLOWS = re.compile(r"""\\{0,15}["'][\w-]{1,30}\\{0,15}["']\s?:""")
_LIST_OPENS = re.compile(r"([\[(])\s*\\{0,15}[\"']$")
_LIST_CLOSES = re.compile(r"\s*\]|$")
_FLAG_OPENS = re.compile(r"""["']-*$""")
# Calls that only say something about a secret.
_ONLY_SAYS = re.compile(r"(?i)(?:\b|_)(?:t|tr|_|__|i18n\.\w{1,9}|translate|gettext|label|placeholder|msg|message)$")
_PUTS = re.compile(r"\b(?:put|set)\s+[\w./-]{0,60}/$")
_FLAG_GAP = re.compile(r"[ \t]*\\?\n?[ \t]+")
_FLAG_FOLLOWS = re.compile(r"--?[a-z][a-z-]*(?=[\s=]|$)|[|&;>]|<\(|(?:file|fd|env):|(?:id|type|source|src|target)=")
_USER_AHEAD = re.compile(r"(?i)(?:user|login|account|name|id|ak|账号|账户|用户名?)\s?/$")


def scan_variable(at: Occurrence) -> list[Span] | None:
    """Nothing: what follows ``$PASSWORD``, ``%TOKEN%`` or ``Get-Secret`` is not its value."""
    is_variable = at.opening in {"$", "%"} or at.before(2) == "${" or CMDLET.match(at.text, at.start)
    return [] if is_variable else None


def scan_call(at: Occurrence) -> list[Span] | None:
    """The quoted arguments of a call: ``setPassword("x")``, ``secret_store.put("name", "x")``."""
    call = _CALL.match(at.text, at.end)
    if call is None:
        return None
    method = at.name.rpartition(".")[2]
    stores = _STORES.match(method) and at.names.kind(_STORE.sub("", at.name[: -len(method)])) is Kind.STRONG
    if _ONLY_ASKS.match(method) or not (stores or at.names.is_secret(method)):
        return []
    return _arguments(at.text, method, call.end())


def _arguments(text: str, method: str, start: int) -> list[Span]:
    """The secrets among the arguments. Named ones are found by their own names."""
    spans, depth, commas = [], 1, 0
    for match in _ARGUMENT.finditer(text, start, start + _LONGEST_CALL):
        sign = match.group()
        commas += sign == "," and depth == 1
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            break
        if match.group(2) and not match.group("named"):
            spans.append((commas, match.span(2)))
    takes_all = not commas or (_REPLACES.search(method) and len(spans) > commas)
    return [span for place, span in spans if takes_all or place > 0]


def scan_list(at: Occurrence) -> list[Span] | None:
    """The neighbour in a list or call: ``("password", "x")``, ``["--password", "x"]``, but not a list of words."""
    gap = _NEXT.match(at.text, at.end)
    if gap is None or _KEY_FOLLOWS.match(at.text, gap.end()):
        return None
    value, before = take(at.text, gap.end()), at.before(40)
    if _is_flag(at):
        belongs = _FLAG_OPENS.search(before) is not None
    elif (opening := _LIST_OPENS.search(before)) is None:
        belongs = False
    elif opening.group(1) == "(":
        belongs = _ONLY_SAYS.search(before[: opening.start(1)]) is None
    else:
        belongs = value is not None and _LIST_CLOSES.match(at.text, value[1], value[1] + 20) is not None
    return ([value] if value is not None else []) if belongs else None


def scan_flag(at: Occurrence) -> list[Span] | None:
    """The next word of a command: ``--password x``, ``/password: x``, ``put secret/password x``."""
    if not _is_flag(at) and not _PUTS.search(at.before(40)):
        return None
    gap = _FLAG_GAP.match(at.text, at.end)
    if gap is None or _FLAG_FOLLOWS.match(at.text, gap.end(), gap.end() + 60):
        return []
    if at.name.endswith("-id") and "secretsmanager " in at.text[max(0, at.end - 200) : at.end]:
        return []  # the name of a secret
    value = take(at.text, gap.end())
    return [value] if value is not None else []


def scan_path(at: Occurrence) -> list[Span] | None:
    """Nothing: a secret word at the end of a path names a file, unless a user stands before it: ``user/password``."""
    return [] if at.opening == "/" and not _USER_AHEAD.search(at.before(40)) else None


def _is_flag(at: Occurrence) -> bool:
    return at.name.startswith("-") or (at.opening == "/" and at.behind(1) == ":")
