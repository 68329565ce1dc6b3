"""The answer to "is my host in it?": yes or no in one sentence, with where and in what state."""

from bot.cards.blocks import Block, actions, button, context, section
from bot.cards.budget import Message, message
from bot.cards.fields import selection
from bot.cards.machines import batch_words
from bot.cards.stale import asked_before, old_data, old_words
from bot.cards.task import TARGETS
from bot.cards.text import asker, code, composed, count, date, enumerated, mrkdwn, plain
from bot.coc.reading import canonical
from bot.coc.search import Hit
from bot.coc.snapshot import Snapshot

MOST_SHOWN = 10
"""Hits that are listed; the rest is counted."""


def host_card(
    snapshot: Snapshot, wanted: str, hits: tuple[Hit, ...], near: tuple[str, ...], *, asked_by: str | None = None
) -> Message:
    """Yes or no, and what makes a plain no impossible: machines chosen when it runs, or targets not readable."""
    asked = code(wanted, 130)
    name = f"*{mrkdwn(snapshot.task.name, 150, absent=snapshot.task_id)}*"
    if hits:
        machines = len({hit.machine.identity or id(hit.machine) for hit in hits})
        one = f"{asked} is a target of {name}"
        mark, answer = ":white_check_mark:", "Yes"
        says = one if machines == 1 else f"{count(machines, 'target')} of {name} match {asked}"
    else:
        mark, answer, says = _not_found(snapshot, asked, name)
    blocks: list[Block] = [*old_data(snapshot), section(f"{mark}  *{answer}:* {says}.")]
    blocks += [section("\n".join(map(_hit, hits[:MOST_SHOWN])))] if hits else []
    if len(hits) > MOST_SHOWN:
        blocks.append(context(f"and {len(hits) - MOST_SHOWN:,} more: press Show targets"))
    if near and not hits:
        blocks.append(section(f"Near it: {enumerated([code(found, 130) for found in near])}"))
    saved = "Agent states are from when the task was saved, not live" if hits else ""
    when = date(snapshot.as_of, "{date_short_pretty} {time_secs}")
    facts = [saved, code(snapshot.task_id, 40), f"as of {when}{asker(asked_by)}", asked_before(snapshot)]
    last: list[Block] = [
        context("  ·  ".join(filter(None, facts))),
        actions(button("Show targets", TARGETS, snapshot.task_id)),
    ]
    task = plain(snapshot.task.name, 150, absent=snapshot.task_id)
    text = f"{old_words(snapshot)}{answer}: {plain(wanted, 130)} in {task}."
    return message(composed(text, 400), blocks, [], last)


def _not_found(snapshot: Snapshot, asked: str, name: str) -> tuple[str, str, str]:
    doubt, total = _doubt(snapshot), len(snapshot.targets.machines)
    if doubt and total:
        known = f"{asked} is not among the {count(total, 'machine')} known of {name}, but {doubt}"
        return ":grey_question:", "Can't tell", known
    if doubt:
        return ":grey_question:", "Can't tell", f"whether {asked} is a target of {name}: {doubt}"
    has = f"which has {count(total, 'machine')}" if total else "which needs none"
    return ":x:", "No", f"{asked} is not a target of {name}, {has}"


def _doubt(snapshot: Snapshot) -> str | None:
    """Why the machines that are listed may not be all; mrkdwn, the end of a sentence."""
    targets = snapshot.targets
    if targets.faults:
        return "the task's targets can't be read in full"
    chosen = [step for step in targets.walk() if canonical(step.selection) not in {"", "MANUAL", "NONE"}]
    if chosen:
        words = selection(chosen[0])
        return f"its machines are chosen when it runs ({words[:1].lower()}{words[1:]})".replace(
            "(chosen when it runs: ", "("
        )
    if not targets.machines and not any(canonical(step.selection) == "NONE" for step in targets.walk()):
        return "COC named no targets"
    return None


def _hit(hit: Hit) -> str:
    machine = hit.machine
    state = "agent state unknown" if machine.agent_state is None else f"agent {machine.agent_state.lower()}"
    bad = machine.agent_state not in {"ONLINE", None}
    parts = [
        f"• {code(machine.name, 130)}",
        mrkdwn(machine.ip, 60) if machine.ip and machine.ip != machine.name else "",
        mrkdwn(machine.zone or machine.region, 60) if machine.zone or machine.region else "",
        batch_words(hit.step, hit.place, hit.total),
        f"*{mrkdwn(state, 60)}*" if bad else mrkdwn(state, 60),
    ]
    return "  ·  ".join(filter(None, parts))
