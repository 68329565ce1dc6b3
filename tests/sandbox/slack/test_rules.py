"""What the sandbox's Slack refuses as a message or a modal, and in which words."""

from typing import Any

import pytest

from bot.sandbox.slack.records import Json, SlackRefusedError
from bot.sandbox.slack.rules import check_message, check_view


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(**fields: Any) -> Json:
    return {"type": "section", **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**fields: Any) -> Json:
    return {"type": "button", "text": plain("Refresh"), "action_id": "refresh", **fields}


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def modal(*blocks: Json, **fields: Any) -> Json:
    return {"type": "modal", "title": plain("Targets"), "blocks": list(blocks), **fields}


def rich(*leaves: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}


TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "web-1"}]]}
INPUT = {"type": "input", "label": plain("Host"), "element": {"type": "plain_text_input"}}
DIVIDER = {"type": "divider"}

REFUSED = {
    "a header of 151": (
        {"type": "header", "text": plain("x" * 151)},
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "an empty header": (
        {"type": "header", "text": plain("")},
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    "mrkdwn in a header": (
        {"type": "header", "text": mrkdwn("*x*")},
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    "a section of 3001": (
        section(text=mrkdwn("x" * 3001)),
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "a section of nothing": (section(), "missing required field: text or fields [json-pointer:/blocks/0]"),
    "eleven fields": (
        section(fields=[mrkdwn("x")] * 11),
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "no fields": (section(fields=[]), "no less than 1 items allowed [json-pointer:/blocks/0/fields]"),
    "a field of 2001": (
        section(fields=[mrkdwn("x" * 2001)]),
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    "emoji on mrkdwn": (
        section(text=mrkdwn("x") | {"emoji": True}),
        "invalid additional property: emoji [json-pointer:/blocks/0/text]",
    ),
    "a text that is a string": (
        section(text="x"),
        "must provide an object [json-pointer:/blocks/0/text]",
    ),
    "a misspelt field": (
        section(text=mrkdwn("x"), accesory=button()),
        "invalid additional property: accesory [json-pointer:/blocks/0]",
    ),
    "a block without type": ({"text": plain("x")}, "missing required field: type [json-pointer:/blocks/0]"),
    "an unknown block": ({"type": "marquee"}, "unsupported type: marquee [json-pointer:/blocks/0/type]"),
    "an alert in a message": (
        {"type": "alert", "text": plain("x")},
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    "an input in a message": (INPUT, "unsupported type: input [json-pointer:/blocks/0/type]"),
    "a block_id of 256": (
        DIVIDER | {"block_id": "x" * 256},
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    "eleven context elements": (
        {"type": "context", "elements": [mrkdwn("x")] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "a button in a context": (
        {"type": "context", "elements": [button()]},
        "unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
    ),
    "26 buttons": (
        actions(*(button(action_id=str(n)) for n in range(26))),
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "an action_id twice in a block": (
        actions(button(), button()),
        'action_id "refresh" already exists [json-pointer:/blocks/0/elements]',
    ),
    "a button text of 76": (
        actions(button(text=plain("x" * 76))),
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    "a button value of 2001": (
        actions(button(value="x" * 2001)),
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    "a button value that is a number": (
        actions(button(value=7)),
        "must be a string [json-pointer:/blocks/0/elements/0/value]",
    ),
    "a button of no style": (
        actions(button(style="default")),
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    "six overflow options": (
        actions({"type": "overflow", "options": [option()] * 6}),
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "an option value of 151": (
        actions({"type": "overflow", "options": [option(value="x" * 151)]}),
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    "101 select options": (
        actions({"type": "static_select", "options": [option()] * 101}),
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "a select of nothing": (
        actions({"type": "static_select", "placeholder": plain("Pick")}),
        "must define either options or option_groups [json-pointer:/blocks/0/elements/0]",
    ),
    "an empty rich text leaf": (
        rich({"type": "text", "text": ""}),
        "must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]",
    ),
    "a list of nothing": (
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": []}]},
        "no less than 1 items allowed [json-pointer:/blocks/0/elements/0/elements]",
    ),
    "a date leaf in milliseconds as text": (
        rich({"type": "date", "timestamp": "1", "format": "{date}"}),
        f"must be an integer from 0 to {2**53} [json-pointer:/blocks/0/elements/0/elements/0/timestamp]",
    ),
    "101 table rows": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101},
        "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ),
    "21 table cells": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]},
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
}


@pytest.mark.parametrize(("block", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_bad_block_is_refused_with_a_pointer(block: Json, problem: str) -> None:
    """The refusal is invalid_blocks with a pointer to the field."""
    with pytest.raises(SlackRefusedError) as refused:
        check_message("x", [block], "message")
    assert (refused.value.error, refused.value.problems) == ("invalid_blocks", (problem,))


GOOD = [
    {"type": "header", "text": plain("x" * 150)},
    section(text=mrkdwn("x" * 3000) | {"verbatim": True}, accessory=button(), expand=True),
    section(fields=[plain("x"), mrkdwn("x" * 2000)]),
    {"type": "context", "elements": [mrkdwn("x"), {"type": "image", "image_url": "https://x", "alt_text": "x"}]},
    actions(
        button(value="", style="danger", confirm=dict.fromkeys(("title", "text", "confirm", "deny"), plain("x"))),
        {"type": "overflow", "action_id": "more", "options": [option() | {"url": "https://x"}]},
        {"type": "static_select", "action_id": "pick", "options": [option()] * 100, "initial_option": option()},
    ),
    rich(
        {"type": "text", "text": "x", "style": {"bold": True}},
        {"type": "date", "timestamp": 1767576600, "format": "{date}", "fallback": "x"},
        {"type": "link", "url": "https://x"},
    ),
    DIVIDER,
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_a_block_at_its_limits_is_accepted(block: Json) -> None:
    """A block within Slack's documented limits is accepted."""
    check_message("x", [block], "message")


@pytest.mark.parametrize(
    ("text", "blocks", "word"),
    [
        (None, None, "no_text"),
        ("", [], "no_text"),
        ("x" * 40_001, None, "msg_too_long"),
        ("x", {"type": "divider"}, "invalid_blocks_format"),
        ("x", [DIVIDER] * 51, "invalid_blocks"),
        ("x", ["divider"], "invalid_blocks"),
        ("x", [DIVIDER | {"block_id": "a"}] * 2, "invalid_blocks"),
        ("x", [TABLE, TABLE], "invalid_blocks"),
        ("x", [section(text=plain("&" * 2_700))], "msg_blocks_too_long"),
        ("x", [section(text=mrkdwn("x" * 2_700))] * 5, "msg_blocks_too_long"),
    ],
)
def test_a_bad_message_is_refused_as_a_whole(text: str | None, blocks: Any, word: str) -> None:
    """Empty messages, long messages and malformed blocks have Slack's error codes."""
    with pytest.raises(SlackRefusedError, match=f"^{word}$"):
        check_message(text, blocks, "message")


def test_long_messages_count_after_escaping() -> None:
    """Slack escapes plain text, so an ampersand counts as five characters; mrkdwn is escaped already."""
    check_message("x", [section(text=plain("x" * 2_700))] * 4, "message")
    check_message("x", [section(text=mrkdwn("&amp;" * 500))] * 5, "message")


def test_a_table_is_for_messages_in_channels_only() -> None:
    """Tables in ephemeral messages are not documented, so they are refused."""
    check_message("x", [TABLE], "message")
    with pytest.raises(SlackRefusedError, match="invalid_blocks"):
        check_message("x", [TABLE], "ephemeral")


def test_block_ids_must_be_new_on_an_update() -> None:
    """A block id of the replaced message is refused."""
    with pytest.raises(SlackRefusedError) as refused:
        check_message("x", [DIVIDER, DIVIDER | {"block_id": "a"}], "message", used_ids=frozenset({"a"}))
    assert refused.value.problems == ("`block_id` must be new on every update [json-pointer:/blocks/1/block_id]",)


@pytest.mark.parametrize(
    ("view", "word", "problem"),
    [
        ("x", "invalid_arguments", "must provide an object [json-pointer:/view]"),
        (
            modal(title=plain("x" * 25)),
            "invalid_arguments",
            "less than 25 characters [json-pointer:/view/title/text]",
        ),
        (
            modal(close=plain("x" * 25)),
            "invalid_arguments",
            "less than 25 characters [json-pointer:/view/close/text]",
        ),
        (modal(private_metadata="x" * 3001), "invalid_arguments", "[json-pointer:/view/private_metadata]"),
        ({"type": "modal", "title": plain("x")}, "invalid_arguments", "missing required field: blocks"),
        (modal(*[DIVIDER] * 101), "invalid_arguments", "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (modal(TABLE), "invalid_arguments", "unsupported type: table [json-pointer:/view/blocks/0/type]"),
        (modal(INPUT), "invalid_arguments", "`submit` is required"),
        (modal(colour="red"), "invalid_arguments", "invalid additional property: colour [json-pointer:/view]"),
        (modal({"type": "alert", "text": plain("x" * 201)}), "invalid_arguments", "less than 201 characters"),
        (modal(section(text=plain("x" * 250_000))), "view_too_large", ""),
    ],
)
def test_a_bad_modal_is_refused(view: Any, word: str, problem: str) -> None:
    """The refusal is invalid_arguments with a pointer that begins with /view."""
    with pytest.raises(SlackRefusedError, match=f"^{word}$") as refused:
        check_view(view)
    assert problem in " ".join(refused.value.problems)


def test_a_full_modal_is_accepted() -> None:
    """100 blocks, an input with a submit button, an alert and the longest titles are accepted."""
    alert = {"type": "alert", "level": "warning", "text": mrkdwn("x" * 200)}
    frame = {"submit": plain("x" * 24), "close": plain("x" * 24), "private_metadata": "x" * 3000}
    view = modal(INPUT, alert, *[DIVIDER] * 98, **frame)
    assert check_view(view) == view
