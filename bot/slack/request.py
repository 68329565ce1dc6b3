"""What somebody typed behind ``/schedtask``: a task id wherever it hides, or what is wrong with it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

# An id is ST and 24 letters or digits; what surrounds it (quotes, brackets, "id=", "/") is no letter or digit.
_ID = re.compile(r"(?<![0-9A-Za-z])([Ss][Tt][0-9A-Za-z]{24})(?![0-9A-Za-z])")
# Meant as an id, but not one: begins like one and holds a digit.
_NEARLY = re.compile(r"(?<![0-9A-Za-z])([Ss][Tt](?=[0-9A-Za-z]*[0-9])[0-9A-Za-z*]{3,})(?![0-9A-Za-z])")
_WORD = re.compile(r"[^\W_][\w-]*")

# The word stands by itself; a link or a query that holds it is none.
_HOST = re.compile(r"(?:^|\s)host(?:[:=]\s*|\s+|$)(\S*)", re.IGNORECASE)
_LINK = re.compile(r"<[^|>]*\|([^>]*)>?")
_LONGEST_HOST = 255

_PRIVATE = frozenset({"private", "privately", "me"})
_PUBLIC = frozenset({"public", "publicly", "here"})
_HELP = frozenset({"help", "?", "-h", "--help", "usage"})


@dataclass(frozen=True, slots=True)
class Show:
    """Show this task; ``visibility`` is None where the person did not say."""

    task_id: str
    visibility: Literal["public", "private"] | None = None
    host: str | None = None
    """Only whether this host (name, IP or resource id, with ``*``) is among the targets."""


@dataclass(frozen=True, slots=True)
class Help:
    """Explain the command; ``wrong`` says in one sentence what was wrong, None where help was asked for."""

    wrong: str | None = None


def parse(text: str) -> Show | Help:
    """The request in a command's text. Never raises; what is not understood is a Help that names it."""
    typed = _normal(text)
    words = typed.split()
    if not words:
        return Help()
    first = words[0].lower().rstrip(":,")
    visibility: Literal["public", "private"] | None = None
    if first in _PRIVATE:
        visibility = "private"
    elif first in _PUBLIC:
        visibility = "public"
    found = list(dict.fromkeys(_as_id(match) for match in _ID.findall(typed)))
    if len(found) == 1:
        return _show(found[0], visibility, typed)
    if found:
        return Help(f"That holds {len(found)} different task ids. Ask for one at a time.")
    if words[0].lower() in _HELP:
        return Help()
    nearly = _NEARLY.search(typed)
    if nearly is not None:
        return Help(_what_is_wrong(nearly.group(1)))
    if visibility is not None and len(words) == 1:
        return Help(f"“{words[0]}” needs a task id after it.")
    word = _WORD.search(typed)
    return Help(f"“{(word.group() if word else words[0])[:40]}” is not a task id and not a word I know.")


def _show(task_id: str, visibility: Literal["public", "private"] | None, typed: str) -> Show | Help:
    asked = _HOST.search(typed)
    if asked is None:
        return Show(task_id, visibility)
    host = _host(asked.group(1))
    if not host or _ID.fullmatch(host):
        return Help("“host” needs a host name, an IP or a resource id after it.")
    return Show(task_id, visibility, host)


def _host(word: str) -> str:
    """A host as pasted: without quotes, brackets and the link that Slack may have made of it."""
    link = _LINK.search(word)
    bare = link.group(1) if link else word
    return (
        bare.strip("\"'`<>()[]{},;“”‘’?!")
        .removeprefix("http://")
        .removeprefix("https://")
        .rstrip("/.")[:_LONGEST_HOST]
    )


def _normal(text: str) -> str:
    """As typed, but with full-width letters narrow, links decoded, and invisible characters out of the way."""
    typed = "".join(_narrow(c) for c in text.encode("utf-8", "replace").decode("utf-8"))
    typed = "".join(
        " " if c.isspace() else c for c in typed if unicodedata.category(c) not in {"Cf", "Cc"} or c.isspace()
    )
    return unquote(typed) if "%" in typed else typed


def _narrow(character: str) -> str:
    # A symbol that NFKC spells out, such as № or ™, is no part of an id beside it.
    plain = unicodedata.normalize("NFKC", character)
    return plain if character.isalnum() or not any(c.isalnum() for c in plain) else " "


def _as_id(match: str) -> str:
    # Nothing says that ids ignore case, so only an id written all in lower case is taken to have lost it.
    return match.upper() if match == match.lower() else match[:2].upper() + match[2:]


def _what_is_wrong(near: str) -> str:
    if "*" in near:
        return f"“{near[:40]}” has its characters masked. Paste the whole id."
    return f"“{near[:40]}” has {len(near)} characters; a task id has 26."
