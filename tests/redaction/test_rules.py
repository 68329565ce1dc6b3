"""The rules are data: each has an example that must hide and one that must not, and each is needed by the corpora."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.redact import Redactor, commands
from bot.redact.commands import TOOLS, Tool
from bot.redact.rules import SHAPES, SYNTAX, Rule, RuleSet
from tests.redaction.corpus import REDACTOR, Case, leaks, load, read
from tests.redaction.test_corpus import SETS

SECRETS = [case for part in SETS for case in load(f"secrets_{part}")]
ALL = {f"{kind}: {rule.name}": rule for kind, rules in (("shape", SHAPES), ("syntax", SYNTAX)) for rule in rules.all}


def shown(case: Case) -> str:
    """The case as a text of its own."""
    return REDACTOR.text(case.text)


def hides(case: Case, text: str) -> bool:
    """Whether the text shows no secret of the case."""
    return not any(secret in text for secret in case.secrets if secret not in case.around)


@pytest.mark.parametrize("name", ALL)
def test_each_rule_has_an_example_that_hides_and_one_that_does_not(name: str) -> None:
    """The rule alone hides every secret of the first; all rules together leave the second as it is."""
    rule = ALL[name]
    case = read(rule.hides)
    assert case.secrets
    assert hides(case, RuleSet(rule).hide(case.text, set()))
    assert hides(case, shown(case))
    harmless = read(rule.keeps)
    assert harmless.text
    assert shown(harmless) == harmless.text


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.names.split()[0])
def test_each_tool_has_an_example_that_hides_and_one_that_does_not(tool: Tool) -> None:
    """The table of tools is walked in the same way."""
    case = read(tool.hides)
    assert case.secrets
    assert hides(case, commands.hide_arguments(case.text, set()))
    assert shown(read(tool.keeps)) == tool.keeps


def test_names_of_rules_are_given_once() -> None:
    """A rule that stands twice is one too many."""
    assert len(ALL) == len(SHAPES.all) + len(SYNTAX.all)
    known = [name for tool in TOOLS for name in tool.names.split()]
    assert len(known) == len(set(known))


def needed(rules: RuleSet, rule: Rule) -> Iterator[Case]:
    """The cases that leak without the rule."""
    for case in SECRETS:
        if rule.pattern.search(case.text) or rule.pattern.search(f"{case.name}: {case.text}"):
            yield case


@pytest.mark.parametrize("name", ALL)
def test_no_rule_is_there_that_no_case_needs(name: str) -> None:
    """Without it at least one secret of the corpora is seen."""
    kind, rule = name.partition(":")[0], ALL[name]
    rules = SHAPES if kind == "shape" else SYNTAX
    cases = list(needed(rules, rule))
    rest = RuleSet(*(other for other in rules.all if other is not rule))
    redactor = Redactor()
    setattr(redactor, "_shapes" if kind == "shape" else "_syntax", rest)
    assert any(leaks(case, redactor) for case in cases)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.names.split()[0])
def test_no_tool_is_there_that_no_case_needs(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the table of tools."""
    known = [name.rstrip("*") for name in tool.names.split()]
    cases = [case for case in SECRETS if any(name in case.text.lower() for name in known)]
    unknown = replace(tool, names="no-such-tool")
    monkeypatch.setattr(commands, "TOOLS", tuple(unknown if other is tool else other for other in TOOLS))
    commands.tool_of.cache_clear()
    try:
        assert any(leaks(case, Redactor()) for case in cases)
    finally:
        monkeypatch.undo()
        commands.tool_of.cache_clear()
