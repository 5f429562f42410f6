"""Looking after groups' runs: whatever calls there are, once a second, and at every ring.

    pending_groups ─▶ the run's group locked ─▶ what ended recorded, what follows begun

Nothing is claimed: a turn is one short transaction under the group's lock, and of two workers the
second finds nothing left to do. What fails by nobody's fault but ours is left alone for a while.
"""

import asyncio
import time
from uuid import UUID

from app.core import clock, log
from app.core.failpoints import Purpose
from app.core.problems import is_away
from app.groups.running import queries
from app.groups.running.advancing import advance
from workers.work import Work

_log = log.get(__name__)

_MOST = 1_000
_LOOK_AGAIN_SECONDS = 0.02
_PATIENCE_SECONDS = 20.0


async def advance_group(work: Work, account_id: UUID, run_id: UUID) -> None:
    """What a ring asks for: move this run on."""
    async with work.unit_of_work(account_id, purpose=Purpose.GROUPS) as session:
        await advance(
            session,
            account_id,
            run_id,
            secret_key=work.settings.secret_key.get_secret_value(),
            now=clock.business_now(session),
        )


async def advance_due(work: Work) -> int:
    """Move on every run that somebody calls for; returns how many were found."""
    async with work.resources.look_everywhere() as connection:
        found = await queries.due(connection, most=_MOST)
    for account_id, run_id in found:
        if work.is_stopping.is_set():
            break
        try:
            await advance_group(work, account_id, run_id)
        except Exception as error:
            # A neighbour that is away fails all of them; one that stumbles must not hold up others.
            if is_away(error):
                raise
            _log.error("group_not_advanced", run_id=str(run_id), exc_info=True)
            await _hold_up(work, account_id, run_id)
    return len(found)


async def _hold_up(work: Work, account_id: UUID, run_id: UUID) -> None:
    """Whoever reads the run sees it; it is tried again after a pause that grows."""
    async with work.unit_of_work(account_id, purpose=Purpose.SETTING_ASIDE) as session:
        tries = await queries.hold_up(session, account_id, run_id)
    _log.warning("group_held_up", run_id=str(run_id), tries=tries)


async def look(work: Work) -> None:
    """Once a second."""
    await advance_due(work)


async def settle_groups(work: Work) -> None:
    """Move on whatever can be now. Not for ever: what cannot be is in the log."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        if not await advance_due(work):
            return
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
