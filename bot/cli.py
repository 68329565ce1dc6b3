"""The command line. Exit status: 0 good, 1 failed, 2 usage or configuration.

Imports inside functions keep ``--help`` fast, and ``show`` and ``doctor`` free of Slack's libraries.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import structlog
import typer
from rich.console import Console

from bot import settings, signals
from bot.env_file import load_environment
from bot.errors import LinkLost, StartError
from bot.operations.sanitizer import Sanitizer
from bot.settings import ConfigurationError, Settings

if TYPE_CHECKING:
    from bot.coc.client import CocClient
    from bot.redact import Redactor

cli = typer.Typer(
    name="schedtask-bot",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
log = structlog.get_logger(__name__)
out = Console()
err = Console(stderr=True)


def invoke(app: Callable[[], object] = cli) -> None:
    """Run the command line; a crash ends with status 1."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 (Python's own traceback would show the words of others unredacted)
        sys.stderr.write(f"{_sanitizer().traceback((type(error), error, error.__traceback__))}\n")
        sys.exit(1)


@contextlib.contextmanager
def _exit_statuses() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        _exit(2, *error.faults)
    except (StartError, LinkLost) as error:
        _exit(1, str(error))


def _exit(status: int, *lines: str) -> NoReturn:
    for line in lines:
        err.print(f"schedtask-bot: {line}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(status)


def _print_version(wanted: bool) -> None:
    if wanted:
        from bot.version import version

        out.print(f"schedtask-bot {version()}", highlight=False)
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Shows Huawei Cloud COC scheduled tasks as cards in Slack."""


@cli.command()
@_exit_statuses()
def run() -> None:
    """Serve a Slack workspace. Configured by the environment or a .env file; see the README."""
    environment = load_environment()  # before the libraries for TLS, which read SSL_CERT_FILE when they are imported
    configured = settings.read(environment)
    from bot.app import Bot

    _configure_logs(configured.log_format, configured.log_level, environment, configured)
    for doubt in settings.doubts(configured):
        log.warning("setting_doubted", what=doubt)
    if links := settings.service_links(environment):
        log.debug("service_links_ignored", names=links)
    # Bolt would read its token from the environment a second time and warn that it has two.
    os.environ.pop("SLACK_BOT_TOKEN", None)
    _run(Bot(configured).run())


@cli.command()
@_exit_statuses()
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

    logs.configure("console", "info" if log_lines else "error", _sanitizer())
    _run(_sandbox(port, http=http) if screenshots is None else _pictures(screenshots))


@cli.command()
@_exit_statuses()
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
        _exit(2, request.wrong or "give a task id: ST and 24 letters or digits")
    more = {"targets": targets, "parameters": parameters, "runs": runs}
    _run(_show(request.task_id, {name for name, wanted in more.items() if wanted}, as_json, in_sandbox))


@cli.command()
@_exit_statuses()
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
    environment = load_environment()
    from bot.doctor import Finding, examine

    beside = Path("manifest.yaml")
    try:
        findings = asyncio.run(examine(environment, manifest or (beside if beside.is_file() else None)))
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
        await _until_signal()
    finally:
        await box.stop()


async def _pictures(folder: Path) -> None:
    from bot.sandbox.screenshots import NoBrowserError, take_screenshots

    try:
        for path in await take_screenshots(folder):
            out.print(path, highlight=False)
    except (NoBrowserError, OSError) as error:
        _exit(1, str(error))


async def _show(task_id: str, more: set[str], as_json: bool, in_sandbox: bool) -> None:
    from bot.cards.block_kit import plain
    from bot.cards.parameters import all_parameters
    from bot.cards.problem import problem_of
    from bot.cards.runs import all_runs
    from bot.cards.targets import all_targets
    from bot.cards.task import task_card
    from bot.cards.terminal import render
    from bot.errors import CocError, Unreachable
    from bot.lookup.lookup import Lookup
    from bot.redact import Redactor
    from bot.redact.untrusted import Untrusted
    from bot.show import as_json as to_json

    redactor = Redactor()
    try:
        async with _open_coc(in_sandbox=in_sandbox) as (coc, redactor):
            lookup = Lookup(coc, redactor)
            snapshot = await (lookup.history(task_id) if "runs" in more else lookup.snapshot(task_id))
    except CocError as error:
        problem = problem_of(error, redactor, task_id)
        sentences = [problem.plain()]
        if problem.service_message:
            sentences.append(f"COC said: {plain(problem.service_message, 500)}")
        if problem.request_id:
            sentences.append(f"Cloud request {plain(problem.request_id, 80)}.")
        if isinstance(error, Unreachable):
            sentences.append(f"({plain(Untrusted(error.detail, redactor), 300)})")
        _exit(1, " ".join(sentences))
    if as_json:
        sys.stdout.write(to_json(snapshot) + "\n")
        return
    blocks = [block for block in task_card(snapshot).blocks if block["type"] != "actions"]
    out.print(render(blocks))
    for name, blocks_of in (("parameters", all_parameters), ("targets", all_targets), ("runs", all_runs)):
        if name in more:
            out.print(render(blocks_of(snapshot)))


@contextlib.asynccontextmanager
async def _open_coc(*, in_sandbox: bool) -> AsyncIterator[tuple["CocClient", "Redactor"]]:
    from bot.redact import Redactor

    redactor = Redactor()
    async with contextlib.AsyncExitStack() as stack:
        if in_sandbox:
            from bot.coc.client import CocClient
            from bot.coc.credentials import CredentialSource, SignedAuth, static_key
            from bot.sandbox.coc.server import LocalCoc

            local = await stack.enter_async_context(LocalCoc())
            keys = CredentialSource(static_key(ak=local.access_key, sk=local.secret_key))
            coc = CocClient(endpoint=local.url, auth=SignedAuth(keys))
        else:
            environment = load_environment()
            configured = settings.read_cloud(environment)
            from bot import cloud

            _configure_logs("console", "warning", environment)
            redactor = Redactor(configured.redact_words, configured.redact_allow)
            endpoint = cloud.coc_endpoint(configured)
            coc = cloud.coc_client(configured, endpoint, await cloud.coc_credentials(configured))
        stack.push_async_callback(coc.aclose)
        yield coc, redactor


def _run(job: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(job)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _until_signal() -> None:
    stop = asyncio.Event()
    signals.call_on_stop(asyncio.get_running_loop(), stop.set)
    await stop.wait()


def _sanitizer() -> Sanitizer:
    from bot.operations.sanitizer import Sanitizer
    from bot.redact import Redactor

    return Sanitizer(Redactor())


def _configure_logs(
    style: Literal["console", "json"], level: str, environment: Mapping[str, str], configured: Settings | None = None
) -> None:
    from bot.operations import logs

    logs.configure(style, level, _sanitizer(), settings.secrets(configured, environment))
    for warning in settings.warnings(environment):
        log.warning("setting_cleaned", what=warning)
