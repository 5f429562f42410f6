"""The SQL of batches."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.batches.tally import Steps
from app.core.db import Session
from app.core.driver import Row, Transaction, driver_of
from app.core.pages import Position
from app.fires.standing import COLUMNS
from app.models import Run
from app.models import Sequence as Cadence
from app.models.states import RunKind, SequenceObject

# A batch's runs are told apart by what they are about; of one account few are pending.
_UNFINISHED = """
SELECT r.account_id, r.subject_id, array_agg(r.id ORDER BY r.id) AS runs
  FROM unnest($1::uuid[]) AS w(account_id)
  JOIN pending_runs q ON q.account_id = w.account_id AND q.kind = 'batch'
  JOIN runs r ON r.account_id = q.account_id AND r.id = q.run_id
 GROUP BY r.account_id, r.subject_id
"""
_CLAIM = f"""
SELECT {COLUMNS}, t.schedule::text AS schedule, NULL::timestamptz AS expires_at
  FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, batch_id)
  JOIN timetables t ON t.account_id = w.account_id AND t.owner_kind = 'batch'
   AND t.owner_id = w.batch_id
 WHERE t.next_at <= $3
 ORDER BY t.account_id, t.owner_id
   FOR NO KEY UPDATE OF t"""

_COUNT = """
UPDATE runs SET total = $3, processed = $3, succeeded = $4, failed = $5, skipped = $6,
       unprocessed = 0, details = $7
 WHERE account_id = $1 AND id = $2
"""
# Of all who have changed, mostly few; their order is made afterwards.
_FIRST_CHANGED = """
WITH changed AS MATERIALIZED (SELECT id FROM people WHERE account_id = $1 AND updated_at > $2)
SELECT id FROM changed ORDER BY id LIMIT $3
"""
# They are many: by id, on from where the page before has ended.
_NEXT_CHANGED = """
SELECT id FROM people WHERE account_id = $1 AND updated_at > $2 AND id > $4 ORDER BY id LIMIT $3
"""
_WHERE_THEY_ARE = """
SELECT DISTINCT sequence_id FROM participations
 WHERE account_id = $1 AND person_id = ANY ($2::uuid[]) AND object = $3 AND ended_at IS NULL
"""
_LOOKED = """
UPDATE sequences s SET looked_until = $4
  FROM unnest($2::uuid[], $3::int[]) AS w(id, version)
 WHERE s.account_id = $1 AND s.id = w.id AND s.version = w.version AND s.deleted_at IS NULL
"""
# The first of each by the index; by EXISTS all that is pending was read and hashed.
_WITH_DUE = """
SELECT w.id FROM unnest($2::uuid[]) AS w(id)
 CROSS JOIN LATERAL (SELECT FROM pending_actions q
                      WHERE q.account_id = $1 AND q.sequence_id = w.id AND q.due_at <= $3
                      ORDER BY q.due_at LIMIT 1) AS q
"""


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


async def count(
    session: Transaction, account_id: UUID, run_id: UUID, steps: Steps, details: Mapping[str, Any]
) -> None:
    """Write the run's account as it stands after this transaction."""
    sums = steps.sums
    await (await driver_of(session)).execute(
        _COUNT,
        *(account_id, run_id, sum(sums.values())),
        *(sums["succeeded"], sums["failed"], sums["skipped"], json.dumps(dict(details))),
    )


async def changed_people(
    session: Transaction, account_id: UUID, *, since: datetime, after: UUID | None, most: int
) -> list[UUID]:
    """People who were made or changed since, in the order of ids behind this one."""
    driver = await driver_of(session)
    if after is None:
        rows = await driver.fetch(_FIRST_CHANGED, account_id, since, most)
    else:
        rows = await driver.fetch(_NEXT_CHANGED, account_id, since, most, after)
    return [row["id"] for row in rows]


async def sequences_with(
    session: Transaction, account_id: UUID, what: SequenceObject, people: Sequence[UUID]
) -> set[UUID]:
    """The sequences that any of these people is in now."""
    driver = await driver_of(session)
    rows = await driver.fetch(_WHERE_THEY_ARE, account_id, list(people), what.value)
    return {row["sequence_id"] for row in rows}


async def looked(
    session: Transaction, account_id: UUID, sequences: Sequence[Cadence], until: datetime
) -> None:
    """Write that changes up to then were looked at, but of sequences changed meanwhile."""
    ids, versions = [one.id for one in sequences], [one.version for one in sequences]
    await (await driver_of(session)).execute(_LOOKED, account_id, ids, versions, until)


async def with_due(
    session: Transaction, account_id: UUID, sequences: Sequence[Cadence], until: datetime
) -> set[UUID]:
    """Those of these in which anything is due by then."""
    ids = [one.id for one in sequences]
    rows = await (await driver_of(session)).fetch(_WITH_DUE, account_id, ids, until)
    return {row["id"] for row in rows}
