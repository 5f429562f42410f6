"""The SQL of uploads."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, or_, select

from app.accounts.idempotency import Claim
from app.core.db import Session
from app.core.pages import Position
from app.imports.uploads.errors import UploadNotFound
from app.models import IdempotencyKey, Run, Upload, UploadPiece
from app.models.states import UploadState


async def get_upload(
    session: Session, account_id: UUID, upload_id: UUID, *, lock: bool = False
) -> Upload:
    """Raises UploadNotFound."""
    statement = select(Upload).where(
        col(Upload.account_id) == account_id, col(Upload.id) == upload_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise UploadNotFound
    return found


async def list_uploads(
    session: Session, account_id: UUID, at: Position, *, state: UploadState | None
) -> Sequence[Upload]:
    """Uploads, newest first, behind the position."""
    statement = select(Upload).where(col(Upload.account_id) == account_id)
    if state is not None:
        statement = statement.where(col(Upload.state) == state.value)
    if at.after is not None:
        statement = statement.where(col(Upload.id) < at.after)
    ordered = statement.order_by(col(Upload.id).desc()).limit(at.fetch_rows)
    return (await session.exec(ordered)).all()


async def list_runs(session: Session, account_id: UUID, ids: Sequence[UUID]) -> Sequence[Run]:
    """The runs of some uploads."""
    if not ids:
        return []
    found = await session.exec(
        select(Run).where(col(Run.account_id) == account_id, col(Run.id).in_(ids))
    )
    return found.all()


async def list_pieces(session: Session, account_id: UUID, upload_id: UUID) -> Sequence[UploadPiece]:
    """What the content consists of, from its first byte to its last."""
    found = await session.exec(
        select(UploadPiece)
        .where(col(UploadPiece.account_id) == account_id, col(UploadPiece.upload_id) == upload_id)
        .order_by(col(UploadPiece.first_byte))
    )
    return found.all()


async def find_last_piece(session: Session, account_id: UUID, upload_id: UUID) -> str | None:
    """The name of the piece that was written last."""
    found = await session.exec(
        select(UploadPiece.name)
        .where(col(UploadPiece.account_id) == account_id, col(UploadPiece.upload_id) == upload_id)
        .order_by(col(UploadPiece.first_byte).desc())
        .limit(1)
    )
    return found.first()


async def drop_pieces(
    session: Session, account_id: UUID, upload_id: UUID, *, start: int = 0
) -> Sequence[str]:
    """Forget the pieces from this byte on; returns their names."""
    dropped = await session.exec(
        delete(UploadPiece)
        .where(
            col(UploadPiece.account_id) == account_id,
            col(UploadPiece.upload_id) == upload_id,
            col(UploadPiece.first_byte) >= start,
        )
        .returning(col(UploadPiece.name))
    )
    return dropped.scalars().all()


async def is_repeat(session: Session, claim: Claim) -> bool:
    """Whether the key was used on this call before; with which content is not looked at."""
    found = await session.exec(
        select(IdempotencyKey.key).where(
            col(IdempotencyKey.account_id) == claim.account_id,
            col(IdempotencyKey.method) == claim.method,
            col(IdempotencyKey.path) == claim.path,
            col(IdempotencyKey.key) == claim.key,
        )
    )
    return found.first() is not None


async def abort_open(session: Session, account_id: UUID, upload_id: UUID) -> bool:
    """Abort an upload that is still open; says whether it was. Locks nothing that is not."""
    aborted = await session.exec(
        update(Upload)
        .where(
            col(Upload.account_id) == account_id,
            col(Upload.id) == upload_id,
            col(Upload.state) == UploadState.OPEN.value,
        )
        .values(state=UploadState.ABORTED.value)
    )
    return aborted.rowcount == 1


async def expire(session: Session, account_id: UUID, *, now: datetime) -> Sequence[UUID]:
    """Abort what is open and past its time; returns the uploads that were."""
    expired = await session.exec(
        update(Upload)
        .where(
            col(Upload.account_id) == account_id,
            col(Upload.state) == UploadState.OPEN.value,
            col(Upload.expires_at) <= now,
        )
        .values(state=UploadState.ABORTED.value)
        .returning(col(Upload.id))
    )
    return expired.scalars().all()


async def list_unneeded(
    session: Session, account_id: UUID, *, now: datetime, kept: timedelta, limit: int
) -> Sequence[UUID]:
    """Uploads whose content is still there and of no more use: aborted unread, or long done."""
    found = await session.exec(
        select(UploadPiece.upload_id)
        .join(
            Upload,
            (col(Upload.account_id) == col(UploadPiece.account_id))
            & (col(Upload.id) == col(UploadPiece.upload_id)),
        )
        .outerjoin(
            Run,
            (col(Run.account_id) == col(Upload.account_id)) & (col(Run.id) == col(Upload.run_id)),
        )
        .where(
            col(UploadPiece.account_id) == account_id,
            col(UploadPiece.first_byte) == 0,
            or_(
                (col(Upload.state) == UploadState.ABORTED.value) & col(Upload.run_id).is_(None),
                col(Run.finished_at) <= now - kept,
            ),
        )
        .limit(limit)
    )
    return found.all()
