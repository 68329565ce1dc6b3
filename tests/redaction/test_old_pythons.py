"""Python before 3.11.5 (Debian 12 has 3.11.2) misreads possessive groups: ``(?:ab)*+`` matches where nothing is."""

import subprocess
import sys

import pytest

FINDS = """
import importlib, pkgutil, re

parse = re._compiler._parser.parse

def walk(part, pattern):
    for op, value in part:
        if op is re._constants.POSSESSIVE_REPEAT and not re._compiler._simple(value[2]):
            print(pattern)
        for inner in value if isinstance(value, tuple) else ():
            for branch in inner if isinstance(inner, list) else [inner]:
                if isinstance(branch, re._parser.SubPattern):
                    walk(branch, pattern)

def parsed(pattern, flags=0):
    tree = parse(pattern, flags)
    walk(tree, pattern)
    return tree

re._compiler._parser.parse = parsed
import bot
for module in pkgutil.walk_packages(bot.__path__, "bot."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from bot.redact import Redactor
Redactor().text("P=x && cmd --password $P; x(password, 'y')")
re.compile("(?:ab)*+")
"""


@pytest.mark.slow
def test_no_pattern_has_a_possessive_group() -> None:
    """An atomic group does the same on every Python. The last pattern shows that the search finds one."""
    done = subprocess.run([sys.executable, "-c", FINDS], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(?:ab)*+"]
