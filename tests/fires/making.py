"""What the tests of planned moments make: jobs with schedules, planners at any moment, the ledger.

Nothing waits: the planner is called with the moment that a test means, as the sweep would later.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.resources import Resources
from app.jobs import firing
from app.models.states import RunState
from app.runs import queue
from tests.conftest import Tenant
from tests.jobs.making import SECRET, Json, done, make, now_of

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Days have room for whatever a test plans, unless it is about that.
ROOMY: Json = {
    "jobs": 1_000,
    "executions_per_day": 100_000,
    "invocations_per_job": 100_000,
    "minutes_per_day": 1_000_000,
    "minimum_gap_minutes": 1,
}


async def next_hour(resources: Resources, tenant: Tenant) -> datetime:
    """A full hour that is at least an hour ahead."""
    now = await now_of(resources, tenant)
    return now.replace(minute=0, second=0, microsecond=0) + 2 * HOUR


async def a_midnight(resources: Resources, tenant: Tenant) -> datetime:
    """One that is at least a day ahead: what is made for it is there in time, whatever the hour."""
    now = await now_of(resources, tenant)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + 2 * DAY


def every(length: str, first: datetime, **fields: Any) -> Json:
    return {"type": "interval", "every": length, "starts_at": first.isoformat(), **fields}


def once(at: datetime, **fields: Any) -> Json:
    return {"type": "once", "starts_at": at.isoformat(), **fields}


async def scheduled(
    http: httpx.AsyncClient, schedule: Json, name: str = "nightly", **fields: Any
) -> Json:
    """A published job with this schedule."""
    return await done(http, await make(http, name, schedule=schedule, **fields), "publish")


async def plan_at(resources: Resources, tenant: Tenant, now: datetime, *jobs: Json) -> int:
    """What a planner does that comes by at this moment."""
    places = [(tenant.account_id, UUID(job["id"])) for job in jobs]
    async with resources.unit_of_work(tenant.account_id, purpose=Purpose.FIRES) as session:
        session.info["now"] = now
        return await firing.fire_due(session, places, secret_key=SECRET, now=now)


async def fires_of(http: httpx.AsyncClient, job: Json, **filters: str) -> list[Json]:
    """The job's lines of the ledger, oldest first."""
    answer = await http.get("/v1/fires", params={"owner": job["id"], "limit": 1000, **filters})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items[::-1]


async def reasons_of(http: httpx.AsyncClient, job: Json) -> list[str]:
    """What became of each moment, oldest first: `ran`, or why not."""
    return [fire["reason"] or fire["outcome"] for fire in await fires_of(http, job)]


async def runs_of(http: httpx.AsyncClient, job: Json) -> list[Json]:
    """The job's runs, oldest first."""
    answer = await http.get("/v1/runs", params={"job": job["id"], "limit": 1000})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items[::-1]


async def end(
    resources: Resources, tenant: Tenant, run: Json, state: RunState = RunState.SUCCEEDED
) -> None:
    """End a run as its deed would."""
    async with resources.unit_of_work(tenant.account_id) as session:
        ended = await queue.end_run(session, tenant.account_id, UUID(run["id"]), state)
    assert ended


async def end_all(resources: Resources, tenant: Tenant, job: Json) -> None:
    """End whatever runs of the job are not over."""
    for run in await runs_of(tenant.http, job):
        if run["state"] in ("queued", "running"):
            await end(resources, tenant, run)


async def told(resources: Resources, tenant: Tenant, kind: str) -> list[Json]:
    """The data of the account's events of one type."""
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        rows = await driver.fetch("SELECT data FROM events WHERE type = $1 ORDER BY id", kind)
    return [row["data"] for row in rows]


def at(fire: Json) -> datetime:
    return datetime.fromisoformat(fire["planned_at"])


async def spoil(resources: Resources, tenant: Tenant, owner: Json) -> None:
    """Make a job, or a group, due by a plan that nobody can read."""
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(
            "UPDATE timetables SET schedule = schedule - 'timezone', try_again_at = NULL,"
            " planned_until = business_now() - interval '2 s',"
            " next_at = business_now() - interval '1 s'"
            " WHERE account_id = $1 AND owner_id = $2",
            *(tenant.account_id, UUID(owner["id"])),
        )
