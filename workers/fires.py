"""The planner, in every worker, without a leader: once a second, and as the next moment comes.

    timetables due ─▶ sets of one kind, sorted by account ─▶ claimed, what others have passed over
                   ─▶ everything about a set in one transaction ─▶ next moments, ring

Whoever dies in it has fired nothing; the next look, anybody's, finds the same moments due.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from app.batches import firing as batches
from app.campaigns import auto_launch
from app.core import clock, log
from app.core.failpoints import Purpose
from app.core.problems import is_away
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
# Sets at hand at once: while PostgreSQL writes one, the next one is judged.
_AT_ONCE = 2
# Moments that are near each other are fired together.
_SOONEST_SECONDS = 0.2
_LOOK_AGAIN_SECONDS = 0.05
# Of what cannot be looked at, by a fault of ours: until somebody has read the log.
_PUT_OFF = timedelta(hours=1)
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


async def plan(work: Work) -> float | None:
    """Fire what is due, and look after definitions that end; in how many seconds to come again,
    None if nothing is planned.
    """
    await fire_due(work)
    await tend_expiries(work)
    await look_for_overdue(work)
    work.has_planned.set()
    async with work.resources.look_everywhere() as connection:
        left = await queries.seconds_until_next(connection)
    return None if left is None else max(left, _SOONEST_SECONDS)


async def fire_due(work: Work) -> int:
    """Fire every due timetable that nobody else has at hand; returns how many were found."""
    async with work.resources.look_everywhere() as connection:
        found = await queries.due(connection, most=MOST_DUE)
    portions = sets_of(found)
    if len(found) > SET:
        work.has_fired.clear()

    async def fire_some() -> None:
        for portion in portions:
            if work.is_stopping.is_set():
                return
            await _fire(work, portion)

    try:
        ended = await asyncio.gather(
            *(fire_some() for _ in range(_AT_ONCE)), return_exceptions=True
        )
    finally:
        work.has_fired.set()
    for error in ended:
        if error is not None:
            raise error
    return len(found)


async def settle_fires(work: Work) -> None:
    """Fire everything that is due now, and wait for what other workers have at hand.

    Not for ever: another worker may be long at it.
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
    for owner in found:
        try:
            async with work.unit_of_work(owner.account_id, purpose=Purpose.EXPIRY) as session:
                await TENDING[owner.owner_kind](
                    session,
                    owner.account_id,
                    owner.owner_id,
                    secret_key=secret_key,
                    now=clock.business_now(session),
                )
        except Exception as error:
            if is_away(error):
                raise
            # It has expired for everybody all the same; others must not wait for its messages.
            _log.error("expiry_not_tended", owner_id=str(owner.owner_id), exc_info=True)
            async with work.unit_of_work(
                owner.account_id, purpose=Purpose.SETTING_ASIDE
            ) as session:
                await queries.put_expiry(session, owner, clock.business_now(session) + _PUT_OFF)


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
    except Exception as error:
        if is_away(error):
            raise
        if len(portion) > 1:
            for owner in portion:
                await _look(work, [owner])
            return
        owner = portion[0]
        _log.error("watch_not_looked_at", owner_id=str(owner.owner_id), exc_info=True)
        async with work.unit_of_work(owner.account_id, purpose=Purpose.SETTING_ASIDE) as session:
            await watches.put_off(session, owner, by=_PUT_OFF)


async def _fire(work: Work, portion: Sequence[Owner]) -> None:
    """Fire a set; if it cannot be, its halves: one bad timetable holds up nobody else."""
    if await _is_fired(work, portion):
        return
    if len(portion) == 1:
        await _hold_up(work, portion[0])
        return
    middle = len(portion) // 2
    await _fire(work, portion[:middle])
    await _fire(work, portion[middle:])


async def _is_fired(work: Work, portion: Sequence[Owner]) -> bool:
    """Whether everything about a set is written; False, and nothing is, if nobody foresaw why."""
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
        if is_away(error):
            raise
        if len(portion) == 1:
            _log.error("timetable_not_fired", owner_id=str(portion[0].owner_id), exc_info=True)
        return False
    return True


async def _hold_up(work: Work, owner: Owner) -> None:
    """Whoever reads the job sees it; it is tried again after a pause that grows."""
    async with work.unit_of_work(owner.account_id, purpose=Purpose.SETTING_ASIDE) as session:
        tries = await queries.hold_up(session, owner, now=clock.business_now(session))
    _log.warning("timetable_held_up", owner_id=str(owner.owner_id), tries=tries)


def sets_of(found: Sequence[Owner]) -> Iterator[Sequence[Owner]]:
    """By kind and account, so that a transaction has few accounts to lock; an account is in one
    set, unless it fills several, for whoever takes of its day waits for whoever did before.
    """
    portion: list[Owner] = []
    for (kind, _), group in groupby(sorted(found, key=_place), key=lambda one: _place(one)[:2]):
        of_account = list(group)
        if portion and (portion[0].owner_kind != kind or len(portion) + len(of_account) > SET):
            yield portion
            portion = []
        while len(of_account) > SET:
            yield of_account[:SET]
            of_account = of_account[SET:]
        portion += of_account
    if portion:
        yield portion


def _place(owner: Owner) -> tuple[OwnerKind, UUID, UUID]:
    return owner.owner_kind, owner.account_id, owner.owner_id
