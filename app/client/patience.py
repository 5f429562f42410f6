"""How silence is borne: trying again, less and less often, until it has lasted too long."""

import time
from collections.abc import Callable
from datetime import timedelta

from app.client.errors import GaveUp

Tell = Callable[[str], None]
_FIRST_PAUSE = 0.25  # seconds; doubled with each try
_LONGEST_PAUSE = 5.0
_LONGEST_ASKED_FOR = 60.0  # a Retry-After above this is not waited out in one go


class Unanswered(Exception):
    """A request that may be taken when it is sent again.

    Busy is an API that answers and only asks to wait; that may take as long as it takes.
    """

    def __init__(
        self, why: str, *, retry_after: float | None = None, is_busy: bool = False
    ) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after
        self.is_busy = is_busy


class Patience:
    """Waits between tries and tells the person once for each time of silence."""

    def __init__(self, give_up_after: timedelta, tell: Tell) -> None:
        self._limit = give_up_after.total_seconds()
        self._tell = tell
        self._silent_since: float | None = None
        self._told_busy: str | None = None
        self._pause = _FIRST_PAUSE

    def heard(self) -> None:
        """What was wanted has happened: the next silence is a new one."""
        if self._silent_since is not None:
            self._tell(f"Going on after {time.monotonic() - self._silent_since:.1f} s.")
        self._silent_since = self._told_busy = None
        self._pause = _FIRST_PAUSE

    def wait(self, silence: Unanswered) -> None:
        """Sleep until it is time for another try.

        Raises:
            GaveUp: the silence has lasted too long.
        """
        asked_for = min(silence.retry_after or 0, _LONGEST_ASKED_FOR)
        if silence.is_busy:
            self._wait_for_turn(silence.why, asked_for)
            return
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            self._tell(f"{silence.why}; trying again for up to {self._limit:.0f} s.")
        left = self._silent_since + self._limit - now
        if left <= 0:
            raise GaveUp(seconds=self._limit, why=silence.why)
        time.sleep(min(max(self._pause, asked_for), left))
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _wait_for_turn(self, why: str, asked_for: float) -> None:
        self._silent_since = None
        if self._told_busy != why:
            self._told_busy = why
            self._tell(f"{why} Waiting.")
        time.sleep(max(asked_for, _FIRST_PAUSE))
