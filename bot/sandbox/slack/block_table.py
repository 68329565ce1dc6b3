"""Slack's Block Kit as a table: the fields of each object, their types and their limits.

The numbers are those of Slack's Block Kit reference (docs.slack.dev/reference/block-kit). Unknown types and unknown
fields are refused, as Slack refuses them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.sandbox.slack.schema import Array, Boolean, Enum, Integer, Object, Schema, String, TextObject, TypedObject

UNLIMITED = 1_000_000
"""For strings and arrays without a documented limit; the limit of the message or view applies."""
ID = String(255, least=1)
URL = String(3000, least=1)
BOOLEAN = Boolean()


def _option(*, mrkdwn: bool = False, url: bool = False) -> Object:
    fields: dict[str, Schema] = {
        "text": TextObject(75, mrkdwn=mrkdwn),
        "value": String(150, least=1),
        "description": TextObject(75, mrkdwn=mrkdwn),
    }
    return Object(fields | {"url": URL} if url else fields, ("text", "value"))


OPTION, RICH_OPTION = _option(), _option(mrkdwn=True)
OPTION_GROUP = Object({"label": TextObject(75), "options": Array(OPTION, 100)}, ("label", "options"))
CONFIRM = Object(
    {
        "title": TextObject(100),
        "text": TextObject(300, mrkdwn=True),
        "confirm": TextObject(30),
        "deny": TextObject(30),
        "style": Enum(("primary", "danger")),
    },
    ("title", "text", "confirm", "deny"),
)
STYLES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
STYLE = Object(dict.fromkeys(STYLES, BOOLEAN))
MENU: Mapping[str, Schema] = {"placeholder": TextObject(150), "focus_on_load": BOOLEAN}
CHOICES: Mapping[str, Schema] = {"options": Array(OPTION, 100), "option_groups": Array(OPTION_GROUP, 100)}
LEAVES = ("text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color")
RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
BORDER = Integer(0, 1)


def _element(fields: Mapping[str, Schema], required: tuple[str, ...] = (), **more: tuple[str, ...]) -> Object:
    return Object({"action_id": ID, "confirm": CONFIRM, **fields}, required, **more)


def _block(fields: Mapping[str, Schema], required: tuple[str, ...] = (), **more: tuple[str, ...]) -> Object:
    return Object({"block_id": ID, **fields}, required, **more)


def _leaves(kinds: tuple[str, ...] = LEAVES, **more: Schema) -> Object:
    return Object({"elements": Array(TypedObject(kinds), UNLIMITED, least=0), **more}, ("elements",))


IMAGE_SOURCE: Mapping[str, Schema] = {"image_url": URL, "alt_text": String(2000, least=1)}
ACTIONABLE = (
    "button",
    "overflow",
    "static_select",
    "multi_static_select",
    "users_select",
    "conversations_select",
    "datepicker",
    "checkboxes",
    "radio_buttons",
)

BLOCKS: Mapping[str, Object] = MappingProxyType(
    {
        "section": _block(
            {
                "text": TextObject(3000, mrkdwn=True),
                "fields": Array(TextObject(2000, mrkdwn=True), 10),
                "accessory": TypedObject((*ACTIONABLE, "image")),
                "expand": BOOLEAN,
            },
            at_least_one=("text", "fields"),
        ),
        "header": _block({"text": TextObject(150)}, ("text",)),
        "divider": _block({}),
        "context": _block(
            {"elements": Array(TypedObject(("image", "mrkdwn", "plain_text")), 10)},
            ("elements",),
        ),
        "actions": _block(
            {"elements": Array(TypedObject(tuple(kind for kind in ACTIONABLE if "multi" not in kind)), 25)},
            ("elements",),
        ),
        "image": _block({**IMAGE_SOURCE, "title": TextObject(2000)}, ("image_url", "alt_text")),
        "rich_text": _block({"elements": Array(TypedObject(RICH_PARTS), UNLIMITED)}, ("elements",)),
        "table": _block(
            {
                "rows": Array(Array(TypedObject(("raw_text", "rich_text")), 20), 100),
                "column_settings": Array(
                    Object({"align": Enum(("left", "center", "right")), "is_wrapped": BOOLEAN}), 20, least=0
                ),
            },
            ("rows",),
        ),
        "input": _block(
            {
                "label": TextObject(2000),
                "element": TypedObject(
                    (*(kind for kind in ACTIONABLE if kind not in {"button", "overflow"}), "plain_text_input")
                ),
                "hint": TextObject(2000),
                "optional": BOOLEAN,
                "dispatch_action": BOOLEAN,
            },
            ("label", "element"),
        ),
        "alert": _block(
            {
                "text": TextObject(200, mrkdwn=True),
                "level": Enum(("default", "info", "warning", "error", "success")),
            },
            ("text",),
        ),
    }
)

PARTS: Mapping[str, Object] = MappingProxyType(
    {
        # The elements of a context block are text objects themselves.
        "mrkdwn": Object({"text": String(3000, least=1), "verbatim": BOOLEAN}, ("text",)),
        "plain_text": Object({"text": String(3000, least=1), "emoji": BOOLEAN}, ("text",)),
        "image": Object(IMAGE_SOURCE, ("image_url", "alt_text")),
        "button": _element(
            {
                "text": TextObject(75),
                "url": URL,
                "value": String(2000),
                "style": Enum(("primary", "danger")),
                "accessibility_label": String(75),
            },
            ("text",),
        ),
        "overflow": _element({"options": Array(_option(url=True), 5)}, ("options",)),
        "static_select": _element(
            {**MENU, **CHOICES, "initial_option": OPTION}, exactly_one=("options", "option_groups")
        ),
        "multi_static_select": _element(
            {
                **MENU,
                **CHOICES,
                "initial_options": Array(OPTION, 100),
                "max_selected_items": Integer(1, UNLIMITED),
            },
            exactly_one=("options", "option_groups"),
        ),
        "users_select": _element({**MENU, "initial_user": ID}),
        "conversations_select": _element(
            {**MENU, "initial_conversation": ID, "default_to_current_conversation": BOOLEAN}
        ),
        "datepicker": _element({**MENU, "initial_date": String(10, least=10)}),
        "checkboxes": _element(
            {
                "options": Array(RICH_OPTION, 10),
                "initial_options": Array(RICH_OPTION, 10),
                "focus_on_load": BOOLEAN,
            },
            ("options",),
        ),
        "radio_buttons": _element(
            {"options": Array(RICH_OPTION, 10), "initial_option": RICH_OPTION, "focus_on_load": BOOLEAN},
            ("options",),
        ),
        "plain_text_input": Object(
            {
                "action_id": ID,
                **MENU,
                "initial_value": String(3000),
                "multiline": BOOLEAN,
                "min_length": Integer(0, 3000),
                "max_length": Integer(1, 3000),
                "dispatch_action_config": Object(
                    {
                        "trigger_actions_on": Array(Enum(("on_enter_pressed", "on_character_entered")), 2),
                    }
                ),
            }
        ),
        "raw_text": Object({"text": String(UNLIMITED, least=1)}, ("text",)),
        "rich_text_section": _leaves(),
        "rich_text_quote": _leaves(border=BORDER),
        "rich_text_preformatted": _leaves(("text", "link"), border=BORDER, language=String(UNLIMITED)),
        "rich_text_list": Object(
            {
                "style": Enum(("bullet", "ordered")),
                "elements": Array(TypedObject(("rich_text_section",)), UNLIMITED),
                "indent": Integer(0, 8),
                "offset": Integer(0, UNLIMITED),
                "border": BORDER,
            },
            ("style", "elements"),
        ),
        "text": Object({"text": String(UNLIMITED, least=1), "style": STYLE}, ("text",)),
        "link": Object(
            {"url": URL, "text": String(UNLIMITED, least=1), "style": STYLE, "unsafe": BOOLEAN},
            ("url",),
        ),
        "emoji": Object({"name": ID, "unicode": ID, "style": STYLE}, ("name",)),
        "user": Object({"user_id": ID, "style": STYLE}, ("user_id",)),
        "usergroup": Object({"usergroup_id": ID, "style": STYLE}, ("usergroup_id",)),
        "channel": Object({"channel_id": ID, "style": STYLE}, ("channel_id",)),
        "broadcast": Object({"range": Enum(("here", "channel", "everyone")), "style": STYLE}, ("range",)),
        "date": Object(
            {
                "timestamp": Integer(0, 2**53),
                "format": String(UNLIMITED, least=1),
                "url": URL,
                "fallback": String(UNLIMITED, least=1),
                "style": STYLE,
            },
            ("timestamp", "format"),
        ),
        "color": Object({"value": String(9, least=4), "style": STYLE}, ("value",)),
        # A cell of a table; unlike the block, it has no block_id.
        "rich_text": Object({"elements": Array(TypedObject(RICH_PARTS), UNLIMITED)}, ("elements",)),
    }
)

MODAL = Object(
    {
        "type": Enum(("modal",)),
        "title": TextObject(24),
        "close": TextObject(24),
        "submit": TextObject(24),
        "private_metadata": String(3000),
        "callback_id": String(255),
        "external_id": String(255),
        "clear_on_close": BOOLEAN,
        "notify_on_close": BOOLEAN,
        "submit_disabled": BOOLEAN,
    },
    ("type", "title"),
)

# Modals accept neither tables nor markdown. Two things are refused although Slack may accept them: tables in
# ephemeral messages, which are not documented, and input blocks in messages, which this sandbox does not support.
SURFACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "message": ("section", "context", "header", "divider", "actions", "image", "rich_text", "table"),
        "ephemeral": ("section", "context", "header", "divider", "actions", "image", "rich_text"),
        "modal": (
            "section",
            "context",
            "header",
            "divider",
            "actions",
            "image",
            "rich_text",
            "input",
            "alert",
        ),
    }
)
