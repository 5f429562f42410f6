"""What the due moments of jobs' timetables become: runs, or lines that say why not.

    claim ─▶ judge by the timetable ─▶ look at what runs ─▶ lock days ─▶ judge by what runs
          ─▶ runs · quotas · ledger · timetables · events, each written once for all of them

All in one transaction, so that whoever dies in it has fired nothing, and nothing fires twice.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.accounts.quotas.days import Days, Terms
from app.core.db import Session
from app.fires import news, queries, standing
from app.fires.rules import Track, Turn, Verdict, judge, take_turn
from app.jobs import cancelling, due, used_up
from app.jobs.due import Due
from app.jobs.starting import Start, write_runs
from app.models.states import FireReason, OwnerKind, RunTrigger
from app.schedules.parts import Overlap
from app.schedules.schemas import Daily, Monthly, Weekly

_SLOTTED = (Daily, Weekly, Monthly)


async def fire_due(
    session: Session,
    jobs: Sequence[tuple[UUID, UUID]],
    *,
    secret_key: str,
    now: datetime,
    waits: bool = False,
) -> int:
    """Write what became of every due moment of these jobs, as (account, job); how many were free.

    Args:
        waits: for jobs that others have locked; else they are left to whoever comes next.
    """
    found = await due.claim(session, jobs, waits=waits, now=now)
    if not found:
        return 0
    terms = await due.terms_of(session, {one.what.account_id for one in found})
    gaps = [terms[one.what.account_id][0].minimum_gap for one in found]
    await due.look_at_runs(session, found, gaps)
    found = [await standing.paused_by_failures(session, OwnerKind.JOB, one, now) for one in found]
    turns = [take_turn(one.situation, now=now) for one in found]
    pairs = list(zip(found, turns, strict=True))
    starting = [one for one, turn in pairs if any(said.reason is None for said in turn.verdicts)]
    replacing = [one for one in starting if one.schedule.overlap is Overlap.CANCEL_OTHER]
    await due.lock_runs(session, replacing)
    places = [(one.what.account_id, one.what.job_id) for one in starting]
    days = await Days.open(session, places, terms, now=now)
    for one, turn in pairs:
        _judge_by_runs(one, turn, terms[one.what.account_id], days)
    await _write(session, pairs, terms, secret_key=secret_key, now=now)
    await days.write(session)
    await used_up.tell(session, days.refused, terms, now=now)
    return len(found)


def _judge_by_runs(one: Due, turn: Turn, terms: Terms, days: Days) -> None:
    what = one.what
    track = Track(len(one.unfinished), one.buffered, one.last_ran_at, terms[0].minimum_gap)

    def take() -> FireReason | None:
        refusal = days.take(what.account_id, what.job_id, what.timeout)
        return None if refusal is None else FireReason(refusal)

    turn.verdicts = [
        judge(said.fire, one.schedule.overlap, track, take) if said.reason is None else said
        for said in turn.verdicts
    ]


async def _write(
    session: Session,
    pairs: Sequence[tuple[Due, Turn]],
    terms: dict[UUID, Terms],
    *,
    secret_key: str,
    now: datetime,
) -> None:
    starts, ran, records = [], [], []
    for one, turn in pairs:
        for said in turn.verdicts:
            if said.reason is None:
                starts.append(_start(one, said, terms))
                ran.append((one, said))
            else:
                records.append(standing.not_run(one, said))
            if said.replaces:
                await cancelling.cancel(session, one.what, one.unfinished)
    run_ids = await write_runs(session, starts, secret_key=secret_key, now=now)
    records += [
        standing.ran(one, said, run_id) for (one, said), run_id in zip(ran, run_ids, strict=True)
    ]
    await queries.record(session, OwnerKind.JOB, records, now=now)
    await queries.move(session, OwnerKind.JOB, [standing.move(*pair) for pair in pairs])
    await news.tell_of_fires(session, OwnerKind.JOB, records, at=now)


def _start(one: Due, said: Verdict, terms: dict[UUID, Terms]) -> Start:
    return Start(
        one.what,
        terms[one.what.account_id][0],
        RunTrigger.SCHEDULE,
        planned_at=said.fire.at,
        schedule_minute=one.schedule.minute if isinstance(one.schedule, _SLOTTED) else None,
        is_buffered=said.is_buffered,
    )
