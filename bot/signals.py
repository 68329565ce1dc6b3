"""The signals that end a process in good order.

Imports nothing heavy: the command line imports this first, so that a signal counts from the first moment on.
"""

import os
import signal

TYPE_CHECKING = False  # as in typing, whose import would take longer than all else here
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

_HANG_UP = getattr(signal, "SIGHUP", None)  # Windows has none

# Whoever starts a process with SIGHUP ignored, as nohup does, wants it to outlive the terminal.
STOP: tuple[signal.Signals, ...] = (
    signal.SIGTERM,
    signal.SIGINT,
    *((_HANG_UP,) if _HANG_UP is not None and signal.getsignal(_HANG_UP) is not signal.SIG_IGN else ()),
)


def exit_at_once(*, good: bool) -> None:
    """Until an event loop takes over, end without ado: nothing has begun, so nothing needs finishing.

    As process 1 of a container this must be the first thing done: there the kernel drops a signal without a handler.
    ``good`` exits with 0, else with the shell's status for a process that a signal ended. SIGINT stays Python's own.
    """
    for number in STOP:
        if number != signal.SIGINT:
            signal.signal(number, lambda received, _: os._exit(0 if good else 128 + received))


def call_on_stop(loop: "AbstractEventLoop", stop: "Callable[[], object]") -> None:
    """Let each of the signals call ``stop`` inside the loop."""
    for number in STOP:
        loop.add_signal_handler(number, stop)


def ignore(loop: "AbstractEventLoop") -> None:
    """From now on no signal interrupts: for a process that is about to end by itself."""
    for number in STOP:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
