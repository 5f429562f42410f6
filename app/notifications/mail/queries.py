"""The SQL of copies: what is due, claims, what became of them, the mailbox."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select, tuple_

from app.core.db import Session
from app.core.driver import Transaction, driver_of
from app.core.pages import Position
from app.models import Message, MessageCopy
from app.models.states import CopyState
from app.notifications.mailing import Attachment
from app.notifications.smtp import Mail

_KEPT = timedelta(days=30)
_PORTION = 500
# The first of each account before the second of any: a flood of one holds up nobody else.
_DUE = text(
    """
    SELECT account_id, copy_id FROM (
        SELECT p.*, row_number() OVER (PARTITION BY account_id ORDER BY due_at, copy_id) AS place
          FROM (SELECT account_id, copy_id, due_at FROM pending_copies
                 WHERE due_at <= (SELECT business_now()) AND leased_until < clock_timestamp()
                 ORDER BY due_at LIMIT 5000) p) q
     ORDER BY place, due_at, copy_id LIMIT :most
    """
)
_IS_LEFT = text(
    "SELECT EXISTS (SELECT FROM pending_copies WHERE due_at <= (SELECT business_now()))"
)
_CLAIM = """
WITH claimed AS (
    UPDATE pending_copies SET attempts = attempts + 1, leased_until = clock_timestamp() + $3
     WHERE account_id = $1 AND copy_id = $2 AND due_at <= business_now()
       AND leased_until < clock_timestamp()
    RETURNING copy_id, attempts)
SELECT d.attempts, c.recipient, m.subject, m.text, m.html, m.attachments, m.made_at
  FROM claimed d
  JOIN message_copies c ON c.account_id = $1 AND c.id = d.copy_id
  JOIN messages m ON m.account_id = $1 AND m.id = c.message_id
"""
_DEFER = """
WITH deferred AS (
    UPDATE pending_copies SET due_at = $4, leased_until = '-infinity'
     WHERE account_id = $1 AND copy_id = $2 AND attempts = $3 RETURNING copy_id)
UPDATE message_copies SET error = $5
 WHERE account_id = $1 AND id IN (SELECT copy_id FROM deferred)
RETURNING 1
"""
_END = """
WITH ended AS (
    DELETE FROM pending_copies
     WHERE account_id = $1 AND copy_id = $2 AND attempts = $3 RETURNING copy_id)
UPDATE message_copies SET state = $4, ended_at = $5, error = $6
 WHERE account_id = $1 AND id IN (SELECT copy_id FROM ended)
RETURNING 1
"""
_FORGET = """
WITH old AS (
    SELECT id FROM messages m WHERE account_id = $1 AND made_at < $2
       AND NOT EXISTS (SELECT FROM message_copies c
                        WHERE c.account_id = $1 AND c.message_id = m.id AND c.state = 'waiting')
     ORDER BY made_at LIMIT $3),
copies AS (
    DELETE FROM message_copies
     WHERE account_id = $1 AND message_id IN (SELECT id FROM old) RETURNING 1)
DELETE FROM messages WHERE account_id = $1 AND id IN (SELECT id FROM old)
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """The right to send a copy, until another token is given out."""

    account_id: UUID
    copy_id: UUID
    token: int
    mail: Mail


async def due(connection: AsyncConnection, *, most: int) -> list[tuple[UUID, UUID]]:
    """Copies that somebody may claim, of all accounts in turn: (account, copy)."""
    rows = (await connection.execute(_DUE, {"most": most})).all()
    return [(row.account_id, row.copy_id) for row in rows]


async def is_any_left(connection: AsyncConnection) -> bool:
    """Whether a copy is due, be it that another worker is at it."""
    return bool(await connection.scalar(_IS_LEFT))


async def claim(
    session: Transaction, account_id: UUID, copy_id: UUID, *, lease: timedelta
) -> Taken | None:
    """Take a due copy for one attempt; None if it is not due, or somebody else has it."""
    row = await (await driver_of(session)).fetchrow(_CLAIM, account_id, copy_id, lease)
    if row is None:
        return None
    mail = Mail(
        id=copy_id,
        recipient=row["recipient"],
        subject=row["subject"],
        text=row["text"],
        html=row["html"],
        attachments=[_attachment(one) for one in row["attachments"]],
        written_at=row["made_at"],
    )
    return Taken(account_id, copy_id, row["attempts"], mail)


async def defer(session: Transaction, taken: Taken, *, until: datetime, why: str | None) -> bool:
    """Give a copy back until then; False if it is somebody else's by now."""
    driver = await driver_of(session)
    place = (taken.account_id, taken.copy_id, taken.token)
    return await driver.fetchval(_DEFER, *place, until, why) is not None


async def end(
    session: Transaction, taken: Taken, state: CopyState, *, why: str | None, now: datetime
) -> bool:
    """Record what became of a copy in the end; False if it is somebody else's by now."""
    driver = await driver_of(session)
    place = (taken.account_id, taken.copy_id, taken.token)
    return await driver.fetchval(_END, *place, state.value, now, why) is not None


async def forget(session: Transaction, account_id: UUID, *, now: datetime) -> int:
    """Delete a portion of what is over and older than a month; returns how many."""
    driver = await driver_of(session)
    done = await driver.execute(_FORGET, account_id, now - _KEPT, _PORTION)
    return int(done.rpartition(" ")[2])


async def list_kept(
    session: Session, account_id: UUID, at: Position
) -> Sequence[tuple[MessageCopy, Message]]:
    """Copies in the sandbox's mailbox with their messages, newest first, behind the position."""
    statement = (
        select(MessageCopy, Message)
        .join(
            Message,
            (col(Message.account_id) == col(MessageCopy.account_id))
            & (col(Message.id) == col(MessageCopy.message_id)),
        )
        .where(
            col(MessageCopy.account_id) == account_id,
            col(MessageCopy.state) == CopyState.KEPT.value,
        )
    )
    # Not by the ids: those of sequences' e-mails are their actions', which are older, and random.
    order = (col(Message.made_at), col(MessageCopy.id))
    if at.after is not None:
        last = (
            select(*order)
            .join(MessageCopy, col(MessageCopy.message_id) == col(Message.id))
            .where(col(Message.account_id) == account_id)
            .where(col(MessageCopy.account_id) == account_id, col(MessageCopy.id) == at.after)
        )
        statement = statement.where(tuple_(*order) < last.scalar_subquery())
    newest = statement.order_by(*(one.desc() for one in order))
    return (await session.exec(newest.limit(at.fetch_rows))).all()


def _attachment(kept: dict[str, Any]) -> Attachment:
    return Attachment(kept["name"], base64.b64decode(kept["content"]))
