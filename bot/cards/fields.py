"""The card's fields in mrkdwn, one function each. Any part of the snapshot may be missing or unknown."""

from datetime import UTC

from bot.cards.block_kit import code, count, date, enumerated, local, mrkdwn, zone_name
from bot.redact.untrusted import BRIEF, Untrusted
from bot.schedule.describe import describe
from bot.schedule.trigger import Outlook, is_second_occurrence
from bot.task.enums import (
    AgentState,
    ApprovalStatus,
    Channel,
    Event,
    RecipientKind,
    ResourceKind,
    Risk,
    Selection,
    Unknown,
)
from bot.task.fault import Fault
from bot.task.snapshot import Missing, Snapshot
from bot.task.targets import Step, Targets
from bot.task.task import Notification

RISKS = {Risk.HIGH: "High", Risk.MEDIUM: "Medium", Risk.LOW: "Low"}
_EVENTS = {
    Event.START_EXECUTION: "on start",
    Event.EXECUTION_FAILED: "on failure",
    Event.EXECUTION_SUCCEEDED: "on success",
}
_CHANNELS = {
    Channel.SMS: "SMS",
    Channel.EMAIL: "e-mail",
    Channel.DINGTALK: "DingTalk",
    Channel.LARK: "Lark",
    Channel.CALLNOTIFY: "phone call",
    Channel.WECHAT: "WeChat",
    Channel.WELINK: "WeLink",
}


def task_name(snapshot: Snapshot) -> str:
    """The task's name in bold, or its id where it has none."""
    return f"*{mrkdwn(snapshot.task.name, 150, absent=snapshot.task_id)}*"


def as_of(snapshot: Snapshot) -> str:
    """The time of the data, in the reader's own zone."""
    return date(snapshot.as_of, "{date_short_pretty} {time_secs}")


def schedule(snapshot: Snapshot) -> str:
    """The schedule in words, its zone and its end."""
    sent, trigger = snapshot.task.schedule, snapshot.task.trigger
    if sent is None:
        return "*Schedule*\nCOC sent none"
    lines = [f"*Schedule*\n{mrkdwn(Untrusted(describe(trigger), snapshot.redactor), 300)}"]
    if trigger.policy == "CRON" and sent.cron:
        lines.append(code(sent.cron, 120))
    zone, named = trigger.zone, sent.zone
    parts = [zone_name(zone) if zone else mrkdwn(named, 60) + " – :warning: unknown time zone"]
    if named is None:
        parts[0] += " (COC's default)"
    if trigger.closes is not None and trigger.policy != "ONCE":
        closes = trigger.closes.astimezone(zone or UTC)
        parts.append(f"until {closes:%H:%M}{'' if zone else ' UTC'} on {closes.day} {closes:%b %Y}")
    lines.append(f"_{', '.join(parts)}_")
    return "\n".join(lines)


def next_runs(snapshot: Snapshot, outlook: Outlook) -> str:
    """The next runs in the task's zone and in the reader's; as "would run" where the task won't run."""
    summary, trigger = snapshot.summary, snapshot.task.trigger
    stopped = snapshot.task.approval.status in {ApprovalStatus.PENDING, ApprovalStatus.REJECTED}
    stopped = stopped or (not isinstance(summary, Missing) and summary.enabled is False)
    title = "*Next run*" if trigger.policy == "ONCE" else "*Next runs*"
    if outlook.problem is not None:
        return f"{title}\nCan't tell: {mrkdwn(outlook.problem, 120)}"
    if not outlook.runs:
        return f"{title}\nNone left"
    zone, rows = trigger.zone, []
    for run in outlook.runs:
        row = f"{local(run, zone, snapshot.as_of)} · {date(run, '{date_short_pretty} {time}')}"
        # Two instants have this local time; the reader must know which.
        is_second = zone is not None and trigger.policy != "ONCE" and is_second_occurrence(run, zone)
        rows.append(f"{row} (the second one, clocks go back)" if is_second else row)
    if outlook.skipped is not None:
        skipped = local(outlook.skipped.replace(tzinfo=zone), zone, snapshot.as_of)
        rows.append(f":warning: not {skipped}: clocks go forward over it")
    whose = "task's time" if zone else "UTC"
    return "\n".join([f"{'*Would run*' if stopped else title} ({whose} · yours)", *rows])


def risk(snapshot: Snapshot) -> str:
    """The risk level that the task's author chose."""
    level = snapshot.task.risk
    if isinstance(level, Unknown):
        return f"*Risk*\n{code(level.word, 40)}"
    return f"*Risk*\n{RISKS[level] if level else 'Not stated'}"


def runs_as(snapshot: Snapshot) -> str:
    """A script's execution user, time limit and success rate; the agency it acts through."""
    parameters, task = snapshot.parameters, snapshot.task
    parts = []
    if parameters.execute_user:
        parts.append(code(parameters.execute_user, 60))
    if parameters.timeout_s:
        parts.append(f"limit {mrkdwn(parameters.timeout_s, 20)} s")
    if parameters.success_rate_percent:
        parts.append(f"success from {mrkdwn(parameters.success_rate_percent, 20)} %")
    lines = [", ".join(parts)] if parts else []
    if task.agency:
        lines.append(f"agency {code(task.agency, 60)}")
    return "*Runs as*\n" + ("\n".join(lines) or "Not stated")


def where(targets: Targets) -> str:
    """Numbers of machines and regions, agent states; or the selection."""
    return "*Where*\n" + "\n".join(where_lines(targets))


def where_lines(targets: Targets) -> list[str]:
    """The lines of ``where`` without its title, mrkdwn."""
    steps = list(targets.walk())
    lines = []
    if targets.machines:
        regions = sum(1 for region in targets.regions if region)
        within = [count(regions, "region")] if regions else []
        within += [count(targets.batch_count, "batch", "batches")] if targets.batch_count else []
        lines = [f"{count(len(targets.machines), 'machine')} in {', '.join(within)}", states(targets)]
    if len(targets.steps) > 1:
        lines.append(f"{count(len(targets.steps), 'step')}, each with its own targets")
    chosen = [step for step in steps if step.is_chosen_later]
    lines += map(selection, chosen[:2])
    if len(chosen) > 2:
        lines.append(f"and {count(len(chosen) - 2, 'more such selection')}")
    if not lines and {step.selection for step in steps} == {Selection.NONE}:
        lines.append("No machines: this job needs none")
    if not lines and not targets.faults:
        lines.append("COC named no targets")
    if targets.faults:
        lines.append(":warning: can't be read in full, see below")
    return lines


def states(targets: Targets) -> str:
    """``*2 offline*, 40 online``: agent states as of when the task was saved, bad ones first and in bold."""
    counts = targets.states
    ordered = sorted(counts, key=lambda state: (is_well(state), state == AgentState.ONLINE, -counts[state]))
    parts = [agents(state, counts[state]) for state in ordered]
    more = f", {count(len(parts) - 5, 'more state')}" if len(parts) > 5 else ""
    return ", ".join(parts[:5]) + more + " when saved"


def is_well(state: AgentState | Unknown | None) -> bool:
    """Whether nothing is known to be wrong with the agent."""
    return state is None or state == AgentState.ONLINE


def agents(state: AgentState | Unknown | None, number: int) -> str:
    """``*2 offline*``: the number of agents in a state; in bold where the state is bad."""
    if state == AgentState.FAILED:
        return f"*{count(number, 'agent')} failed*"
    words = f"{number:,} {mrkdwn('in unknown state' if state is None else state_name(state).lower(), 30)}"
    return words if is_well(state) else f"*{words}*"


def state_name(state: AgentState | Unknown) -> str:
    """An agent's state as COC spells it."""
    return state.word.shown(60) if isinstance(state, Unknown) else state.value


def selection(step: Step) -> str:
    """A selection in words: ``Chosen when it runs: all of region cn-north-4 where agent_state is ONLINE``."""
    if isinstance(step.selection, Unknown):
        return f"Selection {code(step.selection.word, 60)}"
    resource = step.resource
    if resource is None:
        return "All machines that match when it runs"
    saved = any(batch.machines for batch in step.batches)
    name = mrkdwn(resource.app_name or resource.id, 60)
    place = f" in {mrkdwn(resource.region, 40)}" if resource.region else ""
    filters = [f"{mrkdwn(key, 30)} is {mrkdwn(value, 40)}" for key, value in resource.filters[:4]]
    if len(resource.filters) > 4:
        filters.append(count(len(resource.filters) - 4, "more filter"))
    narrowed = f" where {enumerated(filters)}" if filters else ""
    what = f"{_resource_kind(resource.type)} *{name}*{place}{narrowed}"
    return f"{'All' if saved else 'Chosen when it runs: all'} of {what}"


def _resource_kind(kind: ResourceKind | Unknown | None) -> str:
    return mrkdwn(kind.word, 30) if isinstance(kind, Unknown) else mrkdwn(kind and kind.lower(), 30)


def approval(snapshot: Snapshot) -> str:
    """The approval: status, reviewer, comment."""
    state = snapshot.task.approval
    who = f" {mrkdwn(state.reviewer, 60)}" if state.reviewer else ""
    match state.status:
        case ApprovalStatus.PASSED if state.is_required is False:
            line = "Not required"
        case ApprovalStatus.PASSED:
            line = ":white_check_mark: Passed" + (f" by{who}" if who else "")
        case ApprovalStatus.PENDING:
            line = ":hourglass_flowing_sand: Waiting for" + (who or " a reviewer")
        case ApprovalStatus.REJECTED:
            line = ":no_entry: Rejected" + (f" by{who}" if who else "")
        case Unknown(word):
            line = f":grey_question: {code(word, 40)}{who}"
        case _:
            line = "Not stated"
    comment = f"\n&gt; {mrkdwn(state.comment, 200)}" if state.comment else ""
    return f"*Approval*\n{line}{comment}"


def notification(snapshot: Snapshot) -> str:
    """Who is notified of runs, when and how."""
    task = snapshot.task
    if task.notifies is False:
        return "*Tells*\nNobody: notification is off"
    return f"*Tells*\n{_recipients(task.notification) if task.notification else 'Not stated'}"


def _recipients(sent: Notification) -> str:
    match sent.kind:
        case RecipientKind.ONCALL:
            who = "On-call shift"
        case RecipientKind.USER:
            who = count(sent.people, "person", "people") if sent.people else "People not named"
        case Unknown(word):
            who = code(word, 40)
        case _:
            who = "Recipients not stated"
    events = [code(event.word, 40) if isinstance(event, Unknown) else _EVENTS[event] for event in sent.events[:5]]
    match sent.channel:
        case None | Channel.DEFAULT:
            how = ""
        case Channel.NONE:
            how = ", but by no channel"
        case Unknown(word):
            how = f", by {code(word, 40)}"
        case channel:
            how = f", by {_CHANNELS[channel]}"
    return who + (f", {enumerated(events)}" if events else "") + how


def unreadable(fault: Fault, limit: int) -> str:
    """Where and why decoding failed, and the text, redacted and cut to ``limit``; mrkdwn.

    The place is omitted where anything in the text is hidden: it would reveal the length of the hidden value.
    """
    text = fault.text.first(BRIEF)
    where = fault.where.shown(200)
    what = f"{where}: {fault.reason if text.hides else fault.place}"
    shown = f"\nAs it came: {code(text, limit)}" if text.shown(limit) else ""
    return f":warning: *Not readable:* {mrkdwn(what, 200)}{shown}"
