"""The target instances of a task in domain objects: steps, batches, machines, and how many there are of what."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.redact.untrusted import Untrusted
from bot.task.enums import AgentState, ResourceKind, Rotation, Selection, Unknown, normalized
from bot.task.fault import Fault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Machine:
    """One target instance. ``agent_state`` is as of when the task was saved, not live."""

    resource_id: Untrusted | None = None
    host_name: Untrusted | None = None
    cmdb_name: Untrusted | None = None
    ip: Untrusted | None = None
    region: Untrusted | None = None
    zone: Untrusted | None = None
    provider: Untrusted | None = None
    type: Untrusted | None = None
    agent_state: AgentState | Unknown | None = None

    @property
    def name(self) -> Untrusted | None:
        """What to call it, best first: host name, the inventory's name, IP, resource id."""
        return self.host_name or self.cmdb_name or self.ip or self.resource_id

    @property
    def location(self) -> Untrusted | None:
        """Region and zone; the zone alone where it names its region."""
        region, zone = self.region, self.zone
        if region is None or zone is None or region.raw in zone.raw:
            return zone or region
        return Untrusted(f"{region.raw} / {zone.raw}", zone.redactor)

    @property
    def is_ordinary(self) -> bool:
        """Whether it is of the type of nearly all machines, a cloud server."""
        return self.type is None or normalized(self.type.raw) == "CLOUDSERVERS"

    @property
    def texts(self) -> str:
        """All its texts in one, to tell how much room they take; not to be shown."""
        texts = (self.host_name, self.cmdb_name, self.ip, self.region, self.zone, self.provider, self.type)
        return "".join(text.raw if text else "None" for text in (*texts, self.resource_id))

    @property
    def identity(self) -> tuple[str | None, ...] | None:
        """What makes it the same machine elsewhere in the task; None where nothing tells."""
        if self.resource_id:
            return (self.resource_id.raw.lower(),)
        texts = (self.host_name, self.cmdb_name, self.ip, self.region)
        key = tuple(None if text is None else text.raw for text in texts)
        return key if any(key[:3]) else None


@dataclass(frozen=True, slots=True)
class Batch:
    """Machines that run together. ``rotation`` says what follows: the next batch, or a pause for a person."""

    number: int
    rotation: Rotation | Unknown | None
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True)
class TargetResource:
    """What an ALL selection selects from: a region or an application, narrowed by filters of key and value."""

    type: ResourceKind | Unknown | None
    id: Untrusted | None
    app_name: Untrusted | None
    region: Untrusted | None
    filters: tuple[tuple[Untrusted, Untrusted], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the target list: a script's only one, or one step of a job.

    ``path`` numbers it for people, from 1 in the order of ``order_no``: ``"2"``, nested ``"2.1"``.
    """

    path: str
    selection: Selection | Unknown | None
    resource: TargetResource | None = None
    batch_strategy: Untrusted | None = None
    policy: Untrusted | None = None
    rotation: Untrusted | None = None
    batches: tuple[Batch, ...] = ()
    steps: tuple["Step", ...] = ()
    faults: tuple[Fault, ...] = ()
    """Inner strings of this step that did not decode."""

    def walk(self) -> Iterator["Step"]:
        """This step and all nested ones, in order."""
        yield self
        for step in self.steps:
            yield from step.walk()

    @property
    def is_chosen_later(self) -> bool:
        """Whether its machines are chosen when the task runs."""
        return self.selection not in {None, Selection.MANUAL, Selection.NONE}


@dataclass(frozen=True, slots=True)
class Targets:
    """All of ``target_instances``, as far as it decodes."""

    steps: tuple[Step, ...] = ()
    own_faults: tuple[Fault, ...] = ()
    """The outermost string, or entries in it that are no steps."""
    machines: tuple[Machine, ...] = field(default=(), compare=False)
    """Each machine of the task once, in the order of first appearance."""
    counts: dict[str, Counter[Any]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Counts so far: a card asks several times, and there may be thousands of machines."""

    def walk(self) -> Iterator[Step]:
        """All steps, nested ones too, in order."""
        for step in self.steps:
            yield from step.walk()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every inner string that did not decode, outermost first."""
        return self.own_faults + tuple(fault for step in self.walk() for fault in step.faults)

    @property
    def batch_count(self) -> int:
        """How many batches all steps have together."""
        return sum(len(step.batches) for step in self.walk())

    @property
    def states(self) -> Counter[AgentState | Unknown | None]:
        """How many machines have each agent state."""
        return self._count("states", lambda machine: machine.agent_state)

    @property
    def offline(self) -> int:
        """How many agents were offline when the task was saved."""
        return self.states[AgentState.OFFLINE]

    @property
    def regions(self) -> Counter[Untrusted | None]:
        """How many machines are in each region."""
        return self._count("regions", lambda machine: machine.region)

    @property
    def kinds(self) -> Counter[tuple[Untrusted | None, Untrusted | None]]:
        """How many machines are of each provider and type."""
        return self._count("kinds", lambda machine: (machine.provider, machine.type))

    def _count(self, what: str, key: Callable[[Machine], T]) -> Counter[T]:
        if what not in self.counts:
            self.counts[what] = Counter(map(key, self.machines))
        return self.counts[what]
