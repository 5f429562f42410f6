"""What one chunk takes, and what it did, for the run's account."""

from dataclasses import dataclass, field
from uuid import UUID

from app.core.statements import Parts
from app.models.states import ResponseStatus, Stage


@dataclass(frozen=True, slots=True)
class Taken:
    """Due rows of a lane, a chunk of them; `has_waited` if one of them waited for its grace."""

    ids: list[UUID]
    has_waited: bool = False

    def halves(self) -> "tuple[Taken, Taken]":
        """The same rows in two portions."""
        middle = len(self.ids) // 2
        return (
            Taken(self.ids[:middle], self.has_waited),
            Taken(self.ids[middle:], self.has_waited),
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one chunk; `waiting` ones stay for the end of their grace.

    `writes` are its last ones, for the caller to send together with its own.
    """

    stage: Stage
    rows: int
    writes: Parts
    by_status: dict[ResponseStatus, int] = field(default_factory=dict)
    waiting: int = 0
