"""A task's card: whether and when it will run, what it does, where, its approval and its last run."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from bot.cards import fields as field
from bot.cards.block_kit import (
    Block,
    Message,
    actions,
    button,
    code,
    context,
    count,
    date,
    fields,
    header,
    local,
    message,
    mrkdwn,
    overflow,
    plain,
    requester_mention,
    section,
    zone_name,
)
from bot.cards.problem import reuse_note, stale_blocks, stale_prefix
from bot.cards.runs import last_run
from bot.redact.untrusted import CUT, Untrusted
from bot.task.changes import LIST_FACTS, CardState, card_state, changed_facts, encode_state
from bot.task.enums import Kind, Origin, Risk, Unknown
from bot.task.runs import assess
from bot.task.snapshot import Snapshot
from bot.task.verdict import At, Code, Colour, Fragment, Quote, Verdict

DOTS: dict[Colour, str] = {
    "green": ":large_green_circle:",
    "yellow": ":large_yellow_circle:",
    "red": ":red_circle:",
    "grey": ":white_circle:",
    "blue": ":large_blue_circle:",
}

REFRESH = "refresh"
TARGETS = "targets"
MORE = "more"
"""Action ids of the card's buttons and menu; in every card that was ever posted, so they must not change."""
RUNS, PARAMETERS = "runs", "parameters"
"""What an option of the menu opens. Its value is this word, a colon and the task's id."""

NOT_REFRESHED = ":warning: *Not refreshed*"
"""Begins the line that a failed refresh adds to the card."""


def task_card(snapshot: Snapshot, *, requested_by: str | None = None, before: CardState | None = None) -> Message:
    """The whole card. ``requested_by`` is a Slack user id; ``before`` is the state of the card it replaces."""
    verdict, outlook = assess(snapshot)
    state = card_state(snapshot)
    value = encode_state(state)
    changed = changed_facts(before, state) if before else []
    name = plain(snapshot.task.name, 140, absent=snapshot.task_id)
    needed = [
        header(name),
        context(identity(snapshot)),
        *stale_blocks(snapshot),
        section(verdict_line(snapshot, verdict)),
        fields(
            [
                field.schedule(snapshot),
                field.next_runs(snapshot, outlook),
                field.risk(snapshot),
                field.runs_as(snapshot),
                field.where(snapshot.targets),
                field.approval(snapshot),
                last_run(snapshot),
                field.notification(snapshot),
            ]
        ),
    ]
    last = [
        context(freshness(snapshot, requested_by, _since(snapshot, before, state, changed))),
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
    return message(fallback(snapshot, verdict, name), needed, unread(snapshot), last)


def identity(snapshot: Snapshot) -> str:
    """The line under the name: id, script or job, enterprise project."""
    task = snapshot.task
    words = [_kind(task.kind), f"*{mrkdwn(task.executes, 100, absent='not named')}*"]
    if task.executes_in_english and task.executes_in_english != task.executes:
        words.append(f"/ {mrkdwn(task.executes_in_english, 100)}")
    if task.version:
        words.append(mrkdwn(task.version, 50))
    if task.origin:
        words.append(f"({_origin(task.origin)})")
    parts = [f"Scheduled task {code(snapshot.task_id, 40)}", " ".join(words)]
    if task.project:
        parts.append(f"enterprise project {code(task.project, 40)}")
    return "  ·  ".join(parts)


def _kind(kind: Kind | Unknown | None) -> str:
    if isinstance(kind, Unknown):
        return code(kind.word, 40)
    return {Kind.SCRIPT: "script", Kind.RUNBOOK: "job", None: "script or job"}[kind]


def _origin(origin: Origin | Unknown) -> str:
    if isinstance(origin, Unknown):
        return mrkdwn(origin.word, 40)
    return {Origin.CUSTOMIZATION: "custom", Origin.COMMUNAL: "public"}[origin]


def verdict_line(snapshot: Snapshot, verdict: Verdict) -> str:
    """The coloured dot and the verdict."""
    # A stale answer gets no colour: at a glance it would pass for a fresh one.
    if snapshot.stale is None:
        line = f"{DOTS[verdict.colour]}  *{as_mrkdwn(verdict.headline)}*{as_mrkdwn(verdict.note)}"
    else:
        line = f":white_circle:  Then: *{as_mrkdwn(verdict.headline)}*{as_mrkdwn(verdict.note)}"
    offline = snapshot.targets.offline
    if offline:
        line += f"  ·  :warning: {offline:,} of {count(len(snapshot.targets.machines), 'agent')} offline when saved"
    return line


def freshness(snapshot: Snapshot, requested_by: str | None, since: str) -> str:
    """Who created the task; as of when and for whom the card is; what changed since the card before."""
    task = snapshot.task
    parts = [f"Created by {mrkdwn(task.created_by, 60)}"] if task.created_by else []
    parts.append(f"as of {field.as_of(snapshot)}{requester_mention(requested_by)}")
    took = f"{snapshot.elapsed_s:.1f} s" if snapshot.elapsed_s >= 0.1 else "under 0.1 s"
    if snapshot.reused_s is not None:
        parts.append(reuse_note(snapshot))
    elif snapshot.stale is None:
        parts.append(f"COC took {took}")
    return "  ·  ".join([*parts, since] if since else parts)


def fallback(snapshot: Snapshot, verdict: Verdict, name: str) -> str:
    """The card in one line, for lock screens and screen readers. Escaped, because Slack parses ``text``."""
    zone, risk, targets = snapshot.task.trigger.zone, snapshot.task.risk, snapshot.targets
    line = f"{stale_prefix(snapshot)}{name}: {as_plain((*verdict.headline, *verdict.note), zone, snapshot.as_of)}."
    rest = [f"{field.RISKS[risk]} risk"] if isinstance(risk, Risk) else []
    if targets.machines:
        rest.append(count(len(targets.machines), "machine"))
        rest += [f"{count(targets.offline, 'agent')} offline"] if targets.offline else []
    return mrkdwn(line + (f" {', '.join(rest)}." if rest else ""), 600)


def unread(snapshot: Snapshot) -> list[Block]:
    """The parts that can't be decoded, and keys that no document names."""
    faults = (*snapshot.parameters.faults, *snapshot.targets.faults)
    blocks = [context(field.unreadable(fault, 300)) for fault in faults[:5]]
    if len(faults) > 5:
        blocks.append(context(f":warning: {len(faults) - 5} more parts are not readable."))
    keys, count_of_keys = snapshot.task.unknown_keys, snapshot.task.unknown_key_count
    if keys:
        shown = [f"{code(key, 60)} = {code(value, 100)}" for key, value in keys]
        more = f" and {count_of_keys - len(keys)} more" if count_of_keys > len(keys) else ""
        blocks.append(context(f"COC also sent: {', '.join(shown)}{more}"))
    return blocks


def not_refreshed(blocks: list[Block], reason: str, at: datetime, requested_by: str | None) -> list[Block]:
    """The card's own blocks with a line that says why they were not refreshed. It replaces an earlier such line.

    A green dot turns white: nobody knows now whether all is well.

    ``blocks`` are the message's blocks as Slack returned them; ``reason`` is plain text. Block ids are dropped,
    because Slack wants new ones on every update.
    """
    remaining = [{key: item for key, item in block.items() if key != "block_id"} for block in blocks]
    remaining = [_without_green(block) for block in remaining if not _is_notice(block)]
    when = date(at, "{date_short_pretty} {time_secs}")
    notice = context(f"{NOT_REFRESHED} {when}{requester_mention(requested_by)}: {mrkdwn(reason, 200)}")
    place = len(remaining) - 1 if remaining and remaining[-1].get("type") == "actions" else len(remaining)
    return [*remaining[:place], notice, *remaining[place:]]


def _without_green(block: Block) -> Block:
    text = block.get("text")
    if not isinstance(text, dict) or not str(text.get("text", "")).startswith(DOTS["green"]):
        return block
    return {**block, "text": {**text, "text": str(text["text"]).replace(DOTS["green"], DOTS["grey"], 1)}}


def _is_notice(block: Block) -> bool:
    elements = block.get("elements")
    first = elements[0] if block.get("type") == "context" and isinstance(elements, list) and elements else None
    return isinstance(first, dict) and str(first.get("text", "")).startswith(NOT_REFRESHED)


def _since(
    snapshot: Snapshot, before: CardState | None, after: CardState, changed: list[tuple[str, str, str]]
) -> str:
    if before is None or before.as_of is None:
        return ""
    # A bare time of day would be read as today's.
    today = abs(snapshot.as_of - before.as_of) < timedelta(hours=12)
    moment = date(before.as_of.astimezone(UTC), "{time}" if today else "{date_short_pretty} {time}")
    rows = [
        f"{label} {mrkdwn(Untrusted(old, snapshot.redactor), 40, absent='none')} → {mrkdwn(new, 40, absent='none')}"
        for label, old, new in changed
    ]
    if rows:
        return f"*changed since {moment}:* {', '.join(rows)}"
    if before.digest and before.digest != after.digest:
        return f"*changed since {moment}:* other details of the task"
    if not before.digest:
        return f"refreshed, last shown {moment}"
    # Facts that were known then and are missing now (enabled, last run) may well have changed.
    known, now = dict(before.facts), dict(after.facts)
    missing = [label for label in LIST_FACTS if label in known and label not in now]
    return f"unchanged since {moment}" + (f" but for what is not seen now: {', '.join(missing)}" if missing else "")


def as_mrkdwn(fragments: Iterable[Fragment], limit: int = 1_300) -> str:
    """For a section or a field; times in the reader's own zone. At most ``limit`` characters, escaped."""
    text = ""
    for part in map(_mrkdwn, fragments):
        # Whole fragments only: half a date or half a literal would show its markup.
        if len(text) + len(part) > limit - len(CUT):
            return text + CUT
        text += part
    return text


def as_plain(fragments: Iterable[Fragment], zone: tzinfo | None, now: datetime) -> str:
    """For notifications and terminals; times in ``zone``, or UTC where it is unknown."""
    return "".join(_plain(fragment, zone, now) for fragment in fragments)


def _mrkdwn(fragment: Fragment) -> str:
    match fragment:
        case At(moment):
            return date(moment)
        case Code(text):
            return code(text, 80)
        case Quote(text):
            return f"“{mrkdwn(text, 200)}”"
        case _:
            return _keeping_edges(fragment, mrkdwn(fragment, 300, absent=""))


def _plain(fragment: Fragment, zone: tzinfo | None, now: datetime) -> str:
    match fragment:
        case At(moment):
            return f"{local(moment, zone, now)} {zone_name(zone)}"
        case Code(text):
            return plain(text, 80)
        case Quote(text):
            return f"“{plain(text, 200)}”"
        case _:
            return _keeping_edges(fragment, plain(fragment, 300, absent=""))


def _keeping_edges(original: str, cleaned: str) -> str:
    # Cleaning strips blanks, but those at the edges separate the fragments of a sentence.
    if not cleaned:
        return " " if original else ""
    return (" " if original[0].isspace() else "") + cleaned + (" " if original[-1].isspace() else "")
