"""The card for "are these hosts among the targets?": a line for each, with its place and agent state.

The card says No only where that is certain. It asks about a near match, and it says so where COC may hide the
machine or the words are not one host's name.
"""

from bot.cards.block_kit import (
    Block,
    Message,
    actions,
    button,
    code,
    context,
    count,
    enumerated,
    message,
    mrkdwn,
    plain,
    requester_mention,
    section,
)
from bot.cards.fields import as_of, is_well, selection, state_name, task_name
from bot.cards.machines import batch_words
from bot.cards.problem import reuse_note, stale_blocks, stale_prefix
from bot.cards.task import TARGETS
from bot.task.enums import Selection
from bot.task.search import Answer, Match
from bot.task.snapshot import Snapshot

MOST_ASKED = 20
"""Hosts on one card; further ones are counted."""
MOST_SHOWN = 10
"""Matches of a single host that are listed; the rest are counted."""
LINES = 4
"""Answers in one section: however long the names, they stay below its 3,000 characters."""

NEAR = "Perhaps"


def host_card(
    snapshot: Snapshot, answers: tuple[Answer, ...], *, ask: str, left: int = 0, requested_by: str | None = None
) -> Message:
    """The card for at least one answer. ``left`` is the number of further hosts that were not looked up.

    ``ask`` is the command as typed, up to a host's name.
    """
    needed, optional = _one(snapshot, answers[0]) if len(answers) == 1 else _several(snapshot, answers)
    meant = ", ".join(answer.near[0].shown(255) for answer in answers if answer.near)
    if meant:
        optional.append(section(f"To ask for that: {code(f'{ask} {meant}', 700)}"))
    if left:
        optional.append(context(f"{count(left, 'more host')} not looked up: ask for at most {MOST_ASKED} at a time."))
    saved = "Agent states are from when the task was saved, not live" if any(a.matches for a in answers) else ""
    facts = [
        saved,
        code(snapshot.task_id, 40),
        f"as of {as_of(snapshot)}{requester_mention(requested_by)}",
        reuse_note(snapshot),
    ]
    last: list[Block] = [
        context("  ·  ".join(filter(None, facts))),
        actions(button("Show targets", TARGETS, snapshot.task_id)),
    ]
    return message(mrkdwn(_text(snapshot, answers), 400), [*stale_blocks(snapshot), *needed], optional, last)


def _one(snapshot: Snapshot, answer: Answer) -> tuple[list[Block], list[Block]]:
    asked, name = code(answer.asked, 130), task_name(snapshot)
    total, doubt = len(snapshot.targets.machines), _doubt(snapshot, answer)
    if answer.matches:
        number = _machine_count(answer)
        says = f"{asked} is a target of {name}" if number == 1 else f"{number:,} targets of {name} match {asked}"
    elif answer.unreadable:
        says = f"{asked} as one host: {_reason(answer.unreadable)}"
    elif doubt and total:
        says = f"{asked} is not among the {count(total, 'machine')} known of {name}, but {doubt}"
    elif doubt:
        says = f"whether {asked} is a target of {name}: {doubt}"
    else:
        has = f"which has {count(total, 'machine')}" if total else "which needs none"
        says = f"{asked} is not a target of {name}, {has}"
    needed = [section(f"{_headline(snapshot, answer)} {says}.")]
    if answer.matches:
        needed.append(section("\n".join(f"• {_match_line(match)}" for match in answer.matches[:MOST_SHOWN])))
    if len(answer.matches) > MOST_SHOWN:
        needed.append(context(f"and {len(answer.matches) - MOST_SHOWN:,} more: press Show targets"))
    return needed, []


def _several(snapshot: Snapshot, answers: tuple[Answer, ...]) -> tuple[list[Block], list[Block]]:
    hosts = sum(bool(answer.matches) for answer in answers)
    total = len(snapshot.targets.machines)
    has = f"which has {count(total, 'machine')}" if total else "which lists no machines"
    doubt = _task_doubt(snapshot)
    but = f", but {doubt}" if doubt else ""
    verb = "is a target" if hosts == 1 else "are targets"
    summary = f"*{hosts} of the {len(answers)} asked for* {verb} of {task_name(snapshot)}, {has}{but}."
    lines = [f"{_headline(snapshot, answer)} {_line(snapshot, answer)}" for answer in answers]
    sections = [section("\n".join(lines[at : at + LINES])) for at in range(0, len(lines), LINES)]
    return [section(summary)], sections


def _line(snapshot: Snapshot, answer: Answer) -> str:
    asked = code(answer.asked, 100)
    if not answer.matches:
        why = answer.unreadable or _unlisted(answer)
        near = f"{asked} is not among the known targets" if answer.near and not answer.unreadable else asked
        return f"{near}: {_reason(why)}" if why else near
    if _machine_count(answer) > 1:
        return f"{_machine_count(answer):,} targets match {asked}"
    first, *more = answer.matches
    alias = "" if answer.asked == first.machine.name else f"{asked} is "
    rest = f"  ·  and {count(len(more), 'more batch', 'more batches')}" if more else ""
    return f"{alias}{_match_line(first)}{rest}"


def _headline(snapshot: Snapshot, answer: Answer) -> str:
    word = _word(snapshot, answer)
    emoji = {"Yes": ":white_check_mark:", "No": ":white_circle:"}.get(word, ":grey_question:")
    if word == NEAR:
        return f"{emoji}  *Did you mean {enumerated([code(name, 100) for name in answer.near], 'or')}?*"
    return f"{emoji}  *{word}:*"


def _word(snapshot: Snapshot, answer: Answer) -> str:
    if answer.matches:
        return "Yes"
    if answer.unreadable:
        return "Can't read"
    if answer.near:
        return NEAR
    return "Can't tell" if _doubt(snapshot, answer) else "No"


def _text(snapshot: Snapshot, answers: tuple[Answer, ...]) -> str:
    task, old = plain(snapshot.task.name, 150, absent=snapshot.task_id), stale_prefix(snapshot)
    first, word = answers[0], _word(snapshot, answers[0])
    if len(answers) > 1:
        words = (f"{_word(snapshot, answer)}: {plain(answer.asked, 60)}" for answer in answers)
        return f"{old}{'. '.join(words)}. In {task}."
    if word == NEAR:
        near = enumerated([plain(name, 100) for name in first.near], "or")
        return f"{old}Did you mean {near}? {plain(first.asked, 130)} is not in {task}."
    return f"{old}{word}: {plain(first.asked, 130)} in {task}."


def _reason(text: str) -> str:
    """Our own words in mrkdwn; text in backticks becomes code."""
    return "".join(code(part, 60) if place % 2 else part for place, part in enumerate(text.split("`")))


def _machine_count(answer: Answer) -> int:
    return len({match.machine.identity or id(match.machine) for match in answer.matches})


def _doubt(snapshot: Snapshot, answer: Answer) -> str | None:
    """Why the answer may not be No: the end of a sentence in mrkdwn."""
    return _task_doubt(snapshot) or _unlisted(answer) or None


def _unlisted(answer: Answer) -> str:
    return f"COC does not list the {answer.unlisted} of every machine" if answer.unlisted else ""


def _task_doubt(snapshot: Snapshot) -> str | None:
    """Why the listed machines may not be all: the end of a sentence in mrkdwn."""
    targets = snapshot.targets
    if targets.faults:
        return "the task's targets can't be read in full"
    chosen = [step for step in targets.walk() if step.is_chosen_later]
    if chosen:
        words = selection(chosen[0])
        return f"its machines are chosen when it runs ({words[:1].lower()}{words[1:]})".replace(
            "(chosen when it runs: ", "("
        )
    if not targets.machines and not any(step.selection == Selection.NONE for step in targets.walk()):
        return "COC named no targets"
    return None


def _match_line(match: Match) -> str:
    machine = match.machine
    state = f"agent {state_name(machine.agent_state).lower()}" if machine.agent_state else "agent state unknown"
    parts = [
        code(machine.name, 130),
        mrkdwn(machine.ip, 60) if machine.ip and machine.ip != machine.name else "",
        mrkdwn(machine.zone or machine.region, 60) if machine.zone or machine.region else "",
        batch_words(match.step, match.place, match.total),
        mrkdwn(state, 60) if is_well(machine.agent_state) else f"*{mrkdwn(state, 60)}*",
    ]
    return "  ·  ".join(filter(None, parts))
