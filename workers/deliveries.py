"""The postman: events become deliveries, and what is due is posted.

    record what has come back ─▶ fan out what happened ─▶ take what is due, as places allow ─▶ post
         ▲          one transaction for each of these three, none of them open while …      │
         └──────────────────────────────── … strangers' servers think ◀─────────────────────┘

One loop in every worker, without a leader; it waits for whatever comes first of an answer, its
pause and the end. A receiver that hangs holds its place and nothing else.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.core import clock, log
from app.core.failpoints import Purpose
from app.core.metrics import DELIVERY_ATTEMPTS
from app.core.outbound.lines import Kept
from app.core.problems import is_away
from app.notifications.deliveries import claiming, fanning
from app.notifications.deliveries.claiming import Letter
from app.notifications.deliveries.recording import Outcome, record
from app.notifications.deliveries.rules import choose
from workers.attempts import outcome_of
from workers.stumbling import Stumbling
from workers.work import Work

_log = log.get(__name__)

_PAUSE_SECONDS = 0.25
# Answers that come together are recorded together.
_GATHERING_SECONDS = 0.01
_MOST_RECORDED = 200
# Of the pause between two looks, what the look before may have taken.
_RESTS = 4
# Longer than any delivery: after it, whoever had it is dead.
_BEYOND_TIMEOUT = timedelta(seconds=5)
# For so long, in real time, the clock waits for receivers; then they are slow ones.
_PATIENCE_SECONDS, _LOOK_AGAIN_SECONDS = 5.0, 0.01
# Of what cannot be recorded, by a fault of ours: until somebody has read the log.
_PUT_OFF = timedelta(hours=1)


class Postman:
    """The loop, and the letters that are out."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._settings = work.settings.webhooks
        self._out: dict[asyncio.Task[None], UUID] = {}
        self._back: list[Outcome] = []
        self._came = asyncio.Event()
        self._kept = Kept()
        self._stumbling = Stumbling("events_not_fanned_out")

    async def run(self) -> None:
        """Deliver until the process is stopping; then wait for what is out, and record it."""
        while not self._work.is_stopping.is_set():
            began = time.monotonic()
            try:
                await self.round()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _log.warning("postman_failed", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)
            except Exception:
                # Foreseen or not: a loop that ended would not be missed until somebody asks.
                _log.error("postman_failed", exc_info=True)
                await asyncio.sleep(_PAUSE_SECONDS)
            took = time.monotonic() - began
            await self._rest(max(_PAUSE_SECONDS, took * _RESTS))
        await self.ended()

    async def round(self) -> int:
        """Record, fan out, take and post; returns how many events and letters it was about."""
        done = await self._record()
        done += await self._fan_out()
        return done + await self._send()

    async def ended(self) -> None:
        """Wait for what is out and record what came of it."""
        if self._out:
            await asyncio.wait(self._out)
        self._kept.hang_up()
        try:
            while await self._record():
                pass
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            # Their leases end, and they are delivered once more.
            _log.warning("postman_failed", error=type(error).__name__)

    async def _record(self) -> int:
        back = self._back[:_MOST_RECORDED]
        if not back:
            return 0
        await self._record_all(back)
        # Only now: what was not recorded, the database being away, is tried again.
        del self._back[: len(back)]
        return len(back)

    async def _record_all(self, back: Sequence[Outcome]) -> None:
        """Record a set; if it cannot be, its halves: one that is bad holds up no other."""
        accounts = sorted({one.letter.account_id for one in back})
        try:
            async with self._work.unit_of_work(
                *accounts, purpose=Purpose.DELIVERY_RECORD
            ) as session:
                stand = await record(session, back, now=clock.business_now(session))
        except Exception as error:
            if is_away(error):
                raise
            if len(back) == 1:
                await self._put_off(back[0].letter)
                return
            middle = len(back) // 2
            await self._record_all(back[:middle])
            await self._record_all(back[middle:])
            return
        for state, count in stand.items():
            DELIVERY_ATTEMPTS.labels(state.value).inc(count)

    async def _put_off(self, letter: Letter) -> None:
        """Else it would be posted again as soon as its lease is over, and then again."""
        _log.error("delivery_not_recorded", delivery_id=str(letter.delivery_id), exc_info=True)
        async with self._work.unit_of_work(
            letter.account_id, purpose=Purpose.SETTING_ASIDE
        ) as session:
            until = clock.business_now(session) + _PUT_OFF
            await claiming.put_off(session, letter, until=until)

    async def _fan_out(self) -> int:
        async with self._work.resources.look_everywhere() as connection:
            found = await fanning.accounts_with_news(connection)
        wanted = [one for one in found if not self._stumbling.passes_over(one)]
        return await self._fan_out_all(wanted) if wanted else 0

    async def _fan_out_all(self, accounts: Sequence[UUID]) -> int:
        """A set of them; if it cannot be, each alone: one bad event holds up nobody else."""
        try:
            return await self._fan_out_of(*accounts)
        except Exception as error:
            if is_away(error):
                raise
        done = 0
        for one in accounts:
            async with self._stumbling.watching(one):
                done += await self._fan_out_of(one)
        return done

    async def _fan_out_of(self, *accounts: UUID) -> int:
        async with self._work.unit_of_work(*accounts, purpose=Purpose.FANNING_OUT) as session:
            return await fanning.fan_out(session, accounts, now=clock.business_now(session))

    async def _send(self) -> int:
        places = self._settings.places
        async with self._work.resources.look_everywhere() as connection:
            stopped = await claiming.stopped(connection)
            found = await claiming.due(connection, at_once=self._settings.at_once, most=2 * places)
        for account_id, endpoint_id in stopped:
            async with self._work.unit_of_work(
                account_id, purpose=Purpose.DELIVERY_CLAIM
            ) as session:
                await claiming.cancel_waiting(
                    session, account_id, endpoint_id, now=clock.business_now(session)
                )
        chosen = choose(found, Counter(self._out.values()), places=places)
        if not chosen:
            return len(stopped)
        accounts = sorted({one.account_id for one in chosen})
        async with self._work.unit_of_work(*accounts, purpose=Purpose.DELIVERY_CLAIM) as session:
            letters = await claiming.take(
                session,
                chosen,
                secret_key=self._work.settings.secret_key.get_secret_value(),
                lease=self._settings.timeout + _BEYOND_TIMEOUT,
                now=clock.business_now(session),
            )
        for letter in letters:
            self._out[asyncio.create_task(self._post(letter))] = letter.account_id
        return len(stopped) + len(letters)

    async def _post(self, letter: Letter) -> None:
        try:
            self._back.append(await outcome_of(letter, self._settings, self._kept))
        finally:
            task = asyncio.current_task()
            if task is not None:
                self._out.pop(task, None)
            self._came.set()

    async def _rest(self, seconds: float) -> None:
        """Until an answer has come, or for so long."""
        waiting = [
            asyncio.create_task(self._work.is_stopping.wait()),
            asyncio.create_task(self._came.wait()),
        ]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._came.is_set():
            await asyncio.sleep(_GATHERING_SECONDS)
            self._came.clear()


async def deliver_due(work: Work) -> None:
    """Deliver everything that has happened and everything due, whoever is at it; receivers that
    take long are not waited for.
    """
    postman, end = Postman(work), time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and not work.is_stopping.is_set():
        if not await postman.round() and not await _is_left(work):
            break
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    await postman.ended()


async def _is_left(work: Work) -> bool:
    async with work.resources.look_everywhere() as connection:
        if await fanning.accounts_with_news(connection, unseen=True):
            return True
        return await claiming.has_due(connection)
