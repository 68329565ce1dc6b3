"""Sample tasks that a tolerant client must survive: huge, hostile, broken or nearly empty, or full of secrets."""

from bot.sandbox.coc.samples.parts import (
    DETAIL_FIELDS,
    LISTING_FIELDS,
    Json,
    SampleTask,
    batch,
    cron_trigger,
    daily_runs,
    dumps,
    instance,
    one_step,
    periodic_trigger,
    plan,
    run,
    sample,
    sample_id,
    script_input,
    script_params,
    step,
    task,
)
from bot.sandbox.coc.samples.times import DAY, HOUR, close_time

ABUSE = sample_id("07G7")
HUGE = sample_id("14P1")
HOSTILE = sample_id("15Q1")
SECRETS = sample_id("16R1")
BROKEN_TARGETS = sample_id("17S1")
BROKEN_PLAN = sample_id("18T1")
CHINESE = sample_id("19U1")
YEAR_CRON = sample_id("20V1")
UNKNOWN_ZONE = sample_id("21W1")
ALL_NULL = sample_id("22X1")
ONLY_ID = sample_id("23Y1")
NEVER_DUE = sample_id("24Z1")

MAX_INSTANCES = 999
"""The vendor's limit of target instances per task."""

_EVERY_NIGHT = "0 0 1 * * ?"


def awkward_tasks(now_ms: int) -> list[SampleTask]:
    """This module's tasks for a sandbox that starts at ``now_ms``."""
    return [
        _huge(now_ms),
        _chinese(now_ms),
        _year_cron(now_ms),
        _never_due(now_ms),
        _unknown_zone(now_ms),
        _secrets(now_ms),
        _hostile(now_ms),
        _broken_targets(now_ms),
        _broken_plan(now_ms),
        _abuse(now_ms),
        _all_null(),
        SampleTask(ONLY_ID, "", "Nothing but an id, and not in the list", {"id": ONLY_ID}),
    ]


def _huge(now_ms: int) -> SampleTask:
    regions = ("cn-north-4", "cn-east-3", "cn-south-1", "ap-southeast-3")
    machines = [
        instance(
            f"node-{n:04d}",
            f"10.{100 + n // 250}.{n // 50 % 5}.{n % 50 + 10}",
            region=regions[n % 4],
            state={0: "OFFLINE", 1: None, 2: "FAILED"}.get(n % 97, "ONLINE"),
        )
        for n in range(1, MAX_INSTANCES + 1)
    ]
    third = MAX_INSTANCES // 3
    batches = plan(
        batch(1, machines[:third], rotation="PAUSE"),
        batch(2, machines[third : 2 * third], rotation="PAUSE"),
        batch(3, machines[2 * third :]),
        policy="automatic",
        rotation="FIRST_PAUSE",
    )
    detail = task(
        HUGE,
        "fleet-wide-kernel-check",
        steps=[step(HUGE, 0, target_instances=batches, batch_strategy="AUTO_BATCH")],
        trigger=cron_trigger("0 0 5 ? * 7#1", close_time(now_ms)),
        risk_level="HIGH",
    )
    note = "999 machines, the most a task may have, in 3 batches and 4 regions; first Saturday of the month"
    return sample(detail, note, now_ms=now_ms, runs=daily_runs(HUGE, now_ms, 9, "05:00", weekdays="7", took=1800))


def _chinese(now_ms: int) -> SampleTask:
    machines = [instance(f"生产-网关-{n:02d}", f"172.16.3.{n}", region="cn-south-1") for n in range(1, 7)]
    detail = task(
        CHINESE,
        "每晚清理_生产网关日志",
        steps=one_step(CHINESE, *machines),
        trigger=periodic_trigger("23:45:00", "1,2,3,4,5,6,7", close_time(now_ms)),
        associated_task_name="清理日志脚本（生产环境）",
        associated_task_name_en="Clean-up of logs (production)",
        risk_level="MEDIUM",
        input_param=script_input(("保留天数", "三十"), ("说明", "只清理网关日志，不要动数据库")),
        enable_approve=True,
        approve_comments="同意，注意避开双十一",
        reviewer_user_name="李雷",
        created_user_name="韩梅梅",
    )
    runs = daily_runs(CHINESE, now_ms, 30, "23:45")
    return sample(detail, "Chinese everywhere: name, script, parameters, machines, people", now_ms=now_ms, runs=runs)


def _year_cron(now_ms: int) -> SampleTask:
    detail = task(
        YEAR_CRON,
        "licence-renewal",
        steps=one_step(YEAR_CRON, instance("licence-1", "10.70.0.1")),
        trigger=cron_trigger("0 0 12 1 1 ? 2026-2040/2", close_time(now_ms) + 1500 * DAY),
    )
    return sample(
        detail, "Cron of seven fields, with a year: noon on New Year's Day, every second year", now_ms=now_ms
    )


def _never_due(now_ms: int) -> SampleTask:
    detail = task(
        NEVER_DUE,
        "thirtieth-of-february",
        steps=one_step(NEVER_DUE, instance("never-1", "10.70.0.1")),
        trigger=cron_trigger("0 0 0 30 2 ?", close_time(now_ms)),
    )
    return sample(detail, "A cron expression that never comes due", now_ms=now_ms)


def _unknown_zone(now_ms: int) -> SampleTask:
    detail = task(
        UNKNOWN_ZONE,
        "canal-sensors",
        steps=one_step(UNKNOWN_ZONE, instance("sensor-1", "10.70.0.1")),
        trigger=cron_trigger(_EVERY_NIGHT, close_time(now_ms), time_zone="Mars/Olympus_Mons"),
    )
    return sample(detail, "A time zone that nobody knows: when it runs cannot be told", now_ms=now_ms)


def _secrets(now_ms: int) -> SampleTask:
    jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGI"
    parameters = script_params(
        ("password", "hunter2"),
        ("connection", "postgres://app:hunter2@10.0.0.5:5432/shop"),
        ("options", "--host db-1 --password=hunter2 -v"),
        ("callback", "https://hooks.example.com/t?token=hunter2"),
        ("who", "AKIAIOSFODNN7EXAMPLE"),
        ("header", f"Authorization: Bearer {jwt}"),
        ("blob", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("pem", "-----BEGIN PRIVATE KEY-----\nc2FuZGJveA==\n-----END PRIVATE KEY-----"),
    )
    reference = {"refer_type": "PARAM_STORE", "param_id": "db-password", "param_version": "v3"}
    parameters += [
        {"param_name": "from_store", "param_value": "", "param_order": 9, "param_refer": reference},
        {"paramName": "retention_days", "paramValue": "30", "paramOrder": 10},
    ]
    detail = task(
        SECRETS,
        "rotate-db-password",
        steps=one_step(SECRETS, instance("db-01", "10.70.0.1")),
        trigger=cron_trigger(_EVERY_NIGHT, close_time(now_ms)),
        risk_level="HIGH",
        input_param=dumps(
            {"success_rate": "100", "timeout": "60", "execute_user": "root", "script_params": dumps(parameters)}
        ),
    )
    return sample(detail, "Secrets in its parameters: none of them may be shown", now_ms=now_ms)


def _hostile(now_ms: int) -> SampleTask:
    name = "<!channel> *bold* `x` <script>alert(1)</script>"
    bidi = "\u202etxt.exe\u202c \u2066approved\u2069 \u200f\u061c"
    hidden = "zero\u200bwidth\ufeff\u2060joined\u200d \x07bell\x00nul \ud83d"
    machines = [
        instance("<!here> & <@U0BOT>", "<http://evil.example|10.0.0.1>"),
        instance("`rm -rf /` ```code```", "10.0.0.2'; DROP TABLE hosts;--"),
        instance(bidi, hidden),
        instance("h" * 3000, "10.0.0.4"),
        instance("=cmd|'/c calc'!A1", "+1+1"),
        instance('"><img src=x onerror=alert(1)>', "%3Cscript%3E"),
    ]
    detail = task(
        HOSTILE,
        name,
        steps=one_step(HOSTILE, *machines),
        trigger=cron_trigger(_EVERY_NIGHT, close_time(now_ms)),
        associated_task_name="*not bold* _nor italic_ ~nor struck~ " + "very-long-name-" * 200,
        associated_task_name_en="&lt;already&gt; &amp;escaped;",
        version_no="1.0|<https://evil.example|click>",
        risk_level="<!everyone>",
        input_param=script_input(
            ("<!channel>", "`x`\n> quote\n```"), ("param\u202e", "a\r\n\tb" + "long " * 2000), user="<@U0BOT>"
        ),
        enable_approve=True,
        approve_status="REJECTED",
        approve_comments=f"see <http://evil|click> {bidi} {hidden} `tick` ```fence``` @channel " + "x" * 5000,
        reviewer_user_name="<!subteam^S0ADMINS|admins>",
        created_user_name="ops\u202e-alice",
    )
    runs = [
        run(HOSTILE, 1, now_ms - 5 * HOUR, took=3, status="<b>", message="<!channel> exit 1 `whoami` \x1b[31mred")
    ]
    return sample(
        detail,
        "Hostile text everywhere: mentions, markup, links, bidi overrides, control characters",
        now_ms=now_ms,
        runs=runs,
    )


def _broken_targets(now_ms: int) -> SampleTask:
    detail = task(
        BROKEN_TARGETS,
        "broken-at-level-1",
        steps=[],
        trigger=cron_trigger(_EVERY_NIGHT, close_time(now_ms)),
        target_instances='[{"id":"TI1","target_selection":"MANUAL","target_instances":"{\\"batches\\":[',
        input_param='{"timeout":"300","execute_user":"root","script_params":"[{\\"paramName\\":\\"a\\"',
    )
    return sample(detail, "Broken JSON at level 1: targets and parameters end in the middle", now_ms=now_ms)


def _broken_plan(now_ms: int) -> SampleTask:
    good = plan(batch(1, [instance("good-1", "10.80.0.1")]))
    detail = task(
        BROKEN_PLAN,
        "broken-at-level-2",
        steps=[
            step(BROKEN_PLAN, 1, row=1, target_instances=good),
            step(BROKEN_PLAN, 2, row=2, target_instances=good[: len(good) // 2]),
        ],
        trigger=cron_trigger(_EVERY_NIGHT, close_time(now_ms)),
        task_type="RUNBOOK",
        runbook_instance_mode="DIFF",
        input_param=dumps({"timeout": "300", "execute_user": "root", "script_params": '[{"paramName":"path",'}),
    )
    return sample(detail, "Broken JSON at level 2: step 1 is whole, the plan of step 2 is cut off", now_ms=now_ms)


def _abuse(now_ms: int) -> SampleTask:
    detail: Json = {
        "id": ABUSE,
        "name": "定时_任务-7",
        "task_type": {"name": "SCRIPT"},
        "approve_status": {"value": "PASSED"},
        "risk_level": "CRITICAL",
        "input_param": "not json",
        "target_instances": dumps(
            [{"id": None, "target_selection": "BY_TAG", "target_instances": "{broken", "order_no": "0"}]
        ),
        "enable_approve": None,
        "trigger_time": {"policy": "WEEKLY", "time_zone": "", "single_scheduled_time": "1767576600000"},
        "message_notification": {},
        "brand_new_field": {"x": 1},
    }
    note = "Words nobody documented, objects for strings, strings for numbers, an unknown field"
    return sample(detail, note, now_ms=now_ms)


def _all_null() -> SampleTask:
    detail: Json = {**dict.fromkeys(DETAIL_FIELDS), "id": ALL_NULL}
    row: Json = {**dict.fromkeys(LISTING_FIELDS), "id": ALL_NULL}
    return SampleTask(ALL_NULL, "", "Every field null, in the list too", detail, row)
