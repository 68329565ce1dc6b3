"""Slack does not say who may ask: each press ends in one answer all the same, in time, audited once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.timings import AccessTimings
from tests.faults.bench import CALM, SLACK_S, bench
from tests.faults.faults import FOR_GOOD, WITHIN_S, Json
from tests.faults.surfaces import SURFACES, Surface
from tests.faults.test_table import judge, judge_content, judge_error, pressed
from tests.slack.presses import NIGHTLY, post

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_certificates")]

RULES: dict[str, dict[str, Any]] = {
    "usergroups.users.list": {"ALLOW_USERGROUPS": "S0ONCALL"},
    "users.info": {"ALLOW_GUESTS": "false"},
}
"""By the question that they make the bot ask."""
WAIT_S, STALE_WAIT_S = 0.6, 0.1
DOUBTFUL = replace(CALM, access=AccessTimings(question_s=WAIT_S, wait_s=WAIT_S, stale_wait_s=STALE_WAIT_S))
HANGS: Json = {"delay": 3 * SLACK_S}
FAULTS: dict[str, Json] = {
    "missing_scope": {"error": "missing_scope"},
    "503": {"status": 503},
    "cut": {"status": 0},
    "hangs": HANGS,
}
CELLS = [
    pytest.param(
        *(method, refusal, surface),
        id=f"{method}-{fault}-{surface}",
        # Each fault behind each surface; the two questions take turns.
        marks=() if (number + place) % len(RULES) == question else pytest.mark.exhaustive,
    )
    for question, method in enumerate(RULES)
    for number, (fault, refusal) in enumerate(FAULTS.items())
    for place, surface in enumerate(SURFACES)
]


@pytest.mark.parametrize(("method", "refusal", "surface"), CELLS)
async def test_slack_does_not_say_who_may_ask(method: str, refusal: Json, surface: Surface, tmp_path: Path) -> None:
    """Nothing old is in hand: a no that says so. COC is not asked for somebody who may not be allowed to know."""
    async with bench(tmp_path, DOUBTFUL, **RULES[method]) as watched:
        watched.box.slack.scopes += ",users:read,usergroups:read"
        spot = await surface.prepare(watched.box, surface.channel)
        watched.passed_s = DOUBTFUL.access.stale_s
        watched.box.slack.refuse(method, times=FOR_GOOD, **refusal)
        await watched.mark()
        seen = await pressed(watched, surface, spot, WAIT_S + WITHIN_S)
    line = judge(watched, surface, seen)
    judge_error(watched, seen, line, "could not find out whether you may use it")
    assert line["outcome"] == "denied: unknown"
    assert not seen.asked


@pytest.mark.parametrize("surface", SURFACES, ids=str)
async def test_what_slack_said_before_stands_in(surface: Surface, tmp_path: Path) -> None:
    """Both questions hang: a member who was no guest a while ago has the answer after a short wait."""
    async with bench(tmp_path, DOUBTFUL, ALLOW_USERGROUPS="S0ONCALL", ALLOW_GUESTS="false") as watched:
        watched.box.slack.scopes += ",users:read,usergroups:read"
        spot = await surface.prepare(watched.box, surface.channel)
        await post(watched.box, NIGHTLY)
        watched.passed_s = DOUBTFUL.access.guest_s
        for method in RULES:
            watched.box.slack.refuse(method, times=FOR_GOOD, **HANGS)
        await watched.mark()
        seen = await pressed(watched, surface, spot, STALE_WAIT_S + WITHIN_S)
    judge_content(surface, seen, judge(watched, surface, seen))
