"""A sample task with ten times the machines that the vendor allows; a client must still read it."""

from functools import cache
from math import ceil

from bot.sandbox.coc.samples.parts import (
    SampleTask,
    batch,
    daily_runs,
    dumps,
    instance,
    periodic_trigger,
    plan,
    sample,
    sample_id,
    step,
    task,
)
from bot.sandbox.coc.samples.times import close_time

OVERSIZED = sample_id("36M4")

MACHINES = 10_000
STEPS = 2
BATCHES = 20
"""Of all steps together."""

LONGEST_HOST_NAME = 255
"""Characters of the longest host name that DNS allows."""

_REGIONS = ("cn-north-4", "cn-east-3", "cn-south-1", "ap-southeast-3")
_STATES = {0: "OFFLINE", 1: None, 2: "FAILED"}
"""The agents that are not ONLINE, by the machine's number modulo 97."""


def oversized_task(now_ms: int) -> SampleTask:
    """This module's task for a sandbox that starts at ``now_ms``."""
    detail = task(
        OVERSIZED,
        "all-regions-agent-upgrade",
        steps=[],
        target_instances=target_instances(MACHINES),
        trigger=periodic_trigger("03:30:00", "1", close_time(now_ms)),
        task_type="RUNBOOK",
        associated_task_id="DOC2601050930000000000036M",
        associated_task_name="agent-upgrade-job",
        runbook_instance_mode="DIFF",
        risk_level="HIGH",
    )
    note = "Beyond the limit: 10,000 machines, ten times what a task may have; 2 steps, 20 batches, 4 regions"
    return sample(
        detail, note, now_ms=now_ms, runs=daily_runs(OVERSIZED, now_ms, 5, "03:30", weekdays="1", took=5400)
    )


@cache
def target_instances(machines: int) -> str:
    """The task's ``target_instances`` with this many machines, at least one: JSON of steps with JSON of batches."""
    # Filling one machine's JSON as a template takes less than half the time of encoding as many objects. The text
    # does not depend on a clock, so it is cached for every sandbox of the process.
    template = _template()
    rows = [template % _values(number) for number in range(1, machines + 1)]
    in_step, in_batch = ceil(machines / STEPS), ceil(machines / BATCHES)
    plans = [_plan(rows[start : start + in_step], in_batch) for start in range(0, machines, in_step)]
    return dumps([step(OVERSIZED, order, row=order, target_instances=text) for order, text in enumerate(plans, 1)])


def _plan(rows: list[str], in_batch: int) -> str:
    listed = [",".join(rows[start : start + in_batch]) for start in range(0, len(rows), in_batch)]
    empty = [batch(index, [], rotation="PAUSE" if index == 1 else "CONTINUE") for index in range(1, len(listed) + 1)]
    before, *rest = plan(*empty, policy="manual", rotation="FIRST_PAUSE").split("[]")
    return before + "".join(f"[{machines}]{after}" for machines, after in zip(listed, rest, strict=True))


def _template() -> str:
    """One machine's JSON, with ``%(name)s`` where machines differ."""
    machine = instance(
        "%(name)s", "%(ip)s", region="%(region)s", provider="%(provider)s", kind="%(kind)s", zone="%(region)sa"
    )
    machine |= {"resourceId": "%(id)s", "agentSn": "%(agent)s", "agentStatus": "%(state)s"}
    return dumps(machine).replace('"%(state)s"', "%(state)s")  # null has no quotes


def _values(number: int) -> dict[str, str]:
    on_cce = number % 5 == 0
    return {
        "id": f"{number:08x}-0000-4000-8000-00000000c0c0",
        "agent": f"{number:08x}-0000-4000-8000-0000000a6e27",
        "name": _host_name(number),
        "ip": f"10.{number // 250}.{number % 250}.{number % 199 + 10}",
        "region": _REGIONS[number % len(_REGIONS)],
        "provider": "CCE" if on_cce else "ECS",
        "kind": "NODES" if on_cce else "CLOUDSERVERS",
        "state": dumps(_STATES.get(number % 97, "ONLINE")),
    }


def _host_name(number: int) -> str:
    if number % 1999 == 0:
        return f"node-{number:05d}-".ljust(LONGEST_HOST_NAME, "x")
    return f"生产-节点-{number:05d}" if number % 100 == 0 else f"node-{number:05d}"
