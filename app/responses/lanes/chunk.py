"""What one chunk did, for the run's account."""

from dataclasses import dataclass, field

from app.models.states import ResponseStatus, Stage


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one committed chunk; `waiting` ones stay for the end of their grace."""

    stage: Stage
    rows: int
    by_status: dict[ResponseStatus, int] = field(default_factory=dict)
    waiting: int = 0
