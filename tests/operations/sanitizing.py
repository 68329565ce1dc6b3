"""The sanitizer as the bot makes it, with the built-in rules."""

from bot.operations.sanitizer import Sanitizer
from bot.redact import Redactor

SANITIZER = Sanitizer(Redactor())
