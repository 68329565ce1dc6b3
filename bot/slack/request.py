"""What somebody typed behind ``/schedtask``: a task id wherever it hides, who may see the answer, which hosts.

Who sees the answer:

- A word that asks for privacy wins wherever it stands, also over ``public``, in a link, or as a near miss
  (``bot.slack.privacy``). A card is private too early rather than public by accident.
- A host's name is no wish: ``host private-db-01`` is public. But the bare word after ``host`` is a wish
  (``host private``), and so is a whole label of a name (``db.private``); a near miss that is the only name after
  ``host`` is looked up as a host, privately.
- ``public`` counts as the first word, or as the last where only the id and hosts stand before it.

Words that nobody understood are kept for the answer; small talk (``show me``, ``please``) is not.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from bot.redact.untrusted import clean
from bot.slack.privacy import PRIVATE, hints_at_privacy, name_hints_at_privacy
from bot.slack.task_ids import Place, places, what_is_wrong
from bot.slack.vocabulary import ASKS, EVERYONE, GLUED, HELP, NOT, PUBLIC, SHOWING, SMALL_TALK, SURE
from bot.task.hostnames import DASHES, is_address, is_host_shaped, undecorated

_LONGEST_HOST = 255
_ENCODED = 4
"""How often a link may be encoded: each chat or ticket system that it goes through may do it once more."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")
_LINK = re.compile(r"<([^<>|\s]*)(?:\|([^<>]*))?>")
_ID = "\0"
"""Stands where an id was; ``clean`` leaves no other."""
_LINK_WITH_ID = re.compile(rf"://|\w[/?#]\S*{_ID}")
# Brackets behind a letter belong to a name (web-[01,02]), elsewhere they surround a list.
_TOKEN = re.compile(r"(?:[^\s,;|&+\u3001\[{]|(?<=[\w-])\[[^\[\]\s]{0,60}\]|(?<=[\w-])\{[^{}\s]{0,60}\}|[\[{])+")
_SEPARATOR = re.compile(r"[\W_]")
_LIST_MARK = re.compile(r"\d{1,2}[.)]")
_WORD = re.compile(r"[^\W_][\w-]*")
# An address whose dots a keyboard made commas, or that has blanks.
_LOOSE_ADDRESS = re.compile(r"(?<![\w.-])(\d{1,3})" + r" ?[.\u3002] ?(\d{1,3})" * 3 + r"(?![\w-])")
_COMMA_ADDRESS = re.compile(r"(?<![\w.,-])(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?![\w,-])")


@dataclass(frozen=True, slots=True)
class Show:
    """Show this task; ``visibility`` is None where the person did not say."""

    task_id: str
    visibility: Literal["public", "private"] | None = None
    hosts: tuple[str, ...] = ()
    """Only whether these hosts (names, IPs or resource ids, with ``*``) are among the targets."""
    ignored: tuple[str, ...] = ()
    """Words that were not understood."""
    private_word: str = ""
    """What was taken for ``private`` where it is not plainly that; to be said to the one who asked."""


@dataclass(frozen=True, slots=True)
class Help:
    """Explain the command; ``wrong`` says in one sentence what was wrong, None where help was asked for."""

    wrong: str | None = None


Kind = Literal[
    "private", "public", "not", "everyone", "asks", "host", "perhaps private", "small talk", "help", "unknown"
]
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(SMALL_TALK, "small talk"),
    **dict.fromkeys(NOT, "not"),
    **dict.fromkeys(EVERYONE, "everyone"),
    **dict.fromkeys(HELP, "help"),
}


@dataclass(frozen=True, slots=True)
class _Word:
    """One word and what it was taken for. ``perhaps private`` stands where a host's name is expected."""

    kind: Kind
    text: str


def parse(text: str) -> Show | Help:
    """The request in a command's text. Never raises; what is not understood is a Help that names it."""
    typed = _plain(text)
    if not typed:
        return Help()
    found = places(typed, _means_something)
    words = tuple(_words(_tokens(typed, found)))
    ids = list(dict.fromkeys(place.task_id for place in found))
    if not ids:
        return Help(_what_is_wrong(typed, words))
    if len(ids) > 1:
        return Help(f"That holds {len(ids)} different task ids, so none is shown. Ask for one at a time.")
    return _show(ids[0], words)


def _show(task_id: str, words: tuple[_Word, ...]) -> Show | Help:
    perhaps = _texts(words, "perhaps private")
    hosts = _texts(words, "host") or perhaps[:1]
    # A star beside names is a list's mark.
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


def _negated(words: tuple[_Word, ...]) -> tuple[str, ...]:
    """``not public``, ``don't show everyone``: the words of a wish for privacy."""
    kinds = [word.kind for word in words]
    if "not" not in kinds:
        return ()
    no = kinds.index("not")
    opened = [word.text for word in words[no:] if word.kind in {"public", "everyone"}]
    return (f"{words[no].text} … {opened[0]}",) if opened else ()


def _texts(words: tuple[_Word, ...], kind: Kind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.text for word in words if word.kind == kind))


def _words(tokens: Iterator[str]) -> Iterator[_Word]:
    """Each token with its meaning, which may depend on the one before it and on whether a host is asked about."""
    asking: Literal["", "perhaps", "surely"] = ""
    before, first = "", True
    pending = list(tokens)[::-1]
    while pending:
        token = pending.pop()
        bare = _trimmed(token)
        word = bare.casefold()
        keyword = ASKS.fullmatch(token) or GLUED.fullmatch(token)
        if keyword:
            asked, signed = keyword["word"].casefold(), bool(keyword["sign"]) or token.startswith("-")
            asking = "surely" if asked in SURE or signed else asking or "perhaps"
            pending += [keyword["name"]] if keyword["name"] else []
            yield _Word("asks" if signed or (asked in SURE and asked[-1] != "s") else "small talk", keyword["word"])
        elif asking and "/" in token and len(listed := _slashed(token)) > 1:
            pending += listed[::-1]
        elif asking and _LIST_MARK.fullmatch(token):
            pass
        elif word or (asking and "*" in token):
            yield from _meaning(token, bare, before, asking, first=first)
        before, first = word, first and not word


def _trimmed(token: str) -> str:
    """A token without the punctuation around it. A regular expression would take quadratic time."""
    first = next((at for at, char in enumerate(token) if char.isalnum()), len(token))
    behind = next((at for at, char in enumerate(reversed(token)) if char.isalnum()), 0)
    return token[first : len(token) - behind]


def _slashed(token: str) -> list[str]:
    """The names in ``web-07/web-08``; a path or a prefix length behind a name is none."""
    parts = undecorated(token).split("/")
    named = all(is_host_shaped(part) and (is_address(part) or not part.isdecimal()) for part in parts)
    return parts if named else [token]


def _meaning(token: str, bare: str, before: str, asking: str, *, first: bool) -> Iterator[_Word]:
    word = bare.casefold()
    letters = _SEPARATOR.sub("", word)
    name = (undecorated(token) or token)[:_LONGEST_HOST] if asking else ""
    is_name = asking == "surely" or (asking == "perhaps" and is_host_shaped(name))
    if _ID in token:
        yield _Word("private" if hints_at_privacy(word) else "small talk", bare)
    elif word == "me" and before in SHOWING:
        yield _Word("small talk", bare)
    elif letters in PRIVATE or before + word in PRIVATE:
        yield _Word("private", bare)
    elif word in PUBLIC or (word == "here" and first):
        yield _Word("public", bare)
    elif (kind := _KINDS.get(word)) is not None:
        yield _Word(kind, bare)
    elif is_name and word != letters:
        yield _Word("host", name)
        if name_hints_at_privacy(word):
            yield _Word("private", bare)
    elif is_name:
        yield _Word("perhaps private" if hints_at_privacy(word) else "host", name)
    else:
        yield _Word("private" if hints_at_privacy(word) else "unknown", bare)


def _tokens(typed: str, found: tuple[Place, ...]) -> Iterator[str]:
    """The words beside the ids. A link that holds an id is one word, with ``_ID`` in it."""
    rest, at = "", 0
    for place in sorted(found, key=lambda place: place.start):
        rest += typed[at : place.start] + _ID
        at = max(at, place.end)
    rest = _LINK.sub(_link_words, rest + typed[at:])
    rest = _COMMA_ADDRESS.sub(r"\1.\2.\3.\4", _LOOSE_ADDRESS.sub(r"\1.\2.\3.\4", rest))
    for chunk in rest.split():
        if _ID in chunk and _LINK_WITH_ID.search(chunk):
            yield chunk
        else:
            yield from _TOKEN.findall(chunk.replace(_ID, " "))


def _link_words(link: re.Match[str]) -> str:
    """In place of Slack's link: its own words, or where it holds an id all of it as one word."""
    return f" {''.join(link[0].split())} " if _ID in link[0] else link[2] or link[1]


def _means_something(word: str) -> bool:
    """Whether letters are a word of the command, so that they are no piece of a broken id."""
    folded = word.casefold()
    return (
        folded in _KINDS
        or folded in PUBLIC
        or folded in PRIVATE
        or hints_at_privacy(folded)
        or bool(ASKS.fullmatch(folded))
    )


def _plain(text: str) -> str:
    """One line: links decoded, full-width letters narrow, dashes plain, nothing that is invisible."""
    typed = text.encode("utf-8", "replace").decode("utf-8")
    for _ in range(_ENCODED):
        decoded = _ENTITY.sub(lambda match: html.unescape(match[0]), unquote(typed) if "%" in typed else typed)
        if decoded == typed:
            break
        typed = decoded
    return clean(typed if typed.isascii() else "".join(map(_narrow, typed)).translate(DASHES))


def _narrow(character: str) -> str:
    # A symbol that NFKC spells out, such as № or ™, is no part of an id beside it.
    plain = unicodedata.normalize("NFKC", character)
    return plain if character.isalnum() or not any(c.isalnum() for c in plain) else " "


def _what_is_wrong(typed: str, words: tuple[_Word, ...]) -> str | None:
    """What is missing or wrong in a text without an id; None where it asks for help."""
    kinds = {word.kind for word in words}
    if "help" in kinds or (not words and "?" in typed):
        return None
    if nearly := what_is_wrong(typed, _means_something):
        return nearly
    if {"host", "perhaps private"} & kinds:
        return "That names a host and no task. Put the task's id before “host”."
    if kinds and kinds <= {"private", "public", "everyone", "not", "small talk"} and {"private", "public"} & kinds:
        return f"“{(_texts(words, 'private') or _texts(words, 'public'))[0][:40]}” needs a task id after it."
    unknown = (*_texts(words, "unknown"), typed)[0]
    word = _WORD.search(unknown) or re.match(r"\S+", unknown)
    return f"“{word[0][:40] if word else ''}” is not a task id and not a word I know."
