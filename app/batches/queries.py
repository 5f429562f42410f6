"""The SQL of batches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Session
from app.core.driver import Row, Transaction, driver_of
from app.core.pages import Position
from app.models import Run
from app.models.states import RunKind

# A batch's runs are told apart by what they are about; of one account few are pending.
_UNFINISHED = """
SELECT r.account_id, r.subject_id, array_agg(r.id ORDER BY r.id) AS runs
  FROM unnest($1::uuid[]) AS w(account_id)
  JOIN pending_runs q ON q.account_id = w.account_id AND q.kind = 'batch'
  JOIN runs r ON r.account_id = q.account_id AND r.id = q.run_id
 GROUP BY r.account_id, r.subject_id
"""
_CLAIM = """
SELECT t.*, NULL::timestamptz AS expires_at
  FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, batch_id)
  JOIN timetables t ON t.account_id = w.account_id AND t.owner_kind = 'batch'
   AND t.owner_id = w.batch_id
 WHERE t.next_at <= $3
 ORDER BY t.account_id, t.owner_id
   FOR NO KEY UPDATE OF t"""


async def find_unfinished(
    session: Transaction, accounts: Sequence[UUID]
) -> Mapping[tuple[UUID, UUID], list[UUID]]:
    """Runs of these accounts' batches that are not over, by (account, batch), oldest first."""
    rows = await (await driver_of(session)).fetch(_UNFINISHED, list(accounts))
    return {(row["account_id"], row["subject_id"]): row["runs"] for row in rows}


async def claim_due(
    session: Transaction, places: Sequence[tuple[UUID, UUID]], *, now: datetime, waits: bool
) -> Sequence[Row]:
    """Lock the due timetables of these batches, as (account, batch), in their order.

    Args:
        waits: for those that others have locked; else they are passed over.
    """
    sql = _CLAIM if waits else f"{_CLAIM} SKIP LOCKED"
    accounts, batches = [account_id for account_id, _ in places], [batch for _, batch in places]
    rows: Sequence[Row] = await (await driver_of(session)).fetch(sql, accounts, batches, now)
    return rows


async def find_last(session: Session, account_id: UUID, batch_id: UUID) -> Run | None:
    """The newest run of a batch."""
    newest = _of_batch(account_id, batch_id).order_by(col(Run.id).desc()).limit(1)
    return (await session.exec(newest)).one_or_none()


async def list_runs(
    session: Session, account_id: UUID, batch_id: UUID, at: Position
) -> Sequence[Run]:
    """Runs of a batch, newest first."""
    statement = _of_batch(account_id, batch_id)
    if at.after is not None:
        statement = statement.where(col(Run.id) < at.after)
    return (await session.exec(statement.order_by(col(Run.id).desc()).limit(at.fetch_rows))).all()


def _of_batch(account_id: UUID, batch_id: UUID) -> SelectOfScalar[Run]:
    return select(Run).where(
        col(Run.account_id) == account_id,
        col(Run.subject_id) == batch_id,
        col(Run.kind) == RunKind.BATCH.value,
    )
