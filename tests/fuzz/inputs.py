"""What goes in: samples with damage done to them, and strategies for what people, COC and Slack may send."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st

from bot.cards.targets import AGAIN, CLEAR, FIND, NEXT, PAGE, PART, PREVIOUS, REGION, STATE
from tests.cards.any_task import anything, details, texts
from tests.cards.snapshots import ADA, SAMPLES, TASK_ID, Json, wire

T = TypeVar("T")

NAMES = tuple(sorted(path.stem for path in SAMPLES.glob("S?.json")))
DETAILS = tuple(wire(name) for name in NAMES)
BODIES = tuple(json.dumps(detail, ensure_ascii=False).encode() for detail in DETAILS)
INNER = tuple(
    detail[key]
    for detail in DETAILS
    for key in ("target_instances", "input_param")
    if isinstance(detail.get(key), str)
)
"""The JSON strings inside the samples."""

PIECES = (
    *("{", "}", "[", "]", '"', "\\", "\\\\", ",", ":", "null", "0", "-1", "1e999", "NaN", "\\ud800", "\\u0000"),
    *(
        '""',
        "{}",
        "[]",
        '"[]"',
        "true",
        "9" * 30,
        "9" * 5000,
        "[" * 300,
        '{"a":' * 300,
        "\ufeff",
        "\u2028",
        "é",
        "中",
    ),
)
"""What is put in where a sample is damaged."""


def named(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """The same under a short name: Hypothesis writes out all of a strategy, which here takes megabytes."""

    @st.composite
    def one(draw: st.DrawFn) -> T:
        return draw(strategy)

    return one()


ANY, TEXTS = named(anything()), named(texts())
GLUED = TEXTS.map(lambda text: text.replace("_ITALIC_", "_ ITALIC _"))
"""For what may come to stand beside a letter, where such a word formats nothing, which the judges do not know."""


@st.composite
def damaged(draw: st.DrawFn, whole: tuple[str, ...] = INNER) -> str:
    """A sample with up to six cuts, insertions and repetitions."""
    text = draw(st.sampled_from(whole))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 40)))
        put = draw(st.sampled_from(PIECES) | GLUED | st.just(text[at:end] * 2))
        text = text[:at] + put + text[end:]
    return text


def bodies() -> st.SearchStrategy[bytes]:
    """The body of an HTTP answer: a task, any JSON, a page of a proxy, bytes."""
    envelope = st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            (
                *("error_code", "error_msg", "errorCode", "errorMsg"),
                *("code", "message", "request_id", "error"),
            ),
            TEXTS | ANY,
        ),
    )
    listing = st.fixed_dictionaries({"data": st.lists(named(details()) | ANY, max_size=3) | ANY})
    found = named(details()) | envelope | listing | ANY
    raw = damaged(tuple(body.decode() for body in BODIES)).map(lambda text: text.encode("utf-8", "replace"))
    return named(
        found.map(lambda value: json.dumps(value).encode())
        | raw
        | st.binary(max_size=300)
        | st.just(b"<html>502</html>")
        | st.binary(max_size=40).map(lambda noise: BODIES[0][:200] + noise + BODIES[0][200:])
    )


def headers() -> st.SearchStrategy[dict[str, str]]:
    """Headers of an answer, as an HTTP client hands them on: bytes as Latin-1."""
    value = st.text(st.characters(max_codepoint=255), max_size=60) | st.sampled_from(
        ("5", "1e9", "-3", "³", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 99999 07:28:00 -9999", "0" * 400)
    )
    return named(st.dictionaries(st.sampled_from(("Retry-After", "Date", "X-Request-Id", "X-IAM-Trace-Id")), value))


_IDS = st.sampled_from((TASK_ID, TASK_ID.lower(), f"private {TASK_ID}", f"<https://x.example/{TASK_ID}|{TASK_ID}>"))
_WORDS = st.sampled_from(
    (
        "host",
        "host=",
        "host web-01",
        "host *",
        "hosts “web-01”, root@web_02:22",
        "ip 10.0.0.0/24",
        "prviate",
        "private",
        "public",
        "help",
        "?",
        "ST26****",
        "ST123",
        "%53%54",
        "№",
    )
)


def typed() -> st.SearchStrategy[str]:
    """What somebody may type behind the command."""
    part = _IDS | _WORDS | GLUED | st.text(st.characters(exclude_categories=[]), max_size=30)
    return named(
        st.lists(part, max_size=5).flatmap(
            lambda parts: st.sampled_from((" ", "", "\n")).map(lambda by: by.join(parts))
        )
    )


_ACTION_IDS = (
    *(STATE, REGION, PART, FIND, PAGE, PREVIOUS, NEXT, AGAIN, CLEAR),
    *("refresh", "targets", "more", "runs_again", "names_again"),
    *("targets_csv", "targets_json", "targets_names", "targets_thread", "never_seen"),
)
_OPTIONS = st.sampled_from(
    ("any", "ONLINE", "OFFLINE", "cn-north-4", "1", "1/1", "2", "2.1/1", "3", "runs", f"runs:{TASK_ID}", "json")
)


def metadata() -> st.SearchStrategy[Any]:
    """The data that a modal carries: as we write it, nearly so, or anything."""
    field = TEXTS | _OPTIONS | st.integers() | ANY
    ours = st.fixed_dictionaries({"t": st.just(TASK_ID)}, optional=dict.fromkeys("srbqpecm", field))
    return named(ours.map(json.dumps) | st.just(TASK_ID) | TEXTS | ANY)


def actions() -> st.SearchStrategy[Json]:
    """What was pressed or chosen."""
    option = st.fixed_dictionaries({"value": _OPTIONS | TEXTS | ANY}) | ANY
    return named(
        st.fixed_dictionaries(
            {"action_id": st.sampled_from(_ACTION_IDS) | TEXTS},
            optional={
                "value": st.sampled_from((TASK_ID, "2", "0", "99999")) | metadata() | ANY,
                "selected_option": option,
                "block_id": TEXTS | ANY,
                "type": st.sampled_from(("button", "overflow", "static_select", "plain_text_input")) | ANY,
                "url": TEXTS | ANY,
            },
        )
    )


def states() -> st.SearchStrategy[Any]:
    """``state.values`` of a modal."""
    given = st.fixed_dictionaries(
        {},
        optional={
            "value": TEXTS | ANY,
            "selected_option": st.fixed_dictionaries({"value": _OPTIONS}) | ANY,
        },
    )
    block = st.dictionaries(st.sampled_from((STATE, REGION, PART, FIND, PAGE)), given | ANY, max_size=3)
    return named(st.dictionaries(TEXTS, block | ANY, max_size=4) | ANY)


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return named(st.fixed_dictionaries({}, optional={key: known | ANY for key, known in fields.items()}))


def payloads() -> st.SearchStrategy[Any]:
    """What Slack sends for a click or a submission, each part as documented more often than not."""
    view = _optional(
        id=st.just("V1"),
        hash=st.just("h"),
        type=st.just("modal"),
        callback_id=st.sampled_from(("targets", "runs", "names")),
        private_metadata=metadata(),
        state=_optional(values=states()),
    )
    message = _optional(
        ts=st.just("1700000000.000100"),
        thread_ts=st.just("1700000000.000100"),
        text=TEXTS,
        blocks=st.lists(_optional(type=st.just("section"), text=_optional(type=st.just("mrkdwn"), text=TEXTS))),
    )
    parts: Mapping[str, st.SearchStrategy[Any]] = {
        "user": _optional(id=st.just(ADA), team_id=st.just("T1")),
        "team": _optional(id=st.just("T1")),
        "channel": _optional(id=st.just("C1")),
        "container": _optional(
            type=st.just("message"), channel_id=st.just("C1"), message_ts=st.just("1.1"), is_ephemeral=st.booleans()
        ),
        "response_url": st.just("https://hooks.slack.com/actions/T1/1/x"),
        "trigger_id": st.just("1.2.x"),
        "api_app_id": st.just("A1"),
        "enterprise": st.none(),
        "is_enterprise_install": st.booleans(),
    }
    click = st.fixed_dictionaries(
        {"type": st.just("block_actions"), "actions": st.lists(actions(), min_size=1, max_size=2) | ANY},
        optional={key: known | ANY for key, known in {**parts, "view": view, "message": message}.items()},
    )
    submission = st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ("view_submission", "view_closed", "shortcut", "message_action", "dialog_submission")
            )
        },
        optional={key: known | ANY for key, known in {**parts, "view": view}.items()},
    )
    event = st.fixed_dictionaries(
        {"type": st.sampled_from(("url_verification", "event_callback", "ssl_check")) | ANY},
        optional={"challenge": TEXTS | ANY, "event": _optional(type=st.just("app_mention")) | ANY},
    )
    # A click that is whole, so that much gets past the first look.
    whole = st.fixed_dictionaries(
        {
            "type": st.sampled_from(("block_actions", "view_submission")),
            "user": st.just({"id": ADA, "team_id": "T1"}),
            "team": st.just({"id": "T1"}),
            "response_url": st.just("https://hooks.slack.com/actions/T1/1/x"),
            "trigger_id": st.just("1.2.x"),
            "container": st.just({"type": "message", "channel_id": "C1", "message_ts": "1.1"}),
            "actions": st.lists(actions(), min_size=1, max_size=1),
            "view": st.fixed_dictionaries(
                {
                    "id": st.just("V1"),
                    "hash": st.just("h"),
                    "type": st.just("modal"),
                    "callback_id": st.just("targets"),
                    "private_metadata": metadata().map(lambda found: found if isinstance(found, str) else TASK_ID),
                    "state": st.fixed_dictionaries({"values": states()}),
                }
            ),
        },
        optional={"message": message},
    )
    return named(whole | click | submission | event | ANY)


def commands() -> st.SearchStrategy[dict[str, str]]:
    """The fields of a slash command."""
    short = st.text(max_size=20)
    known = {
        "user_id": st.just(ADA),
        "channel_id": st.just("C1"),
        "team_id": st.just("T1"),
        "response_url": st.just("https://hooks.slack.com/commands/T1/1/x"),
        "trigger_id": st.just("1.2.x"),
        "ssl_check": st.just("1"),
        # No command has these; Bolt takes them for the parts of an interaction or an event.
        "type": st.sampled_from(("block_actions", "view_submission", "event_callback")),
        **dict.fromkeys(("actions", "view", "event", "team", "user", "enterprise", "authorizations"), short),
    }
    return named(
        st.fixed_dictionaries(
            {
                "command": st.sampled_from(("/schedtask", "/other", "/<!here>")) | TEXTS.map(lambda word: f"/{word}"),
                "text": typed(),
            },
            optional={key: value | short for key, value in known.items()},
        )
    )
