"""Reads COC's answers once into domain objects. Nothing above this module knows the wire format."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from bot.coc import wire
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted, UntrustedJson
from bot.schedule.trigger import Trigger, instant
from bot.task.enums import (
    ApprovalStatus,
    Channel,
    Event,
    Kind,
    Origin,
    RecipientKind,
    Risk,
    Unknown,
    known,
    normalized,
)
from bot.task.parameters import Parameters, read_parameters
from bot.task.read_targets import read_targets
from bot.task.targets import Targets
from bot.task.task import Approval, Listing, Notification, Run, Schedule, Task
from bot.task.verdict import is_status

SOME_KEYS = 5
"""Unknown keys that a card names. An answer may have a million."""

_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Detail:
    """The detail call's answer without the decoded strings, which can be megabytes."""

    task: Task
    targets: Targets
    parameters: Parameters
    digest: str


def read_detail(sent: wire.Task, redactor: Redactor) -> Detail:
    """Read the detail call's answer. Takes tens of milliseconds per megabyte."""
    return Detail(
        task=_task(sent, redactor),
        targets=read_targets(sent.target_instances, redactor),
        parameters=read_parameters(sent.input_param, redactor),
        digest=digest(sent),
    )


def read_summary(sent: wire.TaskSummary, redactor: Redactor) -> Listing:
    """Read the task's row of the list call."""
    status, started = _status(sent.last_execution_status, redactor), instant(sent.last_execution_time)
    return Listing(
        enabled=sent.enabled,
        last_run=Run(status=status, started=started) if status or sent.last_execution_time else None,
        run_count=sent.execution_count,
        created_by=_text(sent.created_by, redactor, "user_id"),
        sent=sent,
    )


def read_run(sent: wire.Run, redactor: Redactor) -> Run:
    """Read a row of the history call."""
    return Run(
        status=_status(sent.status, redactor),
        started=instant(sent.started_time),
        finished=instant(sent.finished_time),
        message=_text(sent.execution_msg, redactor),
        id=_text(sent.execution_id, redactor, "execution_id"),
        created_by=_text(sent.created_by, redactor, "user_id"),
        region=_text(sent.region, redactor),
        sent=sent,
    )


def _task(sent: wire.Task, redactor: Redactor) -> Task:
    def text(value: str | None, name: str = "") -> Untrusted | None:
        return _text(value, redactor, name)

    time, extra = sent.trigger_time, sent.model_extra or {}
    return Task(
        trigger=Trigger(policy="") if time is None else _trigger(time),
        name=text(sent.name),
        project=text(sent.enterprise_project_id, "project_id"),
        kind=known(Kind, sent.task_type, redactor),
        executes=text(sent.associated_task_name),
        executes_in_english=text(sent.associated_task_name_en),
        origin=known(Origin, sent.associated_task_type, redactor),
        version=text(sent.version_no),
        schedule=None if time is None else Schedule(cron=text(time.cron), zone=text(time.time_zone)),
        risk=known(Risk, sent.risk_level, redactor),
        approval=Approval(
            status=known(ApprovalStatus, sent.approve_status, redactor),
            is_required=sent.enable_approve,
            reviewer=text(sent.reviewer_user_name),
            comment=text(sent.approve_comments),
        ),
        agency=text(sent.agency_name),
        created_by=text(sent.created_user_name),
        notifies=sent.enable_message_notification,
        notification=_notification(sent.message_notification, redactor),
        unknown_keys=tuple(
            (Untrusted(key, redactor), UntrustedJson(value, redactor, key))
            for key, value in islice(extra.items(), SOME_KEYS)
        ),
        unknown_key_count=len(extra),
        sent=sent.model_copy(update={"input_param": None, "target_instances": None}),
    )


def _trigger(sent: wire.TriggerTime) -> Trigger:
    return Trigger(
        policy=normalized(sent.policy or "") or "ONCE",
        zone_name=sent.time_zone,
        single_ms=_in_every_zone(sent.single_scheduled_time),
        time_of_day=sent.periodic_scheduled_time,
        weekdays=sent.period,
        cron=sent.cron,
        close_ms=_in_every_zone(sent.scheduled_close_time),
    )


def _in_every_zone(ms: int | None) -> int | None:
    # A moment within a day of the calendar's ends has no date in some zones.
    at = instant(ms)
    return ms if at is not None and _FIRST < at < _LAST else None


def _notification(sent: wire.MessageNotification | None, redactor: Redactor) -> Notification | None:
    if sent is None or sent == wire.MessageNotification():
        return None
    events = (known(Event, part, redactor) for part in (sent.policy or "").split(",") if part.strip())
    return Notification(
        kind=known(RecipientKind, sent.notification_endpoint_type, redactor),
        people=sum(1 for part in (sent.recipients or "").split(",") if part.strip()),
        events=tuple(event for event in events if event is not None),
        channel=known(Channel, sent.protocol, redactor),
    )


def _status(word: str | None, redactor: Redactor) -> str | Unknown | None:
    if word is None:
        return None
    return normalized(word) if is_status(normalized(word)) else Unknown(Untrusted(word, redactor))


def _text(value: str | None, redactor: Redactor, name: str = "") -> Untrusted | None:
    return None if value is None else Untrusted(value, redactor, name)


def digest(task: wire.Task) -> str:
    """A short hash of the whole task; ``""`` where it is nested too deeply to serialize."""
    try:
        fields = task.model_dump(mode="json")
        # Megabytes of text: serializing it again would take 10 ms and change nothing.
        targets = fields.pop("target_instances", None)
        rest = json.dumps([fields, None if isinstance(targets, str) else targets], sort_keys=True, default=str)
    except (ValueError, RecursionError):
        return ""
    hashed = hashlib.sha256(rest.encode("utf-8", "replace"))
    hashed.update(targets.encode("utf-8", "replace") if isinstance(targets, str) else b"")
    return hashed.hexdigest()[:12]
