"""Reads the two corpora of planted secrets and harmless values, and sends a case through every sink.

One case a line: ``name ¦ text``, or only a text. ``⟦…⟧`` marks a secret, ``⏎`` stands for a line break, ``‹hex:32›``
for 32 characters drawn at random (the same ones in every run): so no complete token of any vendor stands in a file,
which push protection would refuse. ``base64:`` in front encodes the whole text, which then is the secret.
"""

import base64
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

from bot.redact import HIDDEN, Redactor

HERE = Path(__file__).parent
REDACTOR = Redactor()
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ALPHABETS = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "digits": "0123456789",
    "lower": LETTERS + "0123456789",
    "upper": LETTERS.upper() + "0123456789",
    "base32": LETTERS.upper() + "234567",
    "letters": LETTERS + LETTERS.upper(),
    "alnum": LETTERS + LETTERS.upper() + "0123456789",
    "b64": LETTERS + LETTERS.upper() + "0123456789+/",
}
DRAWN = re.compile(r"‹(\w+):(\d+)›")
MARKED = re.compile(r"⟦([^⟧]*)⟧")
OWN = "command paramName paramValue paramOrder body"  # what the sinks add
PART = 4  # characters of a secret that may not be seen in a row


@dataclass(frozen=True)
class Case:
    """One value of a corpus, the placeholders filled in."""

    line: str
    name: str
    text: str
    secrets: tuple[str, ...]
    around: str
    """The text without its secrets: a part of a secret that also stands here gives nothing away."""


def load(kind: str) -> list[Case]:
    """The cases of ``<kind>.txt``."""
    lines = (HERE / f"{kind}.txt").read_text(encoding="utf-8").splitlines()
    return [read(line) for line in lines if (line.strip() and not line.startswith("# ")) or line.startswith("# the")]


def read(line: str) -> Case:
    """One line of a corpus, its placeholders filled in."""
    drawn = random.Random(line)  # seeded with the line: the same characters in every run

    def fill(match: re.Match[str]) -> str:
        return "".join(drawn.choices(ALPHABETS[match.group(1)], k=int(match.group(2))))

    filled = DRAWN.sub(fill, line).replace("⏎", "\n")
    name, _, text = filled.rpartition(" ¦ ")
    if text.startswith("base64:"):
        text = "⟦" + base64.b64encode(text.removeprefix("base64:").encode()).decode() + "⟧"
    secrets = tuple(MARKED.findall(text))
    around = f"{name} {OWN} {MARKED.sub(' ', text)}"
    return Case(line, name, MARKED.sub(r"\1", text), secrets, around)


def sinks(case: Case, redactor: Redactor = REDACTOR) -> dict[str, tuple[str, str]]:
    """What goes into each sink and what comes out."""
    name, text = case.name, case.text
    key = name or "command"
    pair = [{"paramName": key, "paramValue": text, "paramOrder": 1}]
    raw = json.dumps({key: text}, ensure_ascii=False)
    shown: dict[str, tuple[str, str]] = {
        "value": (text, redactor.text(text, key)),
        "structure": _structure(redactor, {key: text}),
        "paired": _structure(redactor, pair),
        "raw": (raw, redactor.text(raw)),
        "raw escaped": (json.dumps({key: text}), redactor.text(json.dumps({key: text}))),
        "raw pair": (json.dumps(pair), redactor.text(json.dumps(pair))),
        "raw twice": (json.dumps({"body": raw}), redactor.text(json.dumps({"body": raw}))),
        "inner": _structure(redactor, {"body": raw}),
    }
    if not name:
        shown["plain"] = (text, redactor.text(text))
    elif not any(c.isspace() for c in text):
        shown["assigned"] = (f"{name}={text}", redactor.text(f"{name}={text}"))
    try:
        value = json.loads(text)
    except ValueError:
        return shown
    if isinstance(value, dict | list):
        shown["decoded"] = _structure(redactor, value)
    return shown


def _structure(redactor: Redactor, value: object) -> tuple[str, str]:
    return _dump(value), _dump(redactor.structure("", value))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def leaks(case: Case, redactor: Redactor = REDACTOR) -> dict[str, str]:
    """The sinks in which a part of a secret of four characters or more is seen, and what they showed."""
    return {sink: shown for sink, (_, shown) in sinks(case, redactor).items() if _seen(case, shown)}


def _seen(case: Case, shown: str) -> bool:
    shown = shown.replace(HIDDEN, "\0")
    for secret in case.secrets:
        size = min(PART, len(secret))
        parts = {secret[at : at + size] for at in range(len(secret) - size + 1)}
        if any(part in shown and part not in case.around for part in parts):
            return True
    return False


def altered(case: Case) -> dict[str, str]:
    """The sinks in which a harmless value is not what it was."""
    return {sink: shown for sink, (came, shown) in sinks(case).items() if shown != came}
