"""A coverage-guided fuzzer over the same checks: ``python -m tests.fuzz.coverage_run --minutes 10 [decoder …]``.

It is Atheris (libFuzzer for Python), which is not installed with the project: ``pip install ".[fuzz]"``, on Linux.
Each group runs in a process of its own, with the bot's code instrumented. It mutates bytes, beginning with the
samples. The first byte picks the check; from 128 on it also lets Hypothesis draw the input from the other bytes,
instead of taking these as they are. What breaks is written to files and not reported twice; the exit status is
then 1. ``--input FILE group`` runs one input again.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz.findings import Findings

if TYPE_CHECKING:
    from hypothesis import settings

    from tests.fuzz.checks import Check

GROUPS = ("decoder", "builders", "parser", "http")
LONGEST = 8_192
"""Bytes of an input."""
HANGS_S = 30
DRAW = 128
"""First bytes from here on draw the input with Hypothesis."""


def one_input(checks: "list[Check]", drawing: list[Callable[[bytes], Any]], data: bytes) -> None:
    """Run the check that the first byte picks; raises what it raises."""
    first, rest = (data[0] if data else 0), data[1:]
    if first >= DRAW:
        drawing[first % len(checks)](rest)
    else:
        check = checks[first % len(checks)]
        check.holds(check.from_bytes(rest))


def drawing_of(checks: "list[Check]") -> list[Callable[[bytes], Any]]:
    """For each check what runs it with an input that Hypothesis draws from bytes."""
    from hypothesis import HealthCheck, settings  # not before atheris, nor is anything that imports the bot

    quiet = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    return [_drawing(check, quiet) for check in checks]


def _drawing(check: "Check", quiet: "settings") -> Callable[[bytes], Any]:
    from hypothesis import given

    def holds(drawn: Any) -> None:
        check.holds(drawn)

    test: Any = quiet(given(check.drawn)(holds))
    found: Callable[[bytes], Any] = test.hypothesis.fuzz_one_input
    return found


def seeds(group: str, checks: int) -> list[bytes]:
    """What to begin with: samples, whole and their inner strings, and what people and Slack send."""
    from tests.cards.any_task import HOSTILE
    from tests.cards.snapshots import TASK_ID
    from tests.fuzz.inputs import BODIES, INNER

    # The fuzzer will put letters around it, where it formats nothing, which the judges do not know.
    hostile = [word[:500].replace("_ITALIC_", "_").encode("utf-8", "surrogatepass") for word in HOSTILE]
    inner = [json.dumps(text).encode() for text in INNER] + [text.encode() for text in INNER]
    typed = [f"private {TASK_ID} host web-*".encode(), f"<https://x/{TASK_ID}|{TASK_ID}>".encode(), b"ST26**** help"]
    turned = [b"%s\ttargets_page\t2\tONLINE\tweb\n" % TASK_ID.encode() + body for body in BODIES]
    click = {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": "T1"},
        "team": {"id": "T1"},
        "response_url": "https://hooks.slack.com/x",
        "trigger_id": "1",
        "actions": [{"action_id": "targets", "value": TASK_ID, "block_id": "b", "type": "button"}],
        "view": {
            "id": "V1",
            "hash": "h",
            "callback_id": "targets",
            "private_metadata": TASK_ID,
            "state": {"values": {}},
        },
    }
    whole = json.dumps(click).encode()
    names = ("refresh", "targets_csv", "targets_names", "targets_next", "runs_again", "targets_find", "more")
    slack = [whole.replace(b'"action_id": "targets"', f'"action_id": "{name}"'.encode()) for name in names]
    slack += [whole, whole.replace(b"block_actions", b"view_submission"), b"%s\0\0%s" % (whole, BODIES[1])]
    known = {"decoder": [*BODIES, *inner], "builders": [*BODIES, *turned], "parser": typed, "http": [*slack, *typed]}
    whole_seeds = [*known[group], *hostile]
    drawn = [bytes([DRAW + n]) + bytes((i * 37 + n) % 256 for i in range(600)) for n in range(checks)]
    # An HTTP input has a second byte, for how its body is wrapped.
    kinds = [bytes([n]) for n in range(6)] if group == "http" else [b""]
    return drawn + [bytes([n]) + kind + seed for n in range(checks) for kind in kinds for seed in whole_seeds]


def dictionary(words: Iterable[str]) -> str:
    """libFuzzer's dictionary: one quoted word a line."""
    lines = []
    for word in sorted(set(words)):
        quoted = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in word.encode())
        if 0 < len(quoted) <= 200:
            lines.append(f'"{quoted}"')
    return "\n".join(lines) + "\n"


def words() -> list[str]:
    """Keys of the samples, and pieces with which they are damaged."""
    from tests.cards.any_task import HOSTILE
    from tests.fuzz.inputs import BODIES, INNER, PIECES

    keys = re.findall(r"[A-Za-z_]{3,40}", " ".join([*INNER, *(body.decode() for body in BODIES)]))
    short = [word for word in (*HOSTILE, *PIECES) if len(word) <= 40 and word.isprintable() and word != "_ITALIC_"]
    return [*keys, *short, "ST2601050930000000000002B2", "host", "private", "block_actions", "view_submission"]


def worker(group: str, seconds: int, found: Findings, corpus: Path) -> None:
    """Fuzz one group in this process; ends it."""
    try:
        atheris = importlib.import_module("atheris")
    except ModuleNotFoundError:
        raise SystemExit('Atheris is missing: pip install ".[fuzz]", on Linux and x86-64') from None
    with atheris.instrument_imports(include=["bot"]):
        checks_module = importlib.import_module("tests.fuzz.checks")
    checks = checks_module.of_group(group)
    drawing = drawing_of(checks)
    for number, seed in enumerate(seeds(group, len(checks))):
        (corpus / f"seed-{number:04d}").write_bytes(seed[:LONGEST])
    wordlist = corpus.parent / f"{group}.dict"
    wordlist.write_text(dictionary(words()), "utf-8")
    command = f"python -m tests.fuzz.coverage_run {group}"

    def test_one_input(data: bytes) -> None:
        try:
            one_input(checks, drawing, data)
        except Exception as error:  # noqa: BLE001 - whatever breaks is what is looked for
            name = checks[(data[0] if data else 0) % len(checks)].name
            found.write(name, error, command, data)

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={HANGS_S}",
        "-rss_limit_mb=4096",
        f"-dict={wordlist}",
        f"-artifact_prefix={found.directory}/{group}-",
        "-print_final_stats=1",
    ]
    found.directory.mkdir(parents=True, exist_ok=True)
    with checks_module.ready(group):
        atheris.Setup([sys.argv[0], *options, str(corpus)], test_one_input)
        atheris.Fuzz()  # ends the process


def again(group: str, kept: Path) -> None:
    """Run one kept input, with its traceback."""
    from tests.fuzz.checks import CHECKS, ready

    checks = [check for check in CHECKS if check.group == group]
    with ready(checks[0].group):
        one_input(checks, drawing_of(checks), kept.read_bytes())


def supervised(group: str, minutes: float, directory: Path) -> bool:
    """Fuzz one group in a process of its own; whether anything was found."""
    before = set(directory.glob("*")) if directory.exists() else set()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        inputs = Path(corpus) / "inputs"
        inputs.mkdir()
        own = ["--worker", str(inputs), "--minutes", str(minutes), "--findings", str(directory), group]
        command = [sys.executable, "-m", "tests.fuzz.coverage_run", *own]
        log = Path(corpus) / "log"
        with log.open("wb") as out:
            code = subprocess.run(command, stdout=out, stderr=out, check=False).returncode
        text = log.read_text("utf-8", "replace")
    said = [line for line in text.splitlines() if line.startswith(("FOUND", "  ", "stat::number", "stat::new", "=="))]
    cover = re.findall(r"cov: \d+ ft: \d+ corp: \d+", text)
    print(f"{group}: {time.monotonic() - began:.0f} s, {cover[-1] if cover else 'no coverage'}, exit {code}")  # noqa: T201
    print("\n".join(said if cover else text.splitlines()[-30:]), flush=True)  # noqa: T201
    return code != 0 or bool(set(directory.glob("*")) - before)


def main() -> None:
    """Run the groups one after the other; exit status 1 where anything was found."""
    parser = argparse.ArgumentParser(description="A coverage-guided fuzzer with a time budget.")
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each group")
    parser.add_argument("--input", type=Path, help="run this kept input of one group again")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="directory for what is found")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if not set(asked.groups) <= set(GROUPS):
        parser.error(f"groups are {', '.join(GROUPS)}")
    groups = asked.groups or list(GROUPS)
    if asked.input:
        again(groups[0], asked.input)
    elif asked.worker:
        worker(groups[0], round(asked.minutes * 60), Findings(asked.findings), asked.worker)
    elif any([supervised(group, asked.minutes, asked.findings) for group in groups]):  # noqa: C419 - all of them
        raise SystemExit(1)


if __name__ == "__main__":
    main()
