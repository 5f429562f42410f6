"""Asking runs to stop: who and why is kept with the run, and whoever works on it finds out.

queued, nobody has begun it ──▶ the caller ends it in the same transaction
a worker is at it           ──▶ asked ──▶ the worker sees it as it renews, stops, and ends it
"""

from uuid import UUID

from app.core.driver import Transaction, driver_of

_PLACE = "SELECT FROM pending_runs WHERE account_id = $1 AND run_id = $2 FOR UPDATE"
_BEGUN = "SELECT token > 0 FROM pending_runs WHERE account_id = $1 AND run_id = $2"
_ASK = """
UPDATE runs SET cancel_asked_at = coalesce(cancel_asked_at, business_now()),
       cancelled_by = coalesce(cancelled_by, $3),
       cancel_reason = CASE WHEN cancelled_by IS NULL THEN $4 ELSE cancel_reason END
 WHERE account_id = $1 AND id = $2 AND state IN ('queued', 'running')
RETURNING 1
"""


async def ask_to_stop(
    session: Transaction, account_id: UUID, run_id: UUID, *, by: str, reason: str | None
) -> bool:
    """Ask a run to stop, whoever is at work on it; False if it has ended.

    Returns with the run's place in the queue and the run locked, so that what nobody works on can
    be ended in the same transaction.
    """
    driver = await driver_of(session)
    await driver.execute(_PLACE, account_id, run_id)
    return await driver.fetchval(_ASK, account_id, run_id, by, reason) is not None


async def is_begun(session: Transaction, account_id: UUID, run_id: UUID) -> bool:
    """Whether a worker has claimed the run, now or before."""
    driver = await driver_of(session)
    return bool(await driver.fetchval(_BEGUN, account_id, run_id))
