"""Settled schedules, and how their fires read in the place's own time."""

import random
from datetime import UTC, datetime
from typing import Any

from app.schedules.rules import preview, settled
from app.schedules.schemas import Schedule, stored

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    """`2026-03-29 01:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_schedule(
    type_: str, *, now: datetime = NOON, zone: str = BERLIN, seed: int = 1, **fields: Any
) -> Schedule:
    """One as it is kept; `now` is when it was saved."""
    return settled(
        stored({"type": type_, **fields}), now=now, timezone=zone, chance=random.Random(seed)
    )


def shown(schedule: Schedule, after: str, count: int) -> list[str]:
    """The next fires in local time, each with why it does not run."""
    return [
        " ".join([fire.local_at.isoformat(" "), *([fire.reason] if fire.reason else [])])
        for fire in preview(schedule, after=utc(after), count=count)
    ]
