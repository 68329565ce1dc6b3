"""The only way from a listener to a task: each look-up checks the person and the task.

The rules for tasks are patterns for ids, names and enterprise projects. A refusal must not reveal whether a hidden
task exists, so an unknown task is refused in the same words.
"""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase

import structlog

from bot.errors import CocError, ForeignTask, TaskNotFound
from bot.lookup.lookup import Lookup, Requester
from bot.slack.access import Access, Rules, denied
from bot.slack.interaction import Interaction
from bot.task.snapshot import Snapshot

log = structlog.get_logger(__name__)


class GuardedLookup:
    """Looks tasks up for people who may see them. Its methods raise Denied and CocError."""

    def __init__(self, lookup: Lookup, access: Access, rules: Rules, *, targets_max_age_s: float = 60.0) -> None:
        """Paging, filtering and searching targets asks COC nothing while the data is young enough."""
        self._lookup = lookup
        self._access = access
        self._rules = rules
        self._targets_max_age_s = targets_max_age_s

    async def snapshot(
        self, interaction: Interaction, task_id: str, *, newer_than: datetime | None = None
    ) -> Snapshot:
        """The task, its latest runs and its schedule.

        ``newer_than`` is as of when the card is that the answer replaces; an older answer can't stand in for it.
        """
        requester = replace(await self._admit(interaction, task_id), newer_than=newer_than)
        return await self._checked(interaction, task_id, self._lookup.snapshot(task_id, requester))

    async def history(self, interaction: Interaction, task_id: str) -> Snapshot:
        """The task with its runs, also where COC needs longer for them."""
        requester = await self._admit(interaction, task_id)
        return await self._checked(interaction, task_id, self._lookup.history(task_id, requester))

    async def targets(self, interaction: Interaction, task_id: str, *, refresh: bool = False) -> Snapshot:
        """The task with what the detail call alone says; ``refresh`` asks COC however young the data is."""
        requester = await self._admit(interaction, task_id)
        max_age_s = 0.0 if refresh else self._targets_max_age_s
        return await self._checked(
            interaction, task_id, self._lookup.targets(task_id, max_age_s=max_age_s, requester=requester)
        )

    def cached_targets(self, interaction: Interaction, task_id: str) -> Snapshot | None:
        """What ``targets`` returns at once; None where COC or Slack must be asked."""
        if not self._access.admit_at_once(interaction):
            return None
        self._check_before(task_id)
        cached = self._lookup.cached(task_id, self._targets_max_age_s)
        if cached is not None:
            self._check_task(cached)
        return cached

    async def _admit(self, interaction: Interaction, task_id: str) -> Requester:
        await self._access.admit(interaction)
        self._check_before(task_id)
        return Requester(interaction.user, waited_s=interaction.slack_wait_s)

    async def _checked(self, interaction: Interaction, task_id: str, answer: Awaitable[Snapshot]) -> Snapshot:
        try:
            snapshot = await answer
        except CocError as error:
            interaction.cloud_requests.extend(filter(None, [error.request_id]))
            if isinstance(error, TaskNotFound | ForeignTask):
                self._check(id=task_id)
            log_coc_error(error)
            raise
        interaction.cloud_requests.extend(filter(None, [snapshot.request_id]))
        self._check_task(snapshot)
        if snapshot.stale is None:
            return snapshot
        log_coc_error(snapshot.stale.error)
        return replace(snapshot, stale=replace(snapshot.stale, reference=interaction.reference))

    def _check_before(self, task_id: str) -> None:
        """Refuse before COC is asked, if every rule is for ids."""
        if all(rule.startswith("id:") for rule in self._rules.tasks):
            self._check(id=task_id)

    def _check_task(self, snapshot: Snapshot) -> None:
        name, project = snapshot.task.name, snapshot.task.project
        texts = {"name": name.raw if name else "", "project": project.raw if project else ""}
        self._check(id=snapshot.task_id, **texts)

    def _check(self, **properties: str) -> None:
        """Refuse unless a rule allows the task by one of these properties, or there is no rule."""
        if not self._rules.tasks:
            return
        for rule in self._rules.tasks:
            kind, _, pattern = rule.partition(":")
            if kind in properties and fnmatchcase(properties[kind].casefold(), pattern.casefold()):
                return
        raise denied("task", "This bot may not show this task.", "Check the id, or ask {contact}.", self._rules)


def log_coc_error(error: CocError) -> None:
    """One line for a failed COC call, with what the vendor's support asks for."""
    log.warning(
        "coc_failed", error=error.describe(), request_id=error.request_id, status=error.status, code=error.code
    )
