"""The card of one task: every fact in its place, nothing claimed that is not known, and valid whatever came."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.cards.block_kit import Message, local
from bot.cards.task import NOT_REFRESHED, as_mrkdwn, as_plain, not_refreshed, task_card, verdict_line
from bot.errors import CocError, Forbidden, ServiceFailure, TimedOut
from bot.redact import Redactor
from bot.sandbox.slack.rules import check_message
from bot.task.changes import card_state, decode_state
from bot.task.snapshot import Missing, Snapshot
from bot.task.verdict import At, Code, Fragment, Quote, Verdict
from tests.cards.any_task import HOSTILE, snapshots, texts
from tests.cards.judges import assert_tame, judge_message, said
from tests.cards.snapshots import ADA, AS_OF, TASK_ID, Json, machine, snapshot, step, wire, with_steps

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def field(card: Message, title: str) -> list[str]:
    """The lines of the card's field with this title, without the title."""
    texts_ = [item["text"] for block in card.blocks for item in block.get("fields", ())]
    found = [text for text in texts_ if text.startswith(f"*{title}*")]
    assert len(found) == 1, (title, texts_)
    return str(found[0]).split("\n")[1:]


def line(card: Message) -> str:
    """The verdict line."""
    return str(card.blocks[2]["text"]["text"])


def freshness(card: Message) -> str:
    """The line above the buttons."""
    return str(card.blocks[-2]["elements"][0]["text"])


def nested(levels: int) -> Any:
    """A list in a list in a list…"""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


# Any task ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=SLOW)
@given(snapshots(), snapshots())
def test_any_card_can_be_refreshed_and_marked(found: Snapshot, before: Snapshot) -> None:
    """Whatever the card showed before, and whatever it shows now; one that was not refreshed stays valid too."""
    value = task_card(before).blocks[-1]["elements"][0]["value"]
    card = task_card(found, requested_by=ADA, before=decode_state(value))
    judge_message(card)
    marked = not_refreshed(list(card.blocks), "COC did not answer in time.", AS_OF, ADA)
    check_message(card.text, marked, "message")


EVERYWHERE = (
    *("name", "agency_name", "version_no", "task_type", "associated_task_name", "associated_task_name_en"),
    *("associated_task_type", "risk_level", "created_user_name", "reviewer_user_name", "approve_status"),
    *("approve_comments", "enterprise_project_id", "brand_new"),
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_one_hostile_text_in_every_place_at_once(text: str) -> None:
    """The worst card: the same huge or live text in each field, filter, status and message."""
    hostile_step = {
        "target_selection": text,
        "target_resource": {
            **dict.fromkeys(("type", "id", "app_name", "region_id"), text),
            "params": [{"key": text, "value": text}] * 9,
        },
        "target_instances": text,
    }
    detail = {
        **dict.fromkeys(EVERYWHERE, text),
        "trigger_time": {"policy": text, "time_zone": text, "cron": text, "single_scheduled_time": text},
        "input_param": {"execute_user": text, "timeout": text, "success_rate": text, "script_params": text},
        "target_instances": [{**hostile_step, "target_selection": "ALL"}] * 4 + [hostile_step] * 4,
        "message_notification": {
            **dict.fromkeys(("notification_endpoint_type", "protocol"), text),
            "policy": ",".join([text] * 7),
        },
        text + "key": {text: [text]},
    }
    run = {"status": text, "execution_msg": text, "started_time": 1, "finished_time": 10**17}
    judge_message(task_card(snapshot(detail, summary={"last_execution_status": text}, runs=[run]), requested_by=ADA))
    for policy in ("ONCE", "PERIODIC", "CRON"):
        trigger = {"policy": policy, "time_zone": text, "cron": text, "period": text, "periodic_scheduled_time": text}
        missing = Missing("no permission", permission=text)
        judge_message(task_card(snapshot({**detail, "trigger_time": trigger}, summary=missing, runs=missing)))


@pytest.mark.parametrize(
    "milliseconds", [253402300799000, 253402214400000, -62135596800000, 10**30, -(10**30), 0, -1]
)
@pytest.mark.parametrize("policy", ["ONCE", "PERIODIC", "CRON"])
def test_times_at_the_ends_of_the_calendar_are_no_accident(policy: str, milliseconds: int) -> None:
    """The last moment of the year 9999 has no date in Shanghai, the first of the year 1 none in New York."""
    for zone in ("Asia/Shanghai", "America/New_York", "Mars/Olympus"):
        trigger = {
            "policy": policy,
            "time_zone": zone,
            "single_scheduled_time": milliseconds,
            "scheduled_close_time": milliseconds,
            "period": "1",
            "periodic_scheduled_time": "01:00:00",
            "cron": "0 0 0 * * ?",
        }
        run = {"status": "FINISHED", "started_time": milliseconds, "finished_time": 10**400}
        summary = {"enabled": True, "last_execution_time": milliseconds, "execution_count": 10**400}
        judge_message(task_card(snapshot({"trigger_time": trigger}, summary=summary, runs=[run])))


@pytest.mark.parametrize("key", ["brand_new", "target_instances", "input_param", "name", "trigger_time"])
@pytest.mark.parametrize("levels", [50, 260, 900])
def test_nesting_however_deep_is_shown_or_said(key: str, levels: int) -> None:
    """COC may send deeper JSON than Python likes to walk."""
    judge_message(task_card(snapshot({**wire("S2"), key: nested(levels)})))


@pytest.mark.parametrize("count", [999, 10_000])
def test_the_card_of_a_fleet_is_no_longer_than_that_of_one_machine(count: int) -> None:
    """Machines are counted on the card and listed in the modal."""
    card = task_card(snapshot(with_steps(step([machine(f"web-{n}", n) for n in range(count)]))))
    judge_message(card)
    assert field(card, "Where")[0] == f"{count:,} machines in 1 region, 1 batch"


def test_nothing_but_an_id_makes_a_card() -> None:
    """The id stands in for the name; what COC did not send is said not to be stated."""
    card = task_card(snapshot({"id": TASK_ID}, summary=Missing("failed"), runs=Missing("failed")))
    judge_message(card)
    assert card.blocks[0]["text"]["text"] == TASK_ID
    assert field(card, "Schedule") == ["COC sent none"]
    assert field(card, "Risk") == field(card, "Approval") == field(card, "Tells") == ["Not stated"]
    assert field(card, "Where") == ["COC named no targets"]


# Secrets -------------------------------------------------------------------------------------------------

SECRET = "hunter2"
LISTED = [
    {"paramName": "password", "paramValue": SECRET, "paramOrder": 1},
    {"paramName": "options", "paramValue": f"--host db-1 --password={SECRET}", "paramOrder": 2},
    {"param_name": "db_token", "param_value": SECRET, "param_order": 3},
]


@pytest.mark.parametrize("broken", [0, 1, 3, 12, 30])
def test_a_secret_parameter_never_gets_onto_a_card(broken: int) -> None:
    """Neither whole, nor where its JSON breaks off and is shown as it came, nor in a field nobody knows."""
    raw = json.dumps(LISTED)
    script_params = raw[: len(raw) - broken]
    whole = json.dumps({"execute_user": "root", "script_params": script_params})
    detail = {
        **wire("S2"),
        "input_param": whole[: len(whole) - broken],
        "approve_comments": f"use password={SECRET}",
        "brand_new": LISTED,
        "brand_newer": raw,
        "secret_key": SECRET,
        "target_instances": json.dumps([{"target_instances": json.dumps({"password": SECRET})[: -1 - broken]}]),
    }
    run = {"status": "ABNORMAL", "execution_msg": f"mysql --password {SECRET} failed"}
    card = task_card(snapshot(detail, runs=[run]), requested_by=ADA)
    judge_message(card)
    assert SECRET not in json.dumps(card.payload())


def test_a_filter_of_a_selection_may_be_a_secret_too() -> None:
    """It is a name and a value like any other."""
    resource = {"type": "REGION", "id": "cn-north-4", "params": [{"key": "token", "value": SECRET}]}
    card = task_card(snapshot(with_steps({"target_selection": "ALL", "target_resource": resource})))
    assert SECRET not in json.dumps(card.payload())
    assert "where token is [hidden]" in said(list(card.blocks))


# The verdict line ----------------------------------------------------------------------------------------

_FRAGMENTS: st.SearchStrategy[Fragment] = (
    texts() | texts().map(Code) | texts().map(Quote) | st.datetimes(timezones=st.just(UTC)).map(At)
)


@settings(deadline=None, max_examples=50)
@given(st.lists(_FRAGMENTS, min_size=1, max_size=30), st.lists(_FRAGMENTS, max_size=30))
@example(["&" * 300] * 30, [Quote("<" * 300)] * 30)
def test_no_verdict_is_longer_than_a_section_takes(headline: list[Fragment], note: list[Fragment]) -> None:
    """3,000 characters; what does not fit is cut between its parts, so that no markup is cut in two."""
    found = snapshot(with_steps(step([machine("a", agentStatus="OFFLINE")])))
    text = verdict_line(found, Verdict("green", tuple(headline), tuple(note)))
    assert len(text) <= 3_000
    assert_tame(text)
    assert_tame(as_mrkdwn(headline).strip() or "-")


def test_a_sentence_that_does_not_fit_ends_with_the_mark() -> None:
    """Whole parts only: half a date would show its markup."""
    assert as_mrkdwn([At(AS_OF), "x" * 100, "y"], limit=100) == as_mrkdwn([At(AS_OF)]) + "…"
    assert as_mrkdwn(["a ", Code("b"), " c"]) == "a `b` c"


def test_a_long_reviewer_does_not_hide_what_the_sentence_says() -> None:
    """The name is cut, not the verb behind it."""
    detail = {**wire("S2"), "approve_status": "PENDING", "reviewer_user_name": "R" * 500}
    assert "… approves it*" in line(task_card(snapshot(detail)))


def test_times_are_in_the_readers_zone_on_the_card_and_in_the_tasks_zone_on_the_phone() -> None:
    """Slack turns the token into the reader's time; a notification can't."""
    card = task_card(snapshot(wire("S2")))
    assert line(card).startswith(":large_green_circle:  *Runs next <!date^1778491800^")
    assert card.text == (
        "nightly-logrotate: Runs next Mon 11 May 17:30 Asia/Shanghai (in 14 h). "
        "High risk, 2 machines, 1 agent offline."
    )


def test_a_time_of_another_year_says_so() -> None:
    """ "Already ran 10 May" a year later would be read as today's."""
    shanghai = ZoneInfo("Asia/Shanghai")
    old = datetime(2025, 5, 10, 8, 35, tzinfo=UTC)
    assert local(old, shanghai, AS_OF) == "Sat 10 May 2025 16:35"
    assert local(AS_OF, shanghai, AS_OF) == "Mon 11 May 03:30"
    assert as_plain(["ran ", At(old)], None, AS_OF) == "ran Sat 10 May 2025 08:35 UTC"
    # New Year comes eight hours earlier in Shanghai.
    eve = datetime(2026, 12, 31, 20, tzinfo=UTC)
    assert local(eve, shanghai, eve) == "Fri 1 Jan 04:00"


@pytest.mark.parametrize("state", ["OFFLINE", "offline"])
def test_offline_agents_are_in_the_verdict_line(state: str) -> None:
    """The task will run, but not everywhere: that belongs to the answer."""
    card = task_card(snapshot(with_steps(step([machine("a", 1), machine("b", 2, agentStatus=state)]))))
    assert line(card).endswith(":warning: 1 of 2 agents offline when saved")
    assert "offline" not in line(task_card(snapshot(with_steps(step([machine("a")])))))


# Fields --------------------------------------------------------------------------------------------------


def test_the_fields_follow_the_questions() -> None:
    """When, how risky, where, who, how last time, who is told: always the same eight, in the same order."""
    card = task_card(snapshot(wire("S2")))
    titles = [item["text"].split("\n")[0].split("*")[1] for item in card.blocks[3]["fields"]]
    assert titles == ["Schedule", "Next runs", "Risk", "Runs as", "Where", "Approval", "Last run", "Tells"]


@pytest.mark.parametrize(
    ("detail", "summary"),
    [
        ({"approve_status": "PENDING"}, {"enabled": True}),
        ({"approve_status": "REJECTED"}, {"enabled": True}),
        ({}, {"enabled": False}),
    ],
)
def test_times_at_which_it_will_not_run_are_not_called_next_runs(detail: Json, summary: Json) -> None:
    """Rejected, pending or disabled: the list of times is what would be."""
    card = task_card(snapshot({**wire("S2"), **detail}, summary=summary))
    assert field(card, "Would run")[0].startswith("Mon 11 May 17:30 · <!date^1778491800^")


def test_without_a_known_zone_times_are_said_to_be_utc() -> None:
    """A wrong zone is worse than a foreign one."""
    trigger = {"policy": "ONCE", "single_scheduled_time": 1778491800000, "time_zone": "Mars/Olympus"}
    card = task_card(snapshot({**wire("S2"), "trigger_time": trigger}))
    assert "*Next run* (UTC · yours)" in said(list(card.blocks))
    assert "Mon 11 May 09:30 · " in field(card, "Next run")[0]
    assert ":warning: unknown time zone" in field(card, "Schedule")[-1]
    closing = {"policy": "PERIODIC", "time_zone": "Mars/Olympus", "scheduled_close_time": 1798646400000}
    card = task_card(snapshot({**wire("S2"), "trigger_time": closing}))
    assert "until 16:00 UTC on 30 Dec 2026" in field(card, "Schedule")[-1]


def test_machines_that_are_chosen_later_are_said_to_be() -> None:
    """ALL without a list: nobody knows the machines yet."""
    assert field(task_card(snapshot(wire("S3"))), "Where") == [
        "Chosen when it runs: all of region *cn-north-4* where ep_id is 0 and agent_state is ONLINE"
    ]
    bare = task_card(snapshot(with_steps({"target_selection": "ALL"})))
    assert field(bare, "Where") == ["All machines that match when it runs"]


def test_machines_that_were_listed_are_not_said_to_be_chosen_later() -> None:
    """ALL with a saved list: what it selects from, after the machines."""
    assert field(task_card(snapshot(wire("S6"))), "Where") == [
        "2 machines in 1 region, 1 batch",
        "*1 installing*, *1 uninstalled* when saved",
        "All of application *shop.web* in cn-north-4",
    ]


def test_selections_and_filters_that_are_left_out_are_counted() -> None:
    """Two selections of four filters each are shown; nothing is dropped in silence."""
    params = [{"key": f"k{n}", "value": n} for n in range(6)]
    steps = [
        {"target_selection": "ALL", "target_resource": {"type": "REGION", "id": f"r{n}", "params": params}}
        for n in range(4)
    ]
    found = field(task_card(snapshot(with_steps(*steps))), "Where")
    assert found[1].endswith("*r0* where k0 is 0, k1 is 1, k2 is 2, k3 is 3 and 2 more filters")
    assert found[-1] == "and 2 more such selections"


def test_an_unknown_selection_is_shown_as_it_is() -> None:
    """COC did name targets, in a word that no document knows."""
    assert field(task_card(snapshot(with_steps({"target_selection": "BY_TAG"}))), "Where") == ["Selection `BY_TAG`"]


def test_unknown_states_are_counted_and_the_sixth_kind_too() -> None:
    """Five states are named, the bad ones in bold, the rest counted."""
    states = ["ONLINE", "OFFLINE", "FAILED", "FAILED", None, "A", "B"]
    machines = [machine(f"m{n}", n, agentStatus=state) for n, state in enumerate(states)]
    found = field(task_card(snapshot(with_steps(step(machines)))), "Where")[1]
    assert found.startswith("*2 agents failed*, *1 offline*, ")
    assert found.endswith(", 1 more state when saved")


def test_the_last_run_is_the_newest_of_the_history() -> None:
    """Status, when, how long, its message if it went wrong, and how many there were."""
    run = {"status": "ABNORMAL", "started_time": 1000, "finished_time": 62_000, "execution_msg": "1 failed"}
    old = {"status": "FINISHED", "started_time": 1}
    card = task_card(snapshot(wire("S2"), summary={"execution_count": 2}, runs=[run, old]))
    assert field(card, "Last run") == [
        ":x: Failed (ABNORMAL) <!date^1^{date_short_pretty} {time}|Thu 1 Jan 1970, 00:00 UTC>, took 1 min 1 s",
        "&gt; 1 failed",
        "2 runs so far",
    ]


def test_what_the_listing_alone_knows_is_used_where_the_history_is_missing() -> None:
    """And what can't be seen is named with the permission that would show it."""
    summary = {"last_execution_status": "FINISHED", "last_execution_time": 1000, "execution_count": 1}
    missing = Missing("no permission", permission="coc:schedule:getHistories")
    card = task_card(snapshot(wire("S2"), summary=summary, runs=missing))
    assert field(card, "Last run") == [
        ":white_check_mark: Finished <!date^1^{date_short_pretty} {time}|Thu 1 Jan 1970, 00:00 UTC>",
        "1 run so far",
        "_Recent runs: the bot lacks `coc:schedule:getHistories`_",
    ]


def test_a_last_run_that_is_shown_is_not_said_to_be_missing() -> None:
    """Without the listing, the history still tells of the last run."""
    card = task_card(snapshot(wire("S2"), summary=Missing("timed out"), runs=[{"status": "READY"}]))
    assert field(card, "Last run") == [
        ":hourglass_flowing_sand: Ready to start",
        "_Enabled and counts: COC did not answer in time_",
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Forbidden(permission="coc:schedule:list"), "the bot lacks `coc:schedule:list`"),
        (TimedOut("read"), "COC did not answer in time"),
        (ServiceFailure(status=502), "COC failed to answer"),
    ],
)
def test_what_is_missing_is_said_in_the_verdict_and_in_its_field(error: CocError, words: str) -> None:
    """Whether it is enabled decides whether it runs: unknown must not read as yes."""
    card = task_card(snapshot(wire("S2"), summary=Missing.because(error)))
    assert "*Due <!date^1778491800^" in line(card)
    assert f"can't tell whether it is enabled: {words}" in line(card)
    assert f"_Enabled, last run and counts: {words}_" in field(card, "Last run")


def test_a_task_that_coc_does_not_list_is_said_to_be() -> None:
    """The detail call knows it, the list call does not: both may be true for a moment."""
    card = task_card(snapshot(wire("S2"), summary=Missing("not listed")))
    assert "whether it is enabled: COC does not list this task" in line(card)


# Parts below the fields ----------------------------------------------------------------------------------


def test_what_does_not_decode_is_shown_raw_with_where_it_broke() -> None:
    """At most five such parts; how many more there are is said."""
    broken = [{"target_selection": "MANUAL", "target_instances": "{broken"} for _ in range(7)]
    words = said(list(task_card(snapshot(with_steps(*broken))).blocks))
    assert words.count("*Not readable:*") == 5
    assert "step 1, plan: expecting property name enclosed in double quotes at character 2 of 7" in words
    assert "As it came: `{broken`" in words
    assert ":warning: 2 more parts are not readable." in words


def test_keys_that_no_document_names_are_shown() -> None:
    """The service may add fields; five are shown, the rest counted."""
    extra = {f"new_{n}": {"x": n} for n in range(7)}
    words = said(list(task_card(snapshot({**wire("S2"), **extra})).blocks))
    assert 'COC also sent: `new_0` = `{"x": 0}`, ' in words
    assert words.endswith(" and 2 more") or " and 2 more\n" in words


# Freshness and refreshing --------------------------------------------------------------------------------


def refreshed(detail: Json, after: timedelta = timedelta(minutes=28), **known: Any) -> str:
    """The freshness line of sample S2's card after a refresh that brought this."""
    value = task_card(snapshot(wire("S2"), summary={"enabled": True})).blocks[-1]["elements"][0]["value"]
    again = snapshot(detail, summary={"enabled": True, **known}, as_of=AS_OF + after)
    return freshness(task_card(again, requested_by=ADA, before=decode_state(value)))


def test_the_buttons_and_the_menu_carry_what_they_need() -> None:
    """The names and labels are in every card ever posted: they must not change. Three elements at most."""
    refresh, targets, more = task_card(snapshot(wire("S2"))).blocks[-1]["elements"]
    assert [(button["action_id"], button["text"]["text"]) for button in (refresh, targets)] == [
        ("refresh", "Refresh"),
        ("targets", "Show targets"),
    ]
    assert decode_state(refresh["value"]) == decode_state(targets["value"]) == card_state(snapshot(wire("S2")))
    assert (more["type"], more["action_id"]) == ("overflow", "more")
    assert [(option["text"]["text"], option["value"]) for option in more["options"]] == [
        ("Run history", f"runs:{TASK_ID}"),
        ("Parameters", f"parameters:{TASK_ID}"),
    ]


def test_a_refresh_names_what_changed() -> None:
    """Label, before, after; absent is "none"."""
    text = refreshed({**wire("S2"), "approve_status": "REJECTED", "version_no": None}, enabled=False)
    assert text.endswith("approval PASSED → REJECTED, version 2.1.0 → none, enabled yes → no")
    assert "*changed since <!date^1778441400^{time}|Sun 10 May 2026, 19:30 UTC>:*" in text


def test_a_refresh_without_change_says_since_when() -> None:
    """Since when the card was last right; after half a day with the date, or it would be read as today's."""
    assert refreshed(wire("S2")).endswith("unchanged since <!date^1778441400^{time}|Sun 10 May 2026, 19:30 UTC>")
    assert "unchanged since <!date^1778441400^{date_short_pretty} {time}|" in refreshed(wire("S2"), timedelta(days=1))


def test_what_can_no_longer_be_seen_is_not_called_unchanged() -> None:
    """The first card knew that it was enabled; COC's list did not answer this time."""
    value = task_card(snapshot(wire("S2"), summary={"enabled": True})).blocks[-1]["elements"][0]["value"]
    again = snapshot(wire("S2"), summary=Missing("timed out"), as_of=AS_OF + timedelta(minutes=1))
    said = freshness(task_card(again, requested_by=ADA, before=decode_state(value)))
    assert said.endswith(" but for what is not seen now: enabled, last run, runs")


def test_a_change_that_no_fact_names_is_still_said() -> None:
    """ "Unchanged" would be a lie."""
    assert refreshed({**wire("S2"), "approve_comments": "no"}).endswith(":* other details of the task")


def test_without_a_digest_nothing_is_claimed_about_change() -> None:
    """A card from an older version of the bot carries no digest."""
    value = json.dumps({"t": TASK_ID, "a": 1778441400})
    card = task_card(snapshot(wire("S2")), before=decode_state(value))
    assert "refreshed, last shown <!date^1778441400^" in freshness(card)
    assert "since" not in freshness(task_card(snapshot(wire("S2")), before=decode_state(TASK_ID)))


@pytest.mark.parametrize("user", ["<!channel>", "U1|x", "u0oncall", "", None])
def test_only_a_slack_user_id_becomes_a_mention(user: str | None) -> None:
    """Who asked is said by a mention of our own making, or not at all."""
    card = task_card(snapshot(wire("S2")), requested_by=user)
    judge_message(card)
    assert "asked by" not in freshness(card)


def test_a_card_that_was_not_refreshed_stays_and_says_so() -> None:
    """The line stands above the buttons, replaces an earlier one, and drops Slack's block ids."""
    card = task_card(snapshot(wire("S2")), requested_by=ADA)
    sent = [{**block, "block_id": str(n)} for n, block in enumerate(card.blocks)]
    once = not_refreshed(sent, "COC did not answer in time.", AS_OF, ADA)
    judge_message(Message(card.text, tuple(once)))
    (line_block,) = [block for block in card.blocks if block not in once]
    assert line_block["text"]["text"].replace(":large_green_circle:", ":white_circle:") in said(once)
    assert "large_green_circle" not in said(once), "nobody knows now whether all is well"
    assert len(once) == len(card.blocks) + 1
    mark = once[-2]["elements"][0]["text"]
    assert mark.startswith(NOT_REFRESHED)
    assert mark.endswith(f"asked by <@{ADA}>: COC did not answer in time.")
    twice = not_refreshed(once, "<!channel> *BOLD*", AS_OF, "<!here>")
    assert len(twice) == len(once)
    assert_tame(twice[-2]["elements"][0]["text"])
    assert "asked by" not in twice[-2]["elements"][0]["text"]


def test_blocks_without_buttons_are_marked_at_their_end() -> None:
    """Whatever Slack says the message holds, odd blocks included."""
    odd: list[Json] = [{"type": "context", "elements": []}, {"type": "context"}]
    assert not_refreshed([], "no", AS_OF, None)[0]["type"] == "context"
    assert not_refreshed(odd, "no", AS_OF, None)[:2] == odd


@pytest.mark.parametrize(
    "value",
    ["word " * 400_000 + "hunter2", [{"password": "hunter2", "n": n} for n in range(40_000)], {"token": "hunter2"}],
)
def test_a_huge_value_of_an_unknown_key_is_shown_in_part_and_looked_at_in_part(
    monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    """Redacting takes microseconds for each character; megabytes would hold up everybody."""
    looked_at: list[int] = []
    once = Redactor._redact_once

    def counted(redactor: Redactor, text: str, name: str, layer: int) -> str:
        looked_at.append(len(text))
        return once(redactor, text, name, layer)

    monkeypatch.setattr(Redactor, "_redact_once", counted)
    card = task_card(snapshot({**wire("S2"), "brand_new": value}))
    judge_message(card)
    assert "COC also sent: `brand_new`" in said(list(card.blocks))
    assert "hunter2" not in json.dumps(card.payload())
    assert 0 < max(looked_at) <= 2_500
    assert sum(looked_at) < 40_000
