"""The file ``.env`` in the working directory: variables for where the environment has none."""

import io
import os
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bot.environment import clean_library_values
from bot.settings import ConfigurationError
from bot.variables import is_service_link


def load_environment() -> dict[str, str]:
    """The process's variables, completed by those of the file. Raises ConfigurationError.

    All go into the process's environment too, where libraries read theirs; those are cleaned.
    """
    for name, value in _read_file().items():
        if name not in os.environ or is_service_link(name, os.environ[name]):
            os.environ[name] = value
    environment = dict(os.environ)
    os.environ.update(clean_library_values(environment))
    return environment


def _read_file() -> dict[str, str]:
    try:
        text = Path(".env").read_text("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):  # a folder of that name is somebody's virtual environment
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the file .env can't be read: {error}") from None
    # A line that the parser skips is a setting that is off; an open quote swallows the lines after it.
    faults = [
        f"line {line.original.line} of the file .env can't be read: it needs NAME=value, and each quote its other end"
        for line in parse_stream(io.StringIO(text))
        if line.error or (line.key and line.value is None)
    ]
    if faults:
        raise ConfigurationError(*faults)
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text)).items()}
