"""The doors the bot knocks on: `/api/…`, `/response/…` and `/upload/…`, with scopes, faults and a journal."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.scenes import Scenes
from bot.sandbox.slack.faults import Fault, Weather
from bot.sandbox.slack.files import UploadRefusedError
from bot.sandbox.slack.methods import Methods
from bot.sandbox.slack.records import Json, SlackRefusedError
from bot.sandbox.slack.workspace import Workspace

BOT_TOKEN = "xoxb-sandbox-0000-bot"  # noqa: S105 - opens nothing but this sandbox
APP_TOKEN = "xapp-1-sandbox-0000-app"  # noqa: S105
CALLS_KEPT = 5_000
RESPONSE_URL = "response_url"
"""The name under which posts to response URLs are recorded and refused."""
UPLOAD = "upload"
"""The name under which posts of a file's bytes are recorded and refused."""
REQUIRED_SCOPES, OPTIONAL_SCOPES = "commands,chat:write", "files:write,im:write"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the bot made. `at` is the sandbox's clock when it came in; `status` 0: cut off."""

    method: str
    at: float
    request: Json
    response: Json
    status: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `shown` is the JSON that the journal keeps; `text` is sent in its place where there is one."""

    shown: Json
    status: int = 200
    retry_after: int | None = None
    text: str | None = None


class SlackApi:
    """Answers Web API calls, response URLs and uploads, and writes each into the journal."""

    def __init__(
        self,
        workspace: Workspace,
        methods: Methods,
        open_socket: Callable[[], Json],
        on_call: Callable[[], None],
        scenes: Scenes,
    ) -> None:
        self.scopes = ""
        self.grant(optional=True)
        self.journal: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._workspace = workspace
        self._methods = methods
        self._open_socket = open_socket
        self._on_call = on_call
        self._scenes = scenes
        self.weather = Weather()
        self._faults: dict[str, deque[Fault]] = {}

    def add_routes(self, app: web.Application) -> None:
        """Puts the doors into the application."""
        app.router.add_route("*", "/api/{method}", self._web_api)
        app.router.add_post("/response/{token}", self._response_url)
        app.router.add_post("/upload/{token}", self._upload)

    def grant(self, *, optional: bool) -> None:
        """Gives the bot token the scopes it must have, and perhaps those that only files need."""
        self.scopes = f"{REQUIRED_SCOPES},{OPTIONAL_SCOPES}" if optional else REQUIRED_SCOPES

    def refuse(self, method: str, fault: Fault, times: int) -> None:
        """Makes the next `times` calls of a method fail."""
        self._faults.setdefault(method, deque()).extend([fault] * times)

    async def _web_api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        given = args or {}
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ") if header else str(given.pop("token", ""))

        def answer() -> Answer:
            if args is None:
                return Answer({"ok": False, "error": "invalid_json"})
            try:
                return Answer({"ok": True} | self._call(method, token, args))
            except SlackRefusedError as refused:
                return Answer(refusal(refused))

        return await self._answered(request, method, given, answer)

    def _call(self, method: str, token: str, args: Json) -> Json:
        if method == "api.test":
            return {"args": args}
        known = self._methods.table.get(method)
        if known is None and method != "apps.connections.open":
            raise SlackRefusedError("unknown_method", req_method=method)
        if not token:
            raise SlackRefusedError("not_authed")
        if token not in {BOT_TOKEN, APP_TOKEN}:
            raise SlackRefusedError("invalid_auth")
        if (token == APP_TOKEN) != (known is None):
            raise SlackRefusedError("not_allowed_token_type")
        if known is None:
            return self._open_socket()
        if known.scope and known.scope not in self.scopes.split(","):
            raise SlackRefusedError("missing_scope", needed=known.scope, provided=self.scopes)
        return known.run(args)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            body = None

        def answer() -> Answer:
            if not isinstance(body, dict):
                return Answer({"ok": False, "error": "invalid_payload"}, status=400)
            try:
                self._methods.respond(request.match_info["token"], body)
            except SlackRefusedError as refused:
                gone = refused.word in {"used_url", "expired_url", "message_not_found"}
                return Answer(refusal(refused), status=404 if gone else 400)
            return Answer({"ok": True}, text="ok")

        return await self._answered(request, RESPONSE_URL, body if isinstance(body, dict) else {}, answer)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """Takes a file's bytes; the address is secret, so no token is asked for. Only their number is recorded."""
        try:
            content = await request.read()
        except web.HTTPRequestEntityTooLarge:
            content = None

        def answer() -> Answer:
            if content is None:
                return Answer({"ok": False, "error": "too_large"}, status=413)
            try:
                self._methods.files.upload(request.match_info["token"], content)
            except UploadRefusedError as refused:
                return Answer({"ok": False, "error": refused.word}, status=refused.status)
            return Answer({"ok": True}, text=f"OK - {len(content)}")

        length = request.content_length if content is None else len(content)
        return await self._answered(request, UPLOAD, {"length": length}, answer)

    async def _answered(
        self, request: web.Request, method: str, args: Json, answer: Callable[[], Answer]
    ) -> web.StreamResponse:
        """Answers a call, or makes it fail as asked, and writes it into the journal either way."""
        at = self._workspace.clock()
        planned = self._faults.get(method)
        fault = planned.popleft() if planned else self.weather.fault(method, at)
        owner = self._scenes.owner(request.match_info.get("token"), args.get("trigger_id"), args.get("view_id"))
        step = self._scenes.begin("reply", method, {"request": args}, owner)
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.error is None:
            given = answer()
        else:
            shown: Json = {"ok": False, "error": fault.error} if fault.status else {}
            given = Answer(shown, fault.status, fault.retry_after)
        self.journal.append(Call(method, at, args, given.shown, given.status))
        self._scenes.end(step, _outcome(given), good=given.shown.get("ok", False), details={"answer": given.shown})
        view = given.shown.get("view")
        if owner is not None and isinstance(view, dict):
            self._scenes.owns(owner, view.get("id"))
        self._on_call()
        if given.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return self._written(given)

    def _written(self, given: Answer) -> web.Response:
        if given.status >= 500:
            page = f"<!DOCTYPE html><html><body><h1>{given.status}</h1><p>Server Error</p></body></html>"
            return web.Response(status=given.status, text=page, content_type="text/html")
        if given.text is not None:
            return web.Response(text=given.text)
        response = web.json_response(given.shown, status=given.status)
        response.headers["x-oauth-scopes"] = self.scopes
        if given.retry_after is not None:
            response.headers["Retry-After"] = str(given.retry_after)
        return response


def _outcome(given: Answer) -> str:
    if given.status == 0:
        return "cut off"
    word = "ok" if given.shown.get("ok") else str(given.shown.get("error") or "refused")
    waits = f", Retry-After {given.retry_after}" if given.retry_after is not None else ""
    return word if given.status == 200 else f"{given.status} {word}{waits}"


def refusal(refused: SlackRefusedError) -> Json:
    """The JSON of a refusal, with Slack's places for the details."""
    answer: Json = {"ok": False, "error": refused.word, **refused.details}
    if refused.problems:
        answer["errors"] = list(refused.problems)
        answer["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in refused.problems]}
    return answer


async def _arguments(request: web.Request) -> dict[str, Any] | None:
    """The arguments of a call: query, then a form or a JSON body; None where the body is no JSON object."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None
        return args | body if isinstance(body, dict) else None
    return args | dict(await request.post())
