"""A job that is watched at moments of the tests' own."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.fires import overdue
from app.fires.queries import Owner
from app.models.states import OwnerKind, RunState
from app.runs import watching
from tests.conftest import Tenant
from tests.fires.making import (
    HOUR,
    every,
    scheduled,
    told,
)
from tests.jobs.making import Json

OPS = {"emails": ["ops@example.com"]}


class Watcher:
    """What the tests do to a job at moments of their own."""

    def __init__(self, resources: Resources, tenant: Tenant, job: Json, noon: datetime) -> None:
        self.resources, self.tenant, self.job, self._noon = resources, tenant, job, noon

    def at(self, time: str) -> datetime:
        hours, minutes = map(int, time.split(":"))
        return self._noon.replace(hour=0) + timedelta(hours=hours, minutes=minutes)

    async def look(self, when: str | datetime) -> tuple[datetime | None, datetime | None, bool]:
        """Have the sweep look at that moment: when it is late, when down, whether it is."""
        now = self.at(when) if isinstance(when, str) else when
        account_id = self.tenant.account_id
        owner = Owner(account_id, OwnerKind.JOB, UUID(self.job["id"]))
        async with self.resources.unit_of_work(account_id, purpose=Purpose.OVERDUE) as session:
            await overdue.look(session, [owner], now=now)
            row = await (await driver_of(session)).fetchrow(
                "SELECT late_at, down_at, down_since FROM watches"
                " WHERE account_id = $1 AND owner_id = $2",
                account_id,
                owner.owner_id,
            )
        assert row is not None
        return row["late_at"], row["down_at"], row["down_since"] is not None

    async def succeeded(self, when: str, state: RunState = RunState.SUCCEEDED) -> None:
        account_id, at = self.tenant.account_id, self.at(when)
        async with self.resources.unit_of_work(account_id) as session:
            place = (session, account_id, OwnerKind.JOB, UUID(self.job["id"]))
            await watching.note_end(*place, state, run_id=UUID(int=1), at=at)

    async def events(self) -> tuple[int, int]:
        """How many events say that it is overdue, and that it has recovered."""
        kinds = ("job.overdue", "job.recovered")
        overdue_, recovered = [await told(self.resources, self.tenant, kind) for kind in kinds]
        return len(overdue_), len(recovered)


async def watching_over(
    resources: Resources, tenant: Tenant, noon: datetime, schedule: Json, **fields: Any
) -> Watcher:
    """A published job, watched from the midnight before `noon` on."""
    job = await scheduled(tenant.http, schedule, alert=OPS, **fields)
    watcher = Watcher(resources, tenant, job, noon)
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(
            "UPDATE watches SET since = $2, look_at = $2 WHERE account_id = $1",
            tenant.account_id,
            watcher.at("0:00"),
        )
    return watcher


def hourly(noon: datetime, **fields: Any) -> Json:
    return every("PT1H", noon - 2 * HOUR, **fields)


def ten_past(**fields: Any) -> Json:
    return {"type": "cron", "cron": "10 * * * *", "timezone": "UTC", **fields}
