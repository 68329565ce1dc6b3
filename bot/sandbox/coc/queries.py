"""The list and history calls of the local COC: filters, order and pages of rows.

Parameters and answers follow the vendor's documents "Querying Scheduled Tasks" and "Querying Historical Scheduled O&M
Records". Where more rows follow, ``next_maker`` (sic) is the id of the page's last row; the next request passes it as
``marker``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.coc.samples.parts import Json, SampleTask

Query = Mapping[str, str]

_EQUAL_FIELDS = (
    *("scheduled_type", "task_type", "associated_task_type", "risk_level", "created_by", "reviewer"),
    *("reviewer_user_name", "approve_status", "last_execution_status", "region_id"),
)
_LIST_LIMIT = 1000
_HISTORY_LIMIT = 100


class InvalidParameter(Exception):
    """A query parameter is missing or out of range; the argument is its name."""


def task_list(query: Query, tasks: Sequence[SampleTask]) -> Json:
    """The answer of the list call: the rows that match every filter; without one, enterprise project "0" is meant."""
    project = query.get("enterprise_project_id") or "0"
    start, end = _number(query, "last_execution_start_time"), _number(query, "last_execution_end_time")

    def matches(task: SampleTask, row: Json) -> bool:
        last = row.get("last_execution_time")
        return (
            (row.get("enterprise_project_id") or "0") == project
            and query.get("task_id", task.id) == task.id
            and query.get("task_name", "") in (row.get("name") or "")
            and all(row.get(name) == query[name] for name in _EQUAL_FIELDS if name in query)
            and _between(last, start, end)
            and _has_target(task, query.get("resource_id"))
        )

    rows = [task.listing for task in tasks if task.listing is not None and matches(task, task.listing)]
    limit = _number(query, "limit", low=1, high=_LIST_LIMIT)
    page, more = _page(rows, query, _LIST_LIMIT if limit is None else limit)
    return {"count": len(rows), "next_maker": more, "scheduled_tasks": page}


def run_history(query: Query, runs: Sequence[Json]) -> Json:
    """The answer of the history call for one task's runs; newest first, unless the query sorts otherwise."""
    limit = _number(query, "limit", low=1, high=_HISTORY_LIMIT)
    if limit is None:
        raise InvalidParameter("limit")
    key = _choice(query, "sort_key", ("started_time", "finished_time"))
    descending = _choice(query, "sort_dir", ("desc", "asc")) == "desc"
    spans = {name: (_number(query, f"{name}_start_time"), _number(query, f"{name}_end_time")) for name in _RUN_TIMES}
    rows = [
        row
        for row in runs
        if all(row.get(column) == query[name] for name, column in _RUN_FILTERS.items() if name in query)
        and all(_between(row.get(f"{name}_time"), *span) for name, span in spans.items())
    ]
    rows.sort(key=lambda row: int(row.get(key) or 0), reverse=descending)
    page, more = _page(rows, query, limit)
    return {"count": len(rows), "next_maker": more, "scheduled_task_history_list": page}


_RUN_TIMES = ("started", "finished")
_RUN_FILTERS = {"id": "execution_id", "region": "region", "status": "status"}


def _page(rows: Sequence[Json], query: Query, limit: int) -> tuple[list[Json], str | None]:
    first = _number(query, "offset", low=0) or 0
    if marker := query.get("marker"):
        positions = [index for index, row in enumerate(rows) if row.get("id") == marker]
        if not positions:
            raise InvalidParameter("marker")
        first += positions[0] + 1
    page = list(rows[first : first + limit])
    return page, page[-1]["id"] if page and first + limit < len(rows) else None


def _number(query: Query, name: str, *, low: int = 0, high: int = 2**63 - 1) -> int | None:
    value = query.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise InvalidParameter(name)
    return int(value)


def _choice(query: Query, name: str, choices: tuple[str, ...]) -> str:
    value = query.get(name, choices[0])
    if value not in choices:
        raise InvalidParameter(name)
    return value


def _between(value: Any, start: int | None, end: int | None) -> bool:
    if start is None and end is None:
        return True
    return bool(value) and (start or 0) <= value and (end is None or value <= end)


def _has_target(task: SampleTask, resource_id: str | None) -> bool:
    # Resource ids are UUIDs, so a search in the text of the JSON finds one at any depth and nothing else.
    if resource_id is None:
        return True
    return isinstance(task.detail, dict) and resource_id in str(task.detail.get("target_instances"))
