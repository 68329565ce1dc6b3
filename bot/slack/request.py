"""Parses the text after ``/schedtask``: the task id wherever it hides, who may see the answer, which hosts.

``bot.slack.vocabulary`` says what each word means. ``public`` counts as the first word, and as the last word if only
the id and hosts precede it. The answer names words that were not understood, but not small talk (``show me``).
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from bot.redact.untrusted import clean
from bot.slack.id_scan import scan_ids
from bot.slack.vocabulary import ID_MARK, PRIVATE, Word, WordKind, classify
from bot.task.hostnames import DASHES

_ENCODED = 4
"""How often a link may be encoded: each chat or ticket system on its way may do it once more."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")
_LINK = re.compile(r"<([^<>|\s]*)(?:\|([^<>]*))?>")
_LINK_WITH_ID = re.compile(rf"://|\w[/?#]\S*{ID_MARK}")
# Brackets after a letter belong to a name (web-[01,02]); elsewhere they surround a list.
_TOKEN = re.compile(r"(?:[^\s,;|&+\u3001\[{]|(?<=[\w-])\[[^\[\]\s]{0,60}\]|(?<=[\w-])\{[^{}\s]{0,60}\}|[\[{])+")
_WORD = re.compile(r"[^\W_][\w-]*")
# An address with blanks in it, or with commas where a keyboard replaced the dots.
_LOOSE_ADDRESS = re.compile(r"(?<![\w.-])(\d{1,3})" + r" ?[.\u3002] ?(\d{1,3})" * 3 + r"(?![\w-])")
_COMMA_ADDRESS = re.compile(r"(?<![\w.,-])(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?![\w,-])")


@dataclass(frozen=True, slots=True)
class Show:
    """Show this task; ``visibility`` is None if the person did not say."""

    task_id: str
    visibility: Literal["public", "private"] | None = None
    hosts: tuple[str, ...] = ()
    """Only whether these hosts (names, IPs or resource ids, with ``*``) are among the targets."""
    ignored: tuple[str, ...] = ()
    """Words that were not understood."""
    private_word: str = ""
    """The text that counts as ``private`` although it is another word; the person is told."""


@dataclass(frozen=True, slots=True)
class Help:
    """Explain the command; ``wrong`` says in one sentence what was wrong, None if the person asked for help."""

    wrong: str | None = None


def parse(text: str) -> Show | Help:
    """The request in a command's text. Never raises; a text that is not understood becomes a Help that names it."""
    typed = _normalize(text)
    if not typed:
        return Help()
    scan = scan_ids(typed)
    words = tuple(classify(_tokens(scan.rest)))
    match scan.task_ids:
        case ():
            return Help(_complaint(typed, words, scan.complaint))
        case (task_id,):
            return _show(task_id, words)
    return Help(f"That holds {len(scan.task_ids)} different task ids, so none is shown. Ask for one at a time.")


def _normalize(text: str) -> str:
    """The text as one line: links decoded, full-width letters narrow, dashes plain, invisible characters removed."""
    typed = text.encode("utf-8", "replace").decode("utf-8")
    for _ in range(_ENCODED):
        decoded = _ENTITY.sub(lambda match: html.unescape(match[0]), unquote(typed) if "%" in typed else typed)
        if decoded == typed:
            break
        typed = decoded
    return clean(typed if typed.isascii() else "".join(map(_narrow, typed)).translate(DASHES))


def _narrow(character: str) -> str:
    # A symbol that NFKC spells out, such as № or ™, is not part of an id beside it.
    plain = unicodedata.normalize("NFKC", character)
    return plain if character.isalnum() or not any(c.isalnum() for c in plain) else " "


def _tokens(rest: str) -> Iterator[str]:
    """The words beside the ids. A link with an id in it is one word with ``ID_MARK`` in it."""
    rest = _LINK.sub(_link_words, rest)
    rest = _COMMA_ADDRESS.sub(r"\1.\2.\3.\4", _LOOSE_ADDRESS.sub(r"\1.\2.\3.\4", rest))
    for chunk in rest.split():
        if ID_MARK in chunk and _LINK_WITH_ID.search(chunk):
            yield chunk
        else:
            yield from _TOKEN.findall(chunk.replace(ID_MARK, " "))


def _link_words(link: re.Match[str]) -> str:
    """Instead of Slack's link: its label, or, with an id in it, all of it as one word."""
    return f" {''.join(link[0].split())} " if ID_MARK in link[0] else link[2] or link[1]


def _show(task_id: str, words: tuple[Word, ...]) -> Show | Help:
    perhaps = _texts(words, "perhaps private")
    hosts = _texts(words, "host") or perhaps[:1]
    # A star beside names is a list marker.
    hosts = tuple(host for host in hosts if host.strip("*")) or hosts
    asks = next((word.text for word in words if word.kind == "asks"), None)
    if asks and not hosts:
        return Help(f"“{asks}” needs a host name, an IP or a resource id after it.")
    wishes = (*_texts(words, "private"), *perhaps, *_negated(words))
    public = _texts(words, "public")
    if wishes:
        unclear = [wish for wish in wishes if wish.casefold() not in PRIVATE]
        return Show(task_id, "private", hosts, _texts(words, "unknown"), unclear[0] if unclear else "")
    kinds = [word.kind for word in words]
    if kinds[:1] == ["public"] or (kinds[-1:] == ["public"] and {"asks", "host"}.issuperset(kinds[:-1])):
        return Show(task_id, "public", hosts, _texts(words, "unknown"))
    return Show(task_id, None, hosts, (*public, *_texts(words, "unknown")))


def _negated(words: tuple[Word, ...]) -> tuple[str, ...]:
    """``not public``, ``don't show everyone``: the words of a wish for privacy."""
    kinds = [word.kind for word in words]
    if "not" not in kinds:
        return ()
    no = kinds.index("not")
    opened = [word.text for word in words[no:] if word.kind in {"public", "everyone"}]
    return (f"{words[no].text} … {opened[0]}",) if opened else ()


def _texts(words: tuple[Word, ...], kind: WordKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.text for word in words if word.kind == kind))


def _complaint(typed: str, words: tuple[Word, ...], id_complaint: str | None) -> str | None:
    """What is missing or wrong in a text without an id; None if it asks for help."""
    kinds = {word.kind for word in words}
    if "help" in kinds or (not words and "?" in typed):
        return None
    if id_complaint:
        return id_complaint
    if {"host", "perhaps private"} & kinds:
        return "That names a host and no task. Put the task's id before “host”."
    if kinds and kinds <= {"private", "public", "everyone", "not", "small talk"} and {"private", "public"} & kinds:
        return f"“{(_texts(words, 'private') or _texts(words, 'public'))[0][:40]}” needs a task id after it."
    unknown = (*_texts(words, "unknown"), typed)[0]
    word = _WORD.search(unknown) or re.match(r"\S+", unknown)
    return f"“{word[0][:40] if word else ''}” is not a task id and not a word I know."
