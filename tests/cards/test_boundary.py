"""Cards render domain objects. They read neither COC's wire format nor text that has not been redacted."""

import re
from pathlib import Path

import bot.cards

_FORBIDDEN = re.compile(r"\.raw\b|\bbot\.coc\b|\bcanonical\(|(?<!bot\.)\bredact\.")


def test_cards_read_neither_the_wire_nor_raw_text() -> None:
    """``Untrusted.shown`` is the only way from COC's text to a card."""
    sources = Path(bot.cards.__file__).parent.glob("*.py")
    assert not {path.name: found for path in sources if (found := _FORBIDDEN.findall(path.read_text("utf-8")))}
