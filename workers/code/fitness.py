"""Whether this worker may run customers' code: its sandbox has passed its own test, or it may not.

started ──▶ finding out ──▶ sound ──▶ runs are claimed
                 ▲            │ a sandbox could not be built
                 └── a minute ┴──▶ unfit: none is claimed, and every sign of life says why
                                     └ long enough, and nobody else is sound: runs of code fail
"""

import time
from collections.abc import Sequence

from app.core import log
from workers.sandbox.driver import Driver

_log = log.get(__name__)

AGAIN_SECONDS = 60.0
_LONGEST = 1_000


class Fitness:
    """What is known of this worker's sandbox."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._reasons: Sequence[str] | None = None
        self._unfit_since: float | None = None
        self._tested_at = 0.0

    @property
    def is_sound(self) -> bool:
        return self._reasons is not None and not self._reasons

    @property
    def said(self) -> str | None:
        """Why no code is run here; empty if it is, None while that is being found out."""
        return None if self._reasons is None else " ".join(self._reasons)[:_LONGEST]

    @property
    def unfit_seconds(self) -> float:
        """How long it has been known not to be sound; 0 if it is, or is being found out."""
        return 0.0 if self._unfit_since is None else time.monotonic() - self._unfit_since

    def doubt(self) -> None:
        """A sandbox could not be built: it is looked at again before anything else is run."""
        self._reasons, self._tested_at = None, 0.0

    async def look(self) -> None:
        """Test the sandbox unless it is sound, or was tested a moment ago."""
        if self.is_sound or (self._reasons and time.monotonic() - self._tested_at < AGAIN_SECONDS):
            return
        reasons = await self._driver.self_test()
        self._tested_at = time.monotonic()
        if reasons:
            self._unfit_since = self._unfit_since or time.monotonic()
            _log.error("sandbox_unfit", reasons=list(reasons))
        else:
            self._unfit_since = None
            _log.info("sandbox_sound")
        self._reasons = reasons
