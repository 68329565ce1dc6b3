"""Which version this is."""

from importlib import metadata


def version() -> str:
    """The installed package's version; ``unknown`` in a checkout that is not installed."""
    try:
        return metadata.version("schedtask-bot")
    except metadata.PackageNotFoundError:
        return "unknown"
