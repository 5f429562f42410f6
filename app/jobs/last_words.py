"""What is told of a definition that ends, a job or a group of them: an event, and an alert."""

from datetime import datetime

from app.core.db import Session
from app.fires.queries import Owner
from app.notifications.alerts import service as alerting
from app.notifications.alerts.rules import News
from app.notifications.outbox import EventType, Happening, emit


async def tell(
    session: Session, owner: Owner, news: News, *, expires_at: datetime, at: datetime
) -> None:
    """Tell that a definition is about to expire, or that it has.

    Args:
        news: `EXPIRING` or `EXPIRED`.
    """
    kind = owner.owner_kind.value
    data = {f"{kind}_id": str(owner.owner_id), "expires_at": expires_at.isoformat()}
    event = EventType(f"{kind}.{news.value}")
    await emit(session, [Happening(owner.account_id, event, data)], at=at)
    whom = await alerting.addressee(session, *owner)
    if whom is not None:
        await alerting.tell(
            session,
            whom,
            [news],
            {"Expires": expires_at},
            cause=f"{kind}_expiry",
            cause_id=owner.owner_id,
            at=at,
        )
