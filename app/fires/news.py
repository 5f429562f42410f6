"""What planned moments tell the world: that one passed without a run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.driver import Transaction
from app.fires.queries import Record
from app.models.states import OwnerKind
from app.notifications.outbox import EventType, Happening, emit


async def tell_of_fires(
    session: Transaction, owner_kind: OwnerKind, records: Sequence[Record], *, at: datetime
) -> None:
    """Write an event for each of these that did not run."""
    happenings = [
        Happening(one.account_id, EventType.FIRE_NOT_RUN, _said(owner_kind, one))
        for one in records
        if one.reason is not None
    ]
    await emit(session, happenings, at=at)


def _said(owner_kind: OwnerKind, one: Record) -> dict[str, Any]:
    return {
        "owner_kind": owner_kind.value,
        "owner_id": str(one.owner_id),
        "planned_at": one.planned_at.isoformat(),
        "reason": one.reason,
        "by": one.by,
    }
