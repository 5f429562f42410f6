"""Accounts whose work fails by nobody's fault but ours: left alone for longer and longer, in this
process, so that the log is not filled and nobody else waits for them.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from app.core import log
from app.core.problems import is_away

_log = log.get(__name__)

_LONGEST_PAUSE_SECONDS = 3600.0


class Stumbling:
    """What one loop has stumbled over: how often, and until when it passes it over.

    Args:
        what: how the log calls a failure.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._found: dict[UUID, tuple[int, float]] = {}

    def passes_over(self, account_id: UUID) -> bool:
        """Whether it is not yet time to try this one again."""
        return self._found.get(account_id, (0, 0.0))[1] > time.monotonic()

    @asynccontextmanager
    async def watching(self, account_id: UUID) -> AsyncIterator[None]:
        """Nothing leaves the block but what a neighbour causes that is away."""
        try:
            yield
        except Exception as error:
            if is_away(error):
                raise
            tries = self._found.get(account_id, (0, 0.0))[0]
            pause = min(2.0**tries, _LONGEST_PAUSE_SECONDS)
            self._found[account_id] = (tries + 1, time.monotonic() + pause)
            _log.error(self._what, account_id=str(account_id), tries=tries + 1, exc_info=True)
        else:
            self._found.pop(account_id, None)
