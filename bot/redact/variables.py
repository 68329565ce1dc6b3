"""A secret that is set in one place and used in another: ``P='x' && mysql -p"$P"``. Used by ``bot.redact``."""

import re

from bot.redact.rules import without
from bot.redact.spans import Span

_LONGEST_CHAIN = 3
_MOST = 40
"""Variables of one text that are followed, so that time stays linear."""
_VALUE = r"""(?:\\?"(?:[^"\\\n]|\\.)*?\\?"|'[^'\n]*+'|[^\s;&|"'][^\s;&|]*+)"""
_COMPUTED = re.compile(r"""["']?(?:\$\((?!\s*(?:echo|printf))|`|\w[\w.]*\()""")
_QUOTED = r"""(?:[bfru]{0,2}\\?"(?:[^"\\\n]|\\.)*?\\?"|[bfru]{0,2}'[^'\n]*+')"""


def unset(text: str, variables: set[str], bare: set[str]) -> str:
    """The text without what these variables are set to; ``bare`` are names without a dollar sign, set to a string."""
    done: set[str] = set()
    for _ in range(_LONGEST_CHAIN):
        new = sorted(variables - done - {""})[:_MOST]
        if not new and not bare:
            break
        spans = _set(text, new, _VALUE) + _set(text, sorted(bare)[:_MOST], _QUOTED)
        done |= variables
        bare = set()
        text = without(text, spans, variables)
    return text


def _set(text: str, names: list[str], value: str) -> list[Span]:
    if not names:
        return []
    known = "|".join(re.escape(name.rpartition(".")[2]) for name in names)
    spans = []
    for found in re.finditer(
        rf"(?<![\w.-])(?:[$@]|env:)?(?:env:)?(?i:{known})(?:\s?:?=\s?(?![=~])({value})|\s+in\s+([^;\n]{{1,300}}))",
        text,
    ):
        last = found.lastindex or 1
        if not _COMPUTED.match(found.group(last)):
            spans.append(found.span(last))
    return spans
