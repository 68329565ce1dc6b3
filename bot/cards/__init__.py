"""Block Kit builders: pure functions from what is known to plain dicts. They know nothing of HTTP."""
