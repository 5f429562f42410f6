"""The repeat of a POST: the answer kept under its `Idempotency-Key` for 48 hours.

A key is claimed by inserting its row in the effect's own transaction. A twin that comes while
that transaction is open waits on the row; PostgreSQL's unique index is the whole queue.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from starlette.responses import Response

from app.accounts.errors import IdempotencyKeyReused, RequestInProgress
from app.core.db import Session, sqlstate_of
from app.models import IdempotencyKey

KEPT = timedelta(hours=48)
_WAIT_FOR_TWIN = "2s"
_LOCK_NOT_AVAILABLE = "55P03"


class Replayed(Exception):
    """The request was answered before; `response` is that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Claim:
    """The row of a key that this transaction has inserted."""

    account_id: UUID
    method: str
    path: str
    key: str


def digest(body: bytes, query: str) -> str:
    """What makes two requests the same: body and query, byte for byte."""
    return hashlib.sha256(query.encode() + b"\n" + body).hexdigest()


async def claim(session: Session, claimed: Claim, *, request_digest: str) -> None:
    """Insert the key's row, or say what became of its twin.

    Raises:
        Replayed: the twin has been answered; that answer is the answer.
        RequestInProgress: the twin is still at work after two seconds.
        IdempotencyKeyReused: the twin had other content.
    """
    row = {
        "account_id": claimed.account_id,
        "method": claimed.method,
        "path": claimed.path,
        "key": claimed.key,
        "request_digest": request_digest,
    }
    connection = await session.connection()
    await connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_FOR_TWIN}'"))
    try:
        inserted = await session.exec(insert(IdempotencyKey).values(row).on_conflict_do_nothing())
    except DBAPIError as error:
        if sqlstate_of(error) == _LOCK_NOT_AVAILABLE:
            raise RequestInProgress from None
        raise
    await connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    if inserted.rowcount == 1:
        return
    found = select(IdempotencyKey, func.clock_timestamp()).where(*_is(claimed))
    kept, now = (await session.exec(found)).one()
    if kept.request_digest != request_digest:
        raise IdempotencyKeyReused
    raise Replayed(
        Response(
            kept.body, kept.status or 200, _headers(kept, now), media_type=kept.media_type or None
        )
    )


async def keep(session: Session, claimed: Claim, answer: Response, body: bytes) -> None:
    """Store the answer under the claimed key; `body` may be the answer's without its secrets.

    "Come again later" is no answer to whoever then comes again: its key is given back.
    """
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        await session.exec(delete(IdempotencyKey).where(*_is(claimed)))
        return
    await session.exec(
        update(IdempotencyKey)
        .where(*_is(claimed))
        .values(
            status=answer.status_code,
            media_type=answer.headers.get("content-type"),
            location=answer.headers.get("location"),
            etag=answer.headers.get("etag"),
            retry_after=answer.headers.get("retry-after"),
            body=body,
        )
    )


async def forget_old(session: Session) -> int:
    """Delete the keys of this account that are older than 48 hours; returns how many."""
    old = delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < func.now() - KEPT)
    deleted = await session.exec(old)
    return deleted.rowcount


def _headers(kept: IdempotencyKey, now: datetime) -> dict[str, str]:
    """What the answer says besides its body; of the time to wait, what is left of it."""
    headers = {"Idempotency-Replayed": "true"}
    if kept.location:
        headers["Location"] = kept.location
    if kept.etag:
        headers["ETag"] = kept.etag
    if kept.retry_after:
        left = int(kept.retry_after) - int((now - kept.created_at).total_seconds())
        headers["Retry-After"] = str(max(1, left))
    return headers


def _is(claimed: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        col(IdempotencyKey.account_id) == claimed.account_id,
        col(IdempotencyKey.method) == claimed.method,
        col(IdempotencyKey.path) == claimed.path,
        col(IdempotencyKey.key) == claimed.key,
    )
