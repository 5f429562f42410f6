"""Looking whether a success that should have come did not; inside the caller's transaction.

due ─▶ locked ─▶ nothing is expected (paused, unpublished, over)    not looked at again
             ├─▶ expected later                                     looked at then
             ├─▶ its run is at work                                 looked at as it ends, or soon
             └─▶ down: an event and one alert, until a success
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from app.core.driver import Transaction
from app.fires import watches
from app.fires.queries import Owner
from app.fires.watches import Seen, Watched
from app.models.states import OwnerKind
from app.notifications.alerts import service as alerting
from app.notifications.alerts.rules import News
from app.notifications.outbox import EventType, Happening, emit
from app.schedules.rules import Outlook, Standing, planned, standing
from app.schedules.rules.planning import far_from
from app.schedules.schemas import Schedule, stored

_NOTHING = Outlook(Standing.UP, None, None)
_LOOK_AGAIN = timedelta(minutes=5)


async def look(session: Transaction, owners: Sequence[Owner], *, now: datetime) -> int:
    """Look at the due ones of these; returns how many were free."""
    found = await watches.claim(session, owners, now=now)
    if not found:
        return 0
    seen = [(one, outlook_of(one, now=now)) for one in found]
    await watches.write(session, [_seen(one, outlook, now) for one, outlook in seen])
    for one, outlook in seen:
        if _is_news(one, outlook):
            await _tell(session, one, outlook, now=now)
    return len(found)


def outlook_of(one: Watched, *, now: datetime) -> Outlook:
    """Whether and when a success is expected of it."""
    if one.schedule is None or one.is_paused or one.since is None:
        return _NOTHING
    if one.owner.owner_kind is OwnerKind.BATCH:
        # Told of are failures and recoveries; what is paused or skipped is looked at like the rest.
        return _NOTHING
    schedule = stored(one.schedule)
    return standing(
        schedule,
        last_success=one.last_success_at,
        since=one.since,
        excused={*one.excused, *_to_be_skipped(one, schedule)},
        now=now,
    )


def _to_be_skipped(one: Watched, schedule: Schedule) -> list[datetime]:
    if not one.skips_left or one.planned_until is None:
        return []
    coming = planned(schedule, after=one.planned_until, until=far_from(one.planned_until))
    return [fire.at for fire in islice(coming, one.skips_left)]


def _is_news(one: Watched, outlook: Outlook) -> bool:
    is_down = outlook.standing is Standing.DOWN
    return is_down and one.down_since is None and not one.is_at_work


def _seen(one: Watched, outlook: Outlook, now: datetime) -> Seen:
    late_at, down_at = outlook.late_at, outlook.down_at
    down_since = down_at if _is_news(one, outlook) else one.down_since
    look_at = None
    if down_since is None:
        # Whoever is at work on it may never say that he has ended.
        look_at = now + _LOOK_AGAIN if outlook.standing is Standing.DOWN else down_at
    return Seen(one.owner, late_at, down_at, look_at, down_since)


async def _tell(session: Transaction, one: Watched, outlook: Outlook, *, now: datetime) -> None:
    account_id, owner_kind, owner_id = one.owner
    late_at, success = outlook.late_at, one.last_success_at
    data: dict[str, Any] = {
        "owner_kind": owner_kind.value,
        "owner_id": str(owner_id),
        "expected_at": None if late_at is None else late_at.isoformat(),
        "last_success_at": None if success is None else success.isoformat(),
    }
    await emit(session, [Happening(account_id, EventType.JOB_OVERDUE, data)], at=now)
    whom = await alerting.addressee(session, account_id, owner_kind, owner_id)
    if whom is not None:
        facts = {
            "Expected": late_at,
            "Overdue since": outlook.down_at,
            "Last success": success or "none yet",
        }
        news = [News.OVERDUE]
        await alerting.tell(session, whom, news, facts, cause="overdue", cause_id=owner_id, at=now)
