"""The sandbox clock: business time moved forward from due moment to due moment.

    asked ──▶ run queued, target set ──▶ [ everything due finishes ──▶ next due moment ] …
                                              └ past the target: stand at the target, run ends

The run belongs to the installation's account, because the clock is everybody's. It is claimed
by one worker at a time under a lease, as every run is; the target lives in the clock's row, so
whoever takes over goes on from where business time stands.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Session
from app.core.errors import Conflict, Fault, Forbidden, Invalid
from app.core.ids import uuid7
from app.models import INSTALLATION, Run
from app.models.states import RunKind, RunState, RunTrigger

# Moments are reckoned onward from now; near the calendar's end they could not be kept.
LATEST = datetime(3000, 1, 1, tzinfo=UTC)

_READ = text("SELECT business_now() AS now, target, run_id FROM business_clock")
_LOCK = text("SELECT business_now() AS now, target, run_id FROM business_clock FOR UPDATE")
_SET_TARGET = text("UPDATE business_clock SET target = :target, run_id = :run_id")
_CLAIM = text(
    """
    UPDATE runs SET token = token + 1, leased_until = clock_timestamp() + :lease,
           state = 'running', started_at = coalesce(started_at, :now)
     WHERE account_id = :account AND id = (SELECT run_id FROM business_clock)
       AND state IN ('queued', 'running')
       AND (leased_until IS NULL OR leased_until < clock_timestamp())
    RETURNING token, id
    """
)
_STEP = text(
    """
    UPDATE business_clock SET "offset" = greatest("offset", :moment - clock_timestamp())
     WHERE EXISTS (SELECT FROM runs WHERE account_id = :account AND id = :run_id
                      AND token = :token AND state = 'running')
    RETURNING clock_timestamp() + "offset"
    """
)
_RENEW = text(
    """
    UPDATE runs SET leased_until = clock_timestamp() + :lease
     WHERE account_id = :account AND id = :run_id AND token = :token
    """
)
_END = text(
    """
    WITH ended AS (
        UPDATE runs SET state = 'succeeded', finished_at = business_now()
         WHERE account_id = :account AND id = :run_id AND token = :token RETURNING id)
    UPDATE business_clock SET target = NULL, run_id = NULL WHERE run_id IN (SELECT id FROM ended)
    """
)
# Every moment at which something becomes due; what was due before is done before looking here.
_NEXT_DUE = text(
    """
    SELECT min(moment) FROM (
        (SELECT min(due_at) AS moment FROM pending_scoring WHERE due_at > :after)
        UNION ALL (SELECT min(due_at) FROM pending_resolution WHERE due_at > :after)
        UNION ALL (SELECT min(due_at) FROM pending_runs WHERE due_at > :after)
        UNION ALL (SELECT min(due_at) FROM pending_groups WHERE due_at > :after)
        UNION ALL (SELECT min(next_at) FROM timetables WHERE next_at > :after)
        UNION ALL (SELECT min(due_at) FROM pending_expiries WHERE due_at > :after)
        UNION ALL (SELECT min(due_at) FROM pending_copies WHERE due_at > :after)
        UNION ALL (SELECT min(look_at) FROM watches WHERE look_at > :after)
        UNION ALL (SELECT min(due_at) FROM pending_deliveries WHERE due_at > :after)
        UNION ALL (SELECT min(greatest(closes_at, held_until)) FROM windows
                    WHERE closed_at IS NULL AND greatest(closes_at, held_until) > :after)
    ) coming
    """
)


class SandboxOnly(Forbidden):
    """The clock can be moved only in a sandbox; set PENSTOCK_SANDBOX=true for one."""


class ClockIsAdvancing(Conflict):
    """The clock is on its way to {target:%Y-%m-%d %H:%M:%S} UTC; wait until it is there."""


class ClockGoesForward(Invalid):
    """The clock goes forward only, by `by` or to `to`."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Business time, and where it is going."""

    now: datetime
    target: datetime | None
    run_id: UUID | None


@dataclass(frozen=True, slots=True)
class Advance:
    """The right to move the clock, until another token is given out."""

    run_id: UUID
    token: int
    lease: timedelta


async def read(session: Session) -> Clock:
    row = (await (await session.connection()).execute(_READ)).one()
    return Clock(row.now, row.target, row.run_id)


async def ask(
    session: Session, *, by: timedelta | None, to: datetime | None, who: str
) -> tuple[UUID, datetime]:
    """Ask for an advance; returns its run and its target.

    Raises:
        ClockGoesForward: neither or both were given, or the moment has passed.
        ClockIsAdvancing: another advance is on its way.
    """
    if (by is None) == (to is None):
        raise ClockGoesForward(faults=[Fault("", "one_of", "give either `by` or `to`")])
    row = (await (await session.connection()).execute(_LOCK)).one()
    if row.run_id is not None:
        raise ClockIsAdvancing(target=row.target)
    pointer = "/to" if to else "/by"
    ahead = to - row.now if to else by or timedelta()
    if ahead > LATEST - row.now:
        raise ClockGoesForward(faults=[Fault(pointer, "too_far", "is beyond the year 2999")])
    target = row.now + ahead
    if target <= row.now:
        raise ClockGoesForward(faults=[Fault(pointer, "not_ahead", "is not ahead of now")])
    run = Run(
        account_id=INSTALLATION,
        id=uuid7(),
        kind=RunKind.CLOCK,
        state=RunState.QUEUED,
        trigger=RunTrigger.API,
        requested_by=who,
        queued_at=row.now,
        details={"target": target.isoformat()},
    )
    session.add(run)
    await session.flush()
    connection = await session.connection()
    await connection.execute(_SET_TARGET, {"target": target, "run_id": run.id})
    return run.id, target


async def claim(session: Session, *, lease: timedelta) -> Advance | None:
    """Take the advance that nobody is working on; None if there is none."""
    facts = {"account": INSTALLATION, "lease": lease, "now": session.info["now"]}
    row = (await (await session.connection()).execute(_CLAIM, facts)).one_or_none()
    return Advance(row.id, row.token, lease) if row else None


async def next_moment(connection: AsyncConnection, after: datetime) -> datetime | None:
    """When the next thing of any account becomes due; None if nothing waits for a moment."""
    found: datetime | None = await connection.scalar(_NEXT_DUE, {"after": after})
    return found


async def step(session: Session, advance: Advance, moment: datetime) -> datetime | None:
    """Move business time up to a moment and keep the lease; never back.

    Returns where business time stands then; None if the lease is somebody else's by now.
    """
    facts = {"account": INSTALLATION, "run_id": advance.run_id, "token": advance.token}
    connection = await session.connection()
    stands_at: datetime | None = await connection.scalar(_STEP, facts | {"moment": moment})
    await connection.execute(_RENEW, facts | {"lease": advance.lease})
    return stands_at


async def keep(session: Session, advance: Advance) -> bool:
    """Renew the lease; False if it is somebody else's by now."""
    facts = {"account": INSTALLATION, "run_id": advance.run_id, "token": advance.token}
    renewed = await (await session.connection()).execute(_RENEW, facts | {"lease": advance.lease})
    return bool(renewed.rowcount)


async def end(session: Session, advance: Advance) -> None:
    """Business time stands at the target; the run is over."""
    facts = {"account": INSTALLATION, "run_id": advance.run_id, "token": advance.token}
    await (await session.connection()).execute(_END, facts)
