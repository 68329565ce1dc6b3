"""The state of the page for one person: everything that it needs when it opens. Changes follow in the stream."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from zoneinfo import available_timezones

from bot.sandbox.scenes import Scenes
from bot.sandbox.slack.records import APP_ID, APP_NAME, BOT_USER, TEAM_ID, TEAM_NAME, Json
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.switches import Switch

NO_COUNTRY = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@dataclass(frozen=True, slots=True)
class SampleNote:
    """A sample task in the page's list: its id, its name, and what it shows."""

    id: str
    name: str
    note: str


class PageState:
    """Builds the state. `connected` returns whether a bot is connected."""

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
        """The page's STATE object for one person."""
        workspace = self.workspace
        conversations = [one for one in workspace.conversations.values() if user in one.members]
        people = workspace.people.values()
        return {
            "app": {"id": APP_ID, "name": APP_NAME, "bot_user": BOT_USER},
            "team": {"id": TEAM_ID, "name": TEAM_NAME},
            "users": [{key: getattr(p, key) for key in ("id", "name", "title", "tz", "guest")} for p in people],
            "channels": [{"id": one.id, "name": one.name, "kind": one.kind} for one in conversations],
            "tasks": [asdict(task) for task in self._tasks],
            "zones": self._zones,
            "connected": self._connected(),
            "messages": {
                one.id: [message.to_json() for message in workspace.messages(one.id, user)] for one in conversations
            },
            "views": [view.to_json() for view in workspace.stack(user)],
            "steps": self.scenes.to_json(),
            "switches": [switch.to_json() for switch in self._switches],
        }

    def set_time_zone(self, user: str, zone: str) -> None:
        """Set a person's time zone. Raises KeyError for an unknown one."""
        if zone not in self._zones and zone != "UTC":
            raise KeyError(zone)
        self.workspace.set_time_zone(user, zone)

    async def set_switch(self, switch_id: str, value: str) -> None:
        """Set a switch, on every open page. Raises KeyError for an unknown switch or position."""
        switch = {switch.id: switch for switch in self._switches}[switch_id]
        await switch.set(value)
        body = {"type": "switch", "id": switch_id, "value": value}
        self.workspace.announce(body, self.workspace.people)
