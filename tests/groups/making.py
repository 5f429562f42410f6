"""Groups of jobs, and turns of a worker at their runs; jobs' runs end as by their deeds.

ran(group) ─▶ turn: the first job is queued ─▶ ended(…, FAILED) ─▶ turn ─▶ …
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.ids import uuid7
from app.core.resources import Resources
from app.groups import firing
from app.models.states import RunState
from app.runs import cancelling, queue
from tests.conftest import Tenant
from tests.jobs.making import SECRET, Json, add_version, published
from workers.groups import advance_group
from workers.work import Work


async def jobs(http: httpx.AsyncClient, count: int = 3, **fields: Any) -> list[Json]:
    """So many jobs that a group may run, named `job-0` and on."""
    return [await published(http, f"job-{number}", **fields) for number in range(count)]


async def make(http: httpx.AsyncClient, members: Sequence[Any], **fields: Any) -> Json:
    """A group of these, inactive."""
    answer = await asked(http, members, **fields)
    assert answer.status_code == 201, answer.text
    group: Json = answer.json()
    return group


async def asked(http: httpx.AsyncClient, members: Sequence[Any], **fields: Any) -> httpx.Response:
    told = {"name": "nightly", "never_expires": True, **fields}
    listed = [one.get("id", one) for one in members]
    return await http.post("/v1/groups", json=told | {"jobs": listed})


async def active(http: httpx.AsyncClient, members: Sequence[Any], **fields: Any) -> Json:
    group = await make(http, members, **fields)
    return await done(http, group, "activate")


async def done(http: httpx.AsyncClient, group: Json, deed: str) -> Json:
    answer = await http.post(f"/v1/groups/{group['id']}/{deed}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def read(http: httpx.AsyncClient, group: Json) -> Json:
    answer = await http.get(f"/v1/groups/{group['id']}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def change(http: httpx.AsyncClient, group: Json, **fields: Any) -> httpx.Response:
    return await http.patch(f"/v1/groups/{group['id']}", json=fields)


async def started(http: httpx.AsyncClient, group: Json, deed: str = "runs") -> Json:
    """A run of the group that nobody has looked after yet."""
    answer = await http.post(f"/v1/groups/{group['id']}/{deed}")
    assert answer.status_code == 202, answer.text
    run: Json = answer.json()
    return run


async def resumed(http: httpx.AsyncClient, run: Json) -> Json:
    answer = await http.post(f"/v1/runs/{run['id']}/resume")
    assert answer.status_code == 202, answer.text
    found: Json = answer.json()
    return found


async def a_campaign(http: httpx.AsyncClient, **fields: Any) -> Json:
    body = {"code": f"c-{uuid7().hex}", "name": "Spring", **fields}
    answer = await http.post("/v1/campaigns", json=body)
    assert answer.status_code == 201, answer.text
    campaign: Json = answer.json()
    return campaign


async def launched_at(http: httpx.AsyncClient, campaign: Json) -> str | None:
    found: str | None = (await http.get(f"/v1/campaigns/{campaign['id']}")).json()["launched_at"]
    return found


class Stage:
    """A tenant, and a worker that looks after its groups alone."""

    def __init__(self, tenant: Tenant, resources: Resources) -> None:
        self.tenant, self.resources = tenant, resources
        self.work = Work(resources)

    @property
    def http(self) -> httpx.AsyncClient:
        return self.tenant.http

    async def turn(self) -> None:
        """Whatever is called for, until nothing is."""
        while calls := await self.calls():
            for run_id in calls:
                await advance_group(self.work, self.tenant.account_id, run_id)

    async def calls(self) -> list[UUID]:
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            driver = await driver_of(session)
            sql = "SELECT DISTINCT group_run_id FROM pending_groups WHERE account_id = $1"
            rows = await driver.fetch(f"{sql} AND due_at < 'infinity'", self.tenant.account_id)
        return [row["group_run_id"] for row in rows]

    async def read(self, run: Json | str) -> Json:
        run_id = run if isinstance(run, str) else run["id"]
        answer = await self.http.get(f"/v1/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def end_job(self, run: Json, state: RunState = RunState.SUCCEEDED) -> None:
        """End the job that a group's run is at, as its deed would."""
        (step,) = [one for one in (await self.read(run))["steps"] if one["state"] == "running"]
        error = ("went_wrong", "It did.") if state is RunState.FAILED else None
        place = (self.tenant.account_id, UUID(step["run_id"]))
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            assert await queue.end_run(session, *place, state, error=error)

    async def end_other(self, run: Json, state: RunState = RunState.SUCCEEDED) -> None:
        """End a run of a job that is of no group."""
        assert await self.end_if_open(run["id"], state)

    async def end_if_open(self, run_id: str, state: RunState = RunState.SUCCEEDED) -> bool:
        """End a run of a job, unless it has ended."""
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            return await queue.end_run(session, self.tenant.account_id, UUID(run_id), state)

    async def ask_to_stop(self, run: Json) -> None:
        """As a stop does that the job at hand has not seen yet."""
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            place = (session, self.tenant.account_id, UUID(run["id"]))
            assert await cancelling.ask_to_stop(*place, by="ann", reason=None)

    async def give_code(self, job: Json) -> None:
        """Code that nobody runs here."""
        await add_version(self.resources, self.tenant, job, 1)
        answer = await self.http.post(f"/v1/jobs/{job['id']}/versions/1/activate")
        assert answer.status_code == 200, answer.text

    async def go(self, run: Json, *endings: RunState) -> Json:
        """Have its jobs end like this, one after the other; how it stands then."""
        await self.turn()
        for state in endings:
            await self.end_job(run, state)
            await self.turn()
        return await self.read(run)

    async def plan_at(self, now: datetime, *groups: Json) -> int:
        """What a planner does that comes by at this moment."""
        account_id = self.tenant.account_id
        places = [(account_id, UUID(group["id"])) for group in groups]
        async with self.resources.unit_of_work(account_id, purpose=Purpose.FIRES) as session:
            session.info["now"] = now
            return await firing.fire_due(session, places, secret_key=SECRET, now=now)

    async def write(self, sql: str, subject: str, *values: Any) -> None:
        """Write into the tables what no route would, e.g. that time has passed."""
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            await (await driver_of(session)).execute(sql, UUID(subject), *values)

    async def begin_at(self, run_id: str, moment: datetime) -> None:
        """Let a run of a job be at work since then."""
        sql = "UPDATE runs SET state = 'running', started_at = $2 WHERE id = $1"
        await self.write(sql, run_id, moment)

    async def told(self, kind: str) -> list[Json]:
        """The data of the account's events of one type."""
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            driver = await driver_of(session)
            sql = "SELECT data FROM events WHERE account_id = $1 AND type = $2 ORDER BY id"
            rows = await driver.fetch(sql, self.tenant.account_id, kind)
        return [row["data"] for row in rows]

    async def letters(self) -> list[Json]:
        """Messages that were posted, oldest first."""
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            driver = await driver_of(session)
            sql = "SELECT * FROM messages WHERE account_id = $1 ORDER BY id"
            rows = await driver.fetch(sql, self.tenant.account_id)
        return [dict(row) for row in rows]


def states(run: Json) -> list[str]:
    """How each job of the run stands, in their order."""
    return [step["state"] for step in run["steps"]]
