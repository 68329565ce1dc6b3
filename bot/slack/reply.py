"""Answers to people: response URLs and the Web API, each with a deadline, a bounded retry and known final errors.

A response URL takes 5 posts in 30 minutes, needs no membership and answers ``ok`` or an error word. Posts go
through one shared session; Bolt's ``respond`` would open a new one for each call and never raise.
"""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import redact
from bot.cards.budget import Message
from bot.slack.error_words import known
from bot.timings import TIMINGS, ReplyTimings

log = structlog.get_logger(__name__)

T = TypeVar("T")

_BLOCKS_REFUSED = frozenset({"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"})
WORD_LENGTH = 100
"""So much of a word that nobody knows is kept for the log."""


class SlackRefused(Exception):
    """Slack did not take a reply. ``error`` is Slack's word or what happened on the way, out of a closed set.

    ``word`` is the same as it came, cut and redacted, for the log and for people. ``transient`` says whether the
    same call may succeed a moment later (rate limit, 5xx, no connection); ``needed`` is the scope that a token lacks.
    """

    def __init__(
        self,
        error: str,
        *,
        transient: bool = False,
        retry_after_s: float | None = None,
        detail: str = "",
        needed: str = "",
    ) -> None:
        self.error = known(error)
        self.word = error if self.error == error else redact.plain(error[:WORD_LENGTH])
        self.transient = transient
        self.retry_after_s = retry_after_s
        self.needed = needed
        super().__init__(f"{self.word}: {redact.plain(detail)}" if detail else self.word)


class Replies:
    """Posts to response URLs and calls Web API methods for the listeners.

    ``observe`` is told of each try: method ("response_url", "upload" or Slack's name), outcome ("ok" or the word of
    the refusal), seconds.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client: AsyncWebClient,
        *,
        timings: ReplyTimings = TIMINGS.replies,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        observe: Callable[[str, str, float], None] = lambda _method, _outcome, _seconds: None,
    ) -> None:
        self._session = session
        self._client = client
        self._timings = timings
        self._sleep = sleep
        self._observe = observe

    async def respond(self, url: str, message: Message, *, words_do: bool = True, **options: Any) -> None:
        """Post a message to a response URL; ``options`` are ``response_type``, ``replace_original`` and so on.

        Blocks that Slack refuses are logged and, where ``words_do``, the text alone is posted, so that the person
        still gets an answer; to them alone instead of in the place of a card, which would lose its facts and
        buttons. Raises SlackRefused.
        """
        payload = {**message.payload(), **options}
        try:
            await self._twice(lambda: self._observed("response_url", self._post(url, payload)))
        except SlackRefused as refused:
            if refused.error not in _BLOCKS_REFUSED:
                raise
            log.error("blocks_refused", error=str(refused))
            if not words_do:
                raise
            payload.pop("blocks")
            if payload.get("replace_original"):
                payload |= {"replace_original": False, "response_type": "ephemeral"}
            await self._twice(lambda: self._observed("response_url", self._post(url, payload)))

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a Web API method with a JSON body of what is not None; the answer's fields. Raises SlackRefused."""
        return await self._call(method, arguments, self._timings.call_s)

    async def ask(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """The same for what must be known before there can be an answer: in less time, or not at all."""
        return await self._call(method, arguments, self._timings.question_s)

    async def _call(self, method: str, arguments: Mapping[str, Any], deadline_s: float) -> Mapping[str, Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        return await self._twice(lambda: self._observed(method, self._api(method, given, deadline_s)))

    async def _observed(self, method: str, trying: Awaitable[T]) -> T:
        began, outcome = time.monotonic(), "cut off"
        try:
            found = await trying
            outcome = "ok"
        except SlackRefused as refused:
            outcome = refused.error
            raise
        finally:
            self._observe(method, outcome, time.monotonic() - began)
        return found

    async def _twice(self, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            return await attempt()
        except SlackRefused as refused:
            wait = refused.retry_after_s if refused.retry_after_s is not None else 0.3
            if not refused.transient or wait > self._timings.retry_after_s:
                raise
            log.warning("slack_retry", error=refused.error, wait_s=wait)
            await self._sleep(wait)
            return await attempt()

    async def _post(self, url: str, payload: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._timings.call_s), self._session.post(url, json=payload) as answer:
                body = (await _beginning(answer.content)).decode("utf-8", "replace")
                status, headers = answer.status, answer.headers
        except TimeoutError:
            # It may have been posted: a second try could show the card twice.
            raise SlackRefused("timed_out") from None
        except aiohttp.ClientConnectorError as error:
            raise SlackRefused("unreachable", transient=True, detail=type(error).__name__) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise SlackRefused("broken_off", detail=type(error).__name__) from error
        word, detail = _outcome(body)
        if 200 <= status < 300 and word == "ok":
            return
        raise _refusal(status, "unknown_error" if word == "ok" else word, detail, headers)

    async def _api(self, method: str, arguments: dict[str, Any], deadline_s: float) -> Mapping[str, Any]:
        async with _refusals(deadline_s):
            answer = await self._client.api_call(method, json=arguments)
        return answer.data if isinstance(answer.data, dict) else {}

    async def upload(
        self, name: str, content: bytes, *, channel: str, thread_ts: str | None = None, comment: str = ""
    ) -> None:
        """Upload a file into a conversation (or a thread of it) that the bot is in. Raises SlackRefused.

        Three calls, none of which is repeated: a file must not come twice. slack_sdk's own helper would hand all
        bytes to the transport at once, which holds up the event loop for megabytes; here they go in pieces.
        """
        sending = self._upload(name, content, channel=channel, thread_ts=thread_ts, comment=comment)
        await self._observed("upload", sending)

    async def _upload(self, name: str, content: bytes, *, channel: str, thread_ts: str | None, comment: str) -> None:
        async with _refusals(self._timings.upload_s):
            ticket = await self._client.files_getUploadURLExternal(filename=name, length=len(content))
            url, file_id = ticket.get("upload_url"), ticket.get("file_id")
            async with self._session.post(str(url), data=io.BytesIO(content)) as answer:
                if answer.status != 200:
                    raise SlackRefused(
                        "upload_failed", transient=answer.status >= 500, detail=f"HTTP {answer.status}"
                    )
            await self._client.files_completeUploadExternal(
                files=[{"id": str(file_id), "title": name}],
                channel_id=channel,
                thread_ts=thread_ts,
                initial_comment=comment,
            )


@asynccontextmanager
async def _refusals(deadline_s: float) -> AsyncIterator[None]:
    """Everything that a call through slack_sdk can end in besides success, as SlackRefused."""
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except TimeoutError:
        raise SlackRefused("timed_out") from None
    except SlackApiError as error:
        raise _api_refusal(error) from error
    except aiohttp.ClientConnectorError as error:
        raise SlackRefused("unreachable", transient=True, detail=type(error).__name__) from error
    except (aiohttp.ClientError, ValueError) as error:
        raise SlackRefused("broken_off", detail=type(error).__name__) from error
    except (AttributeError, TypeError) as error:
        # slack_sdk takes the body of any 200 for a JSON object; a proxy's text is none.
        raise SlackRefused("not_slack", detail=str(error)) from error


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """The first 4096 bytes; ``read`` alone would stop at the end of the first packet."""
    try:
        return await content.readexactly(4096)
    except asyncio.IncompleteReadError as error:
        return error.partial


def _outcome(body: str) -> tuple[str, str]:
    """Slack's word and details in the body of a response URL's answer: ``ok``, a word, or JSON.

    Slack writes ``ok``; nothing at all, or JSON that holds no error, counts as that too.
    """
    text = body.strip()
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return ("ok" if text.lower() == "ok" else text[:60]), ""
    if not isinstance(found, dict):
        return ("ok" if found in ("ok", True) else text[:60]), ""
    failed = found.get("error") or found.get("ok") is False
    return (str(found.get("error") or "unknown_error") if failed else "ok"), _pointers(found)


def _pointers(found: Mapping[str, Any]) -> str:
    metadata = found.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return "; ".join(str(message) for message in messages or [])[:1000]


def _refusal(status: int, word: str, detail: str, headers: Mapping[str, str]) -> SlackRefused:
    if status == 429:
        return SlackRefused("ratelimited", transient=True, retry_after_s=_seconds(headers), detail=detail)
    if status >= 500:
        # Slack answers 500 with invalid_blocks too; that word is final whatever the status.
        final = word in _BLOCKS_REFUSED
        return SlackRefused(word if final else f"http_{status}", transient=not final, detail=detail)
    return SlackRefused(word, detail=detail or f"HTTP {status}")


def _api_refusal(error: SlackApiError) -> SlackRefused:
    answer = error.response
    data = answer.data if isinstance(getattr(answer, "data", None), dict) else {}
    status = int(getattr(answer, "status_code", None) or getattr(answer, "status", None) or 0)
    word = str(data.get("error") or f"http_{status}")
    if status == 429 or word == "ratelimited":
        headers = getattr(answer, "headers", None) or {}
        return SlackRefused("ratelimited", transient=True, retry_after_s=_seconds(headers))
    needed = data.get("needed")
    return SlackRefused(
        word,
        transient=status >= 500 and "error" not in data,
        detail=_pointers(data),
        needed=needed if isinstance(needed, str) else "",
    )


def _seconds(headers: Mapping[str, str]) -> float:
    value = next((value for key, value in headers.items() if key.lower() == "retry-after"), "1")
    try:
        return max(0.0, float(value))  # in this order "nan" is 0
    except ValueError:
        return 1.0
