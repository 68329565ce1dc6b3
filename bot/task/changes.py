"""The state of a card, carried in its own Refresh button, so that the next card can say what changed.

Any replica can answer any click, and none remembers earlier cards. Slack returns a button's value unchanged, but it
is parsed as if anybody had written it: whatever does not fit is ignored.
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
LIST_FACTS = ("enabled", "last run", "runs")
"""The facts from the list call, which may be missing."""
_QUOTES = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "+"})


@dataclass(frozen=True, slots=True)
class CardState:
    """The facts a card showed at ``as_of``: short texts by label. ``digest`` covers the whole task."""

    task_id: str
    as_of: datetime | None = None
    facts: tuple[tuple[str, str], ...] = ()
    digest: str = ""


def card_state(snapshot: Snapshot) -> CardState:
    """The facts of a snapshot whose changes matter to a person."""
    task, summary = snapshot.task, snapshot.summary
    facts: dict[str, str] = {
        "approval": _status(task.approval.status),
        "name": _inert(task.name),
        "version": _inert(task.version),
        "risk": _status(task.risk),
        "machines": str(len(snapshot.targets.machines)),
        "offline": str(snapshot.targets.offline),
    }
    if not isinstance(summary, Missing):
        facts["enabled"] = {True: "yes", False: "no", None: ""}[summary.enabled]
        facts["last run"] = _status(summary.last_run.status if summary.last_run else None)
        facts["runs"] = "" if summary.run_count is None else str(summary.run_count)
    return CardState(
        task_id=snapshot.task_id,
        as_of=snapshot.as_of,
        facts=tuple((label, text[:_MAX_FACT]) for label, text in facts.items()),
        digest=snapshot.digest,
    )


def _status(word: str | Unknown | None) -> str:
    return _inert(word.normalized) if isinstance(word, Unknown) else word or ""


def _inert(text: Untrusted | None) -> str:
    # Slack does not parse values, but a log or an export may show them: no markup in them.
    return text.shown().translate(_QUOTES) if text else ""


def encode_state(state: CardState) -> str:
    """The button's value; the bare task id where all facts together are too long."""
    as_of = int(state.as_of.timestamp()) if state.as_of else 0
    body = {"t": state.task_id, "a": as_of, "f": dict(state.facts), "d": state.digest}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= MAX_VALUE else state.task_id


def decode_state(value: str | None) -> CardState | None:
    """Parse what ``encode_state`` wrote, or a bare task id. None where it holds no task id."""
    text = (value or "").strip()
    if is_task_id(text):
        return CardState(task_id=text)
    try:
        body = json.loads(text[:MAX_VALUE])
        as_of = datetime.fromtimestamp(body["a"], UTC) if body.get("a") else None
        facts = tuple((str(k)[:_MAX_FACT], str(v)[:_MAX_FACT]) for k, v in dict(body.get("f") or {}).items())
        task_id, digest = str(body["t"]), str(body.get("d") or "")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError):
        return None
    return CardState(task_id, as_of, facts[:12], digest) if is_task_id(task_id) else None


def changed_facts(before: CardState, after: CardState) -> list[tuple[str, str, str]]:
    """``(label, before, after)`` of each fact that differs. Facts that only one state has are left out."""
    known = dict(before.facts)
    return [(label, known[label], text) for label, text in after.facts if label in known and known[label] != text]
