"""Writing a run: opened, counted after every chunk, ended. Inside the caller's transaction."""

import json
from datetime import datetime
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.ids import uuid7
from app.core.statements import Parts
from app.models.states import RunKind, RunState, RunTrigger
from app.runs.tally import Tally

_OPEN = """
INSERT INTO runs (account_id, id, kind, state, trigger, subject_id, requested_by, attempt, token,
                  queued_at, started_at, details, total, processed, succeeded, failed, skipped,
                  unprocessed)
VALUES ($1, $2, $3, 'running', $4, $5, $6, 0, 0, $7, $7, '{}', 0, 0, 0, 0, 0, 0)
"""
_COUNT = """
UPDATE runs SET total = $3, processed = $3, succeeded = $4, failed = $5, skipped = $6,
       details = $7
 WHERE account_id = $1 AND id = $2
RETURNING 1"""
_END = """
UPDATE runs SET state = $3, finished_at = $4 WHERE account_id = $1 AND id = $2
   AND state = 'running'
"""
_TALLY = "SELECT succeeded, failed, skipped, details FROM runs WHERE account_id = $1 AND id = $2"


_SAY = """
UPDATE runs SET details = details || $3::jsonb, processed = $4 WHERE account_id = $1 AND id = $2
"""
_ALL_WELL = """
UPDATE runs SET total = $3, processed = $3, succeeded = $3, failed = 0, skipped = 0,
       unprocessed = 0
 WHERE account_id = $1 AND id = $2
"""


async def say(
    session: Transaction, account_id: UUID, run_id: UUID, details: str, *, processed: int
) -> None:
    """Add details, as JSON, to those of a run that goes on."""
    driver = await driver_of(session)
    await driver.execute(_SAY, account_id, run_id, details, processed)


async def account_for(session: Transaction, account_id: UUID, run_id: UUID, *, rows: int) -> None:
    """Write the account of a run in which every row went well."""
    await (await driver_of(session)).execute(_ALL_WELL, account_id, run_id, rows)


async def open_run(
    session: Transaction,
    account_id: UUID,
    kind: RunKind,
    *,
    trigger: RunTrigger,
    subject_id: UUID | None,
    requested_by: str | None,
    now: datetime,
) -> UUID:
    """Start a run that is worked on at once; returns its id."""
    run_id = uuid7()
    driver = await driver_of(session)
    await driver.execute(
        _OPEN, account_id, run_id, kind.value, trigger.value, subject_id, requested_by, now
    )
    return run_id


def count(writes: Parts, account_id: UUID, run_id: UUID, tally: Tally) -> None:
    """Write the run's account as it stands after this transaction, with its other writes."""
    writes.add(
        "accounted",
        _COUNT,
        account_id,
        run_id,
        tally.total,
        tally.succeeded,
        tally.failed,
        tally.skipped,
        json.dumps(tally.details),
    )


async def tally_of(session: Transaction, account_id: UUID, run_id: UUID) -> Tally:
    """The account of a run that another worker began."""
    driver = await driver_of(session)
    row = await driver.fetchrow(_TALLY, account_id, run_id)
    if row is None:
        return Tally()
    return Tally(row["succeeded"], row["failed"], row["skipped"], row["details"])


async def end_run(
    session: Transaction, account_id: UUID, run_id: UUID, tally: Tally, *, now: datetime
) -> RunState:
    """End a run by its account: rows set aside make it a success with warnings."""
    state = RunState.SUCCEEDED_WITH_WARNINGS if tally.failed else RunState.SUCCEEDED
    driver = await driver_of(session)
    await driver.execute(_END, account_id, run_id, state.value, now)
    return state
