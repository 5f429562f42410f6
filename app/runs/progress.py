"""How fast rows go and how long the rest will take. Pure."""

import json
from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """Reckons from the first look on, so that a run taken over does not seem faster than it is.

    `left_seconds` is what the last look came to.
    """

    first_seconds: float | None = None
    first_rows: int = 0
    left_seconds: float | None = None

    def details(self, seconds: float, *, done: int, total: int) -> str:
        """The run's details that say so, as JSON; `seconds` are of any clock that only goes on."""
        if self.first_seconds is None:
            self.first_seconds, self.first_rows = seconds, done
        passed, rows = seconds - self.first_seconds, done - self.first_rows
        rate = round(rows / passed, 1) if passed > 0 and rows else None
        self.left_seconds = round((total - done) / rate, 1) if rate else None
        return progress("loading", rate, self.left_seconds)


def progress(phase: str, rate: float | None = None, left: float | None = None) -> str:
    """The run's details of one phase, as JSON."""
    shown = {"phase": phase, "rows_per_second": rate, "remaining_seconds": left}
    return json.dumps({"progress": shown})
