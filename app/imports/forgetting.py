"""What became of each row is kept for 30 days; then the run's counts are what is left, for 400."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.db import Session
from app.core.driver import driver_of

KEPT = timedelta(days=30)
_PORTION_CHUNKS = 500

_FORGET = """
DELETE FROM import_chunks WHERE account_id = $1 AND (run_id, number) IN (
    SELECT c.run_id, c.number FROM runs r
      JOIN import_chunks c ON c.account_id = $1 AND c.run_id = r.id
     WHERE r.account_id = $1 AND r.kind = 'import' AND r.finished_at < $2 LIMIT $3)
"""
_KEPT_UPLOADS = timedelta(days=400)
_FORGET_UPLOADS = """
DELETE FROM uploads WHERE account_id = $1 AND id IN (
    SELECT u.id FROM (SELECT id, created_at FROM uploads
                       WHERE account_id = $1 ORDER BY account_id, id LIMIT $3) u
     WHERE u.created_at < $2 AND NOT EXISTS (
           SELECT FROM upload_pieces p WHERE p.account_id = $1 AND p.upload_id = u.id))
"""


async def forget(session: Session, account_id: UUID, *, now: datetime) -> int:
    """Delete a portion of the chunks of runs that ended long ago, and of uploads older than any
    run; returns how many.
    """
    driver = await driver_of(session)
    deleted = 0
    for statement, kept in ((_FORGET, KEPT), (_FORGET_UPLOADS, _KEPT_UPLOADS)):
        done = await driver.execute(statement, account_id, now - kept, _PORTION_CHUNKS)
        deleted += int(done.rpartition(" ")[2])
    return deleted
