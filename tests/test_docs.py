"""The README says what the code does: settings, commands, permissions, files."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import settings
from bot.cli import cli
from bot.operations import connections
from bot.operations.metrics import Metrics
from bot.settings import Settings
from bot.slack import signature
from bot.timings import TIMINGS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"


def documented() -> dict[str, str]:
    """The settings table: default by variable."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| .* \| (.*) \|$", README, re.MULTILINE)
    return dict(rows)


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    """The table and ``Settings`` name the same variables."""
    assert set(documented()) == {str(field.alias) for field in Settings.model_fields.values()}


def test_the_documented_defaults_are_the_real_ones() -> None:
    """Where the table gives a literal default, an empty environment yields just that."""
    found = settings.read({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "COC_REGION": "cn-north-4"})
    by_alias = {str(field.alias): name for name, field in Settings.model_fields.items()}
    literal = {name: match[1] for name, cell in documented().items() if (match := re.fullmatch(r"`(.+)`", cell))}
    assert len(literal) > 8
    for name, text in literal.items():
        value = getattr(found, by_alias[name])
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        assert (shown.lower() if isinstance(value, bool) else shown) == text, name


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    """The table and ``/metrics`` name the same metrics."""
    text = Metrics().render(connected=True).decode()
    real = {name for name in re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE) if not name.endswith("_created")}
    table = README[README.index("### Metrics") : README.index("Worth an alert")]
    assert {name for line in table.splitlines() for name in re.findall(r"`(schedtask_\w+)`", line)} == real


def test_every_reason_to_refuse_a_request_is_documented() -> None:
    """The label's values are a closed set, and the limits in the text are the real ones."""
    row = next(line for line in README.splitlines() if line.startswith("| `schedtask_refused_requests_total`"))
    reasons = {value.reason for value in vars(signature).values() if isinstance(value, signature.Refusal)} | {
        "slow",
        "crowded",
    }
    assert set(re.findall("`([a-z ]+)`", row.partition("by `reason`")[2])) == reasons | {"crowded"}
    assert f"{TIMINGS.http.request_s:g} s for its headers and {TIMINGS.http.body_s:g} s for its body" in README
    assert f"kept for at\nmost {TIMINGS.http.idle_s:g} s" in README
    assert f"at most {connections.MAX_CONNECTIONS:,} connections" in README


@pytest.mark.parametrize("command", ["run", "sandbox", "show", "doctor"])
def test_every_command_is_in_the_readme(command: str) -> None:
    """And ``--help`` knows it."""
    assert f"schedtask-bot {command}" in README
    assert command in CliRunner().invoke(cli, ["--help"]).output


def test_every_option_in_the_readme_exists() -> None:
    """schedtask-bot accepts the ``--flags`` that the README shows."""
    for command, option in re.findall(r"schedtask-bot (\w+) (--[a-z-]+)", README):
        assert option in CliRunner().invoke(cli, [command, "--help"]).output


def test_every_link_target_in_the_readme_exists() -> None:
    """Linked pictures and files are in the repository."""
    targets = re.findall(r"\]\((?!http|#)([^)]+)\)", README)
    assert targets
    for target in targets:
        assert (ROOT / target).is_file(), target


def test_every_path_in_the_contributing_guide_exists() -> None:
    """Links, and files and folders in code style."""
    text = CONTRIBUTING.read_text("utf-8")
    links = {CONTRIBUTING.parent / target for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", text)}
    paths = {ROOT / path for path in re.findall(r"`((?:bot|tests|\.ci|\.github)/[\w./-]+)`", text)}
    assert len(paths) > 40
    assert [path for path in links | paths if not path.exists()] == []


def test_the_map_of_the_house_has_every_room() -> None:
    """The table names each package and module of ``bot/``."""
    text = CONTRIBUTING.read_text("utf-8")
    drawn = set(re.findall(r"`([\w.]+/?)`", text.partition("where in `bot/`")[2].partition("\n\n")[0]))
    packages = {f"{path.parent.name}/" for path in (ROOT / "bot").glob("*/__init__.py")}
    modules = {path.name for path in (ROOT / "bot").glob("*.py")} - {"__init__.py"}
    assert drawn >= packages | modules


def test_the_readme_explains_every_permission_of_the_client() -> None:
    """Each one that a call may lack."""
    source = (ROOT / "bot/coc/client.py").read_text("utf-8")
    needed = set(re.findall(r'"(coc:schedule:\w+)"', source))
    assert len(needed) == 3
    assert needed == set(re.findall(r"^\| `(coc:schedule:\w+)`", README, re.MULTILINE))
