"""An installation as its operator and its customers see it: over HTTP, and on its clock."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from app.accounts.provision import issue_key
from app.core.ids import uuid7
from app.core.resources import Resources
from app.demo.sending import connecting
from tests.conftest import ACCOUNT_SCOPES
from tests.faults.ground import Ground
from tests.faults.processes import until

Json = dict[str, Any]

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Room for whatever a test plans, unless it is about that.
ROOMY: Json = {
    "jobs": 1_000,
    "executions_per_day": 100_000,
    "invocations_per_job": 100_000,
    "minutes_per_day": 1_000_000,
    "minimum_gap_minutes": 1,
}
ENDED = ("succeeded", "succeeded_with_warnings", "failed", "cancelled")
EXPORT: Json = {"object": "people", "format": "ndjson"}


@dataclass
class Customer:
    """An account, seen through a key that has every scope of one."""

    http: httpx.AsyncClient
    id: str
    key: str
    jobs: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, *, status: int = 200, **told: Any) -> Any:
        """The content of an answer with this status."""
        answer = await self.http.request(method, f"/v1{path}", **told)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str, **told: Any) -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = await self.http.request(method, f"/v1{path}", **told)
        return answer.status_code, str(answer.json().get("code"))

    async def job(self, name: str = "nightly", **fields: Any) -> Json:
        """A job that exports, if nothing else is told; a draft."""
        told = {"name": name, "kind": "export", "ad_hoc": True, "never_expires": True, **fields}
        if told["kind"] == "export":
            told.setdefault("config", EXPORT)
        job: Json = await self.ask("POST", "/jobs", status=201, json=told)
        self.jobs.append(job["id"])
        return job

    async def published(self, name: str = "nightly", **fields: Any) -> Json:
        job = await self.job(name, **fields)
        done: Json = await self.ask("POST", f"/jobs/{job['id']}/publish")
        return done

    async def with_code(self, code: bytes, name: str = "nightly", **fields: Any) -> Json:
        """A published job of this zip."""
        job = await self.job(name, kind="code", **fields)
        await self.ask("PUT", f"/jobs/{job['id']}/code", content=code)
        done: Json = await self.ask("POST", f"/jobs/{job['id']}/publish")
        return done

    async def start(self, job: Json, body: Any = None) -> Json:
        told = {"body": body}
        run: Json = await self.ask("POST", f"/jobs/{job['id']}/runs", status=202, json=told)
        return run

    async def run(self, run: Json) -> Json:
        found: Json = await self.ask("GET", f"/runs/{run['id']}")
        return found

    async def ended(self, run: Json) -> Json:
        """The run, once it has ended."""

        async def is_over() -> bool:
            return (await self.run(run))["state"] in ENDED

        await until(is_over)
        return await self.run(run)

    async def begun(self, run: Json) -> None:
        """Wait until a worker has the run."""

        async def is_at_work() -> bool:
            return bool((await self.run(run))["state"] == "running")

        await until(is_at_work)

    async def says(self, run: Json, text: str) -> None:
        """Wait until a line of the run's log is this text."""

        async def is_said() -> bool:
            return text in await self.texts(run)

        await until(is_said)

    async def texts(self, run: Json) -> list[str]:
        found = await self.ask("GET", f"/runs/{run['id']}/log", params={"limit": 1000})
        return [line["text"] for line in found["items"]]

    async def all_of(self, path: str, **params: Any) -> list[Json]:
        """Every item of a list, the oldest first."""
        found: list[Json] = []
        told: Json = {"limit": 1000, **params}
        while True:
            page = await self.ask("GET", path, params=told)
            found += page["items"]
            if page["next_cursor"] is None:
                return found[::-1]
            told["cursor"] = page["next_cursor"]

    async def fires(self, job: Json) -> list[Json]:
        return await self.all_of("/fires", owner=job["id"])

    async def runs(self, job: Json) -> list[Json]:
        return await self.all_of("/runs", job=job["id"])

    async def until_runs(self, job: Json, count: int) -> list[Json]:
        """The job's runs, once there are so many."""

        async def are_there() -> bool:
            return len(await self.runs(job)) >= count

        await until(are_there)
        return await self.runs(job)

    async def minutes(self) -> Json:
        found: Json = (await self.ask("GET", "/account/limits"))["minutes"]
        return found

    async def leave(self) -> None:
        """End what runs and what is planned, so that nothing of it is due any more."""
        for job_id in self.jobs:
            for run in await self.all_of("/runs", job=job_id):
                if run["state"] not in ENDED:
                    await self.http.post(f"/v1/runs/{run['id']}/cancel")
                    await self.ended(run)
            await self.http.delete(f"/v1/jobs/{job_id}")
        await self.http.aclose()


@dataclass(frozen=True)
class Installation:
    """An API and its workers; `operator` moves the clock and changes plans."""

    ground: Ground
    resources: Resources
    port: int
    operator: httpx.AsyncClient

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def a_customer(self, **plan: Any) -> Customer:
        name = f"account {uuid7().hex}"
        key = str(
            await issue_key(self.resources, account=name, user="marketo", scopes=ACCOUNT_SCOPES)
        )
        http = connecting(self.url, key)()
        customer = Customer(http, (await http.get("/v1/account")).json()["id"], key)
        await self.plan(customer, **plan)
        return customer

    async def plan(self, customer: Customer, **limits: Any) -> None:
        answer = await self.operator.patch(f"/v1/accounts/{customer.id}/plan", json=limits)
        assert answer.status_code == 200, answer.text

    async def now(self) -> datetime:
        answer = await self.operator.get("/v1/clock")
        return datetime.fromisoformat(answer.json()["now"])

    async def advance(self, by: timedelta | None = None, *, to: datetime | None = None) -> None:
        """Move the clock, and wait until it is there, however long that takes."""
        told = {"to": to.isoformat()} if to else {"by": f"PT{(by or DAY).total_seconds():g}S"}
        answer = await self.operator.post("/v1/clock/advance", json=told)
        assert answer.status_code in (200, 202), answer.text

        async def has_arrived() -> bool:
            return not (await self.operator.get("/v1/clock")).json()["is_advancing"]

        await until(has_arrived)

    async def at_noon(self) -> datetime:
        """Move to the next noon in UTC; from there a day is far from over."""
        now = await self.now()
        noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
        # One that is a moment ahead would be over before the clock is asked to go there.
        await self.advance(to=noon if noon > now + MINUTE else noon + DAY)
        return await self.now()

    async def step(self, by: timedelta) -> None:
        """Put the clock forward or back at once, as an accident would; nobody is asked."""
        await self.ground.fetch(
            f'UPDATE business_clock SET "offset" = "offset" + interval \'{by.total_seconds()} s\''
        )

    async def until_counted(self, sql: str, least: int) -> None:
        """Wait until the database counts so many."""

        async def is_there() -> bool:
            await asyncio.sleep(0.1)  # a count is dear
            return await self.ground.count(sql) >= least

        await until(is_there)
