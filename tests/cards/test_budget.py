"""One message within Slack's limits, whatever is to go into it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.block_kit import (
    MAX_BLOCKS,
    MAX_CHARACTERS,
    actions,
    button,
    characters,
    context,
    fields,
    header,
    message,
    section,
)
from bot.sandbox.slack.rules import check_message
from tests.cards import judges

TOP, END = [header("name")], [actions(button("Refresh", "refresh", "v"))]


def test_what_fits_is_all_there_in_order() -> None:
    """Needed parts, optional ones, the last ones."""
    found = message("text", TOP, [section("a"), section("b")], END)
    assert list(found.blocks) == [*TOP, section("a"), section("b"), *END]


def test_what_does_not_fit_is_counted_in_a_line() -> None:
    """Optional parts give way, the buttons never; a line says how many parts are missing."""
    parts = [section("x" * 2_900) for _ in range(6)]
    found = message("text", TOP, parts, END)
    assert list(found.blocks) == [*TOP, *parts[:3], context("_3 more parts did not fit in one message._"), *END]


def test_one_missing_part_is_one() -> None:
    """The line is right in number."""
    found = message("text", TOP, [section("x" * 2_900)] * 4, END)
    assert found.blocks[-2] == context("_1 more part did not fit in one message._")


def test_too_many_parts_leave_room_for_the_line() -> None:
    """Fifty blocks, the line and the buttons among them."""
    found = message("text", TOP, [section(str(n)) for n in range(60)], END)
    assert len(found.blocks) == MAX_BLOCKS
    assert found.blocks[-2] == context("_13 more parts did not fit in one message._")


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 2_900), st.sampled_from("x&<中")), max_size=70))
def test_any_optional_parts_make_a_valid_message(parts: list[tuple[int, str]]) -> None:
    """Whatever their number and length, and however escaping swells them."""
    swollen = {"&": "&amp;", "<": "&lt;"}
    optional = [section((swollen.get(char, char) * length)[:2_900]) for length, char in parts]
    found = message("text", TOP, optional, END)
    check_message(found.text, list(found.blocks), "message")
    assert judges.characters(list(found.blocks)) <= MAX_CHARACTERS
    assert found.blocks[-1] == END[0]


def test_characters_are_counted_as_slack_counts_them() -> None:
    """Every text once; plain text as it will be when Slack has escaped it; values and ids do not count."""
    blocks: list[Any] = [header("R&D"), section("R&amp;D"), fields(["ab", "cd"]), *END]
    assert characters(blocks) == len("R&amp;D") * 2 + 4 + len("Refresh")
    assert characters(blocks) == judges.characters(blocks)


def test_the_text_is_cut_but_never_inside_an_entity() -> None:
    """``text`` is escaped already when it comes here."""
    found = message("&amp;" * 1_000, TOP, [], [])
    assert found.text == "&amp;" * 599 + "…"


def test_names_are_not_turned_into_previews() -> None:
    """The payload switches unfurling off and holds the blocks as a list."""
    assert message("t", TOP, [], []).payload() == {
        "text": "t",
        "blocks": TOP,
        "unfurl_links": False,
        "unfurl_media": False,
    }
