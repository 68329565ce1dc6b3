"""A part of the task that can't be decoded."""

from dataclasses import dataclass

from bot.coc.decode import Broken
from bot.redact import Redactor
from bot.redact.untrusted import Untrusted


@dataclass(frozen=True, slots=True)
class Fault:
    """An inner JSON string that does not decode, or an entry of the wrong type."""

    where: Untrusted
    """In words for the reader: "target instances", "step 2, plan"."""
    at: int
    """Offset in the text, in characters from 0, at which decoding stopped."""
    length: int
    """Characters of the text."""
    reason: str
    text: Untrusted
    """The text as it came, or its beginning where it is very long."""

    @classmethod
    def of(cls, broken: Broken, redactor: Redactor) -> "Fault":
        """Convert a fault that the decoder reports."""
        return cls(
            where=Untrusted(broken.where, redactor),
            at=broken.at,
            length=broken.length or len(broken.raw),
            reason=broken.reason.removesuffix(" at"),
            text=Untrusted(broken.raw, redactor),
        )

    @property
    def place(self) -> str:
        """Why and where decoding failed. It reveals the length of the text."""
        return f"{self.reason} at character {self.at + 1} of {self.length}"
