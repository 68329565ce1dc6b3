"""Sample tasks whose next run is hard to tell: clock changes, expressions that are not valid, words nobody knows."""

from typing import Any

from bot.sandbox.coc.samples.parts import (
    Json,
    SampleTask,
    batch,
    close_time,
    instance,
    plan,
    sample,
    sample_id,
    step,
    task,
)

CLOCKS = sample_id("33J1")
UNIX_CRON = sample_id("34K2")
ESCALATED = sample_id("35L3")


def schedule_tasks(now_ms: int) -> list[SampleTask]:
    """The tasks of this module, alive at ``now_ms``."""

    def scheduled(task_id: str, name: str, note: str, trigger: Json, **more: Any) -> SampleTask:
        detail = task(
            task_id,
            name,
            steps=[step(task_id, 0, target_instances=plan(batch(1, [instance("tick-1", "10.90.0.1")])))],
            trigger=trigger,
            **more,
        )
        return sample(detail, note, now_ms=now_ms)

    return [
        scheduled(
            CLOCKS,
            "clock-change-check",
            "Due at 02:30 whenever Berlin's clock changes: skipped in March, the second 02:30 in October",
            {"time_zone": "Europe/Berlin", "policy": "CRON", "cron": "0 30 2 ? 3,10 1L"},
        ),
        scheduled(
            UNIX_CRON,
            "unix-cron",
            "A cron expression of five fields, which is not COC's dialect",
            {"policy": "CRON", "cron": "30 2 * * 1-5", "scheduled_close_time": close_time(now_ms)},
        ),
        scheduled(
            ESCALATED,
            "word-of-approval",
            "An approval status that no document names",
            {"policy": "CRON", "cron": "0 30 2 * * ?", "scheduled_close_time": close_time(now_ms)},
            enable_approve=True,
            approve_status="ESCALATED",
            reviewer_user_name="ops-bob",
        ),
    ]
