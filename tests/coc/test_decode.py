"""JSON inside strings: what decodes, what is broken and where."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.coc.decode import MAX_WRAPPINGS, Broken, decode, decode_list, decode_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def wrapped(value: object, times: int) -> Any:
    """A value as JSON text, that many times over; 0 leaves it alone."""
    for _ in range(times):
        value = json.dumps(value)
    return value


@pytest.mark.parametrize("times", range(MAX_WRAPPINGS + 1))
def test_a_value_may_be_wrapped_in_up_to_four_strings(times: int) -> None:
    """COC wraps twice; already decoded values pass as they are."""
    value = {"batches": [1, {"a": None}]}
    assert decode(wrapped(value, times), "x") == value
    assert decode_object(wrapped(value, times), "x") == value
    assert decode_list(wrapped([value], times), "x") == [value]


def test_more_wrappings_are_broken() -> None:
    """The innermost string that was reached is kept."""
    found = decode(wrapped({"a": 1}, MAX_WRAPPINGS + 1), "the plan")
    assert found == Broken("the plan", 0, "wrapped in too many strings", '{"a": 1}')


@pytest.mark.parametrize("nothing", [None, "", " \n", '""', '" "', "null"])
def test_nothing_is_none_an_empty_list_and_an_empty_object(nothing: str | None) -> None:
    """Null, the empty string and blanks mean the same, wrapped or not."""
    assert decode(nothing, "x") is None
    assert decode_list(nothing, "x") == []
    assert decode_object(nothing, "x") == {}


@pytest.mark.parametrize(
    ("text", "at", "reason", "says"),
    [
        ("not json", 0, "expecting value", "the plan: expecting value at character 1 of 8"),
        ('{"a": 1', 7, "expecting ',' delimiter", "the plan: expecting ',' delimiter at character 8 of 7"),
        ('{"a": 1} x', 9, "extra data", "the plan: extra data at character 10 of 10"),
        (wrapped("{broken", 1), 1, "expecting property name enclosed in double quotes", "the plan: expecting"),
        ("[" * 100_000, 0, "nested too deeply", "the plan: nested too deeply at character 1 of 100000"),
        ("9" * 5000, 0, "a number too long to read", "the plan: a number too long to read at character 1 of 5000"),
    ],
)
def test_what_does_not_decode_says_where_it_broke(text: str, at: int, reason: str, says: str) -> None:
    """The raw text is kept whole, with the place and the reason."""
    for decoder in (decode, decode_list, decode_object):
        found = decoder(text, "the plan")
        assert isinstance(found, Broken)
        assert (found.where, found.at, found.reason) == ("the plan", at, reason)
        assert found.raw == (text if not text.startswith('"') else json.loads(text))
        assert str(found).startswith(says)


def test_a_single_object_counts_as_a_list_of_one() -> None:
    """A list with one entry is sometimes sent without its brackets."""
    assert decode_list('{"a": 1}', "x") == [{"a": 1}]


@pytest.mark.parametrize("value", ["5", "true", 5, 2.5, False])
def test_a_scalar_is_neither_list_nor_object(value: object) -> None:
    """It is broken, and kept as text."""
    for decoder, kind in ((decode_list, "not a list"), (decode_object, "not an object")):
        found = decoder(value, "x")
        assert isinstance(found, Broken)
        assert (found.reason, found.raw) == (kind, json.dumps(value) if not isinstance(value, str) else value)


def test_a_list_is_no_object() -> None:
    """The text that came is kept as the raw one."""
    assert decode_object("[1]", "x") == Broken("x", 0, "not an object", "[1]")
    assert decode_object([1], "x") == Broken("x", 0, "not an object", "[1]")


def test_a_list_too_deep_to_write_down_is_broken_all_the_same() -> None:
    """Python cannot write down what it could just so read; the reason is said without it."""
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    found = decode_object(deep, "x")
    assert isinstance(found, Broken)
    assert found.reason == "not an object"


def test_lone_surrogates_become_question_marks() -> None:
    """An escape can write half a character, which no UTF-8 text can hold; keys and broken texts are cleaned too."""
    assert decode(r'{"k\ud800": ["\udfff", {"a": "\ud83d\ude00"}]}', "x") == {"k?": ["?", {"a": "😀"}]}
    found = decode(json.dumps("{broken \ud800"), "x")
    assert isinstance(found, Broken)
    assert found.raw == "{broken ?"


@given(st.text() | JSON)
@settings(max_examples=200, deadline=None)
def test_decoding_never_raises(value: object) -> None:
    """Any text and any JSON value ends in a value of the right kind or in a Broken."""
    assert isinstance(decode_list(value, "x"), list | Broken)
    assert isinstance(decode_object(value, "x"), dict | Broken)
    found = decode(value, "x")
    if isinstance(found, Broken):
        assert 0 <= found.at <= len(found.raw)


@given(JSON.filter(lambda value: not isinstance(value, str)), st.integers(1, MAX_WRAPPINGS))
@settings(max_examples=100, deadline=None)
def test_what_was_wrapped_comes_out(value: object, times: int) -> None:
    """Wrapping and decoding gives the same value back."""
    assert repr(decode(wrapped(value, times), "x")) == repr(value)
