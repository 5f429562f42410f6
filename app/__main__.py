"""penstock up · serve · work · migrate · openapi · keys create · import · runs list, watch."""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from app import demo as sample_story
from app.accounts.provision import issue_key
from app.client import import_file, runs
from app.core import garbage, log, migrations
from app.core.auth import Scope
from app.core.resources import Resources
from app.core.settings import Settings, UnknownSetting
from app.embedded import (
    EmbeddedError,
    StackOptions,
    borrowed_settings,
    run_stack,
)
from app.main import create_app

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="The batch engine for marketing operations.")  # fmt: skip
keys = typer.Typer(no_args_is_help=True, help="API keys.")
cli.add_typer(keys, name="keys")
cli.add_typer(runs, name="runs")
cli.command("import")(import_file)

OPENAPI = Path(__file__).resolve().parents[1] / "openapi" / "openapi.json"
DataDir = Annotated[
    Path, typer.Option("--data-dir", help="Where the embedded stack keeps everything.")
]
_DEFAULT_DATA_DIR = Path(".penstock")
# As uvicorn says it itself.
_NOT_STARTED = 3


def settings_or_exit() -> Settings:
    """The settings, or a sentence about what is wrong with them and exit status 2."""
    try:
        return Settings.load()
    except UnknownSetting as error:
        typer.echo(str(error), err=True)
    except ValidationError as error:
        for fault in error.errors(include_input=False):
            name = "__".join(str(step) for step in fault["loc"]).upper()
            typer.echo(f"PENSTOCK_{name}: {fault['msg']}", err=True)
    raise typer.Exit(2)


@cli.command()
def up(
    demo: Annotated[bool, typer.Option("--demo", help="Send 20,000 sample responses.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the API; 8080 if not set.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 2,
    data_dir: DataDir = _DEFAULT_DATA_DIR,
) -> None:
    """Start PostgreSQL, Valkey, API and workers, and keep them up until Ctrl-C.

    PENSTOCK_DATABASE_URL and PENSTOCK_REDIS_URL, where set, are used instead of own servers.
    """
    options = StackOptions(
        data_dir=data_dir,
        port=port,
        workers=workers,
        on_ready=sample_story.show if demo else None,
    )
    try:
        asyncio.run(run_stack(options))
    except EmbeddedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@cli.command()
def serve() -> None:
    """Serve the API until SIGTERM; open requests are finished first."""
    settings = settings_or_exit()
    log.configure(settings.log)
    app = create_app(settings)
    garbage.look_seldom()
    config = uvicorn.Config(
        app,
        host=settings.http.host,
        port=settings.http.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=round(settings.http.drain_timeout.total_seconds()),
    )
    server = _Server(config, app)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(_NOT_STARTED)


class _Server(uvicorn.Server):
    """Tells streams of events that the process is stopping: it would wait for them."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        held = getattr(self._app.state, "resources", None)
        if held is not None:
            held.is_stopping = True
        super().handle_exit(sig, frame)


@cli.command()
def work() -> None:
    """Do the work of the lanes until SIGTERM; the work at hand is finished first."""
    settings_or_exit()
    os.execv(sys.executable, [sys.executable, "-m", "workers.main"])  # noqa: S606  (no shell)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema; safe while the service runs."""
    migrations.upgrade(settings_or_exit().database_url.get_secret_value())


@cli.command()
def openapi(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit 1 if stale.")] = False,
) -> None:
    """Write openapi/openapi.json from the code."""
    document = json.dumps(create_app(Settings.for_documents()).openapi(), indent=2) + "\n"
    if not check:
        OPENAPI.write_text(document)
    elif not OPENAPI.exists() or OPENAPI.read_text() != document:
        typer.echo("openapi/openapi.json is stale: run `make openapi`", err=True)
        raise typer.Exit(1)


@keys.command("create")
def create_key(
    user: Annotated[str, typer.Option(help="Whose key; made if missing.")],
    scope: Annotated[list[Scope], typer.Option(help="May be given more than once.")],
    account: Annotated[
        str | None, typer.Option(help="Whose data; made if missing. None: the installation.")
    ] = None,
    data_dir: DataDir = _DEFAULT_DATA_DIR,
) -> None:
    """Make an API key and print it, alone, on standard output."""
    if (account is None) != (Scope.PLATFORM in scope):
        typer.echo("--scope platform goes without --account, every other scope with it", err=True)
        raise typer.Exit(2)
    try:
        typer.echo(asyncio.run(_create_key(account, user, scope, data_dir)))
    except EmbeddedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


async def _create_key(account: str | None, user: str, scopes: list[Scope], data_dir: Path) -> str:
    async with borrowed_settings(data_dir) as database_url:
        await asyncio.to_thread(migrations.upgrade, database_url)
        async with Resources(settings_or_exit()) as resources:
            return str(await issue_key(resources, account=account, user=user, scopes=scopes))


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
