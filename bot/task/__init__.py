"""The domain: a scheduled task, read once from COC's answers, and all conclusions from it."""
