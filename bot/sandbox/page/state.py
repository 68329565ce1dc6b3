"""What the sandbox's page shows one person: everything it needs when it opens; changes come by the stream."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import available_timezones

from bot.sandbox.scenes import Scenes
from bot.sandbox.slack.records import APP_ID, APP_NAME, BOT_USER, TEAM_ID, TEAM_NAME, Json
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.switches import Switch

NO_COUNTRY = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@dataclass(frozen=True, slots=True)
class SampleNote:
    """A task worth trying, as the page lists it: its id, its name, and what it shows."""

    id: str
    name: str
    note: str


class PageState:
    """Gathers it. `connected` tells whether a bot is there."""

    def __init__(
        self,
        workspace: Workspace,
        scenes: Scenes,
        tasks: tuple[SampleNote, ...],
        switches: tuple[Switch, ...],
        connected: Callable[[], bool],
    ) -> None:
        self.workspace = workspace
        self.scenes = scenes
        self._tasks = tasks
        self._switches = switches
        self._connected = connected
        self._zones = sorted(
            zone for zone in available_timezones() if "/" in zone and not zone.startswith(NO_COUNTRY)
        )

    def to_json(self, user: str) -> Json:
        """The page's STATE object for one of the workspace's people."""
        workspace = self.workspace
        places = [place for place in workspace.places.values() if user in place.members]
        people = workspace.people.values()
        return {
            "app": {"id": APP_ID, "name": APP_NAME, "bot_user": BOT_USER},
            "team": {"id": TEAM_ID, "name": TEAM_NAME},
            "users": [{key: getattr(p, key) for key in ("id", "name", "title", "tz", "guest")} for p in people],
            "channels": [{"id": place.id, "name": place.name, "kind": place.kind} for place in places],
            "tasks": [asdict(task) for task in self._tasks],
            "zones": self._zones,
            "connected": self._connected(),
            "messages": {
                place.id: [message.to_json() for message in workspace.messages(place.id, user)] for place in places
            },
            "views": [view.to_json() for view in workspace.stack(user)],
            "steps": self.scenes.to_json(),
            "switches": [switch.to_json() for switch in self._switches],
        }

    def move(self, user: str, zone: str) -> None:
        """Puts a person into another time zone. Raises KeyError for one that is not there."""
        if zone not in self._zones and zone != "UTC":
            raise KeyError(zone)
        self.workspace.move(user, zone)

    async def turn(self, switch_id: str, value: str) -> None:
        """Turns a switch, and tells every window. Raises KeyError for what is not there."""
        switch = {switch.id: switch for switch in self._switches}[switch_id]
        await switch.set(value)
        self.announce({"type": "switch", "id": switch_id, "value": value})

    def announce(self, body: dict[str, Any]) -> None:
        """Tells every window."""
        self.workspace.announce(body, self.workspace.people)
