"""Nothing that comes from outside leaves the bot with a secret in it, whatever field it is in, by whatever way."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import httpx
import pytest
import structlog

from bot import cli, errors, redact
from bot.cards.problem import problem_of
from bot.coc.answers import Answer, parse_task
from bot.operations import logs
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted
from bot.slack.errors import post_refusal
from bot.slack.guarded_lookup import log_coc_error
from bot.slack.interaction import Interaction
from bot.slack.runner import _audit_entry
from bot.task.snapshot import Missing, Stale
from tests.cards.snapshots import REDACTOR, TASK_ID, snapshot, wire
from tests.cards.snapshots import text as untrusted
from tests.operations.sanitizing import SANITIZER
from tests.sinks.planted import SECRETS, bare_fields, everywhere, failed, sinks, variants

PLANTED = [pytest.param(text, part, id=part) for text, part in SECRETS.items()]


def leaks(found: Iterator[tuple[str, str]], part: str, why: str = "") -> list[str]:
    """The sinks in which a part of the secret stands, in any case."""
    return [f"{why} → {name}" if why else name for name, text in found if part in text.lower()]


@pytest.mark.parametrize(("text", "part"), PLANTED)
def test_every_field_is_planted(text: str, part: str) -> None:
    """A field that is added to a model or to a decoded part is planted too, or this names it."""
    assert part in text.lower()
    assert bare_fields(everywhere(text), text) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("text", "part"), PLANTED)
def test_no_sink_shows_a_secret_of_any_field(text: str, part: str) -> None:
    """Cards, windows, files, terminal, JSON, values of buttons: the secret in one field at a time, and in all."""
    found = [leak for field, one in variants(text) for leak in leaks(sinks(one, text), part, field)]
    assert found == []


def _bodies(text: str) -> Iterator[tuple[int, Any]]:
    for code, message in (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message")):
        for status in (200, 400, 401, 403, 404, 429, 500, 503):
            yield status, {code: "APIGW.0301", message: text, "request_id": text}
        yield 400, {code: text, message: "so it is", "requestId": text}
        yield 400, {code: text}
    for status in (403, 500):
        yield status, {"error": {"code": text, "message": text, "title": text}}
        yield status, {"error": {"title": text}}
        yield status, {"error": text}
    yield 200, {"id": text}
    yield 200, {text: text}
    yield 502, text
    yield 302, text


def refusals(text: str) -> Iterator[errors.CocError]:
    """What COC can refuse a request with, with the text in every place."""
    for status, body in _bodies(text):
        for header in ("X-Request-Id", "X-IAM-Trace-Id", "Retry-After", "Location"):
            raw = body if isinstance(body, str) else json.dumps(body)
            headers = httpx.Headers([(header.encode(), text.replace("\n", " ").encode())])
            with pytest.raises(errors.CocError) as raised:
                parse_task(Answer(status, headers, raw.encode(), "coc:schedule:get", 0.0), TASK_ID)
            yield raised.value


@pytest.mark.slow
@pytest.mark.parametrize(("text", "part"), PLANTED)
def test_no_sink_shows_a_secret_of_an_error(text: str, part: str) -> None:
    """Envelopes of every shape, codes, messages, request ids and headers."""
    kinds = {(error.describe(), error.request_id): error for error in refusals(text)}
    assert len(kinds) > 20
    found = []
    for error in kinds.values():
        found += leaks(failed(error), part, repr(error))
    some = {type(error): error for error in kinds.values()}
    for error in some.values():
        without = replace(snapshot(wire("S2")), summary=Missing.because(error), runs=Missing.because(error))
        old = replace(snapshot(wire("S2")), stale=Stale(error, 185.0, "K7QF-2M"), request_id=error.request_id)
        found += leaks(sinks(without, "web-07"), part, repr(error)) + leaks(sinks(old, "web-07"), part, repr(error))
    assert found == []


@pytest.fixture
def logging_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging and structlog are as before afterwards."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def _configure(style: Literal["json", "console"]) -> None:
    logs.configure(style, "debug", SANITIZER)
    # Otherwise the modules' own loggers would keep this test's processors, and later tests could not capture them.
    structlog.configure(cache_logger_on_first_use=False)


def _written(capfd: pytest.CaptureFixture[str]) -> str:
    """All that has been logged. pytest loses what is written while it reads, so the log's thread must be done."""
    while any(handler.writer.waiting for handler in logs._handlers()):
        time.sleep(0.01)
    return capfd.readouterr().err


def _log_everything(text: str) -> None:
    log = structlog.get_logger("bot.x")
    with structlog.contextvars.bound_contextvars(reference="K7QF-2M", task_id=TASK_ID):
        for error in refusals(text):
            log_coc_error(error)
        body = {"ok": False, "error": text, "response_metadata": {"messages": [text, f"[ERROR] {text}"]}}
        for status in (200, 400, 429, 500):
            refused = post_refusal(status, json.dumps(body), {"Retry-After": text.replace("\n", " ")})
            log.warning("reply_refused", error=str(refused), needed=text)
        log.info("oops", value=text, nested={"deep": [text], text: 1}, them={text}, raw=text.encode())
        log.info("oops", why=OSError(text))
        try:
            try:
                raise errors.Unreachable(text, message=text)
            except errors.CocError as error:
                raise ExceptionGroup(text, [ValueError(text), OSError(text)]) from error
        except ExceptionGroup as error:
            error.add_note(text)
            log.error("unexpected", exc_info=error)
            logging.getLogger("some.library").exception("calling with %r: %s", {"k": text}, text)
    logging.getLogger("some.library").warning(text)
    structlog.get_logger("bot.y").debug(text)


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize(("text", "part"), PLANTED)
@pytest.mark.usefixtures("logging_as_before")
def test_no_line_of_the_log_shows_a_secret(
    capfd: pytest.CaptureFixture[str], text: str, part: str, style: Literal["json", "console"]
) -> None:
    """Events, bound values, nested ones, exceptions with causes, groups and notes, libraries' records; all levels."""
    _configure(style)
    _log_everything(text)
    written = _written(capfd)
    assert part not in written.lower()
    assert written.count("[hidden]") > 100
    if style == "json":
        lines = [json.loads(line) for line in written.splitlines()]
        assert {line["reference"] for line in lines if "task_id" in line} == {"K7QF-2M"}
        traces = [line["exception"] for line in lines if "exception" in line]
        assert len(traces) == 2
        assert all("_log_everything" in trace and "Unreachable" in trace for trace in traces)


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.usefixtures("logging_as_before")
def test_nobody_writes_a_line_of_the_log_from_outside(
    capfd: pytest.CaptureFixture[str], style: Literal["json", "console"]
) -> None:
    """A line break in a value, an event or an exception begins no new line, and nothing styles the terminal."""
    forged = "x\n2026-01-01T00:00:00Z [error] forged event=forged\r\u2028\x1b[31m\u202e" + "y" * 10_000
    _configure(style)
    structlog.get_logger("bot.x").info("one", value=forged, nested=[{"k": forged}])
    structlog.get_logger("bot.x").error("two", exc_info=ValueError(forged))
    logging.getLogger("some.library").warning("three %s", forged)
    written = _written(capfd)
    assert not [line for line in written.splitlines() if line.startswith("2026-01-01")]
    assert not set("\r\u2028\u202e") & set(written)
    assert "\x1b[31m\u202e" not in written
    assert len(written) < 4 * 3_000
    assert "…" in written


def test_what_is_needed_to_find_an_interaction_stays_in_the_log() -> None:
    """References, ids of requests, tasks and people, words of ours, numbers and addresses come out as they are."""
    event = {
        "event": "coc_failed",
        "reference": "K7QF-2M",
        "request_id": "5f0c9a3e7b1d4c2a8e6f1a2b3c4d5e6f",
        "task_id": TASK_ID,
        "user": "U01ABCDEF23",
        "channel": "C01ABCDEF23",
        "error": "TokenExpired, HTTP 401: APIGW.0307: The token must be updated.",
        "why": "CredentialsUnavailable, no credential source answered within 10 s",
        "credentials": "environment, global, access key AKEX…, expires 2026-05-10 10:00:00 UTC",
        "endpoint": "https://coc.myhuaweicloud.com",
        "status": 401,
        "seconds_left": 1.5,
        "tasks": ["command K7QF-2M"],
        "absent": None,
    }
    assert SANITIZER.event(None, "info", dict(event)) == event


@pytest.mark.parametrize(("text", "part"), PLANTED)
def test_the_audit_holds_ids_only(text: str, part: str) -> None:
    """Whatever Slack and COC send in the place of ids; a sound entry is written as it is. ``test_process`` has the
    file of a running bot."""
    sent = {"user_id": text, "channel_id": text, "team_id": text, "command": text, "response_url": text}
    interaction = Interaction.of_command(sent)
    interaction.task_id = TASK_ID
    interaction.cloud_requests.extend(filter(None, (error.request_id for error in refusals(text))))
    interaction.cloud_requests.append("x" * 10_000)
    entries = [_audit_entry(interaction, outcome, 0.4) for outcome in ("card", f"slack: {text}", text)]
    sound = {"reference": "K7QF-2M", "did": "command", "outcome": "slack: channel_not_found, not told", "ms": 412}
    sound |= {"user": "U0ONCALL", "channel": "C0SHIFT", "cloud_requests": ["5f0c9a3e7b1d4c2a8e6f1a2b3c4d5e6f"]}
    lines = [json.dumps(SANITIZER.entry(entry)) for entry in entries]
    assert part not in "\n".join(lines).lower()
    assert max(map(len, lines)) < 4_000
    assert SANITIZER.entry(sound) == sound


HARMLESS = (
    "web-07.prod.example.com",
    "ecs-payment-gateway-0042",
    "10.0.0.1",
    "2001:db8::8a2e:370:7334",
    "cn-north-4a",
    "11111111-0000-4000-8000-000000000001",
    "i-0123456789abcdef0",
    "ServiceAgencyForCOC",
    "nightly-logrotate",
    "每日日志轮转",
    "Anna Müller-Lüdenscheidt",
    "ops.alice@example.com",
    "SCT2605090930000000000000117",
    "ST2601050930000000000002B2",
    "0 0/5 14,18 ? * 2-6",
    "17:30:00",
    "Asia/Shanghai",
    "1 of 2 instances failed: web-02: agent offline",
    "The IAM user is not authorized to access the API.",
    "APIGW.0301",
    "rotate-db-password",
    "ok, but not during the freeze",
    "START_EXECUTION,EXECUTION_FAILED",
    "AZ1.dc1",
    "2.1.0-rc.1",
)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_passes_every_way_out_unchanged(text: str) -> None:
    """Names, ids, addresses, expressions and messages as clouds have them."""
    assert untrusted(text).shown() == text
    assert SANITIZER.event(None, "info", {"error": text, "nested": {"of": [text]}}) == {
        "error": text,
        "nested": {"of": [text]},
    }
    if REDACTOR.is_secret_name(text):
        return  # as the key of something it would rightly hide it
    for part, found in sinks(everywhere(text), text):
        assert redact.HIDDEN not in found, part


def test_ids_of_32_digits_stay_where_a_field_says_what_they_are() -> None:
    """Requests, resources, projects and people have such ids; anywhere else they may be keys."""
    text = "5f0c9a3e7b1d4c2a8e6f1a2b3c4d5e6f"
    detail = put_ids(text)
    runs = [{"created_by": text, "execution_id": text, "status": "FINISHED"}]
    found = replace(snapshot(detail, summary={"created_by": "other"}, runs=runs), request_id=text)
    for name, said in sinks(found, "web-07"):
        if name in {"targets window", "runs window", "csv", "json", "show --json"}:
            assert text in said or "No machine" in said, name
        # The structure redactor goes by the wire's own names, and does not know whose id created_by is.
        assert redact.HIDDEN not in said.replace('"created_by": "[hidden]"', ""), name


def put_ids(text: str) -> dict[str, Any]:
    """A task whose machine and project have such an id."""
    plan = {"batches": [{"targetInstances": [{"resourceId": text, "properties": {"hostName": "web-07"}}]}]}
    step = {"target_selection": "MANUAL", "target_instances": json.dumps(plan)}
    given = {"project_id": text}
    return {
        **wire("S2"),
        "enterprise_project_id": text,
        "target_instances": json.dumps([step]),
        "input_param": json.dumps(given),
    }


def test_our_own_words_about_errors_stay_as_they_are() -> None:
    """Some speak of keys and credentials, and pass the same way out."""
    others = (errors.CredentialsUnavailable("no key"), errors.TimedOut("read"), ValueError())
    for error in (*refusals("so it is"), *others):
        problem = problem_of(error, REDACTOR, TASK_ID)
        for words in (problem.plain(), problem.title, problem.advice, str(error)):
            assert untrusted(words).shown() == words


def test_the_operators_words_count_at_once() -> None:
    """And only for the redactor that was made with them."""
    text = "sesame=Open-1234567"
    assert Untrusted(text, Redactor()).shown() == text
    assert Untrusted(text, Redactor(hide=["sesame"])).shown() == "sesame=[hidden]"
    assert Untrusted(text, Redactor()).shown() == text


def test_a_crash_says_nothing_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    """The traceback on standard error has the calls and the kinds of the exceptions, and their words redacted."""

    text = next(iter(SECRETS))

    def crash() -> None:
        try:
            raise OSError(text)
        except OSError as error:
            raise RuntimeError(f"it said {text}") from error

    with pytest.raises(SystemExit) as stopped:
        cli.invoke(crash)
    said = capsys.readouterr().err
    assert stopped.value.code == 1
    assert "Tr0ub4dor" not in said
    assert "RuntimeError: it said password=[hidden]" in said
    assert said.index("OSError: password=[hidden]") < said.index("RuntimeError:")
    assert "in crash" in said


@pytest.mark.parametrize(
    "name", ["rotate-db-password", "rotate-certificates", "error-401token", "secret", "每周轮换密码", "Token cleanup"]
)
def test_a_harmless_text_that_speaks_of_secrets_hides_nothing_around_it(name: str) -> None:
    """Our own words, behind a colon or a blank, are not taken for the password that a name seems to announce."""
    detail = {
        **wire("S2"),
        "name": name,
        "associated_task_name": name,
        "created_user_name": name,
        "input_param": None,
    }
    people = {"reviewer_user_name": name, "approve_status": "PENDING"}
    for found in (snapshot(detail), snapshot({**detail, **people})):
        for sink, said in sinks(found, name):
            assert redact.HIDDEN not in said, sink
