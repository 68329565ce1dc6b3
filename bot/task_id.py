"""The shape of a scheduled task's id: ``ST`` and 24 letters or digits."""

import re

LENGTH = 26
"""Characters of an id."""

_TASK_ID = re.compile(r"ST[0-9A-Za-z]{24}")


def is_task_id(text: str) -> bool:
    """Whether the text is a task id and nothing else."""
    return bool(_TASK_ID.fullmatch(text))
