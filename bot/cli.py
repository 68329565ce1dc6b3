"""The command line. Exit status: 0 good, 1 failed, 2 usage or configuration.

Imports inside functions keep ``--help`` and ``show`` free of Slack's and the sandbox's libraries.
"""

import sys

from bot import signals

if sys.argv[1:2] in (["run"], ["sandbox"], ["show"], ["doctor"]):
    signals.exit_at_once(good=sys.argv[1] in {"run", "sandbox"})

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import structlog
import typer
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from rich.console import Console

from bot import settings
from bot.environment import library_values
from bot.settings import ConfigurationError, Settings
from bot.variables import is_service_link

cli = typer.Typer(
    name="schedtask-bot",
    help="Shows Huawei Cloud COC scheduled tasks as cards in Slack.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
log = structlog.get_logger(__name__)
out = Console()
err = Console(stderr=True)


def main() -> None:
    """The entry point of ``schedtask-bot`` and ``python -m bot``."""
    try:
        cli()
    except Exception as error:  # noqa: BLE001 (Python's own last words would show what others said as it came)
        from bot.operations.untrusted import traceback_of

        sys.stderr.write(f"{traceback_of((type(error), error, error.__traceback__))}\n")
        sys.exit(1)


@cli.command()
def run() -> None:
    """Serve a Slack workspace. Configured by the environment or a .env file; see the README."""
    given = _environment()  # before the libraries for TLS, which read SSL_CERT_FILE when they are imported
    try:
        found = settings.read(given)
    except ConfigurationError as error:
        _stop(2, *error.faults)
    from bot.app import Bot

    _logs(found, given)
    # Bolt would read its token from the environment a second time and warn that it has two.
    os.environ.pop("SLACK_BOT_TOKEN", None)
    _finish(_to_the_end(Bot(found).run()))


@cli.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes any free one.", min=0, max=65535)] = 8137,
    http: Annotated[bool, typer.Option("--http", help="Use HTTP mode instead of Socket Mode.")] = False,
    log_lines: Annotated[bool, typer.Option("--logs", help="Write the bot's log to this terminal.")] = False,
    screenshots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Only write pictures of the page into a folder.")
    ] = None,
) -> None:
    """Try the bot without Slack or a cloud account: a local Slack, a local COC and a page to use them on."""
    from bot.operations import logs

    logs.configure("console", "info" if log_lines else "error")
    _finish(_sandbox(port, http=http) if screenshots is None else _pictures(screenshots))


@cli.command()
def show(
    task_id: Annotated[str, typer.Argument(metavar="ST…", help="The task's id, or a text or link that holds it.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the decoded task as JSON.")] = False,
    targets: Annotated[bool, typer.Option("--targets", help="Print the decoded target instances too.")] = False,
    parameters: Annotated[bool, typer.Option("--parameters", help="Print the parameters too, redacted.")] = False,
    runs: Annotated[bool, typer.Option("--runs", help="Print the latest runs too.")] = False,
    in_sandbox: Annotated[bool, typer.Option("--sandbox", help="Ask the sandbox's COC, with sample tasks.")] = False,
) -> None:
    """Print a task's card, straight from COC. Needs the cloud settings only, not Slack's."""
    from bot.slack.request import Help, parse

    request = parse(task_id)
    if isinstance(request, Help):
        _stop(2, request.wrong or "give a task id: ST and 24 letters or digits")
    more = {"targets": targets, "parameters": parameters, "runs": runs}
    _finish(_show(request.task_id, {name for name, wanted in more.items() if wanted}, as_json, in_sandbox))


@cli.command()
def doctor(
    *,
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The app's manifest, as Slack shows it. [default: manifest.yaml, if there]"
        ),
    ] = None,
) -> None:
    """Check the settings, Slack's tokens, the app's manifest and COC, and say how to mend what is wrong."""
    given = _environment()
    from bot.doctor import Finding, examine

    beside = Path("manifest.yaml")
    try:
        findings = asyncio.run(examine(given, manifest or (beside if beside.is_file() else None)))
        status = 0 if all(finding.good for finding in findings) else 1
    except ConfigurationError as error:
        findings, status = [Finding(False, f"settings: {fault}") for fault in error.faults], 2
    for finding in findings:
        line = f"{'ok ' if finding.good else 'BAD'}  {finding.what}"
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(status)


async def _sandbox(port: int, *, http: bool) -> None:
    from bot.sandbox.session import Sandbox

    box = Sandbox(port=port, transport="http" if http else "socket")
    try:
        await box.start()
    except OSError as error:
        raise ConfigurationError(
            f"port {port} can't be used ({error.strerror or error}): choose another with --port"
        ) from None
    try:
        example = next(iter(box.coc.tasks))
        out.print(f"\nThe sandbox is ready:  {box.url}\n", highlight=False)
        out.print(f"Open it in a browser and type  /schedtask {example}", highlight=False)
        out.print("It is not Slack, and nothing leaves this machine. Ctrl+C stops it.\n", highlight=False)
        await _interrupted()
    finally:
        await box.stop()


async def _pictures(folder: Path) -> None:
    from bot.sandbox.screenshots import NoBrowserError, take

    try:
        for path in await take(folder):
            out.print(path, highlight=False)
    except (NoBrowserError, OSError) as error:
        _stop(1, str(error))


async def _show(task_id: str, more: set[str], as_json: bool, in_sandbox: bool) -> None:
    from bot.cards.parameters import all_parameters
    from bot.cards.problem import problem_of
    from bot.cards.runs import all_runs
    from bot.cards.targets import all_targets
    from bot.cards.task import task_card
    from bot.cards.terminal import render
    from bot.cards.text import plain
    from bot.errors import CocError, Unreachable
    from bot.lookup.lookup import Lookup
    from bot.show import as_json as to_json

    try:
        async with _coc(in_sandbox=in_sandbox) as coc:
            lookup = Lookup(coc)
            snapshot = await (lookup.history(task_id) if "runs" in more else lookup.snapshot(task_id))
    except CocError as error:
        problem = problem_of(error, task_id)
        said = [problem.plain()] + [f"COC said: {plain(problem.said, 500)}"] * bool(problem.said)
        said += [f"Cloud request {plain(problem.request_id, 80, name='request_id')}."] * bool(problem.request_id)
        said += [f"({plain(error.detail, 300)})"] * isinstance(error, Unreachable)
        _stop(1, " ".join(said))
    if as_json:
        sys.stdout.write(to_json(snapshot) + "\n")
        return
    blocks = [block for block in task_card(snapshot).blocks if block["type"] != "actions"]
    out.print(render(blocks))
    for name, blocks_of in (("parameters", all_parameters), ("targets", all_targets), ("runs", all_runs)):
        if name in more:
            out.print(render(blocks_of(snapshot)))


@contextlib.asynccontextmanager
async def _coc(*, in_sandbox: bool) -> AsyncIterator[Any]:
    async with contextlib.AsyncExitStack() as stack:
        if in_sandbox:
            from bot.coc.client import CocClient
            from bot.coc.credentials import CredentialSource, SignedAuth, StaticKeys
            from bot.sandbox.coc.server import LocalCoc

            local = await stack.enter_async_context(LocalCoc())
            keys = CredentialSource.static(StaticKeys(ak=local.access_key, sk=local.secret_key))
            coc = CocClient(endpoint=local.url, auth=SignedAuth(keys))
        else:
            given = _environment()
            found = settings.read_cloud(given)
            from bot import cloud, redact
            from bot.operations import logs

            logs.configure("console", "warning", settings.secrets(None, given))
            for warning in settings.warnings(given):
                log.warning("setting_cleaned", what=warning)
            redact.configure(hide=found.redact_words, show=found.redact_allow)
            endpoint = cloud.coc_endpoint(found)
            coc = cloud.coc_client(found, endpoint, await cloud.coc_credentials(found))
        stack.push_async_callback(coc.aclose)
        yield coc


async def _to_the_end(job: Coroutine[Any, Any, None]) -> None:
    """What was stopped in good order is not to be killed by a second signal in its last tenth of a second."""
    try:
        await job
    finally:
        signals.ignore(asyncio.get_running_loop())


def _finish(job: Coroutine[Any, Any, None]) -> None:
    from bot.errors import LinkLost, StartError

    try:
        asyncio.run(job)
    except ConfigurationError as error:
        _stop(2, *error.faults)
    except (StartError, LinkLost) as error:
        _stop(1, str(error))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _environment() -> dict[str, str]:
    """The process's variables and, where they say nothing, those of the file ``.env``.

    All go into the process's environment too, where libraries read theirs; those are cleaned.
    """
    file = _env_file()
    for name, value in file.items():
        if name not in os.environ or is_service_link(name, os.environ[name]):
            os.environ[name] = value
    given = dict(os.environ)
    os.environ.update(library_values(given))
    return given


def _env_file() -> dict[str, str]:
    try:
        text = Path(".env").read_text("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):  # a folder of that name is somebody's virtual environment
        return {}
    except (OSError, UnicodeDecodeError) as error:
        _stop(2, f"the file .env can't be read: {error}")
    # A line that the parser gives up is a setting that is off; a quote left open swallows the lines after it.
    faults = [
        f"line {line.original.line} of the file .env can't be read: it needs NAME=value, and each quote its other end"
        for line in parse_stream(io.StringIO(text))
        if line.error or (line.key and line.value is None)
    ]
    if faults:
        _stop(2, *faults)
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text)).items()}


def _logs(found: Settings, given: Mapping[str, str]) -> None:
    from bot.operations import logs

    logs.configure(found.log_format, found.log_level, settings.secrets(found, given))
    for warning in settings.warnings(given):
        log.warning("setting_cleaned", what=warning)
    for doubt in settings.doubts(found):
        log.warning("setting_doubted", what=doubt)
    if links := settings.service_links(given):
        log.debug("service_links_ignored", names=links)


async def _interrupted() -> None:
    stop = asyncio.Event()
    signals.call_on_stop(asyncio.get_running_loop(), stop.set)
    await stop.wait()


def _stop(status: int, *lines: str) -> NoReturn:
    for line in lines:
        err.print(f"schedtask-bot: {line}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(status)
