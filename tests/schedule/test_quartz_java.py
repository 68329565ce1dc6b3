"""Our fire times against the real Quartz's, around clock changes. Runs where Java and Quartz's jar are present.

Debian: ``apt install libquartz2-java default-jre-headless``; elsewhere name the jar in QUARTZ_JAR. As many
expressions as QUARTZ_EXPRESSIONS says, 100 if it says nothing, each in every zone.
"""

import os
import random
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.schedule.quartz import CronExpression
from bot.schedule.quartz_fields import InvalidCron
from tests.schedule.expressions import ZONES, broken, expression, instant

RUNS = 4
LAST_COMPARED_MS = int(datetime(2037, 1, 1, tzinfo=UTC).timestamp() * 1000)
JARS = (os.environ.get("QUARTZ_JAR", ""), "/usr/share/java/quartz2.jar", "/usr/share/java/quartz.jar")
JAR = next((jar for jar in JARS if jar and Path(jar).is_file()), None)
LOGGING = [str(path) for path in Path("/usr/share/java").glob("slf4j-api.jar")]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        JAR is None or shutil.which("java") is None,
        reason="no Java or no Quartz here to compare with (Debian: apt install libquartz2-java default-jre-headless)",
    ),
    pytest.mark.timeout(900),
]


def quartz(questions: list[tuple[str, str, datetime]]) -> list[str]:
    """What the real Quartz answers: times in ms, "none" at the end of them; or "invalid", or "endless"."""
    lines = "".join(f"{text}\t{zone}\t{int(at.timestamp()) * 1000}\t{RUNS}\n" for text, zone, at in questions)
    oracle = str(Path(__file__).with_name("QuartzOracle.java"))
    command = ["java", "-cp", os.pathsep.join([str(JAR), *LOGGING]), oracle]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stdout.splitlines()]


def ours(text: str, zone: str, after: datetime) -> str:
    """The answer of our own evaluator, in the same form."""
    try:
        found = CronExpression.parse(text)
    except InvalidCron:
        return "invalid"
    at, times = after, list[str]()
    for _ in range(RUNS):
        run = found.next_after(at, ZoneInfo(zone))
        if run is None:
            return " ".join([*times, "none"])
        times.append(str(int(run.timestamp() * 1000)))
        at = run
    return " ".join(times)


def known(answer: str) -> list[str]:
    """The times that both can tell: Java's time zones end in 2037, and Quartz looks 100 years ahead of today.

    "none" and "invalid" both mean no time: a year that is too far away is the one or the other.
    """
    return [time for time in answer.split() if time.isdigit() and int(time) < LAST_COMPARED_MS]


def different(questions: list[tuple[str, str, datetime]]) -> list[str]:
    """The questions with different answers, and both answers."""
    return [
        f"{text} in {zone} after {at.isoformat()}\n  Quartz {theirs}\n  ours   {mine}"
        for (text, zone, at), theirs in zip(questions, quartz(questions), strict=True)
        # Where Quartz itself never ends there is nothing to agree with; ours has ended, or this would not be reached.
        if theirs != "endless" and known(mine := ours(text, zone, at)) != known(theirs)
    ]


def test_fire_times_equal_those_of_quartz() -> None:
    """For random valid expressions in every zone, mostly within hours of a clock change."""
    draw = random.Random(20261125)
    count = int(os.environ.get("QUARTZ_EXPRESSIONS", "100"))
    questions = [
        (text, zone, instant(draw, zone)) for text in (expression(draw) for _ in range(count)) for zone in ZONES
    ]
    found = different(questions)
    assert not found, f"{len(found)} of {len(questions)}:\n" + "\n".join(found[:10])


def test_expressions_that_quartz_refuses_are_refused() -> None:
    """Expressions with a typing error: both refuse them, or both find the same times."""
    draw = random.Random(7)
    count = int(os.environ.get("QUARTZ_EXPRESSIONS", "100")) * 5
    questions = [(broken(draw), "America/New_York", instant(draw, "America/New_York")) for _ in range(count)]
    found = different(questions)
    assert not found, f"{len(found)} of {len(questions)}:\n" + "\n".join(found[:10])


def test_dates_that_never_come_have_no_fire_time() -> None:
    """Both agree."""
    after = datetime(2026, 5, 10, tzinfo=UTC)
    texts = ["0 0 0 30 2 ?", "0 0 0 29 2 ? 2100", "0 0 0 31 4,6,9,11 ?", "0 0 0 1 1 ? 2020", "0 0 0 ? 2 2#5 2027"]
    assert different([(text, "Asia/Shanghai", after) for text in texts]) == []
