"""The page's switches of the local Slack: the condition of the service, and the scopes of the bot's token."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.sandbox.slack.faults import Condition, Service
from bot.sandbox.switches import NORMAL, Choice, Switch

RECONNECT_SECONDS = 5.0

_CHOICES = (
    Choice(NORMAL, "well", "Nothing is broken."),
    Choice("limited", "rate limited", "Each call is refused first: 429 with Retry-After: 1."),
    Choice("late", "slow", "Each call of the bot takes 2 s longer."),
    Choice("failing", "failing", "Each call of the bot gets a 503. Nothing can be answered; the bot's log says so."),
    Choice("reconnecting", "reconnecting", "The bot is sent away every 5 s, as Slack does every few hours."),
    Choice("unreachable", "unreachable", "The bot is cut off; Slack says dispatch_failed."),
)
_SCOPE_CHOICES = (
    Choice(NORMAL, "granted", "The bot has files:write and im:write."),
    Choice("withheld", "not granted", "Slack answers missing_scope: no files:write, no im:write."),
)
_CONDITIONS: dict[str, Condition] = {"limited": "limited", "late": "late", "failing": "failing"}


class ServiceSwitch:
    """The switch of the service's condition; ``stop`` ends what it has started."""

    def __init__(
        self,
        service: Service,
        disconnect: Callable[[], Awaitable[None]],
        cut_off: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._service = service
        self._disconnect = disconnect
        self._cut_off = cut_off
        self._reconnecting: asyncio.Task[None] | None = None
        self.switch = Switch("slack", "Slack is", _CHOICES, self._apply)

    async def stop(self) -> None:
        """End the periodic disconnects."""
        reconnecting, self._reconnecting = self._reconnecting, None
        if reconnecting is not None:
            reconnecting.cancel()
            await asyncio.gather(reconnecting, return_exceptions=True)

    async def _apply(self, value: str) -> None:
        await self.stop()
        self._service.condition = _CONDITIONS.get(value, "well")
        await self._cut_off(value == "unreachable")
        if value == "reconnecting":
            self._reconnecting = asyncio.create_task(self._keep_disconnecting())

    async def _keep_disconnecting(self) -> None:
        while True:
            await self._disconnect()
            await asyncio.sleep(RECONNECT_SECONDS)


def scope_switch(grant: Callable[[bool], None]) -> Switch:
    """Whether the bot's token has the scopes that only files need; `grant` grants or withholds them."""

    async def apply(value: str) -> None:
        grant(value == NORMAL)

    return Switch("scopes", "Optional scopes are", _SCOPE_CHOICES, apply)
