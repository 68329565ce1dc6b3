"""Checks messages and views against the Block Kit table; problems have Slack's own wording.

A problem is a line such as `must be less than 151 characters [json-pointer:/blocks/0/text/text]`.
"""

import html
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from bot.sandbox.slack.block_table import BLOCKS, MODAL, PARTS, SURFACES
from bot.sandbox.slack.records import Json, SlackRefusedError, elements_of
from bot.sandbox.slack.schema import Array, Boolean, Enum, Integer, Object, Schema, String, TextObject, TypedObject

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
VIEW_BYTES = 250_000
TEXT_CHARACTERS = 40_000
MESSAGE_CHARACTERS = 13_200
"""Of all blocks of a message, after escaping; reported by developers, not documented."""


def check_message(text: Any, blocks: Any, surface: str, *, used_ids: frozenset[str] = frozenset()) -> None:
    """Refuses a message that Slack would refuse; an update must not reuse the block ids in `used_ids`.

    Raises SlackRefusedError: no_text, msg_too_long, invalid_blocks_format, invalid_blocks,
    msg_blocks_too_long.
    """
    if text is not None and not isinstance(text, str):
        raise SlackRefusedError("invalid_arguments", ["must be a string [json-pointer:/text]"])
    if not text and not blocks:
        raise SlackRefusedError("no_text")
    if text and len(text) > TEXT_CHARACTERS:
        raise SlackRefusedError("msg_too_long")
    if blocks is None:
        return
    if not isinstance(blocks, list):
        raise SlackRefusedError("invalid_blocks_format")
    problems = list(_blocks(blocks, "/blocks", surface, MESSAGE_BLOCKS))
    if not problems:
        problems = [
            f"`block_id` must be new on every update [json-pointer:/blocks/{index}/block_id]"
            for index, block in enumerate(blocks)
            if block.get("block_id") in used_ids
        ]
    if problems:
        raise SlackRefusedError("invalid_blocks", problems)
    if sum(_lengths(blocks)) > MESSAGE_CHARACTERS:
        raise SlackRefusedError("msg_blocks_too_long")


def check_view(view: Any) -> Json:
    """Refuses a modal that Slack would refuse; returns the view.

    Raises SlackRefusedError: invalid_arguments, view_too_large.
    """
    if not isinstance(view, dict):
        raise SlackRefusedError("invalid_arguments", ["must provide an object [json-pointer:/view]"])
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise SlackRefusedError("view_too_large")
    blocks = view.get("blocks")
    frame = {key: value for key, value in view.items() if key != "blocks"}
    problems = list(_object(MODAL, frame, "/view"))
    if blocks is None:
        problems.append("missing required field: blocks [json-pointer:/view]")
    else:
        problems.extend(_blocks(blocks, "/view/blocks", "modal", VIEW_BLOCKS))
        has_input = not problems and any(block["type"] == "input" for block in blocks)
        if has_input and not view.get("submit"):
            problems.append("`submit` is required when the view has an input block [json-pointer:/view]")
    if problems:
        raise SlackRefusedError("invalid_arguments", problems)
    return view


def _blocks(blocks: Any, at: str, surface: str, most: int) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield f"must provide an array [json-pointer:{at}]"
        return
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"
    valid = True
    for index, block in enumerate(blocks):
        for problem in _typed_object(BLOCKS, SURFACES[surface], block, f"{at}/{index}"):
            valid = False
            yield problem
    if valid:
        yield from _duplicates(blocks, at)


def _duplicates(blocks: list[Json], at: str) -> Iterator[str]:
    block_ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    yield from (
        f'block_id "{block_id}" already exists [json-pointer:{at}]'
        for block_id, count in block_ids.items()
        if count > 1
    )
    for index, block in enumerate(blocks):
        actions = Counter(e["action_id"] for e in elements_of(block) if "action_id" in e)
        yield from (
            f'action_id "{action_id}" already exists [json-pointer:{at}/{index}/elements]'
            for action_id, count in actions.items()
            if count > 1
        )
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield f"only_one_table_allowed [json-pointer:{at}]"


def _typed_object(table: Mapping[str, Object], types: tuple[str, ...], value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"must provide an object [json-pointer:{at}]"
    elif "type" not in value:
        yield f"missing required field: type [json-pointer:{at}]"
    elif value["type"] not in types:
        yield f"unsupported type: {value['type']} [json-pointer:{at}/type]"
    else:
        rest = {key: item for key, item in value.items() if key != "type"}
        yield from _object(table[value["type"]], rest, at)


def _object(schema: Object, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"must provide an object [json-pointer:{at}]"
        return
    for name in schema.required:
        if name not in value:
            yield f"missing required field: {name} [json-pointer:{at}]"
    if schema.at_least_one and not any(name in value for name in schema.at_least_one):
        yield f"missing required field: {' or '.join(schema.at_least_one)} [json-pointer:{at}]"
    if schema.exactly_one and sum(name in value for name in schema.exactly_one) != 1:
        yield f"must define either {' or '.join(schema.exactly_one)} [json-pointer:{at}]"
    for name, item in value.items():
        if name not in schema.fields:
            yield f"invalid additional property: {name} [json-pointer:{at}]"
        else:
            yield from _problems(schema.fields[name], item, f"{at}/{name}")


def _string(schema: String, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"must be a string [json-pointer:{at}]"
    elif len(value) < schema.least:
        yield f"must be more than {schema.least - 1} characters [json-pointer:{at}]"
    elif len(value) > schema.most:
        yield f"must be less than {schema.most + 1} characters [json-pointer:{at}]"


def _text(schema: TextObject, value: Any, at: str) -> Iterator[str]:
    types = ("plain_text", "mrkdwn") if schema.mrkdwn else ("plain_text",)
    flag = "verbatim" if isinstance(value, dict) and value.get("type") == "mrkdwn" else "emoji"
    object_schema = Object({"text": String(schema.most, least=1), flag: Boolean()}, ("text",))
    yield from _typed_object(dict.fromkeys(types, object_schema), types, value, at)


def _array(schema: Array, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"must provide an array [json-pointer:{at}]"
        return
    if len(value) < schema.least:
        yield f"no less than {schema.least} items allowed [json-pointer:{at}]"
    if len(value) > schema.most:
        yield f"no more than {schema.most} items allowed [json-pointer:{at}]"
    for index, item in enumerate(value):
        yield from _problems(schema.of, item, f"{at}/{index}")


def _scalar(schema: Boolean | Integer | Enum, value: Any, at: str) -> Iterator[str]:
    match schema:
        case Boolean():
            if not isinstance(value, bool):
                yield f"must be a boolean [json-pointer:{at}]"
        case Integer(least, most):
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                yield f"must be an integer from {least} to {most} [json-pointer:{at}]"
        case Enum(values):
            if value not in values:
                yield f"must be a valid enum value [json-pointer:{at}]"
        case _:
            assert_never(schema)


def _problems(schema: Schema, value: Any, at: str) -> Iterator[str]:
    match schema:
        case String():
            return _string(schema, value, at)
        case TextObject():
            return _text(schema, value, at)
        case Array():
            return _array(schema, value, at)
        case Object():
            return _object(schema, value, at)
        case TypedObject():
            return _typed_object(PARTS, schema.types, value, at)
        case _:
            return _scalar(schema, value, at)


def _lengths(value: Any) -> Iterator[int]:
    """The length of every text in a value; Slack stores plain text escaped."""
    if isinstance(value, list):
        for item in value:
            yield from _lengths(item)
    elif isinstance(value, dict):
        text = value.get("text")
        if isinstance(text, str):
            yield len(text if value.get("type") == "mrkdwn" else html.escape(text, quote=False))
        for item in value.values():
            yield from _lengths(item)
