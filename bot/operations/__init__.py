"""What operators need: logs, metrics, health."""
