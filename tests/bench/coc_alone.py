"""How long the local COC itself takes to answer what a card needs: what nobody can be faster than."""

import asyncio
import time
from urllib.parse import urlsplit

import aiohttp
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from yarl import URL

from bot.sandbox.coc.samples.parts import ENTERPRISE_PROJECT
from bot.sandbox.coc.server import ACCESS_KEY, SECRET_KEY
from tests.bench.figures import median
from tests.bench.processes import task_id

TRIES = 15
_ROOT = "/v1/schedule/task"


async def alone_ms(coc_url: str) -> dict[int, float]:
    """Milliseconds by round trips: 1 is the detail, 2 is the detail and then listing and runs beside each other.

    The requests are signed beforehand; the connections are open.
    """
    trips: dict[int, list[float]] = {1: [], 2: []}
    async with aiohttp.ClientSession() as session:
        for number in range(TRIES + 1):
            chosen = task_id(number)
            detail = _signed(coc_url, f"{_ROOT}/{chosen}")
            listing = _signed(coc_url, _ROOT, task_id=chosen, limit="10", enterprise_project_id=ENTERPRISE_PROJECT)
            runs = _signed(coc_url, f"{_ROOT}/history", task_id=chosen, limit="20")
            began = time.perf_counter()
            await _get(session, detail)
            trips[1].append((time.perf_counter() - began) * 1000)
            await asyncio.gather(_get(session, listing), _get(session, runs))
            trips[2].append((time.perf_counter() - began) * 1000)
    return {count: median(times[1:]) for count, times in trips.items()}


def _signed(coc_url: str, path: str, **query: str) -> tuple[URL, dict[str, str]]:
    draft = SdkRequest(
        schema="http",
        host=urlsplit(coc_url).netloc,
        resource_path=path,
        query_params=list(query.items()),
        header_params={"X-Sdk-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())},
    )
    Signer(BasicCredentials(ACCESS_KEY, SECRET_KEY)).sign(draft)
    return URL(coc_url + draft.uri, encoded=True), draft.header_params


async def _get(session: aiohttp.ClientSession, request: tuple[URL, dict[str, str]]) -> None:
    url, headers = request
    async with session.get(url, headers=headers, raise_for_status=True) as answer:
        await answer.read()
