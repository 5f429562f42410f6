"""The SQL of attempts; whoever calls it holds the run's place in the queue."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import driver_of
from app.jobs.attempts.rules import Counts
from app.models import Run

_PIN = """
UPDATE runs SET code_version = $3 WHERE account_id = $1 AND id = $2 AND code_version IS NULL
"""
_DESCRIBE = """
UPDATE runs SET attempt = $3, details = (details - $4::text[]) || $5::jsonb
 WHERE account_id = $1 AND id = $2
"""
_COUNT = """
UPDATE runs SET total = $3::bigint, processed = $3::bigint - $7::bigint, succeeded = $4,
       failed = $5, skipped = $6, unprocessed = $7::bigint
 WHERE account_id = $1 AND id = $2
"""
_ASKED = "SELECT cancel_asked_at IS NOT NULL FROM runs WHERE account_id = $1 AND id = $2"


async def read_run(session: Session, account_id: UUID, run_id: UUID) -> Run:
    """The run as it stands now; it is there, because it is claimed."""
    found = await session.exec(
        select(Run).where(col(Run.account_id) == account_id, col(Run.id) == run_id),
        execution_options={"populate_existing": True},
    )
    return found.one()


async def pin_version(session: Session, run: Run, number: int) -> None:
    """Have every attempt of this run use this version."""
    await (await driver_of(session)).execute(_PIN, run.account_id, run.id, number)


async def describe(
    session: Session, run: Run, *, attempt: int, without: list[str], details: Mapping[str, Any]
) -> None:
    """Write which attempt the run is at, and what is known of it."""
    driver = await driver_of(session)
    told = json.dumps(dict(details))
    await driver.execute(_DESCRIBE, run.account_id, run.id, attempt, without, told)


async def count(session: Session, run: Run, counts: Counts) -> None:
    """Write the account of the run's rows."""
    driver = await driver_of(session)
    told = (counts.total, counts.succeeded, counts.failed, counts.skipped, counts.unprocessed)
    await driver.execute(_COUNT, run.account_id, run.id, *told)


async def is_asked_to_stop(session: Session, account_id: UUID, run_id: UUID) -> bool:
    """Whether somebody has cancelled the run."""
    return bool(await (await driver_of(session)).fetchval(_ASKED, account_id, run_id))
