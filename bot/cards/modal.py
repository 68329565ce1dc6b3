"""The parts that all modals share: a loading view, the filled view, an error.

A modal holds 100 blocks and 250 KB and no tables; its private_metadata holds 3,000 characters.
"""

from dataclasses import dataclass
from typing import Any

from bot.cards.block_kit import Block, actions, button, code, plain_text, section
from bot.cards.problem import Problem, problem_card


@dataclass(frozen=True, slots=True)
class Modal:
    """One kind of modal. Its ``private_metadata`` holds everything that the next click needs, so that any replica can
    serve it: a query, or the bare task id."""

    title: str
    """At most 24 characters."""
    callback: str
    again: str
    """The action id of its Refresh and Try again."""
    opened_by: str
    """How a person opens it, for sentences: ``Press Show targets``."""

    def view(self, blocks: list[Block], metadata: str, *, submit: str | None = None) -> dict[str, Any]:
        """The modal with these blocks. ``submit`` is the label of its submit button."""
        return {
            "type": "modal",
            "callback_id": self.callback,
            "title": plain_text(self.title),
            "close": plain_text("Close"),
            **({"submit": plain_text(submit)} if submit else {}),
            "private_metadata": metadata,
            "blocks": blocks,
        }

    def loading(self, task_id: str, metadata: str | None = None, *, waiting: str = "") -> dict[str, Any]:
        """The view that opens at once, before COC answers."""
        words = waiting or f"Asking COC for {code(task_id, 40)} …"
        return self.view([section(f":hourglass_flowing_sand:  {words}")], metadata or task_id)

    def dead_end(self, problem: Problem, *, reference: str) -> dict[str, Any]:
        """An error without a way on."""
        return self.view(list(problem_card(problem, task_id=None, reference=reference).blocks), "")

    def problem(
        self, problem: Problem, *, task_id: str, reference: str, metadata: str | None = None
    ) -> dict[str, Any]:
        """An error in place of the content, with a Try again."""
        card = problem_card(problem, task_id=task_id, reference=reference)
        retry = actions(button("Try again", self.again, task_id))
        return self.view([*card.blocks, retry], metadata or task_id)
