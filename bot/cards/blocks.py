"""Block Kit blocks and elements as plain dicts. Slack's own classes drop what they do not know.

Every function takes text that is ready for its place: see ``bot.cards.text``.
"""

from typing import Any

Block = dict[str, Any]


def plain_text(text: str) -> dict[str, Any]:
    """A text object that Slack does not parse, emoji names neither."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn_text(text: str) -> dict[str, Any]:
    """A text object that Slack parses as mrkdwn; ``verbatim`` stops it from making links and mentions by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """A header: plain text, at most 150 characters."""
    return {"type": "header", "text": plain_text(text)}


def section(text: str, accessory: dict[str, Any] | None = None) -> Block:
    """A section with mrkdwn of at most 3,000 characters, and perhaps an element at its right."""
    block = {"type": "section", "text": mrkdwn_text(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def fields(texts: list[str]) -> Block:
    """A section of at most 10 fields of mrkdwn, 2,000 characters each; two columns where there is room."""
    return {"type": "section", "fields": [mrkdwn_text(text) for text in texts]}


def context(*texts: str) -> Block:
    """Small grey mrkdwn, at most 10 elements."""
    return {"type": "context", "elements": [mrkdwn_text(text) for text in texts]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def button(label: str, action_id: str, value: str) -> dict[str, Any]:
    """A button; label at most 75 characters, value at most 2,000."""
    return {"type": "button", "action_id": action_id, "text": plain_text(label), "value": value}


def select(
    action_id: str, placeholder: str, options: list[tuple[str, str]], chosen: str | None = None
) -> dict[str, Any]:
    """A menu of at most 100 options, each a value (150 characters) and a label (75); ``chosen`` is a value."""
    choices = {value: {"text": plain_text(label), "value": value} for value, label in options}
    menu: dict[str, Any] = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder),
        "options": list(choices.values()),
    }
    return {**menu, "initial_option": choices[chosen]} if chosen in choices else menu


def overflow(action_id: str, *options: tuple[str, str]) -> dict[str, Any]:
    """A menu behind three dots: at most 5 options, each a label (75 characters) and a value (150)."""
    choices = [{"text": plain_text(label), "value": value} for label, value in options]
    return {"type": "overflow", "action_id": action_id, "options": choices}


def actions(*elements: dict[str, Any], block_id: str | None = None) -> Block:
    """A row of at most 25 interactive elements."""
    row = {"type": "actions", "elements": list(elements)}
    return row if block_id is None else {**row, "block_id": block_id}
