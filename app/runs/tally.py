"""The account of a run while it goes: pure sums that always add up.

total = succeeded + failed + skipped + unprocessed, after every chunk.
"""

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a run so far, and what its chunks were like."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.succeeded + self.failed + self.skipped

    def plus(
        self,
        *,
        succeeded: int = 0,
        failed: int = 0,
        skipped: int = 0,
        stage: str | None = None,
        rows: int = 0,
        seconds: float = 0.0,
        by_status: dict[str, int] | None = None,
    ) -> "Tally":
        """The account after one more chunk; the old one is left as it was."""
        details = dict(self.details)
        if stage is not None:
            before = details.get(stage, {"chunks": 0, "rows": 0, "seconds": 0.0})
            details[stage] = {
                "chunks": before["chunks"] + 1,
                "rows": before["rows"] + rows,
                "seconds": round(before["seconds"] + seconds, 4),
            }
        if by_status:
            sums = dict(details.get("by_status", {}))
            for status, n in by_status.items():
                sums[status] = sums.get(status, 0) + n
            details["by_status"] = sums
        return replace(
            self,
            succeeded=self.succeeded + succeeded,
            failed=self.failed + failed,
            skipped=self.skipped + skipped,
            details=details,
        )
