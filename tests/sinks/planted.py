"""Texts to plant in every field that comes from outside, and every sink into which a snapshot goes."""

import dataclasses
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

from pydantic import BaseModel
from rich.console import Console

from bot.cards.guide import guide
from bot.cards.host import host_card
from bot.cards.parameters import all_parameters, parameters_view
from bot.cards.problem import problem_card, problem_of
from bot.cards.runs import all_runs, runs_view
from bot.cards.take_along import make_file, names_view
from bot.cards.target_menus import menus
from bot.cards.targets import TARGETS, all_targets, targets_view
from bot.cards.task import not_refreshed, task_card
from bot.cards.terminal import render
from bot.coc.wire import Run, Task, TaskSummary
from bot.redact.untrusted import Untrusted
from bot.show import as_json
from bot.slack.request import Help, parse
from bot.task.changes import CardState, decode_state
from bot.task.enums import Unknown
from bot.task.fault import Fault
from bot.task.search import find_hosts
from bot.task.snapshot import Snapshot
from bot.task.target_query import TargetQuery, option_value
from tests.cards.snapshots import ADA, AS_OF, REDACTOR, TASK_ID, Json, snapshot, wire
from tests.cards.snapshots import text as untrusted

# Put together, so that no complete token stands in a file.
TOKEN = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
SECRETS = {
    "password=Tr0ub4dor&3x": "tr0ub4dor",
    TOKEN: "c3d4e5f6g7",
    f"deployed with {KEY}": "vqibadanbg",
}
"""A text with a secret, and a part of the secret in lower case: words of enumerations change theirs."""

_OURS = {"path", "where", "reason"}
"""Fields of decoded parts that hold our own words."""
_MACHINE = {
    "resource_id": "resourceId",
    "host_name": "properties.hostName",
    "cmdb_name": "name",
    "ip": "properties.fixedIp",
    "region": "regionId",
    "zone": "properties.zoneId",
    "provider": "provider",
    "type": "type",
    "agent_state": "agentStatus",
}
_HARMLESS_MACHINE = {
    "resource_id": "11111111-0000-4000-8000-00000000000",
    "host_name": "web-0",
    "ip": "10.0.0.",
    "region": "cn-north-4",
    "zone": "cn-north-4a",
    "provider": "ECS",
    "type": "CLOUDSERVERS",
    "agent_state": "ONLINE",
}


def model_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The path of each field of a wire model, those of models inside it too: ``trigger_time.cron``."""
    for name, about in model.model_fields.items():
        kinds = [kind for kind in get_args(about.annotation) if isinstance(kind, type)]
        inner = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if inner is not None:
            yield from model_paths(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def put(found: Json, path: str, text: str) -> Json:
    """The object with a text at a path."""
    name, _, rest = path.partition(".")
    inner = found.get(name)
    return {**found, name: put(inner if isinstance(inner, dict) else {}, rest, text) if rest else text}


def full(model: type[BaseModel], text: str) -> Json:
    """An object of the wire with the text in every field, and an unknown key with it on either side."""
    found: Json = {text: text, "brand_new": {"deep": [text], text: 1}}
    for path in model_paths(model):
        found = put(found, path, text)
    return found


def machine(text: str, number: int, planted: Mapping[str, str] | set[str]) -> Json:
    """A machine with the text in some of its fields, and ordinary words in the others."""
    found: Json = {}
    for name, path in _MACHINE.items():
        usual = _HARMLESS_MACHINE.get(name)
        if usual is not None and usual[-1] in "0.":
            usual += str(number)
        words = (f"{text}-{number}" if name == "resource_id" else text) if name in planted else usual
        found = put(found, path, words) if words is not None else found
    return found


def targets(text: str) -> list[Json]:
    """Steps with the text in every field, readable or not."""
    names = set(_MACHINE)
    machines = [machine(text, n, names - set(left)) for n, left in enumerate(_machines_without())]
    machines += [machine(text, n, ()) for n in range(10, 16)]  # type: ignore[arg-type]
    plan = {
        "policy": text,
        "allRotation": text,
        "batches": [
            {"batchIndex": n, "rotationStrategy": text, "targetInstances": machines[n - 1 :: 2]} for n in (1, 2)
        ],
    }
    resource = {
        "type": text,
        "id": text,
        "app_name": text,
        "region_id": text,
        "params": [{"key": text, "value": text}, {"key": "login", "value": text}],
    }
    step = {"target_selection": text, "batch_strategy": text, "target_resource": resource, "target_instances": plan}
    broken = {"target_selection": "ALL", "target_instances": '{"batches": [' + text, "sub_target_instances": [text]}
    return [{**step, "order_no": 1, "sub_target_instances": [step]}, {**broken, "order_no": 2}]


def _machines_without() -> Iterator[tuple[str, ...]]:
    # Each name of a machine is shown where those before it are absent; each field also alone in ordinary company.
    yield ()
    for name in _MACHINE:
        yield tuple(other for other in _MACHINE if other != name)


def parameters(text: str) -> Json:
    """What a script is given, with the text in every field."""
    rows = [
        {"paramName": text, "paramValue": text},
        {"paramName": "plain", "paramValue": json.dumps({"deep": [text], text: 1})},
        {"paramName": "stored", "paramRefer": {"refer_type": text, "param_id": text, "param_version": text}},
    ]
    own = {"execute_user": text, "timeout": text, "success_rate": text, "project_id": text, text: text, "x": text}
    return {**own, "script_params": json.dumps(rows)}


def everywhere(text: str) -> Snapshot:
    """A snapshot with the text in every field of every answer."""
    detail = {
        **full(Task, text),
        "target_instances": json.dumps(targets(text)),
        "input_param": json.dumps(parameters(text)),
    }
    runs = [full(Run, text), {**full(Run, text), "region": "cn-east-3"}, {**full(Run, text), "status": "ABNORMAL"}]
    found = snapshot(detail, summary=full(TaskSummary, text), runs=runs)
    return replace(found, request_id=text)


def variants(text: str) -> Iterator[tuple[str, Snapshot]]:
    """The text in one field at a time of a task that is otherwise as any other, then in all of them."""
    at = {"started_time": 1778405400000, "finished_time": 1778405460000, "status": "FINISHED"}
    listed = {"enabled": True, "last_execution_time": 1778405400000, "last_execution_status": "FINISHED"}
    for path in model_paths(Task):
        yield f"task.{path}", snapshot(put(wire("S2"), path, text), summary=listed, runs=[at])
    for path in model_paths(TaskSummary):
        yield f"summary.{path}", snapshot(wire("S2"), summary=put(listed, path, text), runs=())
    for path in model_paths(Run):
        yield f"run.{path}", snapshot(wire("S2"), summary=listed, runs=[put(at, path, text), at])
    pending = {**wire("S2"), "approve_status": "PENDING", "reviewer_user_name": text, "approve_comments": text}
    yield "pending", snapshot(pending, summary=listed, runs=[at])
    yield "rejected", snapshot({**pending, "approve_status": "REJECTED"}, summary=listed, runs=[at])
    yield "parameters cut off", snapshot({**wire("S2"), "input_param": '{"script_params": "' + text})
    yield "targets cut off", snapshot({**wire("S2"), "target_instances": '[{"a": "' + text})
    yield "everywhere", everywhere(text)


def bare_fields(found: Snapshot, text: str) -> list[str]:
    """Fields of the decoded parts that do not hold the text, though it was planted in every one."""
    held: dict[str, bool] = {}
    first = text.partition("\n")[0]
    waiting: list[Any] = [found.task, found.summary, found.runs, found.targets.steps, found.parameters]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list | tuple):
            waiting += item
        elif dataclasses.is_dataclass(item) and not isinstance(item, type | Fault | Unknown):
            for part in dataclasses.fields(item):
                value = getattr(item, part.name)
                waiting.append(value)
                if "Untrusted" in str(part.type) and "tuple" not in str(part.type) and part.name not in _OURS:
                    key = f"{type(item).__name__}.{part.name}"
                    raw = value.raw if isinstance(value, Untrusted) else str(getattr(value, "value", ""))
                    held[key] = held.get(key, False) or first in raw
    return [key for key, holds in held.items() if not holds]


def drawn(blocks: list[Json]) -> str:
    """The blocks as a terminal shows them."""
    out = io.StringIO()
    Console(file=out, width=1_000).print(render(block for block in blocks if block["type"] != "actions"))
    return out.getvalue()


def sinks(found: Snapshot, typed: str) -> Iterator[tuple[str, str]]:
    """Everything that is made of a snapshot for people: the name of the sink, and all that is in it."""
    card = task_card(found, requested_by=ADA)
    yield "card", _text(card.payload())
    before = CardState(TASK_ID, AS_OF - timedelta(hours=1), (("name", typed), ("risk", typed), ("version", "0")))
    yield "card that was refreshed", _text(task_card(found, requested_by=ADA, before=before).payload())
    button = decode_state(str(card.blocks[-1]["elements"][0]["value"]))
    yield "value of a button", repr(button)
    marked = not_refreshed(list(card.blocks), "COC did not answer in time.", AS_OF, ADA)
    yield "card that was not refreshed", _text(marked)
    yield "terminal: card", drawn(list(card.blocks))
    for host in ("*", "web-77", typed):
        answers, _ = find_hosts(found.targets, (host,), 1, REDACTOR)
        yield f"host card: {host[:4]}", _text(host_card(found, answers, ask="/schedtask", requested_by=ADA).payload())
    queries = [TargetQuery(TASK_ID), TargetQuery(TASK_ID, text="*-0*")]
    some = menus(found.targets)
    queries += [TargetQuery(TASK_ID, state=value) for value, _ in some.states[1:3]]
    queries += [TargetQuery(TASK_ID, region=value) for value, _ in some.regions[1:3]]
    queries += [TargetQuery(TASK_ID, state=option_value(typed), region=option_value(typed))]
    for query in queries:
        yield "targets window", _text(targets_view(found, query))
    yield "names window", _text(names_view(found, TargetQuery(TASK_ID), TASK_ID))
    yield "runs window", _text(runs_view(found, reference="K7QF-2M"))
    yield "parameters window", _text(parameters_view(found))
    for kind in ("csv", "json"):
        file = make_file(found, TargetQuery(TASK_ID), kind)
        yield f"{kind}: name and comment", f"{file.name} {file.about}"
        yield kind, file.content.decode("utf-8-sig")
    yield "show --json", as_json(found)
    for name, make in (("targets", all_targets), ("parameters", all_parameters), ("runs", all_runs)):
        yield f"terminal: {name}", drawn(make(found))
    request = parse(typed)
    if isinstance(request, Help):
        wrong = untrusted(request.wrong) if request.wrong else None
        yield "guide", _text(guide("/schedtask", wrong, private_by_default=False).payload())


def failed(error: Exception) -> Iterator[tuple[str, str]]:
    """Everything that is made of an error for people."""
    problem = problem_of(error, REDACTOR, TASK_ID)
    yield "problem card", _text(problem_card(problem, task_id=TASK_ID, reference="K7QF-2M").payload())
    yield "problem in words", problem.plain()
    yield "problem window", _text(TARGETS.problem(problem, task_id=TASK_ID, reference="K7QF-2M"))


def _text(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, default=str)
