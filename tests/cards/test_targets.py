"""The modal behind "Show targets": every machine once, on pages that Slack takes."""

import itertools
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards.machines import NAME_LENGTH, PAGE_SIZE
from bot.cards.problem import problem_of
from bot.cards.targets import AGAIN, NEXT, PREVIOUS, TARGETS, all_targets, targets_view
from bot.cards.task import task_card
from bot.errors import TaskNotFound, TimedOut
from bot.task.snapshot import Snapshot
from bot.task.target_query import TargetQuery, decode_query
from tests.cards.any_task import HOSTILE, texts
from tests.cards.judges import judge_view, names_in, pages_of, said, strings
from tests.cards.snapshots import REDACTOR, TASK_ID, Json, machine, snapshot, step, wire, with_steps

SAVED = "The machines below are those that matched when the task was saved"


def headings(view: Json) -> list[str]:
    """The headings of the list: the small lines under the divider, without the one that counts."""
    blocks = view["blocks"]
    below = blocks[blocks.index({"type": "divider"}) + 1 :]
    lines = [block["elements"][0]["text"] for block in below if block["type"] == "context"]
    return [text for text in lines if not re.search(r"machines?\b[^·]*\*(?:  ·  .*, page \d+ of \d+)?$", text)]


def turners(view: Json) -> list[tuple[str, str]]:
    """Action id and value of each button that turns a page or asks again."""
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    known = {NEXT, PREVIOUS, AGAIN}
    return [(item["action_id"], item["value"]) for row in rows for item in row if item["action_id"] in known]


def rows_of(view: Json) -> list[str]:
    """What each machine's line says."""
    items = [item for block in view["blocks"] if block["type"] == "rich_text" for item in _items(block)]
    return ["".join(leaf.get("text", "") for leaf in item["elements"]).strip() for item in items]


def _items(block: Json) -> Iterator[Json]:
    yield from block["elements"][0]["elements"]


# Every machine, once -------------------------------------------------------------------------------------

SIZES = st.lists(st.lists(st.integers(0, 45) | st.just(1), max_size=5), max_size=4)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(SIZES)
def test_every_machine_is_on_exactly_one_page(sizes: list[list[int]]) -> None:
    """In the order of steps, batches and machines, however these are cut into pages; and every page is valid."""
    number, steps, names = 0, [], []
    for place, batches in enumerate(sizes):
        made = []
        for size in batches:
            names += [f"m-{number + n}" for n in range(size)]
            made.append([machine(f"m-{number + n}", number + n) for n in range(size)])
            number += size
        steps.append(step(*made, order_no=place))
    pages = pages_of(snapshot(with_steps(*steps)))
    assert [name for page in pages for name in names_in(page)] == names
    for page in pages:
        judge_view(page)
        assert len(names_in(page)) <= PAGE_SIZE


@pytest.mark.parametrize("batches", [1, 3, 111, 999])
def test_a_fleet_has_pages_for_all_of_it(batches: int) -> None:
    """999 machines are the vendor's limit. Every page but the last is full."""
    pages = pages_of(fleet(*[999 // batches] * batches))
    assert [name for page in pages for name in names_in(page)] == [f"m-{n}" for n in range(999)]
    assert [len(names_in(page)) for page in pages] == [40] * 24 + [39]
    for page in pages:
        judge_view(page)


def test_ten_thousand_machines_are_no_harder() -> None:
    """The first page, one in the middle, the last."""
    found = fleet(5_000, 5_000)
    for asked, first in ((1, 0), (126, 5_000), (250, 9_960)):
        page = targets_view(found, TargetQuery(found.task_id, page=asked))
        judge_view(page)
        assert names_in(page) == [f"m-{n}" for n in range(first, first + 40)]
        assert f"page {asked} of 250" in said(page["blocks"])


def test_the_longest_names_of_all_alphabets_fit_on_a_page() -> None:
    """Forty machines whose every word is cut, four bytes a character, under forty headings: on more pages."""
    long = "𠮷" * 300
    machines = [
        machine(long, n, resourceId=f"{n}" + long, regionId=long, agentStatus=long)
        | {"properties": {"hostName": f"{n}" + long, "fixedIp": long, "zoneId": long}}
        for n in range(40)
    ]
    batches = [[one] for one in machines]
    pages = pages_of(snapshot({**with_steps(step(*batches)), "name": long}))
    for view in pages:
        judge_view(view)
    assert sum(len(names_in(view)) for view in pages) == 40
    assert len(pages) > 1


@pytest.mark.parametrize("name", ["h" * 256, "主" * 300, "a" * NAME_LENGTH + "b"])
def test_a_name_that_is_too_long_is_cut_visibly(name: str) -> None:
    """255 characters, as many as a host name may have; the resource id beside it is whole."""
    view = targets_view(snapshot(with_steps(step([machine(name)]))))
    judge_view(view)
    assert names_in(view) == [name[: NAME_LENGTH - 1] + "…"]
    assert "11111111-0000-4000-8000-000000000001" in rows_of(view)[0]


def test_a_name_of_the_allowed_length_is_whole() -> None:
    """Two names may differ in their last character only."""
    name = "a" * NAME_LENGTH
    assert names_in(targets_view(snapshot(with_steps(step([machine(name)]))))) == [name]


def test_a_machine_that_is_listed_twice_is_shown_once() -> None:
    """A batch repeats its machines as inventory; sample S2 does."""
    assert names_in(targets_view(snapshot(wire("S2")))) == ["web-01", "web-02"]


def test_machines_without_a_name_are_told_apart() -> None:
    """By inventory, address or resource id; one without anything is still counted and shown."""
    rows: list[Any] = [
        {"resourceId": "r-1", "properties": {"fixedIp": "10.0.0.1"}},
        {"resourceId": "r-2"},
        {"agentStatus": "ONLINE"},
    ]
    view = targets_view(snapshot(with_steps(step(rows))))
    assert rows_of(view) == ["10.0.0.1  state unknown  r-1", "r-2  state unknown", "unnamed machine  online"]
    assert "\n3 machines in 1 batch\n" in said(view["blocks"][0])


# What a line says ----------------------------------------------------------------------------------------


def test_a_line_says_name_address_place_state_and_id() -> None:
    """A zone that holds its region's name stands for both."""
    zones = [
        machine("a", 1),
        machine("b", 2, regionId="cn-north-4", properties={"hostName": "b", "zoneId": "az-1"}),
        machine("c", 3, regionId="", properties={"hostName": "c"}),
    ]
    assert rows_of(targets_view(snapshot(with_steps(step(zones))))) == [
        "a  10.0.0.1  ·  cn-north-4a  ·  online  11111111-0000-4000-8000-000000000001",
        "b  cn-north-4 / az-1  ·  online  11111111-0000-4000-8000-000000000002",
        "c  online  11111111-0000-4000-8000-000000000003",
    ]


@pytest.mark.parametrize(
    ("state", "mark", "words"),
    [
        ("ONLINE", "large_green_circle", "online"),
        ("offline", "red_circle", "offline"),
        ("FAILED", "red_circle", "failed"),
        ("INSTALLING", "large_yellow_circle", "installing"),
        ("UNINSTALLED", "white_circle", "uninstalled"),
        ("Hibernating", "grey_question", "hibernating"),
        (None, "grey_question", "state unknown"),
    ],
)
def test_a_state_has_a_colour_and_a_word(state: str | None, mark: str, words: str) -> None:
    """Never colour alone; an unknown word is shown as it is."""
    view = targets_view(snapshot(with_steps(step([machine("a", agentStatus=state)]))))
    assert json.dumps({"type": "emoji", "name": mark}) in json.dumps(view)
    assert f"  ·  {words}  1111" in rows_of(view)[0]


@settings(deadline=None, max_examples=50)
@given(texts(), texts())
def test_names_are_in_leaves_that_slack_does_not_parse(name: str, state: str) -> None:
    """What is in a host name is shown, not rendered."""
    view = targets_view(snapshot(with_steps(step([machine(name, agentStatus=state)]))))
    judge_view(view)
    for text in strings(view, "text"):
        assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cs"}]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_one_hostile_text_in_every_place_of_a_plan(text: str) -> None:
    """Selections, filters, rotations, numbers, names, broken plans: each step the same huge or live text."""
    row = {
        "target_selection": text,
        "target_resource": {**dict.fromkeys(("type", "id", "app_name", "region_id"), text), "params": text},
        "target_instances": {
            "batches": [
                {"batchIndex": 10**300, "rotationStrategy": text, "targetInstances": [machine(text, n)]}
                for n in range(3)
            ]
        },
    }
    for selection in (text, "ALL"):
        steps = [{**row, "target_selection": selection}] * 8 + [{"target_instances": "{" + text}] * 7
        for page in pages_of(snapshot({"name": text, "target_instances": steps})):
            judge_view(page)


# Headings ------------------------------------------------------------------------------------------------


def test_a_batch_says_how_many_agents_are_down_and_what_follows() -> None:
    """Bold, before what comes next; after the last batch comes nothing."""
    states = ["ONLINE", "OFFLINE", "OFFLINE", "FAILED", None]
    first = [machine(f"a{n}", n, agentStatus=state) for n, state in enumerate(states)]
    view = targets_view(snapshot(with_steps(step(first, [machine("b", 9)]))))
    assert headings(view) == [
        "*Batch 1 of 2*  ·  5 machines  ·  *2 offline*, *1 agent failed*  ·  then pause for a person",
        "*Batch 2 of 2*  ·  1 machine",
    ]


def test_batches_are_in_the_order_of_their_numbers_and_odd_numbers_are_shown() -> None:
    """An unknown rotation is shown as it is."""
    plan = {
        "batches": [
            {"batchIndex": 7, "targetInstances": [machine("late", 1)]},
            {"batchIndex": 1, "rotationStrategy": "WAIT", "targetInstances": [machine("early", 2)]},
        ]
    }
    view = targets_view(snapshot(with_steps({"target_instances": json.dumps(plan)})))
    assert names_in(view) == ["early", "late"]
    assert headings(view) == [
        "*Batch 1 of 2*  ·  1 machine  ·  then `WAIT`",
        "*Batch 2 of 2 (number 7)*  ·  1 machine",
    ]


def test_steps_are_named_where_there_are_several() -> None:
    """Nested ones by their path, in their order; one without machines says so."""
    assert headings(targets_view(snapshot(wire("S5")))) == [
        "*Step 1, batch 1 of 1*  ·  1 machine",
        "*Step 2.1, batch 1 of 1*  ·  1 machine",
        "*Step 2.2, batch 1 of 1*  ·  1 machine",
        "*Step 3*  ·  needs no machines",
    ]


def test_what_the_top_says_is_not_said_again_below() -> None:
    """A single selection stands above the line; where its machines are from, below it."""
    view = targets_view(snapshot(wire("S3")))
    assert said(view["blocks"]).count("region *cn-north-4*") == 1
    assert said(view["blocks"][-1]) == "_No machines to list._"
    assert headings(targets_view(snapshot(wire("S6"))))[0] == SAVED


def test_each_of_several_selections_is_said_at_its_step() -> None:
    """The top can't tell which step it is of."""
    resource = {"type": "REGION", "id": "cn-north-4"}
    view = targets_view(
        snapshot(
            with_steps(
                {"target_selection": "ALL", "target_resource": resource, "order_no": 1},
                step([machine("a")], target_selection="ALL", target_resource=resource, order_no=2),
                {"target_selection": "MANUAL", "order_no": 3},
                {"target_selection": "BY_TAG", "order_no": 4},
            )
        )
    )
    assert headings(view) == [
        "*Step 1*  ·  Chosen when it runs: all of region *cn-north-4*",
        f"*Step 2*  ·  All of region *cn-north-4*  ·  {SAVED}",
        "*Step 2, batch 1 of 1*  ·  1 machine",
        "*Step 3*  ·  no machines listed",
        "*Step 4*  ·  Selection `BY_TAG`",
    ]


def test_states_are_dated_only_where_there_are_states() -> None:
    """The warning that they are not live belongs to a list of machines."""
    assert "not live" in said(targets_view(snapshot(wire("S2")))["blocks"])
    assert "not live" not in said(targets_view(snapshot(wire("S4")))["blocks"])


def test_what_can_not_be_read_is_above_the_list() -> None:
    """The good step is listed all the same; of more than five broken ones the rest is counted."""
    broken = {"target_instances": "{broken"}
    view = targets_view(snapshot(with_steps(step([machine("good")]), *[broken] * 7)))
    words = said(view["blocks"])
    assert names_in(view) == ["good"]
    assert words.count("*Not readable:*") == 5
    assert "As it came: `{broken`" in words
    assert ":warning: 2 more parts are not readable." in words


def test_a_secret_in_a_broken_plan_is_not_shown() -> None:
    """Raw text passes the redactor like everything else."""
    plan = json.dumps({"batches": [], "password": "hunter2"})
    for cut in (1, 2, 5):
        view = targets_view(snapshot(with_steps({"target_instances": plan[:-cut]})))
        assert "Not readable" in said(view["blocks"])
        assert "hunter2"[: 8 - cut] not in json.dumps(view)


# Pages ---------------------------------------------------------------------------------------------------


def fleet(*sizes: int) -> Snapshot:
    """A snapshot of one step with batches of so many machines."""
    numbers = itertools.count()
    batches = [[machine(f"m-{n}", n) for n in itertools.islice(numbers, size)] for size in sizes]
    return snapshot(with_steps(step(*batches)))


def test_pages_are_turned_by_buttons() -> None:
    """Next on the first, both in the middle, Previous on the last, none where there is one page."""
    pages = pages_of(fleet(90))
    assert [turners(page) for page in pages] == [
        [(NEXT, "2")],
        [(PREVIOUS, "1"), (NEXT, "3")],
        [(PREVIOUS, "2")],
    ]
    lines = [said(page["blocks"]) for page in pages]
    for text, shown in zip(lines, ("1–40, page 1", "41–80, page 2", "81–90, page 3"), strict=True):
        assert f"*90 machines*  ·  {shown} of 3" in text
    assert turners(targets_view(fleet(40))) == []


@pytest.mark.parametrize(("asked", "shown"), [(-5, 1), (0, 1), (1, 1), (3, 3), (4, 3), (10**9, 3)])
def test_a_page_that_does_not_exist_is_the_nearest(asked: int, shown: int) -> None:
    """The task may have shrunk since the button was drawn."""
    query = TargetQuery(TASK_ID, page=asked)
    assert f"page {shown} of 3" in said(targets_view(fleet(90), query)["blocks"])


def test_a_page_repeats_the_heading_that_it_continues() -> None:
    """And says so, or the batch would seem to begin there."""
    pages = pages_of(fleet(50, 10))
    assert headings(pages[1]) == [
        "*Batch 1 of 2*  ·  50 machines  ·  then pause for a person  ·  _continued_",
        "*Batch 2 of 2*  ·  10 machines",
    ]


def test_a_batch_that_begins_a_page_is_not_continued_there() -> None:
    """Neither after a full page of machines, nor after forty headings; a heading is never without its machines."""
    assert headings(pages_of(fleet(40, 1))[1]) == ["*Batch 2 of 2*  ·  1 machine"]
    crowded = pages_of(fleet(*[0] * 39, 1, 1))
    assert [len(headings(page)) for page in crowded] == [40, 1]
    assert headings(crowded[1]) == ["*Batch 41 of 41*  ·  1 machine"]


def test_without_pages_everything_is_listed() -> None:
    """For a terminal: the same list without end."""
    names = [leaf["text"] for leaf in _leaves(all_targets(fleet(50, 50))) if leaf.get("style", {}).get("bold")]
    assert names == [f"m-{n}" for n in range(100)]
    assert "As it came: `{broken`" in said(all_targets(snapshot(wire("S7"))))


def _leaves(found: Any) -> Iterator[Json]:
    for block in found:
        if block["type"] == "rich_text":
            for item in _items(block):
                yield from item["elements"]


# The frame -----------------------------------------------------------------------------------------------


def test_the_modal_remembers_its_task() -> None:
    """In its metadata, from the first moment on: any replica can fill or turn it."""
    problem = problem_of(TimedOut("read"), REDACTOR, TASK_ID)
    views = [
        TARGETS.loading(TASK_ID),
        TARGETS.problem(problem, task_id=TASK_ID, reference="K7QF2M"),
        targets_view(snapshot(wire("S2"))),
    ]
    for view in views:
        judge_view(view)
        assert decode_query(view["private_metadata"]) == TargetQuery(TASK_ID)
        assert (view["callback_id"], view["title"]["text"]) == ("targets", "Targets")


def test_an_error_can_be_tried_again_from_the_modal() -> None:
    """It shows the same words as a card."""
    view = TARGETS.problem(problem_of(TaskNotFound(), REDACTOR, TASK_ID), task_id=TASK_ID, reference="K7QF2M")
    assert turners(view) == [(AGAIN, TASK_ID)]
    assert f"COC knows no scheduled task `{TASK_ID}`" in said(view["blocks"])


@pytest.mark.parametrize("secret", ["hunter2", "hunter2" * 30])
def test_the_place_of_a_break_does_not_tell_how_long_a_secret_is(secret: str) -> None:
    """Cards and views of both are the same to the letter."""
    broken = snapshot({**wire("S2"), "target_instances": '[{"password": "' + secret})
    views = json.dumps([targets_view(broken), list(task_card(broken).blocks)])
    assert "unterminated string" in views
    assert "at character" not in views
    assert "hunter" not in views
