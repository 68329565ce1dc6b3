"""What every modal of the bot has in common: it opens with a loading view, is filled, or shows an error.

A modal takes 100 blocks and 250 KB and no tables; its private_metadata takes 3,000 characters.
"""

from dataclasses import dataclass
from typing import Any

from bot.cards.blocks import Block, actions, button, plain_text, section
from bot.cards.problem import Problem, problem_card
from bot.cards.text import code


@dataclass(frozen=True, slots=True)
class Modal:
    """One kind of modal. ``private_metadata`` is the task's id, so that any replica can serve any click in it."""

    title: str
    """At most 24 characters."""
    callback: str
    again: str
    """The action id of its buttons that ask COC anew."""
    opened_by: str
    """What a person does to open it, for sentences: ``Press Show targets``."""

    def view(self, blocks: list[Block], task_id: str) -> dict[str, Any]:
        """The modal with these blocks."""
        return {
            "type": "modal",
            "callback_id": self.callback,
            "title": plain_text(self.title),
            "close": plain_text("Close"),
            "private_metadata": task_id,
            "blocks": blocks,
        }

    def loading(self, task_id: str) -> dict[str, Any]:
        """What opens at once, before COC is asked."""
        waiting = section(f":hourglass_flowing_sand:  Asking COC for {code(task_id, 40)} …")
        return self.view([waiting], task_id)

    def dead_end(self, problem: Problem, *, reference: str) -> dict[str, Any]:
        """An error after which nothing in the modal can go on."""
        return self.view(list(problem_card(problem, task_id=None, reference=reference).blocks), "")

    def problem(self, problem: Problem, *, task_id: str, reference: str) -> dict[str, Any]:
        """An error instead of the content, in the modal that is already open."""
        card = problem_card(problem, task_id=task_id, reference=reference)
        return self.view([*card.blocks, actions(button("Try again", self.again, task_id))], task_id)
