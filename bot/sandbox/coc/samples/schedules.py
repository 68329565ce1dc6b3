"""Sample tasks whose next run is hard to compute: clock changes, invalid expressions, unknown values."""

from typing import Any

from bot.sandbox.coc.samples.parts import Json, SampleTask, cron_trigger, instance, one_step, sample, sample_id, task
from bot.sandbox.coc.samples.times import close_time

CLOCKS = sample_id("33J1")
UNIX_CRON = sample_id("34K2")
ESCALATED = sample_id("35L3")


def schedule_tasks(now_ms: int) -> list[SampleTask]:
    """This module's tasks for a sandbox that starts at ``now_ms``."""

    def scheduled(task_id: str, name: str, note: str, trigger: Json, **more: Any) -> SampleTask:
        detail = task(
            task_id,
            name,
            steps=one_step(task_id, instance("tick-1", "10.90.0.1")),
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
            cron_trigger("30 2 * * 1-5", close_time(now_ms)),
        ),
        scheduled(
            ESCALATED,
            "word-of-approval",
            "An approval status that no document names",
            cron_trigger("0 30 2 * * ?", close_time(now_ms)),
            enable_approve=True,
            approve_status="ESCALATED",
            reviewer_user_name="ops-bob",
        ),
    ]
