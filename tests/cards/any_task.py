"""Hypothesis strategies for any task that COC, or an enemy behind it, could send."""

import json
from typing import Any

from hypothesis import strategies as st

from bot.task.snapshot import Missing, Snapshot
from tests.cards.snapshots import TASK_ID, Json, snapshot

HOSTILE = (
    "<!channel> <!here|here> <!subteam^S1|s>",
    "<@U0EVIL> <#C0EVIL>",
    "<https://evil.example|click>",
    "<!date^0^BOLD|x>",
    "*BOLD* _ITALIC_ ~STRUCK~ `CODE` ```FENCED``` :EMOJI:",
    "*BOLD*",
    "_ITALIC_",
    ":EMOJI:",
    "&lt;!channel&gt; &amp;",
    "> quoted\n> twice",
    "\u202egnp.exe\u202c\u2066x\u2069\u200f",
    "\x00\x07\x1b[31mred",
    "zero\u200bwidth\ufeff",
    "a\r\nb\tc\u2028d",
    "{task} {permission} {0} %s {",
    "&" * 3000,
    "<" * 700,
    "`" * 700,
    "*" * 700,
    "_ " * 400,
    ":a" * 400 + ":",
    "中文主机名" * 600,
    "👩‍👩‍👧‍👦" * 300,
    "e" + "\u0301" * 300,
    "h" * 255,
    "x" * 40_000,
    "\u200b" * 12_000 + "end",
    "\ud800 lone",
    "ONLINE",
    "   ",
    "",
)


def texts() -> st.SearchStrategy[str]:
    """Words of other people: ordinary, hostile, huge."""
    return st.sampled_from(HOSTILE) | st.text(max_size=40)


def _deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": [value]} if levels % 2 else [value]
    return value


def anything() -> st.SearchStrategy[Any]:
    """Any JSON value, with numbers and depths that no sane service sends."""
    numbers = st.integers() | st.sampled_from((0, -1, 10**18, 10**300, -(10**300), 253402300799000, -62135596800000))
    leaves = st.none() | st.booleans() | numbers | st.floats(allow_nan=False) | texts()
    nested = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(), inner, max_size=4), max_leaves=8
    )
    return nested | st.sampled_from((200, 301, 600)).map(_deep) | nested.map(json.dumps)


def _objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Objects with some of these keys, each as documented more often than not."""
    return st.fixed_dictionaries({}, optional={key: known | texts() | anything() for key, known in fields.items()})


def _words(*words: str) -> st.SearchStrategy[Any]:
    return st.sampled_from(words) | st.sampled_from(words).map(lambda word: {"value": word})


_TIMES = st.integers(1_700_000_000_000, 1_900_000_000_000)
_FLAGS = st.booleans() | st.sampled_from(("true", "false"))
_NOTIFICATION = _objects(
    policy=_words("START_EXECUTION,EXECUTION_FAILED", "EXECUTION_SUCCEEDED"),
    notification_endpoint_type=_words("USER", "ON_CALL"),
    recipients=_words("a,b,c"),
    protocol=_words("SMS", "DingTalk", "NONE"),
)
_TRIGGER = _objects(
    time_zone=_words("Asia/Shanghai", "Europe/Paris", "Mars/Olympus", "../../etc/passwd"),
    policy=_words("ONCE", "PERIODIC", "CRON", "WEEKLY"),
    single_scheduled_time=_TIMES,
    periodic_scheduled_time=_words("17:30:00", "02:30", "99:99"),
    period=_words("1,2,4,5", "7", "0,8"),
    cron=_words("0 15 10 ? * 2-6", "0 0 3 L * ?", "0 0 5 ? * 7#1", "* *", "0 0 0 30 2 ?"),
    scheduled_close_time=_TIMES,
)
_MACHINE = _objects(
    resourceId=st.uuids().map(str),
    regionId=_words("cn-north-4", "cn-east-3"),
    agentStatus=_words("ONLINE", "OFFLINE", "FAILED", "INSTALLING", "UNINSTALLED", ""),
    properties=_objects(hostName=_words("web-01"), fixedIp=_words("10.0.0.1"), zoneId=_words("cn-north-4a")),
)
_BATCH = _objects(
    batchIndex=st.integers(1, 9) | st.just(10**300),
    rotationStrategy=_words("CONTINUE", "PAUSE"),
    targetInstances=st.lists(_MACHINE, max_size=6),
    cmdbInstances=st.lists(_MACHINE, max_size=3),
)
_PLAN = _objects(batches=st.lists(_BATCH, max_size=4), policy=_words("none"))
_RESOURCE = _objects(
    type=_words("REGION", "APPLICATION"),
    id=_words("cn-north-4"),
    app_name=_words("shop.web"),
    region_id=_words("cn-north-4"),
    params=st.lists(_objects(key=_words("agent_state", "password"), value=_words("ONLINE")), max_size=7),
)
_LEAF_STEP = _objects(
    target_selection=_words("MANUAL", "ALL", "NONE"),
    order_no=st.integers(0, 5),
    target_instances=_PLAN | _PLAN.map(json.dumps) | _PLAN.map(json.dumps).map(lambda text: text[:-7]),
    target_resource=_RESOURCE,
)
_STEP = st.tuples(_LEAF_STEP, st.lists(_LEAF_STEP, max_size=3)).map(
    lambda pair: {**pair[0], **({"sub_target_instances": pair[1]} if pair[1] else {})}
)
_TARGETS = st.lists(_STEP, max_size=6)
_PARAMETERS = _objects(
    execute_user=_words("root"),
    timeout=_words("300"),
    success_rate=_words("90.5"),
    script_params=st.lists(_objects(paramName=_words("path"), paramValue=_words("/tmp")), max_size=3).map(json.dumps),
)


def details() -> st.SearchStrategy[Json]:
    """Any detail body: the 23 documented keys as documented or not, and keys that no document names."""
    known = _objects(
        id=st.just(TASK_ID),
        enterprise_project_id=_words("0"),
        name=_words("nightly-logrotate"),
        agency_name=_words("ServiceAgencyForCOC"),
        trigger_time=_TRIGGER,
        version_no=_words("1.0.0"),
        task_type=_words("SCRIPT", "RUNBOOK"),
        associated_task_id=_words("SC1"),
        associated_task_name=_words("logrotate"),
        associated_task_name_en=_words("Log rotation"),
        associated_task_type=_words("CUSTOMIZATION", "COMMUNAL"),
        runbook_instance_mode=_words("SAME", "DIFF"),
        risk_level=_words("LOW", "MEDIUM", "HIGH"),
        input_param=_PARAMETERS | _PARAMETERS.map(json.dumps),
        enable_approve=_FLAGS,
        reviewer_notification=_NOTIFICATION,
        created_user_name=_words("ops-alice"),
        reviewer_user_name=_words("ops-bob"),
        approve_status=_words("PASSED", "PENDING", "REJECTED"),
        approve_comments=_words("ok"),
        target_instances=_TARGETS | _TARGETS.map(json.dumps),
        enable_message_notification=_FLAGS,
        message_notification=_NOTIFICATION,
    )
    unknown = st.dictionaries(st.sampled_from(HOSTILE) | st.just("brand_new"), anything(), max_size=7)
    return st.tuples(unknown, known).map(lambda pair: {**pair[0], **pair[1]})


def snapshots() -> st.SearchStrategy[Snapshot]:
    """Any snapshot that the look-up can produce."""
    missing = st.builds(
        Missing,
        st.sampled_from(("no permission", "timed out", "failed", "not listed")),
        permission=st.none() | texts(),
        request_id=st.none() | texts(),
    )
    statuses = _words("FINISHED", "ABNORMAL", "PROCESSING", "PAUSED", "CANCELED", "READY")
    summary = _objects(
        enabled=_FLAGS,
        last_execution_time=_TIMES,
        last_execution_status=statuses,
        execution_count=st.integers(0, 9999),
        created_by=_words("05c1"),
    )
    run = _objects(
        status=statuses,
        started_time=_TIMES,
        finished_time=_TIMES,
        execution_msg=_words("exit 1"),
        execution_id=_words("SCT1"),
        created_by=_words("05c1"),
        region=_words("cn-north-4", "cn-east-3"),
    )
    return st.builds(
        lambda detail, about, runs: snapshot(detail, summary=about, runs=runs),
        details(),
        missing | summary,
        missing | st.lists(run, max_size=3) | st.lists(run, min_size=18, max_size=30),
    )
