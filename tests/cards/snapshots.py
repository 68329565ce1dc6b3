"""Snapshots for the card tests, from wire objects: the samples, and tasks with other machines."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.coc.wire import Run, Task, TaskSummary
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.task.assemble import read_detail, read_run, read_summary
from bot.task.snapshot import Missing, Snapshot

Json = dict[str, Any]

AS_OF = datetime(2026, 5, 10, 19, 30, tzinfo=UTC)
"""Monday 03:30 in Shanghai: fourteen hours before the next run of sample S2."""
ADA = "U0ONCALL"
TASK_ID = "ST2601050930000000000002B2"
REDACTOR = Redactor()
SAMPLES = Path(__file__).parent.parent / "samples"


def wire(sample: str) -> Json:
    """The detail body of sample ``S1`` … ``S7``."""
    return dict(json.loads((SAMPLES / f"{sample}.json").read_text("utf-8")))


def snapshot(
    detail: Mapping[str, Any],
    *,
    summary: Mapping[str, Any] | Missing | None = None,
    runs: Sequence[Mapping[str, Any]] | Missing = (),
    task_id: str = TASK_ID,
    as_of: datetime = AS_OF,
) -> Snapshot:
    """What the look-up makes of a detail body, a row of the list and a history; by default enabled, never run."""
    read = read_detail(Task.model_validate(detail), REDACTOR)
    row = {"enabled": True} if summary is None else summary
    return Snapshot(
        task_id=task_id,
        task=read.task,
        targets=read.targets,
        parameters=read.parameters,
        summary=row if isinstance(row, Missing) else read_summary(TaskSummary.model_validate(row), REDACTOR),
        runs=runs
        if isinstance(runs, Missing)
        else tuple(read_run(Run.model_validate(run), REDACTOR) for run in runs),
        as_of=as_of,
        elapsed_s=0.42,
        redactor=REDACTOR,
        digest=read.digest,
    )


def text(raw: str, name: str = "") -> Untrusted:
    """Text from outside; ``name`` is that of the value."""
    return Untrusted(raw, REDACTOR, name)


def machine(name: str, number: int = 1, **more: Any) -> Json:
    """One machine as a plan lists it, online in cn-north-4a unless ``more`` says otherwise."""
    return {
        "resourceId": f"11111111-0000-4000-8000-{number:012d}",
        "regionId": "cn-north-4",
        "agentStatus": "ONLINE",
        "properties": {"hostName": name, "fixedIp": f"10.0.{number // 250}.{number % 250}", "zoneId": "cn-north-4a"},
        **more,
    }


def step(*batches: Sequence[Json], **more: Any) -> Json:
    """One step with a plan of batches of machines, the plan as the JSON string that it is on the wire."""
    plan = {
        "batches": [
            {"batchIndex": index, "rotationStrategy": "PAUSE", "targetInstances": list(machines)}
            for index, machines in enumerate(batches, start=1)
        ]
    }
    return {"target_selection": "MANUAL", "order_no": 1, "target_instances": json.dumps(plan), **more}


def with_steps(*steps: Json, sample: str = "S2") -> Json:
    """A sample with other targets."""
    return {**wire(sample), "target_instances": json.dumps(list(steps))}
