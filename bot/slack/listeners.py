"""All listeners of the bot."""

from slack_bolt.async_app import AsyncApp

from bot.slack import actions, commands, explorer, views
from bot.slack.guarded_lookup import GuardedLookup
from bot.slack.modals import Modals
from bot.slack.runner import Runner


def register_listeners(
    app: AsyncApp, runner: Runner, lookup: GuardedLookup, *, private_by_default: bool = False
) -> None:
    """Register them with Bolt, which asks them in this sequence."""
    modals = Modals(runner)
    commands.register(app, runner, lookup, private_by_default=private_by_default)
    views.register(app, runner, lookup, modals)
    explorer.register(app, runner, lookup, modals)
    actions.register(app, runner, lookup, modals)  # last: it answers unknown actions
