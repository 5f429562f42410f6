"""Sealed chunks on their way into the database, while their file is read on.

sealed ─▶ kept ─▶ sealed ─▶ kept …
   └ read on ┘       └ read on ┘    one portion at a time, so memory stays what it is
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from app.core.driver import Direct
from app.imports.cutting import Sealed
from app.runs.queue import Claimed

_KEEP = """
INSERT INTO import_chunks
       (account_id, run_id, number, lane_id, segment, rows, payload,
        done, succeeded, failed, skipped, created, updated)
SELECT $1, $2, w.*, 0, 0, 0, 0, 0, 0
  FROM unnest($3::integer[], $4::uuid[], $5::integer[], $6::integer[], $7::bytea[]) AS w
"""


class Keeper:
    """Keeps the chunks of one run."""

    def __init__(
        self, claimed: Claimed, transaction: Callable[[], AbstractAsyncContextManager[Direct]]
    ) -> None:
        self._claimed = claimed
        self._transaction = transaction
        self._task: asyncio.Task[None] | None = None

    async def keep(self, sealed: Sequence[Sealed]) -> None:
        """Have these kept while the caller goes on; those before are kept when it returns."""
        await self.finish()
        if sealed:
            self._task = asyncio.create_task(self._keep(sealed))

    async def finish(self) -> None:
        """Wait for what is under way; raises what it ran into."""
        task, self._task = self._task, None
        if task is not None:
            await task

    async def leave(self) -> None:
        """Wait until nothing is under way any more, however it ends."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self, sealed: Sequence[Sealed]) -> None:
        async with self._transaction() as tx:
            await tx.driver.execute(
                _KEEP,
                self._claimed.account_id,
                self._claimed.run_id,
                [chunk.number for chunk in sealed],
                [chunk.lane_id for chunk in sealed],
                [chunk.segment for chunk in sealed],
                [chunk.rows for chunk in sealed],
                [chunk.payload for chunk in sealed],
            )
