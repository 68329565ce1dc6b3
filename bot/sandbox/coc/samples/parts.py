"""The parts of sample tasks: instances, batches, plans, steps, triggers, parameters, listings and runs.

All have the shapes that COC sends, with JSON strings inside of JSON strings. Times are milliseconds since 1970 UTC.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bot.sandbox.coc.faults import AnswerFault
from bot.sandbox.coc.samples.times import DAY, HOUR, SECOND, SHANGHAI, shanghai_time

Json = dict[str, Any]

PROJECT = "0f3c9d1e5b7a4c2d8e6f1a2b3c4d5e6f"
DOMAIN = "7a1b2c3d4e5f60718293a4b5c6d7e8f9"
ENTERPRISE_PROJECT = "3f1c2a7e-5d84-4b9a-9c36-8e2f7a1d0b54"
AGENCY = "ServiceAgencyForCOC"
USERS = {"ops-alice": "05c1a7e2f3b84d6a9e10", "ops-bob": "06d2b8f3a4c95e7ba021", "ops-carol": "07e3c904b5da6f8cb132"}

DETAIL_FIELDS = (
    *("id", "enterprise_project_id", "name", "agency_name", "trigger_time", "version_no", "task_type"),
    *("associated_task_id", "associated_task_name", "associated_task_name_en", "associated_task_type"),
    *("runbook_instance_mode", "risk_level", "input_param", "enable_approve", "reviewer_notification"),
    *("created_user_name", "reviewer_user_name", "approve_status", "approve_comments", "target_instances"),
    *("enable_message_notification", "message_notification"),
)
"""The 23 fields of the detail call, in the order of its document."""
LISTING_FIELDS = (
    *("id", "enterprise_project_id", "name", "scheduled_type", "task_type", "associated_task_type", "risk_level"),
    *("created_by", "update_by", "created_user_name", "reviewer", "reviewer_user_name", "approve_status"),
    *("last_execution_time", "last_execution_status", "execution_count", "enabled", "created_time"),
    *("modified_time", "region_id", "associated_task_name", "associated_task_name_en"),
)
"""The 22 fields of a row of the list call, as its OpenAPI definition has them."""


@dataclass
class SampleTask:
    """A task of the local COC: what each of the three calls answers for it.

    ``note`` says in one line what the task shows. ``detail`` is the body of the detail call (bytes are sent
    verbatim), ``listing`` the row of the list call (None: not listed), ``runs`` the history, newest first. ``answer``
    is the fault of the detail call.
    """

    id: str
    name: str
    note: str
    detail: Json | bytes
    listing: Json | None = None
    runs: list[Json] = field(default_factory=list)
    answer: AnswerFault | None = None


def sample_id(suffix: str) -> str:
    """A valid task id, 26 characters long, with this four-character suffix."""
    return f"ST26010509300000000000{suffix}"


def dumps(value: object) -> str:
    """JSON as COC writes it inside of strings: compact, with non-ASCII characters unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def instance(
    name: str,
    ip: str,
    *,
    region: str = "cn-north-4",
    state: str | None = "ONLINE",
    provider: str = "ECS",
    kind: str = "CLOUDSERVERS",
    zone: str | None = None,
) -> Json:
    """One machine of a batch. Its resource id is derived from region and name."""
    properties = {"hostName": name, "fixedIp": ip, "regionId": region, "projectId": PROJECT}
    if zone is not None:
        properties["zoneId"] = zone
    return {
        "resourceId": str(uuid5(NAMESPACE_URL, f"{region}/{name}")),
        "regionId": region,
        "provider": provider,
        "type": kind,
        "agentSn": str(uuid5(NAMESPACE_URL, f"agent/{region}/{name}")),
        "agentStatus": state,
        "nodeId": "",
        "enterpriseProjectId": "0",
        "properties": properties,
    }


def cmdb_entry(machine: Json) -> Json:
    """The same machine as an entry of ``cmdbInstances``."""
    return {
        "resourceId": machine["resourceId"],
        "name": machine["properties"]["hostName"],
        "projectId": PROJECT,
        "regionId": machine["regionId"],
        "agentId": machine["agentSn"],
        "agentState": machine["agentStatus"],
        "provider": machine["provider"].lower(),
        "enterpriseProjectId": machine["enterpriseProjectId"],
        "type": machine["type"].lower(),
        "properties": {"status": "ACTIVE", "OsExtAz": machine["properties"].get("zoneId", "")},
    }


def batch(index: int, machines: Sequence[Json], *, rotation: str = "CONTINUE", cmdb: bool = False) -> Json:
    """A batch of machines; with ``cmdb``, each is repeated under ``cmdbInstances``."""
    entry: Json = {"batchIndex": index, "rotationStrategy": rotation, "targetInstances": list(machines)}
    if cmdb:
        entry["cmdbInstances"] = [cmdb_entry(machine) for machine in machines]
    return entry


def plan(*batches: Json, policy: str = "none", rotation: str = "ALL_CONTINUE") -> str:
    """The plan of one step: a JSON string, level 2 of ``target_instances``."""
    return dumps({"batches": list(batches), "policy": policy, "all_rotation": rotation})


def step(task_id: str, order: int, *, row: int = 1, selection: str = "MANUAL", **more: Any) -> Json:
    """One entry of level 1. ``more`` are optional fields: target_instances, target_resource, batch_strategy…"""
    return {
        "id": f"TI{task_id[2:24]}{row:02d}",
        "schedule_id": task_id,
        "target_selection": selection,
        "order_no": order,
        **more,
    }


def one_step(task_id: str, *machines: Json) -> list[Json]:
    """Level 1 of a task with one step, whose plan has one batch with these machines."""
    return [step(task_id, 0, target_instances=plan(batch(1, machines)))]


def once_trigger(at: int) -> Json:
    """``trigger_time`` of a task that runs once."""
    return {"policy": "ONCE", "single_scheduled_time": at}


def periodic_trigger(clock: str, weekdays: str, closes: int) -> Json:
    """``trigger_time`` of a task that runs at ``clock`` (``17:30:00``) on some weekdays (Sunday is 1)."""
    return {
        "policy": "PERIODIC",
        "periodic_scheduled_time": clock,
        "period": weekdays,
        "scheduled_close_time": closes,
    }


def cron_trigger(cron: str, closes: int, **more: Any) -> Json:
    """``trigger_time`` of a task that runs by a cron expression."""
    return {"policy": "CRON", "cron": cron, "scheduled_close_time": closes, **more}


def script_input(
    *params: tuple[str, str], user: str = "root", timeout: int = 300, success_rate: str = "100", project: bool = True
) -> str:
    """``input_param`` of a script: its execution settings, with its parameters as a nested JSON string."""
    settings = {"success_rate": success_rate, "timeout": str(timeout), "execute_user": user}
    if project:
        settings["project_id"] = PROJECT
    return dumps({**settings, "script_params": dumps(script_params(*params))})


def script_params(*params: tuple[str, str]) -> list[Json]:
    """The parameters of a script, by name and value."""
    return [
        {"paramName": name, "paramValue": value, "paramOrder": order} for order, (name, value) in enumerate(params, 1)
    ]


def task(task_id: str, name: str, *, steps: Iterable[Json], trigger: Json, **fields: Any) -> Json:
    """A detail body; unless ``fields`` say otherwise, an approved custom script with a low risk."""
    return {
        "id": task_id,
        "enterprise_project_id": "0",
        "name": name,
        "agency_name": AGENCY,
        "version_no": "1.0.0",
        "task_type": "SCRIPT",
        "associated_task_id": f"SC{task_id[2:]}",
        "associated_task_name": name,
        "associated_task_type": "CUSTOMIZATION",
        "runbook_instance_mode": "SAME",
        "risk_level": "LOW",
        "input_param": script_input(),
        "enable_approve": False,
        "approve_status": "PASSED",
        "created_user_name": "ops-alice",
        "target_instances": dumps(list(steps)),
        "enable_message_notification": False,
        "trigger_time": {"time_zone": "Asia/Shanghai", **trigger},
        **fields,
    }


def run(
    task_id: str, number: int, started: int, *, took: int | None, status: str = "FINISHED", message: str | None = None
) -> Json:
    """One row of the history; ``took`` is in seconds, None for a run that has not finished."""
    row: Json = {
        "id": f"SH{task_id[2:22]}{number:04d}",
        "task_type": "SCRIPT",
        "execution_id": f"SCT{task_id[2:20]}{number:04d}",
        "region": "cn-north-4",
        "created_by": USERS["ops-alice"],
        "started_time": started,
        "status": status,
    }
    if took is not None:
        row["finished_time"] = started + took * SECOND
    if message is not None:
        row["execution_msg"] = message
    return row


def daily_runs(
    task_id: str, now_ms: int, count: int, clock: str, *, weekdays: str = "1,2,3,4,5,6,7", took: int = 150
) -> list[Json]:
    """The last ``count`` runs of a schedule in Shanghai, newest first. COC counts weekdays from Sunday, which is 1.

    Each run takes ``took`` to ``took`` + 89 seconds. One in 29 is ABNORMAL, but not the newest.
    """
    runs: list[Json] = []
    days = 0
    while len(runs) < count:
        started = shanghai_time(now_ms, days, clock)
        days -= 1
        weekday = datetime.fromtimestamp(started / SECOND, SHANGHAI).isoweekday() % 7 + 1
        index = len(runs)
        seconds = took + index * 37 % 90
        if str(weekday) not in weekdays.split(",") or started + seconds * SECOND > now_ms:
            continue
        bad = index % 29 == 7
        runs.append(
            run(
                task_id,
                count - index,
                started,
                took=seconds,
                status="ABNORMAL" if bad else "FINISHED",
                message="2 of 42 instances failed: agent offline" if bad else None,
            )
        )
    return runs


def listing(
    detail: Json, *, created: int, runs: Sequence[Json] = (), enabled: bool = True, count: int | None = None
) -> Json:
    """The row of the list call for a detail body; the newest of ``runs`` is the last execution."""
    creator = str(detail.get("created_user_name") or "ops-alice")
    reviewer = detail.get("reviewer_user_name")
    last = max(runs, key=lambda row: int(row["started_time"]), default=None)
    return {
        "id": detail["id"],
        "enterprise_project_id": detail.get("enterprise_project_id") or "0",
        "name": detail.get("name"),
        "scheduled_type": (detail.get("trigger_time") or {}).get("policy"),
        "task_type": detail.get("task_type"),
        "associated_task_type": detail.get("associated_task_type"),
        "associated_task_name": detail.get("associated_task_name"),
        "associated_task_name_en": detail.get("associated_task_name_en"),
        "risk_level": detail.get("risk_level"),
        "created_by": USERS.get(creator, creator),
        "update_by": USERS.get(creator, creator),
        "created_user_name": creator,
        "reviewer": USERS.get(str(reviewer)),
        "reviewer_user_name": reviewer,
        "approve_status": detail.get("approve_status"),
        "last_execution_time": last["started_time"] if last else None,
        "last_execution_status": last["status"] if last else None,
        "execution_count": len(runs) if count is None else count,
        "enabled": enabled,
        "created_time": created,
        "modified_time": created + 2 * HOUR,
        "region_id": "cn-north-4",
    }


def sample(
    detail: Json, note: str, *, now_ms: int, runs: Sequence[Json] = (), enabled: bool = True, age_days: int = 200
) -> SampleTask:
    """A task that is in the list, created ``age_days`` ago."""
    row = listing(detail, created=now_ms - age_days * DAY, runs=runs, enabled=enabled)
    return SampleTask(detail["id"], str(detail.get("name") or ""), note, detail, row, list(runs))
