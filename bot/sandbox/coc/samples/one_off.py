"""Sample tasks that run once and whose time has passed, with each possible outcome."""

from typing import Any

from bot.sandbox.coc.samples.parts import (
    Json,
    SampleTask,
    instance,
    once_trigger,
    one_step,
    run,
    sample,
    sample_id,
    task,
)
from bot.sandbox.coc.samples.times import DAY, HOUR, MINUTE

FINISHED = sample_id("25A2")
FAILED_ONCE = sample_id("26B3")
RUNNING_ONCE = sample_id("27C4")
PAUSED_ONCE = sample_id("28D5")
MISSED = sample_id("29E6")
MOVED = sample_id("30F7")
TOO_LATE = sample_id("31G8")
DUE_NOW = sample_id("32H9")


def one_off_tasks(now_ms: int) -> list[SampleTask]:
    """This module's tasks for a sandbox that starts at ``now_ms``."""
    at, now = now_ms // MINUTE * MINUTE - 2 * HOUR, now_ms - 3 * MINUTE
    failed = "Success rate 0% is below 100%: app-01: connection refused"

    def once(task_id: str, name: str, note: str, runs: list[Json], *, when: int = at, **more: Any) -> SampleTask:
        machines = [instance(f"app-{n:02d}", f"10.70.0.{n}") for n in range(1, 4)]
        detail = task(
            task_id,
            name,
            steps=one_step(task_id, *machines),
            trigger=once_trigger(when),
            risk_level="MEDIUM",
            **more,
        )
        return sample(detail, note, now_ms=now_ms, runs=runs, age_days=2)

    return [
        once(
            FINISHED,
            "release-checkout",
            "It ran once, two hours ago, and finished",
            [run(FINISHED, 1, at, took=95)],
        ),
        once(
            FAILED_ONCE,
            "release-basket",
            "It ran once, two hours ago, and failed",
            [run(FAILED_ONCE, 1, at, took=12, status="ABNORMAL", message=failed)],
        ),
        once(
            RUNNING_ONCE,
            "release-search",
            "It runs once, and that is now",
            [run(RUNNING_ONCE, 1, now, took=None, status="PROCESSING")],
            when=now,
        ),
        once(
            PAUSED_ONCE,
            "release-payments",
            "It began two hours ago and waits for a person between two batches",
            [run(PAUSED_ONCE, 1, at, took=None, status="PAUSED")],
        ),
        once(MISSED, "release-mail", "Its time passed two hours ago, and it did not run", []),
        once(
            MOVED,
            "release-again",
            "It ran yesterday; moved to two hours ago, it did not run again",
            [run(MOVED, 1, at - DAY, took=80)],
        ),
        once(
            TOO_LATE,
            "release-unapproved",
            "Its time passed before ops-bob approved it",
            [],
            enable_approve=True,
            approve_status="PENDING",
            reviewer_user_name="ops-bob",
        ),
        once(
            DUE_NOW,
            "release-now",
            "Due a minute after the sandbox's start: ask again and again",
            [],
            when=now_ms + MINUTE,
        ),
    ]
