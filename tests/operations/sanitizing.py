"""The sanitizer as the bot makes it, with the built-in rules."""

from bot import redact
from bot.cards.text import shown
from bot.operations.sanitizer import Sanitizer

SANITIZER = Sanitizer(shown, redact.secret_name)
