"""What the redactor costs: in proportion to the length of a text, whatever stands in it."""

import time

import pytest

from bot.redact import Redactor
from bot.redact.commands import TOOLS
from bot.redact.rules import SHAPES, SYNTAX

pytestmark = pytest.mark.slow

SIGNS = "-=:/@#$%&*|<>()[]{}'\"`,;.!?~^+_\\ \t\n\u5bc6a0A"
TRIGGERS = sorted({word for rule in (*SHAPES.all, *SYNTAX.all) for word in rule.keywords})
EXAMPLES = [*(rule.hides for rule in (*SHAPES.all, *SYNTAX.all)), *(tool.hides for tool in TOOLS)]
BEGINNINGS = [example.replace("⏎", "\n").partition("⟦")[0] for example in EXAMPLES]
SHORT, LONG = 3_000, 24_000
MOST_TIMES = 3 * LONG / SHORT
"""A quadratic cost would be 64 times as high; noise of the machine is well below."""


def seconds(text: str) -> float:
    """What one look at the text costs."""
    began = time.process_time()
    Redactor().text(text)
    return time.process_time() - began


def grows(piece: str) -> float:
    """By how much the cost grows from a short run of a piece to one eight times as long; the better of two."""
    short, long = ((piece * (size // len(piece) + 1))[:size] for size in (SHORT, LONG))
    times = (seconds(long) / max(seconds(short), 0.002) for _ in range(2))
    return next((grown for grown in times if grown < MOST_TIMES), MOST_TIMES)


@pytest.mark.parametrize("piece", SIGNS, ids=repr)
def test_a_run_of_one_sign_costs_in_proportion_to_its_length(piece: str) -> None:
    """Also behind a name, and with a letter between."""
    for run in (piece, f"{piece}a", f"{piece} "):
        assert grows(run) < MOST_TIMES


@pytest.mark.parametrize("word", TRIGGERS)
def test_a_run_of_what_a_rule_looks_for_costs_in_proportion_to_its_length(word: str) -> None:
    """On one line."""
    assert grows(f"{word} ") < MOST_TIMES


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_run_of_beginnings_costs_in_proportion_to_its_length(beginning: str) -> None:
    """What stands in front of a secret, over and over, with no secret behind."""
    if beginning.strip():
        assert grows(beginning) < MOST_TIMES
