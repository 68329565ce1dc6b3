"""The fast path shows what all the rules show."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.redact.fast_path import is_harmless
from tests.redaction.corpus import REDACTOR, load
from tests.redaction.test_corpus import SETS

TEXTS = [
    text
    for part in SETS
    for kind in ("secrets", "harmless")
    for case in load(f"{kind}_{part}")
    for text in {case.text, f"{case.name}: {case.text}", *case.text.split("\n")}
]
WORDS = sorted({word for text in TEXTS for word in text.split()})


def both(text: str) -> tuple[str, str]:
    """The redacted text with and without the fast path."""
    return REDACTOR.text(text), REDACTOR._redact_thoroughly(text, "", 0)


def test_the_fast_path_takes_no_text_of_the_corpora_in_which_a_rule_hides_something() -> None:
    """And it takes more than 500 of them."""
    taken = [text for text in TEXTS if is_harmless(text)]
    assert len(taken) > 500
    assert [text for text in taken if len(set(both(text))) > 1] == []


@pytest.mark.slow
@given(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join).filter(is_harmless))
@settings(max_examples=300, deadline=None)
def test_the_fast_path_takes_no_mixture_of_their_words_in_which_a_rule_hides_something(text: str) -> None:
    """In any order."""
    assert len(set(both(text))) == 1


@given(st.text("abzAKpswd019_.-", min_size=1, max_size=12))
@settings(deadline=None, max_examples=400)
def test_a_short_plain_text_is_shown_as_all_rules_show_it(text: str) -> None:
    """Texts of fewer than 12 letters, digits, dots and hyphens hold nothing that a rule hides."""
    assert REDACTOR.text(text, "host_name") == REDACTOR._redact_thoroughly(text, "host_name", 0)
