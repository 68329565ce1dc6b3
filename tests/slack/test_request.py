"""What people type behind the command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.request import Help, Show, parse

ID = "ST2601050930000000000001A1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ID, Show(ID)),
        (f"  {ID}\n", Show(ID)),
        (f"`{ID}`", Show(ID)),
        (f"'{ID}',", Show(ID)),
        (f"（{ID}）", Show(ID)),
        (ID.lower(), Show(ID)),
        ("ＳＴ2601050930000000000001A1", Show(ID)),
        (f"https://c.example/?q=id%3D{ID}%26x", Show(ID)),
        (f"<https://c.example/{ID}|{ID}>", Show(ID)),
        (f"{ID} and again {ID}", Show(ID)),
        (f"private {ID}", Show(ID, "private")),
        (f"ME {ID}", Show(ID, "private")),
        (f"private: {ID}", Show(ID, "private")),
        (f"public {ID}", Show(ID, "public")),
        (f"is {ID} private", Show(ID)),
        (f"{ID} host web-07", Show(ID, host="web-07")),
        (f"private {ID} HOST: `web-0*`", Show(ID, "private", "web-0*")),
        (f"host 192.168.0.17 in {ID}", Show(ID, host="192.168.0.17")),
        (f"{ID} host=<http://web-07.example.com|web-07.example.com>?", Show(ID, host="web-07.example.com")),
        (f"{ID} host", Help("“host” needs a host name, an IP or a resource id after it.")),
        (f"host {ID}", Help("“host” needs a host name, an IP or a resource id after it.")),
        (f"{ID} host-01", Show(ID)),
        (f"is the host's {ID}", Show(ID)),
        ("", Help()),
        ("   ", Help()),
        ("HELP", Help()),
        (f"? {ID}", Show(ID)),
        (f"№{ID}™", Show(ID)),
        (f"\u200b{ID[:9]}\u00ad{ID[9:]}", Show(ID)),
        ("?", Help()),
        ("private", Help("“private” needs a task id after it.")),
        (ID[:-1], Help(f"“{ID[:-1]}” has 25 characters; a task id has 26.")),
        (f"{ID}0", Help(f"“{ID}0” has 27 characters; a task id has 26.")),
        ("ST26****", Help("“ST26****” has its characters masked. Paste the whole id.")),
        ("status", Help("“status” is not a task id and not a word I know.")),
        (f"{ID} {ID[:-1]}2", Help("That holds 2 different task ids. Ask for one at a time.")),
    ],
)
def test_what_is_understood(text: str, found: Show | Help) -> None:
    """An id wherever it hides; else what was wrong with the words."""
    assert parse(text) == found


def test_an_id_in_mixed_case_is_taken_as_it_is() -> None:
    """Nothing says that ids ignore case: only one that is wholly lower case has lost it."""
    mixed = "ST" + "aB" * 12
    assert parse(mixed) == Show(mixed)


around = st.text(st.characters(exclude_categories=("L", "N", "Cs")), max_size=8).filter(lambda s: "%" not in s)


@given(before=around, after=around, tail=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=24, max_size=24))
def test_an_id_is_found_in_any_surroundings(before: str, after: str, tail: str) -> None:
    """Whatever stands around it, as long as it is no letter or digit."""
    found = parse(f"{before}ST{tail}{after}")
    assert isinstance(found, Show)
    assert found.task_id == f"ST{tail}"


def test_half_a_character_is_named_as_a_question_mark() -> None:
    """What was wrong is said back to the person, so it must be text that can be sent."""
    assert parse("x\ud800y") == Help("“x” is not a task id and not a word I know.")
    assert parse("\ud800\ud800") == Help("“??” is not a task id and not a word I know.")


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_that_can_be_typed_is_an_error(text: str) -> None:
    """Every text is a request or a help."""
    assert isinstance(parse(text), Show | Help)
