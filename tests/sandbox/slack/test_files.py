"""Files in the sandbox's Slack: uploads by slack_sdk over real sockets, refusals, downloads, and the page."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import BODY_BYTES, LocalSlack
from tests.sandbox.page.windows import ADA, DESKTOP, GRACE, Windows

Json = dict[str, Any]
SHIFT, INCIDENT = "C0SHIFT", "C0INCIDENT"
NAME = "targets “night” ’26.csv"
CONTENT = b"\xef\xbb\xbfhost_name\r\nweb-01\r\n\x00\xff"


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as slack:
        yield slack


@pytest.fixture
async def client(slack: LocalSlack) -> AsyncIterator[AsyncWebClient]:
    """The SDK's client of the bot."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)


@pytest.fixture
async def http(slack: LocalSlack) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=slack.url) as http:
        yield http


async def address(client: AsyncWebClient, length: int = len(CONTENT)) -> tuple[str, str]:
    """An upload URL without its host, and the id of its file."""
    answer = await client.files_getUploadURLExternal(filename=NAME, length=length)
    return "/" + str(answer["upload_url"]).split("/", 3)[3], str(answer["file_id"])


async def posted(http: aiohttp.ClientSession, path: str, content: bytes = CONTENT) -> tuple[int, str]:
    """Post bytes without a token."""
    # aiohttp warns of large bodies that come as bytes.
    async with http.post(path, data=io.BytesIO(content)) as response:
        return response.status, await response.text()


async def test_a_file_goes_into_direct_messages(slack: LocalSlack, client: AsyncWebClient) -> None:
    """The DM must be open; the file arrives byte for byte with the comment as text, for one person only."""
    channel = (await client.conversations_open(users=ADA))["channel"]["id"]
    answer = await client.files_upload_v2(
        filename=NAME, content=CONTENT, title="Targets", channel=channel, initial_comment="*42* machines"
    )
    [file] = slack.files(ADA)
    assert (file.name, file.title, file.content) == (NAME, "Targets", CONTENT)
    assert (file.channel, file.thread_ts) == ("D0ADA", None)
    assert answer["files"] == [{"id": file.id, "title": "Targets"}]
    [message] = slack.messages("D0ADA", ADA)
    assert (message.user, message.text, message.ts) == ("U0BOT", "*42* machines", file.ts)
    [shared] = message.to_slack()["files"]
    assert (shared["id"], shared["size"], shared["mimetype"]) == (file.id, len(CONTENT), "text/csv")
    assert (shared["filetype"], shared["pretty_type"]) == ("csv", "CSV")
    assert slack.files(GRACE) == []


async def test_several_files_go_into_a_thread_in_one_message(slack: LocalSlack, client: AsyncWebClient) -> None:
    """A message without files has no `files` on the wire."""
    root = await client.chat_postMessage(channel=SHIFT, text="card")
    assert "files" not in root["message"]
    uploads = [{"filename": name, "title": name, "content": name} for name in ("a.json", "b.tar", "c")]
    await client.files_upload_v2(file_uploads=uploads, channel=SHIFT, thread_ts=root["ts"])
    reply = slack.messages(SHIFT, GRACE)[-1]
    assert (reply.thread_ts, reply.text) == (root["ts"], "")
    assert [(file["title"], file["pretty_type"]) for file in reply.files] == [
        ("a.json", "JSON"),
        ("b.tar", "Binary"),
        ("c", "Binary"),
    ]
    assert {(file.channel, file.thread_ts, file.ts) for file in slack.files(GRACE)} == {(SHIFT, root["ts"], reply.ts)}


async def test_an_edited_message_keeps_its_files_and_a_deleted_one_hides_them(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    """A file of a deleted message cannot be downloaded."""
    await client.files_upload_v2(filename=NAME, content=CONTENT, channel=SHIFT)
    [message] = slack.messages(SHIFT)
    await client.chat_update(channel=SHIFT, ts=message.ts, text="new words")
    [edited] = slack.messages(SHIFT)
    assert edited.files == message.files
    await client.chat_delete(channel=SHIFT, ts=message.ts)
    assert slack.files(ADA) == []


async def test_a_file_for_no_conversation_is_seen_by_nobody(slack: LocalSlack, client: AsyncWebClient) -> None:
    """Slack calls such a file private."""
    assert (await client.files_upload_v2(filename=NAME, content=CONTENT))["ok"]
    assert slack.files(ADA) == slack.files(GRACE) == []


@pytest.mark.parametrize(
    ("args", "pointer"),
    [
        ({"length": 1}, "filename"),
        ({"filename": "", "length": 1}, "filename"),
        ({"filename": "x" * 256, "length": 1}, "filename"),
        ({"filename": "a.csv"}, "length"),
        ({"filename": "a.csv", "length": 0}, "length"),
        ({"filename": "a.csv", "length": "-1"}, "length"),
        ({"filename": "a.csv", "length": "²"}, "length"),
        ({"filename": "a.csv", "length": "9" * 5000}, "length"),
    ],
)
async def test_an_upload_url_needs_a_name_and_a_length(client: AsyncWebClient, args: Json, pointer: str) -> None:
    """Without them, a query and a JSON body get invalid_arguments."""
    for way in ({"params": args}, {"json": args}):
        with pytest.raises(SlackApiError) as caught:
            await client.api_call("files.getUploadURLExternal", **way)  # type: ignore[arg-type]
        assert caught.value.response["error"] == "invalid_arguments"
        assert f"[json-pointer:/{pointer}]" in caught.value.response["errors"][0]


async def test_an_upload_url_accepts_the_announced_bytes_once(
    client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    """The length may be a number or a string; no token is needed; a refused upload may be repeated."""
    answer = await client.api_call("files.getUploadURLExternal", json={"filename": NAME, "length": len(CONTENT)})
    path = "/" + str(answer["upload_url"]).split("/", 3)[3]
    assert (await posted(http, path, CONTENT[1:]))[0] == 400
    assert await posted(http, path) == (200, f"OK - {len(CONTENT)}")
    assert (await posted(http, path))[0] == 400
    assert (await posted(http, "/upload/nonsense"))[0] == 404


async def test_large_files_are_accepted_up_to_the_sandboxs_limit(
    slack: LocalSlack, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    """Four megabytes are accepted; more is a 413, which the journal records."""
    path, file_id = await address(client, 4_000_000)
    assert await posted(http, path, b"x" * 4_000_000) == (200, "OK - 4000000")
    await client.files_completeUploadExternal(files=[{"id": file_id, "title": NAME}], channel_id=SHIFT)
    assert len(slack.files(ADA)[0].content) == 4_000_000
    path, _ = await address(client, BODY_BYTES + 1)
    assert (await posted(http, path, b"x" * (BODY_BYTES + 1)))[0] == 413
    assert (slack.calls[-1].method, slack.calls[-1].status) == ("upload", 413)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"files": None}, "invalid_arguments"),
        ({"files": "[{"}, "invalid_arguments"),
        ({"files": []}, "invalid_arguments"),
        ({"files": ["F1"]}, "invalid_arguments"),
        ({"files": [{"id": "F0UNKNOWN"}]}, "file_not_found"),
        ({"title": 7}, "invalid_arguments"),
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"channel_id": ADA}, "channel_not_found"),
        ({"channel_id": INCIDENT}, "not_in_channel"),
        ({"channel_id": "D0ADA"}, "not_in_channel"),
        ({"channels": SHIFT}, "invalid_arguments"),
        ({"initial_comment": "x" * 40_001}, "msg_too_long"),
    ],
)
async def test_an_incomplete_upload_is_not_shared(
    slack: LocalSlack, client: AsyncWebClient, http: aiohttp.ClientSession, args: Json, error: str
) -> None:
    """After a refusal with the method's error code, the file can still be shared once."""
    path, file_id = await address(client)
    await posted(http, path)
    good: Json = {"files": [{"id": file_id}], "channel_id": SHIFT}
    bad = good | {"files": [{"id": file_id, "title": args["title"]}]} if "title" in args else good | args
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("files.completeUploadExternal", json=bad)
    assert caught.value.response["error"] == error
    assert slack.messages(SHIFT) == []
    await client.api_call("files.completeUploadExternal", json=good)
    assert [file.title for file in slack.files(ADA)] == [NAME]
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.api_call("files.completeUploadExternal", json=good)


async def test_a_file_without_bytes_is_not_found(client: AsyncWebClient) -> None:
    """A file whose bytes were never posted is file_not_found."""
    _, file_id = await address(client)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": file_id, "title": NAME}], channel_id=SHIFT)


async def test_both_calls_need_the_scope(
    slack: LocalSlack, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    """missing_scope names it; the page's switch withholds and grants files:write and im:write."""
    _, file_id = await address(client)
    for value, lost in (("withheld", True), ("normal", False)):
        async with http.post("/sandbox/switch", json={"id": "scopes", "value": value}) as response:
            assert response.status == 202
        assert ("files:write" not in slack.scopes, "im:write" not in slack.scopes) == (lost, lost)
        assert slack.scopes.startswith("commands,chat:write")
        for method, args, needed in (
            ("files.getUploadURLExternal", {"filename": NAME, "length": "1"}, "files:write"),
            ("files.completeUploadExternal", {"files": json.dumps([{"id": file_id}])}, "files:write"),
            ("conversations.open", {"users": ADA}, "im:write"),
        ):
            answer = await _said(client, method, args)
            assert (answer.get("needed") == needed, answer.get("error") == "missing_scope") == (lost, lost)


async def _said(client: AsyncWebClient, method: str, args: Json) -> Json:
    """The answer, even if it is a refusal."""
    try:
        answer = (await client.api_call(method, params=args)).data
    except SlackApiError as error:
        answer = error.response.data
    assert isinstance(answer, dict)
    return answer


async def test_the_oldest_files_are_evicted(
    slack: LocalSlack, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    """Files are bounded by number and by bytes; an evicted URL is unknown, an evicted file a 404."""
    slack._files.max_files = 2
    paths = [await address(client) for _ in range(3)]
    assert [(await posted(http, path))[0] for path, _ in paths] == [404, 200, 200]
    slack._files.max_files, slack._files.max_bytes = 200, 2 * len(CONTENT)
    for name in ("one.csv", "two.csv", "three.csv"):
        await client.files_upload_v2(filename=name, content=CONTENT, channel=SHIFT)
    assert [file.name for file in slack.files(ADA)] == ["two.csv", "three.csv"]
    gone = slack.messages(SHIFT)[0].files[0]["id"]
    async with http.get(f"/sandbox/files/{gone}", params={"user": ADA}) as response:
        assert response.status == 404


async def test_each_of_the_three_steps_can_fail(slack: LocalSlack, client: AsyncWebClient) -> None:
    """The journal has every step; a failed upload shares nothing."""
    slack.refuse("files.getUploadURLExternal", status=429, retry_after=1)
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.files_upload_v2(filename=NAME, content=CONTENT, channel=SHIFT)
    slack.refuse("upload", status=500)
    with pytest.raises(SlackRequestError, match="status: 500"):
        await client.files_upload_v2(filename=NAME, content=CONTENT, channel=SHIFT)
    slack.refuse("files.completeUploadExternal", "internal_error")
    with pytest.raises(SlackApiError, match="internal_error"):
        await client.files_upload_v2(filename=NAME, content=CONTENT, channel=SHIFT)
    assert slack.files(ADA) == []
    assert slack.messages(SHIFT) == []
    assert [(call.method, call.status) for call in slack.calls] == [
        ("files.getUploadURLExternal", 429),
        ("files.getUploadURLExternal", 200),
        ("upload", 500),
        ("files.getUploadURLExternal", 200),
        ("upload", 200),
        ("files.completeUploadExternal", 200),
    ]


async def test_the_journal_and_the_steps_hold_no_bytes(slack: LocalSlack, client: AsyncWebClient) -> None:
    """They hold the number of bytes only."""
    await client.files_upload_v2(filename=NAME, content=b"the secret list", channel=SHIFT)
    call = next(call for call in slack.calls if call.method == "upload")
    assert (call.request, call.response) == ({"length": 15}, {"ok": True})
    steps = slack.scenes.to_json()
    names = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]
    assert [(step["what"], step["outcome"], step["good"]) for step in steps] == [(name, "ok", True) for name in names]
    assert "the secret list" not in str([slack.scenes.details(step["serial"]) for step in steps])


async def test_a_download_is_for_people_who_see_the_message(
    slack: LocalSlack, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    """The file is saved under its name, never displayed; other people get a 404."""
    await client.conversations_open(users=ADA)
    await client.files_upload_v2(filename=NAME, content=CONTENT, channel="D0ADA")
    [file] = slack.files(ADA)
    async with http.get(f"/sandbox/files/{file.id}", params={"user": ADA}) as response:
        assert (response.status, await response.read()) == (200, CONTENT)
        disposition = "attachment; filename*=UTF-8''targets%20%E2%80%9Cnight%E2%80%9D%20%E2%80%9926.csv"
        assert response.headers["Content-Disposition"] == disposition
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == "text/csv"
    for params in ({"user": GRACE}, {"user": "U0NOBODY"}, {}):
        async with http.get(f"/sandbox/files/{file.id}", params=params) as response:
            assert response.status == 404


@pytest.mark.browser
@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), ((390, 844), True)], ids=["desktop", "phone"])
async def test_a_file_is_drawn_and_downloads_byte_for_byte(
    slack: LocalSlack, client: AsyncWebClient, browser: Browser, size: tuple[int, int], *, dark: bool
) -> None:
    """It works at once, after a reload and by keyboard, without a serious or critical finding of axe-core."""
    windows = Windows(browser, slack.url)
    page = await windows.open(size=size, dark=dark)
    content = CONTENT * 535
    uploads = [
        {"filename": "list.csv", "title": "list.csv", "content": content},
        {"filename": "x" * 240, "title": "x" * 240, "content": b"1"},
    ]
    await client.files_upload_v2(file_uploads=uploads, channel=SHIFT, initial_comment="*42* machines")
    link = page.get_by_role("link", name="Download list.csv")
    await expect(link).to_contain_text(f"CSV · {round(len(content) / 1024)} KB")
    await expect(page.locator(".message .file").last).to_contain_text("Binary · 1 byte")
    await expect(page.locator("#announcer")).to_have_text("COC Tasks: 42 machines, file list.csv, file " + "x" * 240)
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    inside = "node => node.scrollWidth - node.clientWidth"
    assert await page.locator("#messages").evaluate(inside) <= 0
    faults = (await Axe().run(page)).response["violations"]
    assert [fault["id"] for fault in faults if fault["impact"] in {"serious", "critical"}] == []
    # Tab reaches the link from the list above it; Enter saves the file.
    await page.locator("#messages").focus()
    while not await link.evaluate("node => node === document.activeElement"):
        await page.keyboard.press("Tab")
    async with page.expect_download() as saving:
        await page.keyboard.press("Enter")
    download = await saving.value
    path = await download.path()
    assert (download.suggested_filename, path.read_bytes()) == ("list.csv", content)
    await windows.close()
    assert windows.complaints == []
