"""The bulk side of a worker: runs that are due, and lanes that have rows of files.

    once a second, or when a run rings ─▶ begin due runs ─▶ fill the places for lanes of imports

Its own loop, so that a file of millions never stands before a single response.
"""

import asyncio
import contextlib
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.core import log
from app.models.states import BatchName, RunKind
from workers.code_runs import is_hopeless
from workers.imports import do_imports, due_import_lanes
from workers.runs import Runs
from workers.work import Work

_log = log.get(__name__)

# Runs of batches at once in one process; of one account each of the four has a place.
_BATCHES = 4
# However many moments there are to fire, runs wait no longer for them.
_PATIENCE_SECONDS = 3.0


async def begin_run(work: Work, _account_id: UUID, _run_id: UUID) -> None:
    """What a ring asks for: look now, whoever it was for."""
    work.bulk_wanted.set()


class Bulk:
    """The loop, the runs and the places."""

    def __init__(self, work: Work) -> None:
        self._work = work
        settings = work.settings
        self._runs = Runs(work)
        self._code = Runs(
            work, (RunKind.CODE,), most=settings.code.runs, places=settings.code.running
        )
        self._batches = Runs(work, (RunKind.BATCH,), most=_BATCHES, places=len(BatchName))
        self._places: set[asyncio.Task[None]] = set()
        self._suspects = asyncio.Lock()

    async def run(self) -> None:
        """Look until the process is stopping; then wait for what is at hand."""
        pause = self._work.settings.scoring.sweep.total_seconds()
        while not self._work.is_stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._work.has_fired.wait()
            self._work.bulk_wanted.clear()
            try:
                await self._runs.look()
                await self._batches.look()
                await self._look_for_code()
                await self._fill()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _log.warning("bulk_failed", error=type(error).__name__)
            except Exception:
                # Foreseen or not: a loop that ended would not be missed until work is late.
                _log.error("bulk_failed", exc_info=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._work.bulk_wanted.wait()
        await self._runs.ended()
        await self._batches.ended()
        await self._code.ended()
        if self._places:
            await asyncio.wait(self._places)

    async def _look_for_code(self) -> None:
        """Where the sandbox is not sound, code is left to workers that have one; if nobody has,
        its runs are taken up to fail, rather than wait for ever.
        """
        if self._work.fitness.is_sound or await is_hopeless(self._work):
            await self._code.look()

    async def _fill(self) -> None:
        room = self._work.settings.imports.lanes - len(self._places)
        if room <= 0:
            return
        async with self._work.resources.look_everywhere() as connection:
            found = await due_import_lanes(connection, most=room)
        for _ in found:
            place = asyncio.create_task(self._do())
            self._places.add(place)
            place.add_done_callback(self._places.discard)

    async def _do(self) -> None:
        try:
            await do_imports(self._work, self._suspects)
        except Exception:
            # The rows stay pending; the next look finds them.
            _log.warning("import_interrupted", exc_info=True)
            await asyncio.sleep(self._work.settings.scoring.sweep.total_seconds())
