"""COC's answers, typed: the 23 fields of a scheduled task and the fields that two sibling calls add.

Field names, meanings and units follow the vendor's document "Querying a Scheduled Task" (25 October 2024 and
later) and, for the sibling calls, its OpenAPI definition. Every field may be absent, null or ``""``: all three
read as None. Words of enumerations stay strings, because the service may add new ones. Unknown keys are kept in
``model_extra``. Any JSON object is valid.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from bot.coc.reading import Flag, Inner, Millis, Text, Whole, as_object, as_text, replace_surrogates


class _Wire(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _replace_surrogates(cls, sent: Any) -> Any:
        # pydantic refuses a key that can't be encoded; an escaped lone surrogate makes one.
        return {replace_surrogates(key): item for key, item in sent.items()} if isinstance(sent, dict) else sent


class TriggerTime(_Wire):
    """When a task runs. ``policy`` is ONCE, PERIODIC or CRON and decides which of the other fields count."""

    time_zone: Text = None
    """IANA name; the document's default is Asia/Shanghai."""
    policy: Text = None
    single_scheduled_time: Millis = None
    """ONCE: milliseconds since 1970 UTC."""
    periodic_scheduled_time: Text = None
    """PERIODIC: time of day in ``time_zone``, ``17:30:00``."""
    period: Text = None
    """PERIODIC: weekdays, comma separated, Sunday is 1: ``1,2,4,5``."""
    cron: Text = None
    """CRON: an expression in Quartz's dialect (seconds first, Sunday is 1)."""
    scheduled_close_time: Millis = None
    """PERIODIC and CRON: no run after this; milliseconds since 1970 UTC."""


class MessageNotification(_Wire):
    """Who is notified, when and how. ``policy`` and ``recipients`` may hold several words, comma separated."""

    policy: Text = None
    notification_endpoint_type: Text = None
    schedule_scene_id: Text = None
    schedule_role_id: Text = None
    recipients: Text = None
    protocol: Text = None


def _trigger(value: object) -> object:
    # Anything but an object is shown as an unknown policy.
    trigger = as_object(value)
    if trigger is not None:
        return trigger
    text = as_text(value)
    return None if text is None else {"policy": text}


class Task(_Wire):
    """A scheduled O&M task, as the detail call returns it: 23 fields."""

    id: Text = None
    enterprise_project_id: Text = None
    name: Text = None
    agency_name: Text = None
    trigger_time: Annotated[TriggerTime | None, BeforeValidator(_trigger)] = None
    version_no: Text = None
    task_type: Text = None
    """SCRIPT or RUNBOOK (a job). Declared an object, sent as a string."""
    associated_task_id: Text = None
    associated_task_name: Text = None
    associated_task_name_en: Text = None
    associated_task_type: Text = None
    """CUSTOMIZATION or COMMUNAL (public)."""
    runbook_instance_mode: Text = None
    """SAME or DIFF; meaningless for a script."""
    risk_level: Text = None
    input_param: Inner = None
    """A JSON string; decoded by ``bot.task.parameters``."""
    enable_approve: Flag = None
    reviewer_notification: Annotated[MessageNotification | None, BeforeValidator(as_object)] = None
    created_user_name: Text = None
    reviewer_user_name: Text = None
    approve_status: Text = None
    """PASSED, PENDING or REJECTED; PASSED also where no approval was required."""
    approve_comments: Text = None
    target_instances: Inner = None
    """A JSON string holding JSON strings; decoded by ``bot.task.targets``."""
    enable_message_notification: Flag = None
    message_notification: Annotated[MessageNotification | None, BeforeValidator(as_object)] = None


class TaskSummary(_Wire):
    """The fields of a task that only the list call returns."""

    id: Text = None
    enabled: Flag = None
    last_execution_time: Millis = None
    last_execution_status: Text = None
    execution_count: Whole = None
    region_id: Text = None
    created_time: Millis = None
    modified_time: Millis = None
    created_by: Text = None
    update_by: Text = None


class Run(_Wire):
    """One execution, as the history call returns it. ``finished_time`` is None while it runs."""

    execution_id: Text = None
    task_type: Text = None
    status: Text = None
    started_time: Millis = None
    finished_time: Millis = None
    execution_msg: Text = None
    created_by: Text = None
    region: Text = None
