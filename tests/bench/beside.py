"""Something that a benchmark needs in a process of its own."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any


@asynccontextmanager
async def beside(serve: Callable[[Connection], None]) -> AsyncIterator[tuple[Connection, Any, int]]:
    """``serve`` in another process, until this lets go of the pipe: the pipe, its first message, the process's id."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours, await asyncio.to_thread(ours.recv), process.pid or 0
    finally:
        ours.close()
        await asyncio.to_thread(process.join)
