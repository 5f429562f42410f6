"""Files of runs are kept for 30 days: first they go from the store, then from the table.

In this order a process that dies in between leaves a row that the next look finds again, and never
a file that no row knows of.
"""

from datetime import timedelta
from uuid import UUID

from app.core import clock
from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources

KEPT = timedelta(days=30)
_AT_ONCE = 100

_OVER = """
SELECT run_id, name, stored_as FROM run_files
 WHERE account_id = $1 AND created_at < $2 ORDER BY run_id LIMIT $3
"""
_DROP = "DELETE FROM run_files WHERE account_id = $1 AND run_id = $2 AND name = $3"


async def forget(resources: Resources, account_id: UUID) -> int:
    """Delete the files of runs that are over their time; returns how many.

    Raises:
        FilesUnavailable: the store cannot be used now; the next look goes on.
    """
    async with resources.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
        driver = await driver_of(session)
        before = clock.business_now(session) - KEPT
        rows = await driver.fetch(_OVER, account_id, before, _AT_ONCE)
    for row in rows:
        await resources.files.delete(row["stored_as"])
    if rows:
        async with resources.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
            driver = await driver_of(session)
            for row in rows:
                await driver.execute(_DROP, account_id, row["run_id"], row["name"])
    return len(rows)
