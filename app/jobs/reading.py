"""Jobs as callers see them, with what is planned of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.db import Session
from app.fires import queries as fires
from app.jobs import variables
from app.jobs.schemas import JobRead
from app.models import Job, Timetable
from app.models.states import OwnerKind


async def read(session: Session, account_id: UUID, jobs: Sequence[Job]) -> list[JobRead]:
    """These jobs as callers see them: no source, and of variables the names."""
    ids = [job.id for job in jobs]
    names = await variables.names_of(session, account_id, ids)
    nothing: dict[str, Any] = {"variables": [], "secrets": []}
    found = await fires.list_timetables(session, account_id, OwnerKind.JOB, ids)
    planned = {one.owner_id: one for one in found}
    return [
        JobRead.model_validate(
            {
                **job.model_dump(exclude={"source"}),
                "has_source": job.source is not None,
                **(names[job.id].model_dump() if job.id in names else nothing),
                **_planned(planned.get(job.id)),
            }
        )
        for job in jobs
    ]


def _planned(found: Timetable | None) -> dict[str, Any]:
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
