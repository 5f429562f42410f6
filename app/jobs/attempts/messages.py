"""Messages that code wants sent: kept with its run, three at most, until somebody sends them.

asked for ──▶ due at once ──▶ sent_at ──▶ forgotten a month later
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.driver import Transaction, driver_of

_KEPT = timedelta(days=30)
_PORTION = 100

# At most so many of a run, all attempts together.
_ADD = """
INSERT INTO run_messages (account_id, id, run_id, due_at, type, subject, body, is_html, attachments)
SELECT $1, $2, $3, business_now(), $4, $5, $6, $7, $8::jsonb
 WHERE (SELECT count(*) FROM run_messages WHERE account_id = $1 AND run_id = $3) < $9
"""
_FORGET = """
DELETE FROM run_messages WHERE account_id = $1 AND id IN (
    SELECT id FROM run_messages WHERE account_id = $1 AND sent_at < $2 LIMIT $3)
"""


async def add(
    session: Transaction, account_id: UUID, run_id: UUID, message: Mapping[str, Any], *, most: int
) -> None:
    """Keep a message that the code wants sent, unless its run has as many as it may."""
    driver = await driver_of(session)
    told = [message[name] for name in ("type", "subject", "body", "is_html")]
    attachments = json.dumps(message["attachments"])
    await driver.execute(_ADD, account_id, message["id"], run_id, *told, attachments, most)


async def forget(session: Transaction, account_id: UUID, *, now: datetime) -> int:
    """Delete a portion of what was sent more than a month ago; returns how many."""
    driver = await driver_of(session)
    done = await driver.execute(_FORGET, account_id, now - _KEPT, _PORTION)
    return int(done.rpartition(" ")[2])
