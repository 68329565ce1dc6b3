"""What may go wrong, as data: on the way to COC, on the way to Slack, and what the person is then told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Literal

import pytest

from bot.sandbox.coc.faults import PathKind
from bot.timings import Timings
from tests.faults.bench import BRIEF, BRIEF_COC, CALM, COC_READ_S, COC_TOTAL_S, SLACK_S, UPLOAD_S, Bench
from tests.faults.surfaces import FILE, Surface
from tests.slack.presses import NIGHTLY

Json = dict[str, Any]


def cells(surfaces: Sequence[Surface], faults: Iterable[Any], everywhere: Iterable[Any] = ()) -> list[Any]:
    """Parameters (surface, fault): each fault on one surface, those of ``everywhere`` on all of them.

    The rest of the product is marked ``exhaustive``. The surfaces take turns, so each meets about as many faults.
    """
    turns, named = cycle(surfaces), {fault.name for fault in everywhere}
    made = []
    for fault in faults:
        places = surfaces if fault.name in named else (next(turns),)
        for surface in surfaces:
            marks = () if surface in places else pytest.mark.exhaustive
            made.append(pytest.param(surface, fault, id=f"{fault}-{surface}", marks=marks))
    return made


# --- COC --------------------------------------------------------------------------------------------------

LARGE = 200_000
"""Bytes of an answer that is too large for the bot of a cell."""
MOST_VALUES = 1_000
"""JSON values that the bot of such a cell decodes."""
MANY_KEYS = b"{%s}" % b",".join(b'"%d":1' % number for number in range(2 * MOST_VALUES))
WITHIN_S = 5.0
"""Until the answer to a press, where nothing makes anybody wait but a busy machine."""


@dataclass(frozen=True, slots=True)
class CocFault:
    """One way in which COC fails to answer.

    ``error`` is the name of the bot's error, which the audit has; ``says`` what the person reads; ``part`` what a
    card says of a part that is missing for it. ``answer`` is what the local COC is told to do; ``how`` is another
    way than an answer. ``tries`` is how often COC is asked for the same.
    """

    name: str
    error: str
    says: str
    answer: Json = field(default_factory=dict)
    tries: int = 1
    how: Literal["", "nobody listens", "no such name", "large", "many"] = ""
    part: str = "COC failed to answer"
    within_s: float = WITHIN_S

    def __str__(self) -> str:
        return self.name

    @property
    def timings(self) -> Timings:
        """For a bot that meets this fault."""
        return BRIEF_COC if self.error == "TimedOut" else CALM


SECRET = "Tr0ub4dor&3x"
"""What a service may quote in its words or put in the place of an id."""


def _body(code: str, message: str) -> Json:
    return {"error_code": code, "error_msg": message}


NO_TASK, FOREIGN = "COC knows no scheduled task", "belongs to another cloud account"
INVALID, NO_KEY = "did not accept the request", "refused the bot's credentials"
EXPIRED, NO_RIGHT = "temporary cloud credentials have expired", "may not read this task"
ELSEWHERE, LIMITED = "does not reach COC at its configured address", "throttling the bot"
BROKEN, NO_SENSE = "COC failed to answer", "answer can't be read"
OTHER, LATE = "another task than the one asked for", "did not answer in time"
NOT_THERE, TOO_LARGE = "can't reach COC", "too large to read"
_LACKS, _TIMED_OUT = "the bot lacks", "COC did not answer in time"
_IAM: Json = {"error": {"code": "403", "message": "not authorized to perform", "title": "Forbidden"}}
_HTML = "<html><body><h1>Please sign in to the guest network</h1></body></html>"
_CAMEL = {"errorCode": "APIG.0801", "errorMsg": "The service is unavailable."}
_PLAIN = {"code": "COC.00010001", "message": "System error."}

REFUSED = (
    CocFault("400-not-found", "TaskNotFound", NO_TASK, {"status": 400, "body": _body("COC.00014102", "None such.")}),
    CocFault("400-foreign", "ForeignTask", FOREIGN, {"status": 400, "body": _body("COC.00014121", "Not yours.")}),
    CocFault("400-invalid", "InvalidRequest", INVALID, {"status": 400, "body": _body("COC.00014002", "task_id")}),
    CocFault("400-common", "InvalidRequest", INVALID, {"status": 400, "body": _body("COC.00010002", "Invalid.")}),
    CocFault("400-bare", "InvalidRequest", INVALID, {"status": 400, "body": b""}),
    CocFault("401-signature", "Unauthenticated", NO_KEY, {"status": 401}),
    CocFault("401-token", "TokenExpired", EXPIRED, {"status": 401, "body": _body("APIGW.0307", "Update it.")}),
    CocFault("403-policy", "Forbidden", NO_RIGHT, {"status": 403, "body": _IAM}, part=_LACKS),
    CocFault("403-gateway", "Forbidden", NO_RIGHT, {"status": 403}, part=_LACKS),
    CocFault("404", "WrongEndpoint", ELSEWHERE, {"status": 404}),
    CocFault("302", "WrongEndpoint", ELSEWHERE, {"status": 302, "body": _HTML, "headers": {"Location": "/x"}}),
    CocFault(
        *("400-with-a-secret", "InvalidRequest", INVALID),
        {
            "status": 400,
            "body": _body("COC.00014002", f"bad value password={SECRET}"),
            "headers": {"X-Request-Id": f"password={SECRET}"},
        },
    ),
)
THROTTLED = (
    CocFault("429", "Throttled", LIMITED, {"status": 429}, tries=3),
    CocFault("429-for-1-s", "Throttled", LIMITED, {"status": 429, "headers": {"Retry-After": "1"}}, tries=3),
    CocFault("429-for-30-s", "Throttled", "Try again in 30 s", {"status": 429, "headers": {"Retry-After": "30"}}),
)
FAILED = (
    CocFault("494", "ServiceFailure", BROKEN, {"status": 494}),
    CocFault("500", "ServiceFailure", BROKEN, {"status": 500, "body": _PLAIN}),
    CocFault("502-html", "ServiceFailure", BROKEN, {"status": 502, "body": _HTML}, tries=3),
    CocFault("503", "ServiceFailure", BROKEN, {"status": 503, "body": _CAMEL}, tries=3),
    CocFault("504", "ServiceFailure", BROKEN, {"status": 504}, tries=3),
)
UNUSABLE = (
    CocFault("200-html", "Unreadable", NO_SENSE, {"status": 200, "body": _HTML}),
    CocFault("200-empty", "Unreadable", NO_SENSE, {"status": 200, "body": b""}),
    CocFault("200-half", "Unreadable", NO_SENSE, {"status": 200, "body": b'{"id": "ST26010509'}),
    CocFault("200-array", "Unreadable", NO_SENSE, {"status": 200, "body": b"[]"}),
    CocFault("200-null", "Unreadable", NO_SENSE, {"status": 200, "body": b"null"}),
    CocFault("200-deep", "Unreadable", NO_SENSE, {"status": 200, "body": b'{"id":' + b"[" * 100_000}),
    CocFault("200-cut", "Unreadable", NO_SENSE, {"status": 200, "truncate": 15}),
    CocFault("200-error", "ErrorEnvelope", "can't be read as a task", {"status": 200, "body": _PLAIN}),
    CocFault("200-many-keys", "TooLarge", TOO_LARGE, {"status": 200, "body": MANY_KEYS}, how="many"),
    CocFault("200-large", "TooLarge", TOO_LARGE, {"status": 200, "body": b" " * LARGE}, how="large"),
)
OF_ANOTHER = (
    CocFault("200-other-id", "WrongTask", OTHER, {"status": 200, "body": {"id": "ST0000000000000000000000ZZ"}}),
    CocFault("200-nameless", "WrongTask", OTHER, {"status": 200, "body": {"id": None, "name": None}}),
)
ON_THE_WAY = (
    CocFault("reset", "Unreachable", NOT_THERE, {"drop": True}, tries=3),
    CocFault("nobody-listens", "Unreachable", NOT_THERE, how="nobody listens", tries=3),
    CocFault("no-such-name", "Unreachable", NOT_THERE, how="no such name", tries=3),
    CocFault(
        *("hanging", "TimedOut", LATE, {"status": 200, "delay": 60}),
        part=_TIMED_OUT,
        within_s=COC_READ_S + WITHIN_S,
    ),
    CocFault(
        *("dripping", "TimedOut", LATE, {"status": 200, "drip": (1, COC_READ_S / 6)}),
        part=_TIMED_OUT,
        within_s=COC_TOTAL_S + WITHIN_S,
    ),
    CocFault(
        *("stalled", "TimedOut", LATE, {"status": 200, "drip": (15, 60)}),
        part=_TIMED_OUT,
        within_s=COC_READ_S + WITHIN_S,
    ),
)
COC = (*REFUSED, *THROTTLED, *FAILED, *UNUSABLE, *OF_ANOTHER, *ON_THE_WAY)
"""Each on the detail call, without which there is no answer."""


def _of(*names: str) -> tuple[CocFault, ...]:
    return tuple({fault.name: fault for fault in COC}[name] for name in names)


BEHAVIOURS = _of("503", "400-with-a-secret", "403-policy", "200-html", "hanging")
"""One fault for each behaviour, which every surface meets: transient, final, denied, unexpected, slow."""
IN_PART = tuple(
    fault
    for fault in (*REFUSED[5:9], *THROTTLED, *FAILED, *UNUSABLE, *ON_THE_WAY)
    if fault.how not in {"nobody listens", "no such name"}
)
"""Those that may befall the calls for what only a part of the answer needs."""
IN_BOTH = tuple({fault.error: fault for fault in IN_PART}.values())
"""One of each kind."""
OVER_HTTP = (REFUSED[8], FAILED[3], UNUSABLE[0])
TRANSIENT = tuple(
    fault
    for fault in (*THROTTLED, *FAILED, *UNUSABLE, *ON_THE_WAY)
    if fault.name in {"429-for-30-s", "500", "200-html", "200-error", "nobody-listens", "hanging"}
)
"""What tells nothing about the task: an answer of a while ago may still be right."""
LASTING = tuple(
    fault
    for fault in (*REFUSED, *UNUSABLE, *OF_ANOTHER)
    if fault.name
    in {"400-not-found", "400-foreign", "401-signature", "403-policy", "404", "200-large", "200-other-id"}
)
"""What an old answer would hide."""
GONE = tuple(fault for fault in REFUSED if fault.error in {"TaskNotFound", "ForeignTask", "Forbidden"})
"""What tells that the task is not there, or not for us."""
FLEETING = _of("429-for-1-s", "502-html", "reset")
"""What is over at the third try."""


def break_coc(bench: Bench, fault: CocFault, kind: PathKind) -> None:
    """Let COC fail so from now on."""
    match fault.how:
        case "no such name":
            bench.coc._http.base_url = "http://coc.nowhere.invalid"
            return
        case "nobody listens":
            bench.coc._http.base_url = "http://127.0.0.1:9"
            return
        case "large":
            bench.coc._max_bytes = LARGE // 2
        case "many":
            bench.coc._max_values = MOST_VALUES
    bench.box.coc.fail(kind, **fault.answer)


# --- Slack ------------------------------------------------------------------------------------------------

Ends = Literal["content", "words", "told", "gone", "both", "lost"]
"""How a cell ends: with the answer that was asked for; with its words alone; with an error that the person is told
by some way; with nothing, because nobody waits any more; with both, where Slack took what it had not confirmed; or
with nothing where Slack takes nothing at all, which the log and the audit say."""


@dataclass(frozen=True, slots=True)
class SlackFault:
    """One way in which Slack fails to take an answer. ``refusals`` are methods and what befalls them.

    ``says`` is what the person is told instead; ``by`` by which way (any where it is empty); ``waits`` is a pause
    that the bot must have made.
    """

    name: str
    refusals: tuple[tuple[str, Json], ...]
    ends: Ends
    says: str = ""
    by: str = ""
    outcome: str = ""
    waits: float = 0
    within_s: float = WITHIN_S

    def __str__(self) -> str:
        return self.name

    @property
    def timings(self) -> Timings:
        """For a bot that meets this fault."""
        return BRIEF if any("delay" in refusal for _, refusal in self.refusals) else CALM


FOR_GOOD = 99
LATER_S = 0.15
"""So long after the bot has given up, Slack does what it was asked for."""
NOT_TAKEN = "Slack did not take the answer"
NO_WINDOW = "Slack did not let the window open in time"
_503: Json = {"status": 503}
_CUT: Json = {"status": 0}
_SHORT: Json = {"status": 429, "retry_after": 1}
_LONG: Json = {"status": 429, "retry_after": 30}


def _once(method: str, name: str, refusal: Json, ends: Ends, **more: Any) -> SlackFault:
    return SlackFault(name, ((method, refusal),), ends, **more)


def _passing(method: str, says: str) -> Iterator[SlackFault]:
    """What may be over a moment later; a second time it is final."""
    told = {"says": says}
    yield _once(method, "429-for-1-s", _SHORT, "content", waits=1)
    yield _once(method, "429-for-1-s-twice", {**_SHORT, "times": 2}, "told", outcome="ratelimited", waits=1, **told)
    yield _once(method, "429-for-30-s", _LONG, "told", outcome="ratelimited", **told)
    yield _once(method, "503", _503, "content")
    yield _once(method, "503-twice", {**_503, "times": 2}, "told", outcome="http_503", **told)
    yield _once(method, "500-twice", {"status": 500, "times": 2}, "told", outcome="http_500", **told)


def _unknown(method: str, says: str, deadline_s: float = SLACK_S) -> Iterator[SlackFault]:
    """What may have arrived or not: not repeated, it could come twice."""
    told = {"says": says}
    yield _once(method, "cut", _CUT, "told", outcome="broken_off", **told)
    late: Json = {"error": "fatal_error", "delay": deadline_s + LATER_S}
    yield _once(method, "late", late, "told", outcome="timed_out", within_s=deadline_s + WITHIN_S, **told)
    yield _once(method, "slow", {"delay": deadline_s / 3}, "content", within_s=deadline_s + WITHIN_S)


def _response_url() -> Iterator[SlackFault]:
    method, told = "response_url", {"says": NOT_TAKEN}
    ephemeral = {**told, "by": "chat.postEphemeral"}
    yield from _passing(method, NOT_TAKEN)
    yield from _unknown(method, NOT_TAKEN)
    for word, status in (("used_url", 404), ("expired_url", 404), ("invalid_blocks", 400), ("fatal_error", 500)):
        again = {"error": word, "status": status, "times": FOR_GOOD}
        yield _once(method, f"{word}-for-good", again, "told", **ephemeral)
    yield _once(method, "429-for-good", {**_LONG, "times": FOR_GOOD}, "told", outcome="ratelimited", **ephemeral)
    yield _once(method, "503-for-good", {**_503, "times": FOR_GOOD}, "told", outcome="http_503", **ephemeral)
    yield _once(method, "cut-for-good", {**_CUT, "times": FOR_GOOD}, "told", outcome="broken_off", **ephemeral)
    yield _once(method, "blocks", {"error": "invalid_blocks", "status": 400}, "words")
    yield _once(method, "blocks-and-text", {"error": "invalid_blocks", "status": 400, "times": 2}, "told", **told)
    taken = {"delay": SLACK_S + LATER_S}
    yield _once(method, "late-but-taken", taken, "both", outcome="timed_out", within_s=SLACK_S + WITHIN_S, **told)
    gone: Json = {"error": "used_url", "status": 404, "times": FOR_GOOD}
    ways = (("response_url", gone), ("chat.postEphemeral", {"error": "user_not_in_channel"}))
    yield SlackFault("only-messages-left", ways, "told", NOT_TAKEN, by="chat.postMessage")


def _opening(method: str) -> Iterator[SlackFault]:
    for word in ("expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "invalid_trigger_id"):
        yield _once(method, word, {"error": word}, "told", says=NO_WINDOW, outcome=word)
    yield from _passing(method, NOT_TAKEN)
    yield from _unknown(method, NOT_TAKEN)
    for word in ("internal_error", "push_limit_reached" if method == "views.push" else "view_too_large"):
        yield _once(method, word, {"error": word}, "told", says=NOT_TAKEN, outcome=word)


def _updating() -> Iterator[SlackFault]:
    method = "views.update"
    for word in ("not_found", "view_not_found", "hash_conflict"):
        yield _once(method, word, {"error": word}, "gone", outcome="gone")
    yield from _passing(method, NOT_TAKEN)
    yield from _unknown(method, NOT_TAKEN)
    yield _once(method, "internal_error", {"error": "internal_error"}, "told", says=NOT_TAKEN)


def _filing(method: str, *words: tuple[str, str]) -> Iterator[SlackFault]:
    """What befalls a file is said in the modal. ``words``: Slack's and ours."""
    not_sent = "*Not sent:* Slack did not take the file in time"
    for word, says in words:
        yield _once(method, word, {"error": word}, "told", says=f"*Not sent:* {says}", outcome=word)
    if method == "conversations.open":
        yield from _passing(method, not_sent)
        yield from _unknown(method, not_sent)
        return
    # None of the three steps is repeated.
    yield _once(method, "429-for-1-s", _SHORT, "told", says="*Not sent:*")
    yield _once(method, "500", {"status": 500}, "told", says=not_sent)
    yield _once(method, "503", _503, "told", says=not_sent)
    yield from _unknown(method, not_sent, UPLOAD_S)


_SCOPE = ("missing_scope", "the bot lacks the Slack scope")
_NOT_IN = ("not_in_channel", "")
SLACK: Mapping[str, tuple[SlackFault, ...]] = {
    "response_url": tuple(_response_url()),
    "views.open": tuple(_opening("views.open")),
    "views.push": tuple(_opening("views.push")),
    "views.update": tuple(_updating()),
    "conversations.open": tuple(
        _filing("conversations.open", _SCOPE, ("user_disabled", "Slack let the bot open no direct messages"))
    ),
    "files.getUploadURLExternal": tuple(
        _filing("files.getUploadURLExternal", _SCOPE, ("file_upload_size_restricted", "Slack did not take the file"))
    ),
    "upload": tuple(_filing("upload")),
    "files.completeUploadExternal": tuple(
        _filing("files.completeUploadExternal", _SCOPE, _NOT_IN, ("channel_not_found", ""), ("fatal_error", ""))
    ),
}
"""By the method that fails."""
SLACK_BEHAVIOURS = tuple(
    fault
    for faults in SLACK.values()
    for fault in faults
    if fault.name
    in {
        *("503", "503-twice", "late"),  # transient, final, slow
        *("used_url-for-good", "expired_trigger_id", "not_found", "missing_scope"),  # denied
        *("blocks", "internal_error"),  # unexpected
    }
)
"""What every surface meets that a method brings its answer to."""


def _all(refusal: Json, *methods: str) -> tuple[tuple[str, Json], ...]:
    return tuple((method, refusal) for method in methods)


_WAYS = ("response_url", "chat.postEphemeral", "chat.postMessage")
_REST = ("views.open", "views.push", "views.update", *FILE[:4])
NOTHING = SlackFault("takes-nothing", _all({**_503, "times": FOR_GOOD}, *_WAYS, *_REST), "lost")
"""Slack is down."""

NO_MEMBER = (
    SlackFault(
        "response_url-gone",
        _all({"error": "expired_url", "status": 404, "times": FOR_GOOD}, "response_url"),
        "told",
        NOT_TAKEN,
        by="chat.postMessage",
    ),
    SlackFault(
        "view-refused", _all({"error": "internal_error"}, "views.update"), "told", NOT_TAKEN, by="chat.postMessage"
    ),
)
"""Where the bot is no member of the channel, the last way is the person's direct messages."""

ERROR_CARDS = (
    *(
        SlackFault(
            f"{word}-for-good",
            _all({"error": word, "status": 404, "times": FOR_GOOD}, "response_url"),
            "told",
            by="chat.postEphemeral",
        )
        for word in ("used_url", "expired_url")
    ),
    SlackFault("429-for-good", _all({**_LONG, "times": FOR_GOOD}, "response_url"), "told", by="chat.postEphemeral"),
    SlackFault("503-for-good", _all({**_503, "times": FOR_GOOD}, "response_url"), "told", by="chat.postEphemeral"),
    SlackFault("503", _all(_503, "response_url"), "told"),
    SlackFault("429-for-1-s", _all(_SHORT, "response_url"), "told", waits=1),
    SlackFault("cut", _all(_CUT, "response_url"), "told"),
    SlackFault("blocks", _all({"error": "invalid_blocks", "status": 400}, "response_url"), "told"),
    SlackFault("nothing", _all({**_503, "times": FOR_GOOD}, *_WAYS), "lost"),
)
"""COC has failed, and Slack does not take the card that says so, or not at first."""

NOTES = (
    SlackFault("taken", (), "content"),
    SlackFault("used_url-once", _all({"error": "used_url", "status": 404}, "response_url"), "content"),
    SlackFault("cut-once", _all(_CUT, "response_url"), "content"),
    SlackFault("503-twice", _all({**_503, "times": 2}, "response_url"), "content"),
    SlackFault("late", _all({"error": "fatal_error", "delay": SLACK_S + LATER_S}, "response_url"), "content"),
    SlackFault("slow", _all({"delay": SLACK_S / 2}, "response_url"), "content"),
    SlackFault("refused-everywhere", _all({"error": "fatal_error"}, *_WAYS), "content"),
)
"""What befalls the note that COC is being waited for."""


def break_slack(bench: Bench, fault: SlackFault) -> None:
    """Let Slack fail so from now on."""
    for method, refusal in fault.refusals:
        bench.box.slack.refuse(method, **refusal)


BARE_TASK: Json = {
    "id": NIGHTLY,
    **dict.fromkeys(("name", "trigger_time", "target_instances", "input_param", "approve_status", "risk_level")),
}
"""A task of which COC says nothing but its id."""
