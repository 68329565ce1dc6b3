"""Slack's side: listeners that parse, look up, render and reply. No protocol of COC's here."""

# The app's manifest names these two as well.
COMMAND = "/schedtask"
EVENTS_PATH = "/slack/events"
