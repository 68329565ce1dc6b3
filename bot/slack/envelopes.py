"""Recognizes a Socket Mode envelope that Slack delivers twice: it is one request.

Slack never sends a command or a click again under a new id, so the envelope's id is enough. Each process remembers
only the envelopes that it received.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from slack_bolt.response import BoltResponse

MAX_ENVELOPES = 5_000
"""More than Slack sends one process in a minute."""
MAX_CHARACTERS = 4_000_000
"""In all responses together; the response to a search carries a view of up to 250 KB."""


class Envelopes:
    """The responses to the latest envelopes. A copy gets the same response, and its request is not handled again."""

    def __init__(self, most: int = MAX_ENVELOPES, most_characters: int = MAX_CHARACTERS) -> None:
        self._most, self._most_characters = most, most_characters
        self._responses: OrderedDict[str, asyncio.Future[BoltResponse]] = OrderedDict()
        self._characters = 0

    def __len__(self) -> int:
        return len(self._responses)

    async def response(self, envelope_id: str, make: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        """What ``make`` returns. A copy gets what ``make`` returned, or will return, for the first delivery."""
        while (first := self._responses.get(envelope_id)) is not None:
            await asyncio.wait({first})
            if not first.cancelled():
                return first.result()
        mine = self._responses[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            response = await make()
        except BaseException:
            mine.cancel()
            if self._responses.get(envelope_id) is mine:
                del self._responses[envelope_id]
            raise
        mine.set_result(response)
        if self._responses.get(envelope_id) is not mine:
            return response  # evicted meanwhile
        self._characters += len(response.body)
        while len(self) > self._most or self._characters > self._most_characters:
            _, oldest = self._responses.popitem(last=False)
            self._characters -= len(oldest.result().body) if oldest.done() else 0
        return response
