"""What operators need: health, metrics, audit, logs, traces."""
