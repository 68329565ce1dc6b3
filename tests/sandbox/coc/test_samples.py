"""The sample tasks have the vendor's shapes, fit the moment of the start, and show what their notes say."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.coc.wire import Task
from bot.sandbox.coc.samples.awkward import BROKEN_PLAN, BROKEN_TARGETS, HUGE
from bot.sandbox.coc.samples.catalog import sample_tasks
from bot.sandbox.coc.samples.document import DOCUMENT_EXAMPLE, document_example
from bot.sandbox.coc.samples.everyday import NIGHTLY, REJECTED
from bot.sandbox.coc.samples.outcomes import DISABLED, ENDED, FAILED, RUNNING, WAITING
from bot.sandbox.coc.samples.oversized import LONGEST_HOST_NAME, OVERSIZED, target_instances
from bot.sandbox.coc.samples.parts import DETAIL_FIELDS, LISTING_FIELDS, SampleTask
from bot.task.parameters import read_parameters
from bot.task.read_targets import read_targets
from tests.cards.snapshots import REDACTOR

TESTS = Path(__file__).parents[2]
NOW = round(datetime(2026, 1, 15, 12, 0, tzinfo=UTC).timestamp()) * 1000
TASKS = sample_tasks(NOW)


def detail_of(task_id: str) -> dict[str, Any]:
    """The detail of a sample, which must be JSON."""
    detail = TASKS[task_id].detail
    assert isinstance(detail, dict)
    return detail


def shape(value: object) -> object:
    """Keys and types of a JSON value, including JSON in strings; a list becomes the shapes of its items."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except ValueError:
            return "text"
        return {"json": shape(inner)} if isinstance(inner, dict | list) else "text"
    if isinstance(value, dict):
        return {name: shape(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(shape(item)) for item in value})
    return type(value).__name__


def machines(task_id: str) -> list[list[dict[str, Any]]]:
    """The machines of the first step, by batch."""
    plan = json.loads(json.loads(detail_of(task_id)["target_instances"])[0]["target_instances"])
    return [batch["targetInstances"] for batch in plan["batches"]]


def test_documents_example_is_verbatim() -> None:
    """The copy equals the vendor's page; the sample differs from it only in its id."""
    page = json.loads((TESTS / "sandbox" / "document_example.json").read_text())
    assert document_example() == page
    assert TASKS[DOCUMENT_EXAMPLE].detail == {**page, "id": DOCUMENT_EXAMPLE}


@pytest.mark.parametrize("sample", ["S1", "S3", "S4", "S5", "S6", "S7"])
def test_samples_have_the_shape_of_the_recorded_ones(sample: str) -> None:
    """Keys and types are the same at every level, including JSON in strings."""
    recorded = json.loads((TESTS / "samples" / f"{sample}.json").read_text())
    ours = dict(detail_of(recorded["id"]))
    assert shape(without_agents(ours)) == shape(without_agents(recorded))


def without_agents(value: Any) -> Any:
    """The value without ``agentSn``, which any machine may lack."""
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.dumps(without_agents(json.loads(value)))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {name: without_agents(item) for name, item in value.items() if name != "agentSn"}
    return [without_agents(item) for item in value] if isinstance(value, list) else value


def test_nightly_has_the_keys_of_the_recorded_one() -> None:
    """The main sample has every key of the recorded one."""
    recorded = json.loads((TESTS / "samples" / "S2.json").read_text())
    assert detail_of(NIGHTLY).keys() == recorded.keys() == set(DETAIL_FIELDS)


def test_ids_have_26_characters_and_notes_are_unique() -> None:
    """Every id has the documented form; every note is one short line."""
    assert all(re.fullmatch(r"ST[0-9A-Za-z]{24}", task_id) and task.id == task_id for task_id, task in TASKS.items())
    notes = [task.note for task in TASKS.values()]
    assert len(set(notes)) == len(notes)
    assert all(note and "\n" not in note and len(note) <= 110 for note in notes)


def test_listings_have_the_documented_columns() -> None:
    """A row of the list has the 22 documented columns and the id of its task."""
    rows = {task_id: task.listing for task_id, task in TASKS.items() if task.listing is not None}
    assert len(rows) > 20
    assert all(row["id"] == task_id and set(row) == set(LISTING_FIELDS) for task_id, row in rows.items())


def test_nightly_shows_most() -> None:
    """42 machines, 40 online and 2 offline, 2 regions, 3 batches, two of them with cmdbInstances; 118 runs."""
    batches = machines(NIGHTLY)
    everything = [machine for batch in batches for machine in batch]
    assert [len(batch) for batch in batches] == [2, 20, 20]
    assert Counter(machine["agentStatus"] for machine in everything) == {"ONLINE": 40, "OFFLINE": 2}
    assert len({machine["regionId"] for machine in everything}) == 2
    assert len({machine["resourceId"] for machine in everything}) == 42
    plan = json.loads(json.loads(detail_of(NIGHTLY)["target_instances"])[0]["target_instances"])
    assert [len(batch.get("cmdbInstances", [])) for batch in plan["batches"]] == [2, 20, 0]
    task = TASKS[NIGHTLY]
    assert task.listing is not None
    assert (task.listing["enabled"], task.listing["last_execution_status"]) == (True, "FINISHED")
    assert len(task.runs) == task.listing["execution_count"] == 118


def test_huge_has_as_many_machines_as_a_task_may_have() -> None:
    """999 machines in 3 batches, each once."""
    batches = machines(HUGE)
    assert [len(batch) for batch in batches] == [333, 333, 333]
    assert len({machine["resourceId"] for batch in batches for machine in batch}) == 999


def test_oversized_has_ten_times_as_many() -> None:
    """10,000 machines, each once, in 2 steps of 10 batches; every kind of state, name and provider is among them."""
    plans = [json.loads(step["target_instances"]) for step in json.loads(detail_of(OVERSIZED)["target_instances"])]
    batches = [batch["targetInstances"] for plan in plans for batch in plan["batches"]]
    assert [[batch["batchIndex"] for batch in plan["batches"]] for plan in plans] == [list(range(1, 11))] * 2
    assert [len(batch) for batch in batches] == [500] * 20
    everything = [machine for batch in batches for machine in batch]
    assert len({machine["resourceId"] for machine in everything}) == 10_000
    assert {machine["agentStatus"] for machine in everything} == {"ONLINE", "OFFLINE", "FAILED", None}
    assert {machine["provider"] for machine in everything} == {"ECS", "CCE"}
    assert len({machine["regionId"] for machine in everything}) == 4
    names = [machine["properties"]["hostName"] for machine in everything]
    assert len(set(names)) == 10_000
    assert max(map(len, names)) == LONGEST_HOST_NAME
    assert sum(not name.isascii() for name in names) == 100
    online, usual = everything[2], machines(HUGE)[0][2]
    assert shape(online) == shape({**usual, "properties": {**usual["properties"], "zoneId": "z"}})


@pytest.mark.parametrize("count", [1, 7, 99, 1001])
def test_oversized_comes_in_any_size(count: int) -> None:
    """Benchmarks need other numbers of machines, which need not divide evenly."""
    decoded = read_targets(target_instances(count), REDACTOR)
    assert len(decoded.machines) == count
    assert decoded.batch_count <= 20
    assert decoded.faults == ()


@pytest.mark.parametrize("moment", [NOW, NOW + 13 * 3_600_000, NOW + 400 * 86_400_000])
def test_samples_fit_the_moment_of_the_start(moment: int) -> None:
    """At any start, one task is due, one runs, one has ended, and no run is in the future."""
    tasks = sample_tasks(moment)

    def trigger(task_id: str) -> dict[str, Any]:
        detail = tasks[task_id].detail
        assert isinstance(detail, dict)
        trigger_time: dict[str, Any] = detail["trigger_time"]
        return trigger_time

    assert trigger(WAITING)["single_scheduled_time"] > moment
    assert trigger(REJECTED)["single_scheduled_time"] > moment
    assert trigger(ENDED)["scheduled_close_time"] < moment < trigger(NIGHTLY)["scheduled_close_time"]
    assert "finished_time" not in tasks[RUNNING].runs[0]
    assert (tasks[DISABLED].listing or {})["enabled"] is False
    assert tasks[FAILED].runs[0]["status"] == (tasks[FAILED].listing or {})["last_execution_status"] == "ABNORMAL"
    for task in tasks.values():
        starts = [run["started_time"] for run in task.runs]
        assert starts == sorted(set(starts), reverse=True)
        assert all(run["started_time"] < run.get("finished_time", moment) <= moment for run in task.runs)


@pytest.mark.parametrize("task", [task for task in TASKS.values() if task.answer is None], ids=lambda task: task.id)
def test_the_bot_reads_every_sample(task: SampleTask) -> None:
    """Every sample validates, and its inner JSON is decoded or marked as broken."""
    assert isinstance(task.detail, dict)
    read = Task.model_validate(task.detail)
    assert read.id == task.id
    read_targets(read.target_instances, REDACTOR)
    read_parameters(read.input_param, REDACTOR)


def test_broken_samples_are_broken_at_their_level() -> None:
    """One is broken at level 1, the other in the plan of its second step."""
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(detail_of(BROKEN_TARGETS)["target_instances"])
    first, second = json.loads(detail_of(BROKEN_PLAN)["target_instances"])
    json.loads(first["target_instances"])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(second["target_instances"])
