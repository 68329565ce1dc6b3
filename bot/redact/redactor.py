"""The redactor: hides every secret in a text or in decoded JSON, and knows the operator's own words.

A text goes through the rules, then through the scanner of named values, then through the test for random runs. Text
inside it (quoted strings, base64, percent and HTML escapes) goes the same way.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from bot.redact.commands import hide_arguments
from bot.redact.encodings import BASE64_RUN, decode_all, decode_base64
from bot.redact.entropy import hide_random_runs
from bot.redact.fast_path import is_harmless
from bot.redact.lookalikes import hide_lookalikes
from bot.redact.named_values import NamedValues
from bot.redact.names import Names
from bot.redact.references import is_reference, is_status
from bot.redact.rules import SHAPES, SYNTAX
from bot.redact.spans import HIDDEN
from bot.redact.structures import Structures
from bot.redact.variables import hide_settings

# A quoted string, as JSON has it; one without an end is skipped at once.
_LITERAL = re.compile(r'(?<!\\)"(?>(?:[^"\\\n]|\\.)*)"?')
_SHORTEST_LITERAL = 14  # characters; shorter ones hold no name and value
_DONE = "\ue0f7"  # a private character: stands for a string that is redacted already
_DONE_AT = re.compile(f"{_DONE}(\\d+){_DONE}")
_MOST_LAYERS = 6
"""Texts inside texts that are decoded."""
_MOST_COMPARED = 200
# Fewer than 12 letters and digits without a sign that hands over a value, UUIDs and IPv4 addresses: no rule hides
# them, and most fields of a machine are one of them.
_HARMLESS = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,10}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{1,3}(?:\.\d{1,3}){3}", re.ASCII
)
_REMEMBERED, _LONGEST_REMEMBERED = 8192, 128
"""Texts, and the characters of a text with its name. Names, hosts and regions recur."""


class Redactor:
    """Hides secrets. Immutable and safe to share between threads.

    ``hide`` are words that make a name secret wherever they stand in it, in any case and style, Chinese ones too.
    ``show`` are whole names, in any case, whose values are shown although the name looks secret; a value
    with the shape of a secret is still hidden. A name in both is shown.
    """

    def __init__(self, hide: Iterable[str] = (), show: Iterable[str] = ()) -> None:
        self._names = Names(hide, show)
        self._named_values = NamedValues(self._names)
        self._structures = Structures(self._names, self.text)
        self._shapes, self._syntax = SHAPES, SYNTAX
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._shown)

    def text(self, text: str, name: str = "") -> str:
        """The text with every secret in it hidden: ``[hidden]`` as a whole if ``name`` names a secret."""
        if not text:
            return text
        if self._names.is_secret(name):
            value = text.strip()
            if not is_reference(value) and not is_status(value) and not self._names.locates(name, value):
                return HIDDEN
        return (
            self._remembered(text, name) if len(text) + len(name) <= _LONGEST_REMEMBERED else self._shown(text, name)
        )

    def structure(self, name: str, value: Any) -> Any:
        """Decoded JSON with every secret in it hidden, at any depth. A secret name counts for all below it."""
        return self._structures.redact(name, value)

    def is_secret_name(self, name: str) -> bool:
        """Whether a name says that its value is a secret."""
        return self._names.is_secret(name)

    def _shown(self, text: str, name: str) -> str:
        return text if _HARMLESS.fullmatch(text) else self._redact(text, name, 0)

    def _redact(self, text: str, name: str, layer: int) -> str:
        if is_harmless(text) and not self._names.hide:
            return hide_random_runs(self._decode_runs(text, layer), name)
        return self._redact_thoroughly(text, name, layer)

    def _redact_thoroughly(self, text: str, name: str, layer: int) -> str:
        shown = self._redact_once(text, name, layer)
        # The same text as its reader will see it. Values that are hidden already stay hidden.
        decoded = decode_all(shown)
        if decoded != shown and (redacted := self._redact_once(decoded, name, layer)) != decoded:
            shown = redacted
        return self._redact_json(text, shown) if not layer and text[:1] in {"{", "["} else shown

    def _redact_json(self, text: str, shown: str) -> str:
        """The redacted text, or the text of its redacted JSON where that hides more."""
        try:
            value = json.loads(text)
            redacted = self.structure("", value)
            as_text = json.dumps(redacted, ensure_ascii=False)
            if as_text.count(HIDDEN) <= shown.count(HIDDEN):
                return shown
            hidden = list(_hidden_strings(value, redacted))
        except (ValueError, RecursionError):
            return shown
        return as_text if len(hidden) > _MOST_COMPARED or any(item in shown for item in hidden) else shown

    def _redact_once(self, text: str, name: str, layer: int) -> str:
        return hide_random_runs(self._apply_rules(text, layer), name)

    def _apply_rules(self, text: str, layer: int) -> str:
        done: list[str] = []
        if layer < _MOST_LAYERS and _DONE not in text:
            text = _LITERAL.sub(lambda match: self._redact_literal(match.group(), layer, done), text)
        variables: set[str] = set()
        bare: set[str] = set()
        text = hide_arguments(self._shapes.hide(text, variables), variables)
        text = hide_lookalikes(self._syntax.hide(text, variables))
        text = hide_settings(self._named_values.hide(text, variables, bare), variables, bare)
        if done:
            text = _DONE_AT.sub(lambda match: done[int(match.group(1))], text)
        return self._decode_runs(text, layer) if layer < _MOST_LAYERS else text

    def _redact_literal(self, literal: str, layer: int, done: list[str]) -> str:
        """A quoted string, redacted as the text it stands for: with its line breaks and its inner quotes.

        A string that is a text by itself goes into ``done``, so that no rule reads its escapes as part of its words.
        """
        if len(literal) < _SHORTEST_LITERAL or "\\" not in literal:
            return literal
        try:
            inside = json.loads(literal, strict=False)
        except ValueError:
            return literal
        shown = self._apply_rules(inside, layer + 1)
        if inside[:1] in {"{", "["}:
            shown = self._redact_json(inside, shown)
        literal = json.dumps(shown, ensure_ascii=False) if shown != inside else literal
        if "\n" not in inside and '"' not in inside:
            return literal
        done.append(literal[1:-1])
        return f'"{_DONE}{len(done) - 1}{_DONE}"'

    def _decode_runs(self, text: str, layer: int) -> str:
        """The text without the base64 runs that hold a secret."""

        def redact_run(match: re.Match[str]) -> str:
            inside = decode_base64(match.group())
            return HIDDEN if inside is not None and self._redact(inside, "", layer + 1) != inside else match.group()

        return BASE64_RUN.sub(redact_run, text)


def _hidden_strings(value: Any, redacted: Any) -> Iterator[str]:
    """The strings of a structure that are hidden as a whole. Levels that are too deep hold no string to show."""
    if isinstance(value, dict) and isinstance(redacted, dict):
        for item, shown in zip(value.values(), redacted.values(), strict=False):
            yield from _hidden_strings(item, shown)
    elif isinstance(value, list) and isinstance(redacted, list):
        for item, shown in zip(value, redacted, strict=True):
            yield from _hidden_strings(item, shown)
    elif isinstance(value, str) and redacted == HIDDEN and value:
        yield value
