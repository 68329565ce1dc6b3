"""The wire models: every documented field, whatever stands in it, in the samples and in any JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.coc.reading import as_flag, as_millis, as_object, as_text, as_whole
from bot.coc.wire import MessageNotification, Run, Task, TaskSummary, TriggerTime
from bot.task.enums import normalized

TESTS = Path(__file__).parents[1]


# Characters include lone surrogates: JSON's escapes can write them.
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
SMALL_JSON = SCALARS | st.dictionaries(ANY_TEXT, SCALARS, max_size=2) | st.lists(SCALARS, max_size=2)


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


# The three tables of the vendor's document "Querying a Scheduled Task", in its order.
TASK_FIELDS = words(
    """
    id enterprise_project_id name agency_name trigger_time version_no task_type associated_task_id
    associated_task_name associated_task_name_en associated_task_type runbook_instance_mode risk_level input_param
    enable_approve reviewer_notification created_user_name reviewer_user_name approve_status approve_comments
    target_instances enable_message_notification message_notification
    """
)
TRIGGER_FIELDS = words(
    """
    time_zone policy single_scheduled_time periodic_scheduled_time period cron scheduled_close_time
    """
)
NOTIFICATION_FIELDS = words(
    """
    policy notification_endpoint_type schedule_scene_id schedule_role_id recipients protocol
    """
)
# What the OpenAPI definitions of the list and history calls add.
SUMMARY_FIELDS = words(
    """
    id enabled last_execution_time last_execution_status execution_count region_id created_time modified_time
    created_by update_by
    """
)
RUN_FIELDS = words("execution_id task_type status started_time finished_time execution_msg created_by region")


def document_example() -> dict[str, Any]:
    """The example response of the vendor's document, as it stands there."""
    found: dict[str, Any] = json.loads((TESTS / "sandbox" / "document_example.json").read_text("utf-8"))
    return found


def sample(number: int) -> dict[str, Any]:
    """One of the recorded samples, 1 to 7."""
    found: dict[str, Any] = json.loads((TESTS / "samples" / f"S{number}.json").read_text("utf-8"))
    return found


def said(model: BaseModel) -> dict[str, Any]:
    """The documented fields that hold something."""
    return model.model_dump(exclude=set(model.model_extra or ()), exclude_none=True)


@pytest.mark.parametrize(
    ("model", "names", "how_many"),
    [
        (Task, TASK_FIELDS, 23),
        (TriggerTime, TRIGGER_FIELDS, 7),
        (MessageNotification, NOTIFICATION_FIELDS, 6),
        (TaskSummary, SUMMARY_FIELDS, 10),
        (Run, RUN_FIELDS, 8),
    ],
)
def test_the_models_name_exactly_the_documented_fields(
    model: type[BaseModel], names: list[str], how_many: int
) -> None:
    """23 + 7 + 6 fields of the detail call, and those of the sibling calls: none more, none less."""
    assert len(names) == how_many
    assert set(model.model_fields) == set(names)


def test_the_documents_example_reads_field_by_field() -> None:
    """All 17 fields of the example come out as they went in; the six that it omits are None."""
    sent = document_example()
    task = Task.model_validate(sent)
    assert len(sent) == 17
    assert said(task) == sent
    assert (task.model_extra or {}) == {}
    for absent in (
        "agency_name",
        "associated_task_name_en",
        "reviewer_notification",
        "message_notification",
        "reviewer_user_name",
        "approve_comments",
    ):
        assert getattr(task, absent) is None
    assert task.trigger_time == TriggerTime(
        policy="ONCE", single_scheduled_time=1746866130000, time_zone="Asia/Shanghai"
    )


@pytest.mark.parametrize("number", range(1, 7))
def test_the_samples_read_field_by_field(number: int) -> None:
    """S1 to S6: what holds something comes out unchanged, null and the empty string come out as None."""
    sent = sample(number)
    task = Task.model_validate(sent)
    for name in TASK_FIELDS:
        found, value = getattr(task, name), sent.get(name)
        if isinstance(found, BaseModel):
            assert said(found) == {key: item for key, item in sent[name].items() if item not in (None, "")}
        else:
            assert found == (None if value == "" else value), name
    assert (task.model_extra or {}) == {}


def test_the_abusive_sample_reads_too() -> None:
    """S7: words in objects, unknown words, a number as a string, an empty zone, a key that nobody documents."""
    task = Task.model_validate(sample(7))
    assert said(task) == {
        "id": "ST2601050930000000000007G7",
        "name": "定时_任务-7",
        "task_type": "SCRIPT",
        "approve_status": "PASSED",
        "risk_level": "CRITICAL",
        "input_param": "not json",
        "target_instances": sample(7)["target_instances"],
        "trigger_time": {"policy": "WEEKLY", "single_scheduled_time": 1767576600000},
        "message_notification": {},
    }
    assert task.enable_approve is None
    assert (task.model_extra or {}) == {"brand_new_field": {"x": 1}}


@pytest.mark.parametrize("nothing", [None, "", "absent"])
@pytest.mark.parametrize("model", [Task, TriggerTime, MessageNotification, TaskSummary, Run])
def test_absent_null_and_empty_are_the_same(model: type[BaseModel], nothing: str | None) -> None:
    """All fields may be missing in each of three ways, and each reads as None."""
    sent = {} if nothing == "absent" else dict.fromkeys(model.model_fields, nothing)
    assert said(model.model_validate(sent)) == {}


@pytest.mark.parametrize("model", [Task, TriggerTime, MessageNotification, TaskSummary, Run])
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_json_object_validates(model: type[BaseModel], data: st.DataObject) -> None:
    """Whatever stands in documented fields and beside them; what comes out can be encoded as UTF-8."""
    known = dict.fromkeys(model.model_fields, SMALL_JSON)
    sent = data.draw(st.fixed_dictionaries({}, optional=known))
    task = model.model_validate(sent)
    for name in known:
        found = getattr(task, name)
        if isinstance(found, str):
            assert found.strip()
            found.encode("utf-8")


def test_a_key_that_is_half_a_character_is_read_too() -> None:
    """JSON's escapes can write a lone surrogate, also in the JSON string that a notification may be."""
    task = Task.model_validate({"x\ud800": 1, "message_notification": r'{"y\udfff": 2, "protocol": "SMS"}'})
    assert (task.model_extra or {}) == {"x?": 1}
    assert task.message_notification is not None
    assert task.message_notification.model_extra == {"y?": 2}


@given(st.dictionaries(st.text(max_size=12), ANY_JSON, max_size=4))
@settings(max_examples=100, deadline=None)
def test_keys_that_nobody_documents_are_kept(sent: dict[str, Any]) -> None:
    """New fields of the service do no harm and are at hand to be shown."""
    task = Task.model_validate(sent)
    assert (task.model_extra or {}).keys() == sent.keys() - set(TASK_FIELDS)


@given(ANY_JSON)
@settings(max_examples=200, deadline=None)
def test_readers_never_raise(value: object) -> None:
    """Each reader gives its own type or None for any JSON value."""
    assert isinstance(as_text(value), str | None)
    assert isinstance(as_flag(value), bool | None)
    assert isinstance(as_whole(value), int | None)
    assert as_millis(value) != 0
    assert isinstance(as_object(value), dict | None)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("SCRIPT", "SCRIPT"),
        ({"name": "SCRIPT"}, "SCRIPT"),
        ({"value": "SCRIPT", "label": "Script"}, "SCRIPT"),
        ({"code": "SCRIPT", "id": 7}, "SCRIPT"),
        ({"anything": "SCRIPT", "id": 7}, "SCRIPT"),
        ({}, None),
        ([], None),
        ("  ", None),
        ({"value": " "}, None),
        (7, "7"),
        (False, "false"),
        ({"a": 1, "b": 2}, '{"a": 1, "b": 2}'),
        ("\ud800x", "?x"),
    ],
)
def test_a_word_is_found_in_a_string_or_in_an_object(sent: object, read: str | None) -> None:
    """``task_type`` and ``approve_status`` are declared objects and sent as strings: both are understood."""
    assert as_text(sent) == read
    assert Task.model_validate({"task_type": sent, "approve_status": sent}).approve_status == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [(True, True), ("true", True), ("TRUE ", True), (1, True), ("0", False), (False, False), ("maybe", None)],
)
def test_a_flag_is_read_however_spelled(sent: object, read: bool | None) -> None:
    """Booleans come as booleans, strings and numbers; anything else is not known."""
    assert Task.model_validate({"enable_approve": sent}).enable_approve is read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (1767576600000, 1767576600000),
        ("1767576600000", 1767576600000),
        (" 1767576600000 ", 1767576600000),
        (1.7675766e12, 1767576600000),
        ("1.7675766E12", 1767576600000),
        ("1767576600000.0", 1767576600000),
        (0, None),
        ("0", None),
        ("soon", None),
        ("9" * 5000, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("1e999", None),
    ],
)
def test_a_time_is_read_however_spelled(sent: object, read: int | None) -> None:
    """Milliseconds come as numbers and strings; 0 means "not yet"."""
    assert TriggerTime.model_validate({"scheduled_close_time": sent}).scheduled_close_time == read


def test_objects_may_come_as_json_strings() -> None:
    """A trigger or notification that is a JSON string is read like the object in it."""
    task = Task.model_validate({"trigger_time": ' {"policy":"CRON"}', "message_notification": '{"protocol":"SMS"}'})
    assert task.trigger_time is not None
    assert task.trigger_time.policy == "CRON"
    assert task.message_notification is not None
    assert task.message_notification.protocol == "SMS"


def test_a_trigger_that_is_no_object_is_shown_as_an_unknown_policy() -> None:
    """Nothing that was sent is lost: the word stands where the policy would."""
    task = Task.model_validate({"trigger_time": "{broken", "message_notification": "{broken"})
    assert task.trigger_time == TriggerTime(policy="{broken")
    assert task.message_notification is None


@pytest.mark.parametrize(
    ("spellings", "one"),
    [
        (("ONCALL", "ON_CALL", "on-call", " On Call "), "ONCALL"),
        (("DingTalk", "DINGDING", "dingtalk"), "DINGTALK"),
        (("CANCELED", "Cancelled"), "CANCELED"),
        (("WELINK", "WeLink"), "WELINK"),
        (("", "  "), ""),
    ],
)
def test_spellings_that_differ_between_sources_are_one_word(spellings: tuple[str, ...], one: str) -> None:
    """The document, the SDKs and the vendor's tests spell some words differently."""
    assert {normalized(word) for word in spellings} == {one}


def test_what_was_read_cannot_be_changed() -> None:
    """Snapshots are shared by everyone who asked at the same time."""
    with pytest.raises(ValueError, match="frozen"):
        Task.model_validate({"name": "x"}).name = "y"  # type: ignore[misc]
