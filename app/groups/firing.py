"""What the due moments of groups' timetables become: runs, or lines that say why not.

    claim, with the groups ─▶ judge by the timetable ─▶ look at what runs ─▶ judge by that
          ─▶ runs · ledger · timetables · events

All in one transaction. A group's run is not counted by quotas: those of its jobs are, as they
begin.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.accounts.quotas.days import Terms
from app.core.db import Session
from app.core.driver import driver_of
from app.fires import news, standing
from app.fires import queries as timetables
from app.fires.queries import Record
from app.fires.rules import Track, Turn, Verdict, judge, take_turn
from app.fires.standing import Standing
from app.groups import queries
from app.groups.running import starting
from app.groups.running.advancing import stop
from app.jobs.due import terms_of
from app.models.states import OwnerKind, RunTrigger
from app.schedules.parts import Overlap
from app.schedules.schemas import Daily, Monthly, Weekly

_SLOTTED = (Daily, Weekly, Monthly)
_BY, _WHY = "schedule", "Another run of the group takes its place."

# A group that somebody changes or moves on is passed over: it is due at the next look.
_CLAIM = f"""
SELECT {standing.COLUMNS}, t.schedule::text AS schedule, g.expires_at
  FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, group_id)
  JOIN timetables t ON t.account_id = w.account_id AND t.owner_kind = 'group'
   AND t.owner_id = w.group_id
  JOIN groups g ON g.account_id = t.account_id AND g.id = t.owner_id
 WHERE t.next_at <= $3
 ORDER BY t.account_id, t.owner_id
   FOR NO KEY UPDATE OF t, g"""
_FACTS = """
SELECT ARRAY (SELECT r.run_id FROM group_runs r
               WHERE r.account_id = w.account_id AND r.group_id = w.group_id AND NOT r.is_over
               ORDER BY r.run_id) AS unfinished,
       (SELECT f.planned_at FROM fires f
         WHERE f.account_id = w.account_id AND f.owner_kind = 'group' AND f.owner_id = w.group_id
           AND f.planned_at > w.after AND f.outcome = 'ran'
         ORDER BY f.planned_at DESC LIMIT 1) AS last_ran_at,
       CASE WHEN w.most_failures > 0 THEN
       (SELECT count(*) FROM (
               SELECT r.state FROM runs r
                WHERE r.account_id = w.account_id AND r.subject_id = w.group_id
                  AND r.finished_at > w.since
                  AND r.state IN ('succeeded', 'succeeded_with_warnings', 'failed')
                ORDER BY r.id DESC LIMIT w.most_failures) AS last
         WHERE last.state = 'failed') ELSE 0 END AS failures
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::timestamptz[])
       WITH ORDINALITY AS w(account_id, group_id, after, most_failures, since, place)
 ORDER BY w.place
"""
# Whoever ends a job's run locks its place before the day; so runs are locked before any is ended.
_LOCK_RUNS = """
SELECT FROM pending_runs p
  JOIN group_steps s ON s.account_id = p.account_id AND s.awaited_run_id = p.run_id
  JOIN unnest($1::uuid[], $2::uuid[]) AS w(account_id, run_id)
    ON s.account_id = w.account_id AND s.group_run_id = w.run_id
 ORDER BY p.account_id, p.run_id FOR UPDATE OF p
"""


async def fire_due(
    session: Session,
    groups: Sequence[tuple[UUID, UUID]],
    *,
    secret_key: str,
    now: datetime,
    waits: bool = False,
) -> int:
    """Write what became of every due moment of these groups, as (account, group); how many were
    free.

    Args:
        waits: for groups that others have locked; else they are left to whoever comes next.
    """
    found = await _claim(session, groups, waits=waits, now=now)
    if not found:
        return 0
    terms = await terms_of(session, {one.account_id for one in found})
    await _look_at_runs(session, found, terms)
    found = [await standing.paused_by_failures(session, OwnerKind.GROUP, one, now) for one in found]
    pairs = [(one, _judged(one, take_turn(one.situation, now=now), terms)) for one in found]
    await _lock_replaced(session, pairs)
    records: list[Record] = []
    for one, turn in pairs:
        records += [
            await _record(session, one, said, secret_key=secret_key, now=now)
            for said in turn.verdicts
        ]
    await timetables.record(session, OwnerKind.GROUP, records, now=now)
    moves = [standing.move(*pair) for pair in pairs]
    await timetables.move(session, OwnerKind.GROUP, moves)
    await news.tell_of_fires(session, OwnerKind.GROUP, records, at=now)
    return len(found)


async def _claim(
    session: Session, groups: Sequence[tuple[UUID, UUID]], *, waits: bool, now: datetime
) -> list[Standing]:
    sql = _CLAIM if waits else f"{_CLAIM} SKIP LOCKED"
    accounts, ids = [account_id for account_id, _ in groups], [group_id for _, group_id in groups]
    rows = await (await driver_of(session)).fetch(sql, accounts, ids, now)
    return [Standing.of(row) for row in rows]


async def _look_at_runs(
    session: Session, found: Sequence[Standing], terms: dict[UUID, Terms]
) -> None:
    rows = await (await driver_of(session)).fetch(
        _FACTS,
        [one.account_id for one in found],
        [one.owner_id for one in found],
        [one.situation.planned_until - terms[one.account_id][0].minimum_gap for one in found],
        [one.schedule.pause_after_failures or 0 for one in found],
        [one.since for one in found],
    )
    for one, row in zip(found, rows, strict=True):
        one.unfinished = row["unfinished"]
        # The first is at work, or will be; those behind it wait for it.
        one.buffered = max(len(one.unfinished) - 1, 0)
        one.last_ran_at, one.failures = row["last_ran_at"], row["failures"]


def _judged(one: Standing, turn: Turn, terms: dict[UUID, Terms]) -> Turn:
    gap = terms[one.account_id][0].minimum_gap
    track = Track(len(one.unfinished), one.buffered, one.last_ran_at, gap)
    turn.verdicts = [
        judge(said.fire, one.schedule.overlap, track, lambda: None) if said.reason is None else said
        for said in turn.verdicts
    ]
    return turn


async def _lock_replaced(session: Session, pairs: Sequence[tuple[Standing, Turn]]) -> None:
    places = [
        (one.account_id, run_id)
        for one, turn in pairs
        if one.schedule.overlap is Overlap.CANCEL_OTHER and any(v.replaces for v in turn.verdicts)
        for run_id in one.unfinished
    ]
    if places:
        accounts, runs = zip(*places, strict=True)
        await (await driver_of(session)).execute(_LOCK_RUNS, list(accounts), list(runs))


async def _record(
    session: Session, one: Standing, said: Verdict, *, secret_key: str, now: datetime
) -> Record:
    if said.reason is not None:
        return standing.not_run(one, said)
    group = await queries.find_group(session, one.account_id, one.owner_id)
    if group is None:
        raise RuntimeError("a timetable without its group")
    if said.replaces:
        for run_id in one.unfinished:
            place = (session, one.account_id, run_id)
            await stop(*place, by=_BY, reason=_WHY, secret_key=secret_key, now=now)
    run_id = await starting.start(
        session,
        group,
        trigger=RunTrigger.SCHEDULE,
        requested_by=None,
        reason=None,
        now=now,
        planned_at=said.fire.at,
        schedule_minute=one.schedule.minute if isinstance(one.schedule, _SLOTTED) else None,
    )
    return standing.ran(one, said, run_id)
