"""Everything that a person can press, as data: how to come there, how it is pressed, what counts as its answer."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.session import Sandbox
from bot.sandbox.slack.server import Interaction
from tests.slack.presses import ADA, INCIDENT, NIGHTLY, SHIFT, filled, post


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the person is before the press: the card they look at, the modal that they have open."""

    channel: str = SHIFT
    card: str = ""
    view: str = ""


Press = Callable[[Sandbox, Spot], Coroutine[Any, Any, Interaction]]


@dataclass(frozen=True, slots=True)
class Surface:
    """One thing to press.

    ``did`` is its kind in the audit and ``outcome`` what is audited where all goes well; ``content`` is what its
    answer then says; ``methods`` are those by which its answer gets to Slack; ``again`` is what the person is asked
    to do where its modal did not open in time.
    """

    name: str
    did: str
    outcome: str
    prepare: Callable[[Sandbox, str], Coroutine[Any, Any, Spot]]
    press: Press
    content: tuple[str, ...]
    methods: tuple[str, ...]
    channel: str = SHIFT
    files: int = 0
    again: str = ""
    private: bool = False
    """Asked for privately: no fault may make it public."""

    def __str__(self) -> str:
        return self.name


async def _channel(_box: Sandbox, channel: str) -> Spot:
    return Spot(channel)


async def _card(box: Sandbox, channel: str) -> Spot:
    return Spot(channel, (await post(box, NIGHTLY, channel)).ts)


async def _explorer(box: Sandbox, channel: str) -> Spot:
    spot = await _card(box, channel)
    await box.slack.click(ADA, "targets", message_ts=spot.card)
    return replace(spot, view=(await filled(box))["id"])


def _typed(text: str) -> Press:
    async def press(box: Sandbox, spot: Spot) -> Interaction:
        return await box.slack.command(ADA, spot.channel, text)

    return press


def _on_card(action: str, selected: str | None = None) -> Press:
    async def press(box: Sandbox, spot: Spot) -> Interaction:
        return await box.slack.click(ADA, action, message_ts=spot.card, selected=selected)

    return press


def _in_modal(action: str, selected: str | None = None) -> Press:
    async def press(box: Sandbox, spot: Spot) -> Interaction:
        return await box.slack.click(ADA, action, view_id=spot.view, selected=selected)

    return press


async def _find(box: Sandbox, spot: Spot) -> Interaction:
    view: dict[str, Any] = box.slack.view(ADA) or {}
    block = next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
    given = {block: {"targets_find": {"type": "plain_text_input", "value": "web-07"}}}
    return await box.slack.submit_view(ADA, spot.view, given)


CARD = ("nightly-logrotate", "42 machines")
FILE = (
    *("conversations.open", "files.getUploadURLExternal", "upload", "files.completeUploadExternal"),
    "views.update",
)

COMMAND = Surface(
    name="command",
    did="command",
    outcome="card",
    prepare=_channel,
    press=_typed(NIGHTLY),
    content=CARD,
    methods=("response_url",),
)
HOST = replace(
    COMMAND,
    name="host",
    outcome="host",
    press=_typed(f"{NIGHTLY} host “web-07”. prviate"),
    content=("Yes: web-07", "counts as private"),
    private=True,
)
REFRESH = Surface(
    name="refresh",
    did="refresh",
    outcome="refreshed",
    prepare=_card,
    press=_on_card("refresh"),
    content=(*CARD, "unchanged"),
    methods=("response_url",),
)
TARGETS = Surface(
    name="targets",
    did="targets",
    outcome="targets",
    prepare=_card,
    press=_on_card("targets"),
    content=("42 machines", "web-01"),
    methods=("views.open", "views.update"),
    again="Press Show targets again",
)
HISTORY = replace(
    TARGETS,
    name="history",
    did="runs",
    outcome="runs",
    press=_on_card("more", f"runs:{NIGHTLY}"),
    content=("The latest 20", "took"),
    again="Choose Run history again",
)
PARAMETERS = replace(
    TARGETS,
    name="parameters",
    did="parameters",
    outcome="parameters",
    press=_on_card("more", f"parameters:{NIGHTLY}"),
    content=("3 parameters", "Runs as `root`"),
    again="Choose Parameters again",
)
PAGING = Surface(
    name="paging",
    did="page",
    outcome="targets",
    prepare=_explorer,
    press=_in_modal("targets_next"),
    content=("page 2 of 2",),
    methods=("views.update",),
)
FIND = replace(PAGING, name="find", did="find", press=_find, content=("1 of 42 machines match",))
NAMES = replace(
    PAGING,
    name="names",
    did="names",
    outcome="names",
    press=_in_modal("targets_names"),
    content=("42 names of all targets",),
    methods=("views.push", "views.update"),
    again="Press Names again",
)
CSV = replace(
    PAGING,
    name="csv",
    did="csv",
    outcome="file",
    press=_in_modal("targets_csv"),
    content=("Sent `nightly-logrotate_", "web-01"),
    methods=FILE,
    files=1,
)
THREAD = replace(
    CSV,
    name="thread",
    press=_in_modal("targets_thread", "csv"),
    content=("to the card's thread", "web-01"),
    methods=FILE[1:],
)

SURFACES = (COMMAND, HOST, REFRESH, TARGETS, PAGING, FIND, HISTORY, PARAMETERS, NAMES, CSV, THREAD)
AWAY = tuple(
    replace(surface, name=f"{surface.name}-away", channel=INCIDENT) for surface in (COMMAND, REFRESH, PAGING, CSV)
)
"""The same in a channel where the bot is no member: only a response URL, or direct messages, reach people there."""
