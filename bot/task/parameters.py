"""The execution parameters of a task, read from ``input_param``. Values may be secrets.

A script's map holds ``success_rate`` (percent), ``timeout`` (seconds), ``execute_user``, ``project_id`` and
``script_params``, a JSON string of ``[{paramName, paramValue, paramOrder}]``, which the script API spells
``param_name`` and so on (other spellings: ``bot.redact.fields``) and which may refer to a parameter store instead of
holding a value. A job's map is flat; some of its values are JSON strings.
"""

from dataclasses import dataclass, replace
from typing import Any

from bot.coc.decode import Broken, decode, decode_list, decode_object, objects
from bot.coc.reading import as_text, as_whole
from bot.redact import Redactor, fields
from bot.redact.untrusted import LONGEST, Untrusted, UntrustedJson, cut
from bot.task.fault import Fault

_RUN_KEYS = ("execute_user", "timeout", "success_rate", "project_id", "script_params", "scriptParams")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input parameter."""

    name: Untrusted
    value: Untrusted | None
    structured: UntrustedJson | None = None
    """The decoded value where ``value`` is a JSON object or list, else None."""
    refers_to: Untrusted | None = None
    """"PARAM_STORE: id, version" where the value lives elsewhere."""
    is_secret: bool = False
    """Whether COC marks or describes the value as secret."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of ``input_param``. Numbers stay text: "90.5"."""

    execute_user: Untrusted | None = None
    timeout_s: Untrusted | None = None
    success_rate_percent: Untrusted | None = None
    project_id: Untrusted | None = None
    script: tuple[Parameter, ...] = ()
    """A script's own parameters, ordered by ``paramOrder``."""
    other: tuple[Parameter, ...] = ()
    """All other entries of the map: a job's parameters."""
    faults: tuple[Fault, ...] = ()
    were_sent: bool = True
    """Whether COC sent ``input_param`` at all."""


def read_parameters(value: object, redactor: Redactor) -> Parameters:
    """Read a task's ``input_param``. Never raises."""
    if value is None:
        return Parameters(were_sent=False)
    fields = decode_object(value, "parameters")
    if isinstance(fields, Broken):
        return Parameters(faults=(Fault.of(fields, redactor),))

    def text(key: str, name: str) -> Untrusted | None:
        word = as_text(fields.get(key))
        return None if word is None else Untrusted(word, redactor, name)

    script, broken = _script_parameters(fields.get("script_params") or fields.get("scriptParams"), redactor)
    return Parameters(
        execute_user=text("execute_user", "execute_user"),
        timeout_s=text("timeout", "timeout"),
        success_rate_percent=text("success_rate", "success_rate"),
        project_id=text("project_id", "project_id"),
        script=script,
        other=tuple(_parameter(str(key), item, redactor) for key, item in fields.items() if key not in _RUN_KEYS),
        faults=tuple(Fault.of(item, redactor) for item in broken),
    )


def _script_parameters(value: object, redactor: Redactor) -> tuple[tuple[Parameter, ...], list[Broken]]:
    entries = decode_list(value, "script parameters")
    if isinstance(entries, Broken):
        return (), [entries]
    broken: list[Broken] = []
    rows = objects(entries, "script parameters", broken)
    orders = [as_whole(row.get("paramOrder", row.get("param_order"))) for row in rows]
    ordered = sorted(zip(rows, orders, strict=True), key=lambda pair: (pair[1] is None, pair[1] or 0))
    return tuple(_script_parameter(row, redactor) for row, _ in ordered), broken


def _script_parameter(row: dict[str, Any], redactor: Redactor) -> Parameter:
    refer = row.get("paramRefer") or row.get("param_refer")
    is_secret = fields.is_marked(row) or any(
        redactor.is_secret_name(cut(hint, LONGEST)) for hint in fields.hints(row)
    )
    parameter = replace(
        _parameter(as_text(fields.name_of(row)) or "?", fields.value_of(row), redactor), is_secret=is_secret
    )
    if not isinstance(refer, dict):
        return parameter
    kind = as_text(refer.get("refer_type") or refer.get("referType")) or "?"
    target = as_text(refer.get("param_id") or refer.get("paramId")) or "?"
    version = as_text(refer.get("param_version") or refer.get("paramVersion"))
    place = f"{kind}: {target}" + (f", version {version}" if version else "")
    # The id of a store's entry is no secret by itself, but its text may hold one.
    return replace(parameter, refers_to=Untrusted(place, redactor))


def _parameter(name: str, value: object, redactor: Redactor) -> Parameter:
    text = as_text(value)
    untrusted = None if text is None else Untrusted(text, redactor, cut(name, LONGEST))
    if isinstance(value, str) and not value.lstrip().startswith(("{", "[")):
        return Parameter(Untrusted(name, redactor), untrusted)
    decoded = decode(value, name)
    structured = UntrustedJson(decoded, redactor, cut(name, LONGEST)) if isinstance(decoded, dict | list) else None
    return Parameter(Untrusted(name, redactor), untrusted, structured)
