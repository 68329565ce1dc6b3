"""The HTTP endpoints for the bot: `/api/…`, `/response/…` and `/upload/…`, with scopes, faults and a journal."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.scenes import Scenes
from bot.sandbox.slack.faults import CallFault, Service
from bot.sandbox.slack.files import UploadRefusedError
from bot.sandbox.slack.methods import Methods
from bot.sandbox.slack.records import Json, SlackRefusedError
from bot.sandbox.slack.workspace import Workspace

BOT_TOKEN = "xoxb-sandbox-0000-bot"  # noqa: S105 - opens nothing but this sandbox
APP_TOKEN = "xapp-1-sandbox-0000-app"  # noqa: S105
MAX_CALLS = 5_000
RESPONSE_URL = "response_url"
"""The method name of posts to response URLs, in the journal and for faults."""
UPLOAD = "upload"
"""The method name of posts of a file's bytes, in the journal and for faults."""
REQUIRED_SCOPES, OPTIONAL_SCOPES = "commands,chat:write", "files:write,im:write"


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call of the bot. `at` is its arrival by the workspace's clock; `status` 0 is a closed connection."""

    method: str
    at: float
    request: Json
    response: Json
    status: int


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An answer: `body` is recorded in the journal and sent, unless there is a `text` to send instead."""

    body: Json
    status: int = 200
    retry_after: int | None = None
    text: str | None = None


class SlackApi:
    """Answers Web API calls, posts to response URLs and uploads, and records each in the journal."""

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
        self.journal: deque[RecordedCall] = deque(maxlen=MAX_CALLS)
        self._workspace = workspace
        self._methods = methods
        self._open_socket = open_socket
        self._on_call = on_call
        self._scenes = scenes
        self.service = Service()
        self._faults: dict[str, deque[CallFault]] = {}

    def add_routes(self, app: web.Application) -> None:
        """Add the endpoints to the application."""
        app.router.add_route("*", "/api/{method}", self._web_api)
        app.router.add_post("/response/{token}", self._response_url)
        app.router.add_post("/upload/{token}", self._upload)

    def grant(self, *, optional: bool) -> None:
        """Grant the bot token the required scopes and, if `optional`, those that only files need."""
        self.scopes = f"{REQUIRED_SCOPES},{OPTIONAL_SCOPES}" if optional else REQUIRED_SCOPES

    def refuse(self, method: str, fault: CallFault, times: int) -> None:
        """Make the next `times` calls of a method fail."""
        self._faults.setdefault(method, deque()).extend([fault] * times)

    async def _web_api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ") if header else str((args or {}).pop("token", ""))

        def answer() -> ApiAnswer:
            if args is None:
                return ApiAnswer({"ok": False, "error": "invalid_json"})
            try:
                return ApiAnswer({"ok": True} | self._call(method, token, args))
            except SlackRefusedError as refused:
                return ApiAnswer(_refusal(refused))

        return await self._respond(request, method, args or {}, answer)

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

        def answer() -> ApiAnswer:
            if not isinstance(body, dict):
                return ApiAnswer({"ok": False, "error": "invalid_payload"}, status=400)
            try:
                self._methods.respond(request.match_info["token"], body)
            except SlackRefusedError as refused:
                gone = refused.error in {"used_url", "expired_url", "message_not_found"}
                return ApiAnswer(_refusal(refused), status=404 if gone else 400)
            return ApiAnswer({"ok": True}, text="ok")

        return await self._respond(request, RESPONSE_URL, body if isinstance(body, dict) else {}, answer)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """An upload of a file's bytes. The URL is secret, so no token is needed. Only the length is recorded."""
        try:
            content = await request.read()
        except web.HTTPRequestEntityTooLarge:
            content = None

        def answer() -> ApiAnswer:
            if content is None:
                return ApiAnswer({"ok": False, "error": "too_large"}, status=413)
            try:
                self._methods.files.upload(request.match_info["token"], content)
            except UploadRefusedError as refused:
                return ApiAnswer({"ok": False, "error": refused.error}, status=refused.status)
            return ApiAnswer({"ok": True}, text=f"OK - {len(content)}")

        length = request.content_length if content is None else len(content)
        return await self._respond(request, UPLOAD, {"length": length}, answer)

    async def _respond(
        self, request: web.Request, method: str, args: Json, answer: Callable[[], ApiAnswer]
    ) -> web.StreamResponse:
        """ApiAnswer a call, or make it fail, and record it in the journal."""
        at = self._workspace.clock()
        planned = self._faults.get(method)
        fault = planned.popleft() if planned else self.service.fault(method, at)
        owner = self._scenes.owner(request.match_info.get("token"), args.get("trigger_id"), args.get("view_id"))
        step = self._scenes.begin("reply", method, {"request": args}, owner)
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.error is None:
            result = answer()
        else:
            body: Json = {"ok": False, "error": fault.error} if fault.status else {}
            result = ApiAnswer(body, fault.status, fault.retry_after)
        self.journal.append(RecordedCall(method, at, args, result.body, result.status))
        self._scenes.end(step, _outcome(result), good=result.body.get("ok", False), details={"answer": result.body})
        view = result.body.get("view")
        if owner is not None and isinstance(view, dict):
            self._scenes.assign(owner, view.get("id"))
        self._on_call()
        if result.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return self._response(result)

    def _response(self, answer: ApiAnswer) -> web.Response:
        if answer.status >= 500:
            page = f"<!DOCTYPE html><html><body><h1>{answer.status}</h1><p>Server Error</p></body></html>"
            return web.Response(status=answer.status, text=page, content_type="text/html")
        if answer.text is not None:
            return web.Response(text=answer.text)
        response = web.json_response(answer.body, status=answer.status)
        response.headers["x-oauth-scopes"] = self.scopes
        if answer.retry_after is not None:
            response.headers["Retry-After"] = str(answer.retry_after)
        return response


def _outcome(answer: ApiAnswer) -> str:
    if answer.status == 0:
        return "cut off"
    word = "ok" if answer.body.get("ok") else str(answer.body.get("error") or "refused")
    waits = f", Retry-After {answer.retry_after}" if answer.retry_after is not None else ""
    return word if answer.status == 200 else f"{answer.status} {word}{waits}"


def _refusal(refused: SlackRefusedError) -> Json:
    """The JSON of a refusal, with the details where Slack has them."""
    answer: Json = {"ok": False, "error": refused.error, **refused.details}
    if refused.problems:
        answer["errors"] = list(refused.problems)
        answer["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in refused.problems]}
    return answer


async def _arguments(request: web.Request) -> dict[str, Any] | None:
    """The arguments of a call: the query, and a form or a JSON body; None if the body is not a JSON object."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None
        return args | body if isinstance(body, dict) else None
    return args | dict(await request.post())
