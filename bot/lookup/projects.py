"""The enterprise project of each task, known or guessed: the list call finds a task only in its own project."""

from collections import OrderedDict

MAX_TASKS = 4_096


class Projects:
    """Remembers the projects of recent tasks. ``""`` is COC's default project."""

    def __init__(self) -> None:
        self._by_task: OrderedDict[str, str] = OrderedDict()
        self._usual: str | None = None

    def record(self, task_id: str, project: str | None) -> None:
        """Remember what the detail call has answered."""
        project = project or ""
        latest = next(reversed(self._by_task), "")
        if latest != task_id:
            # After two tasks of the same project the next one is likely to be in it too.
            self._usual = project if self._by_task.get(latest) == project else None
        self._by_task[task_id] = project
        self._by_task.move_to_end(task_id)
        while len(self._by_task) > MAX_TASKS:
            self._by_task.popitem(last=False)

    def guess(self, task_id: str) -> str | None:
        """The task's own project, else that of the latest tasks; None where nothing points to one."""
        return self._by_task.get(task_id, self._usual)
