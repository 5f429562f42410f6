"""penstock up · serve · work · migrate · openapi · keys create · import · runs list, watch.

A command loads what it needs as it is called: the service's code takes a second to load, and those
who start it, or talk to it, can do without.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app import demo as sample_story
from app.client import import_file, runs
from app.core.auth import Scope
from app.core.settings import Settings, UnknownSetting
from app.embedded import (
    EmbeddedError,
    StackOptions,
    borrowed_settings,
    run_stack,
)

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
    from app import serving

    if not serving.serve(settings):
        raise typer.Exit(_NOT_STARTED)


@cli.command()
def work() -> None:
    """Do the work of the lanes until SIGTERM; the work at hand is finished first."""
    settings_or_exit()
    os.execv(sys.executable, [sys.executable, "-m", "workers.main"])  # noqa: S606  (no shell)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema; safe while the service runs."""
    from app.core import migrations

    migrations.upgrade(settings_or_exit().database_url.get_secret_value())


@cli.command()
def openapi(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit 1 if stale.")] = False,
) -> None:
    """Write openapi/openapi.json from the code."""
    from app.main import create_app

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
    from app.accounts.provision import issue_key
    from app.core import migrations
    from app.core.resources import Resources

    async with borrowed_settings(data_dir) as database_url:
        await asyncio.to_thread(migrations.upgrade, database_url)
        async with Resources(settings_or_exit()) as resources:
            return str(await issue_key(resources, account=account, user=user, scopes=scopes))


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
