"""Task ids that pasting has broken, and the messages about those that can't be repaired."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.request import Help, Show, parse

ID = "ST2601050930000000000001A1"


@pytest.mark.parametrize(
    "text",
    [
        f"{ID[:9]} {ID[9:]}",
        f"{ID[:9]}\n{ID[9:]}",
        f"{ID[:9]}-\r\n{ID[9:]}",
        f"{ID[:9]}=\n{ID[9:]}",
        f"> {ID[:9]}\n> {ID[9:]}",
        f"{ID[:9]}-{ID[9:]}",
        f"{ID[:9]}\u2014{ID[9:]}",
        f"{ID[:9]}\u00ad{ID[9:17]}\u200b{ID[17:]}",
        f"{ID[:8]} {ID[8:16]} {ID[16:24]} {ID[24:]}",
        f"ST {ID[2:]}",
        f"S\u2060T{ID[2:]}",
        f"show me {ID[:25]} {ID[25:]} please",
        f"https%253A%252F%252Fc.example%252F%253Fid%253D{ID}",
        f"https%25253A%25252F%25252Fc.example%25253Fid%25253D{ID}",
        f"&lt;https://c.example/?a=b&amp;amp;id={ID}&gt;",
        f"St{ID[2:].lower()}",
        f"{ID[:9]} {ID[9:]}".lower(),
    ],
)
def test_a_broken_id_is_joined(text: str) -> None:
    """Broken by line ends, blanks, hyphens, invisible characters or encodings, or with a phone's capital."""
    assert parse(text) == Show(ID)


def test_words_after_a_broken_id_are_parsed_too() -> None:
    """Joining stops at the end of the id."""
    assert parse(f"{ID[:9]} {ID[9:]} host web-07 private") == Show(ID, "private", ("web-07",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ID[:-1], f"“{ID[:-1]}” has 25 characters; a task id has 26."),
        (f"{ID}0", f"“{ID}0” has 27 characters; a task id has 26."),
        ("ST123", "“ST123” has 5 characters; a task id has 26."),
        ("ST123 web-07 10.0.0.1", "“ST123” has 5 characters; a task id has 26."),
        (
            f"{ID[:9]} {ID[9:]}0",
            (
                f"“{ID[:9]} {ID[9:]}0” is an id in 2 pieces, with 27 characters together; a task id has 26. "
                "Paste it in one piece."
            ),
        ),
        (f"{ID[:19]} private", f"“{ID[:19]}” has 19 characters; a task id has 26."),
        (f"{ID[:20]} server", f"“{ID[:20]}” has 20 characters; a task id has 26."),
        (f"{ID[:8]}_{ID[9:]}", f"“{ID[:8]}_{ID[9:]}” has “_” at position 9; a task id has only letters and digits."),
        (f"{ID[:8]}.{ID[8:]}", f"“{ID[:8]}.{ID[8:]}” has “.” at position 9; a task id has only letters and digits."),
        (
            f"“{ID[:8]}О{ID[9:]}”,",
            f"“{ID[:8]}О{ID[9:]}” has “О” (Cyrillic) at position 9; a task id has only letters and digits.",
        ),
        ("ST26****", "“ST26****” has its characters masked. Paste the whole id."),
        ("ST260105…A1", "“ST260105...A1” is shortened. Paste the whole id."),
        (f"5T{ID[2:]}", f"“5T{ID[2:]}” begins with 5T; a task id begins with ST."),
        (f"ЅТ{ID[2:]}", f"“ЅТ{ID[2:]}” begins with letters that only look like ST (Cyrillic). Type ST by hand."),
        (f"private{ID}", f"“{ID}” has other letters or digits right before it. Put a blank between."),
        (ID[2:], f"“{ID[2:]}” lacks the ST with which a task id begins."),
        (
            "SCT2026010509300000001A2B",
            "“SCT2026010509300000001A2B” is the id of a script's run; the id of a scheduled task begins with ST.",
        ),
        ("SC26010509", "“SC26010509” is the id of a script; the id of a scheduled task begins with ST."),
        ("JOB26010509", "“JOB26010509” is the id of a job; the id of a scheduled task begins with ST."),
        (
            f"{ID[:9]} {ID[9:]} {ID[:9]} {ID[9:25]}2",
            "That holds 2 different task ids, so none is shown. Ask for one at a time.",
        ),
    ],
)
def test_a_near_miss_is_named(text: str, says: str) -> None:
    """One sentence says what is wrong with it."""
    assert parse(text) == Help(says)


ids = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=24, max_size=24)


@given(
    ids.filter(lambda tail: any(map(str.isdigit, tail))), st.integers(2, 25), st.sampled_from((" ", "\n", "-", "-\n"))
)
def test_an_id_broken_anywhere_is_that_id_or_none(tail: str, at: int, by: str) -> None:
    """Never another id; it is found wherever the second piece is not a word."""
    task_id = f"ST{tail}"
    found = parse(f"{task_id[:at]}{by}{task_id[at:]}")
    assert found == Show(task_id) or (isinstance(found, Help) and task_id[at:].isalpha()), found


@given(ids, st.integers(2, 25), st.sampled_from(("private", "public", "please", "host", "status", "server", "web")))
def test_a_truncated_id_is_not_joined_with_a_word(tail: str, cut: int, word: str) -> None:
    """Not even if both have 26 characters together."""
    assert isinstance(parse(f"ST{tail}"[:cut] + f" {word}"), Help)
