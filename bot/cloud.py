"""COC as the settings say: endpoint, credentials, client. For the bot, ``show`` and ``doctor``."""

import asyncio
import os
from collections.abc import Awaitable, Callable

from bot.coc.client import Call, CocClient, Deadlines
from bot.coc.credentials import CredentialSource, SignedAuth, open_credentials
from bot.coc.endpoints import endpoint_for
from bot.errors import CredentialsUnavailable, StartError
from bot.pacing import Pacer
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.settings import CloudSettings, ConfigurationError
from bot.timings import TIMINGS, CredentialTimings


def coc_endpoint(settings: CloudSettings) -> str:
    """COC's address. Raises ConfigurationError."""
    try:
        return endpoint_for(settings.coc_region, settings.coc_endpoint, os.environ)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


async def coc_credentials(
    settings: CloudSettings, timings: CredentialTimings = TIMINGS.credentials
) -> CredentialSource:
    """The cloud credentials, as the vendor's library finds them. Raises StartError."""
    try:
        return await open_credentials(settings.coc_credentials, timings=timings)
    except CredentialsUnavailable as error:
        why = Untrusted(error.detail, Redactor(settings.redact_words, settings.redact_allow)).shown(1_000)
        raise StartError(
            f"No cloud credentials ({why}): set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or "
            "another of the vendor's sources"
        ) from None


def coc_client(
    settings: CloudSettings,
    endpoint: str,
    credentials: CredentialSource,
    *,
    longest_call_s: float = float("inf"),
    retry_s: float = TIMINGS.lookup.retry_s,
    observe: Callable[[Call], None] = lambda _call: None,
    pacer: Pacer | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> CocClient:
    """A client with the operator's deadlines, each at most ``longest_call_s``."""
    return CocClient(
        endpoint=endpoint,
        auth=SignedAuth(credentials),
        deadlines=Deadlines(
            connect=settings.coc_connect_timeout,
            read=settings.coc_read_timeout,
            total=min(settings.coc_total_timeout, longest_call_s),
        ),
        retry_s=retry_s,
        observe=observe,
        pacer=pacer,
        sleep=sleep,
    )
