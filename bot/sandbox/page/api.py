"""The HTTP API of the page: its files, its state, the stream of changes, and the actions of the person."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib import resources
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.page.state import PageState
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.interactions import Interaction, Interactions
from bot.sandbox.slack.payloads import NotThereError
from bot.sandbox.slack.records import Json
from bot.sandbox.slack.workspace import Change

COMMAND = "/schedtask"
KEEPALIVE_SECONDS = 15.0
STREAM_EVENTS = 1_000
"""Changes that may queue for a slow page. With more, its stream ends; it then reconnects and reads the state."""
FILE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "html": "text/html",
        "js": "text/javascript",
        "css": "text/css",
        "svg": "image/svg+xml",
        "png": "image/png",
    }
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
)
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})


class BadRequestError(Exception):
    """The page sent an invalid request; the argument says why."""


class PageApi:
    """Serves the page. `run` delivers an interaction in the background."""

    def __init__(
        self, page: PageState, files: Files, interactions: Interactions, run: Callable[[Interaction], None]
    ) -> None:
        self._page = page
        self._files = files
        self._workspace = page.workspace
        self._interactions = interactions
        self._run = run
        self.stream_events = STREAM_EVENTS
        self._streams: set[asyncio.Queue[Change | None]] = set()

    def add_routes(self, app: web.Application) -> None:
        """Add the page and its API to the application."""
        app.router.add_get("/", self._file)
        app.router.add_get(r"/page/{name:[A-Za-z0-9_-]+\.[a-z]+}", self._file)
        app.router.add_get("/sandbox/state", self._state)
        app.router.add_get("/sandbox/events", self._events)
        app.router.add_get("/sandbox/files/{id:[A-Z0-9]{1,20}}", self._download)
        app.router.add_get("/sandbox/steps/{serial:[0-9]{1,9}}", self._step)
        for path, act in (
            ("command", self._command),
            ("click", self._click),
            ("view/submit", self._submit),
            ("view/close", self._close),
            ("zone", self._zone),
            ("switch", self._switch),
            ("steps/clear", self._clear),
        ):
            app.router.add_post(f"/sandbox/{path}", _json_endpoint(act))

    def end_streams(self) -> None:
        """End every stream of changes, so that the server can stop."""
        for queue in tuple(self._streams):
            self._end(queue)

    # --- reading

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "page.html")
        kind = FILE_TYPES.get(name.rpartition(".")[2])
        body = _file(name) if kind else None
        if body is None:
            return _error(404, f"there is no {name}")
        charset = "utf-8" if kind != "image/png" else None
        return web.Response(body=body, content_type=kind, charset=charset)

    async def _state(self, request: web.Request) -> web.StreamResponse:
        user = request.query.get("user", "")
        if user not in self._workspace.people:
            return _error(404, "no such user")
        return web.json_response(self._page.to_json(user))

    async def _step(self, request: web.Request) -> web.StreamResponse:
        details = self._page.scenes.details(int(request.match_info["serial"]))
        return _error(404, "that step is forgotten") if details is None else web.json_response(details)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        visible = self._files.visible(request.query.get("user", ""))
        file = next((file for file in visible if file.id == request.match_info["id"]), None)
        if file is None:
            return _error(404, "there is no such file")
        # Always saved, never displayed: the page must not show untrusted content as its own.
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
        return web.Response(body=file.content, content_type=file.media_type, headers=headers)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        user = request.query.get("user", "")
        if user not in self._workspace.people:
            return _error(404, "no such user")
        queue: asyncio.Queue[Change | None] = asyncio.Queue(self.stream_events)

        def listener(event: Change) -> None:
            if user in event.viewers:
                try:
                    queue.put_nowait(event)
                except asyncio.QueueFull:
                    self._end(queue)

        # Listen before the headers are sent: the page reads the state once the stream is open, and must miss no
        # change.
        stop_listening = self._workspace.listen(listener)
        self._streams.add(queue)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        try:
            # If the page is gone, the stream ends, and nobody needs to know.
            with suppress(ConnectionError):
                await response.prepare(request)
                await response.write(b": hello\n\n")
                await _stream(queue, response)
        finally:
            stop_listening()
            self._streams.discard(queue)
        return response

    def _end(self, queue: asyncio.Queue[Change | None]) -> None:
        """End a stream; changes that it has not yet sent are dropped."""
        self._streams.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    # --- actions

    async def _command(self, body: Json) -> Json:
        user, channel, line = (_string(body, key) for key in ("user", "channel", "text"))
        thread_ts = _string(body, "thread_ts") if "thread_ts" in body else None
        command, _, text = line.strip().partition(" ")
        if command != COMMAND:
            self._interactions.write(user, channel, line, thread_ts)
            return {"id": None}
        if thread_ts is not None:
            self._workspace.toast(user, "not_in_threads", f"{COMMAND} is not supported in threads. Sorry!")
            return {"id": None}
        return self._started(self._interactions.command(user, channel, text.strip(), command))

    async def _click(self, body: Json) -> Json:
        user, action_id = _string(body, "user"), _string(body, "action_id")
        option = body.get("selected_option")
        selected = _string(option, "value") if isinstance(option, dict) else option
        choice: dict[str, Any] = {"block_id": body.get("block_id"), "value": body.get("value"), "selected": selected}
        if any(not isinstance(value, str | None) for value in choice.values()):
            raise BadRequestError("block_id, value and selected_option must be strings")
        message, view = body.get("message"), body.get("view")
        if isinstance(message, dict):
            ts = _string(message, "ts")
            return self._started(self._interactions.click_message(user, ts, action_id, **choice))
        if isinstance(view, dict):
            view_id = _string(view, "id")
            return self._started(self._interactions.click_view(user, view_id, action_id, **choice))
        raise BadRequestError("message or view is missing")

    async def _submit(self, body: Json) -> Json:
        values = body.get("values", {})
        if not isinstance(values, dict) or not all(isinstance(value, dict) for value in values.values()):
            raise BadRequestError("values must be an object of objects")
        return self._started(self._interactions.submit_view(_string(body, "user"), _view_id(body), values))

    async def _close(self, body: Json) -> Json:
        closed = self._interactions.close_view(_string(body, "user"), _view_id(body))
        return self._started(closed) if closed else {"id": None}

    async def _zone(self, body: Json) -> Json:
        user, zone = _string(body, "user"), _string(body, "tz")
        if user not in self._workspace.people:
            raise NotThereError(f"there is no user {user!r}")
        try:
            self._page.set_time_zone(user, zone)
        except KeyError:
            raise BadRequestError(f"there is no time zone {zone!r}") from None
        return {"tz": zone}

    async def _switch(self, body: Json) -> Json:
        switch_id, value = _string(body, "id"), _string(body, "value")
        try:
            await self._page.set_switch(switch_id, value)
        except KeyError:
            raise BadRequestError(f"there is no switch {switch_id!r} with {value!r}") from None
        return {"id": switch_id, "value": value}

    async def _clear(self, _: Json) -> Json:
        self._page.scenes.clear()
        return {}

    def _started(self, interaction: Interaction) -> Json:
        self._run(interaction)
        return {"id": interaction.id}


@web.middleware
async def reject_other_sites(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse other sites: a Host that is not this machine (DNS rebinding), or an Origin that is not this page."""
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    if host.partition(":")[0] not in LOCAL_NAMES or origin not in {None, f"http://{host}"}:
        return _error(403, "this page answers only to itself")
    return await handler(request)


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add HEADERS to everything that a browser may show; the endpoints for the bot do without."""
    if not request.path.startswith(("/api/", "/response/", "/upload/", "/link")):
        response.headers.update(HEADERS)


async def _stream(queue: asyncio.Queue[Change | None], response: web.StreamResponse) -> None:
    while True:
        try:
            async with asyncio.timeout(KEEPALIVE_SECONDS):
                event = await queue.get()
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        if event is None:
            return
        await response.write(b"data: " + json.dumps(event.body).encode() + b"\n\n")


def _json_endpoint(act: Callable[[Json], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """An endpoint for an action: JSON in, 202 and JSON out; 4xx and the reason for an invalid request."""

    async def handle(request: web.Request) -> web.StreamResponse:
        # A browser lets other sites send forms and plain text without a preflight request, but not JSON.
        if request.content_type != "application/json":
            return _error(415, "send application/json")
        try:
            body = await request.json()
            if not isinstance(body, dict):
                raise BadRequestError("send a JSON object")
            return web.json_response(await act(body), status=202)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return _error(400, "that is not JSON")
        except BadRequestError as error:
            return _error(400, str(error))
        except NotThereError as error:
            return _error(404, str(error))

    return handle


def _error(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)


def _string(body: Json, key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"{key} is missing")
    return value


def _view_id(body: Json) -> str:
    view = body.get("view")
    if not isinstance(view, dict):
        raise BadRequestError("view is missing")
    return _string(view, "id")


def _file(name: str) -> bytes | None:
    file = resources.files("bot.sandbox.page") / "static" / name
    return file.read_bytes() if file.is_file() else None
