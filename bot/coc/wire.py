"""What COC sends, typed: the 23 fields of a scheduled task and what its two sibling calls add.

Field names, meanings and units follow the vendor's document "Querying a Scheduled Task" (25 October 2024 and
later) and, for the sibling calls, its OpenAPI definition. Every field may be absent, null or ``""``: all three
read as None. Words of enumerations stay strings, because the service may add new ones. Keys we do not know
are kept (``model_extra``). Validating any JSON object succeeds.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from bot.coc.reading import Flag, Inner, Millis, Text, Whole, as_object, as_text, clean


class _Wire(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _clean_keys(cls, found: Any) -> Any:
        # pydantic refuses a key that cannot be encoded; an escaped lone surrogate makes one.
        return {clean(key): item for key, item in found.items()} if isinstance(found, dict) else found


class TriggerTime(_Wire):
    """When a task is to run. Seven fields; ``policy`` is ONCE, PERIODIC or CRON and decides which ones count."""

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
    """Who is told, when and how. Six fields; ``policy`` and ``recipients`` may hold several, comma separated."""

    policy: Text = None
    notification_endpoint_type: Text = None
    schedule_scene_id: Text = None
    schedule_role_id: Text = None
    recipients: Text = None
    protocol: Text = None


def _trigger(value: object) -> object:
    # Something else than an object is still shown: as the unknown policy that it is.
    found = as_object(value)
    if found is not None:
        return found
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
    """SAME or DIFF; means nothing on a script."""
    risk_level: Text = None
    input_param: Inner = None
    """A JSON string; decoded by ``bot.task.parameters``."""
    enable_approve: Flag = None
    reviewer_notification: Annotated[MessageNotification | None, BeforeValidator(as_object)] = None
    created_user_name: Text = None
    reviewer_user_name: Text = None
    approve_status: Text = None
    """PASSED, PENDING or REJECTED; PASSED also where nothing had to be approved."""
    approve_comments: Text = None
    target_instances: Inner = None
    """A JSON string holding JSON strings; decoded by ``bot.task.targets``."""
    enable_message_notification: Flag = None
    message_notification: Annotated[MessageNotification | None, BeforeValidator(as_object)] = None


class TaskSummary(_Wire):
    """What only the list call knows of a task."""

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
