"""The planner: once a second, in every worker, without a leader.

    timetables due ─▶ sets of one kind, sorted by account ─▶ claimed, what others have passed over
                   ─▶ everything about a set in one transaction ─▶ next moments, ring

Whoever dies in it has fired nothing; the next look, anybody's, finds the same moments due.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from app.batches import firing as batches
from app.campaigns import auto_launch
from app.core import clock, log
from app.core.failpoints import Purpose
from app.core.problems import as_app_error
from app.fires import overdue, queries, watches
from app.fires.queries import Owner
from app.groups import expiry as groups_expiry
from app.groups import firing as groups
from app.jobs import expiry, firing
from app.models.states import OwnerKind
from workers.work import Work

_log = log.get(__name__)

# Of one look, and of one transaction.
MOST_DUE, SET = 20_000, 500
_LOOK_AGAIN_SECONDS = 0.05
_PATIENCE_SECONDS = 20.0

FIRING: dict[OwnerKind, Callable[..., Awaitable[int]]] = {
    OwnerKind.JOB: firing.fire_due,
    OwnerKind.GROUP: groups.fire_due,
    OwnerKind.CAMPAIGN: auto_launch.fire_due,
    OwnerKind.BATCH: batches.fire_due,
}
TENDING: dict[OwnerKind, Callable[..., Awaitable[datetime | None]]] = {
    OwnerKind.JOB: expiry.tend,
    OwnerKind.GROUP: groups_expiry.tend,
}


async def plan(work: Work) -> None:
    """Fire what is due, and look after definitions that end."""
    await fire_due(work)
    await tend_expiries(work)
    await look_for_overdue(work)
    work.has_planned.set()


async def fire_due(work: Work) -> int:
    """Fire every due timetable that nobody else has at hand; returns how many were found."""
    async with work.resources.look_everywhere() as connection:
        found = await queries.due(connection, most=MOST_DUE)
    for portion in _sets(found):
        if work.is_stopping.is_set():
            break
        await _fire(work, portion)
    return len(found)


async def settle_fires(work: Work) -> None:
    """Fire everything that is due now, and wait for what other workers have at hand.

    Not for ever: what cannot be fired is in the log, and would be due at every moment.
    """
    end = time.monotonic() + _PATIENCE_SECONDS
    while await fire_due(work) and time.monotonic() < end:
        async with work.resources.look_everywhere() as connection:
            if not await queries.due(connection, most=1):
                return
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def tend_expiries(work: Work) -> None:
    """Warn of, or expire, every definition whose moment has come."""
    secret_key = work.settings.secret_key.get_secret_value()
    async with work.resources.look_everywhere() as connection:
        found = await queries.expiring(connection, most=MOST_DUE)
    for account_id, kind, owner_id in found:
        async with work.unit_of_work(account_id, purpose=Purpose.EXPIRY) as session:
            now = clock.business_now(session)
            await TENDING[kind](session, account_id, owner_id, secret_key=secret_key, now=now)


async def look_for_overdue(work: Work) -> int:
    """See whether successes are missing that should have come; returns how many were looked at."""
    async with work.resources.look_everywhere() as connection:
        found = await watches.due(connection, most=MOST_DUE)
    found.sort()
    for first in range(0, len(found), SET):
        if work.is_stopping.is_set():
            break
        await _look(work, found[first : first + SET])
    return len(found)


async def settle_overdue(work: Work) -> None:
    """Look at everything that is due to be looked at now, and wait for others who do; not long."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while await look_for_overdue(work) and time.monotonic() < end:
        async with work.resources.look_everywhere() as connection:
            if not await watches.due(connection, most=1):
                return
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def _look(work: Work, portion: Sequence[Owner]) -> None:
    """Look at a set; if it cannot be, at each alone: one bad schedule holds up nobody else."""
    accounts = sorted({owner.account_id for owner in portion})
    try:
        async with work.unit_of_work(*accounts, purpose=Purpose.OVERDUE) as session:
            await overdue.look(session, portion, now=clock.business_now(session))
    except (SQLAlchemyError, OSError, TimeoutError):
        raise
    except Exception:
        if len(portion) == 1:
            _log.error("watch_not_looked_at", owner_id=str(portion[0].owner_id), exc_info=True)
            return
        for owner in portion:
            await _look(work, [owner])


async def _fire(work: Work, portion: Sequence[Owner]) -> None:
    """Fire a set; if it cannot be, its halves: one bad timetable holds up nobody else."""
    places = [(owner.account_id, owner.owner_id) for owner in portion]
    accounts = sorted({account_id for account_id, _ in places})
    try:
        async with work.unit_of_work(*accounts, purpose=Purpose.FIRES) as session:
            await FIRING[portion[0].owner_kind](
                session,
                places,
                secret_key=work.settings.secret_key.get_secret_value(),
                now=clock.business_now(session),
            )
    except Exception as error:
        if as_app_error(error) is not None:
            raise
        if len(portion) == 1:
            _log.error("timetable_not_fired", owner_id=str(portion[0].owner_id), exc_info=True)
            return
        middle = len(portion) // 2
        await _fire(work, portion[:middle])
        await _fire(work, portion[middle:])


def _sets(found: Sequence[Owner]) -> Iterator[Sequence[Owner]]:
    """By kind and account, so that a transaction has few accounts to lock."""
    for kind in FIRING:
        of_kind = sorted(owner for owner in found if owner.owner_kind is kind)
        for first in range(0, len(of_kind), SET):
            yield of_kind[first : first + SET]
