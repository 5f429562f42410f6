"""Messages that code wants sent, to whoever is told of its job: three of a run at most.

asked for ──▶ kept with its run, and posted in the same transaction ──▶ forgotten a month later
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.models.states import OwnerKind
from app.notifications.alerts import service as alerting
from app.notifications.mailing import Attachment, Letter, post
from app.notifications.plain_text import plain_of

_KEPT = timedelta(days=30)
_PORTION = 100

# At most so many of a run, all attempts together.
_ADD = """
INSERT INTO run_messages (account_id, id, run_id, due_at, sent_at, type, subject, body, is_html,
                          attachments)
SELECT $1, $2, $3, n.now, n.now, $4, $5, $6, $7, $8::jsonb FROM (SELECT business_now() AS now) n
 WHERE (SELECT count(*) FROM run_messages WHERE account_id = $1 AND run_id = $3) < $9
RETURNING sent_at
"""
_JOB = "SELECT job_id FROM runs WHERE account_id = $1 AND id = $2"
_FORGET = """
DELETE FROM run_messages WHERE account_id = $1 AND id IN (
    SELECT id FROM run_messages WHERE account_id = $1 AND due_at < $2 LIMIT $3)
"""


async def add(
    session: Transaction, account_id: UUID, run_id: UUID, message: Mapping[str, Any], *, most: int
) -> None:
    """Keep and post a message that the code wants sent, unless its run has as many as it may.

    It goes to whom the job's alerts go, whatever these tell of; in a group, too, for it is no
    alert. Nobody gets it where there is no address.
    """
    driver = await driver_of(session)
    told = [message[name] for name in ("type", "subject", "body", "is_html")]
    attachments = json.dumps(message["attachments"])
    at = await driver.fetchval(_ADD, account_id, message["id"], run_id, *told, attachments, most)
    job_id = await driver.fetchval(_JOB, account_id, run_id)
    if at is None or job_id is None:
        return
    whom = await alerting.addressee(session, account_id, OwnerKind.JOB, job_id)
    if whom is not None:
        await post(session, account_id, [_letter(message, whom.target.emails, run_id)], at=at)


def _letter(message: Mapping[str, Any], to: Sequence[str], run_id: UUID) -> Letter:
    body = message["body"]
    return Letter(
        to=to,
        subject=message["subject"],
        text=plain_of(body) if message["is_html"] else body,
        html=body if message["is_html"] else None,
        attachments=[
            Attachment(one["name"], base64.b64decode(one["content"]))
            for one in message["attachments"]
        ],
        cause="run_message",
        cause_id=run_id,
    )


async def forget(session: Transaction, account_id: UUID, *, now: datetime) -> int:
    """Delete a portion of what was asked for more than a month ago; returns how many."""
    driver = await driver_of(session)
    done = await driver.execute(_FORGET, account_id, now - _KEPT, _PORTION)
    return int(done.rpartition(" ")[2])
