"""Files in the sandbox's Slack: an upload in three steps, as slack_sdk's `files_upload_v2` makes it.

`files.getUploadURLExternal` hands out an address, the bytes are posted there, `files.completeUploadExternal` shares
the file in a conversation. Everything lives in memory and is bounded; the oldest files are forgotten.
"""

import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

from bot.sandbox.slack.records import BOT_USER, Json, Message, Place, SlackRefusedError
from bot.sandbox.slack.rules import check_message
from bot.sandbox.slack.workspace import Workspace

FILES_KEPT = 200
"""Files kept, those whose upload is not complete included."""
BYTES_KEPT = 50 * 1024 * 1024
NAME_CHARACTERS = 255
"""Characters of a file's name or title; more is refused, so that memory stays bounded."""
LENGTH_DIGITS = 12

_KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "csv": ("text/csv", "CSV"),
        "json": ("application/json", "JSON"),
        "log": ("text/plain", "Plain Text"),
        "md": ("text/markdown", "Markdown"),
        "txt": ("text/plain", "Plain Text"),
        "zip": ("application/zip", "Zip"),
    }
)
"""By the name's ending: media type and what people call it. Nothing here is run by a browser that opens it."""
_BINARY = ("application/octet-stream", "Binary")


@dataclass(slots=True)
class File:
    """A file the bot sends. `length` is in bytes, as announced; `token` is the secret part of its upload address.

    `content` is empty until it was uploaded. `channel` and `ts` (of its message) are empty while nobody sees it.
    """

    id: str
    name: str
    length: int
    token: str
    title: str
    content: bytes = b""
    complete: bool = False
    channel: str = ""
    ts: str = ""
    thread_ts: str | None = None

    @property
    def media_type(self) -> str:
        """What a download is said to be."""
        return self._kind()[0]

    def to_slack(self, url: str) -> Json:
        """Slack's file object; `url` is the sandbox's address. Only people who see the file may follow its links."""
        ending = self.name.rpartition(".")[2].lower()
        address = f"{url}/sandbox/files/{self.id}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "mimetype": self.media_type,
            "filetype": ending if ending in _KINDS else "binary",
            "pretty_type": self._kind()[1],
            "size": len(self.content),
            "user": BOT_USER,
            "url_private": address,
            "permalink": address,
        }

    def _kind(self) -> tuple[str, str]:
        return _KINDS.get(self.name.rpartition(".")[2].lower(), _BINARY)


class UploadRefusedError(Exception):
    """Bytes that were not taken: an HTTP status and the sandbox's own word; Slack documents none."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status, self.word = status, word


class Files:
    """All files of one workspace. `url` gives the sandbox's address."""

    def __init__(self, workspace: Workspace, url: Callable[[], str]) -> None:
        self._workspace = workspace
        self._url = url
        self.files_kept, self.bytes_kept = FILES_KEPT, BYTES_KEPT
        self._files: OrderedDict[str, File] = OrderedDict()

    # --- the bot's side

    def get_upload_url(self, args: Json) -> Json:
        """`files.getUploadURLExternal`: {"upload_url", "file_id"}. Raises SlackRefusedError: invalid_arguments."""
        name, length = args.get("filename"), str(args.get("length", ""))
        if not _is_name(name):
            raise _invalid("filename", f"must be a string of 1 to {NAME_CHARACTERS} characters")
        # Slack takes these arguments in a query or a form only, where numbers are strings.
        is_number = length.isascii() and length.isdecimal() and len(length) <= LENGTH_DIGITS
        if not is_number or int(length) == 0:
            raise _invalid("length", "must be a number greater than 0")
        file = File(f"F0{secrets.token_hex(5).upper()}", name, int(length), secrets.token_urlsafe(18), name)
        self._files[file.id] = file
        self._forget_oldest()
        return {"upload_url": f"{self._url()}/upload/{file.token}", "file_id": file.id}

    def upload(self, token: str, content: bytes) -> None:
        """Takes the bytes posted to an upload address. Raises UploadRefusedError.

        404 `unknown_url`: never handed out, or forgotten; 400 `used_url`, `wrong_length`.
        """
        file = next((file for file in self._files.values() if file.token == token), None)
        if file is None:
            raise UploadRefusedError(404, "unknown_url")
        if file.content:
            raise UploadRefusedError(400, "used_url")
        if len(content) != file.length:
            raise UploadRefusedError(400, "wrong_length")
        file.content = content
        self._forget_oldest()

    def complete(self, args: Json) -> Json:
        """`files.completeUploadExternal`: shares uploaded files in one message; {"files": [{"id", "title"}]}.

        Without `channel_id` nobody sees them. Raises SlackRefusedError: invalid_arguments, file_not_found,
        channel_not_found, not_in_channel, msg_too_long.
        """
        if args.get("channels"):
            raise _invalid("channels", "is not supported here; use channel_id")
        named = [self._named(entry) for entry in _entries(args.get("files"))]
        channel = args.get("channel_id")
        place = self._workspace.bot_place(str(channel)) if channel else None
        comment = args.get("initial_comment") or ""
        if comment:
            check_message(comment, None, "message")
        for file, title in named:
            file.title, file.complete = title, True
        if place is not None:
            self._share([file for file, _ in named], place, comment, args.get("thread_ts") or None)
        return {"files": [{"id": file.id, "title": file.title} for file, _ in named]}

    def _share(self, files: list[File], place: Place, text: str, thread_ts: str | None) -> None:
        ts = self._workspace.next_ts()
        for file in files:
            file.channel, file.ts, file.thread_ts = place.id, ts, thread_ts
        shared = tuple(file.to_slack(self._url()) for file in files)
        self._workspace.post(Message(ts, place.id, BOT_USER, text, thread_ts=thread_ts, files=shared))

    def _named(self, entry: Any) -> tuple[File, str]:
        """A file that was uploaded and not yet shared, and its title."""
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise _invalid("files", "must be an array of objects with an id")
        file = self._files.get(entry["id"])
        if file is None or not file.content or file.complete:
            raise SlackRefusedError("file_not_found")
        title = entry.get("title") or file.name
        if not _is_name(title):
            raise _invalid("files", f"a title has 1 to {NAME_CHARACTERS} characters")
        return file, title

    # --- people's side

    def visible(self, viewer: str) -> list[File]:
        """The files in messages that one person sees, oldest first."""
        places = self._workspace.places
        seen = {(place, message.ts) for place in places for message in self._workspace.messages(place, viewer)}
        return [file for file in self._files.values() if (file.channel, file.ts) in seen]

    def _forget_oldest(self) -> None:
        """Keeps the latest; the message of a forgotten file stays, its download does not."""
        held = sum(len(file.content) for file in self._files.values())
        while len(self._files) > self.files_kept or held > self.bytes_kept:
            _, oldest = self._files.popitem(last=False)
            held -= len(oldest.content)


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= NAME_CHARACTERS


def _entries(given: Any) -> list[Any]:
    """The `files` argument: an array, or one as JSON inside a string, as queries and forms must send it."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except json.JSONDecodeError as error:
            raise _invalid("files", "must be JSON") from error
    if not isinstance(given, list) or not given:
        raise _invalid("files", "must be an array that is not empty")
    return given


def _invalid(argument: str, problem: str) -> SlackRefusedError:
    return SlackRefusedError("invalid_arguments", [f"{problem} [json-pointer:/{argument}]"])
