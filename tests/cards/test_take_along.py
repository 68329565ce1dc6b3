"""Files and names to take along: complete, safe in a spreadsheet, within Slack's limits."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards.take_along import make_file, names_view
from bot.task.snapshot import Snapshot
from bot.task.target_query import TargetQuery
from tests.cards.any_task import snapshots
from tests.cards.judges import assert_tame, judge_view, said
from tests.cards.snapshots import TASK_ID, Json, machine, snapshot, step, wire, with_steps

ALL = TargetQuery(TASK_ID)


def read(content: bytes) -> list[dict[str, str]]:
    """The rows as a spreadsheet reads them."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def names(view: Json) -> list[str]:
    """The names in the boxes."""
    boxes = [block["elements"][0]["elements"][0]["text"] for block in view["blocks"] if block["type"] == "rich_text"]
    return [name for box in boxes for name in box.split("\n")]


def test_the_file_is_named_after_task_and_time() -> None:
    """Sorted by name they are sorted by time; nothing in the name needs quoting."""
    assert make_file(snapshot(wire("S2")), ALL, "csv").name == (
        f"nightly-logrotate_{TASK_ID}_targets_20260510T193000Z.csv"
    )
    odd = snapshot({**wire("S2"), "name": "../../每夜 轮转\n<!channel>"})
    assert make_file(odd, ALL, "json").name == f"每夜-轮转-channel_{TASK_ID}_targets_20260510T193000Z.json"
    assert make_file(snapshot({}), ALL, "csv").name.startswith("task_ST")


def test_a_row_holds_all_that_is_known_of_a_machine() -> None:
    """Where it stands, what it is called, where it is, its state when saved, its id."""
    (row,) = read(
        make_file(
            snapshot(with_steps(step([machine("web-01", provider="ECS")], [machine("b", 2)]))),
            replace(ALL, text="web"),
            "csv",
        ).content
    )
    assert row == {
        "step": "1",
        "batch": "1",
        "batches": "2",
        "then": "PAUSE",
        "host_name": "web-01",
        "inventory_name": "",
        "ip": "10.0.0.1",
        "region": "cn-north-4",
        "zone": "cn-north-4a",
        "provider": "ECS",
        "type": "",
        "agent_state_when_saved": "ONLINE",
        "resource_id": "11111111-0000-4000-8000-000000000001",
    }


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＠x", '"=1', " =1", "﹢1"]
)
def test_no_cell_is_a_formula(name: str) -> None:
    """After the quotes are off, no cell begins with what a spreadsheet would compute."""
    for row in csv.reader(
        io.StringIO(make_file(snapshot(with_steps(step([machine(name)]))), ALL, "csv").content.decode("utf-8-sig"))
    ):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "﹢"))


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.sampled_from(("", "web")))
def test_whatever_comes_the_files_can_be_read(found: Snapshot, text: str) -> None:
    """Each place once in both; the line about it is tame; the modal of names is valid."""
    query = replace(ALL, text=text)
    table, tree = make_file(found, query, "csv"), make_file(found, query, "json")
    rows, machines = read(table.content), json.loads(tree.content)["machines"]
    assert len(rows) == len(machines)
    assert all(None not in row and None not in row.values() for row in rows)
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert_tame(table.about)
    assert "/" not in table.name
    judge_view(names_view(found, query, TASK_ID))


def test_names_are_listed_once_each_a_line() -> None:
    """In order; a machine in two steps is one name."""
    one, two = machine("web-01", 1), machine("web-02", 2)
    view = names_view(snapshot(with_steps(step([one, two]), step([two], order_no=2))), ALL, TASK_ID)
    assert names(view) == ["web-01", "web-02"]
    assert "2 names of all targets" in said(view["blocks"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "all_fit"), [("node-{}", True), ("h" * 250 + "{}", False), ("主" * 250 + "{}", False)]
)
def test_ten_thousand_names_are_within_the_limits(name: str, all_fit: bool) -> None:
    """What does not fit is counted, and where it is to be had is said."""
    found = snapshot(with_steps(step([machine(name.format(n), n) for n in range(10_000)])))
    view = names_view(found, ALL, TASK_ID)
    judge_view(view)
    shown = names(view)
    assert shown == [name.format(n) for n in range(len(shown))]
    assert (len(shown) == 10_000) == all_fit
    assert (f"*{10_000 - len(shown):,} more did not fit.* The CSV holds them all." in said(view["blocks"])) != all_fit
