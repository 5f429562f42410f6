"""penstock up · serve · work · migrate · openapi · keys."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from pydantic import ValidationError

from app.core import log, migrations
from app.core.settings import Settings, UnknownSetting
from app.main import create_app

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="The batch engine.")
OPENAPI = Path(__file__).resolve().parents[1] / "openapi" / "openapi.json"


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
def serve() -> None:
    """Serve the API until SIGTERM; open requests are finished first."""
    settings = settings_or_exit()
    log.configure(settings.log)
    uvicorn.run(
        create_app(settings),
        host=settings.http.host,
        port=settings.http.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=round(settings.http.drain_timeout.total_seconds()),
    )


@cli.command()
def work() -> None:
    """Do the work of the lanes until SIGTERM; the work at hand is finished first."""
    settings_or_exit()
    os.execv(sys.executable, [sys.executable, "-m", "workers.main"])  # noqa: S606


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


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
