"""Sample tasks in each state between "waiting for approval" and "ended", and with each outcome of the last run."""

from typing import Any

from bot.sandbox.coc.samples.parts import (
    Json,
    SampleTask,
    batch,
    cron_trigger,
    daily_runs,
    instance,
    once_trigger,
    one_step,
    periodic_trigger,
    plan,
    run,
    sample,
    sample_id,
    script_input,
    step,
    task,
)
from bot.sandbox.coc.samples.times import DAY, HOUR, MINUTE, close_time, shanghai_time

WAITING = sample_id("09J9")
DISABLED = sample_id("10K1")
ENDED = sample_id("11L1")
RUNNING = sample_id("12M1")
FAILED = sample_id("13N1")
PAUSED = sample_id("37N5")
CANCELED = sample_id("38P6")
SUSPENDED = sample_id("39Q7")
READY = sample_id("40R8")
TIMED_OUT = sample_id("41S9")


def outcome_tasks(now_ms: int) -> list[SampleTask]:
    """This module's tasks for a sandbox that starts at ``now_ms``."""
    return [
        *(_waiting(now_ms), _disabled(now_ms), _ended(now_ms), _running(now_ms), _failed(now_ms)),
        *_last_runs(now_ms),
    ]


def _waiting(now_ms: int) -> SampleTask:
    machines = [instance(f"pay-{n:02d}", f"10.20.0.{n}", region="ap-southeast-3") for n in range(1, 5)]
    detail = task(
        WAITING,
        "rotate-certificates",
        steps=one_step(WAITING, *machines),
        trigger=once_trigger(now_ms // MINUTE * MINUTE + 3 * HOUR),
        risk_level="HIGH",
        input_param=script_input(("service", "payments"), ("grace_minutes", "10")),
        enable_approve=True,
        approve_status="PENDING",
        reviewer_user_name="ops-bob",
        created_user_name="ops-carol",
    )
    return sample(detail, "Due in three hours, but still to be approved by ops-bob", now_ms=now_ms, age_days=1)


def _disabled(now_ms: int) -> SampleTask:
    machines = [instance(f"batch-{n}", f"10.30.0.{n}") for n in range(1, 4)]
    detail = task(
        DISABLED,
        "nightly-report",
        steps=one_step(DISABLED, *machines),
        trigger=cron_trigger("0 30 2 * * ?", close_time(now_ms)),
    )
    runs = daily_runs(DISABLED, now_ms - 20 * DAY, 40, "02:30")
    return sample(
        detail, "Disabled: approved and due every night, but switched off", now_ms=now_ms, runs=runs, enabled=False
    )


def _ended(now_ms: int) -> SampleTask:
    detail = task(
        ENDED,
        "migration-check",
        steps=one_step(ENDED, instance("old-db-1", "10.40.0.1", state="UNINSTALLED")),
        trigger=periodic_trigger("08:00:00", "2,3,4,5,6", shanghai_time(now_ms, -12, "00:00")),
    )
    runs = daily_runs(ENDED, now_ms - 12 * DAY, 60, "08:00", weekdays="2,3,4,5,6")
    return sample(detail, "Ended: its close time passed twelve days ago", now_ms=now_ms, runs=runs)


def _running(now_ms: int) -> SampleTask:
    started = now_ms // MINUTE * MINUTE - 4 * MINUTE
    minute = started // MINUTE % 60
    machines = [instance(f"cache-{n:02d}", f"10.50.0.{n}") for n in range(1, 13)]
    detail = task(
        RUNNING,
        "cache-warmup",
        steps=[
            step(
                RUNNING, 0, target_instances=plan(batch(1, machines[:6]), batch(2, machines[6:]), policy="automatic")
            )
        ],
        trigger=cron_trigger(f"0 {minute} * * * ?", close_time(now_ms)),
        risk_level="MEDIUM",
    )
    earlier = [run(RUNNING, 41 - n, started - n * HOUR, took=540) for n in range(1, 41)]
    runs = [run(RUNNING, 41, started, took=None, status="PROCESSING"), *earlier]
    return sample(detail, "Running right now: its last run has not finished", now_ms=now_ms, runs=runs)


def _failed(now_ms: int) -> SampleTask:
    runs = daily_runs(FAILED, now_ms, 15, "04:00")
    runs[0].update(
        status="ABNORMAL", execution_msg="Success rate 75% is below 100%: backup-02: disk full (/backup 100%)"
    )
    machines = [
        instance(f"backup-{n:02d}", f"10.60.0.{n}", state="FAILED" if n == 2 else "ONLINE") for n in range(1, 5)
    ]
    detail = task(
        FAILED,
        "database-backup",
        steps=one_step(FAILED, *machines),
        trigger=cron_trigger("0 0 4 * * ?", close_time(now_ms)),
        risk_level="MEDIUM",
        input_param=script_input(("mode", "full"), user="backup", timeout=3600),
    )
    return sample(detail, "Its last run failed, and says why; runs again tonight", now_ms=now_ms, runs=runs)


def _last_runs(now_ms: int) -> list[SampleTask]:
    """Daily tasks whose last run neither succeeded nor failed; one of them waits for approval after a change."""

    def daily(task_id: str, name: str, note: str, status: str, *, ended: bool, **more: Any) -> SampleTask:
        runs = daily_runs(task_id, now_ms, 15, "05:00")
        runs[0]["status"] = status
        if not ended:
            del runs[0]["finished_time"]
        detail = task(
            task_id,
            name,
            steps=one_step(task_id, instance("edge-01", "10.61.0.1")),
            trigger=cron_trigger("0 0 5 * * ?", close_time(now_ms)),
            **more,
        )
        return sample(detail, note, now_ms=now_ms, runs=runs)

    pending: Json = {"enable_approve": True, "approve_status": "PENDING", "reviewer_user_name": "ops-bob"}
    return [
        daily(PAUSED, "rolling-reboot", "Its last run waits for a person between batches", "PAUSED", ended=False),
        daily(CANCELED, "index-rebuild", "Somebody canceled its last run", "CANCELED", ended=True),
        daily(SUSPENDED, "odd-outcome", "A run status that no document names", "Suspended", ended=False),
        daily(READY, "image-prune", "Its last run has not started yet", "READY", ended=False),
        daily(
            *(TIMED_OUT, "quota-report", "A job that timed out, changed since and waiting for approval", "Timeout"),
            ended=True,
            **pending,
        ),
    ]
