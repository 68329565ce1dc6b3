"""Hides a secret where it is set if it is used elsewhere: ``P='x' && mysql -p"$P"``."""

import re

from bot.redact.rules import hide_unless_reference
from bot.redact.spans import Span

_LONGEST_CHAIN = 3
_MOST = 40
"""Variables of one text that are followed, so that time stays linear."""
_VALUE = r"""(?:\\?"(?:[^"\\\n]|\\.)*?\\?"|'[^'\n]*+'|[^\s;&|"'][^\s;&|]*+)"""
_COMPUTED = re.compile(r"""["']?(?:\$\((?!\s*(?:echo|printf))|`|\w[\w.]*\()""")
_QUOTED = r"""(?:[bfru]{0,2}\\?"(?:[^"\\\n]|\\.)*?\\?"|[bfru]{0,2}'[^'\n]*+')"""


def hide_settings(text: str, variables: set[str], bare: set[str]) -> str:
    """Hides the values of these variables; ``bare`` are names without a dollar sign that are set to a string."""
    done: set[str] = set()
    for _ in range(_LONGEST_CHAIN):
        new = sorted(variables - done - {""})[:_MOST]
        if not new and not bare:
            break
        spans = _values(text, new, _VALUE) + _values(text, sorted(bare)[:_MOST], _QUOTED)
        done |= variables
        bare = set()
        text = hide_unless_reference(text, spans, variables)
    return text


def _values(text: str, names: list[str], value: str) -> list[Span]:
    if not names:
        return []
    known = "|".join(re.escape(name.rpartition(".")[2]) for name in names)
    settings = re.finditer(
        rf"(?<![\w.-])(?:[$@]|env:)?(?:env:)?(?i:{known})(?:\s?:?=\s?(?![=~])({value})|\s+in\s+([^;\n]{{1,300}}))",
        text,
    )
    spans = (match.span(match.lastindex or 1) for match in settings)
    return [span for span in spans if not _COMPUTED.match(text, *span)]
