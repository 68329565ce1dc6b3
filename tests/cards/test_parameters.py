"""The parameters of a task: in order, with user, time limit and success rate; secrets hidden; long ones folded."""

import io
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot.cards.parameter_entries import FOLD_CHARACTERS, FOLD_LINES
from bot.cards.parameters import AGAIN, all_parameters, parameters_view
from bot.cards.task import MORE, task_card
from bot.cards.terminal import render
from bot.redact.untrusted import LONGEST
from bot.task.snapshot import Snapshot
from tests.cards.any_task import HOSTILE, snapshots, texts
from tests.cards.judges import judge_view, said
from tests.cards.snapshots import TASK_ID, Json, snapshot, wire

PEM = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----"
HIDDEN = "[hidden]"


def script(*values: tuple[str, Any], **more: Any) -> Snapshot:
    """Sample S2 with other parameters of its script; ``more`` goes beside them."""
    rows = [{"paramName": name, "paramValue": value, "paramOrder": n} for n, (name, value) in enumerate(values, 1)]
    found = {"timeout": "300", "execute_user": "root", **more, "script_params": json.dumps(rows)}
    return snapshot({**wire("S2"), "input_param": json.dumps(found)})


def job(**values: Any) -> Snapshot:
    """Sample S5, a job, with other parameters."""
    return snapshot({**wire("S5"), "input_param": json.dumps(values)})


def view(found: Snapshot) -> Json:
    """The modal, which Slack takes and in which nothing is live."""
    made = parameters_view(found)
    judge_view(made)
    return made


def text(found: Snapshot) -> str:
    """All words of the modal, a leaf a line."""
    return said(view(found)["blocks"])


def rows(found: Snapshot) -> list[tuple[str, str, str]]:
    """Each parameter: its line, its block of code, and the line below."""
    made = []
    for block in view(found)["blocks"]:
        if block["type"] == "rich_text":
            parts = ["".join(leaf.get("text", "") for leaf in part["elements"]) for part in block["elements"]]
            line, code, mark = [*parts, "", ""][:3]
            made.append((line, code, mark))
    return made


def test_the_menu_of_the_card_offers_it() -> None:
    """Behind the run history, with the task's id."""
    buttons = task_card(snapshot(wire("S2"))).blocks[-1]["elements"]
    menu = next(element for element in buttons if element["action_id"] == MORE)
    assert [option["value"] for option in menu["options"]] == [f"runs:{TASK_ID}", f"parameters:{TASK_ID}"]
    assert menu["options"][1]["text"]["text"] == "Parameters"


def test_user_time_limit_success_rate_and_project_are_said() -> None:
    """With the task's and the script's name; what COC did not send is left out."""
    found = text(script(success_rate="90.5", project_id="0f3c9d1e5b7a4c2d8e6f1a2b3c4d5e6f"))
    assert "*nightly-logrotate*\nScript *logrotate*\n" in found
    assert (
        "Runs as `root`  ·  Time limit 300 s  ·  Success rate 90.5 %  ·  Project `0f3c9d1e5b7a4c2d8e6f1a2b3c4d5e6f`"
    ) in found
    assert "Runs as" not in text(job(a="1"))


def test_a_scripts_parameters_stand_in_its_order() -> None:
    """By ``paramOrder``, not as they came, numbered."""
    listed = [{"paramName": name, "paramValue": name, "paramOrder": n} for name, n in (("b", 2), ("c", 10), ("a", 1))]
    found = snapshot({**wire("S2"), "input_param": json.dumps({"script_params": json.dumps(listed)})})
    assert [line for line, _, _ in rows(found)] == ["1.  a  a", "2.  b  b", "3.  c  c"]
    assert "3 parameters, in the order in which the script takes them  ·  no value hidden  ·  as of <!date" in text(
        found
    )


def test_a_jobs_parameters_stand_as_coc_lists_them() -> None:
    """They have no places."""
    found = job(z="1", a=True, m=7)
    assert [line for line, _, _ in rows(found)] == ["z  1", "a  true", "m  7"]
    assert "3 parameters, in the order in which COC lists them" in text(found)


def test_what_stands_beside_a_scripts_own_parameters_is_marked() -> None:
    """Nothing of the map is lost."""
    assert rows(script(("path", "/x"), brand_new="1"))[1][0] == "brand_new  beside the script's own  1"


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({**wire("S6")}, "This job takes no parameters."),
        ({**wire("S3")}, "This script takes no parameters."),
        ({**wire("S3"), "task_type": "ELSE"}, "This task takes no parameters."),
        ({**wire("S2"), "input_param": None}, "COC sent no parameters of this task."),
    ],
)
def test_no_parameters_is_said(detail: Json, words: str) -> None:
    """None are needed, or none came: not the same. Nothing is counted."""
    found = text(snapshot(detail))
    assert words in found
    assert "hidden" not in found


def test_secrets_are_hidden_and_counted() -> None:
    """By name and by shape, in structures too, without a trace of their structure under a secret name."""
    found = script(
        ("password", "hunter2"),
        ("address", "-h db-1 postgres://app:hunter2@db/x"),
        ("login", '{"user": "ada", "password": "hunter2", "n": [1, {"token": {"deep": "hunter2"}}]}'),
        ("tokens", '["hunter2", "hunter2"]'),
        ("options", "-v --password=hunter2 -x"),
    )
    shown = text(found)
    assert "hunter2" not in json.dumps(view(found))
    assert "6 values hidden because they look like secrets" in shown
    assert rows(found)[3][0] == f"4.  tokens  {HIDDEN}"
    assert "-h db-1 " in shown


def test_one_secret_is_one() -> None:
    """Grammar, and the user's name is looked at too."""
    assert "1 value hidden because it looks like a secret" in text(script(("password", "x")))
    assert "1 value hidden because it looks like a secret" in text(script(execute_user="password=hunter2"))


@pytest.mark.parametrize("form", [PEM, f"a\n{PEM}\nb", "password={} " + "y " * 400, "x " * 400 + PEM])
def test_the_length_of_a_secret_shows_nowhere(form: str) -> None:
    """Views of secrets of different lengths are the same to the letter."""
    forms = [form.format("hunter2-" * n) for n in (8, 80, 900)]
    for wrapped in ([script(("text", value)) for value in forms], [job(text={"a": [value]}) for value in forms]):
        assert len({json.dumps(parameters_view(found)) for found in wrapped}) == 1


def test_nor_does_the_place_where_broken_json_broke() -> None:
    """It stands behind the secret."""
    made = {text(snapshot({**wire("S2"), "input_param": f'{{"password":"{"h" * n}", "a'})) for n in (3, 30)}
    assert len(made) == 1
    assert "unterminated string starting\n" in next(iter(made))


@pytest.mark.parametrize("lengths", [(9_300, 9_400, 9_900), (11_000, 20_000, 40_000)])
def test_nor_where_only_the_beginning_is_looked_at(lengths: Sequence[int]) -> None:
    """How much else fitted in what was looked at would tell it."""
    made = {json.dumps(parameters_view(script(("text", f"password={'h' * n} " + "y " * 9_000)))) for n in lengths}
    assert len(made) == 1
    assert "… folded: the rest" in next(iter(made)).encode().decode("unicode_escape")


def test_half_a_secret_at_the_end_of_what_is_looked_at_is_not_shown() -> None:
    """Cut in the middle it looks like none; a secret before it would otherwise move it into sight."""
    for start in range(LONGEST - 40, LONGEST):
        head = "password=" + "x" * (start - 60) + " then "
        assert "hunter" not in json.dumps(
            parameters_view(script(("text", head.ljust(start) + "a://u:hunter2@h " * 9)))
        )


def test_a_long_value_is_folded_with_a_mark() -> None:
    """After so many characters, or lines; the mark says how much more there is."""
    _, code, mark = rows(script(("a", "ab " * 1000)))[0]
    assert len(code) <= FOLD_CHARACTERS
    assert mark == "… folded: 2,399 more characters"
    _, code, mark = rows(script(("a", "\n".join(f"line {n}" for n in range(100)))))[0]
    assert code.split("\n") == [f"line {n}" for n in range(FOLD_LINES)]
    assert mark == "… folded: 88 more lines, 703 characters"
    _, code, mark = rows(script(("a", "ab " * 1_000_000)))[0]
    assert mark == "… folded: over 9,400 more characters"


def test_what_fits_is_not_folded() -> None:
    """At the limits, no mark."""
    for value in ("\n".join("x" * FOLD_LINES), "x " * (FOLD_CHARACTERS // 2 - 1) + "x"):
        assert rows(script(("a", value)))[0][1:] == (value, "")


def test_the_sign_for_a_hidden_value_is_never_cut() -> None:
    """The fold moves behind it."""
    for blanks in range(FOLD_CHARACTERS - 30, FOLD_CHARACTERS + 2):
        _, code, _ = rows(script(("a", ("y " * blanks)[:blanks] + " password=hunter2 " + "z " * 300)))[0]
        assert code.count("[") == code.count("[hidden]")


def test_lines_and_indentation_are_kept() -> None:
    """A script stays a script; what hides or reorders goes."""
    source = "#!/bin/sh\r\nif true; then\n\techo  \u202ea\n    b\x00c\nfi\n"
    assert rows(script(("a", source)))[0][1] == "#!/bin/sh\nif true; then\n    echo  a\n    bc\nfi"


def test_what_is_hidden_from_the_eye_is_not_hidden_from_the_redactor() -> None:
    """A name in pieces is whole once it is cleaned."""
    found = script(
        ("a", "pass\u200bword=hunter2"), ("b", {"pass\u2060word": "hunter2"}), ("pass\u00adword", "hunter2")
    )
    assert "hunter2" not in json.dumps(view(found))


def test_json_is_indented_unless_it_is_short() -> None:
    """Decoded once more than COC wraps it."""
    found = job(long={"name": "db-01", "text": "é\n" * 3, "zone": "cn-north-4a", "more": ["x" * 20]}, short=[1, "b"])
    (line, code, _), (short, nothing, _) = rows(found)
    assert line == "long"
    assert code.startswith('{\n  "name": "db-01",\n  "text": "é\\né\\né",\n')
    assert (short, nothing) == ('short  [1, "b"]', "")


def test_a_long_list_says_how_many_entries_it_has() -> None:
    """The first ones are shown; the count may miss secrets in the others, and says so."""
    found = job(hosts=[{"host": f"web-{n}", "token": "hunter2"} for n in range(5000)])
    _, code, mark = rows(found)[0]
    assert '"host": "web-0"' in code
    assert mark == "… folded: the list has 5,000 entries"
    assert "at least 12 values hidden" in text(found)


def test_a_structure_too_large_to_look_at_is_not_opened() -> None:
    """An object shows the whole or nothing: a name at its end may make a value at its beginning a secret."""
    found = job(a={"value": "hunter2", "x": "y" * 60_000, "name": "password"}, b={str(n): n for n in range(90_000)})
    assert [line for line, _, _ in rows(found)] == [
        "a  … folded: a JSON object with 3 entries, too long to show here",
        "b  … folded: a JSON object with 90,000 entries, too long to show here",
    ]
    assert "no value hidden in what is shown" in text(found)


def test_a_parameter_store_is_shown_instead_of_a_value() -> None:
    """The value lives elsewhere; what COC sends beside it is not what the script gets."""
    refer = {"refer_type": "PARAM_STORE", "param_id": "db-entry", "param_version": "v3"}
    listed = [{"param_name": "a", "param_value": "hunter2", "param_order": 1, "param_refer": refer}]
    found = snapshot({**wire("S2"), "input_param": json.dumps({"script_params": json.dumps(listed)})})
    assert rows(found) == [("1.  a  refers to  PARAM_STORE: db-entry, version v3", "", "")]


def test_no_value_and_nothing_to_see_are_said() -> None:
    """Neither looks like the other."""
    assert [line for line, _, _ in rows(script(("a", ""), ("b", None), ("c", "\u200b"), ("password", "")))] == [
        "1.  a  no value",
        "2.  b  no value",
        "3.  c  nothing visible",
        "4.  password  no value",
    ]


def test_broken_json_is_shown_as_it_came_and_marked() -> None:
    """Redacted, folded, with where it broke; in a value too. The rest is shown."""
    broken = json.dumps({"execute_user": "root", "script_params": '[{"a":1},{"b', "plan": '[{"x":', "note": "[a"})
    found = snapshot({**wire("S2"), "input_param": broken})
    assert rows(found) == [
        ("  Not readable: script parameters  unterminated string starting at character 11 of 12", '[{"a":1},{"b', ""),
        ('plan  beside the script\'s own, not readable as JSON, shown as it came  [{"x":', "", ""),
        ("note  beside the script's own  [a", "", ""),
    ]
    assert "takes no parameters" not in text(found)
    secret = snapshot({**wire("S2"), "input_param": '{"password":"hunter2' + "x" * 20_000})
    assert "hunter2" not in json.dumps(view(secret))


def test_many_unreadable_parts_are_counted() -> None:
    """Five are shown."""
    found = snapshot({**wire("S2"), "input_param": json.dumps({"script_params": json.dumps(["x"] * 8)})})
    assert len(rows(found)) == 5
    assert ":warning: 3 more parts not readable, and not shown here." in text(found)


@pytest.mark.parametrize(
    "values",
    [
        [(f"p{n}", "x") for n in range(300)],
        [(f"p{n}", "😀" * 700) for n in range(90)],
        [(f"p{n}", "x " * 9000) for n in range(90)],
        [("😀" * 500, "\n" * 5 + "中" * 5000) for n in range(90)],
    ],
    ids=["many", "astral", "long", "names"],
)
def test_what_does_not_fit_is_counted(values: list[tuple[str, str]]) -> None:
    """The view is valid, and shown and left out make all."""
    found = script(*values)
    left = next(line for line in text(found).split("\n") if "did not fit in here" in line)
    assert len(rows(found)) + int(left.split()[1]) == len(values)
    assert len(rows(found)) > 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        lambda: "x" * 16_000_000,
        lambda: "a b\n" * 4_000_000,
        lambda: ["x" * 16_000_000],
        lambda: {"a": ["b"] * 4_000_000},
    ],
    ids=["one word", "lines", "in a list", "a list"],
)
def test_sixteen_million_characters_take_no_time(value: Callable[[], Any]) -> None:
    """Only the beginning is looked at; decoding is over by then."""
    found = job(a=value())
    began = time.perf_counter()
    view(found)
    assert time.perf_counter() - began < 1


def test_many_long_values_take_little_time() -> None:
    """There is a bound for all of them together."""
    found = job(**{f"p{n}": [{"a": "x y " * 10_000}] for n in range(90)})
    began = time.perf_counter()
    view(found)
    assert time.perf_counter() - began < 2


def test_the_view_carries_the_task_and_a_way_to_ask_again() -> None:
    """So that any replica can serve the click."""
    made = view(snapshot(wire("S2")))
    assert made["private_metadata"] == TASK_ID
    assert made["blocks"][0]["accessory"]["action_id"] == AGAIN


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_names_and_values_are_only_text(value: str) -> None:
    """In every place where a task has words, also as JSON."""
    view(script((value, value), ("x", {value: value}), ("y", [value]), execute_user=value, timeout=value))
    view(job(**{value: value, "project_id": value}))


def drawn(found: Snapshot) -> str:
    """What a terminal shows."""
    out = io.StringIO()
    Console(file=out, width=100).print(render(all_parameters(found)))
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def test_a_terminal_shows_the_same() -> None:
    """All of them, a value of several lines below its name."""
    shown = drawn(script(("path", "/var/log"), ("source", "a\n  b"), ("password", "hunter2")))
    assert "Runs as root  ·  Time limit 300 s" in shown
    assert "  • 1.  path  /var/log\n  • 2.  source\n      a\n        b\n  • 3.  password  [hidden]" in shown
    assert "\n      x\n      … folded: 8 more lines, 15 characters" in drawn(script(("a", "x\n" * 20)))
    assert "1 value hidden" in shown
    assert "This job takes no parameters." in drawn(snapshot(wire("S6")))
    assert "more parameter" not in drawn(script(*((f"p{n}", "x") for n in range(300))))


@given(snapshots())
@settings(max_examples=30, deadline=None)
def test_any_parameters_can_be_drawn_in_a_terminal(found: Snapshot) -> None:
    """Whatever a task holds."""
    assert "\x1b" not in drawn(found)


SECRET = "zq7hunter2zq7"
_NAMES = st.sampled_from(("password", "dbPassword", "api_key", "access_token", "密码", "client-secret", "MYSQL_PWD"))
_OTHER = st.dictionaries(texts(), texts(), max_size=2)


@st.composite
def planted(draw: st.DrawFn) -> Json:
    """Parameters of a script or job with a secret under a secret name somewhere in them."""
    name, other, after = draw(_NAMES), draw(_OTHER), draw(texts())
    assume("hunter" not in json.dumps([other, after]))  # Hypothesis tries the words of this file
    many = draw(st.integers(1, 900))
    text = SECRET * many
    forms: list[Any] = [
        {name: text},
        {"a": {**other, name: text}},
        {"a": json.dumps({**other, name: [text, {"b": text}]})},
        {"a": [{"name": name, "value": text, **{k: v for k, v in other.items() if k not in {"name", "value"}}}]},
        {"a": f"run --{name}={text} -x {after}"},
        {"script_params": json.dumps([{"paramName": name, "paramValue": text, "paramOrder": 1}])},
        {"script_params": [{"param_name": "p", "param_value": json.dumps({name: text})}]},
        {"script_params": json.dumps([{"paramName": name, "paramValue": text}])[:-2]},
    ]
    return {**other, **draw(st.sampled_from(forms))}


@given(planted(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_planted_secret_is_anywhere_in_the_view(found: Json, as_text: bool) -> None:
    """Not even a part of it."""
    shown = snapshot({**wire("S2"), "input_param": json.dumps(found) if as_text else found})
    made = view(shown)
    assert "hunter" not in json.dumps([made, all_parameters(shown)])
