"""A row that no chunk can take is set aside alone, with the reason; the others go on.

chunk of 8 fails on its data ──▶ 4 ✓ + 4 ✗ ──▶ 2 ✓ + 2 ✗ ──▶ 1 ✓ + 1 set aside
"""

from datetime import datetime
from uuid import UUID

from app.core.db import sqlstate_of
from app.core.driver import Transaction, driver_of
from app.models.states import Stage
from app.responses.lanes.lease import Lease

# PostgreSQL's classes of errors that lie in the data, so that trying again would not help:
# exceptions of data, broken constraints, and what triggers and functions raise.
_DATA_CLASSES = ("22", "23", "P0")

_TABLE = {Stage.SCORING: "pending_scoring", Stage.RESOLUTION: "pending_resolution"}
_SET_ASIDE = """
WITH gone AS (DELETE FROM {table} WHERE account_id = $1 AND response_id = $2 RETURNING response_id)
INSERT INTO row_failures
       (account_id, response_id, stage, campaign_id, run_id, code, detail, failed_at)
SELECT $1, response_id, $3, $4, $5, $6, $7, $8 FROM gone
ON CONFLICT (account_id, response_id) DO UPDATE
   SET stage = excluded.stage, run_id = excluded.run_id, code = excluded.code,
       detail = excluded.detail, failed_at = excluded.failed_at
"""


def lies_in_the_data(error: BaseException) -> bool:
    """Whether the same rows would fail again: then halving finds the one at fault."""
    return sqlstate_of(error).startswith(_DATA_CLASSES)


async def set_aside(
    session: Transaction, lease: Lease, stage: Stage, response_id: UUID, error: BaseException,
    *, now: datetime,
) -> None:  # fmt: skip
    """Move one pending row to the failures, with PostgreSQL's code; never its message."""
    driver = await driver_of(session)
    code = sqlstate_of(error)
    await driver.execute(
        _SET_ASIDE.format(table=_TABLE[stage]),
        lease.account_id,
        response_id,
        stage.value,
        lease.campaign_id,
        lease.run_id,
        code,
        f"{stage.value} failed: {type(error).__name__}",
        now,
    )
