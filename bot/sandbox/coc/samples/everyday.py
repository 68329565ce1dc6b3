"""Ordinary sample tasks: one for each kind of schedule, approval and selection of targets."""

from bot.sandbox.coc.samples.parts import (
    AGENCY,
    DOMAIN,
    ENTERPRISE_PROJECT,
    PROJECT,
    USERS,
    SampleTask,
    batch,
    cron_trigger,
    daily_runs,
    dumps,
    instance,
    once_trigger,
    one_step,
    periodic_trigger,
    plan,
    sample,
    sample_id,
    script_input,
    step,
    task,
)
from bot.sandbox.coc.samples.times import DAY, close_time, shanghai_time

ONE_OFF = sample_id("01A1")
NIGHTLY = sample_id("02B2")
PARIS_SCAN = sample_id("03C3")
NO_TARGETS = sample_id("04D4")
DIFF_JOB = sample_id("05E5")
REJECTED = sample_id("06F6")


def everyday_tasks(now_ms: int) -> list[SampleTask]:
    """This module's tasks for a sandbox that starts at ``now_ms``."""
    return [
        _nightly(now_ms),
        _one_off(now_ms),
        _paris_scan(now_ms),
        _no_targets(now_ms),
        _diff_job(now_ms),
        _rejected(now_ms),
    ]


def _nightly(now_ms: int) -> SampleTask:
    north = [
        instance(
            f"web-{n:02d}",
            f"192.168.0.{10 + n}",
            zone=f"cn-north-4{'abc'[n % 3]}",
            state="OFFLINE" if n == 17 else "ONLINE",
        )
        for n in range(1, 31)
    ]
    east = [
        instance(
            f"api-{n:02d}",
            f"192.168.8.{10 + n}",
            region="cn-east-3",
            zone="cn-east-3a",
            state="OFFLINE" if n == 9 else "ONLINE",
        )
        for n in range(1, 13)
    ]
    batches = plan(
        batch(1, north[:2], rotation="PAUSE", cmdb=True),
        batch(2, north[2:22], cmdb=True),
        batch(3, north[22:] + east),
        policy="automatic",
        rotation="FIRST_PAUSE",
    )
    created = now_ms - 210 * DAY
    detail = task(
        NIGHTLY,
        "nightly-logrotate",
        steps=[step(NIGHTLY, 0, target_instances=batches, create_time=created, update_time=created)],
        trigger={
            "policy": "PERIODIC",
            "single_scheduled_time": None,
            "periodic_scheduled_time": "17:30:00",
            "period": "1,2,4,5",
            "cron": None,
            "scheduled_close_time": close_time(now_ms),
        },
        enterprise_project_id=ENTERPRISE_PROJECT,
        version_no="2.1.0",
        associated_task_name="logrotate",
        associated_task_name_en="",
        risk_level="HIGH",
        input_param=script_input(("path", "/var/log"), ("keep_days", "14"), ("secret", "****"), success_rate="90.5"),
        enable_approve=True,
        approve_comments="ok, first batch pauses so that we can look",
        reviewer_user_name="ops-bob",
        reviewer_notification={
            "notification_endpoint_type": "USER",
            "recipients": USERS["ops-bob"],
            "protocol": "EMAIL",
        },
        enable_message_notification=True,
        message_notification={
            "policy": "START_EXECUTION,EXECUTION_FAILED",
            "notification_endpoint_type": "ONCALL",
            "schedule_scene_id": "SCENE20260105",
            "schedule_role_id": "ROLE20260105",
            "recipients": None,
            "protocol": "DEFAULT",
        },
    )
    runs = daily_runs(NIGHTLY, now_ms, 118, "17:30", weekdays="1,2,4,5")
    note = "Start here: periodic, high risk, approved; 42 machines, 2 regions, 3 batches, 2 agents offline, 118 runs"
    return sample(detail, note, now_ms=now_ms, runs=runs, age_days=210)


def _one_off(now_ms: int) -> SampleTask:
    machine = instance("hcss-web-01", "", region="ap-southeast-3", provider="HCSS", kind="L-INSTANCE")
    detail = task(
        ONE_OFF,
        "clean-tmp_once",
        steps=one_step(ONE_OFF, machine),
        trigger=once_trigger(shanghai_time(now_ms, 1, "10:15")),
        associated_task_name="clean_tmp",
        input_param=script_input(("days", "7")),
    )
    del detail["agency_name"]
    return sample(detail, "Runs once, tomorrow at 10:15; needs no approval; one machine", now_ms=now_ms, age_days=1)


def _paris_scan(now_ms: int) -> SampleTask:
    region = {
        "type": "REGION",
        "id": "cn-north-4",
        "params": [{"key": "ep_id", "value": "0"}, {"key": "agent_state", "value": "ONLINE"}],
    }
    detail = task(
        PARIS_SCAN,
        "weekly-scan",
        steps=[step(PARIS_SCAN, 1, selection="ALL", target_resource=region, batch_strategy="AUTO_BATCH")],
        trigger=cron_trigger("0 15 10 ? * 2-6", close_time(now_ms), time_zone="Europe/Paris"),
        associated_task_name="公共脚本名",
        associated_task_name_en="HWC.ECS.SomePublicScript",
        associated_task_type="COMMUNAL",
        runbook_instance_mode=None,
        risk_level="MEDIUM",
        input_param=script_input(timeout=600, project=False),
    )
    runs = daily_runs(PARIS_SCAN, now_ms, 24, "17:15", weekdays="2,3,4,5,6", took=400)
    return sample(
        detail, "Cron on weekdays, Paris time; a public script on every machine of a region", now_ms=now_ms, runs=runs
    )


def _no_targets(now_ms: int) -> SampleTask:
    detail = task(
        NO_TARGETS,
        "list-servers-job",
        steps=[step(NO_TARGETS, 1, selection="NONE", batch_strategy="NONE")],
        trigger=cron_trigger("0 0 3 L * ?", close_time(now_ms)),
        task_type="RUNBOOK",
        associated_task_id="DOC2601050930000000000004D",
        associated_task_name="list-servers",
        input_param=dumps(
            {
                "global_param1": "global_value",
                "project_id": PROJECT,
                "domain_id": DOMAIN,
                "agency_urn": f"iam::{DOMAIN}:agency:{AGENCY}",
            }
        ),
        enable_message_notification=True,
        message_notification={
            "policy": "EXECUTION_FAILED",
            "notification_endpoint_type": "USER",
            "recipients": f"{USERS['ops-alice']},{USERS['ops-carol']}",
            "protocol": "DINGDING",
        },
    )
    return sample(detail, "A job without target instances, on the last day of each month", now_ms=now_ms)


def _diff_job(now_ms: int) -> SampleTask:
    def one(name: str, ip: str) -> str:
        return plan(batch(1, [instance(name, ip)]))

    database = instance("db-01", "192.168.1.1")
    detail = task(
        DIFF_JOB,
        "rolling-restart",
        steps=[
            step(DIFF_JOB, 1, row=1, target_instances=one("db-01", "192.168.1.1")),
            step(
                DIFF_JOB,
                2,
                row=2,
                sub_target_instances=[
                    step(DIFF_JOB, 1, row=3, target_instances=one("app-01", "192.168.1.3")),
                    step(DIFF_JOB, 2, row=4, target_instances=one("app-02", "192.168.1.4")),
                ],
            ),
            step(DIFF_JOB, 3, row=5, selection="NONE"),
        ],
        trigger=periodic_trigger("02:00:00", "7", close_time(now_ms)),
        version_no="3.0.0",
        task_type="RUNBOOK",
        associated_task_id="DOC2601050930000000000005E",
        associated_task_name="rolling-restart-job",
        runbook_instance_mode="DIFF",
        risk_level="HIGH",
        input_param=dumps(
            {
                "instance_list": dumps(
                    [
                        {
                            "name": "db-01",
                            "resource_id": database["resourceId"],
                            "region_id": "cn-north-4",
                            "provider": "ECS",
                            "type": "CLOUDSERVERS",
                        }
                    ]
                ),
                "project_id": PROJECT,
            }
        ),
        enable_approve=True,
        approve_status="PENDING",
        approve_comments=None,
        reviewer_user_name="ops-bob",
        reviewer_notification={
            "notification_endpoint_type": "ON_CALL",
            "schedule_scene_id": "SCENE20260105",
            "schedule_role_id": "ROLE20260105",
            "protocol": "DingTalk",
        },
    )
    return sample(
        detail,
        "A job with other machines in each step, one step nested; waits for ops-bob",
        now_ms=now_ms,
        age_days=2,
    )


def _rejected(now_ms: int) -> SampleTask:
    application = {
        "type": "APPLICATION",
        "id": "APP20260105",
        "app_name": "shop.web",
        "region_id": "cn-north-4",
        "params": [],
    }
    machines = [
        instance("bms-01", "10.0.0.1", provider="BMS", kind="SERVERS", state="INSTALLING"),
        instance("cce-node-1", "10.0.0.2", provider="CCE", kind="NODES", state="UNINSTALLED"),
    ]
    detail = task(
        REJECTED,
        "app-patch-scan",
        steps=[
            step(
                REJECTED,
                1,
                selection="ALL",
                target_instances=plan(batch(1, machines), policy="automatic"),
                target_resource=application,
                batch_strategy="AUTO_BATCH",
            )
        ],
        trigger=once_trigger(shanghai_time(now_ms, 2, "09:20")),
        task_type="RUNBOOK",
        associated_task_id="HWC.Public.PatchScan",
        associated_task_name="操作系统补丁扫描",
        associated_task_name_en="OS patch scanning",
        associated_task_type="COMMUNAL",
        risk_level="HIGH",
        input_param="{}",
        enable_approve=True,
        approve_status="REJECTED",
        approve_comments="run it at the weekend",
        reviewer_user_name="ops-bob",
        created_user_name="ops-carol",
    )
    return sample(
        detail, "Rejected by ops-bob; a public job on every machine of an application", now_ms=now_ms, age_days=3
    )
