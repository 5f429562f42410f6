"""The SQL of the feed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column, tuple_
from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import CommitPosition
from app.models import Event
from app.notifications.outbox import EventType

# Of events above it, one that commits later might come before them.
_HORIZON: ColumnElement[int] = literal_column(
    "(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"
)


async def list_events(
    session: Session, account_id: UUID, at: CommitPosition, *, types: Sequence[EventType]
) -> Sequence[Event]:
    """Events behind the position, in the order of commits, one more than is shown."""
    order = (col(Event.xid), col(Event.id))
    statement = select(Event).where(col(Event.account_id) == account_id, order[0] < _HORIZON)
    if types:
        statement = statement.where(col(Event.type).in_([word.value for word in types]))
    if at.after is not None:
        statement = statement.where(tuple_(*order) > tuple_(*at.after))
    return (await session.exec(statement.order_by(*order).limit(at.limit + 1))).all()
