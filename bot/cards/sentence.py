"""A verdict's fragments as mrkdwn (moments in each reader's zone) and as plain text (moments in one zone)."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from bot.cards.text import code, date, mrkdwn, plain
from bot.redact.untrusted import CUT
from bot.task.verdict import At, Code, Colour, Fragment, Quote

DOTS: dict[Colour, str] = {
    "green": ":large_green_circle:",
    "yellow": ":large_yellow_circle:",
    "red": ":red_circle:",
    "grey": ":white_circle:",
    "blue": ":large_blue_circle:",
}


def as_mrkdwn(fragments: Iterable[Fragment], limit: int = 1_300) -> str:
    """For a section or a field; every moment in the reader's own zone. At most ``limit`` characters, escaped."""
    text = ""
    for part in map(_mrkdwn, fragments):
        # Whole fragments only: half a date or half a literal would show its markup.
        if len(text) + len(part) > limit - len(CUT):
            return text + CUT
        text += part
    return text


def as_plain(fragments: Iterable[Fragment], zone: tzinfo | None, now: datetime) -> str:
    """For notifications and terminals; every moment in ``zone``, in UTC where that is unknown."""
    return "".join(_plain(fragment, zone, now) for fragment in fragments)


def local(moment: datetime, zone: tzinfo | None, now: datetime) -> str:
    """``Sun 10 May 17:30``: a moment in the task's own zone, for people; with its year where it is another."""
    at = moment.astimezone(zone or UTC)
    year = "" if at.year == now.astimezone(zone or UTC).year else f" {at.year}"
    return at.strftime(f"%a {at.day} %b{year} %H:%M")


def zone_name(zone: tzinfo | None) -> str:
    """The zone's IANA name."""
    return str(zone) if zone is not None else "UTC"


def _mrkdwn(fragment: Fragment) -> str:
    match fragment:
        case At(moment):
            return date(moment)
        case Code(text):
            return code(text, 80)
        case Quote(text):
            return f"“{mrkdwn(text, 200)}”"
        case _:
            return _keeping_edges(fragment, mrkdwn(fragment, 300, absent=""))


def _plain(fragment: Fragment, zone: tzinfo | None, now: datetime) -> str:
    match fragment:
        case At(moment):
            return f"{local(moment, zone, now)} {zone_name(zone)}"
        case Code(text):
            return plain(text, 80)
        case Quote(text):
            return f"“{plain(text, 200)}”"
        case _:
            return _keeping_edges(fragment, plain(fragment, 300, absent=""))


def _keeping_edges(original: str, cleaned: str) -> str:
    # Cleaning strips; between fragments the blanks at the edges are what holds a sentence apart.
    if not cleaned:
        return " " if original else ""
    return (" " if original[0].isspace() else "") + cleaned + (" " if original[-1].isspace() else "")
