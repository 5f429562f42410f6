"""Jobs as callers see them, with what is planned of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core import clock
from app.core.db import Session
from app.fires import queries as fires
from app.fires import watches
from app.jobs import variables
from app.jobs.schemas import JobRead
from app.models import Job, Timetable
from app.models.states import OwnerKind
from app.notifications.alerts.queries import read_policy
from app.notifications.alerts.rules import target_of
from app.schedules.rules import Standing


async def read(session: Session, account_id: UUID, jobs: Sequence[Job]) -> list[JobRead]:
    """These jobs as callers see them: no source, and of variables the names."""
    ids = [job.id for job in jobs]
    names = await variables.names_of(session, account_id, ids)
    nothing: dict[str, Any] = {"variables": [], "secrets": []}
    found = await fires.list_timetables(session, account_id, OwnerKind.JOB, ids)
    planned = {one.owner_id: one for one in found}
    standings = await watches.standings_of(session, account_id, OwnerKind.JOB, ids)
    policy, now = await read_policy(session, account_id), clock.business_now(session)
    return [
        JobRead.model_validate(
            {
                **job.model_dump(exclude={"source"}),
                "has_source": job.source is not None,
                **(names[job.id].model_dump() if job.id in names else nothing),
                **planned_of(planned.get(job.id)),
                **standing_of(standings.get(job.id), planned.get(job.id), now),
                "warnings": target_of(job.alert, policy).warnings,
            }
        )
        for job in jobs
    ]


def planned_of(found: Timetable | None) -> dict[str, Any]:
    """What is planned, as answers show it."""
    if found is None:
        return {
            "is_paused": False,
            "paused_by": None,
            "skips_left": 0,
            "next_fire_at": None,
            "held_up": None,
        }
    held_up = {name: getattr(found, name) for name in ("held_up_since", "tries", "try_again_at")}
    return {
        "is_paused": found.is_paused,
        "paused_by": found.paused_by,
        "skips_left": found.skips_left,
        "next_fire_at": found.next_at,
        "held_up": held_up if found.held_up_since is not None else None,
    }


def standing_of(
    found: watches.Standing | None, timetable: Timetable | None, now: datetime
) -> dict[str, Any]:
    """Whether it is up, late or down; None where no success is expected of it."""
    success = found.last_success_at if found else None
    # What failures have paused is expected all the same: nobody has meant it to stop.
    is_meant = timetable is not None and timetable.is_paused and timetable.paused_by is not None
    if found is None or timetable is None or is_meant or not found.is_watched:
        return {"standing": None, "late_at": None, "down_at": None, "last_success_at": success}
    standing = Standing.UP
    if found.down_since is not None:
        standing = Standing.DOWN
    elif found.late_at is not None and found.late_at <= now:
        standing = Standing.LATE
    return {
        "standing": standing,
        "late_at": found.late_at,
        "down_at": found.down_at,
        "last_success_at": success,
    }
