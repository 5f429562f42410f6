"""`penstock runs`: what ran, and following what runs."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from app.client.api import Api
from app.client.ledger import Run, RunPage, exit_status, summary
from app.client.options import (
    DEFAULT_DATA_DIR,
    DEFAULT_PATIENCE,
    Account,
    ApiKey,
    DataDir,
    GiveUpAfter,
    Target,
    Url,
)
from app.client.watching import watch
from app.core.auth import Scope
from app.models.states import RunKind, RunState

runs = typer.Typer(no_args_is_help=True, help="What ran, and what came of it.")

_LARGEST_PAGE = 1000
_COUNTS = ("total", "succeeded", "skipped", "failed", "unprocessed")


@runs.command("list")
def list_runs(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    kind: Annotated[RunKind | None, typer.Option(help="What ran.")] = None,
    state: Annotated[RunState | None, typer.Option(help="How it stands.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As the API has them.")] = False,
    url: Url = None,
    key: ApiKey = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    account: Account = None,
    give_up_after: GiveUpAfter = DEFAULT_PATIENCE,
) -> None:
    """Show runs, newest first."""
    with Target(url, key, data_dir, account, give_up_after).connected(Scope.READ) as (api, _):
        wanted = {"kind": kind, "state": state, "limit": min(limit, _LARGEST_PAGE)}
        found = list(islice(_found(api, wanted), limit))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    Console(width=None if Console().is_terminal else 160).print(_table(found))


@runs.command("watch")
def watch_run(
    run_id: Annotated[UUID, typer.Argument(metavar="RUN_ID")],
    url: Url = None,
    key: ApiKey = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    account: Account = None,
    give_up_after: GiveUpAfter = DEFAULT_PATIENCE,
) -> None:
    """Follow a run until it ends. Exit status: 0, 3 if some rows failed, 1 if the run failed."""
    target = Target(url, key, data_dir, account, give_up_after)
    with target.connected(Scope.READ) as (api, shown):
        with shown.running() as seen:
            run = watch(api, str(run_id), seen)
        for line in summary(run, url=api.url):
            shown.tell(line)
    raise typer.Exit(exit_status(run))


def _found(api: Api, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    given = {name: value for name, value in wanted.items() if value is not None}
    while True:
        page = api.ask(RunPage, "/v1/runs", params=given | ({"cursor": cursor} if cursor else {}))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for name in ("run", "kind", "state"):
        table.add_column(name, no_wrap=True)
    for name in (*_COUNTS, "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("began", no_wrap=True)
    for item in found:
        run = Run.model_validate(item)
        began = run.started_at or run.queued_at
        table.add_row(
            run.id,
            run.kind,
            run.state,
            *("" if (n := getattr(run, name)) is None else f"{n:,}" for name in _COUNTS),
            "" if run.seconds is None else f"{run.seconds:.1f}",
            began.strftime("%Y-%m-%d %H:%M:%S") if began else "",
        )
    return table
