"""``schedtask-bot show --json``: one task from COC, decoded."""

import dataclasses
import json
from enum import Enum
from typing import Any

from pydantic import BaseModel

from bot.redact import HIDDEN, Redactor
from bot.redact.untrusted import Untrusted, UntrustedJson
from bot.task.enums import Unknown
from bot.task.fault import Fault
from bot.task.parameters import Parameter, Parameters
from bot.task.snapshot import Missing, Snapshot

_NOTHING: tuple[object, ...] = (None, "", (), [])


def as_json(snapshot: Snapshot) -> str:
    """The task as indented JSON under COC's own names; targets and parameters decoded, secrets hidden.

    Times stay in milliseconds since 1970 UTC, as COC sends them; ``as_of`` is ISO 8601 in UTC.
    """
    body = {
        "as_of": snapshot.as_of.isoformat(timespec="seconds"),
        "request_id": snapshot.request_id,
        "task": _sent(snapshot.task.sent),
        "targets": {
            "machines": len(snapshot.targets.machines),
            "steps": _data(snapshot.targets.steps),
            "faults": _data(snapshot.targets.faults),
        },
        "parameters": _parameters(snapshot.parameters),
        "summary": _part(snapshot.summary),
        "runs": _part(snapshot.runs),
    }
    # Nothing leaves unredacted, whatever field it is in.
    redacted = _redact_keys(snapshot.redactor.structure("", body), snapshot.redactor)
    return json.dumps(redacted, ensure_ascii=False, indent=2, default=str)


def _redact_keys(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, dict):
        return {redactor.text(str(key)): _redact_keys(item, redactor) for key, item in value.items()}
    return [_redact_keys(item, redactor) for item in value] if isinstance(value, list) else value


def _part(part: Any) -> Any:
    if isinstance(part, Missing):
        return {"missing": _data(part)}
    return [_part(item) for item in part] if isinstance(part, tuple) else _sent(part.sent)


def _sent(model: BaseModel | None) -> dict[str, Any]:
    """The fields that COC sent, under its names. pydantic's ``model_dump`` refuses what is nested 255 deep."""
    if model is None:
        return {}
    names = type(model).model_fields
    fields = {name: getattr(model, name) for name in names} | (model.model_extra or {})
    sent = {name: item for name, item in fields.items() if item is not None}
    return {name: _sent(item) if isinstance(item, BaseModel) else item for name, item in sent.items()}


def _data(value: Any) -> Any:
    """Domain objects as JSON, unredacted, without absent fields."""
    match value:
        case Untrusted():
            return value.raw
        case UntrustedJson():
            return value.value
        case Unknown(word):
            return word.raw
        case Enum():
            return value.value
        case Fault():
            return {"where": value.where.raw, "at": value.at, "reason": value.reason, "raw": value.text.raw}
        case list() | tuple():
            return [_data(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    fields = {item.name: _data(getattr(value, item.name)) for item in dataclasses.fields(value)}
    return {name: item for name, item in fields.items() if item not in _NOTHING}


def _parameters(parameters: Parameters) -> dict[str, Any]:
    body = {
        "execute_user": _data(parameters.execute_user),
        "timeout_s": _data(parameters.timeout_s),
        "success_rate_percent": _data(parameters.success_rate_percent),
        "project_id": _data(parameters.project_id),
        "script": [_parameter(item) for item in parameters.script],
        "other": [_parameter(item) for item in parameters.other],
        "faults": _data(parameters.faults),
    }
    return {key: part for key, part in body.items() if part not in _NOTHING}


def _parameter(item: Parameter) -> dict[str, Any]:
    redactor = item.name.redactor
    value: Any = redactor.text(item.value.raw, item.value.name) if item.value else None
    if item.value and item.is_secret:
        value = HIDDEN
    elif item.structured is not None and value != HIDDEN:
        value = redactor.structure(item.structured.name, item.structured.value)
    body = {"name": item.name.raw, "value": value, "refers_to": _data(item.refers_to)}
    return {key: part for key, part in body.items() if part not in _NOTHING}
