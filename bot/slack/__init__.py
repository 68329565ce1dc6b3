"""Slack's side: listeners parse, look up, render and reply. Nothing here knows COC's protocol."""

# The app's manifest names these two as well.
COMMAND = "/schedtask"
EVENTS_PATH = "/slack/events"
