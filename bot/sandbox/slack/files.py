"""Files of the local Slack: an upload in three steps, as in slack_sdk's `files_upload_v2`.

`files.getUploadURLExternal` returns a URL, the bytes are posted to it, and `files.completeUploadExternal` shares the
file in a conversation. Everything is in memory and bounded; the oldest files are evicted.
"""

import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

from bot.sandbox.slack.records import BOT_USER, Conversation, Json, Message, SlackRefusedError
from bot.sandbox.slack.rules import check_message
from bot.sandbox.slack.workspace import Workspace

MAX_FILES = 200
"""Files in memory, including incomplete uploads."""
MAX_BYTES_OF_FILES = 50 * 1024 * 1024
NAME_CHARACTERS = 255
"""Characters of a file's name or title; a longer one is refused, so that memory stays bounded."""
LENGTH_DIGITS = 12

_TYPES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "csv": ("text/csv", "CSV"),
        "json": ("application/json", "JSON"),
        "log": ("text/plain", "Plain Text"),
        "md": ("text/markdown", "Markdown"),
        "txt": ("text/plain", "Plain Text"),
        "zip": ("application/zip", "Zip"),
    }
)
"""Extension → media type and Slack's pretty_type. A browser executes none of these types."""
_BINARY = ("application/octet-stream", "Binary")


@dataclass(slots=True)
class UploadedFile:
    """A file from the bot. `length` is the announced number of bytes, `token` the secret part of the upload URL.

    `content` is empty until the upload. `channel` and `ts` (of the message) are empty until the file is shared.
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
        """The Content-Type of a download."""
        return self._types()[0]

    def to_slack(self, url: str) -> Json:
        """Slack's file object; `url` is the server's base URL. The links work only for people who see the file."""
        extension = self._extension()
        address = f"{url}/sandbox/files/{self.id}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "mimetype": self.media_type,
            "filetype": extension if extension in _TYPES else "binary",
            "pretty_type": self._types()[1],
            "size": len(self.content),
            "user": BOT_USER,
            "url_private": address,
            "permalink": address,
        }

    def _types(self) -> tuple[str, str]:
        return _TYPES.get(self._extension(), _BINARY)

    def _extension(self) -> str:
        return self.name.rpartition(".")[2].lower()


class UploadRefusedError(Exception):
    """A refused upload: an HTTP status, and an error code of the sandbox because Slack documents none."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


class Files:
    """All files of one workspace. `url` returns the server's base URL."""

    def __init__(self, workspace: Workspace, url: Callable[[], str]) -> None:
        self._workspace = workspace
        self._url = url
        self.max_files, self.max_bytes = MAX_FILES, MAX_BYTES_OF_FILES
        self._files: OrderedDict[str, UploadedFile] = OrderedDict()

    # --- for the bot

    def get_upload_url(self, args: Json) -> Json:
        """`files.getUploadURLExternal`: {"upload_url", "file_id"}. Raises SlackRefusedError: invalid_arguments."""
        name, length = args.get("filename"), str(args.get("length", ""))
        if not _is_name(name):
            raise _invalid("filename", f"must be a string of 1 to {NAME_CHARACTERS} characters")
        # Slack accepts these arguments in a query or a form only, where numbers are strings.
        is_number = length.isascii() and length.isdecimal() and len(length) <= LENGTH_DIGITS
        if not is_number or int(length) == 0:
            raise _invalid("length", "must be a number greater than 0")
        file = UploadedFile(f"F0{secrets.token_hex(5).upper()}", name, int(length), secrets.token_urlsafe(18), name)
        self._files[file.id] = file
        self._evict_oldest()
        return {"upload_url": f"{self._url()}/upload/{file.token}", "file_id": file.id}

    def upload(self, token: str, content: bytes) -> None:
        """Store the bytes posted to an upload URL. Raises UploadRefusedError.

        404 `unknown_url`: never issued, or evicted; 400 `used_url`, `wrong_length`.
        """
        file = next((file for file in self._files.values() if file.token == token), None)
        if file is None:
            raise UploadRefusedError(404, "unknown_url")
        if file.content:
            raise UploadRefusedError(400, "used_url")
        if len(content) != file.length:
            raise UploadRefusedError(400, "wrong_length")
        file.content = content
        self._evict_oldest()

    def complete(self, args: Json) -> Json:
        """`files.completeUploadExternal`: share uploaded files in one message; {"files": [{"id", "title"}]}.

        Without `channel_id`, nobody sees them. Raises SlackRefusedError: invalid_arguments, file_not_found,
        channel_not_found, not_in_channel, msg_too_long.
        """
        if args.get("channels"):
            raise _invalid("channels", "is not supported here; use channel_id")
        uploads = [self._uploaded(entry) for entry in _entries(args.get("files"))]
        channel = args.get("channel_id")
        conversation = self._workspace.bot_conversation(str(channel)) if channel else None
        comment = args.get("initial_comment") or ""
        if comment:
            check_message(comment, None, "message")
        for file, title in uploads:
            file.title, file.complete = title, True
        if conversation is not None:
            self._share([file for file, _ in uploads], conversation, comment, args.get("thread_ts") or None)
        return {"files": [{"id": file.id, "title": file.title} for file, _ in uploads]}

    def _share(self, files: list[UploadedFile], conversation: Conversation, text: str, thread_ts: str | None) -> None:
        ts = self._workspace.next_ts()
        for file in files:
            file.channel, file.ts, file.thread_ts = conversation.id, ts, thread_ts
        shared = tuple(file.to_slack(self._url()) for file in files)
        self._workspace.post(Message(ts, conversation.id, BOT_USER, text, thread_ts=thread_ts, files=shared))

    def _uploaded(self, entry: Any) -> tuple[UploadedFile, str]:
        """A file that is uploaded but not yet shared, and its title."""
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise _invalid("files", "must be an array of objects with an id")
        file = self._files.get(entry["id"])
        if file is None or not file.content or file.complete:
            raise SlackRefusedError("file_not_found")
        title = entry.get("title") or file.name
        if not _is_name(title):
            raise _invalid("files", f"a title has 1 to {NAME_CHARACTERS} characters")
        return file, title

    # --- for people

    def visible(self, viewer: str) -> list[UploadedFile]:
        """The files in the messages that one person sees, oldest first."""
        channels = self._workspace.conversations
        seen = {
            (channel, message.ts) for channel in channels for message in self._workspace.messages(channel, viewer)
        }
        return [file for file in self._files.values() if (file.channel, file.ts) in seen]

    def _evict_oldest(self) -> None:
        """Evict files down to the bounds; the message of an evicted file stays, but its download fails."""
        size = sum(len(file.content) for file in self._files.values())
        while len(self._files) > self.max_files or size > self.max_bytes:
            _, oldest = self._files.popitem(last=False)
            size -= len(oldest.content)


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= NAME_CHARACTERS


def _entries(files: Any) -> list[Any]:
    """The `files` argument: an array, or its JSON in a string, which queries and forms need."""
    if isinstance(files, str):
        try:
            files = json.loads(files)
        except json.JSONDecodeError as error:
            raise _invalid("files", "must be JSON") from error
    if not isinstance(files, list) or not files:
        raise _invalid("files", "must be an array that is not empty")
    return files


def _invalid(argument: str, problem: str) -> SlackRefusedError:
    return SlackRefusedError("invalid_arguments", [f"{problem} [json-pointer:/{argument}]"])
