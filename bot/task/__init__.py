"""A scheduled task as the bot knows it: read once from COC's answers, and everything that is concluded from it."""
