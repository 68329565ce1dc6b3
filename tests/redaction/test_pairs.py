"""Every spelling of a name and its value, and every mark of the source, through every path a parameter takes."""

import json
from typing import Any

import pytest

from bot.cards.parameters import all_parameters, parameters_view
from bot.redact import fields
from bot.show import as_json
from bot.task.parameters import read_parameters
from tests.cards.snapshots import snapshot, wire
from tests.redaction.corpus import REDACTOR

SECRET = "plainword"
SPELLINGS = (
    "paramName paramValue",
    "param_name param_value",
    "ParameterName ParameterValue",
    "ParameterKey ParameterValue",
    "paramKey paramValue",
    "param_key param_value",
    "varName varValue",
    "var_name var_value",
    "variableName variableValue",
    "argName argValue",
    "fieldName fieldValue",
    "field value",
    "attributeName attributeValue",
    "propertyName propertyValue",
    "envName envValue",
    "name value",
    "key value",
    "Key Value",
    "k v",
    "name values",
    "name val",
    "参数名 参数值",
    "参数名称 参数值",
    "变量名 变量值",
    "名称 值",
    "配置项 配置值",
)
MARKS: tuple[dict[str, Any], ...] = (
    {"sensitive": True},
    {"sensitive": "true"},
    {"Sensitive": "True"},
    {"is_sensitive": 1},
    {"isSensitive": "1"},
    {"encrypt": True},
    {"encrypted": "yes"},
    {"isEncrypted": "Y"},
    {"noEcho": True},
    {"no_echo": "true"},
    {"masked": True},
    {"secret": 1},
    {"hidden": "on"},
    {"confidential": True},
    {"是否敏感": "是"},
    {"type": "SecureString"},
    {"type": "password"},
    {"param_type": "secret"},
    {"valueType": "PASSWORD"},
    {"类型": "密码"},
)
NO_MARKS: tuple[dict[str, Any], ...] = (
    {"sensitive": False},
    {"sensitive": "false"},
    {"is_sensitive": 0},
    {"encrypt": "0"},
    {"encrypted": "no"},
    {"noEcho": None},
    {"type": "String"},
    {"required": True},
)
ROUTES = (
    "structure",
    "text",
    "escaped",
    "cut off",
    "in a text",
    "inner",
    "script",
    "job",
    "job as text",
    "show",
    "terminal",
)


def routes(row: dict[str, Any]) -> dict[str, str]:
    """What each path makes of a list with this row."""
    raw = json.dumps([row], ensure_ascii=False)
    script = snapshot({**wire("S2"), "input_param": json.dumps({"script_params": json.dumps([row])})})
    job = snapshot({**wire("S5"), "input_param": json.dumps({"plan": [row]})})
    text = snapshot({**wire("S5"), "input_param": json.dumps({"plan": json.dumps([row])})})
    return {
        "structure": json.dumps(REDACTOR.structure("", [row]), ensure_ascii=False),
        "text": REDACTOR.text(raw),
        "escaped": REDACTOR.text(json.dumps([row])),
        "cut off": REDACTOR.text(raw + ', {"na'),
        "in a text": REDACTOR.text(f"params: {raw}"),
        "inner": REDACTOR.text(json.dumps({"body": raw})),
        "script": json.dumps(parameters_view(script)),
        "job": json.dumps(parameters_view(job)),
        "job as text": json.dumps(parameters_view(text)),
        "show": as_json(script),
        "terminal": json.dumps(all_parameters(script)),
    }


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("backwards", [False, True], ids=["name first", "value first"])
def test_a_secret_name_counts_in_every_spelling_on_every_path(spelling: str, backwards: bool) -> None:
    """And a harmless name leaves its value as it is."""
    name, value = spelling.split()
    given: Any = [SECRET] if value == "values" else SECRET
    for known, hidden in (("x_pwd", True), ("region", False)):
        row = {name: known, value: given}
        shown = routes(dict(reversed(row.items())) if backwards else row)
        assert set(shown) == set(ROUTES)
        assert {route for route, text in shown.items() if SECRET in text} == (set() if hidden else set(ROUTES))


@pytest.mark.parametrize("spelling", ["paramName paramValue", "param_key param_value", "name value", "参数名 参数值"])
@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_a_mark_of_the_source_hides_the_value_on_every_path(spelling: str, mark: dict[str, Any]) -> None:
    """Before the value or behind it, whatever the name."""
    name, value = spelling.split()
    for row in ({name: "p1", value: SECRET, **mark}, {**mark, name: "p1", value: SECRET}):
        assert {route for route, text in routes(row).items() if SECRET in text} == set()


@pytest.mark.parametrize("mark", NO_MARKS, ids=str)
def test_a_mark_that_says_no_shows_the_value(mark: dict[str, Any]) -> None:
    """As does a field that is no mark."""
    shown = routes({"paramName": "p1", "paramValue": SECRET, **mark})
    assert {route for route, text in shown.items() if SECRET in text} == set(ROUTES)


def test_a_description_tells_in_the_window_too() -> None:
    """As it does in a structure."""
    shown = routes({"paramName": "p1", "description": "数据库密码", "paramValue": SECRET})
    assert {route for route, text in shown.items() if SECRET in text} == set()


def test_the_decoder_takes_the_best_name_and_the_value_itself() -> None:
    """A key or a default beside them are neither."""
    row = {"name": "n", "paramName": "a", "default": "9", "paramValue": None, "title": "t"}
    (found,) = read_parameters({"script_params": [row]}, REDACTOR).script
    assert (found.name.raw, found.value, found.is_secret) == ("a", None, False)
    assert fields.name_of({"param_name": "", "key": "b"}) == "b"
