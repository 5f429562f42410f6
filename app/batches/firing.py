"""What the due moments of batches become: runs, or lines that say why not.

    claim ─▶ judge by the timetable ─▶ is a run at work? ─▶ runs · ledger · timetables · events

All in one transaction. Batches are the system's own work: no quota counts them.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.batches import queries
from app.batches.starting import new_run
from app.core.db import Session
from app.fires import news, standing
from app.fires import queries as timetables
from app.fires.queries import Record
from app.fires.rules import Track, judge, take_turn
from app.fires.standing import Standing
from app.models.states import OwnerKind, RunTrigger
from app.runs.of_jobs import NewRun, queue_runs


async def fire_due(
    session: Session,
    batches: Sequence[tuple[UUID, UUID]],
    *,
    secret_key: str,  # noqa: ARG001  (what fires jobs needs it)
    now: datetime,
    waits: bool = False,
) -> int:
    """Write what became of every due moment of these batches, as (account, batch); how many were
    free.

    Args:
        waits: for timetables that others have locked; else they are left to whoever comes next.
    """
    rows = await queries.claim_due(session, batches, now=now, waits=waits)
    found = [Standing.of(row) for row in rows]
    if not found:
        return 0
    at_work = await queries.find_unfinished(session, list({one.account_id for one in found}))
    records: list[Record] = []
    runs: list[NewRun] = []
    moves = []
    for one in found:
        one.unfinished = at_work.get((one.account_id, one.owner_id), [])
        track = Track(len(one.unfinished))
        turn = take_turn(one.situation, now=now)
        for said in turn.verdicts:
            verdict = said
            if said.reason is None:
                verdict = judge(said.fire, one.schedule.overlap, track, lambda: None)
            if verdict.reason is not None:
                records.append(standing.not_run(one, verdict))
                continue
            run = new_run(
                one.account_id, one.owner_id, RunTrigger.SCHEDULE, planned_at=said.fire.at
            )
            runs.append(run)
            records.append(standing.ran(one, verdict, run.id))
        moves.append(standing.move(one, turn))
    await queue_runs(session, runs, now=now)
    await timetables.record(session, OwnerKind.BATCH, records, now=now)
    await timetables.move(session, OwnerKind.BATCH, moves)
    await news.tell_of_fires(session, OwnerKind.BATCH, records, at=now)
    return len(found)
