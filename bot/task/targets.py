"""A task's target instances: steps, batches and machines, and counts of them."""

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
    """One target instance. ``agent_state`` dates from when the task was saved; it is not live."""

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
        """Its best name: host name, else the inventory's name, IP or resource id."""
        return self.host_name or self.cmdb_name or self.ip or self.resource_id

    @property
    def location(self) -> Untrusted | None:
        """Region and zone; only the zone where it names its region."""
        region, zone = self.region, self.zone
        if region is None or zone is None or region.raw in zone.raw:
            return zone or region
        return Untrusted(f"{region.raw} / {zone.raw}", zone.redactor)

    @property
    def is_ordinary(self) -> bool:
        """Whether it is a cloud server, as nearly all machines are."""
        return self.type is None or normalized(self.type.raw) == "CLOUDSERVERS"

    @property
    def texts(self) -> str:
        """All its texts concatenated, to estimate their size; not for display."""
        texts = (self.host_name, self.cmdb_name, self.ip, self.region, self.zone, self.provider, self.type)
        return "".join(text.raw if text else "None" for text in (*texts, self.resource_id))

    @property
    def identity(self) -> tuple[str | None, ...] | None:
        """Equal for the same machine elsewhere in the task; None where nothing identifies it."""
        if self.resource_id:
            return (self.resource_id.raw.lower(),)
        texts = (self.host_name, self.cmdb_name, self.ip, self.region)
        key = tuple(None if text is None else text.raw for text in texts)
        return key if any(key[:3]) else None


@dataclass(frozen=True, slots=True)
class Batch:
    """Machines that run together. After them comes the next batch or a pause for a person: ``rotation``."""

    number: int
    rotation: Rotation | Unknown | None
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True)
class TargetResource:
    """The region or application that an ALL selection chooses from, narrowed by filters of key and value."""

    type: ResourceKind | Unknown | None
    id: Untrusted | None
    app_name: Untrusted | None
    region: Untrusted | None
    filters: tuple[tuple[Untrusted, Untrusted], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the target list: a script's only one, or a step of a job.

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
    """Inner strings of this step that can't be decoded."""

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
    """All of ``target_instances`` that can be decoded."""

    steps: tuple[Step, ...] = ()
    own_faults: tuple[Fault, ...] = ()
    """Faults of the outermost string, and entries in it that are not steps."""
    machines: tuple[Machine, ...] = field(default=(), compare=False)
    """The distinct machines, in order of first appearance."""
    counts: dict[str, Counter[Any]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """A cache: a card needs the counts several times, and there may be thousands of machines."""

    def walk(self) -> Iterator[Step]:
        """All steps, nested ones too, in order."""
        for step in self.steps:
            yield from step.walk()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every inner string that can't be decoded, outermost first."""
        return self.own_faults + tuple(fault for step in self.walk() for fault in step.faults)

    @property
    def batch_count(self) -> int:
        """The number of batches in all steps."""
        return sum(len(step.batches) for step in self.walk())

    @property
    def states(self) -> Counter[AgentState | Unknown | None]:
        """Numbers of machines by agent state."""
        return self._count("states", lambda machine: machine.agent_state)

    @property
    def offline(self) -> int:
        """How many agents were offline when the task was saved."""
        return self.states[AgentState.OFFLINE]

    @property
    def regions(self) -> Counter[Untrusted | None]:
        """Numbers of machines by region."""
        return self._count("regions", lambda machine: machine.region)

    @property
    def kinds(self) -> Counter[tuple[Untrusted | None, Untrusted | None]]:
        """Numbers of machines by provider and type."""
        return self._count("kinds", lambda machine: (machine.provider, machine.type))

    def _count(self, name: str, key: Callable[[Machine], T]) -> Counter[T]:
        if name not in self.counts:
            self.counts[name] = Counter(map(key, self.machines))
        return self.counts[name]
