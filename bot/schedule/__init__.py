"""Pure time: when a task runs next, and its schedule in words. No I/O, no clock."""
