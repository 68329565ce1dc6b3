"""Execution parameters: a script's map, a job's map, both spellings, and whatever else may come."""

# A text from outside equals a str with the same characters.
# mypy: disable-error-code=comparison-overlap

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.coc.wire import Task
from bot.redact.untrusted import Untrusted, UntrustedJson
from bot.task import fault, parameters
from bot.task.parameters import read_parameters
from tests.cards.snapshots import REDACTOR

# What is expected is written with plain strings.
Parameter: Any = parameters.Parameter
Parameters: Any = parameters.Parameters
Fault: Any = fault.Fault

TESTS = Path(__file__).parents[1]

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
PLAUSIBLE = st.dictionaries(
    st.sampled_from(["execute_user", "timeout", "success_rate", "project_id", "script_params", "scriptParams", "x"]),
    JSON
    | st.lists(
        st.dictionaries(
            st.sampled_from(["paramName", "param_name", "paramValue", "param_value", "paramOrder", "param_refer"]),
            JSON,
        ),
        max_size=3,
    ),
)


def of_sample(name: str) -> parameters.Parameters:
    """The parameters of a recorded sample or of the document's example."""
    body = json.loads((TESTS / name).read_text("utf-8"))
    return read_parameters(Task.model_validate(body).input_param, REDACTOR)


SAMPLES = {
    "sandbox/document_example.json": Parameters("root", "300", "100", "****", (Parameter("parm", "****"),)),
    "samples/S1.json": Parameters("root", "300", "100", "PROJ_ID_32HEX", (Parameter("days", "7"),)),
    "samples/S2.json": Parameters(
        "root", "300", "90.5", "PROJ_ID_32HEX", (Parameter("path", "/var/log"), Parameter("secret", "****"))
    ),
    "samples/S3.json": Parameters("root", "600", "100"),
    "samples/S4.json": Parameters(
        project_id="PROJ_ID_32HEX",
        other=(
            Parameter("global_param1", "global_value"),
            Parameter("domain_id", "DOMAIN_ID_32HEX"),
            Parameter("agency_urn", "iam::DOMAIN_ID_32HEX:agency:ServiceAgencyForCOC"),
        ),
    ),
    "samples/S6.json": Parameters(),
    "samples/S7.json": Parameters(faults=(Fault("parameters", 0, 8, "expecting value", "not json"),)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_decode_field_by_field(name: str) -> None:
    """The document's example and S1 to S7 (S5 has a test of its own)."""
    assert of_sample(name) == SAMPLES[name]


def test_s5_a_job_parameter_that_is_itself_json() -> None:
    """It is decoded beside the text that came."""
    found = of_sample("samples/S5.json")
    assert found.project_id == "PROJ_ID_32HEX"
    (instances,) = found.other
    assert instances.name == "instance_list"
    assert instances.structured is not None
    assert instances.value is not None
    assert instances.structured.value == [
        {
            "name": "db-01",
            "resource_id": "22222222-0000-4000-8000-000000000001",
            "region_id": "cn-north-4",
            "provider": "ECS",
            "type": "CLOUDSERVERS",
        }
    ]
    assert json.loads(instances.value.raw) == instances.structured.value


def test_both_spellings_of_script_parameters_mean_the_same() -> None:
    """``paramName`` of this call, ``param_name`` of the script API."""
    camel = [{"paramName": "b", "paramValue": "2", "paramOrder": 2}, {"paramName": "a", "paramOrder": "1"}]
    snake = [{"param_name": "b", "param_value": "2", "param_order": 2}, {"param_name": "a", "param_order": "1"}]
    expected = (Parameter("a", None), Parameter("b", "2"))
    assert read_parameters({"script_params": json.dumps(camel)}, REDACTOR).script == expected
    assert read_parameters({"script_params": snake}, REDACTOR).script == expected
    assert read_parameters({"scriptParams": snake}, REDACTOR) == Parameters(script=expected)


def test_script_parameters_are_in_the_order_of_the_script() -> None:
    """By ``paramOrder``, as a number; those without one keep their place at the end."""
    rows = [{"paramName": str(order), "paramOrder": order} for order in ("10", 9, None, 1)]
    found = read_parameters({"script_params": json.dumps(rows)}, REDACTOR)
    assert [parameter.name for parameter in found.script] == ["1", "9", "10", "None"]


def test_a_parameter_may_refer_to_a_store() -> None:
    """Where the value lives is said instead of the value."""
    refer = {"refer_type": "PARAM_STORE", "param_id": "P1", "param_version": "v2"}
    rows = [{"paramName": "a", "param_refer": refer}, {"param_name": "b", "paramRefer": {"referType": "X"}}]
    assert read_parameters({"script_params": rows}, REDACTOR).script == (
        Parameter("a", None, refers_to="PARAM_STORE: P1, version v2"),
        Parameter("b", None, refers_to="X: ?"),
    )


def test_broken_script_parameters_leave_the_rest() -> None:
    """User and time limit are shown; the fault says where the inner string broke."""
    found = read_parameters(json.dumps({"execute_user": "root", "timeout": 300, "script_params": "[{"}), REDACTOR)
    assert found.execute_user == "root"
    assert found.timeout_s == "300"
    assert found.script == ()
    assert [(fault.where, fault.at, fault.text) for fault in found.faults] == [("script parameters", 2, "[{")]


def test_script_parameters_that_are_no_objects_are_faults() -> None:
    """Nothing that came is dropped in silence."""
    found = read_parameters({"script_params": [{"paramName": "a"}, "loose", None]}, REDACTOR)
    assert [parameter.name for parameter in found.script] == ["a"]
    assert [(fault.where, fault.text) for fault in found.faults] == [("script parameters, entry 2", "loose")]


@pytest.mark.parametrize("text", ["{not json", "[1, 2", "{{ template }}"])
def test_a_value_that_only_looks_like_json_stays_text(text: str) -> None:
    """A parameter value may be anything; that is no fault."""
    assert read_parameters({"x": text}, REDACTOR) == Parameters(other=(Parameter("x", text),))


def test_values_that_are_no_strings_are_shown_as_json() -> None:
    """Numbers, flags and objects where the document says string."""
    found = read_parameters({"n": 5, "f": True, "o": {"a": 1}, "nothing": None}, REDACTOR)
    assert found.other == (
        Parameter("n", "5"),
        Parameter("f", "true"),
        Parameter("o", '{"a": 1}', structured=found.other[2].structured),
        Parameter("nothing", None),
    )
    assert found.other[2].structured is not None
    assert found.other[2].structured.value == {"a": 1}


@given(JSON | PLAUSIBLE | PLAUSIBLE.map(json.dumps) | ANY_TEXT)
@settings(max_examples=200, deadline=None)
def test_anything_decodes_without_raising(value: object) -> None:
    """Any JSON and any text, with the real keys in any place, ends in Parameters."""
    found = read_parameters(value, REDACTOR)
    for parameter in (*found.script, *found.other):
        assert isinstance(parameter.name, Untrusted)
        assert isinstance(parameter.value, Untrusted | None)
        assert isinstance(parameter.structured, UntrustedJson | None)


@given(PLAUSIBLE.map(json.dumps))
@settings(max_examples=100, deadline=None)
def test_decoded_names_and_values_can_be_encoded(value: str) -> None:
    """Escaped lone surrogates in names, values and inner JSON never reach Slack."""
    found = read_parameters(Task.model_validate({"input_param": value}).input_param, REDACTOR)
    for parameter in (*found.script, *found.other):
        parameter.name.raw.encode("utf-8")
        (parameter.value.raw if parameter.value else "").encode("utf-8")
        structured = parameter.structured.value if parameter.structured else None
        json.dumps(structured, ensure_ascii=False).encode("utf-8")


@given(st.dictionaries(st.text("abcdefg_", min_size=1, max_size=8), st.text("xyz 0", max_size=8), max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_jobs_map_comes_out_in_its_order(sent: dict[str, str]) -> None:
    """Names and values are those that went in; blank values are None."""
    found = read_parameters(json.dumps(sent), REDACTOR)
    assert [(p.name, p.value) for p in found.other] == [(k, v if v.strip() else None) for k, v in sent.items()]
