"""What went wrong, as a card: one sentence, what to do, and the ids that support asks for."""

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import errors
from bot.cards.problem import Problem, problem_card, problem_of
from tests.cards.any_task import HOSTILE, texts
from tests.cards.judges import judge_message, said
from tests.cards.snapshots import REDACTOR, TASK_ID

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.CocError)]
REFERENCE = "K7QF2M"


def made(kind: type[errors.CocError], **said_by_coc: str | None) -> errors.CocError:
    """An error of a class with what the service said."""
    if issubclass(kind, errors.Forbidden):
        return kind(permission="coc:schedule:get", **said_by_coc)  # type: ignore[arg-type]
    return kind(**said_by_coc)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_what_happened_and_what_to_do(kind: type[errors.CocError]) -> None:
    """Two sentences at least, no blank left unfilled, and our reference."""
    card = problem_card(problem_of(made(kind), REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE)
    judge_message(card)
    words = said(list(card.blocks))
    assert "{" not in words
    assert f"`{TASK_ID}`" in words
    assert f"reference `{REFERENCE}`" in words
    assert card.text.endswith(f" Reference {REFERENCE}.")
    assert card.text.count(". ") >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_task_id_the_sentences_still_hold(kind: type[errors.CocError]) -> None:
    """Nothing that is not known is shown as if it were an id."""
    card = problem_card(problem_of(made(kind), REDACTOR), task_id=None, reference=REFERENCE)
    judge_message(card)
    if kind is errors.TaskNotFound:
        assert "*COC knows no scheduled task with this id.*" in said(list(card.blocks))
        assert card.text.startswith("COC knows no scheduled task with this id. ")


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(KINDS), texts(), texts(), texts())
def test_what_the_service_says_can_not_break_the_card(
    kind: type[errors.CocError], code: str, message: str, request_id: str
) -> None:
    """Whatever comes in an error body."""
    error = made(kind, code=code, message=message, request_id=request_id)
    judge_message(problem_card(problem_of(error, REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE))


def test_the_services_words_and_request_id_are_shown() -> None:
    """They are what the vendor's support asks for."""
    error = errors.TaskNotFound(status=400, code="COC.00014102", message="No such task.", request_id="9f2c")
    words = said(
        list(problem_card(problem_of(error, REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE).blocks)
    )
    assert "COC said: COC.00014102: No such task." in words
    assert "cloud request `9f2c`" in words


def test_our_own_detail_is_for_the_log() -> None:
    """A card shows what a person can use; where the code broke is not that."""
    error = errors.TimedOut("connect: 2.0 s to 10.1.2.3")
    card = problem_card(problem_of(error, REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE)
    assert "10.1.2.3" not in str(card.payload())


def test_a_secret_in_the_services_words_is_hidden() -> None:
    """Gateways quote what they were sent."""
    error = errors.Unauthenticated(code="APIGW.0301", message="wrong password=hunter2")
    card = problem_card(problem_of(error, REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE)
    assert "hunter2" not in str(card.payload())
    assert "[hidden]" in said(list(card.blocks))


def test_a_fault_of_our_own_says_so_and_nothing_else() -> None:
    """Its message may hold anything: the reference leads to the log."""
    card = problem_card(problem_of(KeyError("hunter2"), REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE)
    assert "Something broke inside the bot." in card.text
    assert "hunter2" not in str(card.payload())


def test_a_subclass_has_the_words_of_its_nearest_class() -> None:
    """An expired token is not a wrong key, an unknown error code is not a proxy's page."""
    titles = {kind: problem_of(made(kind), REDACTOR, TASK_ID).title for kind in KINDS}
    assert titles[errors.TokenExpired] != titles[errors.Unauthenticated]
    assert titles[errors.ErrorEnvelope] != titles[errors.BadAnswer] == titles[errors.Unreadable]

    class Newer(errors.TimedOut):
        """A class that the table does not know."""

    assert problem_of(Newer(), REDACTOR).title == titles[errors.TimedOut]


def test_who_lacks_what_is_named() -> None:
    """The permission can be copied: no look-alike in it, on the card or in the text."""
    card = problem_card(problem_of(made(errors.Forbidden), REDACTOR, TASK_ID), task_id=TASK_ID, reference=REFERENCE)
    assert "lacks the permission `coc:schedule:get`." in said(list(card.blocks))
    assert "lacks the permission coc:schedule:get." in card.text


@pytest.mark.parametrize(
    ("seconds", "wait"), [(None, "a few seconds"), (0.2, "a few seconds"), (7.0, "7 s"), (1800.0, "30 min")]
)
def test_throttling_says_how_long_to_wait(seconds: float | None, wait: str) -> None:
    """In a unit that people use."""
    assert problem_of(errors.Throttled(retry_after=seconds), REDACTOR).plain().endswith(f"Try again in {wait}.")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_values_are_literals_never_templates(text: str) -> None:
    """Braces in what fills a sentence are not filled in turn."""
    found = Problem(":warning:", "No {task}.", "Ask for {permission}.", (("task", text), ("permission", "{task}")))
    assert "Ask for {task}." in found.plain()
    assert "Ask for `{task}`." in said(list(problem_card(found, task_id=None, reference=REFERENCE).blocks))
