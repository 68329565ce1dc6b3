"""``target_instances`` as COC sends it, read into ``bot.task.targets``.

It is a JSON string with an array of steps. Each step's own ``target_instances`` is a JSON string with the plan:
batches of machines. A step of a job with several tasks nests the same object in ``sub_target_instances``. A batch
may list its machines a second time, in another style, as ``cmdbInstances``. Shapes as in the document's example and
the vendor's live tests; keys also in snake case.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.coc.decode import Broken, decode_list, decode_object, objects
from bot.coc.reading import as_text, as_whole
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.task.enums import AgentState, ResourceKind, Rotation, Selection, Unknown, known
from bot.task.fault import Fault
from bot.task.targets import Batch, Machine, Step, TargetResource, Targets

MAX_DEPTH = 12
"""How deep steps may nest. The vendor's editor makes two levels."""

Row = dict[str, Any]

_EMPTY: Row = {}
_ID, _REGION, _IP = ("resourceId", "resource_id"), ("regionId", "region_id"), ("fixedIp", "fixed_ip")
_HOST, _NAME, _ZONE, _CMDB_ZONE = ("hostName", "host_name"), ("name",), ("zoneId", "zone_id"), ("OsExtAz", "zoneId")
_PROVIDER, _TYPE = ("provider",), ("type",)
_STATE, _CMDB_STATE = ("agentStatus", "agent_status"), ("agentState", "agent_state")
_AGENT, _CMDB_AGENT = ("agentSn", "agent_sn"), ("agentId", "agent_id")


def read_targets(value: object, redactor: Redactor) -> Targets:
    """Read a task's ``target_instances``. Never raises."""
    return _Reader(redactor).targets(value)


class _Reader:
    """Reads one task's targets. Regions, zones, providers and states repeat, so they share objects."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._shared: dict[str, Untrusted] = {}
        self._states: dict[str, AgentState | Unknown | None] = {}

    def targets(self, value: object) -> Targets:
        rows = decode_list(value, "target instances")
        if isinstance(rows, Broken):
            return Targets(own_faults=self._faults([rows]))
        broken: list[Broken] = []
        steps = self._steps(objects(rows, "target instances", broken), "", depth=0)
        machines = (m for step in steps for inner in step.walk() for batch in inner.batches for m in batch.machines)
        return Targets(steps=steps, own_faults=self._faults(broken), machines=_distinct(machines))

    def _steps(self, rows: list[Row], prefix: str, depth: int) -> tuple[Step, ...]:
        # The base of order_no differs between scripts. Entries without one come last, in COC's order.
        numbered = [(as_whole(_value(row, "order_no", "orderNo")), row) for row in rows]
        numbered.sort(key=lambda pair: (pair[0] is None, pair[0] or 0))
        return tuple(self._step(row, f"{prefix}{place}", depth) for place, (_, row) in enumerate(numbered, start=1))

    def _step(self, row: Row, path: str, depth: int) -> Step:
        broken: list[Broken] = []
        plan = _object(_value(row, "target_instances", "targetInstances"), f"step {path}, plan", broken)
        nested = _list(_value(row, "sub_target_instances", "subTargetInstances"), f"step {path}, sub-steps", broken)
        if nested and depth >= MAX_DEPTH:
            broken.append(Broken(f"step {path}, sub-steps", 0, "nested too deeply", ""))
            nested = []
        resource = _object(_value(row, "target_resource", "targetResource"), f"step {path}, target resource", broken)
        return Step(
            path=path,
            selection=known(Selection, as_text(_value(row, "target_selection", "targetSelection")), self._redactor),
            resource=self._resource(resource, path, broken) if resource else None,
            batch_strategy=self._untrusted(as_text(_value(row, "batch_strategy", "batchStrategy"))),
            policy=self._untrusted(as_text(plan.get("policy"))),
            rotation=self._untrusted(as_text(_value(plan, "all_rotation", "allRotation"))),
            batches=self._batches(_list(plan.get("batches"), f"step {path}, batches", broken), path, broken),
            steps=self._steps(objects(nested, f"step {path}, sub-steps", broken), f"{path}.", depth + 1),
            faults=self._faults(broken),
        )

    def _resource(self, row: Row, path: str, broken: list[Broken]) -> TargetResource:
        params = objects(_list(row.get("params"), f"step {path}, filters", broken), f"step {path}, filters", broken)
        filters = []
        for item in params:
            key, value = as_text(item.get("key")) or "?", as_text(item.get("value")) or ""
            filters.append((Untrusted(key, self._redactor), Untrusted(value, self._redactor, key)))
        return TargetResource(
            type=known(ResourceKind, as_text(row.get("type")), self._redactor),
            id=self._untrusted(as_text(row.get("id"))),
            app_name=self._untrusted(as_text(_value(row, "app_name", "appName"))),
            region=self._untrusted(as_text(_value(row, "region_id", "regionId"))),
            filters=tuple(filters),
        )

    def _batches(self, entries: list[Any], path: str, broken: list[Broken]) -> tuple[Batch, ...]:
        batches = []
        for place, entry in enumerate(objects(entries, f"step {path}, batches", broken), start=1):
            number = as_whole(_value(entry, "batchIndex", "batch_index"))
            rotation = as_text(_value(entry, "rotationStrategy", "rotation_strategy"))
            batches.append(
                Batch(
                    number=place if number is None else number,
                    rotation=known(Rotation, rotation, self._redactor),
                    machines=self._machines(entry, f"step {path}, batch {place}", broken),
                )
            )
        return tuple(sorted(batches, key=lambda batch: batch.number))

    def _machines(self, batch: Row, where: str, broken: list[Broken]) -> tuple[Machine, ...]:
        entries = _list(_value(batch, "targetInstances", "target_instances"), f"{where}, machines", broken)
        # A bare string stands for the machine with that resource id.
        entries = [{"resourceId": entry} if isinstance(entry, str) and entry else entry for entry in entries]
        rows = objects(entries, f"{where}, machines", broken)
        cmdb_entries = _list(_value(batch, "cmdbInstances", "cmdb_instances"), f"{where}, inventory", broken)
        inventory = objects(cmdb_entries, f"{where}, inventory", broken)
        pairs = _paired(rows, inventory) if inventory else ((row, _EMPTY) for row in rows)
        return _distinct(self._machine(row, cmdb) for row, cmdb in pairs)

    def _machine(self, row: Row, cmdb: Row) -> Machine:
        own, other = _properties(row), _properties(cmdb) if cmdb else cmdb
        resource_id = _text(row, _ID, cmdb, _ID)
        return Machine(
            resource_id=None if resource_id is None else Untrusted(resource_id, self._redactor, "resource_id"),
            host_name=self._untrusted(_text(own, _HOST)),
            cmdb_name=self._untrusted(_text(cmdb, _NAME, row, _NAME)),
            ip=self._untrusted(_text(own, _IP, other, _IP)),
            region=self._repeated(_text(row, _REGION, own, _REGION) or _text(cmdb, _REGION)),
            zone=self._repeated(_text(own, _ZONE, other, _CMDB_ZONE)),
            provider=self._repeated(_text(row, _PROVIDER, cmdb, _PROVIDER)),
            type=self._repeated(_text(row, _TYPE, cmdb, _TYPE)),
            agent_state=self._state(_text(row, _STATE, cmdb, _CMDB_STATE)),
        )

    def _untrusted(self, text: str | None) -> Untrusted | None:
        return None if text is None else Untrusted(text, self._redactor)

    def _repeated(self, text: str | None) -> Untrusted | None:
        if text is None:
            return None
        shared = self._shared.get(text)
        if shared is None:
            shared = self._shared[text] = Untrusted(text, self._redactor)
        return shared

    def _state(self, text: str | None) -> AgentState | Unknown | None:
        if text is None:
            return None
        if text not in self._states:
            self._states[text] = known(AgentState, text, self._redactor)
        return self._states[text]

    def _faults(self, broken: list[Broken]) -> tuple[Fault, ...]:
        return tuple(Fault.of(item, self._redactor) for item in broken)


def _list(value: object, where: str, broken: list[Broken]) -> list[Any]:
    decoded = decode_list(value, where)
    if isinstance(decoded, Broken):
        broken.append(decoded)
        return []
    return decoded


def _object(value: object, where: str, broken: list[Broken]) -> Row:
    decoded = decode_object(value, where)
    if isinstance(decoded, Broken):
        broken.append(decoded)
        return _EMPTY
    return decoded


def _paired(rows: list[Row], inventory: list[Row]) -> Iterator[tuple[Row, Row]]:
    """Each row with its entry in the inventory, then the machines that only the inventory lists."""
    by_id = {key.lower(): cmdb for cmdb in inventory if (key := as_text(_value(cmdb, *_ID)))}
    by_agent = {key: cmdb for cmdb in inventory if (key := as_text(_value(cmdb, *_CMDB_AGENT)))}
    ids, agents = set(), set()
    for row in rows:
        key = (as_text(_value(row, *_ID)) or "").lower()
        agent = as_text(_value(row, *_AGENT)) or ""
        ids.add(key)
        agents.add(agent)
        yield row, by_id.get(key) or by_agent.get(agent) or _EMPTY
    for cmdb in inventory:
        key = (as_text(_value(cmdb, *_ID)) or "").lower()
        agent = as_text(_value(cmdb, *_CMDB_AGENT)) or ""
        if not (key and key in ids) and not (agent and agent in agents):
            yield _EMPTY, cmdb


def _text(
    row: Row,
    keys: tuple[str, ...],
    otherwise: Row = _EMPTY,
    other_keys: tuple[str, ...] = (),
) -> str | None:
    """The text under these keys, else under those of the other row."""
    value = row.get(keys[0])
    # Nearly every value is a plain word under the first key, and there are nine for each of thousands of machines.
    if value.__class__ is str and value and value.isascii() and not value.isspace():
        word: str = value
        return word
    return as_text(_value(row, *keys) or _value(otherwise, *other_keys))


def _properties(row: Row) -> Row:
    value = row.get("properties")
    if isinstance(value, dict):  # as it nearly always comes
        return value
    if value is None:
        return _EMPTY
    decoded = decode_object(value, "properties")
    return _EMPTY if isinstance(decoded, Broken) else decoded


def _distinct(machines: Iterable[Machine]) -> tuple[Machine, ...]:
    seen: set[tuple[str | None, ...]] = set()
    kept = []
    for machine in machines:
        key = machine.identity
        if key is None or key not in seen:
            kept.append(machine)
        if key is not None:
            seen.add(key)
    return tuple(kept)


def _value(row: Row, *keys: str) -> Any:
    """The first value under these keys. COC writes absent, null and ``""`` for nothing."""
    for key in keys:
        value = row.get(key)
        if value is not None and value != "":
            return value
    return None
