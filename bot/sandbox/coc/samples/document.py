"""The example of the vendor's document "Querying a Scheduled Task", verbatim and as a sample task."""

from bot.sandbox.coc.samples.parts import Json, SampleTask, batch, dumps, plan, run, sample, sample_id

DOCUMENT_EXAMPLE = sample_id("08H8")

_DOCUMENT_INPUT = {
    "success_rate": "100",
    "timeout": "300",
    "execute_user": "root",
    "project_id": "****",
    "script_params": dumps([{"paramName": "parm", "paramValue": "****", "paramOrder": 1}]),
}
_DOCUMENT_INSTANCE = {
    "resourceId": "****",
    "regionId": "***",
    "provider": "HCSS",
    "type": "L-INSTANCE",
    "agentSn": "****",
    "agentStatus": "ONLINE",
    "nodeId": "",
    "enterpriseProjectId": "0",
    "properties": {"hostName": "****", "fixedIp": "", "regionId": "***", "projectId": "****"},
}


def document_example(task_id: str = "****") -> Json:
    """The document's example, key for key, with its placeholders."""
    targets = {
        "id": "****",
        "schedule_id": "ST****",
        "target_selection": "MANUAL",
        "target_instances": plan(batch(1, [_DOCUMENT_INSTANCE])),
        "order_no": 0,
    }
    return {
        "approve_status": "PASSED",
        "associated_task_id": "SC****",
        "associated_task_name": "script_name",
        "associated_task_type": "CUSTOMIZATION",
        "created_user_name": "****",
        "enable_approve": False,
        "enable_message_notification": False,
        "enterprise_project_id": "0",
        "id": task_id,
        "input_param": dumps(_DOCUMENT_INPUT),
        "name": "11111",
        "risk_level": "LOW",
        "runbook_instance_mode": "SAME",
        "target_instances": dumps([targets]),
        "task_type": "SCRIPT",
        "trigger_time": {"policy": "ONCE", "single_scheduled_time": 1746866130000, "time_zone": "Asia/Shanghai"},
        "version_no": "1.0.0",
    }


def document_task(now_ms: int) -> SampleTask:
    """The example as a sample task; its id, which the document masks, is a valid one."""
    detail = document_example(DOCUMENT_EXAMPLE)
    runs = [run(DOCUMENT_EXAMPLE, 1, 1746866130000, took=12)]
    return sample(
        detail,
        "The example of the vendor's document, **** and all; it ran once, in May 2025",
        now_ms=now_ms,
        runs=runs,
    )
