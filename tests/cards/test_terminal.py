"""The card in a terminal: the same blocks, drawn by rich."""

import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from rich.console import Console

from bot.cards.block_kit import Block, context, divider, fields, header, section
from bot.cards.targets import all_targets
from bot.cards.task import task_card
from bot.cards.terminal import render
from bot.redact.untrusted import LONGEST
from bot.task.snapshot import Snapshot
from tests.cards.any_task import HOSTILE, snapshots
from tests.cards.judges import EMOJI
from tests.cards.snapshots import ADA, machine, snapshot, step, wire, with_steps

SHANGHAI = ZoneInfo("Asia/Shanghai")
PROBLEMS_ONLY = {"mag", "key", "lock", "electric_plug", "stopwatch", "rotating_light", "question", "package", "boom"}
"""Emoji of error cards, which the command line says in plain words."""


def drawn(blocks: Iterable[Block], *, width: int = 120, colours: bool = False) -> str:
    """What a terminal shows, in Shanghai."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colours, color_system="standard" if colours else None)
    console.print(render(blocks, SHANGHAI))
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def test_a_card_reads_as_in_slack() -> None:
    """Header, verdict, fields in two columns; times in the reader's zone, no markup left over."""
    text = drawn(task_card(snapshot(wire("S2")), requested_by=ADA).blocks[:-1])
    assert text.startswith("nightly-logrotate\n")
    assert "●  Runs next Mon 11 May 2026 at 17:30 CST (in 14 h)  ·  ⚠ 1 of 2 agents offline when saved" in text
    assert "│ ok" in text
    assert "as of Mon 11 May 2026 03:30:00 CST, asked by @U0ONCALL" in text
    assert not set(text) & set("<>`*")
    schedule = next(line for line in text.split("\n") if line.startswith("Schedule "))
    assert "Next runs" in schedule


def test_what_was_escaped_for_slack_is_itself_again() -> None:
    """A terminal has no entities."""
    text = drawn([header("R&D <x>"), section("*R&amp;D* `&lt;x&gt;` &amp;lt;")])
    assert text == "R&D <x>\nR&D <x> &lt;\n\n"


def test_styles_are_drawn_and_may_nest() -> None:
    """Bold, italic, code and coloured dots; an underscore inside a word is a letter."""
    text = drawn([section("*all of `a_b`* _by one_ snake_case_name :red_circle:")], colours=True)
    assert "\x1b[1mall of \x1b[0m\x1b[1;36ma_b\x1b[0m" in text
    assert "\x1b[3mby one\x1b[0m" in text
    assert "snake_case_name \x1b[31m●\x1b[0m" in text


@pytest.mark.parametrize("emoji", sorted(EMOJI - PROBLEMS_ONLY))
def test_every_emoji_of_a_card_has_a_sign(emoji: str) -> None:
    """A name between colons would be left over otherwise."""
    assert ":" not in drawn([section(f":{emoji}: x")])


def test_an_emoji_without_a_sign_is_left_as_it_is() -> None:
    """Nothing is lost."""
    assert drawn([section(":new_emoji: x")]) == ":new_emoji: x\n\n"


def test_targets_are_a_list_with_states() -> None:
    """Every machine, its dot, its facts, its id."""
    found = snapshot(with_steps(step([machine("web-01", 1), machine("web-02", 2, agentStatus="OFFLINE")])))
    text = drawn(all_targets(found))
    assert "Batch 1 of 1  ·  2 machines  ·  1 offline" in text
    assert "  • ●  web-02  10.0.0.2  ·  cn-north-4a  ·  offline  11111111-0000-4000-8000-000000000002" in text


def test_lines_contexts_and_odd_fields_are_drawn() -> None:
    """A divider is a line, the parts of a context stand apart, a last odd field stands alone."""
    text = drawn([divider(), context("a", "b"), fields(["1", "2", "3"])], width=20)
    assert text.split("\n")[:3] == ["─" * 20, "a  b", ""]
    assert "3" in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_names_can_not_style_the_terminal(text: str) -> None:
    """No escape sequence and no rich markup from outside is obeyed."""
    found = snapshot({**wire("S2"), "name": f"[red]{text}[/red]", "created_user_name": text})
    shown = drawn(task_card(found).blocks[:-1])
    assert "\x1b" not in shown
    assert "[red]" in shown or len(text) > LONGEST  # of so much invisible text nothing is shown


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(snapshots())
def test_any_card_and_any_targets_can_be_drawn(found: Snapshot) -> None:
    """Whatever a task holds, at the width of a phone's terminal too."""
    card = task_card(found)
    assert drawn([*card.blocks[:-1], *all_targets(found)], width=40)
