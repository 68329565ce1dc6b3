"""The signals that stop a process gracefully.

Imports nothing heavy: the entry point uses this first, so that a signal counts from the first moment on.
"""

import os
import signal

TYPE_CHECKING = False  # as in typing, which takes longer to import than everything else here
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

_HANG_UP = getattr(signal, "SIGHUP", None)  # not on Windows

# A process started with SIGHUP ignored, as nohup does it, is meant to outlive the terminal.
STOP: tuple[signal.Signals, ...] = (
    signal.SIGTERM,
    signal.SIGINT,
    *((_HANG_UP,) if _HANG_UP is not None and signal.getsignal(_HANG_UP) is not signal.SIG_IGN else ()),
)


def exit_at_once(*, good: bool) -> None:
    """Let a signal end the process at once, until an event loop takes over: nothing is under way yet.

    Process 1 of a container must do this first: there the kernel drops signals without a handler. With ``good`` the
    exit status is 0, else the shell's for a process that a signal ended. SIGINT keeps Python's handler.
    """
    for number in STOP:
        if number != signal.SIGINT:
            signal.signal(number, lambda received, _: os._exit(0 if good else 128 + received))


def call_on_stop(loop: "AbstractEventLoop", stop: "Callable[[], object]") -> None:
    """Call ``stop`` inside the loop on each of the signals."""
    for number in STOP:
        loop.add_signal_handler(number, stop)


def ignore(loop: "AbstractEventLoop") -> None:
    """Ignore the signals from now on: the process is about to end by itself."""
    for number in STOP:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
