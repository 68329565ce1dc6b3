"""The limit of files and sockets that this process may have open."""

import sys


def raise_descriptors() -> int:
    """Raise the soft limit to the hard one; return the new limit."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource  # noqa: PLC0415 - not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # some systems allow less than they say
        hard = soft
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard
