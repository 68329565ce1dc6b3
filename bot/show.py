"""``schedtask-bot show``: one task straight from COC, as the card or as the decoded data."""

import dataclasses
import json
from typing import Any

from pydantic import BaseModel

from bot import redact
from bot.coc.decode import Broken
from bot.task.parameters import Parameter, Parameters
from bot.task.snapshot import Missing, Snapshot

_NOTHING: tuple[object, ...] = (None, "", (), [])


def as_json(snapshot: Snapshot) -> str:
    """The decoded task as indented JSON: the wire's own names, targets and parameters decoded, secrets hidden.

    Times stay as COC sends them (milliseconds since 1970 UTC); ``as_of`` is ISO 8601 in UTC.
    """
    task = {key: item for key, item in _wire(snapshot.task).items() if key not in {"input_param", "target_instances"}}
    found = {
        "as_of": snapshot.as_of.isoformat(timespec="seconds"),
        "request_id": snapshot.request_id,
        "task": task,
        "targets": {
            "machines": len(snapshot.targets.machines),
            "steps": [_tidy(dataclasses.asdict(step)) for step in snapshot.targets.steps],
            "faults": [_fault(fault) for fault in snapshot.targets.faults],
        },
        "parameters": _parameters(snapshot.parameters),
        "summary": _part(snapshot.summary),
        "runs": _part(snapshot.runs),
    }
    # The way out: every text in it without secrets, whatever field it is in.
    return json.dumps(_keys_shown(redact.structure("", found)), ensure_ascii=False, indent=2, default=str)


def _keys_shown(found: Any) -> Any:
    if isinstance(found, dict):
        return {redact.shown(str(key)): _keys_shown(item) for key, item in found.items()}
    return [_keys_shown(item) for item in found] if isinstance(found, list) else found


def _part(part: Any) -> Any:
    if isinstance(part, Missing):
        return {"missing": _tidy(dataclasses.asdict(part))}
    if isinstance(part, tuple):
        return [_part(item) for item in part]
    return _wire(part)


def _wire(model: BaseModel) -> dict[str, Any]:
    """The fields that came, under the wire's names. pydantic's own way refuses what is nested 255 deep."""
    found = {name: getattr(model, name) for name in type(model).model_fields} | (model.model_extra or {})
    return {
        name: _wire(item) if isinstance(item, BaseModel) else item for name, item in found.items() if item is not None
    }


def _parameters(found: Parameters) -> dict[str, Any]:
    return _object(
        {
            "execute_user": found.execute_user,
            "timeout_s": found.timeout_s,
            "success_rate_percent": found.success_rate_percent,
            "project_id": found.project_id,
            "script": [_parameter(item) for item in found.script],
            "other": [_parameter(item) for item in found.other],
            "faults": [_fault(fault) for fault in found.faults],
        }
    )


def _parameter(item: Parameter) -> dict[str, Any]:
    if item.value and (item.sensitive or any(map(redact.secret_name, item.hints))):
        value: Any = redact.HIDDEN
    elif item.structured is not None and not redact.secret_name(item.name):
        value = redact.structure(item.name, item.structured)
    else:
        value = redact.value(item.name, item.value or "")
    return _object({"name": item.name, "value": value, "refers_to": item.refers_to})


def _fault(fault: Broken) -> dict[str, Any]:
    return {"where": fault.where, "at": fault.at, "reason": fault.reason, "raw": fault.raw}


def _object(found: dict[str, Any]) -> dict[str, Any]:
    return {key: _tidy(item) for key, item in found.items() if item not in _NOTHING}


def _tidy(found: Any) -> Any:
    """The same without what is absent."""
    if isinstance(found, dict):
        return {key: _tidy(item) for key, item in found.items() if item not in _NOTHING}
    return [_tidy(item) for item in found] if isinstance(found, list | tuple) else found
