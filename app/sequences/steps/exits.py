"""Taking people out of a sequence before its end, with the reason; and what is left undone."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.criteria.compile import Parameters, compile_sql
from app.models import Sequence as Cadence
from app.models.states import ExitReason
from app.notifications.outbox import EventType, Happening, emit
from app.sequences import rules
from app.sequences.objects import SOURCES

# As everybody locks them: the steps of a participant in their order, then the participant. In a
# statement of its own, so that the next one sees what those it waited for have written.
_LOCK = """
SELECT FROM participant_actions
 WHERE account_id = $1 AND participation_id = ANY ($2::uuid[])
   AND status IN ('upcoming', 'sending_soon', 'on_engage', 'initiated')
   AND actual_execution_at IS NULL AND attempted_at IS NULL
 ORDER BY participation_id, position FOR UPDATE
"""
_END = """
WITH left_it AS MATERIALIZED (
    UPDATE participations n SET state = 'exited', exit_reason = w.reason, ended_at = $4
      FROM unnest($2::uuid[], $3::text[]) AS w(id, reason)
     WHERE n.account_id = $1 AND n.id = w.id AND n.ended_at IS NULL
    RETURNING n.id, n.sequence_id, n.object, n.object_id, n.exit_reason),
undone AS MATERIALIZED (
    SELECT a.id FROM participant_actions a JOIN left_it n ON n.id = a.participation_id
     WHERE a.account_id = $1
       AND a.status IN ('upcoming', 'sending_soon', 'on_engage', 'initiated')
       AND a.actual_execution_at IS NULL AND a.attempted_at IS NULL),
closed AS (
    UPDATE participant_actions a SET status = 'not_actionable', show_on_today = false
      FROM undone u WHERE a.account_id = $1 AND a.id = u.id),
forgotten AS (
    DELETE FROM pending_actions q USING undone u WHERE q.account_id = $1 AND q.action_id = u.id),
unsent AS (
    DELETE FROM pending_sends q USING undone u WHERE q.account_id = $1 AND q.action_id = u.id)
SELECT id, sequence_id, object, object_id, exit_reason FROM left_it
"""
_LIVE = """
SELECT id FROM participations
 WHERE account_id = $1 AND sequence_id = $2 AND ended_at IS NULL ORDER BY id LIMIT $3
"""
_LEAVING = """
SELECT n.id, CASE WHEN p.opted_out THEN 'opted_out'
                  WHEN p.converted_at > n.enrolled_at THEN 'converted'
                  WHEN {leaves} THEN 'exit_criteria' END AS reason
  FROM participations n
  JOIN people p ON p.account_id = $1 AND p.id = n.person_id{beside}
 WHERE n.account_id = $1 AND n.sequence_id = $2 AND n.ended_at IS NULL AND n.id > $3 {scope}
 ORDER BY n.id LIMIT $4
"""
_PORTION = 1_000


class Leaving(NamedTuple):
    """A participation that was looked at, and why it ends; None: it does not."""

    id: UUID
    reason: ExitReason | None


async def look(
    session: Transaction,
    sequence: Cadence,
    *,
    people: Sequence[UUID] | None,
    after: UUID | None,
    most: int,
    now: datetime,
) -> list[Leaving]:
    """Who is in a sequence, and who of them is to leave it, in the order of ids.

    Args:
        people: only these; None: everybody.
        after: behind this participation.
    """
    parameters = Parameters(5)
    as_of = parameters.add(now, "timestamptz")
    leaves = f"{as_of} IS NULL"
    criteria = rules.criteria_of(sequence.exit)
    if criteria is not None:
        leaves = f"{as_of} IS NOT NULL AND {compile_sql(criteria, parameters, now=as_of)}"
    scope = ""
    if people is not None:
        scope = f"AND n.person_id = ANY ({parameters.add(list(people), 'uuid[]')})"
    beside = SOURCES[sequence.object].beside
    sql = _LEAVING.format(leaves=leaves, beside=beside, scope=scope)
    place = (sequence.account_id, sequence.id, after or UUID(int=0), most)
    rows = await (await driver_of(session)).fetch(sql, *place, *parameters.values)
    return [
        Leaving(row["id"], None if row["reason"] is None else ExitReason(row["reason"]))
        for row in rows
    ]


async def end(
    session: Transaction,
    account_id: UUID,
    leaving: Sequence[tuple[UUID, ExitReason]],
    *,
    run_id: UUID | None = None,
    now: datetime,
) -> int:
    """Take these out, and tell of it; returns how many were still in.

    Args:
        run_id: the batch's that does it; None: somebody's call.
    """
    if not leaving:
        return 0
    driver = await driver_of(session)
    ids = [participation_id for participation_id, _ in leaving]
    await driver.execute(_LOCK, account_id, ids)
    reasons = [reason.value for _, reason in leaving]
    rows = await driver.fetch(_END, account_id, ids, reasons, now)
    happenings = [
        Happening(
            account_id,
            EventType.PARTICIPANT_EXITED,
            {
                "participant_id": str(row["id"]),
                "sequence_id": str(row["sequence_id"]),
                "object_kind": row["object"],
                "object_id": str(row["object_id"]),
                "reason": row["exit_reason"],
                "run_id": None if run_id is None else str(run_id),
            },
        )
        for row in rows
    ]
    await emit(session, happenings, at=now)
    return len(rows)


async def end_all(
    session: Transaction, account_id: UUID, sequence_id: UUID, *, now: datetime
) -> None:
    """Take everybody out of a sequence that is being deleted; the caller has locked it."""
    driver = await driver_of(session)
    while rows := await driver.fetch(_LIVE, account_id, sequence_id, _PORTION):
        gone = [(row["id"], ExitReason.SEQUENCE_DELETED) for row in rows]
        await end(session, account_id, gone, now=now)
