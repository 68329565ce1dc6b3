"""The look-up against a COC on a real socket: three calls, shared, with deadlines."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from bot.coc.client import CocClient, Deadlines
from bot.coc.credentials import CredentialSource, SignedAuth, static_key
from bot.coc.wire import TaskSummary
from bot.errors import (
    CocError,
    Forbidden,
    ForeignTask,
    ServiceFailure,
    TaskNotFound,
    TimedOut,
    Unauthenticated,
)
from bot.lookup.lookup import Lookup, Policy, Requester
from bot.sandbox.coc.samples.errors import error_id
from bot.sandbox.coc.server import LocalCoc
from bot.task.snapshot import Missing
from bot.timings import TIMINGS
from tests.cards.snapshots import REDACTOR

NIGHTLY = "ST2601050930000000000002B2"


@pytest.fixture
async def coc() -> AsyncIterator[LocalCoc]:
    """A local COC."""
    async with LocalCoc() as server:
        yield server


@pytest.fixture
async def lookup(coc: LocalCoc) -> AsyncIterator[Lookup]:
    """A look-up that asks the local COC."""
    keys = CredentialSource(static_key(ak=coc.access_key, sk=coc.secret_key))
    client = CocClient(endpoint=coc.url, auth=SignedAuth(keys))
    yield Lookup(client, REDACTOR)
    await client.aclose()


async def test_one_snapshot_holds_all_three_answers(lookup: Lookup) -> None:
    """Detail, summary and runs, decoded. The summary comes from the task's own enterprise project."""
    snapshot = await lookup.snapshot(NIGHTLY)
    assert snapshot.task.name == "nightly-logrotate"
    assert len(snapshot.targets.machines) == 42
    assert snapshot.parameters.execute_user == "root"
    assert not isinstance(snapshot.summary, Missing)
    assert snapshot.summary.enabled is True
    assert not isinstance(snapshot.runs, Missing)
    assert snapshot.runs[0].status == "FINISHED"


async def test_overlapping_look_ups_share_one_set_of_calls(coc: LocalCoc, lookup: Lookup) -> None:
    """Fifty look-ups of one task at once cost three requests."""
    coc.fail("detail", status=200, delay=0.2)
    snapshots = await asyncio.gather(*(lookup.snapshot(NIGHTLY) for _ in range(50)))
    assert all(snapshot is snapshots[0] for snapshot in snapshots)
    assert len(coc.requests) == 3


async def test_a_cancelled_wait_leaves_the_shared_calls_running(coc: LocalCoc, lookup: Lookup) -> None:
    """The second person gets the answer although the first has given up."""
    coc.fail("detail", status=200, delay=0.2)
    first = asyncio.create_task(lookup.snapshot(NIGHTLY))
    await asyncio.sleep(0)
    second = asyncio.create_task(lookup.snapshot(NIGHTLY))
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await second).task_id == NIGHTLY


async def test_an_error_reaches_everyone_and_is_not_cached(coc: LocalCoc, lookup: Lookup) -> None:
    """All who share the calls get it. The next look-up asks COC again."""
    missing = error_id("400NOTFOUND")
    results = await asyncio.gather(*(lookup.snapshot(missing) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [TaskNotFound] * 3
    assert len(coc.requests) == 1
    with pytest.raises(TaskNotFound):
        await lookup.targets(missing, max_age_s=60)
    assert len(coc.requests) == 2


async def test_only_a_caller_who_accepts_an_age_gets_cached_data(coc: LocalCoc, lookup: Lookup) -> None:
    """It carries its own as-of time. A card asks COC."""
    card = await lookup.snapshot(NIGHTLY)
    page = await lookup.targets(NIGHTLY, max_age_s=60)
    assert (page.targets is card.targets, page.as_of) == (True, card.as_of)
    assert len(coc.requests) == 3
    await lookup.snapshot(NIGHTLY)
    assert len(coc.requests) == 6


async def test_targets_need_one_call_only(coc: LocalCoc, lookup: Lookup) -> None:
    """Summary and runs are missing and say why."""
    snapshot = await lookup.targets(NIGHTLY)
    assert (snapshot.summary, snapshot.runs) == (Missing("not asked"), Missing("not asked"))
    assert len(coc.requests) == 1
    assert lookup.cached(NIGHTLY, 60) is snapshot
    assert lookup.cached(NIGHTLY, 0) is None


async def test_a_card_and_an_explorer_share_the_detail_call(coc: LocalCoc, lookup: Lookup) -> None:
    """One call and one decoding for both."""
    coc.fail("detail", status=200, delay=0.2)
    card, page = await asyncio.gather(lookup.snapshot(NIGHTLY), lookup.targets(NIGHTLY))
    assert card.targets is page.targets
    assert len(coc.requests) == 3


async def test_the_age_of_cached_data_counts_from_when_coc_was_asked(coc: LocalCoc, lookup: Lookup) -> None:
    """A slow answer is not younger."""
    coc.fail("detail", status=200, delay=0.5)
    snapshot = await lookup.targets(NIGHTLY)
    assert await lookup.targets(NIGHTLY, max_age_s=60) is snapshot
    assert await lookup.targets(NIGHTLY, max_age_s=0.4) is not snapshot


async def test_calls_that_everybody_has_given_up_still_end_and_are_shared(coc: LocalCoc, lookup: Lookup) -> None:
    """No error and no leak: the next person gets the answer that is on its way."""
    coc.fail("detail", status=200, delay=0.2)
    waits = [asyncio.create_task(lookup.snapshot(NIGHTLY)) for _ in range(3)]
    await asyncio.sleep(0.05)
    for wait in waits:
        wait.cancel()
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 3
    assert (await lookup.snapshot(NIGHTLY)).task.name == "nightly-logrotate"
    assert len(coc.requests) == 3
    assert NIGHTLY not in lookup._card_calls


async def test_two_tasks_are_fetched_concurrently(coc: LocalCoc, lookup: Lookup) -> None:
    """Calls are shared per task only."""
    other = "ST2601050930000000000001A1"
    both = await asyncio.gather(lookup.snapshot(NIGHTLY), lookup.snapshot(other))
    assert [snapshot.task_id for snapshot in both] == [NIGHTLY, other]
    assert len(coc.requests) == 6


@pytest.mark.parametrize(("kind", "part"), [("list", "summary"), ("history", "runs")])
async def test_a_failed_extra_call_costs_its_part_only(
    coc: LocalCoc, lookup: Lookup, kind: Literal["list", "history"], part: str
) -> None:
    """The snapshot carries the reason and the cloud's request id for the card. The other part is there."""
    coc.fail(kind, status=500)
    snapshot = await lookup.snapshot(NIGHTLY)
    missing = getattr(snapshot, part)
    assert isinstance(missing, Missing)
    assert missing.reason == "failed"
    assert missing.request_id
    assert isinstance(snapshot.summary, Missing) != isinstance(snapshot.runs, Missing)


async def test_a_missing_permission_is_named(coc: LocalCoc, lookup: Lookup) -> None:
    """The task is there. Each missing part names the permission to grant."""
    coc.permissions = {"coc:schedule:get"}
    snapshot = await lookup.snapshot(NIGHTLY)
    assert isinstance(snapshot.summary, Missing)
    assert (snapshot.summary.reason, snapshot.summary.permission) == ("no permission", "coc:schedule:list")
    assert isinstance(snapshot.runs, Missing)
    assert snapshot.runs.permission == "coc:schedule:getHistories"


async def test_slow_extra_calls_are_given_up(coc: LocalCoc, lookup: Lookup) -> None:
    """They get 1.5 s together. Then the snapshot goes without them and says why."""
    coc.fail("list", status=200, delay=30)
    coc.fail("history", status=200, delay=30)
    snapshot = await lookup.snapshot(NIGHTLY)
    assert snapshot.summary == Missing("timed out")
    assert snapshot.runs == Missing("timed out")
    extra_wait_s = TIMINGS.lookup.extra_wait_s
    assert extra_wait_s <= snapshot.elapsed_s < 2 * extra_wait_s, "concurrently, not one after the other"


async def test_a_task_that_the_list_call_does_not_know_is_not_listed(coc: LocalCoc, lookup: Lookup) -> None:
    """``enabled`` is not guessed."""
    only_id = next(task.id for task in coc.tasks.values() if task.listing is None and isinstance(task.detail, dict))
    snapshot = await lookup.snapshot(only_id)
    assert isinstance(snapshot.summary, Missing)
    assert snapshot.summary.reason == "not listed"


async def test_a_history_waits_longer_than_a_card(coc: LocalCoc, lookup: Lookup) -> None:
    """A card goes without late runs. The history asks for them once more, and its as-of time says so."""
    coc.fail("history", status=200, delay=TIMINGS.lookup.extra_wait_s + 0.2)
    card = await lookup.snapshot(NIGHTLY)
    assert card.runs == Missing("timed out")
    snapshot = await lookup.history(NIGHTLY)
    assert not isinstance(snapshot.runs, Missing)
    assert len(snapshot.runs) == 20
    assert snapshot.as_of > card.as_of


async def test_a_refused_history_is_not_repeated(coc: LocalCoc, lookup: Lookup) -> None:
    """Only a slow call is worth a second one."""
    coc.fail("history", status=403)
    snapshot = await lookup.history(NIGHTLY)
    assert isinstance(snapshot.runs, Missing)
    assert snapshot.runs.permission == "coc:schedule:getHistories"
    assert len([seen for seen in coc.requests if seen.path.endswith("/history")]) == 1


class Clock:
    """A monotonic clock that a test can advance."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.passed


@pytest.fixture
def clock() -> Clock:
    """The clock of ``sharing``."""
    return Clock()


@pytest.fixture
def sources() -> list[str]:
    """The sources that ``sharing`` observes."""
    return []


@pytest.fixture
async def sharing(coc: LocalCoc, clock: Clock, sources: list[str]) -> AsyncIterator[Lookup]:
    """A look-up that shares an answer for 2 s and serves a stale one for 900 s."""
    keys = CredentialSource(static_key(ak=coc.access_key, sk=coc.secret_key))
    client = CocClient(endpoint=coc.url, auth=SignedAuth(keys), deadlines=Deadlines(total=1.8))
    policy = Policy(deadline_s=2.0, share_s=2.0, stale_s=900.0)
    yield Lookup(client, REDACTOR, policy=policy, monotonic=clock, observe=sources.append)
    await client.aclose()


ADA, BEN = Requester("U0ADA"), Requester("U0BEN")


async def test_another_persons_answer_is_reused_for_a_moment_and_marked(
    coc: LocalCoc, sharing: Lookup, clock: Clock, sources: list[str]
) -> None:
    """Ben gets Ada's answer. When he asks again he gets a new one; after two seconds everybody does."""
    first = await sharing.snapshot(NIGHTLY, ADA)
    clock.passed += 0.4
    second = await sharing.snapshot(NIGHTLY, BEN)
    assert (second.as_of, second.task) == (first.as_of, first.task)
    assert first.reused_s is None
    assert second.reused_s is not None
    assert 0.4 <= second.reused_s < 2  # the clock goes on while COC is asked
    assert (len(coc.requests), sources) == (3, ["reused"])
    assert (await sharing.snapshot(NIGHTLY, BEN)).reused_s is None
    assert len(coc.requests) == 6
    clock.passed += 2.1
    assert (await sharing.snapshot(NIGHTLY, Requester("U0CLEO"))).reused_s is None


async def test_an_anonymous_look_up_never_reuses_an_answer(coc: LocalCoc, sharing: Lookup) -> None:
    """Without a user it is not known whether it is somebody else."""
    await sharing.snapshot(NIGHTLY, ADA)
    await sharing.snapshot(NIGHTLY)
    await sharing.snapshot(NIGHTLY)
    assert len(coc.requests) == 9


async def test_a_cached_answer_replaces_only_an_older_card(coc: LocalCoc, sharing: Lookup) -> None:
    """Another replica may have posted a newer card; and nobody presses Refresh to see the same again."""
    first = await sharing.snapshot(NIGHTLY, ADA)
    same = await sharing.snapshot(NIGHTLY, replace(BEN, newer_than=first.as_of))
    assert same.reused_s is None
    older = replace(BEN, user="U0CLEO", newer_than=same.as_of - timedelta(seconds=2))
    assert (await sharing.snapshot(NIGHTLY, older)).reused_s is not None
    coc.fail(status=500)
    with pytest.raises(ServiceFailure):
        await sharing.snapshot(NIGHTLY, replace(ADA, newer_than=same.as_of))


TRANSIENT: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503},
    {"status": 429, "headers": {"Retry-After": "60"}},
    {"status": 200, "body": "<html>proxy</html>"},
    {"status": 200, "body": {"error_code": "COC.99999999", "error_msg": "odd"}},
    {"drop": True},
    {"status": 200, "delay": 30},
]


@pytest.mark.parametrize("fault", TRANSIENT, ids=str)
async def test_the_last_good_answer_stands_in_for_a_transient_error(
    coc: LocalCoc, sharing: Lookup, clock: Clock, sources: list[str], fault: dict[str, Any]
) -> None:
    """Card and targets carry their age and the error. Past the age limit only the error is left."""
    good = await sharing.snapshot(NIGHTLY, ADA)
    clock.passed += 185
    coc.fail("detail", **fault)
    for old in (await sharing.snapshot(NIGHTLY, ADA), await sharing.targets(NIGHTLY, requester=ADA)):
        assert old.stale is not None
        assert old.stale.age_s == pytest.approx(185, abs=10)
        assert old.stale.error.transient
        assert old.as_of == good.as_of
    assert sources.count("stale") == 2
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
async def test_a_task_that_coc_refuses_leaves_the_cache(
    coc: LocalCoc, sharing: Lookup, fault: dict[str, Any], error: type[CocError]
) -> None:
    """A task that is gone or forbidden is never shown from the cache, not even when COC fails afterwards."""
    await sharing.snapshot(NIGHTLY, ADA)
    coc.fail("detail", times=1, **fault)
    with pytest.raises(error):
        await sharing.snapshot(NIGHTLY, ADA)
    coc.fail("detail", status=500)
    with pytest.raises(ServiceFailure):
        await sharing.snapshot(NIGHTLY, ADA)
    with pytest.raises(ServiceFailure):
        await sharing.targets(NIGHTLY, requester=ADA)


async def test_a_refused_key_shows_nothing_stale(coc: LocalCoc, sharing: Lookup) -> None:
    """401 is not transient: the key may have been revoked."""
    await sharing.snapshot(NIGHTLY, ADA)
    coc.fail("detail", status=401)
    with pytest.raises(Unauthenticated):
        await sharing.snapshot(NIGHTLY, ADA)


async def test_one_deadline_holds_for_all_calls_together(coc: LocalCoc, sharing: Lookup) -> None:
    """After a late detail the extra calls get the remaining time, and the card goes out without them in time."""
    coc.fail("detail", status=200, delay=1.2)
    coc.fail("list", status=200, delay=3.0)
    coc.fail("history", status=200, delay=3.0)
    snapshot = await sharing.snapshot(NIGHTLY, ADA)
    assert snapshot.summary == snapshot.runs == Missing("timed out")
    assert snapshot.elapsed_s < 2.0
    late = await sharing.history(NIGHTLY, ADA)
    assert late.runs == Missing("timed out")


async def test_a_hanging_coc_ends_in_an_error_at_the_deadline(coc: LocalCoc, sharing: Lookup) -> None:
    """The deadlines of the calls may be longer."""
    coc.fail("detail", status=200, delay=30)
    sharing._policy = Policy(deadline_s=0.3)
    with pytest.raises(TimedOut, match=r"look-up deadline: not done within 0\.3 s"):
        await sharing.snapshot(NIGHTLY, ADA)


def paths(coc: LocalCoc) -> list[str]:
    """The calls as they came, without the task's id."""
    return [seen.path.rpartition("/")[2].replace(NIGHTLY, "detail") for seen in coc.requests]


async def test_all_calls_of_a_known_task_start_at_once(coc: LocalCoc, lookup: Lookup) -> None:
    """The first time the list call waits for the detail, which names the project."""
    coc.fail(status=200, delay=0.3)
    first = await lookup.snapshot(NIGHTLY)
    assert first.elapsed_s >= 0.6
    coc.requests.clear()
    second = await lookup.snapshot(NIGHTLY)
    assert second.elapsed_s < 0.6
    assert (second.summary, second.runs) == (first.summary, first.runs)
    assert sorted(paths(coc)) == ["detail", "history", "task"]


async def test_a_wrong_guess_of_the_project_costs_one_call_and_no_wrong_answer(coc: LocalCoc, lookup: Lookup) -> None:
    """After two tasks in one project the third is looked for there at once."""
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
        snapshot = await lookup.snapshot(task_id)
        assert not isinstance(snapshot.summary, Missing), task_id
        assert isinstance(snapshot.summary.sent, TaskSummary)
        assert snapshot.summary.sent.id == task_id
        assert len(coc.requests) == calls, task_id


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_an_unhealthy_coc_is_asked_for_the_detail_first(coc: LocalCoc, lookup: Lookup, status: int) -> None:
    """A refused key is tried once, not three times. A COC that is down gets no extra load."""
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


async def test_early_calls_for_a_task_that_is_gone_are_cancelled(coc: LocalCoc, lookup: Lookup) -> None:
    """No call goes on without a reader."""
    await lookup.snapshot(NIGHTLY)
    coc.fail("detail", status=400, body={"error_code": "COC.00014102", "error_msg": "no such task"})
    coc.fail("list", status=200, delay=30)
    coc.fail("history", status=200, delay=30)
    with pytest.raises(TaskNotFound):
        await lookup.snapshot(NIGHTLY)
    await asyncio.sleep(0.1)
    assert [seen.outcome for seen in list(coc.requests)[-3:]].count("the client gave up") == 2
