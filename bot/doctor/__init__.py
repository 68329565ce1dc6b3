"""``schedtask-bot doctor``: is everything set up? Each finding says how to mend it.

Here: settings and COC. ``slack`` checks tokens, scopes, socket and clock, ``manifest`` the app's manifest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp

from bot import cloud, settings
from bot.cards.problem import problem_of
from bot.certificates import explain_certificate_error
from bot.doctor.finding import Finding, shown, skew_s
from bot.doctor.manifest import check_manifest
from bot.environment import CLOUD_SECRETS, SECRET_FILES
from bot.errors import CocError, Forbidden, InvalidRequest, StartError, TaskNotFound
from bot.operations.logs import HIDDEN
from bot.redact import Redactor
from bot.settings import Settings
from bot.timings import TIMINGS

__all__ = ["Finding", "examine"]

MAX_SKEW_S = 15 * 60
"""COC refuses signatures whose clock is further off than this."""
NO_TASK = "ST000000000000000000000000"
"""A well-formed id that no task has: the refusal tells a missing permission from a missing task."""


async def examine(environment: Mapping[str, str], manifest: Path | None = None) -> list[Finding]:
    """All findings, in the order in which to mend them. Shows no secret and changes nothing.

    ``manifest`` is a file to compare with the code: this project's, or one exported from Slack. Raises
    ConfigurationError for wrong settings: nothing else can be checked then.
    """
    configured = settings.read(environment)
    endpoint = cloud.coc_endpoint(configured)
    findings = [Finding(True, f"settings: {configured.transport} mode, COC at {endpoint}")]
    findings.append(Finding(True, f"settings: secrets: {', '.join(_secret_origins(environment))}"))
    findings += [Finding(True, f"settings: {warning}") for warning in settings.warnings(environment)]
    findings += [Finding(False, f"settings: {doubt}") for doubt in settings.doubts(configured)]
    if manifest is not None:
        findings += await asyncio.to_thread(check_manifest, manifest, configured)
    from bot.doctor.slack import check_slack  # noqa: PLC0415 - Slack's libraries take longer than all else here

    findings += await check_slack(configured)
    findings += await _check_coc(configured, endpoint)
    return findings


def _secret_origins(environment: Mapping[str, str]) -> list[str]:
    """Which secrets are set, and their origin; nothing of their values."""
    known = []
    for name in (*SECRET_FILES, *CLOUD_SECRETS):
        if environment.get(f"{name}_FILE", "").strip() and name in SECRET_FILES:
            known.append(f"{name} from a file")
        elif environment.get(name, "").strip():
            known.append(f"{name} set ({HIDDEN})")
        else:
            known.append(f"{name} not set")
    return known


async def _check_coc(configured: Settings, endpoint: str) -> list[Finding]:
    findings = [await _check_clock(endpoint)]
    try:
        credentials = await cloud.coc_credentials(configured)
    except StartError as error:
        return [*findings, Finding(False, f"COC: {error}")]
    findings.append(Finding(True, f"COC: credentials {credentials.describe()}"))
    coc = cloud.coc_client(configured, endpoint, credentials)
    calls: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
        ("coc:schedule:get", lambda: coc.task(NO_TASK)),
        ("coc:schedule:list", lambda: coc.summary(NO_TASK, None)),
        ("coc:schedule:getHistories", lambda: coc.runs(NO_TASK, 1)),
    )
    try:
        for permission, call in calls:
            finding, usable = await _check_permission(permission, call)
            findings.append(finding)
            if not usable:
                break  # a key that is refused five times is locked
    finally:
        await coc.aclose()
    return findings


async def _check_permission(permission: str, call: Callable[[], Awaitable[object]]) -> tuple[Finding, bool]:
    """Try a harmless call; the finding, and whether the next call is worth a try."""
    try:
        await call()
    except (TaskNotFound, InvalidRequest):
        pass  # understood and allowed: there is no such task
    except Forbidden:
        needed = permission == "coc:schedule:get"
        what = "grant it" if needed else "the card works without it and says what it can't see; grant it for more"
        return Finding(not needed, f"COC: {permission} is not granted: {what}"), True
    except CocError as error:
        problem = problem_of(error, Redactor())
        return Finding(False, f"COC: {problem.plain()} ({shown(error.describe(), 500)})"), False
    return Finding(True, f"COC: {permission} is granted"), True


async def _check_clock(endpoint: str) -> Finding:
    """How far this clock is off from COC's, by the Date header of any answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMINGS.doctor_s)) as session,
            session.get(f"{endpoint}/", allow_redirects=False) as answer,
        ):
            date = answer.headers.get("Date")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        if (refused := explain_certificate_error(error)) is not None:
            return Finding(False, f"COC: {endpoint}: {refused}")
        why = shown(str(error) or type(error).__name__, 300)
        return Finding(False, f"COC: {endpoint} can't be reached ({why}): check the network and COC_ENDPOINT")
    skew = skew_s(date)
    if skew is None:
        return Finding(True, f"COC: {endpoint} answers; it did not say what time it is")
    if abs(skew) > MAX_SKEW_S:
        return Finding(False, f"COC: this clock is {skew:.0f} s off; signatures fail beyond {MAX_SKEW_S} s: set it")
    return Finding(True, f"COC: {endpoint} answers; this clock is {abs(skew):.0f} s off")
