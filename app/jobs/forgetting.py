"""Code of jobs that are gone: its zips are deleted, its versions stay as a line of history.

deleted, expired ──▶ a day ──▶ no run queued or under way ──▶ folder deleted ──▶ versions say so

Nothing begins a run of such a job any more, so use ends for good. The day is for an upload that
began while the job lived: it finds the job gone, and its zip lies in the folder by then.
"""

from datetime import timedelta
from uuid import UUID

from app.core import clock
from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources

KEPT = timedelta(days=1)
_AT_ONCE = 100
_GONE = ""

_OVER = """
SELECT DISTINCT v.job_id FROM job_versions v
  JOIN jobs j ON j.account_id = v.account_id AND j.id = v.job_id
 WHERE v.account_id = $1 AND v.stored_as <> $2
   AND (j.deleted_at < $3 OR j.state = 'expired' AND j.expires_at < $3)
   AND NOT EXISTS (SELECT FROM pending_runs p WHERE p.account_id = $1 AND p.job_id = v.job_id)
 LIMIT $4
"""
_SAY = """
UPDATE job_versions SET stored_as = $2
 WHERE account_id = $1 AND job_id = ANY ($3::uuid[]) AND stored_as <> $2
"""


def folder_of(account_id: UUID, job_id: UUID) -> str:
    """Where the zips of a job are kept."""
    return f"code/{account_id}/{job_id}"


async def forget(resources: Resources, account_id: UUID) -> int:
    """Delete the code of jobs that are gone, some at a time; returns of how many.

    Raises:
        FilesUnavailable: the store cannot be used now; the next look goes on.
    """
    async with resources.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
        before = clock.business_now(session) - KEPT
        driver = await driver_of(session)
        rows = await driver.fetch(_OVER, account_id, _GONE, before, _AT_ONCE)
    jobs = [row["job_id"] for row in rows]
    for job_id in jobs:
        await resources.files.delete_folder(folder_of(account_id, job_id))
    if jobs:
        async with resources.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
            await (await driver_of(session)).execute(_SAY, account_id, _GONE, jobs)
    return len(jobs)
