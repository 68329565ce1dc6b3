"""Slack's Block Kit as a table: which fields each object has, and how long, how many, of what type.

The numbers are those of Slack's Block Kit reference (docs.slack.dev/reference/block-kit). Only what is in
the table is accepted: unknown types and unknown fields are refused, as Slack does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Str:
    """A string of `least` to `most` characters."""

    most: int
    least: int = 0


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer from `least` to `most`."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text object of 1 to `most` characters: plain_text only, unless `mrkdwn` is allowed too."""

    most: int
    mrkdwn: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """An array of `least` to `most` things that follow one rule."""

    of: "Rule"
    most: int
    least: int = 1


@dataclass(frozen=True, slots=True)
class One:
    """An object whose `type` is one of `kinds`; the table KINDS says what it holds."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: its fields, the required ones, and sets of which exactly one (or at least one) is needed."""

    fields: "Mapping[str, Rule]"
    required: tuple[str, ...] = ()
    exactly_one: tuple[str, ...] = ()
    at_least_one: tuple[str, ...] = field(default=())


Rule = Str | Flag | Whole | Word | Text | Many | One | Shape

LONG = 1_000_000
"""For strings and arrays whose limit Slack does not document; the message or view limit holds."""
ID = Str(255, least=1)
URL = Str(3000, least=1)
FLAG = Flag()


def _option(*, mrkdwn: bool = False, url: bool = False) -> Shape:
    fields: dict[str, Rule] = {
        "text": Text(75, mrkdwn=mrkdwn),
        "value": Str(150, least=1),
        "description": Text(75, mrkdwn=mrkdwn),
    }
    return Shape(fields | {"url": URL} if url else fields, ("text", "value"))


OPTION, RICH_OPTION = _option(), _option(mrkdwn=True)
OPTION_GROUP = Shape({"label": Text(75), "options": Many(OPTION, 100)}, ("label", "options"))
CONFIRM = Shape(
    {
        "title": Text(100),
        "text": Text(300, mrkdwn=True),
        "confirm": Text(30),
        "deny": Text(30),
        "style": Word(("primary", "danger")),
    },
    ("title", "text", "confirm", "deny"),
)
STYLE = Shape(
    dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), FLAG)
)
MENU: Mapping[str, Rule] = {"placeholder": Text(150), "focus_on_load": FLAG}
CHOICES: Mapping[str, Rule] = {"options": Many(OPTION, 100), "option_groups": Many(OPTION_GROUP, 100)}
LEAVES = ("text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color")
RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
BORDER = Whole(0, 1)


def _element(fields: Mapping[str, Rule], required: tuple[str, ...] = (), **more: tuple[str, ...]) -> Shape:
    return Shape({"action_id": ID, "confirm": CONFIRM, **fields}, required, **more)


def _block(fields: Mapping[str, Rule], required: tuple[str, ...] = (), **more: tuple[str, ...]) -> Shape:
    return Shape({"block_id": ID, **fields}, required, **more)


def _leaves(kinds: tuple[str, ...] = LEAVES, **more: Rule) -> Shape:
    return Shape({"elements": Many(One(kinds), LONG, least=0), **more}, ("elements",))


IMAGE_SOURCE: Mapping[str, Rule] = {"image_url": URL, "alt_text": Str(2000, least=1)}
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

BLOCKS: Mapping[str, Shape] = MappingProxyType(
    {
        "section": _block(
            {
                "text": Text(3000, mrkdwn=True),
                "fields": Many(Text(2000, mrkdwn=True), 10),
                "accessory": One((*ACTIONABLE, "image")),
                "expand": FLAG,
            },
            at_least_one=("text", "fields"),
        ),
        "header": _block({"text": Text(150)}, ("text",)),
        "divider": _block({}),
        "context": _block(
            {"elements": Many(One(("image", "mrkdwn", "plain_text")), 10)},
            ("elements",),
        ),
        "actions": _block(
            {"elements": Many(One(tuple(kind for kind in ACTIONABLE if "multi" not in kind)), 25)},
            ("elements",),
        ),
        "image": _block({**IMAGE_SOURCE, "title": Text(2000)}, ("image_url", "alt_text")),
        "rich_text": _block({"elements": Many(One(RICH_PARTS), LONG)}, ("elements",)),
        "table": _block(
            {
                "rows": Many(Many(One(("raw_text", "rich_text")), 20), 100),
                "column_settings": Many(
                    Shape({"align": Word(("left", "center", "right")), "is_wrapped": FLAG}), 20, least=0
                ),
            },
            ("rows",),
        ),
        "input": _block(
            {
                "label": Text(2000),
                "element": One(
                    (*(kind for kind in ACTIONABLE if kind not in {"button", "overflow"}), "plain_text_input")
                ),
                "hint": Text(2000),
                "optional": FLAG,
                "dispatch_action": FLAG,
            },
            ("label", "element"),
        ),
        "alert": _block(
            {
                "text": Text(200, mrkdwn=True),
                "level": Word(("default", "info", "warning", "error", "success")),
            },
            ("text",),
        ),
    }
)

PARTS: Mapping[str, Shape] = MappingProxyType(
    {
        # Context elements are text objects themselves.
        "mrkdwn": Shape({"text": Str(3000, least=1), "verbatim": FLAG}, ("text",)),
        "plain_text": Shape({"text": Str(3000, least=1), "emoji": FLAG}, ("text",)),
        "image": Shape(IMAGE_SOURCE, ("image_url", "alt_text")),
        "button": _element(
            {
                "text": Text(75),
                "url": URL,
                "value": Str(2000),
                "style": Word(("primary", "danger")),
                "accessibility_label": Str(75),
            },
            ("text",),
        ),
        "overflow": _element({"options": Many(_option(url=True), 5)}, ("options",)),
        "static_select": _element(
            {**MENU, **CHOICES, "initial_option": OPTION}, exactly_one=("options", "option_groups")
        ),
        "multi_static_select": _element(
            {
                **MENU,
                **CHOICES,
                "initial_options": Many(OPTION, 100),
                "max_selected_items": Whole(1, LONG),
            },
            exactly_one=("options", "option_groups"),
        ),
        "users_select": _element({**MENU, "initial_user": ID}),
        "conversations_select": _element(
            {**MENU, "initial_conversation": ID, "default_to_current_conversation": FLAG}
        ),
        "datepicker": _element({**MENU, "initial_date": Str(10, least=10)}),
        "checkboxes": _element(
            {
                "options": Many(RICH_OPTION, 10),
                "initial_options": Many(RICH_OPTION, 10),
                "focus_on_load": FLAG,
            },
            ("options",),
        ),
        "radio_buttons": _element(
            {"options": Many(RICH_OPTION, 10), "initial_option": RICH_OPTION, "focus_on_load": FLAG},
            ("options",),
        ),
        "plain_text_input": Shape(
            {
                "action_id": ID,
                **MENU,
                "initial_value": Str(3000),
                "multiline": FLAG,
                "min_length": Whole(0, 3000),
                "max_length": Whole(1, 3000),
                "dispatch_action_config": Shape(
                    {
                        "trigger_actions_on": Many(Word(("on_enter_pressed", "on_character_entered")), 2),
                    }
                ),
            }
        ),
        "raw_text": Shape({"text": Str(LONG, least=1)}, ("text",)),
        "rich_text_section": _leaves(),
        "rich_text_quote": _leaves(border=BORDER),
        "rich_text_preformatted": _leaves(("text", "link"), border=BORDER, language=Str(LONG)),
        "rich_text_list": Shape(
            {
                "style": Word(("bullet", "ordered")),
                "elements": Many(One(("rich_text_section",)), LONG),
                "indent": Whole(0, 8),
                "offset": Whole(0, LONG),
                "border": BORDER,
            },
            ("style", "elements"),
        ),
        "text": Shape({"text": Str(LONG, least=1), "style": STYLE}, ("text",)),
        "link": Shape(
            {"url": URL, "text": Str(LONG, least=1), "style": STYLE, "unsafe": FLAG},
            ("url",),
        ),
        "emoji": Shape({"name": ID, "unicode": ID, "style": STYLE}, ("name",)),
        "user": Shape({"user_id": ID, "style": STYLE}, ("user_id",)),
        "usergroup": Shape({"usergroup_id": ID, "style": STYLE}, ("usergroup_id",)),
        "channel": Shape({"channel_id": ID, "style": STYLE}, ("channel_id",)),
        "broadcast": Shape({"range": Word(("here", "channel", "everyone")), "style": STYLE}, ("range",)),
        "date": Shape(
            {
                "timestamp": Whole(0, 2**53),
                "format": Str(LONG, least=1),
                "url": URL,
                "fallback": Str(LONG, least=1),
                "style": STYLE,
            },
            ("timestamp", "format"),
        ),
        "color": Shape({"value": Str(9, least=4), "style": STYLE}, ("value",)),
        # A cell of a table; unlike the block, it has no id.
        "rich_text": Shape({"elements": Many(One(RICH_PARTS), LONG)}, ("elements",)),
    }
)

MODAL = Shape(
    {
        "type": Word(("modal",)),
        "title": Text(24),
        "close": Text(24),
        "submit": Text(24),
        "private_metadata": Str(3000),
        "callback_id": Str(255),
        "external_id": Str(255),
        "clear_on_close": FLAG,
        "notify_on_close": FLAG,
        "submit_disabled": FLAG,
    },
    ("type", "title"),
)

# Modals take neither tables nor markdown. Whether ephemeral messages show a table is not documented, and
# an input block outside a modal needs more than this sandbox does: both are refused.
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
