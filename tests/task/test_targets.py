"""Target instances: both levels of JSON in strings, steps in order, each machine once."""

# A text from outside equals a str with the same characters.
# mypy: disable-error-code=comparison-overlap

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.coc.wire import Task
from bot.task import targets
from bot.task.enums import Unknown
from bot.task.read_targets import MAX_DEPTH, read_targets
from tests.cards.snapshots import REDACTOR, text

# What is expected is written with plain strings.
Batch: Any = targets.Batch
Machine: Any = targets.Machine
Step: Any = targets.Step
TargetResource: Any = targets.TargetResource
Targets = targets.Targets

TESTS = Path(__file__).parents[1]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    *("order_no", "target_selection", "target_instances", "targetInstances", "sub_target_instances", "batches"),
    *("target_resource", "batch_strategy", "params", "batchIndex", "rotationStrategy", "cmdbInstances", "properties"),
    *("resourceId", "agentSn", "agentId", "agentStatus", "regionId", "hostName", "fixedIp", "name"),
)
"""Keys that mean something somewhere, so that any of them is tried in any place."""
PLAUSIBLE = st.recursive(
    JSON,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
        | inner.map(json.dumps)
    ),
    max_leaves=12,
)


def of_sample(name: str) -> Targets:
    """The targets of a recorded sample or of the document's example."""
    body = json.loads((TESTS / name).read_text("utf-8"))
    return read_targets(Task.model_validate(body).target_instances, REDACTOR)


def unknown(word: str) -> Unknown:
    """A word that no document names."""
    return Unknown(text(word))


def step(plan: object = None, **more: Any) -> dict[str, Any]:
    """One step with a plan, as COC writes it."""
    return {"target_selection": "MANUAL", "target_instances": json.dumps(plan), "order_no": 1} | more


def one_batch(machines: object, inventory: object = None, **more: Any) -> str:
    """``target_instances`` with one step and one batch."""
    batch = {"batchIndex": 1, "targetInstances": machines, "cmdbInstances": inventory}
    return json.dumps([step({"batches": [batch]}, **more)])


def test_the_documents_example_decodes_field_by_field() -> None:
    """One step, one batch, one machine, placeholders and all."""
    machine = Machine(
        resource_id="****",
        host_name="****",
        region="***",
        provider="HCSS",
        type="L-INSTANCE",
        agent_state="ONLINE",
    )
    found = of_sample("sandbox/document_example.json")
    assert found == Targets(
        steps=(
            Step(
                path="1",
                selection="MANUAL",
                policy="none",
                rotation="ALL_CONTINUE",
                batches=(Batch(1, "CONTINUE", (machine,)),),
            ),
        )
    )
    assert found.machines == (machine,)
    assert machine.name == "****"


def test_s1_one_machine_without_an_ip() -> None:
    """S1: the document's key set with real values."""
    machine = Machine(
        resource_id="0a1b2c3d-0000-4000-8000-000000000001",
        host_name="hcss-web-01",
        region="ap-southeast-3",
        provider="HCSS",
        type="L-INSTANCE",
        agent_state="ONLINE",
    )
    batch = Batch(1, "CONTINUE", (machine,))
    found = of_sample("samples/S1.json")
    assert found == Targets((Step("1", "MANUAL", policy="none", rotation="ALL_CONTINUE", batches=(batch,)),))
    assert found.machines == (machine,)


def test_s2_two_batches_and_an_inventory_that_repeats_a_machine() -> None:
    """S2: ``cmdbInstances`` adds its name to the machine and is not counted again."""
    web01 = Machine(
        resource_id="11111111-0000-4000-8000-000000000001",
        host_name="web-01",
        cmdb_name="web-01",
        ip="192.168.0.11",
        region="cn-north-4",
        zone="cn-north-4a",
        provider="ECS",
        type="CLOUDSERVERS",
        agent_state="ONLINE",
    )
    web02 = Machine(
        resource_id="11111111-0000-4000-8000-000000000002",
        host_name="web-02",
        ip="192.168.0.12",
        region="cn-north-4",
        provider="ECS",
        type="CLOUDSERVERS",
        agent_state="OFFLINE",
    )
    found = of_sample("samples/S2.json")
    assert found == Targets(
        (
            Step(
                "1",
                "MANUAL",
                policy="automatic",
                rotation="FIRST_PAUSE",
                batches=(Batch(1, "PAUSE", (web01,)), Batch(2, "CONTINUE", (web02,))),
            ),
        )
    )
    assert found.machines == (web01, web02)
    assert found.batch_count == 2
    assert found.states == {"ONLINE": 1, "OFFLINE": 1}
    assert found.offline == 1
    assert {region and region.raw: number for region, number in found.regions.items()} == {"cn-north-4": 2}


def test_s3_all_machines_of_a_region() -> None:
    """S3: ALL names no machines, but what they are selected from."""
    resource = TargetResource("REGION", "cn-north-4", None, None, (("ep_id", "0"), ("agent_state", "ONLINE")))
    found = of_sample("samples/S3.json")
    assert found == Targets((Step("1", "ALL", resource=resource, batch_strategy="AUTO_BATCH"),))
    assert found.machines == ()


def test_s4_a_job_that_needs_no_machines() -> None:
    """S4: NONE."""
    assert of_sample("samples/S4.json") == Targets((Step("1", "NONE", batch_strategy="NONE"),))


def test_s5_steps_with_targets_of_their_own_one_of_them_nested() -> None:
    """S5: three steps; the second has two tasks, each with its own targets."""

    def only(path: str, number: int, host: str) -> Step:
        machine = Machine(
            resource_id=f"22222222-0000-4000-8000-00000000000{number}",
            host_name=host,
            ip=f"192.168.1.{number}",
            region="cn-north-4",
            provider="ECS",
            type="CLOUDSERVERS",
            agent_state="ONLINE",
        )
        batch = Batch(1, "CONTINUE", (machine,))
        return Step(path, "MANUAL", policy="none", rotation="ALL_CONTINUE", batches=(batch,))

    found = of_sample("samples/S5.json")
    nested = Step("2", "MANUAL", steps=(only("2.1", 3, "app-01"), only("2.2", 4, "app-02")))
    assert found == Targets((only("1", 1, "db-01"), nested, Step("3", "NONE")))
    assert [inner.path for inner in found.walk()] == ["1", "2", "2.1", "2.2", "3"]
    assert [machine.host_name for machine in found.machines] == ["db-01", "app-01", "app-02"]
    assert found.batch_count == 3


def test_s6_all_machines_of_an_application_as_they_were() -> None:
    """S6: ALL with a plan: the machines it came to when the task was saved."""
    found = of_sample("samples/S6.json")
    assert len(found.steps) == 1
    assert found.steps[0].selection == "ALL"
    assert found.steps[0].policy == "automatic"
    assert found.steps[0].resource == TargetResource("APPLICATION", "APP_ID", "shop.web", "cn-north-4", ())
    got: Any = [(m.name, m.provider, m.type, m.agent_state, m.ip) for m in found.machines]
    assert got == [
        ("bms-01", "BMS", "SERVERS", "INSTALLING", "10.0.0.1"),
        ("cce-node-1", "CCE", "NODES", "UNINSTALLED", "10.0.0.2"),
    ]


def test_s7_a_broken_plan_leaves_its_step() -> None:
    """S7: the unknown selection is kept, and the fault says where the plan broke."""
    found = of_sample("samples/S7.json")
    got: Any = [(inner.path, inner.selection, inner.batches) for inner in found.steps]
    assert got == [("1", unknown("BY_TAG"), ())]
    assert [(fault.where, fault.at, fault.text) for fault in found.faults] == [("step 1, plan", 1, "{broken")]


def test_steps_are_in_the_order_of_order_no_whatever_its_base() -> None:
    """0 or 1 comes first; numbers may be strings; a step without one keeps its place at the end."""
    orders: list[object] = [None, "10", 2, 0, "", "1"]
    rows = [{"target_selection": f"was {place}", "order_no": order} for place, order in enumerate(orders)]
    found = read_targets(json.dumps(rows), REDACTOR)
    assert [inner.selection for inner in found.steps] == [unknown(f"was {place}") for place in (3, 5, 2, 1, 0, 4)]
    assert [inner.path for inner in found.steps] == ["1", "2", "3", "4", "5", "6"]


def test_batches_are_in_the_order_of_their_numbers() -> None:
    """``batchIndex`` decides; a batch without one has its place as its number."""
    batches = [
        {"batchIndex": 2, "targetInstances": [{"resourceId": "b"}]},
        {"batchIndex": "1", "targetInstances": [{"resourceId": "a"}]},
        {"targetInstances": [{"resourceId": "c"}]},
    ]
    found = read_targets(json.dumps([step({"batches": batches})]), REDACTOR)
    assert [(batch.number, batch.machines[0].name) for batch in found.steps[0].batches] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
    ]
    assert [machine.name for machine in found.machines] == ["a", "b", "c"]


def test_keys_in_either_style_mean_the_same() -> None:
    """Some sources write snake case where others write camel case, at every level."""
    camel = {
        "orderNo": 1,
        "targetSelection": "MANUAL",
        "targetResource": {"type": "APPLICATION", "appName": "shop", "regionId": "r1"},
        "batchStrategy": "NONE",
        "targetInstances": {
            "allRotation": "ALL_CONTINUE",
            "batches": [
                {
                    "batchIndex": 1,
                    "rotationStrategy": "PAUSE",
                    "targetInstances": [{"resourceId": "a", "properties": {"hostName": "h", "fixedIp": "1.1.1.1"}}],
                    "cmdbInstances": [{"resourceId": "A", "name": "n", "regionId": "r2", "agentState": "FAILED"}],
                }
            ],
        },
        "subTargetInstances": [{"targetSelection": "NONE"}],
    }
    snake = {
        "order_no": 1,
        "target_selection": "MANUAL",
        "target_resource": {"type": "APPLICATION", "app_name": "shop", "region_id": "r1"},
        "batch_strategy": "NONE",
        "target_instances": {
            "all_rotation": "ALL_CONTINUE",
            "batches": [
                {
                    "batch_index": 1,
                    "rotation_strategy": "PAUSE",
                    "target_instances": [
                        {"resource_id": "a", "properties": {"host_name": "h", "fixed_ip": "1.1.1.1"}}
                    ],
                    "cmdb_instances": [{"resource_id": "A", "name": "n", "region_id": "r2", "agent_state": "FAILED"}],
                }
            ],
        },
        "sub_target_instances": [{"target_selection": "NONE"}],
    }
    found = read_targets([camel], REDACTOR)
    assert found == read_targets([snake], REDACTOR)
    assert found.machines == (
        Machine(resource_id="a", host_name="h", cmdb_name="n", ip="1.1.1.1", region="r2", agent_state="FAILED"),
    )
    assert found.steps[0].steps == (Step("1.1", "NONE"),)


@pytest.mark.parametrize("wrap", [lambda value: value, json.dumps])
def test_inner_values_may_be_objects_or_strings(wrap: Any) -> None:
    """Each inner level may come decoded or as a JSON string: plan, resource, batches, machines, properties."""
    machine = {"resourceId": "a", "properties": wrap({"hostName": "h"})}
    batch = {"batchIndex": 1, "targetInstances": wrap([machine])}
    row = {
        "target_selection": "ALL",
        "target_resource": wrap({"type": "REGION", "params": wrap([{"key": "k", "value": "v"}])}),
        "target_instances": wrap({"batches": wrap([batch])}),
        "sub_target_instances": wrap([{"target_selection": "NONE"}]),
    }
    found = read_targets(wrap([row]), REDACTOR)
    assert found.faults == ()
    assert found.steps[0].resource == TargetResource("REGION", None, None, None, (("k", "v"),))
    assert found.machines == (Machine(resource_id="a", host_name="h"),)
    assert [inner.path for inner in found.walk()] == ["1", "1.1"]


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ({"hostName": "h", "name": "n", "fixedIp": "1.1.1.1", "resourceId": "r"}, "h"),
        ({"name": "n", "fixedIp": "1.1.1.1", "resourceId": "r"}, "n"),
        ({"fixedIp": "1.1.1.1", "resourceId": "r"}, "1.1.1.1"),
        ({"resourceId": "r"}, "r"),
        ({}, None),
    ],
)
def test_a_machine_is_called_by_the_best_name_it_has(machine: dict[str, str], name: str | None) -> None:
    """Host name, the inventory's name, IP, resource id; a blank one counts as none."""
    properties = {key: machine.get(key, " ") for key in ("hostName", "fixedIp")}
    row = {"resourceId": machine.get("resourceId", ""), "agentSn": "s", "properties": properties}
    twin = {"agentId": "s", "name": machine.get("name")}
    found = read_targets(one_batch([row], [twin]), REDACTOR)
    assert [m.name for m in found.machines] == [name]


def test_a_machine_that_only_the_inventory_lists_counts() -> None:
    """Its name, IP, zone, region and state are read in the inventory's style."""
    twin = {
        "resourceId": "x",
        "name": "n",
        "regionId": "r",
        "agentId": "s",
        "agentState": "offline",
        "provider": "ecs",
        "type": "cloudservers",
        "properties": {"OsExtAz": "z", "fixedIp": "1.1.1.1"},
    }
    assert read_targets(one_batch([], [twin]), REDACTOR).machines == (
        Machine("x", None, "n", "1.1.1.1", "r", "z", "ecs", "cloudservers", "OFFLINE"),
    )


def test_a_machine_is_matched_by_its_agent_where_ids_are_missing() -> None:
    """Not counted twice, even where the inventory repeats it, with and without its resource id."""
    row = {"resourceId": "x", "agentSn": "s", "properties": {"hostName": "h"}}
    twins = [{"agentId": "s", "name": "n"}, {"agentId": "s", "name": "n"}, {"resourceId": "X", "agentId": "s"}]
    assert len(read_targets(one_batch([row], twins), REDACTOR).machines) == 1
    assert len(read_targets(one_batch([{**row, "resourceId": ""}], twins), REDACTOR).machines) == 1


def test_a_machine_in_two_steps_is_counted_once() -> None:
    """Each step shows it, the task counts it once, in either case of its id."""
    rows = [
        step({"batches": [{"targetInstances": [{"resourceId": "ABC"}]}]}, order_no=1),
        step({"batches": [{"targetInstances": [{"resourceId": "abc"}, {"resourceId": "d"}]}]}, order_no=2),
    ]
    found = read_targets(json.dumps(rows), REDACTOR)
    assert [len(inner.batches[0].machines) for inner in found.steps] == [1, 2]
    assert [machine.name for machine in found.machines] == ["ABC", "d"]


def test_machines_that_nothing_tells_apart_are_all_counted() -> None:
    """Without id, name and IP there is no telling whether two are one."""
    assert len(read_targets(one_batch([{"regionId": "r"}, {"regionId": "r"}]), REDACTOR).machines) == 2


def test_a_bare_string_is_a_machine_with_that_id() -> None:
    """A list of ids is a list of machines."""
    assert read_targets(one_batch(["a", "", None, "b"]), REDACTOR).machines == (Machine("a"), Machine("b"))


@pytest.mark.parametrize(
    ("sent", "state"),
    [("ONLINE", "ONLINE"), ("offline", "OFFLINE"), (None, None), ("", None), ("Rebooting", unknown("Rebooting"))],
)
def test_states_are_counted_in_one_spelling(sent: str | None, state: object) -> None:
    """Known words in any case are one state; an unknown word stays as it came."""
    found = read_targets(one_batch([{"resourceId": "a", "agentStatus": sent}]), REDACTOR)
    assert found.machines[0].agent_state == state


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("[{", "target instances"),
        ("5", "target instances"),
        ('[5, {"order_no": 1}, null]', "target instances, entry 1"),
        (json.dumps([step("[1]")]), "step 1, plan"),
        (json.dumps([step({"batches": "{"})]), "step 1, batches"),
        (json.dumps([step({"batches": [7]})]), "step 1, batches, entry 1"),
        (one_batch("["), "step 1, batch 1, machines"),
        (one_batch([7]), "step 1, batch 1, machines, entry 1"),
        (one_batch([], "["), "step 1, batch 1, inventory"),
        (json.dumps([step(sub_target_instances="{")]), "step 1, sub-steps"),
        (json.dumps([step(target_resource="{")]), "step 1, target resource"),
        (json.dumps([step(target_resource={"params": "{"})]), "step 1, filters"),
        (json.dumps([step(sub_target_instances=[step("x")])]), "step 1.1, plan"),
    ],
)
def test_a_fault_says_where_it_is(value: str, where: str) -> None:
    """Every inner string that does not decode is one fault, named by its place; the rest is there."""
    found = read_targets(value, REDACTOR)
    assert [fault.where for fault in found.faults] == [where]
    assert len(found.steps) == (0 if where == "target instances" else 1)


def test_good_batches_beside_a_broken_one_are_shown() -> None:
    """One broken batch hides neither its siblings nor later steps."""
    batches = [{"targetInstances": "["}, {"targetInstances": [{"resourceId": "a"}]}]
    found = read_targets(
        json.dumps([step({"batches": batches}), step({"batches": batches[1:]}, order_no=2)]), REDACTOR
    )
    assert [machine.name for machine in found.machines] == ["a"]
    assert [len(inner.batches) for inner in found.steps] == [2, 1]
    assert len(found.faults) == 1


def test_steps_nested_without_end_are_cut_off() -> None:
    """Deeper than any editor makes them they are a fault, not a crash."""
    row: dict[str, Any] = {"target_selection": "NONE"}
    for _ in range(100):
        row = {"target_selection": "NONE", "sub_target_instances": [row]}
    found = read_targets([row], REDACTOR)
    assert len(list(found.walk())) == MAX_DEPTH + 1
    assert [fault.reason for fault in found.faults] == ["nested too deeply"]


@given(JSON | PLAUSIBLE | st.text())
@settings(max_examples=200, deadline=None)
def test_anything_decodes_without_raising(value: object) -> None:
    """Any JSON and any text, with the real keys in any place; each machine is counted once."""
    found = read_targets(value, REDACTOR)
    identities = [machine.identity for machine in found.machines if machine.identity is not None]
    assert len(identities) == len(set(identities))
    listed = [m for inner in found.walk() for batch in inner.batches for m in batch.machines]
    assert {m.identity for m in listed} == {m.identity for m in found.machines}


WORD = st.text("abcdefghij0123456789-.", min_size=1, max_size=8)
MACHINE = st.fixed_dictionaries(
    {"id": WORD},
    optional={"host": WORD, "ip": WORD, "region": WORD, "zone": WORD, "state": st.sampled_from(["ONLINE", "FAILED"])},
)
FLEET = st.lists(MACHINE, unique_by=lambda machine: machine["id"], max_size=8)


@given(
    fleet=FLEET,
    size=st.integers(1, 4),
    upper=st.booleans(),
    repeated=st.lists(st.integers(0, 7), max_size=8),
    base=st.integers(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_a_plan_gives_back_exactly_its_machines_in_order(
    fleet: list[dict[str, str]], size: int, upper: bool, repeated: list[int], base: int
) -> None:
    """Built from generated machines, batch by batch, some listed again by the inventory, in either case of the id."""
    batches = []
    for number, start in enumerate(range(0, len(fleet), size), start=1):
        part = fleet[start : start + size]
        rows = [
            {
                "resourceId": machine["id"],
                "regionId": machine.get("region", ""),
                "agentStatus": machine.get("state"),
                "properties": {
                    "hostName": machine.get("host", ""),
                    "fixedIp": machine.get("ip"),
                    "zoneId": machine.get("zone"),
                },
            }
            for machine in part
        ]
        again = [part[place] for place in repeated if place < len(part)]
        twins = [
            {"resourceId": machine["id"].upper() if upper else machine["id"], "name": "twin-" + machine["id"]}
            for machine in again
        ]
        batches.append({"batchIndex": number, "targetInstances": rows, "cmdbInstances": twins})
    sent = json.dumps([{"order_no": base, "target_instances": json.dumps({"batches": batches})}])
    found = read_targets(sent, REDACTOR)
    assert found.faults == ()
    got = [(m.resource_id, m.host_name, m.ip, m.region, m.zone, m.agent_state) for m in found.machines]
    assert got == [
        (m["id"], m.get("host"), m.get("ip"), m.get("region"), m.get("zone"), m.get("state")) for m in fleet
    ]
    assert found.batch_count == len(batches)


def test_a_full_task_of_999_machines_decodes() -> None:
    """The vendor's limit: 999 machines, each also in the inventory, in upper case."""
    rows = [{"resourceId": f"id-{number:04}", "properties": {"hostName": f"web-{number}"}} for number in range(999)]
    twins = [{"resourceId": row["resourceId"].upper(), "name": "n"} for row in rows]  # type: ignore[attr-defined]
    found = read_targets(one_batch(rows, twins), REDACTOR)
    assert len(found.machines) == 999
    assert found.machines[998].name == "web-998"
    assert found.machines[998].cmdb_name == "n"
