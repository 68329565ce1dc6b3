"""The short help: how to ask, with examples, naming what was wrong with the last attempt."""

from bot.cards.blocks import context, section
from bot.cards.budget import Message, message
from bot.cards.text import mrkdwn


def guide(command: str, wrong: str | None, *, private_by_default: bool) -> Message:
    """Help for ``command`` ("/schedtask"). ``wrong`` is one plain sentence about what was typed, or None."""
    name = mrkdwn(command, 30)
    other, what = (
        ("public", "shows it to everyone here") if private_by_default else ("private", "shows it only to you")
    )
    usage = (
        f"• `{name} ST2601050930000000000001A1` shows a COC scheduled task "
        f"{'only to you' if private_by_default else 'to everyone here'}\n"
        f"• `{name} {other} ST2601050930000000000001A1` {what}\n"
        f"• `{name} ST2601050930000000000001A1 host web-07` says whether a host, an IP or a resource id is a target\n"
        f"• `{name} help` shows this"
    )
    title = f":grey_question:  *{mrkdwn(wrong, 300)}*" if wrong else "*What a scheduled O&amp;M task is up to*"
    blocks = [
        section(f"{title}\n{usage}"),
        context(
            "A task id is `ST` and 24 letters or digits. Paste it as you find it, in quotes, a sentence or a link."
        ),
    ]
    return message(mrkdwn(wrong or f"How to use {command}", 300), blocks, [], [])
