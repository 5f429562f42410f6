"""`penstock import FILE`: send a file, watch its import, say what came of it."""

import shlex
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.client import uploading
from app.client.api import Api
from app.client.display import Display
from app.client.errors import BadUsage, ClientError, GaveUp, Refused
from app.client.ledger import INTERRUPTED, Run, exit_status, summary
from app.client.options import (
    DEFAULT_DATA_DIR,
    DEFAULT_PATIENCE,
    Account,
    ApiKey,
    DataDir,
    GiveUpAfter,
    Target,
    Url,
    told,
)
from app.client.order import ImportOrder, delimiter_of, mapping_of
from app.client.source import STANDARD_INPUT, Source, opened
from app.client.watching import watch
from app.core.auth import Scope
from app.imports.formats.format import FileType
from app.models.states import UploadObject, UploadOperation


def import_file(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    file: Annotated[str, typer.Argument(metavar="FILE", help="`-` is standard input.")],
    campaign: Annotated[
        str | None, typer.Option(help="Code of the campaign, if no column names it.")
    ] = None,
    sequence: Annotated[
        str | None, typer.Option(help="Of participants: name of the sequence for all of them.")
    ] = None,
    object_: Annotated[
        UploadObject, typer.Option("--object", help="What the rows are.")
    ] = UploadObject.RESPONSES,
    operation: Annotated[
        UploadOperation, typer.Option(help="What a row may do.")
    ] = UploadOperation.UPSERT,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="Repeatable; COLUMN= is ignored."),
    ] = None,
    file_format: Annotated[
        FileType | None, typer.Option("--format", help="Else as the file's name says.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of CSV: itself, or e.g. `tab`.")] = None,
    encoding: Annotated[str | None, typer.Option(help="If it is not UTF-8.")] = None,
    expected_rows: Annotated[
        int | None, typer.Option(min=0, help="Refuse the file if it has more or fewer.")
    ] = None,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop at so many failed rows.")] = (
        None
    ),
    failed: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Save the failed rows there, as CSV.")
    ] = None,
    resume: Annotated[
        UUID | None, typer.Option(metavar="UPLOAD", help="Go on with an upload of this file.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Until it has ended.")] = True,
    url: Url = None,
    key: ApiKey = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    account: Account = None,
    give_up_after: GiveUpAfter = DEFAULT_PATIENCE,
) -> None:
    """Import a file of responses, people or participants, of any size.

    Exit status: 0 every row succeeded or was skipped, 3 some rows failed, 1 the import failed or
    could not be sent, 2 wrong usage, 130 Ctrl-C.
    """
    with told():
        order = ImportOrder(
            object=object_,
            operation=operation,
            campaign=campaign,
            sequence=sequence,
            mapping=mapping_of(columns or ()),
            type=file_format,
            delimiter=delimiter_of(delimiter) if delimiter else None,
            encoding=encoding,
            expected_rows=expected_rows,
            stop_after=stop_after,
        )
        if failed is not None and not failed.absolute().parent.is_dir():
            raise BadUsage(what=f"--failed {failed}: there is no such directory")
    target = Target(url, key, data_dir, account, give_up_after)
    with (
        told(),
        opened(file) as source,
        target.connected(Scope.INGEST, Scope.READ) as (api, shown),
    ):
        run_id = _send(api, shown, source, order, resume)
        if not wait:
            shown.tell(f"run {run_id}")
            return
        run = _watch(api, shown, run_id)
        for line in summary(run, url=api.url):
            shown.tell(line)
        if failed is not None and run.upload_id:
            api.save(f"/v1/uploads/{run.upload_id}/failed", failed)
            shown.tell(f"  saved the failed rows in {failed}")
    raise typer.Exit(exit_status(run))


def _send(api: Api, shown: Display, source: Source, order: ImportOrder, resume: UUID | None) -> str:
    """Bring the file there and start its import; says how to go on if that is cut short."""
    upload: uploading.Upload | None = None
    try:
        if resume is None:
            upload = uploading.open_upload(api, order.body(source.name), source)
        else:
            upload = uploading.resume(api, str(resume), source)
            if upload.run_id is not None:
                return upload.run_id
        with shown.sending(source.size_bytes) as sent:
            uploading.send_content(api, upload, source, sent, is_new=resume is None)
        return uploading.start(api, upload.id)
    except (KeyboardInterrupt, ClientError) as ended:
        by_hand = isinstance(ended, KeyboardInterrupt)
        if upload and (by_hand or isinstance(ended, GaveUp) or _may_pass(ended)):
            typer.echo(_how_to_go_on(source, upload.id), err=True)
        if by_hand:
            raise typer.Exit(INTERRUPTED) from None
        raise


def _watch(api: Api, shown: Display, run_id: str) -> Run:
    try:
        with shown.running() as seen:
            return watch(api, run_id, seen)
    except KeyboardInterrupt:
        typer.echo(f"The import goes on: penstock runs watch {run_id}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except ClientError:
        typer.echo(f"The import goes on: penstock runs watch {run_id}", err=True)
        raise


def _may_pass(ended: BaseException) -> bool:
    return isinstance(ended, Refused) and ended.may_pass


def _how_to_go_on(source: Source, upload_id: str) -> str:
    name = STANDARD_INPUT if source.name == STANDARD_INPUT else shlex.quote(source.name)
    return f"What has arrived is kept; go on with: penstock import {name} --resume {upload_id}"
