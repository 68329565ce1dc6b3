"""In which enterprise project tasks are: known, or likely."""

from collections import OrderedDict
from dataclasses import dataclass

PROJECTS_KEPT = 4_096
"""Tasks whose enterprise project is remembered."""


@dataclass(frozen=True, slots=True)
class Place:
    """An enterprise project; None is COC's default one."""

    project: str | None


class Projects:
    """In which enterprise project tasks are: the list call finds a task only where it is looked for."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Place] = OrderedDict()
        self._usual: Place | None = None

    def learn(self, task_id: str, project: str | None) -> None:
        """COC has told it."""
        place = Place(project)
        last = next(reversed(self._known), None)
        if last != task_id:
            # Where two tasks in a row were, the next one is likely to be.
            self._usual = place if last is not None and self._known[last] == place else None
        self._known[task_id] = place
        self._known.move_to_end(task_id)
        while len(self._known) > PROJECTS_KEPT:
            self._known.popitem(last=False)

    def likely(self, task_id: str) -> Place | None:
        """Where this task was, else where the last ones were; None where there is no telling."""
        return self._known.get(task_id, self._usual)
