"""All sample tasks of the local COC; each shows one thing.

Their times are relative to the sandbox's start: there is always a task that runs tomorrow, one that is running and
one that has ended.
"""

from bot.sandbox.coc.samples.awkward import awkward_tasks
from bot.sandbox.coc.samples.document import document_task
from bot.sandbox.coc.samples.errors import error_tasks
from bot.sandbox.coc.samples.everyday import everyday_tasks
from bot.sandbox.coc.samples.one_off import one_off_tasks
from bot.sandbox.coc.samples.outcomes import outcome_tasks
from bot.sandbox.coc.samples.oversized import oversized_task
from bot.sandbox.coc.samples.parts import SampleTask
from bot.sandbox.coc.samples.schedules import schedule_tasks


def sample_tasks(now_ms: int) -> dict[str, SampleTask]:
    """The sample tasks by id, in the order of the page; ``now_ms`` is in milliseconds since 1970 UTC."""
    tasks = [
        *everyday_tasks(now_ms),
        *outcome_tasks(now_ms),
        *one_off_tasks(now_ms),
        document_task(now_ms),
        *awkward_tasks(now_ms),
        oversized_task(now_ms),
        *schedule_tasks(now_ms),
        *error_tasks(),
    ]
    return {sample.id: sample for sample in tasks}
