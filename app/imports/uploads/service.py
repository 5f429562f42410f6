"""What can be done with uploads; inside the caller's transaction, never committing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.accounts.caller import Caller, admit
from app.core.auth import Scope
from app.core.db import Session
from app.core.errors import Fault
from app.core.ids import uuid7
from app.core.settings import Settings
from app.imports import runs
from app.imports.columns.matching import check_fields
from app.imports.formats.format import Format
from app.imports.places import Places, find_places
from app.imports.uploads import queries, rules
from app.imports.uploads.errors import InvalidUpload, RunNotEnded, TooManyImports, UploadNotFound
from app.imports.uploads.schemas import Counts, OnError, StopAfter, UploadCreate, UploadRead
from app.imports.uploads.source import sealed
from app.models import Run, Upload
from app.models.states import (
    RunKind,
    RunState,
    UploadObject,
    UploadOperation,
    UploadState,
)
from app.runs import queue
from app.runs.errors import RunNotFound
from app.runs.queries import get_run
from app.runs.schemas import RunError


async def create(
    session: Session, caller: Caller, order: UploadCreate, settings: Settings, *, now: datetime
) -> Upload:
    """Open an upload; nothing starts until it is completed.

    Raises:
        InvalidUpload: no object, no such campaign or sequence, one of other rows, no such run.
        UnknownColumn: the mapping names fields that there are not.
        RunNotEnded: the run that it corrects is still at work.
        MissingScope: of participants, which the key may not put into sequences by a call either.
    """
    parent = await _corrected(session, caller.account_id, order.retry_of)
    kind = order.object or (parent.object if parent else None)
    if kind is None:
        raise _invalid("/object", "missing", "is missing")
    if kind is UploadObject.PARTICIPANTS:
        admit(caller, (Scope.OPERATE,))
    operation = order.operation or (parent.operation if parent else UploadOperation.UPSERT)
    places = await _places_of(session, caller.account_id, order, kind, operation, parent)
    check_fields(order.mapping, kind)
    upload = Upload(
        account_id=caller.account_id,
        id=uuid7(),
        object=kind,
        operation=operation,
        campaign_id=places.campaign_id,
        sequence_id=places.sequence_id,
        mapping=order.mapping if order.mapping is not None or not parent else parent.mapping,
        format=order.format.model_dump(mode="json"),
        expected_rows=order.expected_rows,
        expected_sha256=order.sha256,
        stop_after=order.on_error.stop_after if isinstance(order.on_error, StopAfter) else None,
        user_id=caller.user_id,
        user_name=caller.user,
        parent_run_id=order.retry_of,
        created_at=now,
        expires_at=now + settings.imports.open_for,
    )
    if order.source is not None:
        secret = settings.secret_key.get_secret_value()
        upload.source = sealed(order.source, secret, upload.account_id, upload.id)
    session.add(upload)
    await session.flush()
    return upload


async def check_room(session: Session, account_id: UUID, *, most: int) -> None:
    """Raise TooManyImports if one more may not wait."""
    if await queue.count_waiting(session, account_id, RunKind.IMPORT) >= most:
        raise TooManyImports(most=most)


async def complete(
    session: Session, account_id: UUID, upload_id: UUID, *, by: str, most: int, now: datetime
) -> Upload:
    """Close the upload's content and start its run. Once only.

    Raises:
        UploadNotFound: there is no such upload in this account.
        WrongUploadState: it is not open.
        TooManyImports: so many are waiting; the upload stays open.
    """
    await queue.take_turn(session, account_id)
    upload = await queries.get_upload(session, account_id, upload_id, lock=True)
    rules.check_may_become(upload, UploadState.UPLOAD_COMPLETE)
    await check_room(session, account_id, most=most)
    await runs.start(session, upload, by=by, now=now)
    await session.refresh(upload)
    return upload


async def abort(session: Session, account_id: UUID, upload_id: UUID) -> Upload:
    """Give an upload up, and stop its run if it has one. Safe to repeat.

    Raises:
        UploadNotFound: there is no such upload in this account.
        WrongUploadState, ImportOver: it is done.
    """
    await queries.abort_open(session, account_id, upload_id)
    upload = await queries.get_upload(session, account_id, upload_id)
    if upload.state is UploadState.ABORTED:
        return upload
    rules.check_may_become(upload, UploadState.ABORTED)
    if upload.run_id is not None:
        # Not locked here: whoever ends a run locks the run first, then its upload.
        await runs.abort(session, account_id, upload.run_id)
    await session.refresh(upload)
    return upload


async def read(session: Session, account_id: UUID, uploads: Sequence[Upload]) -> list[UploadRead]:
    """Uploads as they are shown, with the counts of their runs."""
    ids = [upload.run_id for upload in uploads if upload.run_id is not None]
    by_id = {run.id: run for run in await queries.list_runs(session, account_id, ids)}
    return [_read(upload, by_id.get(upload.run_id or upload.id)) for upload in uploads]


def _read(upload: Upload, run: Run | None) -> UploadRead:
    on_error: OnError = "continue"
    if upload.stop_after is not None:
        on_error = StopAfter(stop_after=upload.stop_after)
    has_counts = run is not None and run.total is not None
    error = None
    if run is not None and run.error_code is not None:
        error = RunError(code=run.error_code, detail=run.error_detail or "")
    return UploadRead.model_validate(
        {
            **upload.model_dump(exclude={"source", "format", "sha256", "expires_at"}),
            "format": Format.model_validate(upload.format),
            "sha256": upload.sha256 or upload.expected_sha256,
            "on_error": on_error,
            "has_source": upload.source is not None,
            "user": upload.user_name,
            "expires_at": upload.expires_at if upload.state is UploadState.OPEN else None,
            "counts": _counts(run) if run is not None and has_counts else None,
            "error": error,
        }
    )


def _counts(run: Run) -> Counts:
    return Counts(**{name: getattr(run, name) or 0 for name in Counts.model_fields})


async def _corrected(session: Session, account_id: UUID, run_id: UUID | None) -> Upload | None:
    """The upload of the run that is corrected."""
    if run_id is None:
        return None
    unknown = _invalid("/retry_of", "run_not_found", "is no import of this account")
    try:
        run = await get_run(session, account_id, run_id)
        if run.kind is not RunKind.IMPORT or run.subject_id is None:
            raise unknown
        upload = await queries.get_upload(session, account_id, run.subject_id)
    except (RunNotFound, UploadNotFound):
        raise unknown from None
    if run.state in (RunState.QUEUED, RunState.RUNNING):
        raise RunNotEnded
    return upload


async def _places_of(
    session: Session,
    account_id: UUID,
    order: UploadCreate,
    kind: UploadObject,
    operation: UploadOperation,
    parent: Upload | None,
) -> Places:
    found, faults = await find_places(
        session, account_id, kind, operation, campaign=order.campaign, sequence=order.sequence
    )
    if faults:
        raise InvalidUpload(faults=faults)
    if parent is None or parent.object is not kind:
        return found
    return Places(found.campaign_id or parent.campaign_id, found.sequence_id or parent.sequence_id)


def _invalid(pointer: str, code: str, detail: str) -> InvalidUpload:
    return InvalidUpload(faults=[Fault(pointer, code, detail)])
