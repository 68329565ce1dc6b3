"""What every modal of the bot has in common: it opens with a loading view, is filled, or shows an error.

A modal takes 100 blocks and 250 KB and no tables; its private_metadata takes 3,000 characters.
"""

from dataclasses import dataclass
from typing import Any

from bot.cards.block_kit import Block, actions, button, code, plain_text, section
from bot.cards.problem import Problem, problem_card


@dataclass(frozen=True, slots=True)
class Modal:
    """One kind of modal. Its ``private_metadata`` holds the task's id and what else the next click needs, so that
    any replica can serve it; the bare id where nothing else is needed."""

    title: str
    """At most 24 characters."""
    callback: str
    again: str
    """The action id of its buttons that ask COC anew."""
    opened_by: str
    """What a person does to open it, for sentences: ``Press Show targets``."""

    def view(self, blocks: list[Block], metadata: str, *, submit: str | None = None) -> dict[str, Any]:
        """The modal with these blocks. ``metadata`` travels with it; ``submit`` labels its second button."""
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
        """What opens at once, before COC is asked."""
        words = waiting or f"Asking COC for {code(task_id, 40)} …"
        return self.view([section(f":hourglass_flowing_sand:  {words}")], metadata or task_id)

    def dead_end(self, problem: Problem, *, reference: str) -> dict[str, Any]:
        """An error after which nothing in the modal can go on."""
        return self.view(list(problem_card(problem, task_id=None, reference=reference).blocks), "")

    def problem(
        self, problem: Problem, *, task_id: str, reference: str, metadata: str | None = None
    ) -> dict[str, Any]:
        """An error instead of the content, in the modal that is already open."""
        card = problem_card(problem, task_id=task_id, reference=reference)
        again = actions(button("Try again", self.again, task_id))
        return self.view([*card.blocks, again], metadata or task_id)
