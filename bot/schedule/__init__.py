"""Pure time: when a task runs next, in words, and whether it will. No I/O, no clock of its own."""
