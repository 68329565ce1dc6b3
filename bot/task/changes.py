"""What a card showed, carried in its own Refresh button, so that the next one can say what changed.

Any replica can answer any click: no memory of earlier cards is kept. The value of a button comes back from
Slack as we sent it, but it is read as if anybody had written it: what does not fit is ignored.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.redact.untrusted import Untrusted
from bot.task.enums import Unknown
from bot.task.snapshot import Missing, Snapshot
from bot.task_id import is_task_id

MAX_VALUE = 2000
"""Slack's limit for a button's value, in characters."""
_MAX_FACT = 60
LISTED = ("enabled", "last run", "runs")
"""The facts that come from the list call, which may be missing."""
_QUOTES = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "+"})


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts a card showed at ``as_of``: short texts by label. ``digest`` covers the whole task."""

    task_id: str
    as_of: datetime | None = None
    facts: tuple[tuple[str, str], ...] = ()
    digest: str = ""


def seen(snapshot: Snapshot) -> Seen:
    """What a card of this snapshot shows and a person would want to know the change of."""
    task, summary = snapshot.task, snapshot.summary
    facts: dict[str, str] = {
        "approval": _word(task.approval.status),
        "name": _shown(task.name),
        "version": _shown(task.version),
        "risk": _word(task.risk),
        "machines": str(len(snapshot.targets.machines)),
        "offline": str(snapshot.targets.offline),
    }
    if not isinstance(summary, Missing):
        facts["enabled"] = {True: "yes", False: "no", None: ""}[summary.enabled]
        facts["last run"] = _word(summary.last_run.status if summary.last_run else None)
        facts["runs"] = "" if summary.run_count is None else str(summary.run_count)
    return Seen(
        task_id=snapshot.task_id,
        as_of=snapshot.as_of,
        facts=tuple((label, text[:_MAX_FACT]) for label, text in facts.items()),
        digest=snapshot.digest,
    )


def _word(word: str | Unknown | None) -> str:
    return _shown(word.normalized) if isinstance(word, Unknown) else word or ""


def _shown(text: Untrusted | None) -> str:
    # Values are never parsed, but nothing that looks live leaves here: a log or an export may show them.
    return text.shown().translate(_QUOTES) if text else ""


def encode(found: Seen) -> str:
    """The button's value; at most 2,000 characters."""
    when = int(found.as_of.timestamp()) if found.as_of else 0
    body = {"t": found.task_id, "a": when, "f": dict(found.facts), "d": found.digest}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= MAX_VALUE else found.task_id


def decode(value: str | None) -> Seen | None:
    """What a button carries: a bare task id, or what ``encode`` wrote. None where it holds no task id."""
    text = (value or "").strip()
    if is_task_id(text):
        return Seen(task_id=text)
    try:
        body = json.loads(text[:MAX_VALUE])
        when = datetime.fromtimestamp(body["a"], UTC) if body.get("a") else None
        facts = tuple((str(k)[:_MAX_FACT], str(v)[:_MAX_FACT]) for k, v in dict(body.get("f") or {}).items())
        task_id, digest = str(body["t"]), str(body.get("d") or "")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError):
        return None
    return Seen(task_id, when, facts[:12], digest) if is_task_id(task_id) else None


def changes(before: Seen, after: Seen) -> list[tuple[str, str, str]]:
    """``(label, before, after)`` of each fact that both know and that differs."""
    known = dict(before.facts)
    return [(label, known[label], text) for label, text in after.facts if label in known and known[label] != text]
