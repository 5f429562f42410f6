"""When the batch of a kind of object comes by: from the first active sequence to the last.

one is active  ──▶ a timetable without an end      every 30 minutes from local midnight
none is active ──▶ the same, ended: what was due until then is still recorded
"""

from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from app.accounts.queries import get_account
from app.core.db import Session
from app.fires import queries as fires
from app.fires.queries import Owner
from app.fires.rules import next_moment
from app.models import Timetable
from app.models.states import BatchName, OwnerKind, SequenceObject
from app.schedules.rules import planned
from app.schedules.rules.planning import far_from
from app.schedules.schemas import Interval, stored
from app.sequences import queries

# Until somebody says otherwise; `get_timetable` writes it too.
EVERY = timedelta(minutes=30)
_BRIEFEST = timedelta(microseconds=1)
IDS = {name: name.id for name in BatchName}


def batch_of(what: SequenceObject) -> BatchName:
    """The batch that works on sequences of these objects."""
    return next(name for name in BatchName if name.object is what)


def batch_named(batch_id: UUID | None) -> BatchName:
    """The batch with this id, which is the same in every account."""
    return next(name for name, known in IDS.items() if known == batch_id)


def owner_of(account_id: UUID, name: BatchName) -> Owner:
    """The batch as the owner of a timetable."""
    return Owner(account_id, OwnerKind.BATCH, IDS[name])


async def follow(
    session: Session, account_id: UUID, what: SequenceObject, *, now: datetime
) -> None:
    """Plan the batch as its sequences stand now; their rows have been flushed."""
    name = batch_of(what)
    timetable = await get_timetable(session, account_id, name, now=now)
    # After the lock, so that of two that change at once the later sees both.
    is_wanted = await queries.is_any_active(session, account_id, what)
    schedule = schedule_of(timetable)
    if is_wanted is (schedule.ends_at is None):
        return
    await put(session, timetable, schedule.every, is_wanted=is_wanted, now=now)


async def put(
    session: Session, timetable: Timetable, every: timedelta, *, is_wanted: bool, now: datetime
) -> None:
    """Plan at this interval from now on, or, unwanted, up to now and no further.

    What is due and not yet recorded stays due.
    """
    owner = Owner(timetable.account_id, timetable.owner_kind, timetable.owner_id)
    account = await get_account(session, timetable.account_id)
    schedule = schedule_of(timetable).model_copy(
        update={
            "every": every,
            "ends_at": None if is_wanted else now,
            "timezone": account.timezone,
        }
    )
    is_late = timetable.next_at is not None and timetable.next_at <= now
    next_at = timetable.next_at if is_late else next_moment(schedule, after=now, expires_at=None)
    await fires.put_timetable(
        session, owner, schedule.model_dump(mode="json"), next_at=next_at, now=now
    )


async def get_timetable(
    session: Session, account_id: UUID, name: BatchName, *, now: datetime
) -> Timetable:
    """The batch's timetable, locked; made, and ended at once, if nobody asked for it before."""
    owner = owner_of(account_id, name)
    found = await fires.find_timetable(session, *owner, lock=True)
    if found is None:
        account = await get_account(session, account_id)
        schedule = {
            "type": "interval",
            "every": "PT30M",
            "anchor": "midnight",
            "timezone": account.timezone,
            "ends_at": now.isoformat(),
        }
        await fires.add_timetable(session, owner, stored(schedule).model_dump(mode="json"), now=now)
        found = await fires.find_timetable(session, *owner, lock=True)
        assert found is not None  # noqa: S101  (nothing takes a batch's timetable away)
    return found


def next_look(timetable: Timetable, due_at: datetime) -> datetime | None:
    """When the batch comes by for what is due then, past what it is to skip; None: not any more."""
    schedule, after = schedule_of(timetable), timetable.planned_until
    coming = planned(schedule, after=after, until=far_from(after))
    first = next(islice(coming, timetable.skips_left, None), None)
    if first is None or first.at >= due_at:
        return None if first is None else first.at
    return next_moment(schedule, after=due_at - _BRIEFEST, expires_at=None)


def schedule_of(timetable: Timetable) -> Interval:
    """Its schedule, which is always of this kind."""
    schedule = stored(timetable.schedule)
    assert isinstance(schedule, Interval)  # noqa: S101  (written by `get_timetable`)
    return schedule
