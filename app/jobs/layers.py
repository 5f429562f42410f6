"""Which layers are kept: those of living jobs' versions, and those that a run may still need.

upload ──▶ layer to be kept, or found ──▶ wanted now ──▶ still there? ──▶ a version of it
maintenance ──▶ of no use, and not wanted for a day ──▶ marked ──▶ files deleted ──▶ forgotten
                └ an upload that meets a marked one comes again in a moment

What is of use is asked account by account, and so is never known of one moment. That does no harm:
use begins with an upload, which has its day, and ends for good.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.jobs.code import layers
from app.jobs.errors import LayerLeaving

UNWANTED = timedelta(days=1)
# Deleting two files takes a moment. Whoever took longer has given up when another begins.
_LONGEST = timedelta(minutes=5)
_AGAIN = timedelta(minutes=15)
_AT_ONCE = 100

_WANT = """
INSERT INTO code_layers AS l (id, note, wanted_at) VALUES ($1, $2, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET wanted_at = clock_timestamp(), note = excluded.note
 WHERE l.leaves_at IS NULL
RETURNING 1
"""
# Where a run is queued or under way, its deleted job's code is needed to its end.
_IN_USE = """
SELECT DISTINCT v.layer_id FROM job_versions v
  JOIN jobs j ON j.account_id = v.account_id AND j.id = v.job_id
 WHERE v.account_id = $1 AND v.layer_id IS NOT NULL
   AND (j.deleted_at IS NULL AND j.state <> 'expired'
        OR EXISTS (SELECT FROM pending_runs p WHERE p.account_id = $1 AND p.job_id = v.job_id))
"""
_MARK = """
UPDATE code_layers SET leaves_at = clock_timestamp() WHERE id IN (
       SELECT id FROM code_layers
        WHERE wanted_at < clock_timestamp() - $2::interval AND id <> ALL ($1::text[])
          AND (leaves_at IS NULL OR leaves_at < clock_timestamp() - $3::interval)
        LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING id, note
"""
_FORGET = "DELETE FROM code_layers WHERE id = $1"


async def want(session: Transaction, layer_id: str, note: str) -> None:
    """Keep a layer for a day at least, whether a version of it follows or not.

    Raises:
        LayerLeaving: it is being deleted.
    """
    driver = await driver_of(session)
    if await driver.fetchval(_WANT, layer_id, note) is None:
        raise LayerLeaving


async def drop_unused(resources: Resources, accounts: Iterable[UUID]) -> int:
    """Delete the layers that nobody needs any more, some at a time; returns how many.

    Args:
        accounts: all there are.

    Raises:
        FilesUnavailable: the store cannot be used now; a later call goes on.
    """
    in_use: set[str] = set()
    for account_id in accounts:
        async with resources.unit_of_work(account_id, purpose=Purpose.FORGETTING) as session:
            rows = await (await driver_of(session)).fetch(_IN_USE, account_id)
        in_use.update(row["layer_id"] for row in rows)
    async with resources.unit_of_work(purpose=Purpose.FORGETTING) as session:
        marked = await _mark(session, sorted(in_use))
    async with asyncio.timeout(_LONGEST.total_seconds()):
        for layer_id, note in marked:
            await layers.delete(resources.files, layer_id, note)
            async with resources.unit_of_work(purpose=Purpose.FORGETTING) as session:
                await (await driver_of(session)).execute(_FORGET, layer_id)
    return len(marked)


async def _mark(session: Transaction, in_use: Sequence[str]) -> list[tuple[str, str | None]]:
    driver = await driver_of(session)
    rows = await driver.fetch(_MARK, in_use, UNWANTED, _AGAIN, _AT_ONCE)
    return [(row["id"], row["note"]) for row in rows]
