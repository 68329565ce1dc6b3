"""The card's fields, one function each: mrkdwn from a snapshot, whatever is missing or unknown in it."""

from datetime import UTC, datetime

from bot import redact
from bot.cards.sentence import local, zone_name
from bot.cards.text import BRIEF, code, count, cut, date, enumerated, mrkdwn
from bot.coc.decode import Broken
from bot.coc.reading import canonical
from bot.coc.wire import MessageNotification
from bot.schedule.describe import describe
from bot.schedule.trigger import Outlook, Trigger, instant, is_second_occurrence
from bot.task.snapshot import Missing, Snapshot
from bot.task.targets import Step, Targets

_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
RISKS = {"HIGH": "High", "MEDIUM": "Medium", "LOW": "Low"}
_EVENTS = {
    "START_EXECUTION": "on start",
    "EXECUTION_FAILED": "on failure",
    "EXECUTION_SUCCEEDED": "on success",
}
_CHANNELS = {
    "SMS": "SMS",
    "EMAIL": "e-mail",
    "DINGTALK": "DingTalk",
    "LARK": "Lark",
    "CALLNOTIFY": "phone call",
    "WECHAT": "WeChat",
    "WELINK": "WeLink",
}


def trigger_of(snapshot: Snapshot) -> Trigger:
    """The task's schedule in the terms of ``bot.schedule``."""
    wire = snapshot.task.trigger_time
    if wire is None:
        return Trigger(policy="")
    return Trigger(
        policy=canonical(wire.policy) or "ONCE",
        zone_name=wire.time_zone,
        single_ms=_in_every_zone(wire.single_scheduled_time),
        time_of_day=wire.periodic_scheduled_time,
        weekdays=wire.period,
        cron=wire.cron,
        close_ms=_in_every_zone(wire.scheduled_close_time),
    )


def _in_every_zone(ms: int | None) -> int | None:
    # A day from the ends of the calendar there are zones in which the moment has no date.
    at = instant(ms)
    return ms if at is not None and _FIRST < at < _LAST else None


def schedule(snapshot: Snapshot, trigger: Trigger) -> str:
    """The schedule in words, its zone and its end."""
    if snapshot.task.trigger_time is None:
        return "*Schedule*\nCOC sent none"
    lines = [f"*Schedule*\n{mrkdwn(describe(trigger), 300)}"]
    if trigger.policy == "CRON" and trigger.cron:
        lines.append(code(trigger.cron, 120))
    zone, named = trigger.zone, snapshot.task.trigger_time.time_zone
    parts = [zone_name(zone) if zone else mrkdwn(named, 60) + " – :warning: unknown time zone"]
    if named is None:
        parts[0] += " (COC's default)"
    if trigger.closes is not None and trigger.policy != "ONCE":
        closes = trigger.closes.astimezone(zone or UTC)
        parts.append(f"until {closes:%H:%M}{'' if zone else ' UTC'} on {closes.day} {closes:%b %Y}")
    lines.append(f"_{', '.join(parts)}_")
    return "\n".join(lines)


def next_runs(snapshot: Snapshot, trigger: Trigger, outlook: Outlook) -> str:
    """The next runs in the task's zone and, beside each, in the reader's own; as mere wishes where it won't run."""
    summary = snapshot.summary
    stopped = canonical(snapshot.task.approve_status) in {"PENDING", "REJECTED"}
    stopped = stopped or (not isinstance(summary, Missing) and summary.enabled is False)
    title = "*Next run*" if trigger.policy == "ONCE" else "*Next runs*"
    if outlook.problem is not None:
        return f"{title}\nCan't tell: {mrkdwn(outlook.problem, 120)}"
    if not outlook.runs:
        return f"{title}\nNone left"
    zone, rows = trigger.zone, []
    for run in outlook.runs:
        row = f"{local(run, zone, snapshot.as_of)} · {date(run, '{date_short_pretty} {time}')}"
        # Two instants have this local time; the reader must not take it for the first.
        again = zone is not None and trigger.policy != "ONCE" and is_second_occurrence(run, zone)
        rows.append(f"{row} (the second one, clocks go back)" if again else row)
    if outlook.skipped is not None:
        left_out = local(outlook.skipped.replace(tzinfo=zone), zone, snapshot.as_of)
        rows.append(f":warning: not {left_out}: clocks go forward over it")
    whose = "task's time" if zone else "UTC"
    return "\n".join([f"{'*Would run*' if stopped else title} ({whose} · yours)", *rows])


def risk(snapshot: Snapshot) -> str:
    """The risk level that the task's author chose."""
    word = snapshot.task.risk_level
    return f"*Risk*\n{RISKS.get(canonical(word)) or (code(word, 40) if word else 'Not stated')}"


def runs_as(snapshot: Snapshot) -> str:
    """The execution user, time limit and success rate of a script; the agency it acts through."""
    parameters, task = snapshot.parameters, snapshot.task
    parts = []
    if parameters.execute_user:
        parts.append(code(parameters.execute_user, 60))
    if parameters.timeout_s:
        parts.append(f"limit {mrkdwn(parameters.timeout_s, 20)} s")
    if parameters.success_rate_percent:
        parts.append(f"success from {mrkdwn(parameters.success_rate_percent, 20)} %")
    lines = [", ".join(parts)] if parts else []
    if task.agency_name:
        lines.append(f"agency {code(task.agency_name, 60)}")
    return "*Runs as*\n" + ("\n".join(lines) or "Not stated")


def where(targets: Targets) -> str:
    """How many machines, where, in what state; or what the selection is."""
    return "*Where*\n" + "\n".join(where_lines(targets))


def where_lines(targets: Targets) -> list[str]:
    """The lines of ``where`` without its title, mrkdwn."""
    steps = list(targets.walk())
    lines = []
    selections = {canonical(step.selection) for step in steps}
    if targets.machines:
        regions = sum(1 for region in targets.count("region") if region)
        within = [count(regions, "region")] if regions else []
        within += [count(targets.batch_count, "batch", "batches")] if targets.batch_count else []
        lines = [f"{count(len(targets.machines), 'machine')} in {', '.join(within)}", states(targets)]
    if len(targets.steps) > 1:
        lines.append(f"{count(len(targets.steps), 'step')}, each with its own targets")
    chosen = [step for step in steps if canonical(step.selection) not in {"", "MANUAL", "NONE"}]
    lines += map(selection, chosen[:2])
    if len(chosen) > 2:
        lines.append(f"and {count(len(chosen) - 2, 'more such selection')}")
    if not lines and selections == {"NONE"}:
        lines.append("No machines: this job needs none")
    if not lines and not targets.faults:
        lines.append("COC named no targets")
    if targets.faults:
        lines.append(":warning: can't be read in full, see below")
    return lines


def states(targets: Targets) -> str:
    """``*2 offline*, 40 online``: agent states as of when the task was saved, what is not good first and in bold."""
    found = targets.count("agent_state")
    parts = [
        agents(state, found[state])
        for state in sorted(found, key=lambda state: (state in {"ONLINE", ""}, state == "ONLINE", -found[state]))
    ]
    more = f", {count(len(parts) - 5, 'more state')}" if len(parts) > 5 else ""
    return ", ".join(parts[:5]) + more + " when saved"


def agents(state: str, number: int) -> str:
    """``*2 offline*``: how many agents are in a state, ``""`` for unknown; in bold where it is not good."""
    if state == "FAILED":
        return f"*{count(number, 'agent')} failed*"
    words = f"{number:,} {mrkdwn({'': 'in unknown state'}.get(state) or state.lower(), 30)}"
    return words if state in {"ONLINE", ""} else f"*{words}*"


def selection(step: Step) -> str:
    """What a selection selects: ``Chosen when it runs: all of region cn-north-4 where agent_state is ONLINE``."""
    if canonical(step.selection) != "ALL":
        return f"Selection {code(step.selection, 60)}"
    found = step.resource
    if found is None:
        return "All machines that match when it runs"
    saved = any(batch.machines for batch in step.batches)
    name = mrkdwn(found.app_name or found.id, 60)
    kind = {"REGION": "region", "APPLICATION": "application"}.get(canonical(found.type)) or mrkdwn(found.type, 30)
    place = f" in {mrkdwn(found.region, 40)}" if found.region else ""
    filters = [f"{mrkdwn(key, 30)} is {mrkdwn(item, 40, name=cut(key, BRIEF))}" for key, item in found.filters[:4]]
    if len(found.filters) > 4:
        filters.append(count(len(found.filters) - 4, "more filter"))
    narrowed = f" where {enumerated(filters)}" if filters else ""
    return f"{'All' if saved else 'Chosen when it runs: all'} of {kind} *{name}*{place}{narrowed}"


def approval(snapshot: Snapshot) -> str:
    """Whether it is approved, by whom, with which words."""
    task = snapshot.task
    who = f" {mrkdwn(task.reviewer_user_name, 60)}" if task.reviewer_user_name else ""
    match canonical(task.approve_status):
        case "PASSED" if task.enable_approve is False:
            line = "Not required"
        case "PASSED":
            line = ":white_check_mark: Passed" + (f" by{who}" if who else "")
        case "PENDING":
            line = ":hourglass_flowing_sand: Waiting for" + (who or " a reviewer")
        case "REJECTED":
            line = ":no_entry: Rejected" + (f" by{who}" if who else "")
        case "":
            line = "Not stated"
        case _:
            line = f":grey_question: {code(task.approve_status, 40)}{who}"
    comment = f"\n&gt; {mrkdwn(task.approve_comments, 200)}" if task.approve_comments else ""
    return f"*Approval*\n{line}{comment}"


def tells(snapshot: Snapshot) -> str:
    """Who is told of runs, when and how."""
    task = snapshot.task
    if task.enable_message_notification is False:
        return "*Tells*\nNobody: notification is off"
    if task.message_notification is None or task.message_notification == MessageNotification():
        return "*Tells*\nNot stated"
    return f"*Tells*\n{_recipients(task.message_notification)}"


def _recipients(found: MessageNotification) -> str:
    kind = canonical(found.notification_endpoint_type)
    people = [part for part in (found.recipients or "").split(",") if part.strip()]
    if kind == "ONCALL":
        who = "On-call shift"
    elif kind == "USER":
        who = count(len(people), "person", "people") if people else "People not named"
    else:
        who = code(found.notification_endpoint_type, 40) if kind else "Recipients not stated"
    events = [part for part in (found.policy or "").split(",") if part.strip()]
    words = [_EVENTS.get(canonical(part)) or code(part, 40) for part in events[:5]]
    by = canonical(found.protocol)
    how = {"": "", "DEFAULT": "", "NONE": ", but by no channel"}.get(by)
    if how is None:
        how = f", by {_CHANNELS.get(by) or code(found.protocol, 40)}"
    return who + (f", {enumerated(words)}" if words else "") + how


def unreadable(fault: Broken, limit: int) -> str:
    """What did not decode: where, why, and the raw text, redacted and cut to ``limit``; mrkdwn.

    Where anything in it is hidden the place is left out: it would tell how long the hidden value is.
    """
    raw = redact.plain(cut(fault.raw, BRIEF))
    what = f"{fault.where}: {fault.reason.removesuffix(' at')}" if redact.HIDDEN in raw else str(fault)
    shown = f"\nAs it came: {code(raw, limit)}" if raw.strip() else ""
    return f":warning: *Not readable:* {mrkdwn(what, 200)}{shown}"
