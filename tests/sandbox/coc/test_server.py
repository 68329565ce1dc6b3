"""The local COC over real sockets: signatures, permissions, pages, faults, and a clean stop."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from huaweicloudsdkcoc.v1 import (
    CocClient,
    ListScheduledTaskHistoryRequest,
    ListScheduledTaskRequest,
    ShowScheduledTaskRequest,
)
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from yarl import URL

from bot.sandbox.coc.samples.errors import error_id, error_tasks
from bot.sandbox.coc.samples.everyday import NIGHTLY, ONE_OFF
from bot.sandbox.coc.samples.parts import ENTERPRISE_PROJECT
from bot.sandbox.coc.server import LocalCoc, RecordedRequest

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC).timestamp()
DETAIL = f"/v1/schedule/task/{NIGHTLY}"
HISTORY = "/v1/schedule/task/history"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class Caller:
    """Signs with the vendor's signer, calls with aiohttp, and follows no redirects."""

    def __init__(self, coc: LocalCoc, clock: Clock, session: aiohttp.ClientSession) -> None:
        self.coc, self.clock, self.session = coc, clock, session

    def signed(self, path: str, **query: str) -> tuple[str, dict[str, str]]:
        """Path with query, and headers, as signed for this sandbox."""
        request = SdkRequest(
            schema="http",
            host=urlsplit(self.coc.url).netloc,
            resource_path=path,
            query_params=list(query.items()),
            header_params={
                "Content-Type": "application/json",
                "X-Sdk-Date": datetime.fromtimestamp(self.clock(), UTC).strftime("%Y%m%dT%H%M%SZ"),
            },
        )
        Signer(BasicCredentials(self.coc.access_key, self.coc.secret_key)).sign(request)
        return request.uri, request.header_params

    async def send(self, target: str, headers: dict[str, str], method: str = "GET") -> tuple[int, bytes, Any]:
        """Status, body and headers of the answer."""
        url = URL(self.coc.url + target, encoded=True)
        async with self.session.request(method, url, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read(), answer.headers

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        """Status and decoded body of the answer to a correctly signed request."""
        status, body, _ = await self.send(*self.signed(path, **query))
        return status, json.loads(body)


@pytest_asyncio.fixture
async def caller() -> AsyncIterator[Caller]:
    clock = Clock()
    timeout = aiohttp.ClientTimeout(total=5)
    async with LocalCoc(clock=clock) as coc, aiohttp.ClientSession(timeout=timeout) as session:
        yield Caller(coc, clock, session)


def vendor_client(coc: LocalCoc, credentials: Any) -> Any:
    """The vendor's COC client, with the local COC as its endpoint."""
    config = HttpConfig(ignore_ssl_verification=True, timeout=(2, 5))
    builder = CocClient.new_builder().with_http_config(config).with_credentials(credentials)
    return builder.with_endpoint(coc.url).build()


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("kind", ["global", "basic"])
async def test_vendors_client_reads_the_same_task(kind: str) -> None:
    """huaweicloudsdkcoc reads detail, list row and history, with global and with basic credentials."""
    async with LocalCoc() as coc:
        keys = (coc.access_key, coc.secret_key)
        credentials = GlobalCredentials(*keys, "d" * 32) if kind == "global" else BasicCredentials(*keys, "p" * 32)
        client = vendor_client(coc, credentials)
        try:
            shown = await asyncio.to_thread(client.show_scheduled_task, ShowScheduledTaskRequest(NIGHTLY))
            listed = await asyncio.to_thread(
                client.list_scheduled_task, ListScheduledTaskRequest(ENTERPRISE_PROJECT, task_id=NIGHTLY)
            )
            past = await asyncio.to_thread(
                client.list_scheduled_task_history, ListScheduledTaskHistoryRequest(NIGHTLY, limit=5)
            )
        finally:
            client.close()
        sample = coc.tasks[NIGHTLY]
        wire = {name: value for name, value in shown.to_json_object().items() if value is not None}
        assert isinstance(sample.detail, dict)
        assert wire["target_instances"] == sample.detail["target_instances"]
        assert {name: wire[name] for name in ("id", "name", "risk_level", "approve_status")} == {
            "id": NIGHTLY,
            "name": "nightly-logrotate",
            "risk_level": "HIGH",
            "approve_status": "PASSED",
        }
        assert listed.count == 1
        assert listed.scheduled_tasks[0].enabled is True
        assert listed.scheduled_tasks[0].execution_count == past.count == 118
        assert [row.execution_id for row in past.scheduled_task_history_list] == [
            row["execution_id"] for row in sample.runs[:5]
        ]
        assert [seen.status for seen in coc.requests] == [200, 200, 200]
        assert coc.requests[0].headers["x-domain-id" if kind == "global" else "x-project-id"] in {"d" * 32, "p" * 32}


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
async def test_vendors_client_reads_the_refusal_of_a_wrong_secret() -> None:
    """The vendor's client reads code, message and request id of a 401."""
    async with LocalCoc() as coc:
        client = vendor_client(coc, GlobalCredentials(coc.access_key, "wrong", "d" * 32))
        try:
            with pytest.raises(ClientRequestException) as caught:
                await asyncio.to_thread(client.show_scheduled_task, ShowScheduledTaskRequest(NIGHTLY))
        finally:
            client.close()
        assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")
        assert "verify aksk signature fail" in caught.value.error_msg
        assert len(caught.value.request_id) == 32


async def test_detail_is_the_samples_detail(caller: Caller) -> None:
    """The detail call answers with the sample as UTF-8 JSON, and a request id of 32 hex digits."""
    status, body, headers = await caller.send(*caller.signed(DETAIL))
    assert status == 200
    assert json.loads(body) == caller.coc.tasks[NIGHTLY].detail
    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert int(headers["X-Request-Id"], 16) >= 0
    assert len(headers["X-Request-Id"]) == 32


async def test_every_sample_without_a_fault_arrives_whole(caller: Caller) -> None:
    """A sample that demonstrates no error arrives byte for byte."""
    whole = [task for task in caller.coc.tasks.values() if task.answer is None]
    assert len(whole) >= 20
    for task in whole:
        assert await caller.get(f"/v1/schedule/task/{task.id}") == (200, task.detail)


async def test_a_tampered_request_is_refused(caller: Caller) -> None:
    """A path, query or header that differs from the signed one gets a 401 that says nothing about tasks."""
    target, headers = caller.signed(DETAIL)
    for changed_target, changed in (
        (target.replace("02B2", "01A1"), headers),
        (f"{target}?x=1", headers),
        (target, {**headers, "Content-Type": "text/plain"}),
        (target, {**headers, "Authorization": headers["Authorization"][:-1] + "0g"}),
        (target, {name: value for name, value in headers.items() if name != "Authorization"}),
    ):
        status, body, answered = await caller.send(changed_target, changed)
        error = json.loads(body)
        assert (status, error["error_code"]) == (401, "APIGW.0301")
        assert error["error_msg"].startswith("Incorrect IAM authentication information: ")
        assert error["request_id"] == answered["X-Request-Id"]
    assert await caller.get(DETAIL) == (200, caller.coc.tasks[NIGHTLY].detail)


async def test_a_repeated_header_does_not_slip_past_the_signature(caller: Caller) -> None:
    """A repeated signed header is refused, even with the signed value."""
    target, headers = caller.signed(DETAIL)
    url = URL(caller.coc.url + target, encoded=True)
    doubled = [*headers.items(), ("X-Sdk-Date", headers["X-Sdk-Date"])]
    async with caller.session.get(url, headers=doubled) as answer:
        assert answer.status == 401


async def test_skew_and_lock_follow_the_clock(caller: Caller) -> None:
    """A stale date is refused; six refusals lock the key; five minutes later the key works."""
    stale = caller.signed(DETAIL)
    caller.clock.now += 901
    for _ in range(6):
        status, body, _ = await caller.send(*stale)
        assert status == 401
        assert b"signature expired" in body
    status, error = await caller.get(DETAIL)
    assert (status, "AK access failed to reach the limit" in error["error_msg"]) == (401, True)
    caller.clock.now += 300
    assert (await caller.get(DETAIL))[0] == 200


async def test_nobody_learns_about_tasks_without_a_signature(caller: Caller) -> None:
    """Without a signature, known, unknown and malformed ids get the same answer."""
    messages = set()
    for task_id in (NIGHTLY, "ST" + "9" * 24, "nonsense", error_id("429THROTTLED")):
        status, body, _ = await caller.send(f"/v1/schedule/task/{task_id}", {})
        messages.add((status, json.loads(body)["error_msg"]))
    assert len(messages) == 1


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/schedule/task/ST{'9' * 24}", 400, "COC.00014102"),
        ("/v1/schedule/task/ST123", 400, "COC.00014002"),
        (f"/v1/schedule/task/XX{'9' * 24}", 400, "COC.00014002"),
        (f"/v1/schedule/task/{NIGHTLY}x", 400, "COC.00014002"),
        ("/v1/schedule/tasks", 404, "APIGW.0101"),
        (f"/v1/schedule/task/{NIGHTLY}/enable", 404, "APIGW.0101"),
        ("/", 404, "APIGW.0101"),
    ],
)
async def test_unknown_and_malformed_ids_get_different_errors(
    caller: Caller, path: str, status: int, code: str
) -> None:
    """Unknown ids, malformed ids and unknown paths each have their error."""
    answered, error = await caller.get(path)
    assert (answered, error["error_code"]) == (status, code)


async def test_only_reads_exist(caller: Caller) -> None:
    """Every call that would change something gets a 404."""
    for method in ("POST", "PUT", "DELETE"):
        status, body, _ = await caller.send(*caller.signed(DETAIL), method=method)
        assert (status, json.loads(body)["error_code"]) == (404, "APIGW.0101")


@pytest.mark.parametrize(
    ("permission", "path", "query"),
    [
        ("coc:schedule:get", DETAIL, {}),
        ("coc:schedule:list", "/v1/schedule/task", {}),
        ("coc:schedule:getHistories", HISTORY, {"task_id": NIGHTLY, "limit": "1"}),
    ],
)
async def test_each_call_needs_its_permission(
    caller: Caller, permission: str, path: str, query: dict[str, str]
) -> None:
    """Without its permission, a call gets a 403 that names it; the other two calls work."""
    caller.coc.permissions.remove(permission)
    status, error = await caller.get(path, **query)
    assert (status, error["error_code"], permission in error["error_msg"]) == (403, "APIGW.0302", True)
    others = [DETAIL, "/v1/schedule/task", HISTORY]
    others.remove(path)
    for other in others:
        asked = {"task_id": NIGHTLY, "limit": "1"} if other == HISTORY else {}
        assert (await caller.get(other, **asked))[0] == 200


async def test_list_searches_one_enterprise_project(caller: Caller) -> None:
    """The default project is "0"; a task of another project is listed only if the query names the project."""
    assert (await caller.get("/v1/schedule/task", task_id=NIGHTLY))[1]["count"] == 0
    page = (await caller.get("/v1/schedule/task", task_id=NIGHTLY, enterprise_project_id=ENTERPRISE_PROJECT))[1]
    assert page["scheduled_tasks"] == [caller.coc.tasks[NIGHTLY].listing]
    assert page["next_maker"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task_name", "backup"),
        ("scheduled_type", "ONCE"),
        ("risk_level", "HIGH"),
        ("approve_status", "PENDING"),
        ("last_execution_status", "PROCESSING"),
        ("created_by", "07e3c904b5da6f8cb132"),
        ("reviewer_user_name", "ops-bob"),
    ],
)
async def test_list_filters(caller: Caller, name: str, value: str) -> None:
    """A filter keeps exactly the rows that match."""
    field = "name" if name == "task_name" else name
    everything = (await caller.get("/v1/schedule/task"))[1]["scheduled_tasks"]
    expected = [row["id"] for row in everything if value in str(row[field])]
    page = (await caller.get("/v1/schedule/task", **{name: value}))[1]
    assert [row["id"] for row in page["scheduled_tasks"]] == expected
    assert 0 < len(expected) < len(everything)


async def test_list_finds_tasks_by_machine_and_by_last_run(caller: Caller) -> None:
    """A resource id matches targets; a span of time matches last runs."""
    detail = caller.coc.tasks[ONE_OFF].detail
    assert isinstance(detail, dict)
    plan = json.loads(json.loads(detail["target_instances"])[0]["target_instances"])
    machine = plan["batches"][0]["targetInstances"][0]["resourceId"]
    page = (await caller.get("/v1/schedule/task", resource_id=machine))[1]
    assert [row["id"] for row in page["scheduled_tasks"]] == [ONE_OFF]
    hour_ago = str(int(NOON * 1000) - 3_600_000)
    recent = (await caller.get("/v1/schedule/task", last_execution_start_time=hour_ago))[1]["scheduled_tasks"]
    assert "cache-warmup" in [row["name"] for row in recent]
    assert all(row["last_execution_time"] >= int(hour_ago) for row in recent)


@pytest.mark.parametrize(
    ("path", "rows", "query"),
    [
        ("/v1/schedule/task", "scheduled_tasks", {"limit": "5"}),
        (HISTORY, "scheduled_task_history_list", {"task_id": NIGHTLY, "limit": "50"}),
    ],
)
async def test_pages_by_marker_and_by_offset_agree(
    caller: Caller, path: str, rows: str, query: dict[str, str]
) -> None:
    """Following next_maker gives every row once, in the same order as offsets."""
    by_marker: list[str] = []
    marker: dict[str, str] = {}
    while True:
        page = (await caller.get(path, **query, **marker))[1]
        by_marker += [row["id"] for row in page[rows]]
        if page["next_maker"] is None:
            break
        marker = {"marker": page["next_maker"]}
    by_offset: list[str] = []
    while len(by_offset) < page["count"]:
        answer = await caller.get(path, **query, offset=str(len(by_offset)))
        by_offset += [row["id"] for row in answer[1][rows]]
    assert by_marker == by_offset
    assert len(set(by_marker)) == page["count"] > int(query["limit"])


@pytest.mark.parametrize(
    "wrong", [{}, {"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": "5", "sort_dir": "up"}]
)
async def test_history_requires_task_and_limit(caller: Caller, wrong: dict[str, str]) -> None:
    """A missing or wrong parameter gets COC.00014002 with its name."""
    status, error = await caller.get(HISTORY, task_id=NIGHTLY, **wrong)
    named = "sort_dir" if "sort_dir" in wrong else "limit"
    assert (status, error["error_code"], error["error_msg"]) == (400, "COC.00014002", f"Invalid parameter: {named}.")
    status, error = await caller.get(HISTORY, limit="5")
    assert (status, error["error_msg"]) == (400, "Invalid parameter: task_id.")


async def test_history_sorts_and_filters(caller: Caller) -> None:
    """Runs are newest first by default and oldest first on demand; status is a filter."""
    runs = caller.coc.tasks[NIGHTLY].runs
    ask = {"task_id": NIGHTLY, "limit": "100"}
    oldest = (await caller.get(HISTORY, **ask, sort_key="started_time", sort_dir="asc"))[1]
    assert oldest["scheduled_task_history_list"] == runs[::-1][:100]
    failed = (await caller.get(HISTORY, **ask, status="ABNORMAL"))[1]["scheduled_task_history_list"]
    assert failed == [row for row in runs if row["status"] == "ABNORMAL"] != []


async def test_a_change_appears_in_detail_and_list(caller: Caller) -> None:
    """change() sets a field in both, and raises for an unknown one."""
    caller.coc.change(ONE_OFF, approve_status="PENDING", enabled=False)
    detail = (await caller.get(f"/v1/schedule/task/{ONE_OFF}"))[1]
    row = (await caller.get("/v1/schedule/task", task_id=ONE_OFF))[1]["scheduled_tasks"][0]
    assert (detail["approve_status"], row["approve_status"], row["enabled"]) == ("PENDING", "PENDING", False)
    assert "enabled" not in detail
    with pytest.raises(ValueError, match="aprove_status"):
        caller.coc.change(ONE_OFF, aprove_status="PASSED")


@pytest.mark.parametrize(
    ("label", "status", "says"),
    [
        ("400NOTFOUND", 400, "COC.00014102"),
        ("400FOREIGN", 400, "COC.00014121"),
        ("400INVALID", 400, "COC.00014002"),
        ("401SIGNATURE", 401, "APIGW.0301"),
        ("401TOKEN", 401, "APIGW.0307"),
        ("403POLICY", 403, "encoded_authorization_message"),
        ("403GATEWAY", 403, "APIGW.0302"),
        ("404PATH", 404, "APIGW.0101"),
        ("429THROTTLED", 429, "APIGW.0308"),
        ("494HEADERS", 494, "Request headers too large"),
        ("500INTERNAL", 500, '"code": "COC.00010001"'),
        ("502HTML", 502, "<h1>502 Bad Gateway</h1>"),
        ("503BUSY", 503, "errorCode"),
        ("504TIMEOUT", 504, "Backend timeout"),
        ("200ENVELOPE", 200, '"error_code": "COC.00010001"'),
        ("200HTML", 200, "sign in"),
        ("200LIST", 200, "[]"),
        ("200EMPTY", 200, ""),
        ("200OTHERID", 200, NIGHTLY),
        ("302REDIRECT", 302, "302 Found"),
    ],
)
async def test_each_error_id_gives_its_error(caller: Caller, label: str, status: int, says: str) -> None:
    """An id that demonstrates an error gets exactly that one, with a request id."""
    answered, body, headers = await caller.send(*caller.signed(f"/v1/schedule/task/{error_id(label)}"))
    assert answered == status
    assert says in body.decode()
    assert len(headers["X-Request-Id"]) == 32
    assert headers["Content-Type"].startswith("text/html" if body.startswith(b"<") else "application/json")
    assert headers.get("Retry-After") == ("1" if status == 429 else None)
    assert headers.get("Location") == (DETAIL if status == 302 else None)


def test_each_error_id_is_tested() -> None:
    """Every failing id has a test: those above, and the five that break the delivery."""
    above = test_each_error_id_gives_its_error.pytestmark[0].args[1]  # type: ignore[attr-defined]
    broken = ["200TRUNCATED", "SLOW30S", "HANGS", "DRIPS", "RESET"]
    assert {task.id for task in error_tasks()} == {error_id(label) for label in [row[0] for row in above] + broken}


async def test_the_observer_sees_the_outcome_of_each_call(caller: Caller) -> None:
    """The observer is called when a call arrives, and with its outcome: answered, reset or given up by the client."""
    observed: list[tuple[str, str]] = []
    over = asyncio.Event()

    def observe(call: RecordedRequest) -> None:
        observed.append((call.path, call.outcome))
        if call.outcome:
            over.set()

    caller.coc.observe = observe
    assert (await caller.get(DETAIL))[0] == 200
    caller.coc.fail(drop=True)
    with pytest.raises(aiohttp.ClientError):
        await caller.get(HISTORY, task_id=NIGHTLY, limit="1")
    caller.coc.clear_faults()
    over.clear()
    caller.coc.fail(status=200, delay=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await caller.get(DETAIL)
    await asyncio.wait_for(over.wait(), 5)
    ends = [ended for _, ended in observed]
    assert ends[:2] == ["", "answered"]
    assert ends[-2:] == ["", "the client gave up"]
    # aiohttp's client asks once more when its connection is reset.
    assert ends[2:-2] in (["", "reset"], ["", "reset"] * 2)


async def test_truncated_answer_ends_early(caller: Caller) -> None:
    """Fewer bytes arrive than Content-Length promises."""
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.send(*caller.signed(f"/v1/schedule/task/{error_id('200TRUNCATED')}"))


async def test_reset_connection_gives_no_answer(caller: Caller) -> None:
    """The connection is reset, not only closed, and the request is recorded as unanswered."""
    with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
        await caller.send(*caller.signed(f"/v1/schedule/task/{error_id('RESET')}"))
    assert caller.coc.requests[-1].status is None


@pytest.mark.parametrize("label", ["SLOW30S", "HANGS", "DRIPS"])
async def test_slow_answers_exceed_any_deadline(caller: Caller, label: str) -> None:
    """A client with a deadline runs into it."""
    target, headers = caller.signed(f"/v1/schedule/task/{error_id(label)}")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await caller.send(target, headers)


async def test_stop_does_not_wait_for_slow_answers() -> None:
    """Hanging requests are closed at once; no task is left running."""
    clock = Clock()
    async with LocalCoc(clock=clock) as coc, aiohttp.ClientSession() as session:
        caller = Caller(coc, clock, session)
        waiting = [
            asyncio.create_task(caller.send(*caller.signed(f"/v1/schedule/task/{error_id(label)}")))
            for label in ("SLOW30S", "HANGS", "DRIPS")
        ]
        while len(coc.requests) < len(waiting):  # noqa: ASYNC110  only the server's deque tells
            await asyncio.sleep(0.01)
        began = time.monotonic()
        await coc.stop()
        assert time.monotonic() - began < 1
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(end, aiohttp.ClientError) for end in ended[:2])
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_fault_hits_its_kind_of_call_so_many_times(caller: Caller) -> None:
    """fail() affects one kind of call a number of times; clear_faults() ends it early."""
    caller.coc.fail("detail", status=503, times=2)
    caller.coc.fail(
        "list", status=429, headers={"Retry-After": "2"}, body={"error_code": "APIG.0308", "error_msg": "x"}
    )
    assert [(await caller.get(DETAIL))[0] for _ in range(3)] == [503, 503, 200]
    status, body, headers = await caller.send(*caller.signed("/v1/schedule/task"))
    assert (status, headers["Retry-After"], json.loads(body)["error_code"]) == (429, "2", "APIG.0308")
    caller.coc.clear_faults()
    assert (await caller.get("/v1/schedule/task"))[0] == 200


async def test_a_fault_can_keep_the_answer_and_break_its_delivery(caller: Caller) -> None:
    """With 200 and no body, the normal answer is late, dripping, truncated, or missing."""
    expected = (200, caller.coc.tasks[ONE_OFF].detail)
    path = f"/v1/schedule/task/{ONE_OFF}"
    for fault in ({"delay": 0.2}, {"drip": (400, 0.03)}):
        caller.coc.fail(status=200, times=1, **fault)
        began = time.monotonic()
        assert await caller.get(path) == expected
        assert time.monotonic() - began > 0.1
    caller.coc.fail(status=200, times=1, truncate=10)
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.get(path)
    caller.coc.fail(drop=True)  # without a number: aiohttp itself asks once more on a connection it has kept
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await caller.get(path)
    caller.coc.clear_faults()
    assert await caller.get(path) == expected


async def test_a_fault_does_not_hide_a_wrong_signature(caller: Caller) -> None:
    """Authentication comes before faults, as it comes first at the gateway."""
    caller.coc.fail(status=502, body="<html>")
    assert (await caller.send(DETAIL, {}))[0] == 401


async def test_temporary_key_needs_its_token() -> None:
    """A COC with a security token refuses requests without it."""
    clock = Clock()
    async with LocalCoc(clock=clock, security_token="token") as coc, aiohttp.ClientSession() as session:
        status, error = await Caller(coc, clock, session).get(DETAIL)
    assert (status, "X-Security-Token is missing" in error["error_msg"]) == (401, True)


async def test_requests_are_recorded(caller: Caller) -> None:
    """The record has method, decoded path and query, lower-case headers, status and time."""
    await caller.get("/v1/schedule/task", task_name="定时 1+1")
    seen = caller.coc.requests[-1]
    assert (seen.method, seen.path, seen.query) == ("GET", "/v1/schedule/task", {"task_name": "定时 1+1"})
    assert (seen.status, seen.at) == (200, NOON)
    assert seen.headers["authorization"].startswith("SDK-HMAC-SHA256 Access=SANDBOXAK")


async def test_listens_on_loopback_only(caller: Caller) -> None:
    """The only listening socket is bound to 127.0.0.1."""
    assert caller.coc._runner is not None
    assert caller.coc._runner.addresses == [("127.0.0.1", urlsplit(caller.coc.url).port)]


async def test_a_taken_port_raises(caller: Caller) -> None:
    """A second server on the same port fails to start, and leaves nothing behind."""
    second = LocalCoc(port=urlsplit(caller.coc.url).port or 0)
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    assert second._runner is None
