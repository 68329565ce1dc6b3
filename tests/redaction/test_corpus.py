"""Planted secrets and harmless values through every sink: no secret seen, hardly anything harmless hidden."""

import pytest

from bot.redact import count_hidden
from tests.redaction.corpus import REDACTOR, Case, altered, leaks, load, sinks

SETS = ("seen", "heldout", "blind", "kinds", "siblings", "second", "third")
"""``seen`` was there while the rules were written; the others came after them, from people who had not read them, but
for ``siblings``: written to break them.
"""
SECRETS = [case for part in SETS for case in load(f"secrets_{part}")]
HARMLESS = [case for part in SETS for case in load(f"harmless_{part}")]
MOST_ALTERED = 0.03


def test_the_corpora_are_large_enough() -> None:
    """The issue asks for 300 of each; every planted case has a secret and no harmless one has."""
    assert len(SECRETS) >= 400
    assert len(HARMLESS) >= 400
    assert all(case.secrets for case in SECRETS)
    assert not any(case.secrets for case in HARMLESS)


@pytest.mark.parametrize("part", SETS)
def test_no_secret_is_seen_in_any_sink(part: str) -> None:
    """Neither a secret nor four characters of it in a row, as a value, a pair, raw JSON, JSON inside JSON."""
    seen = [f"{case.line}: {found}" for case in load(f"secrets_{part}") if (found := leaks(case))]
    assert not seen, "\n".join(seen)


@pytest.mark.parametrize("part", SETS)
def test_hardly_anything_harmless_is_hidden(part: str) -> None:
    """A value counts as hidden if one sink alters it."""
    cases = load(f"harmless_{part}")
    hidden = [case.line for case in cases if altered(case)]
    assert len(hidden) <= MOST_ALTERED * len(cases), hidden


def is_stable(case: Case) -> bool:
    """Whether no more of a secret is seen in what was shown once, and something in it still says [hidden]."""
    again = [REDACTOR.text(shown) for _, shown in sinks(case).values()]
    secrets = [secret for secret in case.secrets if secret not in case.around]
    return all(count_hidden(text) > 0 and not any(secret in text for secret in secrets) for text in again)


@pytest.mark.slow
@pytest.mark.parametrize("part", SETS)
def test_a_redacted_text_is_redacted_for_good(part: str) -> None:
    """Redacting it again shows no more, and hides all that was hidden."""
    cases = [case for case in load(f"secrets_{part}") if "\n" not in case.text][::4]
    unstable = [case.line for case in cases if not is_stable(case)]
    assert not unstable, "\n".join(unstable)
