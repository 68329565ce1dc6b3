"""The entry point of ``schedtask-bot`` and ``python -m bot``: first the signals, then everything heavy."""

import sys

from bot import signals

STATUS_IS_0 = {"run": True, "sandbox": True, "show": False, "doctor": False}
"""Whether a signal before the event loop runs is an exit with 0: a server has nothing to finish yet."""


def main() -> None:
    """Run the command that the arguments name."""
    for command in sys.argv[1:2]:
        if command in STATUS_IS_0:
            signals.exit_at_once(good=STATUS_IS_0[command])
    from bot.cli import invoke  # noqa: PLC0415 - takes hundreds of milliseconds, in which signals must count

    invoke()


if __name__ == "__main__":
    main()
