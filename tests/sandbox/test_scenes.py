"""The drawer's memory, and the switches of COC."""

from typing import Any

import pytest

from bot.sandbox import scenes as module
from bot.sandbox.coc.server import LocalCoc
from bot.sandbox.coc.switches import coc_switches
from bot.sandbox.scenes import Scenes
from bot.sandbox.switches import NORMAL

WAITING = "ST2601050930000000000005E5"


def test_a_step_is_announced_when_it_begins_and_when_it_ends() -> None:
    """A step in progress has neither outcome nor duration."""
    events: list[dict[str, Any]] = []
    scenes = Scenes(events.append, clock=lambda: 7.0)
    scenes.end(scenes.begin("reply", "views.open", {"request": {"a": 1}}, request=3), "ok")
    begun, ended = (event["step"] for event in events)
    assert (begun["outcome"], begun["ms"], begun["at"], begun["request"]) == ("", None, 7.0, 3)
    assert ended["outcome"] == "ok"
    assert ended["ms"] >= 0


def test_the_number_of_steps_is_bounded() -> None:
    """The oldest steps are evicted, with their details."""
    scenes = Scenes(lambda _: None)
    for number in range(module.MAX_STEPS + 5):
        scenes.note("link", str(number), "x")
    assert [step["what"] for step in scenes.to_json()][:1] == ["5"]
    assert scenes.details(5) is None
    assert scenes.details(6) == {}


def test_a_huge_detail_is_truncated_visibly() -> None:
    """It ends with the number of characters that are cut off."""
    scenes = Scenes(lambda _: None)
    step = scenes.begin("coc", "task", {"answer": "x" * (module.DETAIL_CHARACTERS + 1_234)})
    shown = scenes.details(step.serial)
    assert shown is not None
    assert shown["answer"].endswith("\n… 1,234 more characters")


def test_the_number_of_keys_is_bounded() -> None:
    """Old triggers and URLs are evicted; the newest are known."""
    scenes = Scenes(lambda _: None)
    for number in range(module.MAX_KEYS + 1):
        scenes.assign(number, f"key{number}", None, "")
    assert scenes.owner("key0") is None
    assert scenes.owner(None, "", f"key{module.MAX_KEYS}") == module.MAX_KEYS


async def test_every_position_of_a_switch_can_be_set_and_reset() -> None:
    """In its first position, COC is as it was at the start."""
    coc = LocalCoc()
    before = (set(coc.permissions), list(coc.faults), dict(coc.tasks[WAITING].detail))  # type: ignore[arg-type]
    for switch in coc_switches(coc):
        for choice in switch.choices:
            await switch.set(choice.value)
            assert switch.value == choice.value
            assert choice.note
            changed = (coc.permissions, coc.faults, coc.tasks[WAITING].detail) != before
            assert changed == (choice.value != NORMAL), (switch.id, choice.value)
        await switch.set(NORMAL)
        assert (coc.permissions, coc.faults, coc.tasks[WAITING].detail) == before
        with pytest.raises(KeyError):
            await switch.set("no such position")
