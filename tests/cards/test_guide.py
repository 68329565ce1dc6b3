"""The short help behind a command that asked for nothing, or for something else."""

import pytest
from hypothesis import given, settings

from bot.cards.guide import guide, remark
from bot.slack.request import Help, Show, parse
from tests.cards.any_task import texts
from tests.cards.judges import judge_message, said
from tests.cards.snapshots import text


def words(wrong: str | None = None, *, private: bool = False) -> str:
    """All that the help says."""
    return said(list(guide("/schedtask", text(wrong) if wrong else None, private_by_default=private).blocks))


@settings(deadline=None, max_examples=100)
@given(texts(), texts())
def test_whatever_was_typed_the_help_is_valid(command: str, wrong: str) -> None:
    """People type anything, and operators may name the command anything."""
    for private in (False, True):
        judge_message(guide(command, text(wrong), private_by_default=private))


@pytest.mark.parametrize("private", [False, True])
def test_the_examples_work(private: bool) -> None:
    """Each line that is shown as an example is understood as it stands."""
    spans = words(private=private).split("`")[1::2]
    examples = [span.removeprefix("/schedtask") for span in spans if span.startswith("/schedtask")]
    shown, asked, host, helped = [parse(example) for example in examples]
    assert host == Show("ST2601050930000000000001A1", hosts=("web-07", "10.0.0.8"))
    assert isinstance(shown, Show)
    assert isinstance(asked, Show)
    assert (shown.visibility, asked.visibility) == (None, "public" if private else "private")
    assert helped == Help()


def test_the_default_and_its_opposite_are_named() -> None:
    """Who will see the card matters before it is posted."""
    assert "shows a COC scheduled task to everyone here" in words()
    assert "`/schedtask private ST2601050930000000000001A1` shows it only to you" in words()
    assert "shows a COC scheduled task only to you" in words(private=True)
    assert "`/schedtask public ST2601050930000000000001A1` shows it to everyone here" in words(private=True)


def test_what_was_wrong_comes_first_and_alone_on_the_phone() -> None:
    """The sentence about what was typed, then how to do it right."""
    wrong = "“ST26” has 4 characters; a task id has 26."
    message = guide("/schedtask", text(wrong), private_by_default=False)
    assert message.text == wrong
    assert words(wrong).startswith(f":grey_question:  *{wrong}*\n• `/schedtask ST")


def test_the_command_is_named_as_the_operator_named_it() -> None:
    """A manifest may give it another name."""
    message = guide("/coc_task", None, private_by_default=False)
    assert message.text == "How to use /coc_task"
    assert "`/coc_task help`" in said(list(message.blocks))


ASK = "/schedtask ST2601050930000000000001A1 host"


def remarked(ignored: tuple[str, ...], private_word: str = "") -> str:
    """All that the remark says; with the same words where Slack refuses its blocks."""
    note = remark(ASK, tuple(map(text, ignored)), text(private_word) if private_word else None)
    assert note is not None
    assert note.text == said(list(note.blocks))
    return note.text


def test_ignored_words_are_named_and_a_host_is_asked_about_rightly() -> None:
    """Five by name, the rest counted; what looks like a host gets the command that asks about it."""
    said_beside = remarked(("web-07", "verbose", "10.0.0.8", "a1", "b2", "c3", "d4"))
    assert "ignored: “web-07”, “verbose”, “10.0.0.8”, “a1”, “b2” and 2 more." in said_beside
    assert f"To ask whether a host is a target: `{ASK} web-07, 10.0.0.8" in said_beside
    assert "To ask" not in remarked(("verbose",))
    assert remark(ASK, (), None) is None


def test_what_counted_as_private_is_named() -> None:
    """A near miss may have meant something else."""
    assert "Only you see this: “prviate” counts as private." in remarked((), "prviate")


@settings(deadline=None, max_examples=50)
@given(texts(), texts())
def test_a_remark_on_any_words_is_valid(word: str, other: str) -> None:
    """People type anything."""
    note = remark(ASK, (text(word), text(other)), text(other or "x"))
    assert note is not None
    judge_message(note)
