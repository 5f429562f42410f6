"""The time of a job's run, booked to the day on which it started.

Of a run of code each attempt is booked as it ends; of all others the run is.
"""

from datetime import timedelta
from uuid import UUID

from app.accounts.quotas import queries
from app.accounts.quotas.rules import NO_TIME, day_of
from app.core.driver import Row, Transaction, driver_of

_ZONE = "SELECT timezone FROM accounts WHERE id = $1"


async def book(session: Transaction, account_id: UUID, run: Row) -> None:
    """Book a run that has ended, and give back what was reserved for it.

    Args:
        run: its job_id, queued_at, started_at (None if nobody began it), finished_at, and `held`,
            the seconds that were reserved as it was queued.
    """
    zone = await (await driver_of(session)).fetchval(_ZONE, account_id)
    held = timedelta(seconds=run["held"] or 0)
    started_at = run["started_at"]
    # A clock that was put back meanwhile gives nobody minutes.
    elapsed = NO_TIME if started_at is None else max(run["finished_at"] - started_at, NO_TIME)
    place = (session, account_id, run["job_id"])
    if held:
        # It was reserved on the day of its start by whoever wanted it, which may be the day before.
        await queries.book(*place, day_of(run["queued_at"], zone), elapsed=NO_TIME, held=held)
    if elapsed:
        await queries.book(*place, day_of(started_at, zone), elapsed=elapsed, held=NO_TIME)
