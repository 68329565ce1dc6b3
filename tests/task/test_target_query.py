"""Filters, search, pages: every query shows what it should, each machine exactly once, within Slack's limits."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards.target_menus import menus
from bot.cards.targets import AGAIN, CLEAR, FIND, NEXT, PAGE, PART, REGION, STATE, targets_view
from bot.redact.untrusted import clean
from bot.slack.target_clicks import after
from bot.task.snapshot import Snapshot
from bot.task.target_query import ANY, TargetQuery, decode_query, encode_query, matching
from tests.cards.any_task import snapshots, texts
from tests.cards.judges import judge_view, names_in, pages_of, said, strings
from tests.cards.snapshots import TASK_ID, Json, machine, snapshot, step, with_steps

ALL = TargetQuery(TASK_ID)


def fleet() -> Snapshot:
    """A job: 30 machines in two batches in step 1; 20 in step 2.1 and the first 5 of step 1 again in 2.2."""
    states = ["ONLINE", "OFFLINE", "Hibernating", None]
    made = [
        machine(f"m-{n:02d}", n, agentStatus=states[n % 4], regionId=["cn-north-4", "cn-east-3"][n % 2])
        for n in range(50)
    ]
    nested = [step(made[30:], order_no=1), step(made[:5], order_no=2)]
    return snapshot(
        with_steps(
            step(made[:20], made[20:30], order_no=1),
            {"target_selection": "MANUAL", "order_no": 2, "sub_target_instances": nested},
        )
    )


def options(view: Json, action_id: str) -> dict[str, str]:
    """Label by value of a menu of a view."""
    for block in view["blocks"]:
        for element in block.get("elements", []):
            if element.get("action_id") == action_id:
                return {option["value"]: option["text"]["text"] for option in element["options"]}
    return {}


def shown(found: Snapshot, query: TargetQuery) -> list[str]:
    """The names on all pages of a query."""
    return [name for page in pages_of(found, query) for name in names_in(page)]


# What is let through -------------------------------------------------------------------------------------


def test_the_menus_count_machines_and_go_by_the_most() -> None:
    """States and regions count different machines; steps count what is in them, nested ones too."""
    view = targets_view(fleet())
    assert options(view, STATE) == {
        "any": "Any state",
        "ONLINE": "Online (13)",
        "OFFLINE": "Offline (13)",
        "Hibernating": "Hibernating (12)",
        next(value for value in options(view, STATE) if value.startswith("#")): "State unknown (12)",
    }
    assert list(options(view, REGION).values()) == ["Any region", "cn-east-3 (25)", "cn-north-4 (25)"]
    assert options(view, PART) == {
        "any": "All steps",
        "1": "Step 1 (30 machines)",
        "1/1": "Step 1, batch 1 (20 machines)",
        "1/2": "Step 1, batch 2 (10 machines)",
        "2": "Step 2 (25 machines)",
        "2.1": "Step 2.1 (20 machines)",
        "2.2": "Step 2.2 (5 machines)",
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (replace(ALL, state="OFFLINE", part="1/2"), ["m-21", "m-25", "m-29"]),
        (replace(ALL, state="OFFLINE", region="cn-north-4"), []),
        (replace(ALL, part="2.2"), [f"m-0{n}" for n in range(5)]),
        (replace(ALL, part="2", text="m-0"), [f"m-0{n}" for n in range(5)]),
        (replace(ALL, text="M-03"), ["m-03", "m-03"]),
        (replace(ALL, text="10.0.0.44"), ["m-44"]),
        (replace(ALL, text="8000-000000000044"), ["m-44"]),
        (replace(ALL, text="m-*9"), ["m-09", "m-19", "m-29", "m-39", "m-49"]),
        (replace(ALL, text="*"), [*(f"m-{n:02d}" for n in range(50)), *(f"m-0{n}" for n in range(5))]),
        (replace(ALL, text="zzz"), []),
    ],
)
def test_a_query_shows_what_it_names(query: TargetQuery, names: list[str]) -> None:
    """Filters narrow each other; a step has its sub-steps in it; search is by part, or whole with a star."""
    assert shown(fleet(), query) == names


def test_a_filtered_list_says_how_much_of_how_much() -> None:
    """In the line above it, in each heading, and that steps share machines."""
    text = said(targets_view(fleet(), replace(ALL, state="OFFLINE", part="1/2"))["blocks"])
    assert "*3 of 55 machines match (50 different ones: steps share some)*" in text
    assert "*Step 1, batch 2 of 2*  ·  3 of 10 machines  ·  *3 offline*" in text
    assert "Clear filters" in text
    assert "Clear filters" not in said(targets_view(fleet())["blocks"])


def test_nothing_found_is_said_with_what_was_asked() -> None:
    """And the filters stay, so that one sees why."""
    view = targets_view(fleet(), replace(ALL, text="zz*", state="ONLINE"))
    assert ":grey_question:  No machine matches `zz*` with these filters." in said(view["blocks"])
    assert view["submit"]["text"] == "Find"


def test_a_filter_that_nothing_has_any_more_is_dropped() -> None:
    """After a refresh; the menus get new ids, so that Slack does not go on showing it."""
    found = menus(fleet().targets)
    query = replace(ALL, state="FAILED", region="cn-north-4", page=2).limited_to(
        dict(found.states), dict(found.regions), dict(found.parts)
    )
    assert query == replace(ALL, region="cn-north-4", epoch=1)


def test_more_options_than_a_menu_takes_are_said_to_be_left_out() -> None:
    """150 batches, 80 states, 70 regions: the menus have room for some, search finds all."""
    made = [[machine(f"m-{n}", n, agentStatus=f"S{n % 80}", regionId=f"r-{n % 70}")] for n in range(150)]
    view = targets_view(snapshot(with_steps(step(*made))))
    judge_view(view)
    assert "no room for: 30 states, 10 regions and 52 steps and batches. Search finds all." in said(view["blocks"])


def test_many_pages_have_a_menu_of_a_hundred_at_most() -> None:
    """The first, the last, those near and some all the way; the present one is chosen."""
    found = snapshot(with_steps(step([machine(f"m-{n}", n) for n in range(10_000)])))
    view = targets_view(found, replace(ALL, page=123))
    pages = [int(value) for value in options(view, PAGE)]
    assert {1, 118, 123, 128, 250} <= set(pages)
    assert pages == sorted(set(pages))
    assert len(pages) <= 100
    (menu,) = [
        element
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == PAGE
    ]
    assert menu["initial_option"]["value"] == "123"


# What becomes of a click ---------------------------------------------------------------------------------


def values(**given: str | None) -> Json:
    """``state.values`` as Slack sends it; ``find`` is the text field."""
    ids = {"state": STATE, "region": REGION, "part": PART, "page": PAGE}
    block = {
        ids[name]: {"type": "static_select", "selected_option": value and {"value": value}}
        for name, value in given.items()
        if name != "find"
    }
    return {"filters:0": block, "find:0": {FIND: {"type": "plain_text_input", "value": given.get("find")}}}


@pytest.mark.parametrize(
    ("before", "action", "given", "then"),
    [
        (ALL, {"action_id": STATE}, values(state="OFFLINE"), replace(ALL, state="OFFLINE")),
        (replace(ALL, page=3), {"action_id": FIND}, values(find=" web "), replace(ALL, text="web")),
        (replace(ALL, state="OFFLINE"), {"action_id": STATE}, values(state=ANY), ALL),
        (ALL, {"action_id": NEXT, "value": "2"}, values(), replace(ALL, page=2)),
        (
            replace(ALL, text="web"),
            {"action_id": NEXT, "value": "2"},
            values(find="web"),
            replace(ALL, text="web", page=2),
        ),
        # Typed but not entered: the list follows what one sees in the field, from its first page.
        (ALL, {"action_id": NEXT, "value": "2"}, values(find="db"), replace(ALL, text="db")),
        (ALL, {"action_id": PAGE}, values(page="7"), replace(ALL, page=7)),
        (replace(ALL, page=4, state="X"), {"action_id": CLEAR}, values(state="X"), replace(ALL, epoch=1)),
        (replace(ALL, page=4), {"action_id": AGAIN}, values(), replace(ALL, page=4, epoch=1)),
        (ALL, {"action_id": NEXT, "value": "x"}, None, ALL),
        (ALL, {}, {"a": None, "b": {"c": 5}, "d": {STATE: {"selected_option": 7}}}, ALL),
    ],
)
def test_a_click_is_read_with_what_is_chosen_and_typed(
    before: TargetQuery, action: dict[str, Any], given: Json | None, then: TargetQuery
) -> None:
    """What one sees in the modal counts, not only what was pressed last."""
    assert after(before, action, given) == then


@given(
    st.builds(
        TargetQuery,
        st.just(TASK_ID),
        *[texts().map(lambda text: clean(text[:255]))] * 4,
        page=st.integers(1, 99_999),
        epoch=st.integers(0, 9_999),
        channel=st.sampled_from(("", "C0SHIFT")),
        thread=st.sampled_from(("", "1778441400.000100")),
    )
)
def test_a_query_travels_in_the_modal(query: TargetQuery) -> None:
    """Out and back the same, within what private_metadata takes."""
    metadata = encode_query(query)
    assert len(metadata) <= 3_000
    assert decode_query(json.loads(json.dumps(metadata))) == query


@pytest.mark.parametrize(
    "metadata", [None, "", "ST1", "{}", "[1]", "{", '{"t": 5}', '{"t": "ST1"}', "[" * 100_000, 7, {"t": TASK_ID}]
)
def test_metadata_without_a_task_is_none(metadata: object) -> None:
    """Whatever comes back, nothing raises."""
    assert decode_query(metadata) is None


def test_metadata_that_cannot_be_encoded_is_cleaned() -> None:
    """A lone surrogate in JSON would make the next view unsendable."""
    query = decode_query('{"t": "' + TASK_ID + '", "q": "a\\ud800b"}')
    assert query is not None
    assert query.text == "a?b"


def test_strange_metadata_with_a_task_is_read_as_far_as_it_makes_sense() -> None:
    """Lists for texts, words for numbers, and far too long."""
    query = decode_query(json.dumps({"t": TASK_ID, "s": ["x"], "q": "y" * 999, "p": "two", "e": -1, "zz": 0}))
    assert query is not None
    assert (query.page, query.epoch, len(query.text)) == (1, 0, 255)


# For any task --------------------------------------------------------------------------------------------

STATES, REGIONS = ["ONLINE", "OFFLINE", "odd state", None], ["r-1", "r-2", None]
MACHINES = st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(REGIONS)), max_size=50)
STEPS = st.lists(st.lists(MACHINES, max_size=4), min_size=1, max_size=3)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.sampled_from(("", "m-1", "*7", "10.0.0")))
def test_all_pages_of_all_options_of_a_filter_show_each_machine_once(
    sizes: list[list[list[tuple[str | None, str | None]]]], text: str
) -> None:
    """Every page of every state together is every machine, and so for regions and for batches."""
    number, steps = 0, []
    for order, batches in enumerate(sizes):
        made = []
        for rows in batches:
            made.append(
                [
                    machine(f"m-{number + n}", number + n, agentStatus=state, regionId=region)
                    for n, (state, region) in enumerate(rows)
                ]
            )
            number += len(rows)
        steps.append(step(*made, order_no=order))
    found = snapshot(with_steps(*steps))
    base = replace(ALL, text=text)
    wanted = Counter(match.machine.name for match in matching(found.targets, base))
    assert Counter(shown(found, base)) == wanted
    if not text:
        assert wanted == Counter(f"m-{n}" for n in range(number))
    menu = menus(found.targets)
    for queries in (
        [replace(base, state=value) for value, _ in menu.states[1:]],
        [replace(base, region=value) for value, _ in menu.regions[1:]],
    ):
        assert Counter(name for query in queries for name in shown(found, query)) == wanted
    batches_only = [value for value, _ in menu.parts[1:] if "/" in value]
    alone = [value for value, _ in menu.parts[1:] if "/" not in value and f"{value}/1" not in batches_only]
    if menu.parts[1:]:
        assert Counter(n for value in batches_only + alone for n in shown(found, replace(base, part=value))) == wanted


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.data())
def test_any_look_at_any_task_is_a_valid_view(found: Snapshot, data: st.DataObject) -> None:
    """Whatever COC sends and whoever wrote the metadata; values of menus are what the menus offer."""
    menu = menus(found.targets)
    query = TargetQuery(
        found.task_id,
        state=data.draw(st.sampled_from([value for value, _ in menu.states]) | texts().map(clean)),
        region=data.draw(st.sampled_from([value for value, _ in menu.regions]) | texts().map(clean)),
        part=data.draw(st.sampled_from([value for value, _ in menu.parts]) | texts().map(clean)),
        text=clean(data.draw(texts())[:255]),
        page=data.draw(st.integers(1, 99_999)),
    )
    view = targets_view(found, query)
    judge_view(view)
    again = decode_query(view["private_metadata"])
    assert again is not None
    assert targets_view(found, again) == view
    for action_id, choices in ((STATE, menu.states), (REGION, menu.regions), (PART, menu.parts)):
        assert len(set(dict(choices))) == len(choices)
        assert set(options(view, action_id)) <= set(dict(choices))
    assert all(text.strip() for text in strings(view["blocks"], "plain_text"))
