"""The card of one task: will it run and when, what it does, where, who approved it, how it went."""

import json
from datetime import UTC, datetime, timedelta

from bot import redact
from bot.cards import fields as field
from bot.cards.blocks import Block, actions, button, context, fields, header, overflow, section
from bot.cards.budget import Message, message
from bot.cards.runs import last_run
from bot.cards.sentence import DOTS, as_mrkdwn, as_plain
from bot.cards.stale import asked_before, old_data, old_words
from bot.cards.text import BRIEF, asker, code, composed, count, cut, date, mrkdwn, plain
from bot.coc.reading import canonical
from bot.coc.wire import unknown_keys
from bot.schedule.trigger import Outlook, Trigger, upcoming
from bot.task.changes import LISTED, Seen, changes, encode, seen
from bot.task.runs import last_run_known, latest
from bot.task.snapshot import Missing, Snapshot
from bot.task.verdict import Code, Facts, Fragment, Verdict, verdict

REFRESH = "refresh"
TARGETS = "targets"
MORE = "more"
"""Action ids of the card's buttons and menu; in every card that was ever posted, so they must not change."""
RUNS, PARAMETERS = "runs", "parameters"
"""What an option of the menu opens; its value is this, a colon and the task's id."""

NOT_REFRESHED = ":warning: *Not refreshed*"
"""How the line begins that a failed refresh puts on the card that stays."""


def task_card(snapshot: Snapshot, *, asked_by: str | None = None, before: Seen | None = None) -> Message:
    """The whole card. ``asked_by`` is a Slack user id; ``before`` is what the card showed until now."""
    trigger = field.trigger_of(snapshot)
    ahead = upcoming(trigger, snapshot.as_of)
    found = verdict(facts(snapshot, trigger, ahead))
    name = plain(snapshot.task.name, 140, absent=snapshot.task_id)
    needed = [
        header(name),
        context(identity(snapshot)),
        *old_data(snapshot),
        section(verdict_line(snapshot, found)),
        fields(
            [
                field.schedule(snapshot, trigger),
                field.next_runs(snapshot, trigger, ahead),
                field.risk(snapshot),
                field.runs_as(snapshot),
                field.where(snapshot.targets),
                field.approval(snapshot),
                last_run(snapshot),
                field.tells(snapshot),
            ]
        ),
    ]
    value = encode(seen(snapshot))
    last = [
        context(freshness(snapshot, asked_by, before)),
        actions(
            button("Refresh", REFRESH, value),
            button("Show targets", TARGETS, value),
            overflow(
                MORE,
                ("Run history", f"{RUNS}:{snapshot.task_id}"),
                ("Parameters", f"{PARAMETERS}:{snapshot.task_id}"),
            ),
        ),
    ]
    return message(fallback(snapshot, trigger, found, name), needed, unread(snapshot), last)


def facts(snapshot: Snapshot, trigger: Trigger, ahead: Outlook) -> Facts:
    """What the verdict is drawn from, in the terms of ``bot.schedule``."""
    task, summary = snapshot.task, snapshot.summary
    # The history says most of a run; where it is there, what is missing is in the list.
    unseen = snapshot.runs if isinstance(snapshot.runs, Missing) else summary
    return Facts(
        now=snapshot.as_of,
        trigger=trigger,
        outlook=ahead,
        approval=canonical(task.approve_status),
        reviewer=plain(task.reviewer_user_name, 60, absent="") or None,
        comment=redact.plain(cut(task.approve_comments or "", BRIEF)) or None,
        enabled=None if isinstance(summary, Missing) else summary.enabled,
        enabled_unknown=_unknown(summary),
        runs_known=last_run_known(snapshot),
        runs_unknown=_unknown(unseen),
        last=latest(snapshot),
    )


def identity(snapshot: Snapshot) -> str:
    """The line under the name: id, what it executes, enterprise project."""
    task = snapshot.task
    parts = [f"Scheduled task {code(snapshot.task_id, 40)}"]
    kind = {"SCRIPT": "script", "RUNBOOK": "job"}.get(canonical(task.task_type))
    words = [kind or (code(task.task_type, 40) if task.task_type else "script or job")]
    words.append(f"*{mrkdwn(task.associated_task_name, 100, absent='not named')}*")
    if task.associated_task_name_en and task.associated_task_name_en != task.associated_task_name:
        words.append(f"/ {mrkdwn(task.associated_task_name_en, 100)}")
    if task.version_no:
        words.append(mrkdwn(task.version_no, 50))
    if task.associated_task_type:
        origin = {"CUSTOMIZATION": "custom", "COMMUNAL": "public"}.get(canonical(task.associated_task_type))
        words.append(f"({origin or mrkdwn(task.associated_task_type, 40)})")
    parts.append(" ".join(words))
    if task.enterprise_project_id:
        parts.append(f"enterprise project {code(task.enterprise_project_id, 40, name='project_id')}")
    return "  ·  ".join(parts)


def verdict_line(snapshot: Snapshot, found: Verdict) -> str:
    """The coloured dot and the sentence that answers the first question."""
    # An old answer gets no colour: at a glance it would pass for today's.
    if snapshot.stale is None:
        line = f"{DOTS[found.colour]}  *{as_mrkdwn(found.headline)}*{as_mrkdwn(found.note)}"
    else:
        line = f":white_circle:  Then: *{as_mrkdwn(found.headline)}*{as_mrkdwn(found.note)}"
    offline = snapshot.targets.count("agent_state")["OFFLINE"]
    if offline:
        line += f"  ·  :warning: {offline:,} of {count(len(snapshot.targets.machines), 'agent')} offline when saved"
    return line


def freshness(snapshot: Snapshot, asked_by: str | None, before: Seen | None) -> str:
    """Who made it; as of when, for whom, how long it took; what changed since the card was last right."""
    task = snapshot.task
    parts = [f"Created by {mrkdwn(task.created_user_name, 60)}"] if task.created_user_name else []
    parts.append(f"as of {date(snapshot.as_of, '{date_short_pretty} {time_secs}')}{asker(asked_by)}")
    took = f"{snapshot.elapsed_s:.1f} s" if snapshot.elapsed_s >= 0.1 else "under 0.1 s"
    if snapshot.reused_s is not None:
        parts.append(asked_before(snapshot))
    elif snapshot.stale is None:
        parts.append(f"COC took {took}")
    if before is not None and before.as_of is not None:
        parts.append(_since(snapshot, before, before.as_of))
    return "  ·  ".join(parts)


def fallback(snapshot: Snapshot, trigger: Trigger, found: Verdict, name: str) -> str:
    """The card in one line, for a phone's lock screen and for screen readers. Escaped: Slack parses ``text``."""
    line = f"{name}: {as_plain((*found.headline, *found.note), trigger.zone, snapshot.as_of)}."
    line = old_words(snapshot) + line
    level = field.RISKS.get(canonical(snapshot.task.risk_level))
    rest = [f"{level} risk"] if level else []
    if snapshot.targets.machines:
        rest.append(count(len(snapshot.targets.machines), "machine"))
        offline = snapshot.targets.count("agent_state")["OFFLINE"]
        rest += [f"{count(offline, 'agent')} offline"] if offline else []
    return composed(line + (f" {', '.join(rest)}." if rest else ""), 600)


def unread(snapshot: Snapshot) -> list[Block]:
    """What did not decode, raw and marked with where it broke; and keys that no document names."""
    blocks: list[Block] = []
    faults = (*snapshot.parameters.faults, *snapshot.targets.faults)
    blocks += [context(field.unreadable(fault, 300)) for fault in faults[:5]]
    if len(faults) > 5:
        blocks.append(context(f":warning: {len(faults) - 5} more parts are not readable."))
    extra = unknown_keys(snapshot.task)
    if extra:
        shown_keys = [f"{code(key, 60)} = {code(_dumped(key, extra[key]), 100)}" for key in list(extra)[:5]]
        more = f" and {len(extra) - 5} more" if len(extra) > 5 else ""
        blocks.append(context(f"COC also sent: {', '.join(shown_keys)}{more}"))
    return blocks


def not_refreshed(blocks: list[Block], reason: str, at: datetime, asked_by: str | None) -> list[Block]:
    """An old card's blocks with a line that says it stays as it was, and why. Earlier such lines are replaced.

    A green dot turns white: nobody knows now whether all is well.

    ``blocks`` are what Slack says the message holds; ``reason`` is plain text. Block ids are dropped: Slack
    wants new ones on every update.
    """
    kept = [{key: item for key, item in block.items() if key != "block_id"} for block in blocks]
    kept = [_without_green(block) for block in kept if not _is_mark(block)]
    when = date(at, "{date_short_pretty} {time_secs}")
    mark = context(f"{NOT_REFRESHED} {when}{asker(asked_by)}: {mrkdwn(reason, 200)}")
    place = len(kept) - 1 if kept and kept[-1].get("type") == "actions" else len(kept)
    return [*kept[:place], mark, *kept[place:]]


def _without_green(block: Block) -> Block:
    text = block.get("text")
    if not isinstance(text, dict) or not str(text.get("text", "")).startswith(DOTS["green"]):
        return block
    return {**block, "text": {**text, "text": str(text["text"]).replace(DOTS["green"], DOTS["grey"], 1)}}


def _is_mark(block: Block) -> bool:
    elements = block.get("elements")
    first = elements[0] if block.get("type") == "context" and isinstance(elements, list) and elements else None
    return isinstance(first, dict) and str(first.get("text", "")).startswith(NOT_REFRESHED)


def _since(snapshot: Snapshot, before: Seen, when: datetime) -> str:
    after = seen(snapshot)
    # A time of day alone would be read as today's.
    today = abs(snapshot.as_of - when) < timedelta(hours=12)
    moment = date(when.astimezone(UTC), "{time}" if today else "{date_short_pretty} {time}")
    rows = [
        f"{label} {mrkdwn(old, 40, absent='none')} → {mrkdwn(new, 40, absent='none')}"
        for label, old, new in changes(before, after)
    ]
    if rows:
        return f"*changed since {moment}:* {', '.join(rows)}"
    if before.digest and before.digest != after.digest:
        return f"*changed since {moment}:* other details of the task"
    if not before.digest:
        return f"refreshed, last shown {moment}"
    # What was known then and can't be seen now (enabled, last run) may well have changed.
    known, now = dict(before.facts), dict(after.facts)
    unseen = [label for label in LISTED if label in known and label not in now]
    return f"unchanged since {moment}" + (f" but for what is not seen now: {', '.join(unseen)}" if unseen else "")


def _unknown(part: object) -> tuple[Fragment, ...]:
    """Why a part of the picture does not tell something, as the end of a sentence."""
    if not isinstance(part, Missing):
        return ("COC did not say",)
    if part.reason == "no permission":
        return ("the bot lacks ", Code(part.permission or "a permission"))
    words = {"timed out": "COC did not answer in time", "not listed": "COC does not list this task"}
    return (words.get(part.reason, "COC failed to answer"),)


def _dumped(key: str, found: object) -> str:
    """A value as JSON, redacted and cut. Of a large one only the beginning is looked at: the loop must not wait."""
    if isinstance(found, str):
        return cut(json.dumps(redact.value(key, cut(found, BRIEF)), ensure_ascii=False), 400)
    try:
        raw = json.dumps(found, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        raw = ""  # nested so deeply that the redactor hides most of it
    if len(raw) > 2 * BRIEF:
        return cut(redact.value(key, cut(raw, BRIEF)), 400)
    return cut(json.dumps(redact.structure(key, found), ensure_ascii=False, default=str), 400)
