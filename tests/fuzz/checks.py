"""What must hold whatever comes in, in four groups: decoder, builders, parser, http.

Each check takes one input. Hypothesis draws it from ``inputs``; the coverage-guided fuzzer mutates bytes, of which
the first picks the check (by ``from_bytes``), the others are its input.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC
from typing import Any, Literal
from urllib.parse import quote_from_bytes, urlencode

import httpx
from hypothesis import strategies as st
from pydantic import BaseModel
from rich.console import Console

from bot import redact
from bot.cards.guide import guide, remark
from bot.cards.host import MOST_ASKED, host_card
from bot.cards.problem import problem_card, problem_of
from bot.cards.runs import all_runs, runs_view
from bot.cards.take_along import make_file, names_view
from bot.cards.targets import FIND, NEXT, all_targets, targets_view
from bot.cards.task import not_refreshed, task_card
from bot.cards.terminal import render
from bot.coc.answers import Answer, parse_list, parse_task
from bot.coc.wire import Run, Task, TaskSummary
from bot.errors import CocError
from bot.show import as_json
from bot.slack.request import Help, Show, parse
from bot.slack.target_clicks import after
from bot.task import changes, target_query
from bot.task.parameters import read_parameters
from bot.task.read_targets import read_targets
from bot.task.search import find_hosts
from bot.task.snapshot import Snapshot
from tests.cards.any_task import details, snapshots
from tests.cards.judges import assert_tame, assert_visible, judge_message, judge_view
from tests.cards.snapshots import ADA, AS_OF, REDACTOR, TASK_ID, Json, snapshot, wire
from tests.cards.snapshots import text as untrusted
from tests.fuzz import inputs
from tests.fuzz.door import SIGNATURE, STAMP, Door, Given, Header, request
from tests.fuzz.findings import Broke

Group = Literal["decoder", "builders", "parser", "http"]
GROUPS: tuple[Group, ...] = ("decoder", "builders", "parser", "http")

REFERENCE = "K7QF-2M"
_TASK_ID = re.compile(r"ST[0-9A-Za-z]{24}")
_NOON = 1_767_268_800.0
SAMPLE = snapshot(wire("S2"))


@dataclass(frozen=True, slots=True)
class Check:
    """One property: ``holds`` raises where it does not. ``from_bytes`` makes an input of any bytes."""

    group: Group
    name: str
    drawn: st.SearchStrategy[Any]
    holds: Callable[[Any], None]
    from_bytes: Callable[[bytes], Any]


def text_of(data: bytes) -> str:
    """Bytes as a text; what is no UTF-8 becomes lone surrogates, which texts from outside may hold too."""
    return data.decode("utf-8", "surrogateescape")


def json_of(data: bytes) -> Any:
    """Bytes as a JSON value, else as the text that they are."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return text_of(data)


# Decoder ---------------------------------------------------------------------------------------------------


def _answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    sent = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Answer(status, httpx.Headers(sent), body, "coc:schedule:get", _NOON)


def received(value: object) -> Any:
    """A JSON value as it is after the way from COC to the decoders."""
    rows = parse_list(_answer(json.dumps({"rows": [{"value": value}]}).encode()), "rows")
    return rows[0]["value"]


def assert_sendable(value: object) -> None:
    """No text anywhere in it has a lone surrogate: nothing could encode it later."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            found.encode("utf-8")
        elif isinstance(found, BaseModel):
            waiting += [found.__dict__, found.model_extra]
        elif is_dataclass(found) and not isinstance(found, type):
            waiting += [getattr(found, part.name) for part in fields(found)]
        elif isinstance(found, Mapping):
            waiting += [*found, *found.values()]
        elif isinstance(found, list | tuple):
            waiting += found


def targets_decode(value: object) -> None:
    """Never raises; each machine once; every fault can be said in words."""
    found = read_targets(received(value), REDACTOR)
    identities = [machine.identity for machine in found.machines if machine.identity]
    if len(identities) != len(set(identities)):
        raise Broke("a machine twice")
    everywhere = {id(m) for step in found.walk() for batch in step.batches for m in batch.machines}
    if not {id(machine) for machine in found.machines} <= everywhere:
        raise Broke("a machine from nowhere")
    for fault in found.faults:
        str(fault)
    assert_sendable(found)
    if read_targets(received(value), REDACTOR) != found:
        raise Broke("decoded twice, two results")


def parameters_decode(value: object) -> None:
    """Never raises; every fault can be said in words."""
    found = read_parameters(received(value), REDACTOR)
    for fault in found.faults:
        str(fault)
    assert_sendable(found)


def models_read(value: object) -> None:
    """Validating any object succeeds, and it can be written out again unless it is nested too deeply."""
    sent = received(value)
    row = sent if isinstance(sent, dict) else {"name": sent, "trigger_time": sent, "enabled": sent, "status": sent}
    for kind in (Task, TaskSummary, Run):
        assert_sendable(kind.model_validate(row))


def answers_read(given: Given) -> None:
    """A task, rows, or an error of the tree; nothing else. The error makes a card."""
    status, headers, body = given
    answer = _answer(body, status, headers)
    for read in (lambda: parse_task(answer, TASK_ID), lambda: parse_list(answer, "data")):
        try:
            assert_sendable(read())
        except CocError as error:
            assert_sendable([error.describe(), error.code, error.message, error.request_id])
            if error.retry_after is not None and not 0 <= error.retry_after < float("inf"):
                raise Broke("a wait that is none", str(error.retry_after)) from error
            judge_message(problem_card(problem_of(error, REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE))


def _given(data: bytes) -> Given:
    status = (200, 400, 401, 403, 404, 429, 500, 503, 302)[data[0] % 9] if data else 200
    head, _, body = data[1:].partition(b"\n")
    value = head[:100].decode("latin-1")
    return status, {"Retry-After": value, "Date": value, "X-Request-Id": value}, body


# Builders --------------------------------------------------------------------------------------------------


def card(found: tuple[Snapshot, object]) -> None:
    """The card, the same again after another card, and with a mark: valid, nothing foreign in it is live."""
    shown, button = found
    before = changes.decode_state(button if isinstance(button, str) else json.dumps(button))
    for earlier in (before, changes.card_state(shown)):
        judge_message(task_card(shown, requested_by=ADA, before=earlier))
    made = task_card(shown)
    judge_message(made)
    marked = not_refreshed(list(made.blocks), "COC failed to answer.", AS_OF, ADA)
    judge_message(replace(made, blocks=tuple(marked)))


def button_value(found: tuple[Snapshot, object]) -> None:
    """What a card's button carries fits, and any value of a button is read or is none."""
    shown, button = found
    value = changes.encode_state(changes.card_state(shown))
    if len(value) > changes.MAX_VALUE or changes.decode_state(value) is None:
        raise Broke("a button's value that does not come back", value[:80])
    read = changes.decode_state(button if isinstance(button, str) else json.dumps(button))
    if read is not None:
        assert _TASK_ID.fullmatch(read.task_id)
        changes.changed_facts(read, changes.card_state(shown))


@dataclass(frozen=True, slots=True)
class Turned:
    """A task, what its modal carried and what somebody pressed in it."""

    snapshot: Snapshot
    metadata: object
    action: Json
    values: object


def _query(turned: Turned) -> target_query.TargetQuery:
    query = target_query.decode_query(turned.metadata) or target_query.TargetQuery(turned.snapshot.task_id)
    return after(query, turned.action, turned.values)


def targets_modal(turned: Turned) -> None:
    """Any query makes a valid page, whose own data leads back to it."""
    query = _query(turned)
    view = targets_view(turned.snapshot, query)
    judge_view(view)
    again = target_query.decode_query(view["private_metadata"])
    if again is None:
        raise Broke("metadata that does not come back", view["private_metadata"][:80])
    if targets_view(turned.snapshot, again) != view:
        raise Broke("the same query makes another page")
    judge_view(names_view(turned.snapshot, query, target_query.encode_query(query)))


def files(turned: Turned) -> None:
    """CSV and JSON of any query can be read, hold the same machines and no formula."""
    query = _query(turned)
    table, tree = make_file(turned.snapshot, query, "csv"), make_file(turned.snapshot, query, "json")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
    if len(rows) != len(json.loads(tree.content)["machines"]):
        raise Broke("two files, two numbers of machines")
    for row in rows:
        for cell in row.values():
            if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
                raise Broke("a formula in a file", cell[:60])
    for made in (table, tree):
        assert_tame(made.about)
        assert_visible(made.name)
        assert re.fullmatch(r"[\w.-]+", made.name), made.name


def history(found: tuple[Snapshot, object]) -> None:
    """The run history, whatever it holds."""
    judge_view(runs_view(found[0], reference=REFERENCE))


def judge_hosts(shown: Snapshot, *asked: str) -> None:
    """Any hosts asked for in any task."""
    answers, left = find_hosts(shown.targets, asked, MOST_ASKED, REDACTOR)
    judge_message(host_card(shown, answers, left=left, ask="/schedtask ST… host", requested_by=ADA))


def host(found: tuple[Snapshot, object]) -> None:
    """Any name asked for in any task."""
    shown, name = found
    asked = name if isinstance(name, str) else json.dumps(name)
    judge_hosts(shown, asked, asked[:20], f"“{asked}”")


def problem(found: tuple[Snapshot, object]) -> None:
    """Any words of the service."""
    word = str(found[1])
    failure = CocError(word, code=word[:80], message=word, request_id=word)
    judge_message(problem_card(problem_of(failure, REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE))
    judge_message(guide(word, untrusted(word), private_by_default=False))


def hidden(found: tuple[Snapshot, object]) -> None:
    """Hiding secrets never fails, and a value with a secret's name is never shown."""
    text = str(found[1])
    for name in ("", "password", "path"):
        assert isinstance(REDACTOR.text(text, name), str)
    REDACTOR.structure("anything", found[1])
    if text and REDACTOR.text(text, "db_password") != redact.HIDDEN:
        raise Broke("a password shown")


def printed(found: tuple[Snapshot, object]) -> None:
    """The terminal's card and its JSON: no control character but line breaks, nothing that can't be encoded."""
    shown = found[0]
    try:
        assert_sendable(shown)
    except UnicodeEncodeError:
        return  # not from COC: what comes over the wire is cleaned
    blocks = [block for block in task_card(shown).blocks if block["type"] != "actions"]
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(render([*blocks, *all_targets(shown), *all_runs(shown)], UTC))
    text = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    hidden_ones = {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char != "\n"}
    if hidden_ones:
        raise Broke("a control character in the terminal", repr(hidden_ones))
    tree = as_json(shown)
    json.loads(tree)
    tree.encode("utf-8")


_SNAPSHOTS, _DETAILS = inputs.named(snapshots()), inputs.named(details())
_WITH = st.tuples(_SNAPSHOTS, inputs.TEXTS | inputs.metadata())
_TURNED = st.builds(Turned, _SNAPSHOTS, inputs.metadata(), inputs.actions(), inputs.states())


def _shown(data: bytes) -> tuple[Snapshot, object]:
    value = json_of(data)
    try:
        sent = received(value)
    except (CocError, ValueError, RecursionError):
        sent = None
    if isinstance(sent, dict):
        return snapshot(sent, summary=sent, runs=[sent, *_rows(sent)]), text_of(data)
    text = text_of(data).encode("utf-8", "replace").decode("utf-8")
    sample = {**wire("S2"), "name": text, "approve_comments": text, "target_instances": text, "input_param": text}
    run = {"status": text, "execution_msg": text, "execution_id": text, "started_time": text, "created_by": text}
    machine = {
        "resourceId": text[:50],
        "name": text,
        "agentStatus": text,
        "regionId": text,
        "properties": {"hostName": text},
    }
    plan = {"batches": [{"batchIndex": text, "rotationStrategy": text, "targetInstances": [machine] * 7}]}
    if data[:1] < b"\x40":
        sample["target_instances"] = json.dumps([{"target_selection": text, "target_instances": json.dumps(plan)}])
        sample["input_param"] = json.dumps(
            {"execute_user": text, "script_params": json.dumps([{"paramName": text, "paramValue": text}])}
        )
        sample["trigger_time"] = {"policy": "CRON", "cron": text, "time_zone": text}
    return snapshot(sample, summary=run, runs=[run] * 3), text


def _rows(sent: Json) -> Iterator[Json]:
    for value in sent.values():
        if isinstance(value, dict):
            yield value


def _turned(data: bytes) -> Turned:
    head, _, rest = data.partition(b"\n")
    words = text_of(head).split("\t")
    words += [""] * (5 - len(words))
    action = {"action_id": words[1] or NEXT, "value": words[2]}
    values = {"b": {words[1]: {"selected_option": {"value": words[3]}}, FIND: {"value": words[4]}}}
    return Turned(_shown(rest)[0], words[0] or TASK_ID, action, values)


# Command parser --------------------------------------------------------------------------------------------


def command(text: str) -> None:
    """Every text is a request or a help; either makes a valid answer; a request says the same when it is asked."""
    found = parse(text)
    if isinstance(found, Help):
        wrong = untrusted(found.wrong) if found.wrong else None
        judge_message(guide("/schedtask", wrong, private_by_default=False))
        return
    assert isinstance(found, Show)
    assert _TASK_ID.fullmatch(found.task_id), found
    assert parse(found.task_id) == Show(found.task_id), found
    assert all(0 < len(name) <= 255 for name in found.hosts), found
    if found.hosts:
        judge_hosts(SAMPLE, *found.hosts)
    ignored = tuple(map(untrusted, found.ignored))
    private_word = untrusted(found.private_word) if found.private_word else None
    if note := remark(f"/schedtask {found.task_id} host", ignored, private_word):
        judge_message(note)


# HTTP entry ------------------------------------------------------------------------------------------------

_DOORS: list[Door] = []


def door() -> Door:
    """The one that is open for this process."""
    return _DOORS[-1]


@contextmanager
def ready(group: Group) -> Iterator[None]:
    """What the checks of a group need to be there: for HTTP, the entry."""
    if group != "http":
        yield
        return
    with Door() as opened:
        _DOORS.append(opened)
        try:
            yield
        finally:
            _DOORS.pop()


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that is signed, and what COC will answer."""

    body: bytes
    content_type: bytes = b"application/x-www-form-urlencoded"
    headers: tuple[Header, ...] = ()
    answers: tuple[Given, ...] = ()
    fresh: bool = True


def signed(sent: Sent) -> None:
    """Whatever Slack signs: an answer below 500, nothing in the log that is an error, and replies that are valid."""
    raw = request(sent.body, [*sent.headers, (b"Content-Type", sent.content_type), *door().sign(sent.body)])
    status = door().knock(raw, sent.answers, fresh=sent.fresh)
    if status is None:
        raise Broke("no answer to a whole request")
    # Slack's bodies are UTF-8 and as they are; another encoding changes what was signed.
    another = b"charset=latin" in sent.content_type or any(name == b"Content-Encoding" for name, _ in sent.headers)
    if status == 413 or (status == 401 and not another):
        raise Broke(f"signed, but {status}")


def replayed(given: tuple[Sent, tuple[Header, ...], tuple[Header, ...]]) -> None:
    """A copy of a request that was taken is refused, whatever headers somebody has put around it."""
    sent, above, below = given
    own = [(b"Content-Type", sent.content_type), *door().sign(sent.body)]
    with suppress(Exception):  # what breaks at the first time is found by the checks of what is signed
        door().knock(request(sent.body, own))
    before = door().slack.replies
    status = door().knock(request(sent.body, [*above, *own, *below]))
    if status not in {400, 401, 415}:
        raise Broke(f"a copy, but {status}")
    if door().slack.replies != before:
        raise Broke("a copy, but replied to")


def unsigned(given: tuple[bytes, tuple[Header, ...]]) -> None:
    """Whatever is not signed is refused, and nothing follows from it."""
    body, headers = given
    before = door().slack.replies
    status = door().knock(request(body, headers))
    if status not in {400, 401, 413, 415}:
        raise Broke(f"unsigned, but {status}")
    if door().slack.replies != before:
        raise Broke("unsigned, but replied to")


def raw_bytes(raw: bytes) -> None:
    """Whatever comes over the connection: no 5xx, no reply to anybody."""
    before = door().slack.replies
    status = door().knock(raw, whole=False)
    if status is not None and 200 <= status < 300 and b"POST" in raw[:5]:
        raise Broke(f"unsigned, but {status}")
    if door().slack.replies != before:
        raise Broke("unsigned, but replied to")


def form(payload: bytes) -> bytes:
    """The body of an interaction."""
    return b"payload=" + quote_from_bytes(payload).encode()


_HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                b"Accept",
                b"Cookie",
                b"X-Slack-Retry-Num",
                b"X-Slack-Bolt-Lazy-Only",
                b"X-Slack-Bolt-Lazy-Function-Name",
            )
        )
        | st.sampled_from((b"Content-Encoding", b"Authorization", b"User-Agent", b"X-Forwarded-For")),
        st.sampled_from((b"1", b"gzip", b"true", b"x" * 300)) | st.binary(max_size=30),
    ),
    max_size=3,
).map(tuple)
_TYPES = st.sampled_from(
    (
        *[b"application/x-www-form-urlencoded"] * 4,
        *(b"application/json", b"text/plain", b"", b"application/json; charset=utf-8"),
        *(
            b"application/x-www-form-urlencoded; charset=latin-1",
            b"text/html; charset=nonsense",
            b"multipart/form-data; boundary=x",
        ),
    )
)
_ANSWERS = inputs.named(
    st.lists(
        st.sampled_from(inputs.BODIES).map(lambda body: (200, {}, body))
        | st.tuples(st.sampled_from((200, 200, 400, 403, 404, 429, 500, 503)), inputs.headers(), inputs.bodies()),
        max_size=3,
    ).map(tuple)
)
_PAYLOADS = inputs.payloads().map(json.dumps).map(str.encode)
_JSON_IN_A_FORM = _PAYLOADS.map(lambda body: b'{"":"=&command=x&",' + body[1:])
_COMMANDS = inputs.commands().map(lambda found: urlencode(found, errors="replace").encode())
_SLACKS = inputs.named(_PAYLOADS.map(form) | _COMMANDS)
_BODIES = inputs.named(
    _SLACKS | _PAYLOADS | _JSON_IN_A_FORM | st.binary(max_size=200) | st.binary(max_size=60).map(form)
)
_SIGNED = st.builds(Sent, _SLACKS, answers=_ANSWERS, fresh=st.booleans())
_ODD = st.builds(Sent, _BODIES, _TYPES, _HEADERS, _ANSWERS)
_STAMPS = st.sampled_from((b"", b"0", b"-1", b"1e9", b"9" * 30, b"\xff", "١".encode())) | st.binary(max_size=12)
_FORGED = st.lists(
    st.tuples(st.just(STAMP), _STAMPS | st.integers(0, 2**40).map(lambda n: str(n).encode()))
    | st.tuples(st.just(SIGNATURE), st.binary(max_size=80) | st.just(b"v0=" + b"0" * 64))
    | st.tuples(st.just(b"Content-Encoding"), st.sampled_from((b"gzip", b"deflate", b"br", b"zstd", b"x")))
    | st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=40)),
    max_size=4,
).map(tuple)
_LINES = st.sampled_from(
    (
        *(
            b"POST /slack/events HTTP/1.1",
            b"GET /metrics HTTP/1.1",
            b"POST //slack/../events HTTP/1.0",
            b"PRI * HTTP/2.0",
        ),
        *(
            b"Host: x",
            b"Content-Length: 3",
            b"Content-Length: -1",
            b"Transfer-Encoding: chunked",
            b"Expect: 100-continue",
        ),
        *(
            b"Content-Encoding: gzip",
            b"Content-Encoding: br",
            b"",
            b"5",
            b"0",
            b"Upgrade: websocket",
            b"Connection: upgrade",
        ),
    )
)
_RAW = st.lists(_LINES | st.binary(max_size=20), max_size=8).map(b"\r\n".join) | st.binary(max_size=100)


def _sent(data: bytes) -> Sent:
    kind, rest = (data[0] if data else 0), data[1:]
    payload, _, coc = rest.partition(b"\0\0")
    answers: tuple[Given, ...] = ((200, {}, coc),) if coc else ()
    body = (form(payload), payload, b"command=%2Fschedtask&user_id=U1&text=" + quote_from_bytes(payload).encode())[
        kind % 3
    ]
    types = (b"application/x-www-form-urlencoded", b"application/json", b"text/plain; charset=x")
    return Sent(body, types[0 if kind < 128 else kind % 3], answers=answers, fresh=kind % 2 == 0)


def _unsigned(data: bytes) -> tuple[bytes, tuple[Header, ...]]:
    kinds = (b"gzip", b"deflate", b"br", b"zstd")
    encoding = kinds[data[0] % 8 % len(kinds)] if data and data[0] % 8 < len(kinds) else b""
    return data[1:], ((b"Content-Encoding", encoding),) if encoding else ()


CHECKS: tuple[Check, ...] = (
    Check(
        "decoder",
        "targets decode",
        _DETAILS.map(lambda body: body.get("target_instances")) | inputs.damaged() | inputs.ANY,
        targets_decode,
        json_of,
    ),
    Check(
        "decoder",
        "parameters decode",
        _DETAILS.map(lambda body: body.get("input_param")) | inputs.damaged() | inputs.ANY,
        parameters_decode,
        json_of,
    ),
    Check("decoder", "models read", _DETAILS | inputs.ANY, models_read, json_of),
    Check(
        "decoder",
        "answers read",
        st.tuples(st.integers(100, 599) | st.just(200), inputs.headers(), inputs.bodies()),
        answers_read,
        _given,
    ),
    Check("builders", "card", _WITH, card, _shown),
    Check("builders", "button value", _WITH, button_value, _shown),
    Check("builders", "targets modal", _TURNED, targets_modal, _turned),
    Check("builders", "files", _TURNED, files, _turned),
    Check("builders", "history", _WITH, history, _shown),
    Check("builders", "host", _WITH, host, _shown),
    Check("builders", "problem", _WITH, problem, _shown),
    Check("builders", "hidden", _WITH, hidden, _shown),
    Check("builders", "printed", _WITH, printed, _shown),
    Check("parser", "command", inputs.typed() | inputs.TEXTS | st.text(), command, text_of),
    Check("http", "signed", _SIGNED, signed, _sent),
    Check("http", "signed oddly", _ODD, signed, _sent),
    Check("http", "replayed", st.tuples(_SIGNED, _FORGED, _FORGED), replayed, lambda data: (_sent(data), (), ())),
    Check("http", "unsigned", st.tuples(_BODIES, _FORGED), unsigned, _unsigned),
    Check("http", "raw bytes", _RAW, raw_bytes, lambda data: data),
)


def of_group(group: Group) -> list[Check]:
    """The checks of one group."""
    return [check for check in CHECKS if check.group == group]
