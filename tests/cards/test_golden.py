"""The golden files: every card and view as the people on call see them. Read them as the product they are.

``UPDATE_GOLDEN=1 pytest tests/cards/test_golden.py`` writes them anew; review the difference.
"""

import inspect
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import errors
from bot.cards.block_kit import Message
from bot.cards.guide import guide
from bot.cards.host import MOST_ASKED, host_card
from bot.cards.parameters import parameters_view
from bot.cards.problem import problem_card, problem_of
from bot.cards.runs import runs_view
from bot.cards.take_along import names_view
from bot.cards.targets import TARGETS, targets_view
from bot.cards.task import not_refreshed, task_card
from bot.task.changes import decode_state
from bot.task.search import find_hosts
from bot.task.snapshot import Missing, Snapshot, Stale
from bot.task.target_query import TargetQuery
from tests.cards.judges import judge_message, judge_view, pages_of
from tests.cards.snapshots import (
    ADA,
    AS_OF,
    REDACTOR,
    SAMPLES,
    TASK_ID,
    Json,
    machine,
    snapshot,
    step,
    text,
    wire,
    with_steps,
)

GOLDEN = Path(__file__).parent.parent / "golden"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
REFERENCE = "K7QF2M"
MINUTE = 60_000

NO_LIST = Missing("no permission", permission="coc:schedule:list")
NO_HISTORY = Missing("no permission", permission="coc:schedule:getHistories")


def _run(started_ms: int, seconds: int | None = 61, status: str = "FINISHED", message: str | None = None) -> Json:
    ended = None if seconds is None else started_ms + seconds * 1000
    return {"status": status, "started_time": started_ms, "finished_time": ended, "execution_msg": message}


def _listed(last: Json | None, count: int, *, enabled: bool = True) -> Json:
    started, status = (last["started_time"], last["status"]) if last else (None, None)
    return {
        "enabled": enabled,
        "last_execution_time": started,
        "last_execution_status": status,
        "execution_count": count,
    }


def _samples() -> dict[str, Snapshot]:
    """Each sample under circumstances of its own: all known, no permission, timed out, failed, not listed."""
    once = _run(1767576600000 + 2_000, 12)
    nightly = _run(1778405400000 + 1_000, 61)
    example = json.loads((SAMPLES.parent / "sandbox" / "document_example.json").read_text("utf-8"))
    return {
        "S1": snapshot(wire("S1"), summary=_listed(once, 1), runs=[once], task_id=wire("S1")["id"]),
        "S2": snapshot(wire("S2"), summary=_listed(nightly, 118), runs=[nightly]),
        "S3": snapshot(wire("S3"), summary=NO_LIST, runs=NO_HISTORY, task_id=wire("S3")["id"]),
        "S4": snapshot(
            wire("S4"), summary=Missing("timed out"), runs=[_run(1777575600000, 4)], task_id=wire("S4")["id"]
        ),
        "S5": snapshot(wire("S5"), summary=_listed(None, 0), runs=[], task_id=wire("S5")["id"]),
        "S6": snapshot(wire("S6"), summary=_listed(None, 0), runs=Missing("failed"), task_id=wire("S6")["id"]),
        "S7": snapshot(
            wire("S7"), summary=Missing("not listed"), runs=Missing("timed out"), task_id=wire("S7")["id"]
        ),
        # The document masks the id; nobody could ask for it under that.
        "document": snapshot(
            example,
            summary=_listed(_run(1746866130000), 1),
            runs=Missing("failed"),
            task_id="ST2601050930000000000008H8",
        ),
    }


def _situations() -> dict[str, Snapshot]:
    """Sample S2 as it may stand at other moments of its life."""
    nightly = _run(1778405400000, 61)
    failed = _run(1778405400000, 61, "ABNORMAL", "1 of 2 instances failed: web-02: agent offline")
    running = _run(1778441100000, None, "PROCESSING")
    paused = _run(1778405400000, None, "PAUSED")
    canceled = _run(1778405400000, 20, "CANCELED")
    odd = _run(1778405400000, None, "Suspended")
    pending = {**wire("S2"), "approve_status": "PENDING", "approve_comments": None}
    changes = {"time_zone": "Europe/Berlin", "policy": "CRON", "cron": "0 30 2 ? 3,10 1L"}
    unix = {"time_zone": "Asia/Shanghai", "policy": "CRON", "cron": "30 2 * * 1-5"}
    nowhere = {**wire("S2")["trigger_time"], "time_zone": "Mars/Olympus_Mons"}
    once = {"policy": "ONCE", "single_scheduled_time": 1778405400000, "time_zone": "Asia/Shanghai"}
    return {
        "clock-changes": snapshot(
            {**wire("S2"), "trigger_time": changes}, as_of=AS_OF.replace(year=2025, month=11), runs=[nightly]
        ),
        "invalid-cron": snapshot({**wire("S2"), "trigger_time": unix}, runs=[nightly]),
        "unknown-zone": snapshot({**wire("S2"), "trigger_time": nowhere}, runs=[nightly]),
        "once-missed": snapshot({**wire("S2"), "trigger_time": once}, runs=[]),
        "once-unseen": snapshot({**wire("S2"), "trigger_time": once}, summary=NO_LIST, runs=NO_HISTORY),
        "detail-only": snapshot(wire("S2"), summary=NO_LIST, runs=NO_HISTORY),
        "disabled": snapshot(wire("S2"), summary=_listed(nightly, 118, enabled=False), runs=[nightly]),
        "ended": snapshot(wire("S2"), summary=_listed(nightly, 118), runs=[nightly], as_of=AS_OF.replace(year=2027)),
        "failed": snapshot(wire("S2"), summary=_listed(failed, 119), runs=[failed]),
        "failed-pending": snapshot(pending, summary=_listed(failed, 119), runs=[failed]),
        "paused": snapshot(wire("S2"), summary=_listed(paused, 119), runs=[paused]),
        "canceled": snapshot(wire("S2"), summary=_listed(canceled, 119), runs=[canceled]),
        "odd-status": snapshot(wire("S2"), summary=_listed(odd, 119), runs=[odd]),
        "contradiction": snapshot(
            wire("S2"), summary=_listed(running, 119), runs=[{**running, "status": "FINISHED"}]
        ),
        "last-run-unseen": snapshot(wire("S2"), summary={"enabled": True}, runs=Missing("timed out")),
        "pending": snapshot(pending, summary=_listed(None, 0), runs=[]),
        "running": snapshot(wire("S2"), summary=_listed(running, 119), runs=[running]),
        "reused": replace(snapshot(wire("S2"), summary=_listed(nightly, 118), runs=[nightly]), reused_s=1.23),
        "stale": _old(),
    }


def _old() -> Snapshot:
    """Sample S2 as it was three minutes before COC stopped answering."""
    nightly = _run(1778405400000, 61)
    error = errors.TimedOut("total deadline", request_id="9f2c41d07be84f0e")
    found = snapshot(wire("S2"), summary=_listed(nightly, 118), runs=[nightly])
    return replace(found, stale=Stale(error, 185.0, REFERENCE))


def _histories() -> dict[str, Snapshot]:
    """Sample S2's runs: of every status that is known and one that is not, none at all, and each reason for none."""
    nightly, day = 1778405400000, 86_400_000
    runs = [
        {**_run(nightly + 32 * MINUTE, None, "PROCESSING"), "created_by": "05c1"},
        {
            **_run(nightly - day, 150, "ABNORMAL", "1 of 2 instances failed: web-02: agent offline"),
            "created_by": "9e7d",
            "execution_id": "SCT2605090930000000000000117",
        },
        *({**_run(nightly - n * day, 140 + n), "created_by": "05c1"} for n in range(2, 5)),
        _run(nightly - 5 * day, 4, "CANCELED"),
        _run(nightly - 6 * day, 4000, "PAUSED"),
        _run(nightly - 7 * day, 5, "ROLLED_BACK"),
        _run(nightly - 8 * day, -5),
        {"status": "FINISHED", "started_time": nightly - 9 * day},
        {},
    ]
    listed = {**_listed(runs[1], 117), "created_by": "05c1"}
    return {
        "all": snapshot(wire("S2"), summary=listed, runs=runs),
        "none": snapshot(wire("S2"), summary=_listed(None, 0), runs=[]),
        "forbidden": snapshot(wire("S2"), summary=listed, runs=NO_HISTORY),
        "forbidden-both": snapshot(wire("S2"), summary=NO_LIST, runs=NO_HISTORY),
        "timed-out": snapshot(wire("S2"), summary=listed, runs=Missing("timed out")),
        "failed": snapshot(wire("S2"), summary=listed, runs=Missing("failed", request_id="5f0c9a3e")),
    }


def _given() -> dict[str, Snapshot]:
    """Parameters of a script with secrets and long values, of a job, unreadable ones, and none."""
    source = "#!/bin/sh\nset -eu\n" + "".join(
        f"if [ -d /data/{n} ]; then\n    du -s /data/{n}\nfi\n" for n in range(20)
    )
    pem = "-----BEGIN PRIVATE KEY-----\nc2FuZGJveA==\n-----END PRIVATE KEY-----"
    store = {"refer_type": "PARAM_STORE", "param_id": "db-entry", "param_version": "v3"}
    values: list[Json] = [
        {"paramName": "password", "paramValue": "hunter2"},
        {"paramName": "options", "paramValue": "--host db-1 --password=hunter2 -v"},
        {"paramName": "identity", "paramValue": f"used by ops\n{pem}\nuntil May"},
        {"paramName": "login", "paramValue": '{"user": "app", "password": "hunter2", "hosts": ["db-1", "db-2"]}'},
        {"paramName": "from_store", "paramValue": "", "paramRefer": store},
        {"paramName": "script", "paramValue": source},
        {"paramName": "说明", "paramValue": "只清理网关日志，不要动数据库。" * 60},
        {"paramName": "comment", "paramValue": ""},
    ]
    rows = [{**value, "paramOrder": place} for place, value in enumerate(values, start=1)]
    settings = {"timeout": "60", "execute_user": "root", "success_rate": "90.5"}
    broken = {**settings, "script_params": '[{"paramName":"days","paramValue":"7"},{"paramNa'}
    hosts = [{"name": f"web-{n:02d}", "region_id": "cn-north-4"} for n in range(1, 43)]
    return {
        "secrets": snapshot(
            {**wire("S2"), "input_param": json.dumps({**settings, "script_params": json.dumps(rows)})}
        ),
        "broken": snapshot({**wire("S2"), "input_param": json.dumps(broken)}),
        "long-list": snapshot(
            {**wire("S5"), "input_param": json.dumps({"hosts": hosts, "rounds": 2, "quick": True})}
        ),
        "none": snapshot(wire("S6")),
        "script": snapshot(wire("S2")),
        "job": snapshot(wire("S4")),
    }


def _fleet() -> Snapshot:
    """Ninety machines in two batches: three pages."""
    machines = [
        machine(f"web-{n:02d}", n, agentStatus={17: "OFFLINE", 60: "FAILED", 61: None}.get(n, "ONLINE"))
        for n in range(1, 91)
    ]
    return snapshot(with_steps(step(machines[:50], machines[50:])))


def _cards() -> Iterator[tuple[str, Message]]:
    for name, found in {**_samples(), **_situations()}.items():
        yield f"card-{name}", task_card(found, requested_by=ADA)
    posted = _samples()["S2"]
    value = str(task_card(posted).blocks[-1]["elements"][0]["value"])
    before = decode_state(value)
    later = AS_OF + timedelta(minutes=28)
    rejected = {**wire("S2"), "approve_status": "REJECTED", "approve_comments": "not during the freeze"}
    other = {**wire("S2"), "approve_comments": "ok, but not during the freeze"}
    runs, summary = [_run(1778405400000 + 1_000, 61)], _listed(_run(1778405400000 + 1_000, 61), 118)
    yield (
        "refreshed-changed",
        task_card(
            snapshot(rejected, summary={**summary, "enabled": False}, runs=runs, as_of=later),
            requested_by=ADA,
            before=before,
        ),
    )
    for name, detail, when in (
        ("unchanged", wire("S2"), later),
        ("unchanged-since-days", wire("S2"), AS_OF + timedelta(days=2)),
        ("changed-in-detail", other, later),
    ):
        found = snapshot(detail, summary=summary, runs=runs, as_of=when)
        yield f"refreshed-{name}", task_card(found, requested_by=ADA, before=before)
    card = task_card(posted, requested_by=ADA)
    reason = problem_of(errors.TimedOut("read: 5 s"), REDACTOR).title
    yield "not-refreshed", Message(card.text, tuple(not_refreshed(list(card.blocks), reason, later, ADA)))
    for private in (False, True):
        kind = "private" if private else "public"
        yield f"guide-{kind}", guide("/schedtask", None, private_by_default=private)
        wrong = "“ST26010509” has 10 characters; a task id has 26."
        yield f"guide-{kind}-wrong", guide("/schedtask", text(wrong), private_by_default=private)
    for name, found, hosts in _hosts():
        answers, left = find_hosts(found.targets, hosts, MOST_ASKED, REDACTOR)
        yield f"host-{name}", host_card(found, answers, left=left, ask=f"/schedtask {TASK_ID} host", requested_by=ADA)
    for error in _errors():
        found_problem = problem_of(error, REDACTOR, TASK_ID)
        yield (
            f"problem-{type(error).__name__}",
            problem_card(found_problem, task_id=TASK_ID, reference=REFERENCE),
        )


def _hosts() -> Iterator[tuple[str, Snapshot, tuple[str, ...]]]:
    nightly = snapshot(wire("S2"))
    yield "yes", nightly, ("web-01",)
    yield "many", _fleet(), ("web-*",)
    yield "no", nightly, ("db-77",)
    yield "near", nightly, ("web_1",)
    yield "unreadable", nightly, ("web-[01,02]",)
    yield "several", _fleet(), ("web-17", "web_60", "db-77", "10.0.0.0/24", "web-0*", "10.0.0.9")
    yield "too-many", _fleet(), tuple(f"web-{n:02d}" for n in range(1, 31))
    yield "chosen-when-it-runs", snapshot(wire("S3")), ("web-01",)
    yield "several-chosen-when-it-runs", snapshot(wire("S3")), ("web-01", "web-02")
    yield "needs-none", snapshot(wire("S4")), ("web-01",)
    nameless = machine("", 2, properties={"hostName": "****", "fixedIp": "10.0.0.2"})
    yield "nameless", snapshot(with_steps(step([machine("web-01"), nameless]))), ("db-77",)


def _errors() -> Iterator[Exception]:
    """One of every class, as the service brings it about."""
    words: dict[type[errors.CocError], tuple[int | None, str | None, str | None]] = {
        errors.TaskNotFound: (400, "COC.00014102", "The scheduled task does not exist."),
        errors.ForeignTask: (400, "COC.00014121", "The task does not belong to the current account."),
        errors.InvalidRequest: (400, "COC.00014002", "Invalid parameter."),
        errors.Unauthenticated: (
            401,
            "APIGW.0301",
            "Incorrect IAM authentication information: verify aksk signature fail",
        ),
        errors.TokenExpired: (401, "APIGW.0307", "The token must be updated."),
        errors.Forbidden: (403, "APIGW.0302", "Policy doesn't allow coc:schedule:get to be performed."),
        errors.WrongEndpoint: (
            404,
            "APIGW.0101",
            "The API does not exist or has not been published in the environment",
        ),
        errors.Throttled: (429, "APIGW.0308", "The throttling threshold has been reached"),
        errors.ServiceFailure: (503, "APIGW.0201", "Backend unavailable"),
        errors.ErrorEnvelope: (200, "COC.00099999", "Something went wrong."),
    }
    for kind in _classes():
        status, code, message = words.get(kind, (None, None, None))
        said = {"status": status, "code": code, "message": message, "request_id": code and "9f2c41d07be84f0e"}
        if issubclass(kind, errors.Forbidden):
            yield kind(permission="coc:schedule:get", **said)  # type: ignore[arg-type]
        elif issubclass(kind, errors.Throttled):
            yield kind(retry_after=7.0, **said)  # type: ignore[arg-type]
        else:
            yield kind(**said)  # type: ignore[arg-type]
    yield RuntimeError("hunter2")


def _classes() -> list[type[errors.CocError]]:
    found = inspect.getmembers(errors, inspect.isclass)
    return [kind for _, kind in found if issubclass(kind, errors.CocError)]


def _views() -> Iterator[tuple[str, Json]]:
    yield "view-loading", TARGETS.loading(TASK_ID)
    problem = problem_of(errors.TimedOut("read: 5 s"), REDACTOR, TASK_ID)
    yield "view-problem", TARGETS.problem(problem, task_id=TASK_ID, reference=REFERENCE)
    for name, found in _samples().items():
        yield f"targets-{name}", targets_view(found)
    for name, found in _histories().items():
        yield f"runs-{name}", runs_view(found, reference=REFERENCE)
    for name, found in _given().items():
        yield f"parameters-{name}", parameters_view(found)
    for number, page in enumerate(pages_of(_fleet()), start=1):
        yield f"targets-fleet-{number}", page
    queries = {
        "filtered": TargetQuery(TASK_ID, state="OFFLINE", part="1/1"),
        "found": TargetQuery(TASK_ID, text="web-7", channel="C1", thread="1778441400.000100"),
        "nothing-found": TargetQuery(TASK_ID, text="db-*", state="ONLINE"),
    }
    for name, query in queries.items():
        yield f"targets-{name}", targets_view(_fleet(), query)
    yield "targets-sent", targets_view(_fleet(), note=":white_check_mark:  Sent `web.csv` to your direct messages.")
    yield "targets-stale", targets_view(_old())
    yield "names-stale", names_view(_old(), TargetQuery(TASK_ID), TASK_ID)
    yield "runs-stale", runs_view(_old(), reference=REFERENCE)
    yield "parameters-stale", parameters_view(_old())
    yield "names-all", names_view(_fleet(), TargetQuery(TASK_ID), TASK_ID)
    yield "names-filtered", names_view(_fleet(), queries["found"], TASK_ID)


MESSAGES = dict(_cards())
VIEWS = dict(_views())
PAYLOADS: dict[str, Json] = {**{name: found.payload() for name, found in MESSAGES.items()}, **VIEWS}


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_it_is_what_the_golden_file_shows(name: str) -> None:
    """A card or view is, to the letter, the one that was reviewed."""
    path = GOLDEN / f"{name}.json"
    text = json.dumps(PAYLOADS[name], ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if UPDATE:
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_no_golden_file_is_without_a_case() -> None:
    """What no case writes any more is not kept as if it were still the product."""
    assert {path.stem for path in GOLDEN.iterdir()} == set(PAYLOADS)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_slack_takes_the_message(name: str) -> None:
    """Every reviewed card is a message by Slack's rules, in public and only to one person."""
    judge_message(MESSAGES[name])


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_slack_takes_the_view(name: str) -> None:
    """Every reviewed modal is a view by Slack's rules."""
    judge_view(VIEWS[name])


def test_every_error_of_the_tree_has_its_own_card() -> None:
    """A new error class cannot go without a reviewed card."""
    assert errors.CocError in _classes()
    assert {f"problem-{kind.__name__}" for kind in _classes()} <= set(MESSAGES)
