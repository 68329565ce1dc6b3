"""Turns a click or a submission in the targets' modal into a ``TargetQuery``, by Slack's ``state.values``."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.cards.targets import AGAIN, CLEAR, FIND, NEXT, PAGE, PART, PREVIOUS, REGION, STATE
from bot.redact.untrusted import clean
from bot.task.target_query import ANY, LONGEST_FIND, TargetQuery, parse_number


def after(query: TargetQuery, action: Mapping[str, Any], values: object) -> TargetQuery:
    """What is looked at after a click: what is chosen and typed in the modal counts, then what was pressed.

    ``values`` is the view's ``state.values``. Another filter begins at the first page.
    """
    pressed = action.get("action_id")
    if pressed == CLEAR:
        return query.cleared()
    chosen = _values(values)
    changed = replace(
        query,
        state=chosen.get(STATE, query.state),
        region=chosen.get(REGION, query.region),
        part=chosen.get(PART, query.part),
        text=clean(chosen.get(FIND, query.text)[:LONGEST_FIND]),
    )
    if changed != query:
        return replace(changed, page=1)
    if pressed in {PREVIOUS, NEXT}:
        return replace(query, page=parse_number(action.get("value"), 1))
    if pressed == PAGE:
        return replace(query, page=parse_number(chosen.get(PAGE) or _option(action), 1))
    # Asked anew, the numbers in the menus may be others: new ids make Slack show them.
    return replace(query, epoch=query.epoch + 1) if pressed == AGAIN else query


def _values(values: object) -> dict[str, str]:
    """What is chosen or typed, by action id; no filter and nothing typed are ``""``."""
    texts: dict[str, str] = {}
    for block in values.values() if isinstance(values, Mapping) else ():
        for action_id, element in block.items() if isinstance(block, Mapping) else ():
            if isinstance(element, Mapping):
                text = _option(element) if "selected_option" in element else str(element.get("value") or "")
                texts[action_id] = "" if text == ANY else text
    return texts


def _option(element: Mapping[str, Any]) -> str:
    option = element.get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else None
    return str(value) if value is not None else ""
