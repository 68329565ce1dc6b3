"""Socket Mode envelopes that have come already: Slack may deliver one twice, and means one request by it.

Slack never sends a command or a click again under a new id, so the envelope's id is enough. Each process remembers
its own.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from slack_bolt.response import BoltResponse

KEPT = 5_000
"""Envelopes: more than Slack sends one process in a minute."""
CHARACTERS = 4_000_000
"""In all responses together; that to a search carries a view of up to 250 KB."""


class Envelopes:
    """The responses to the latest envelopes. A copy gets the same response, and its request is not done again."""

    def __init__(self, kept: int = KEPT, characters: int = CHARACTERS) -> None:
        self._kept, self._most_characters = kept, characters
        self._responses: OrderedDict[str, asyncio.Future[BoltResponse]] = OrderedDict()
        self._characters = 0

    def __len__(self) -> int:
        return len(self._responses)

    async def response(self, envelope_id: str, make: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        """What ``make`` returns; for a copy what it returned, or is about to return, for the first one."""
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
            return response  # forgotten meanwhile
        self._characters += len(response.body)
        while len(self) > self._kept or self._characters > self._most_characters:
            _, oldest = self._responses.popitem(last=False)
            self._characters -= len(oldest.result().body) if oldest.done() else 0
        return response
