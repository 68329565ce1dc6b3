"""One spelling for what people paste and what COC writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.task.hostnames import bare, fold, same_host, unreadable


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "web-07",
            "WEB-07",
            "“web-07”.",
            "`web-07`.",
            "'web-07',",
            "«web-07»",
            "「web-07」",
            "(web-07)",
            "[web-07]",
        ),
        *("web-07?", "web-07!", "web-07。", "web-07，", "web-07:", "*Web-07*", "_web-07_", "~web-07~"),
        *("web‐07", "web‑07", "web–07", "web—07", "web−07", "web－０７", "web-\u200b07", "web-07."),
        *("root@web-07", "web-07:22", "ssh://web-07/x", "ssh://root@web-07:22/x", "http://web-07", "web-07:/var/log"),
        *(
            "\\\\web-07\\share",
            "web-07/var/log",
            "<http://web-07|web-07>",
            "<mailto:root@web-07|root@web-07>",
            "web-07's",
        ),
        *("@web-07", "#web-07", "--web-07"),
    ],
)
def test_only_the_name_counts(typed: str) -> None:
    """Not what surrounds it, nor how it is written."""
    assert bare(typed) == "web-07"


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        (
            "10.0.0.1",
            ["10.0.0.1:22", "10.0.0.1/24", "010.000.000.001", "１０.0.0.1", "root@10.0.0.1.", "::ffff:10.0.0.1"],
        ),
        ("2001:db8::1", ["2001:DB8:0:0::1", "[2001:db8::1]:22", "“[2001:db8::1]”", "2001:db8::1%eth0"]),
        ("::1", ["[::1]", "(::1)"]),
    ],
)
def test_an_address_has_one_spelling(address: str, typed: list[str]) -> None:
    """Leading zeros, brackets, port, prefix length and zone are no part of it."""
    assert [bare(text) for text in typed] == [address] * len(typed)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("web-07", "web-07.example.com", True),
        ("web-07.prod", "web-07.prod.example.com", True),
        ("web-07.a.example", "web-07.b.example", False),
        ("web-0", "web-07", False),
        ("10", "10.0.0.1", False),
        ("10.0.0", "10.0.0.1", False),
    ],
)
def test_a_full_name_and_its_short_one_are_one_host(one: str, other: str, *, same: bool) -> None:
    """Both ways; never for addresses."""
    assert same_host(one, other) is same_host(other, one) is same


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("10.0.0.0/24", "it is a network; ask for an address, or with a star: `10.0.0.*`"),
        ("10.0.0.0/16", "it is a network; ask for an address, or with a star: `10.0.*`"),
        ("2001:db8::/32", "it is a network; ask for an address, or with a star: `2001:db8::*`"),
        ("10.0.0.1-10.0.0.9", "it is a range"),
        ("10.0.0.1-9", "it is a range"),
        ("web-[01,02]", "it is a range"),
        ("web-{01..09}", "it is a range"),
        ("10.0.0.256", "it is no IP address"),
        ("web$07", "it is no host name"),
        ("00:1a:2b:3c:4d:5e", "it is no host name"),
        ("…", "it is no host name"),
        *[(text, "") for text in ("web-07", "10.0.0.1/24", "10.0.0.1/32", "日志-1", "web-*", "*", "[::1]:22", "a")],
    ],
)
def test_what_is_no_single_name_says_why(typed: str, why: str) -> None:
    """It is asked back instead of denied."""
    found = unreadable(typed)
    assert found.startswith(why)
    assert bool(found) == bool(why)


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    """Nothing that can be typed or sent is an error; folding loses nothing entirely and folds once."""
    assert bool(fold(text)) == bool(text)
    bare(text)
    unreadable(text)
