"""The fuzzers themselves: each check on a few dozen inputs, and what breaks is found, kept and not found twice."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.fuzz import coverage_run, hypothesis_run
from tests.fuzz.checks import CHECKS, GROUPS, Check, Group, of_group, ready
from tests.fuzz.findings import Findings

pytestmark = pytest.mark.slow

FEW = {"decoder": 5, "builders": 3, "parser": 40, "http": 6}
BROKEN = "tests.fuzz.test_smoke"


def breaks(_: object) -> None:
    """A property that nothing has."""
    raise ValueError(BROKEN)


def test_every_group_has_checks_with_names_of_their_own() -> None:
    """Findings are told apart by the check's name."""
    assert {check.group for check in CHECKS} == set(GROUPS) == set(coverage_run.GROUPS)
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("group", GROUPS)
def test_hypothesis_runs_every_check(group: Group, tmp_path: Path) -> None:
    """A few examples from a seed that does not change."""
    found = Findings(tmp_path)
    with ready(group):
        tried = [hypothesis_run.turn(check, 1, found, examples=FEW[group], shrink=False) for check in of_group(group)]
    assert min(tried) > 0
    assert not found.known


@pytest.mark.parametrize("group", GROUPS)
def test_bytes_run_every_check(group: Group) -> None:
    """Some of the seeds, and bytes from which Hypothesis draws; without the fuzzer that would change them."""
    checks = of_group(group)
    drawing = coverage_run.drawing_of(checks)
    seeds = coverage_run.seeds(group, len(checks))
    step = max(1, len(seeds) // 40)
    with ready(group):
        for data in (b"", *seeds[: len(checks)], *seeds[len(checks) :: step]):
            coverage_run.one_input(checks, drawing, data)


def test_what_breaks_is_kept_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the least input and what reproduces it."""
    check: Check = replace(CHECKS[0], name="broken", drawn=st.booleans(), holds=breaks)
    found = Findings(tmp_path / "new")
    hypothesis_run.turn(check, 7, found)
    hypothesis_run.turn(check, 8, found)
    (kept,) = (tmp_path / "new").iterdir()
    text = kept.read_text("utf-8")
    assert BROKEN in text
    assert '--only "broken" --seed 7' in text
    assert capsys.readouterr().out.count("FOUND") == 1


def test_bytes_are_kept_beside_the_traceback(tmp_path: Path) -> None:
    """So that they can be run again."""
    found = Findings(tmp_path)
    for data in (b"one", b"two"):
        try:
            breaks(data)
        except ValueError as error:
            found.write("broken", error, "again", data)
    assert [path.read_bytes() for path in tmp_path.glob("*.bin")] == [b"one"]


def test_nothing_found_ends_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And something found does not."""
    monkeypatch.setattr(sys, "argv", ["x", "parser", "--minutes", "0", "--findings", str(tmp_path)])
    monkeypatch.setattr(hypothesis_run, "EXAMPLES", 5)
    with pytest.raises(SystemExit) as ended:
        hypothesis_run.main()
    assert ended.value.code == 0
    monkeypatch.setattr(hypothesis_run, "of_group", lambda _group: [replace(CHECKS[0], holds=breaks)])
    with pytest.raises(SystemExit) as ended:
        hypothesis_run.main()
    assert ended.value.code == 1


def test_the_dictionary_is_one_that_libfuzzer_takes() -> None:
    """A quoted word a line, with everything else than printable ASCII escaped."""
    lines = coverage_run.dictionary(coverage_run.words()).splitlines()
    assert len(lines) > 50
    assert all(line.isascii() and line.startswith('"') and line.endswith('"') for line in lines)
