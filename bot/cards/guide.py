"""The short help, and the note on words of a command that were ignored."""

from bot.cards.block_kit import Message, code, context, enumerated, message, mrkdwn, section
from bot.redact.untrusted import Untrusted
from bot.task.hostnames import is_host_shaped

MOST_NAMED = 5
"""Ignored words that are named; the rest are counted."""


def guide(command: str, wrong: Untrusted | None, *, private_by_default: bool) -> Message:
    """Help for ``command`` ("/schedtask"). ``wrong`` is one sentence on what is wrong with the input, or None."""
    name = mrkdwn(command, 30)
    other, what = (
        ("public", "shows it to everyone here") if private_by_default else ("private", "shows it only to you")
    )
    usage = (
        f"• `{name} ST2601050930000000000001A1` shows a COC scheduled task "
        f"{'only to you' if private_by_default else 'to everyone here'}\n"
        f"• `{name} {other} ST2601050930000000000001A1` {what}\n"
        f"• `{name} ST2601050930000000000001A1 host web-07, 10.0.0.8` says whether hosts or IPs are targets\n"
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


def remark(ask: str, ignored: tuple[Untrusted, ...], private_word: Untrusted | None) -> Message | None:
    """The words that were ignored or read as ``private``; None where every word was understood.

    ``ask`` is the command that asks about a host, up to the host's name.
    """
    texts = []
    if private_word:
        texts.append(f"Only you see this: “{mrkdwn(private_word, 60)}” counts as private.")
    if ignored:
        named = [f"“{mrkdwn(word, 40)}”" for word in ignored[:MOST_NAMED]]
        more = [f"{len(ignored) - MOST_NAMED:,} more"] if len(ignored) > MOST_NAMED else []
        texts.append(f"Not understood and ignored: {enumerated([*named, *more])}.")
    hosts = ", ".join([word.shown(60) for word in ignored if is_host_shaped(word)][:MOST_NAMED])
    if hosts:
        texts.append(f"To ask whether a host is a target: {code(f'{ask} {hosts}', 500)}")
    text = "  ".join(texts)
    return Message(text, (context(text),)) if text else None
