"""Slack's side: listeners that parse, look up, render and reply. No protocol of COC's here."""
