"""A web server on 127.0.0.1 as an async context manager: the part that every local server shares."""

from abc import ABC, abstractmethod
from typing import Self

from aiohttp import web

HOST = "127.0.0.1"
BACKLOG = 1024
"""Connections that may wait to be accepted; 200 people of a benchmark connect at the same moment."""


class LocalServer(ABC):
    """Listens on the loopback interface only. Port 0 takes any free one, and the server keeps it."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._runner: web.BaseRunner | None = None

    @abstractmethod
    def _make_runner(self) -> web.BaseRunner:
        """The runner of the server's handlers; made anew for each start."""

    @property
    def url(self) -> str:
        """The base URL, ``http://127.0.0.1:PORT``, without a slash at the end. Known once the server is started."""
        return f"http://{HOST}:{self._port}"

    async def start(self) -> None:
        """Start to listen. Raises OSError where the port is taken."""
        self._runner = self._make_runner()
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port, backlog=BACKLOG).start()
        except OSError:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
