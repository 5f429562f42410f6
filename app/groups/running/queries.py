"""The SQL of groups' runs; whoever moves one holds its group's lock."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import Row, driver_of
from app.groups.queries import find_group
from app.models import GroupRun, GroupStep, Run
from app.models.states import RunState

_CLEAR = "DELETE FROM pending_groups WHERE account_id = $1 AND group_run_id = $2"
_BEGIN = """
UPDATE runs SET state = 'running', started_at = business_now()
 WHERE account_id = $1 AND id = $2 AND state = 'queued'
"""
_DESCRIBE = """
UPDATE runs SET details = details || $3::jsonb, total = $4::bigint,
       processed = $4::bigint - $7::bigint, succeeded = $5, failed = $6, skipped = 0,
       unprocessed = $7::bigint
 WHERE account_id = $1 AND id = $2
"""
_ENDING = """
SELECT state, error_code FROM runs
 WHERE account_id = $1 AND id = $2 AND state NOT IN ('queued', 'running')
"""
_EXISTS = "SELECT EXISTS (SELECT FROM runs WHERE account_id = $1 AND id = $2)"
_DUE = text(
    """
    SELECT DISTINCT account_id, group_run_id FROM pending_groups
     WHERE due_at <= (SELECT business_now())
       AND (try_again_at IS NULL OR try_again_at <= clock_timestamp()) LIMIT :most
    """
)
# The pause doubles, and is an hour at most. A call that comes meanwhile is something new: with it
# the run is tried at once.
_HOLD_UP = """
UPDATE pending_groups p
   SET tries = before.tries + 1,
       held_up_since = coalesce(before.held_up_since, clock_timestamp()),
       try_again_at = clock_timestamp()
           + least(interval '1 second' * power(2, least(before.tries, 12)), interval '1 hour')
  FROM (SELECT max(tries) AS tries, min(held_up_since) AS held_up_since FROM pending_groups
         WHERE account_id = $1 AND group_run_id = $2) before
 WHERE p.account_id = $1 AND p.group_run_id = $2
RETURNING p.tries
"""
_HELD_UP = """
SELECT min(held_up_since) AS held_up_since, max(tries) AS tries, min(try_again_at) AS try_again_at
  FROM pending_groups WHERE account_id = $1 AND group_run_id = $2 HAVING max(tries) > 0
"""
_FRESH = {"populate_existing": True}
_GONE = (RunState.FAILED, "run_gone")


@dataclass(frozen=True, slots=True)
class Progress:
    """A run of a group as it stands, under the group's lock."""

    run: Run
    of_group: GroupRun
    steps: Sequence[GroupStep]

    @property
    def place(self) -> tuple[UUID, UUID]:
        return self.run.account_id, self.run.id

    @property
    def is_stopped(self) -> bool:
        return self.run.cancel_asked_at is not None


async def due(connection: AsyncConnection, *, most: int) -> list[tuple[UUID, UUID]]:
    """Runs of groups to be looked after, of all accounts: (account, run)."""
    rows = (await connection.execute(_DUE, {"most": most})).all()
    return [(row.account_id, row.group_run_id) for row in rows]


async def hold(session: Session, account_id: UUID, run_id: UUID) -> Progress | None:
    """Lock the group of this run, and see how the run stands; None: it is none of a group."""
    found = await session.exec(
        select(GroupRun.group_id).where(
            col(GroupRun.account_id) == account_id, col(GroupRun.run_id) == run_id
        )
    )
    group_id = found.one_or_none()
    if group_id is None:
        return None
    await find_group(session, account_id, group_id, lock=True)
    return await _progress(session, account_id, run_id)


async def _progress(session: Session, account_id: UUID, run_id: UUID) -> Progress | None:
    found = await session.exec(
        select(Run, GroupRun)
        .join(
            GroupRun,
            (col(GroupRun.account_id) == col(Run.account_id))
            & (col(GroupRun.run_id) == col(Run.id)),
        )
        .where(col(Run.account_id) == account_id, col(Run.id) == run_id),
        execution_options=_FRESH,
    )
    pair = found.one_or_none()
    if pair is None:
        return None
    return Progress(*pair, await steps_of(session, account_id, run_id))


async def steps_of(session: Session, account_id: UUID, run_id: UUID) -> Sequence[GroupStep]:
    """The steps of a run, in their order."""
    found = await session.exec(
        select(GroupStep)
        .where(col(GroupStep.account_id) == account_id, col(GroupStep.group_run_id) == run_id)
        .order_by(col(GroupStep.position)),
        execution_options=_FRESH,
    )
    return found.all()


async def open_runs(session: Session, account_id: UUID, group_id: UUID) -> Sequence[UUID]:
    """Runs of a group that are not over, oldest first."""
    found = await session.exec(
        select(GroupRun.run_id)
        .where(
            col(GroupRun.account_id) == account_id,
            col(GroupRun.group_id) == group_id,
            col(GroupRun.is_over).is_(False),
        )
        .order_by(col(GroupRun.run_id))
    )
    return found.all()


async def find_resume(session: Session, account_id: UUID, run_id: UUID) -> UUID | None:
    """The run that goes on with this one."""
    found = await session.exec(
        select(GroupRun.run_id).where(
            col(GroupRun.account_id) == account_id, col(GroupRun.resumes_id) == run_id
        )
    )
    return found.one_or_none()


async def clear_calls(session: Session, account_id: UUID, run_id: UUID) -> None:
    """Take the calls that there are; what they tell of is seen from here on."""
    await (await driver_of(session)).execute(_CLEAR, account_id, run_id)


async def hold_up(session: Session, account_id: UUID, run_id: UUID) -> int | None:
    """Leave a run alone for a while that cannot be moved on; returns how often it was tried."""
    driver = await driver_of(session)
    tries: int | None = await driver.fetchval(_HOLD_UP, account_id, run_id)
    return tries


async def find_held_up(session: Session, account_id: UUID, run_id: UUID) -> Row | None:
    """Since when a run could not be moved on, how often tried, when again; None if it can be."""
    return await (await driver_of(session)).fetchrow(_HELD_UP, account_id, run_id)


async def mark_begun(session: Session, run: Run) -> None:
    """Write that the run has begun."""
    await (await driver_of(session)).execute(_BEGIN, run.account_id, run.id)
    await session.refresh(run)


async def describe(
    session: Session, run: Run, counts: Sequence[int], details: Mapping[str, Any]
) -> None:
    """Write the account of the run's jobs, and what else is known of it."""
    told = json.dumps(dict(details))
    await (await driver_of(session)).execute(_DESCRIBE, run.account_id, run.id, told, *counts)


async def ending_of(
    session: Session, account_id: UUID, run_id: UUID
) -> tuple[RunState, str | None] | None:
    """How a run of a job has ended; None if it goes on."""
    driver = await driver_of(session)
    row = await driver.fetchrow(_ENDING, account_id, run_id)
    if row is not None:
        return RunState(row["state"]), row["error_code"]
    return None if await driver.fetchval(_EXISTS, account_id, run_id) else _GONE
