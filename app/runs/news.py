"""What runs tell the world: that one began, and how it ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.driver import Transaction
from app.models.states import RunKind, RunState
from app.notifications.outbox import EventType, Happening, emit

_TYPES = {
    RunState.RUNNING: EventType.RUN_STARTED,
    RunState.SUCCEEDED: EventType.RUN_SUCCEEDED,
    RunState.SUCCEEDED_WITH_WARNINGS: EventType.RUN_SUCCEEDED,
    RunState.FAILED: EventType.RUN_FAILED,
    RunState.CANCELLED: EventType.RUN_CANCELLED,
}


async def tell_of_run(
    session: Transaction,
    account_id: UUID,
    run_id: UUID,
    state: RunState,
    *,
    kind: RunKind,
    at: datetime,
    counts: Mapping[str, int | None] | None = None,
    error: str | None = None,
) -> None:
    """Write the event of a run's beginning or end."""
    data: dict[str, Any] = {
        "run_id": str(run_id),
        "kind": kind.value,
        "state": state.value,
        "counts": dict(counts) if counts and counts.get("total") is not None else None,
        "error_code": error,
    }
    await emit(session, [Happening(account_id, _TYPES[state], data)], at=at)
