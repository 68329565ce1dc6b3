"""The use case, against a COC on a real socket: three calls, shared, with deadlines."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from bot.coc.client import OFF_LOOP_FROM, CocClient, Deadlines
from bot.coc.credentials import CredentialSource, SignedAuth, StaticKeys
from bot.errors import (
    CocError,
    Forbidden,
    ForeignTask,
    ServiceFailure,
    TaskNotFound,
    TimedOut,
    Unauthenticated,
)
from bot.lookup.cache import KEPT
from bot.lookup.lookup import EXTRA_WAIT_S, Asker, Limits, Lookup
from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.coc.server import LocalCoc
from bot.task.snapshot import Missing
from bot.task.targets import Targets, decode_targets

NIGHTLY = "ST2601050930000000000002B2"


@pytest.fixture
async def coc() -> AsyncIterator[LocalCoc]:
    """A COC."""
    async with LocalCoc() as server:
        yield server


@pytest.fixture
async def lookup(coc: LocalCoc) -> AsyncIterator[Lookup]:
    """A look-up that asks it."""
    keys = CredentialSource.static(StaticKeys(ak=coc.access_key, sk=coc.secret_key))
    client = CocClient(endpoint=coc.url, auth=SignedAuth(keys))
    yield Lookup(client)
    await client.aclose()


async def test_one_snapshot_holds_all_three_answers(lookup: Lookup) -> None:
    """Detail, listing and runs, decoded; the listing is found in the task's own enterprise project."""
    found = await lookup.snapshot(NIGHTLY)
    assert found.task.name == "nightly-logrotate"
    assert len(found.targets.machines) == 42
    assert found.parameters.execute_user == "root"
    assert not isinstance(found.summary, Missing)
    assert found.summary.enabled is True
    assert not isinstance(found.runs, Missing)
    assert found.runs[0].status == "FINISHED"


async def test_overlapping_look_ups_share_one_set_of_calls(coc: LocalCoc, lookup: Lookup) -> None:
    """Fifty at once cost three requests; another task's look-up is its own."""
    coc.fail("detail", status=200, delay=0.2)
    found = await asyncio.gather(*(lookup.snapshot(NIGHTLY) for _ in range(50)))
    assert all(snapshot is found[0] for snapshot in found)
    assert len(coc.requests) == 3


async def test_one_who_gives_up_does_not_take_the_answer_from_others(coc: LocalCoc, lookup: Lookup) -> None:
    """A cancelled wait leaves the shared calls running."""
    coc.fail("detail", status=200, delay=0.2)
    first = asyncio.create_task(lookup.snapshot(NIGHTLY))
    await asyncio.sleep(0)
    second = asyncio.create_task(lookup.snapshot(NIGHTLY))
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await second).task_id == NIGHTLY


async def test_an_error_reaches_everyone_and_is_not_kept(coc: LocalCoc, lookup: Lookup) -> None:
    """All who share the calls get it; the next look-up asks again."""
    missing = error_id("400NOTFOUND")
    results = await asyncio.gather(*(lookup.snapshot(missing) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [TaskNotFound] * 3
    assert len(coc.requests) == 1
    with pytest.raises(TaskNotFound):
        await lookup.targets(missing, max_age_s=60)
    assert len(coc.requests) == 2


async def test_recent_data_serves_pages_and_nothing_else(coc: LocalCoc, lookup: Lookup) -> None:
    """Only a caller that accepts an age gets kept data, and it carries its own as-of time."""
    card = await lookup.snapshot(NIGHTLY)
    page = await lookup.targets(NIGHTLY, max_age_s=60)
    assert (page.targets is card.targets, page.as_of) == (True, card.as_of)
    assert len(coc.requests) == 3
    await lookup.snapshot(NIGHTLY)
    assert len(coc.requests) == 6


async def test_targets_need_one_call_only(coc: LocalCoc, lookup: Lookup) -> None:
    """What the list and the history would tell is not in them, and says so."""
    found = await lookup.targets(NIGHTLY)
    assert (found.summary, found.runs) == (Missing("not asked"), Missing("not asked"))
    assert len(coc.requests) == 1
    assert lookup.kept(NIGHTLY, 60) is found
    assert lookup.kept(NIGHTLY, 0) is None


async def test_a_card_and_an_explorer_share_the_detail(coc: LocalCoc, lookup: Lookup) -> None:
    """One detail call and one decoding for both."""
    coc.fail("detail", status=200, delay=0.2)
    card, page = await asyncio.gather(lookup.snapshot(NIGHTLY), lookup.targets(NIGHTLY))
    assert card.targets is page.targets
    assert len(coc.requests) == 3


async def test_the_age_of_kept_data_counts_from_when_coc_was_asked(coc: LocalCoc, lookup: Lookup) -> None:
    """Slow calls do not make the detail any younger."""
    coc.fail("detail", status=200, delay=0.5)
    found = await lookup.targets(NIGHTLY)
    assert await lookup.targets(NIGHTLY, max_age_s=60) is found
    assert await lookup.targets(NIGHTLY, max_age_s=0.4) is not found


async def test_when_everybody_gives_up_the_calls_still_end_and_are_kept(coc: LocalCoc, lookup: Lookup) -> None:
    """Neither an error nor a leak: the next one gets what was fetched meanwhile, or asks again."""
    coc.fail("detail", status=200, delay=0.2)
    waits = [asyncio.create_task(lookup.snapshot(NIGHTLY)) for _ in range(3)]
    await asyncio.sleep(0.05)
    for wait in waits:
        wait.cancel()
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 3
    assert (await lookup.snapshot(NIGHTLY)).task.name == "nightly-logrotate"
    assert len(coc.requests) == 3
    assert len(lookup._snapshots) == len(lookup._details) == 0


async def test_two_tasks_are_asked_for_beside_each_other(coc: LocalCoc, lookup: Lookup) -> None:
    """Sharing is per task."""
    other = "ST2601050930000000000001A1"
    both = await asyncio.gather(lookup.snapshot(NIGHTLY), lookup.snapshot(other))
    assert [found.task_id for found in both] == [NIGHTLY, other]
    assert len(coc.requests) == 6


@pytest.mark.parametrize(("kind", "part"), [("list", "summary"), ("history", "runs")])
async def test_an_extra_call_that_fails_costs_its_part_only(
    coc: LocalCoc, lookup: Lookup, kind: Literal["list", "history"], part: str
) -> None:
    """The reason and the cloud's request id are kept for the card; the other part is there."""
    coc.fail(kind, status=500)
    found = await lookup.snapshot(NIGHTLY)
    missing = getattr(found, part)
    assert isinstance(missing, Missing)
    assert missing.reason == "failed"
    assert missing.request_id
    assert isinstance(found.summary, Missing) != isinstance(found.runs, Missing)


async def test_a_full_task_is_decoded_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of targets does not hold up the acks of others; a small task is not worth a thread."""
    threads = []

    def watched(value: object) -> Targets:
        threads.append(threading.current_thread())
        return decode_targets(value)

    monkeypatch.setattr("bot.task.snapshot.decode_targets", watched)
    rows = [{"resourceId": f"id-{number}", "properties": {"hostName": "h" * 900}} for number in range(999)]
    plan = json.dumps({"batches": [{"targetInstances": rows}]})
    async with LocalCoc() as coc:
        coc.change(NIGHTLY, target_instances=json.dumps([{"target_instances": plan}]))
        keys = CredentialSource.static(StaticKeys(ak=coc.access_key, sk=coc.secret_key))
        client = CocClient(endpoint=coc.url, auth=SignedAuth(keys))
        try:
            detail = await client.task(NIGHTLY)
            found = await Lookup(client).snapshot(NIGHTLY)
            await Lookup(client).snapshot("ST2601050930000000000001A1")
        finally:
            await client.aclose()
    assert detail.size > OFF_LOOP_FROM
    assert len(found.targets.machines) == 999
    assert [thread is threading.main_thread() for thread in threads] == [False, True]


async def test_what_is_kept_is_bounded(coc: LocalCoc, lookup: Lookup) -> None:
    """The oldest snapshot goes when there are too many."""
    detail = coc.tasks[NIGHTLY].detail
    assert isinstance(detail, dict)
    ids = [f"ST{number:024d}" for number in range(KEPT + 1)]
    for task_id in ids:
        coc.tasks[task_id] = type(coc.tasks[NIGHTLY])(task_id, "x", "x", {**detail, "id": task_id}, None, [])
        await lookup.snapshot(task_id)
    before = len(coc.requests)
    await lookup.targets(ids[-1], max_age_s=60)
    assert len(coc.requests) == before
    await lookup.targets(ids[0], max_age_s=60)
    assert len(coc.requests) == before + 1


async def test_few_tasks_of_very_many_machines_are_kept(
    coc: LocalCoc, lookup: Lookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest goes when all have too many machines together; the newest stays, however many it has."""
    monkeypatch.setattr("bot.lookup.cache.KEPT_MACHINES", 100)
    detail = coc.tasks[NIGHTLY].detail
    assert isinstance(detail, dict)
    first, second, third, single = (f"ST{number:024d}" for number in range(4))
    for task_id in (first, second, third):  # 42 machines each
        coc.tasks[task_id] = replace(coc.tasks[NIGHTLY], id=task_id, detail={**detail, "id": task_id})
        await lookup.targets(task_id)
    kept = [lookup.kept(task_id, 60) is not None for task_id in (first, second, third)]
    assert kept == [False, True, True]
    rows = json.dumps([{"target_instances": {"batches": [{"targetInstances": [f"id-{n}" for n in range(101)]}]}}])
    coc.tasks[single] = replace(
        coc.tasks[NIGHTLY], id=single, detail={**detail, "id": single, "target_instances": rows}
    )
    assert len((await lookup.targets(single)).targets.machines) == 101
    kept = [lookup.kept(task_id, 60) is not None for task_id in (second, third, single)]
    assert kept == [False, False, True]


async def test_without_the_other_permissions_their_parts_are_missing_by_name(coc: LocalCoc, lookup: Lookup) -> None:
    """The task is there; what is not says which grant it lacks."""
    coc.permissions = {"coc:schedule:get"}
    found = await lookup.snapshot(NIGHTLY)
    assert isinstance(found.summary, Missing)
    assert (found.summary.reason, found.summary.permission) == ("no permission", "coc:schedule:list")
    assert isinstance(found.runs, Missing)
    assert found.runs.permission == "coc:schedule:getHistories"


async def test_slow_extras_are_not_waited_for(coc: LocalCoc, lookup: Lookup) -> None:
    """They get 1.5 s beside each other; then the snapshot comes without them and says why."""
    coc.fail("list", status=200, delay=30)
    coc.fail("history", status=200, delay=30)
    found = await lookup.snapshot(NIGHTLY)
    assert found.summary == Missing("timed out")
    assert found.runs == Missing("timed out")
    assert EXTRA_WAIT_S <= found.elapsed_s < 2 * EXTRA_WAIT_S, "beside each other, not one after the other"


async def test_a_task_that_is_not_listed_says_so(coc: LocalCoc, lookup: Lookup) -> None:
    """The list call answers without the task: no guess about ``enabled``."""
    only_id = next(task.id for task in coc.tasks.values() if task.listing is None and isinstance(task.detail, dict))
    found = await lookup.snapshot(only_id)
    assert isinstance(found.summary, Missing)
    assert found.summary.reason == "not listed"


async def test_a_history_is_waited_for_where_it_is_what_somebody_wants(coc: LocalCoc, lookup: Lookup) -> None:
    """A card goes without it after a while; the history asks once more, and says as of when."""
    coc.fail("history", status=200, delay=EXTRA_WAIT_S + 0.2)
    card = await lookup.snapshot(NIGHTLY)
    assert card.runs == Missing("timed out")
    found = await lookup.history(NIGHTLY)
    assert not isinstance(found.runs, Missing)
    assert len(found.runs) == 20
    assert found.as_of > card.as_of


async def test_a_refused_history_is_not_asked_for_again(coc: LocalCoc, lookup: Lookup) -> None:
    """Only slowness is worth a second question."""
    coc.fail("history", status=403)
    found = await lookup.history(NIGHTLY)
    assert isinstance(found.runs, Missing)
    assert found.runs.permission == "coc:schedule:getHistories"
    assert len([seen for seen in coc.requests if seen.path.endswith("/history")]) == 1


class Minutes:
    """A monotonic clock that a test may turn on."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.passed


@pytest.fixture
def clock() -> Minutes:
    """The clock of the fixture ``sharing``."""
    return Minutes()


@pytest.fixture
def told() -> list[str]:
    """What ``sharing`` tells of answers without a call of their own."""
    return []


@pytest.fixture
async def sharing(coc: LocalCoc, clock: Minutes, told: list[str]) -> AsyncIterator[Lookup]:
    """A look-up that gives an answer to others for 2 s, and an old one for 900 s where COC fails."""
    keys = CredentialSource.static(StaticKeys(ak=coc.access_key, sk=coc.secret_key))
    client = CocClient(endpoint=coc.url, auth=SignedAuth(keys), deadlines=Deadlines(total=1.8))
    limits = Limits(deadline_s=2.0, share_s=2.0, stale_s=900.0)
    yield Lookup(client, limits=limits, monotonic=clock, tell=told.append)
    await client.aclose()


ADA, BEN = Asker("U0ADA"), Asker("U0BEN")


async def test_another_persons_answer_of_a_moment_ago_is_given_again_and_says_so(
    coc: LocalCoc, sharing: Lookup, clock: Minutes, told: list[str]
) -> None:
    """Ben gets Ada's answer; each of them gets a new one when asking again, and everybody after two seconds."""
    first = await sharing.snapshot(NIGHTLY, ADA)
    clock.passed += 1.2
    second = await sharing.snapshot(NIGHTLY, BEN)
    assert (second.as_of, second.task) == (first.as_of, first.task)
    assert first.reused_s is None
    assert second.reused_s == pytest.approx(1.2, abs=0.2)
    assert (len(coc.requests), told) == (3, ["reused"])
    assert (await sharing.snapshot(NIGHTLY, BEN)).reused_s is None
    assert len(coc.requests) == 6
    clock.passed += 2.1
    assert (await sharing.snapshot(NIGHTLY, Asker("U0CLEO"))).reused_s is None


async def test_what_nobody_asked_for_by_name_is_not_shared(coc: LocalCoc, sharing: Lookup) -> None:
    """Without a user there is no telling whether it is somebody else."""
    await sharing.snapshot(NIGHTLY, ADA)
    await sharing.snapshot(NIGHTLY)
    await sharing.snapshot(NIGHTLY)
    assert len(coc.requests) == 9


async def test_a_card_is_never_replaced_by_an_answer_from_memory_that_is_not_newer(
    coc: LocalCoc, sharing: Lookup
) -> None:
    """Another replica may have posted a newer card; and nobody presses Refresh to see the same again."""
    first = await sharing.snapshot(NIGHTLY, ADA)
    same = await sharing.snapshot(NIGHTLY, replace(BEN, newer_than=first.as_of))
    assert same.reused_s is None
    older = replace(BEN, user="U0CLEO", newer_than=same.as_of - timedelta(seconds=2))
    assert (await sharing.snapshot(NIGHTLY, older)).reused_s is not None
    coc.fail(status=500)
    with pytest.raises(ServiceFailure):
        await sharing.snapshot(NIGHTLY, replace(ADA, newer_than=same.as_of))


PASSING: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503},
    {"status": 429, "headers": {"Retry-After": "60"}},
    {"status": 200, "body": "<html>proxy</html>"},
    {"status": 200, "body": {"error_code": "COC.99999999", "error_msg": "odd"}},
    {"drop": True},
    {"status": 200, "delay": 30},
]


@pytest.mark.parametrize("fault", PASSING, ids=str)
async def test_where_coc_fails_the_last_good_answer_stands_in(
    coc: LocalCoc, sharing: Lookup, clock: Minutes, told: list[str], fault: dict[str, Any]
) -> None:
    """Card and targets are those of before, with their age and the error; after the limit the error is all."""
    good = await sharing.snapshot(NIGHTLY, ADA)
    clock.passed += 185
    coc.fail("detail", **fault)
    for old in (await sharing.snapshot(NIGHTLY, ADA), await sharing.targets(NIGHTLY, asker=ADA)):
        assert old.stale is not None
        assert old.stale.age_s == pytest.approx(185, abs=10)
        assert old.stale.error.passing
        assert old.as_of == good.as_of
    assert told.count("stale") == 2
    history = await sharing.history(NIGHTLY, BEN)
    assert history.stale is not None
    assert history.runs == good.runs
    clock.passed += 720
    with pytest.raises(CocError):
        await sharing.snapshot(NIGHTLY, ADA)
    coc.clear_faults()
    assert (await sharing.snapshot(NIGHTLY, ADA)).stale is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 403}, Forbidden),
        ({"status": 400, "body": {"error_code": "COC.00014102", "error_msg": "no such task"}}, TaskNotFound),
        ({"status": 400, "body": {"error_code": "COC.00014121", "error_msg": "not yours"}}, ForeignTask),
    ],
)
async def test_what_coc_says_no_to_is_forgotten(
    coc: LocalCoc, sharing: Lookup, fault: dict[str, Any], error: type[CocError]
) -> None:
    """A task that is gone or forbidden is not shown from memory, not even when COC fails afterwards."""
    await sharing.snapshot(NIGHTLY, ADA)
    coc.fail("detail", times=1, **fault)
    with pytest.raises(error):
        await sharing.snapshot(NIGHTLY, ADA)
    coc.fail("detail", status=500)
    with pytest.raises(ServiceFailure):
        await sharing.snapshot(NIGHTLY, ADA)
    with pytest.raises(ServiceFailure):
        await sharing.targets(NIGHTLY, asker=ADA)


async def test_a_refused_key_shows_nothing_old(coc: LocalCoc, sharing: Lookup) -> None:
    """401 is not a passing trouble: it may mean that the key was taken away."""
    await sharing.snapshot(NIGHTLY, ADA)
    coc.fail("detail", status=401)
    with pytest.raises(Unauthenticated):
        await sharing.snapshot(NIGHTLY, ADA)


async def test_one_deadline_holds_for_all_calls_together(coc: LocalCoc, sharing: Lookup) -> None:
    """The detail came late: the others get what is left, and the card goes out without them in time."""
    coc.fail("detail", status=200, delay=1.2)
    coc.fail("list", status=200, delay=3.0)
    coc.fail("history", status=200, delay=3.0)
    found = await sharing.snapshot(NIGHTLY, ADA)
    assert found.summary == found.runs == Missing("timed out")
    assert found.elapsed_s < 2.0
    late = await sharing.history(NIGHTLY, ADA)
    assert late.runs == Missing("timed out")


async def test_a_hanging_coc_ends_in_an_error_at_the_deadline(coc: LocalCoc, sharing: Lookup) -> None:
    """Whatever the calls' own deadlines say."""
    coc.fail("detail", status=200, delay=30)
    sharing._limits = Limits(deadline_s=0.3)
    with pytest.raises(TimedOut, match=r"look-up deadline: not done within 0\.3 s"):
        await sharing.snapshot(NIGHTLY, ADA)


async def test_what_alone_is_too_large_is_not_kept(
    coc: LocalCoc, sharing: Lookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes are bounded too: the oldest goes, and an answer beyond the bound is not kept at all."""
    weight = (await CocClient.task(sharing._coc, NIGHTLY)).weight
    other = "ST2601050930000000000001A1"
    monkeypatch.setattr("bot.lookup.cache.KEPT_BYTES", weight + 10)
    await sharing.targets(other)
    await sharing.targets(NIGHTLY)
    assert [sharing.kept(task_id, 60) is not None for task_id in (other, NIGHTLY)] == [False, True]
    monkeypatch.setattr("bot.lookup.cache.KEPT_BYTES", weight - 10)
    await sharing.targets(NIGHTLY)
    assert sharing.kept(NIGHTLY, 60) is None


def paths(coc: LocalCoc) -> list[str]:
    """Which calls came, in order; the task's id left out."""
    return [seen.path.rpartition("/")[2].replace(NIGHTLY, "detail") for seen in coc.requests]


async def test_a_task_that_is_known_is_asked_for_with_all_calls_at_once(coc: LocalCoc, lookup: Lookup) -> None:
    """The first time the list call waits for the project that the detail names; then nothing waits."""
    coc.fail(status=200, delay=0.3)
    first = await lookup.snapshot(NIGHTLY)
    assert first.elapsed_s >= 0.6
    coc.requests.clear()
    second = await lookup.snapshot(NIGHTLY)
    assert second.elapsed_s < 0.6
    assert (second.summary, second.runs) == (first.summary, first.runs)
    assert sorted(paths(coc)) == ["detail", "history", "task"]


async def test_a_task_that_is_listed_elsewhere_than_the_last_ones_is_found(coc: LocalCoc, lookup: Lookup) -> None:
    """Where two tasks were the third is looked for at once; a wrong guess costs one call and no wrong answer."""
    sample = coc.tasks[NIGHTLY]
    assert isinstance(sample.detail, dict)
    assert sample.listing is not None
    ids = [f"ST{number:024d}" for number in range(4)]
    for task_id, project in zip(ids, ("a", "a", "a", "b"), strict=True):
        own = {"id": task_id, "enterprise_project_id": project}
        coc.tasks[task_id] = replace(
            sample, id=task_id, detail={**sample.detail, **own}, listing={**sample.listing, **own}
        )
    for task_id, calls in zip(ids, (3, 3, 3, 4), strict=True):
        coc.requests.clear()
        found = await lookup.snapshot(task_id)
        assert not isinstance(found.summary, Missing), task_id
        assert found.summary.id == task_id
        assert len(coc.requests) == calls, task_id


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_while_coc_is_not_well_one_call_comes_first(coc: LocalCoc, lookup: Lookup, status: int) -> None:
    """A refused key is tried once, not three times; what is down is not asked for more."""
    await lookup.snapshot(NIGHTLY)
    coc.fail(status=status)
    with pytest.raises(CocError):
        await lookup.snapshot(NIGHTLY)
    coc.requests.clear()
    with pytest.raises(CocError):
        await lookup.snapshot(NIGHTLY)
    assert paths(coc) == ["detail"]
    coc.clear_faults()
    coc.requests.clear()
    await lookup.snapshot(NIGHTLY)
    assert paths(coc)[0] == "detail"
    assert len(coc.requests) == 3


async def test_what_was_begun_for_a_task_that_is_gone_is_given_up(coc: LocalCoc, lookup: Lookup) -> None:
    """No call goes on that nobody waits for."""
    await lookup.snapshot(NIGHTLY)
    coc.fail("detail", status=400, body={"error_code": "COC.00014102", "error_msg": "no such task"})
    coc.fail("list", status=200, delay=30)
    coc.fail("history", status=200, delay=30)
    with pytest.raises(TaskNotFound):
        await lookup.snapshot(NIGHTLY)
    await asyncio.sleep(0.1)
    assert [seen.outcome for seen in list(coc.requests)[-3:]].count("the client gave up") == 2
