"""The image is built from the package alone, with the tested versions. Docker itself does not run here."""

import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / ".docker/Dockerfile").read_text("utf-8").replace("\\\n", " ")
CONSTRAINTS = ".docker/constraints.txt"


def pins() -> dict[str, str]:
    """The pinned versions by canonical name."""
    lines = [line for line in (ROOT / CONSTRAINTS).read_text("utf-8").splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def in_context(path: str) -> bool:
    """Whether Docker sends this file to the build: the last pattern that fits it or a folder above it wins."""
    included = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            if re.fullmatch(f"{pattern}(?:/.*)?", path):
                included = line.startswith("!")
    return included


def context(root: Path) -> set[str]:
    """What Docker sends to the build."""
    files = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return {path for path in files if in_context(path)}


def test_no_secret_and_no_history_reach_the_build(tmp_path: Path) -> None:
    """Wherever a ``.env`` or ``.git`` is: a layer would keep it, even if a later one removes it."""
    for folder in ("bot", ".docker"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "manifest.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    wanted = {path for path in context(tmp_path) if path.startswith("bot/")}
    assert "bot/cli.py" in wanted
    for planted in (
        *(".env", ".env.prod", "bot/.env", "bot/slack/.env.local", ".git/config", ".git/objects/ab/cd"),
        *("tests/test_run.py", ".venv/bin/python", "bot/__pycache__/cli.pyc", "audit.jsonl", "id_rsa"),
    ):
        path = tmp_path / planted
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
    assert context(tmp_path) == wanted | {"pyproject.toml", "README.md", "LICENSE", CONSTRAINTS}


def test_the_last_stage_has_only_the_installed_wheels() -> None:
    """Nothing is copied into it, nothing comes from an index, and it does not run as root."""
    first, last = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    for sources in re.findall(r"^COPY (.+) \S+$", first, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists()
            assert in_context(source) or (ROOT / source).is_dir()
    for line in re.findall(r"pip (?:install|wheel).*?(?=&&|$)", first, re.MULTILINE):
        assert f"-c {CONSTRAINTS}" in line
    assert not re.search(r"^(COPY|ADD) ", last, re.MULTILINE)
    assert "--no-index" in last
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)


def test_every_required_package_is_pinned_as_tested() -> None:
    """The whole tree of requirements; the command that runs the tests installs by the same file."""
    pinned, waiting, visited = pins(), ["schedtask-bot"], set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in visited:
            continue
        visited.add(name)
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                needed = canonicalize_name(requirement.name)
                assert needed in pinned, f"{name} needs {needed}"
                assert requirement.specifier.contains(pinned[needed], prereleases=True), text
                waiting.append(needed)
    assert "hatchling" in pinned
    command = (ROOT / "README.md").read_text("utf-8").partition("<!-- test command -->")[2].partition("```\n")[0]
    assert f"-c {CONSTRAINTS} " in command


@pytest.mark.parametrize("path", [".git/config", "bot/.env", ".docker/Dockerfile", "tests/conftest.py"])
def test_the_helper_excludes_like_docker(path: str) -> None:
    """By a folder, and by a name in any folder."""
    assert not in_context(path)
