"""The decoded execution parameters of a task (``input_param``). Values may be secrets: see ``bot.redact``.

A script's map holds ``success_rate`` (percent), ``timeout`` (seconds), ``execute_user``, ``project_id`` and
``script_params``, a JSON string of ``[{paramName, paramValue, paramOrder}]``, which the script API spells
``param_name`` and so on (other spellings: ``bot.redact.fields``) and which may refer to a parameter store instead of
holding a value. A job's map is flat; some of its values are JSON strings.
"""

from dataclasses import dataclass, replace
from typing import Any

from bot.coc.decode import Broken, decode, decode_list, decode_object, objects
from bot.coc.reading import as_text, as_whole
from bot.redact import fields

_RUN_KEYS = ("execute_user", "timeout", "success_rate", "project_id", "script_params")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input parameter, in the order in which the script or job takes it."""

    name: str
    value: str | None
    structured: Any = None
    """The decoded value where ``value`` is a JSON object or list, else None."""
    refers_to: str | None = None
    """"PARAM_STORE: id, version" where the value lives elsewhere."""
    sensitive: bool = False
    """Whether the source marks the value as secret: ``"sensitive": true``, ``"type": "SecureString"``."""
    hints: tuple[str, ...] = ()
    """What the source says about the value: a description, a label."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of ``input_param``. Numbers stay the text that came: "90.5"."""

    execute_user: str | None = None
    timeout_s: str | None = None
    success_rate_percent: str | None = None
    project_id: str | None = None
    script: tuple[Parameter, ...] = ()
    """A script's own parameters, by ``paramOrder``."""
    other: tuple[Parameter, ...] = ()
    """Everything else of the map: a job's parameters."""
    faults: tuple[Broken, ...] = ()
    were_sent: bool = True
    """Whether COC sent any ``input_param`` at all."""


def decode_parameters(value: object) -> Parameters:
    """The parameters in a task's ``input_param``, whatever came: never raises."""
    if value is None:
        return Parameters(were_sent=False)
    found = decode_object(value, "parameters")
    if isinstance(found, Broken):
        return Parameters(faults=(found,))
    script, faults = _script_parameters(found.get("script_params") or found.get("scriptParams"))
    return Parameters(
        execute_user=as_text(found.get("execute_user")),
        timeout_s=as_text(found.get("timeout")),
        success_rate_percent=as_text(found.get("success_rate")),
        project_id=as_text(found.get("project_id")),
        script=script,
        other=tuple(_parameter(str(k), v) for k, v in found.items() if k not in {*_RUN_KEYS, "scriptParams"}),
        faults=faults,
    )


def _script_parameters(value: object) -> tuple[tuple[Parameter, ...], tuple[Broken, ...]]:
    found = decode_list(value, "script parameters")
    if isinstance(found, Broken):
        return (), (found,)
    faults: list[Broken] = []
    rows = objects(found, "script parameters", faults)
    orders = [as_whole(row.get("paramOrder", row.get("param_order"))) for row in rows]
    paired = sorted(zip(rows, orders, strict=True), key=lambda pair: (pair[1] is None, pair[1] or 0))
    return tuple(_script_parameter(row) for row, _ in paired), tuple(faults)


def _script_parameter(row: dict[str, Any]) -> Parameter:
    refer = row.get("paramRefer") or row.get("param_refer")
    parameter = replace(
        _parameter(as_text(fields.name_of(row)) or "?", fields.value_of(row)),
        sensitive=fields.is_marked(row),
        hints=fields.hints(row),
    )
    if not isinstance(refer, dict):
        return parameter
    kind = as_text(refer.get("refer_type") or refer.get("referType")) or "?"
    target = as_text(refer.get("param_id") or refer.get("paramId")) or "?"
    version = as_text(refer.get("param_version") or refer.get("paramVersion"))
    return replace(parameter, refers_to=f"{kind}: {target}" + (f", version {version}" if version else ""))


def _parameter(name: str, value: object) -> Parameter:
    if isinstance(value, str) and not value.lstrip().startswith(("{", "[")):
        return Parameter(name=name, value=as_text(value))
    structured = decode(value, name)
    keep = structured if isinstance(structured, dict | list) else None
    return Parameter(name=name, value=as_text(value), structured=keep)
