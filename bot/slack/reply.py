"""Answers to people: response URLs and the Web API, each with a deadline, a bounded retry and known final errors.

A response URL takes 5 posts in 30 minutes, needs no membership and answers ``ok`` or an error code. Posts go
through one shared session; Bolt's ``respond`` would open a session for each call and never raise.
"""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards.block_kit import Message
from bot.cards.problem import Problem, problem_card
from bot.slack.errors import BLOCKS_REFUSED, SlackRefused, api_refusal, post_refusal
from bot.slack.interaction import Interaction
from bot.timings import TIMINGS, ReplyTimings

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Replies:
    """Posts to response URLs and calls Web API methods for the listeners. Its methods raise SlackRefused.

    ``observe`` takes the method ("response_url", "upload" or Slack's name), the outcome ("ok" or the error code) and
    the seconds of each try.
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

    async def post_problem(self, interaction: Interaction, problem: Problem) -> None:
        """Post an error that only the person who asked sees."""
        card = problem_card(problem, task_id=interaction.task_id, reference=interaction.reference)
        await self.post_ephemeral(interaction, card)

    async def post_ephemeral(self, interaction: Interaction, message: Message) -> None:
        """Post a message that only the person who asked sees.

        Where the response URL fails, ``chat.postEphemeral`` is tried; then the person's direct messages, because a
        modal has no channel and the bot may not be a member of one.
        """
        url, user, channel = interaction.response_url, interaction.user, interaction.channel
        body = message.payload()
        ways: dict[str, Callable[[], Awaitable[object]]] = {}
        if url:
            ways["response_url_failed"] = partial(
                self.respond, url, message, response_type="ephemeral", replace_original=False
            )
        if channel:
            ways["ephemeral_failed"] = partial(self.call, "chat.postEphemeral", channel=channel, user=user, **body)
        for failed, post in ways.items():
            try:
                await post()
            except SlackRefused as refused:
                log.warning(failed, error=str(refused))
            else:
                return
        await self.call("chat.postMessage", channel=user, **body)

    async def respond(self, url: str, message: Message, *, text_suffices: bool = True, **options: Any) -> None:
        """Post a message to a response URL; ``options`` are ``response_type``, ``replace_original`` and so on.

        Blocks that Slack refuses are logged. Where ``text_suffices``, the text alone is posted then, so that the
        person still gets an answer; it never replaces a card, which would lose its facts and buttons.
        """
        payload = {**message.payload(), **options}
        try:
            await self._try("response_url", lambda: self._post(url, payload))
        except SlackRefused as refused:
            if refused.error not in BLOCKS_REFUSED:
                raise
            log.error("blocks_refused", error=str(refused))
            if not text_suffices:
                raise
            payload.pop("blocks")
            if payload.get("replace_original"):
                payload |= {"replace_original": False, "response_type": "ephemeral"}
            await self._try("response_url", lambda: self._post(url, payload))

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a Web API method with a JSON body of the arguments that are not None; returns the answer's fields."""
        return await self._call(method, arguments, self._timings.call_s)

    async def ask(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """The same with a shorter deadline, for what must be known before there can be an answer."""
        return await self._call(method, arguments, self._timings.question_s)

    async def _call(self, method: str, arguments: Mapping[str, Any], deadline_s: float) -> Mapping[str, Any]:
        body = {name: value for name, value in arguments.items() if value is not None}
        return await self._try(method, lambda: self._api(method, body, deadline_s))

    async def _try(self, method: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try at most twice; each try has its own deadline, the pause between them is short."""
        try:
            return await self._observed(method, attempt())
        except SlackRefused as refused:
            if not refused.transient or refused.retry_after_s > self._timings.retry_after_s:
                raise
            pause_s = refused.retry_after_s
            log.warning("slack_retry", error=refused.error, wait_s=pause_s)
        await self._sleep(pause_s)
        return await self._observed(method, attempt())

    async def _observed(self, method: str, trying: Awaitable[T]) -> T:
        began, outcome = time.monotonic(), "cut off"
        try:
            result = await trying
            outcome = "ok"
        except SlackRefused as refused:
            outcome = refused.error
            raise
        finally:
            self._observe(method, outcome, time.monotonic() - began)
        return result

    async def _post(self, url: str, payload: dict[str, Any]) -> None:
        async with _refusals(self._timings.call_s), self._session.post(url, json=payload) as answer:
            body = (await _beginning(answer.content)).decode("utf-8", "replace")
        if refused := post_refusal(answer.status, body, answer.headers):
            raise refused

    async def _api(self, method: str, arguments: dict[str, Any], deadline_s: float) -> Mapping[str, Any]:
        async with _refusals(deadline_s):
            answer = await self._client.api_call(method, json=arguments)
        return answer.data if isinstance(answer.data, dict) else {}

    async def upload(
        self, name: str, content: bytes, *, channel: str, thread_ts: str | None = None, comment: str = ""
    ) -> None:
        """Upload a file into a conversation, or into a thread of it, that the bot is a member of.

        It takes three calls, and none is repeated: a file must not come twice. slack_sdk's own helper would hand all
        bytes to the transport at once, which holds up the event loop for megabytes; here they go in pieces.
        """
        uploading = self._upload(name, content, channel=channel, thread_ts=thread_ts, comment=comment)
        await self._observed("upload", uploading)

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
    """Turns every failure of a call to Slack into SlackRefused."""
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except TimeoutError:
        # Slack may have taken it: a second try could show a card twice.
        raise SlackRefused("timed_out") from None
    except SlackApiError as error:
        raise api_refusal(error) from error
    except aiohttp.ClientConnectorError as error:
        raise SlackRefused("unreachable", transient=True, detail=type(error).__name__) from error
    except (aiohttp.ClientError, ValueError) as error:
        raise SlackRefused("broken_off", detail=type(error).__name__) from error
    except (AttributeError, TypeError) as error:
        # slack_sdk takes the body of any 200 for a JSON object; a proxy's text is not one.
        raise SlackRefused("not_slack", detail=str(error)) from error


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """The first 4096 bytes; ``read`` alone would stop at the end of the first packet."""
    try:
        return await content.readexactly(4096)
    except asyncio.IncompleteReadError as error:
        return error.partial
