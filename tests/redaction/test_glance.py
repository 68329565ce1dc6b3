"""A text that is harmless at a glance is harmless: the long look changes nothing in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import redact
from bot.redact.glance import is_harmless
from tests.redaction.corpus import load
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
    """What the redactor shows with and without the glance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact, "is_harmless", lambda _: False)
        long_look = redact.plain(text)
    return redact.plain(text), long_look


def test_no_case_of_the_corpora_is_judged_otherwise_by_the_long_look() -> None:
    """And enough of them are judged at a glance."""
    glanced = [text for text in TEXTS if is_harmless(text)]
    assert len(glanced) > 500
    assert [text for text in glanced if len(set(both(text))) > 1] == []


@pytest.mark.slow
@given(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join).filter(is_harmless))
@settings(max_examples=300, deadline=None)
def test_nor_is_any_mixture_of_their_words(text: str) -> None:
    """In any order."""
    assert len(set(both(text))) == 1
