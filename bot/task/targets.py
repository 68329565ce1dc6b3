"""The decoded target instances of a task: steps, batches, machines.

``target_instances`` is a JSON string with an array of steps; each step's own ``target_instances`` is a JSON
string with the plan: batches of machines. A step of a job with several tasks nests the same object in
``sub_target_instances``. A batch may list its machines a second time, in another style, as ``cmdbInstances``.
Shapes as in the document's example and the vendor's live tests; keys also in snake case.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from bot.coc.decode import Broken, decode_list, decode_object, objects
from bot.coc.reading import as_text, as_whole, canonical

MAX_DEPTH = 12
"""How deep steps may nest. The vendor's own editor makes two levels."""


AGENT_STATES = frozenset({"ONLINE", "OFFLINE", "INSTALLING", "FAILED", "UNINSTALLED"})


@dataclass(frozen=True, slots=True)
class Machine:
    """One target instance. ``agent_state`` is as of when the task was saved, not live."""

    resource_id: str | None = None
    host_name: str | None = None
    cmdb_name: str | None = None
    ip: str | None = None
    region: str | None = None
    zone: str | None = None
    provider: str | None = None
    type: str | None = None
    agent_state: str | None = None

    @property
    def name(self) -> str | None:
        """What to call it, best first: host name, the inventory's name, IP, resource id."""
        return self.host_name or self.cmdb_name or self.ip or self.resource_id

    @property
    def identity(self) -> tuple[str | None, ...] | None:
        """What makes it the same machine elsewhere in the task; None where nothing tells."""
        if self.resource_id:
            return (self.resource_id.lower(),)
        key = (self.host_name, self.cmdb_name, self.ip, self.region)
        return key if any(key[:3]) else None


@dataclass(frozen=True, slots=True)
class Batch:
    """Machines that run together. ``rotation`` says what follows: CONTINUE, or PAUSE for a person."""

    number: int
    rotation: str | None
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True)
class TargetResource:
    """What an ALL selection selects from: a REGION or an APPLICATION, narrowed by filters."""

    type: str | None
    id: str | None
    app_name: str | None
    region: str | None
    filters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the target list: a script's only one, or one step of a job.

    ``path`` numbers it for people, from 1 in the order of ``order_no``: ``"2"``, nested ``"2.1"``.
    ``selection`` is MANUAL, ALL, NONE or an unknown word as it came.
    """

    path: str
    selection: str | None
    resource: TargetResource | None = None
    batch_strategy: str | None = None
    policy: str | None = None
    rotation: str | None = None
    batches: tuple[Batch, ...] = ()
    steps: tuple["Step", ...] = ()
    faults: tuple[Broken, ...] = ()
    """Inner strings of this step that did not decode."""

    def walk(self) -> Iterator["Step"]:
        """This step and all nested ones, in order."""
        yield self
        for step in self.steps:
            yield from step.walk()


@dataclass(frozen=True, slots=True)
class Targets:
    """All of ``target_instances``, as far as it decodes."""

    steps: tuple[Step, ...] = ()
    own_faults: tuple[Broken, ...] = ()
    """The outermost string, or entries in it that are no steps."""
    machines: tuple[Machine, ...] = field(default=(), compare=False)
    """Each machine of the task once, in the order of first appearance."""
    counted: dict[tuple[str, ...], Counter[Any]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What has been counted already: a card asks several times, and there may be thousands of machines."""

    def walk(self) -> Iterator[Step]:
        """All steps, nested ones too, in order."""
        for step in self.steps:
            yield from step.walk()

    @property
    def faults(self) -> tuple[Broken, ...]:
        """Every inner string that did not decode, outermost first."""
        return self.own_faults + tuple(fault for step in self.walk() for fault in step.faults)

    @property
    def batch_count(self) -> int:
        """How many batches all steps have together."""
        return sum(len(step.batches) for step in self.walk())

    def count(self, attribute: str) -> Counter[str]:
        """How many machines have each value of an attribute ("agent_state", "region"); absent is ``""``."""
        return self._count(attribute)

    def count_kinds(self) -> Counter[tuple[str, str]]:
        """How many machines are of each provider and type; absent is ``""``."""
        return self._count("provider", "type")

    def _count(self, *names: str) -> Counter[Any]:
        found = self.counted.get(names)
        if found is None:
            raw = Counter(map(attrgetter(*names), self.machines))
            found = Counter()
            for value, number in raw.items():
                found[tuple(part or "" for part in value) if len(names) > 1 else value or ""] += number
            self.counted[names] = found
        return found


def decode_targets(value: object) -> Targets:
    """The targets in a task's ``target_instances``, whatever came: never raises."""
    found = decode_list(value, "target instances")
    if isinstance(found, Broken):
        return Targets(own_faults=(found,))
    faults: list[Broken] = []
    steps = _steps(objects(found, "target instances", faults), "", depth=0)
    everything = (m for step in steps for inner in step.walk() for batch in inner.batches for m in batch.machines)
    return Targets(steps=steps, own_faults=tuple(faults), machines=_once(everything))


def _list(value: object, where: str, faults: list[Broken]) -> list[Any]:
    found = decode_list(value, where)
    if isinstance(found, Broken):
        faults.append(found)
        return []
    return found


def _steps(rows: list[dict[str, Any]], prefix: str, depth: int) -> tuple[Step, ...]:
    # Sorted by order_no, whose base differs between scripts; entries without one keep their place at the end.
    numbered = [(as_whole(_pick(row, "order_no", "orderNo")), row) for row in rows]
    numbered.sort(key=lambda pair: (pair[0] is None, pair[0] or 0))
    return tuple(_step(row, f"{prefix}{place}", depth) for place, (_, row) in enumerate(numbered, start=1))


def _step(row: dict[str, Any], path: str, depth: int) -> Step:
    faults: list[Broken] = []
    plan = decode_object(_pick(row, "target_instances", "targetInstances"), f"step {path}, plan")
    if isinstance(plan, Broken):
        faults.append(plan)
        plan = {}
    nested = _list(_pick(row, "sub_target_instances", "subTargetInstances"), f"step {path}, sub-steps", faults)
    if nested and depth >= MAX_DEPTH:
        faults.append(Broken(f"step {path}, sub-steps", 0, "nested too deeply", ""))
        nested = []
    resource = decode_object(_pick(row, "target_resource", "targetResource"), f"step {path}, target resource")
    if isinstance(resource, Broken):
        faults.append(resource)
        resource = {}
    return Step(
        path=path,
        selection=as_text(_pick(row, "target_selection", "targetSelection")),
        resource=_resource(resource, path, faults) if resource else None,
        batch_strategy=as_text(_pick(row, "batch_strategy", "batchStrategy")),
        policy=as_text(plan.get("policy")),
        rotation=as_text(_pick(plan, "all_rotation", "allRotation")),
        batches=_batches(_list(plan.get("batches"), f"step {path}, batches", faults), path, faults),
        steps=_steps(objects(nested, f"step {path}, sub-steps", faults), f"{path}.", depth + 1),
        faults=tuple(faults),
    )


def _resource(found: dict[str, Any], path: str, faults: list[Broken]) -> TargetResource:
    params = objects(_list(found.get("params"), f"step {path}, filters", faults), f"step {path}, filters", faults)
    return TargetResource(
        type=as_text(found.get("type")),
        id=as_text(found.get("id")),
        app_name=as_text(_pick(found, "app_name", "appName")),
        region=as_text(_pick(found, "region_id", "regionId")),
        filters=tuple((as_text(item.get("key")) or "?", as_text(item.get("value")) or "") for item in params),
    )


def _batches(entries: list[Any], path: str, faults: list[Broken]) -> tuple[Batch, ...]:
    batches = []
    for place, entry in enumerate(objects(entries, f"step {path}, batches", faults), start=1):
        number = as_whole(_pick(entry, "batchIndex", "batch_index"))
        batches.append(
            Batch(
                number=place if number is None else number,
                rotation=as_text(_pick(entry, "rotationStrategy", "rotation_strategy")),
                machines=_machines(entry, f"step {path}, batch {place}", faults),
            )
        )
    return tuple(sorted(batches, key=lambda batch: batch.number))


def _machines(batch: dict[str, Any], where: str, faults: list[Broken]) -> tuple[Machine, ...]:
    listed = _list(_pick(batch, "targetInstances", "target_instances"), f"{where}, machines", faults)
    # A bare string stands for the machine with that resource id.
    listed = [{"resourceId": entry} if isinstance(entry, str) and entry else entry for entry in listed]
    rows = objects(listed, f"{where}, machines", faults)
    inventory = _list(_pick(batch, "cmdbInstances", "cmdb_instances"), f"{where}, inventory", faults)
    twins = objects(inventory, f"{where}, inventory", faults)
    if not twins:
        return _once(_machine(row, _NOTHING) for row in rows)
    return _once(_paired(rows, twins))


def _paired(rows: list[dict[str, Any]], twins: list[dict[str, Any]]) -> Iterator[Machine]:
    """Each row with its twin of the inventory, then what only the inventory lists: that is a machine too."""
    by_id = {key.lower(): twin for twin in twins if (key := as_text(_pick(twin, "resourceId", "resource_id")))}
    by_agent = {key: twin for twin in twins if (key := as_text(_pick(twin, "agentId", "agent_id")))}
    ids, agents = set(), set()
    for row in rows:
        key = (as_text(_pick(row, "resourceId", "resource_id")) or "").lower()
        agent = as_text(_pick(row, "agentSn", "agent_sn")) or ""
        ids.add(key)
        agents.add(agent)
        yield _machine(row, by_id.get(key) or by_agent.get(agent) or _NOTHING)
    for twin in twins:
        key = (as_text(_pick(twin, "resourceId", "resource_id")) or "").lower()
        agent = as_text(_pick(twin, "agentId", "agent_id")) or ""
        if not (key and key in ids) and not (agent and agent in agents):
            yield _machine(_NOTHING, twin)


_NOTHING: dict[str, Any] = {}
_ID, _REGION, _IP = ("resourceId", "resource_id"), ("regionId", "region_id"), ("fixedIp", "fixed_ip")
_HOST, _NAME, _ZONE, _TWIN_ZONE = ("hostName", "host_name"), ("name",), ("zoneId", "zone_id"), ("OsExtAz", "zoneId")
_PROVIDER, _TYPE = ("provider",), ("type",)
_STATE, _TWIN_STATE = ("agentStatus", "agent_status"), ("agentState", "agent_state")


def _machine(row: dict[str, Any], twin: dict[str, Any]) -> Machine:
    own, other = _properties(row), _properties(twin) if twin else twin
    return Machine(
        resource_id=_text(row, _ID, twin, _ID),
        host_name=_text(own, _HOST),
        cmdb_name=_text(twin, _NAME, row, _NAME),
        ip=_text(own, _IP, other, _IP),
        region=_text(row, _REGION, own, _REGION) or _text(twin, _REGION),
        zone=_text(own, _ZONE, other, _TWIN_ZONE),
        provider=_text(row, _PROVIDER, twin, _PROVIDER),
        type=_text(row, _TYPE, twin, _TYPE),
        agent_state=_agent_state(_text(row, _STATE, twin, _TWIN_STATE)),
    )


def _text(
    row: dict[str, Any],
    keys: tuple[str, ...],
    otherwise: dict[str, Any] = _NOTHING,
    other_keys: tuple[str, ...] = (),
) -> str | None:
    """The text under these keys, else under those of the other row."""
    value = row.get(keys[0])
    # As nearly all come, and there are nine for each of thousands of machines: a plain word under the first key.
    if value.__class__ is str and value and value.isascii() and not value.isspace():
        word: str = value
        return word
    return as_text(_pick(row, *keys) or _pick(otherwise, *other_keys))


def _agent_state(word: str | None) -> str | None:
    """A known state in the one spelling that is counted; an unknown word as it came."""
    if word is None or word in AGENT_STATES:
        return word
    return canonical(word) if canonical(word) in AGENT_STATES else word


def _properties(row: dict[str, Any]) -> dict[str, Any]:
    value = row.get("properties")
    if isinstance(value, dict):  # as it nearly always comes
        return value
    if value is None:
        return _NOTHING
    found = decode_object(value, "properties")
    return {} if isinstance(found, Broken) else found


def _once(machines: Iterable[Machine]) -> tuple[Machine, ...]:
    seen: set[tuple[str | None, ...]] = set()
    kept = []
    for machine in machines:
        key = machine.identity
        if key is None or key not in seen:
            kept.append(machine)
        if key is not None:
            seen.add(key)
    return tuple(kept)


def _pick(row: dict[str, Any], *keys: str) -> Any:
    """The first of these keys that holds something: COC writes absent, null and ``""`` for nothing."""
    for key in keys:
        value = row.get(key)
        if value is not None and value != "":
            return value
    return None
