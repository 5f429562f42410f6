"""What the tests of sequences make."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from app.core.driver import driver_of
from app.core.resources import Resources
from tests.conftest import Tenant
from tests.faults.processes import until
from tests.jobs.making import now_of

Json = dict[str, Any]

# How often batches come by, counted from midnight, unless told otherwise.
GRID, NEAR = timedelta(minutes=30), timedelta(minutes=5)
HELLO = {"subject": "Hello {{person.first_name|there}}", "body": "From {{person.company|us}}."}
EMAIL: Json = {"type": "email", "automatic": True, "template": HELLO}
CALL: Json = {"type": "call", "delay": "P1D", "priority": 5}
OLD_ENOUGH: Json = {"field": "person.score", "op": "gte", "value": 50}


def a_sequence(name: str = "new-leads", **fields: Any) -> Json:
    """A sequence of leads, an e-mail at once and a call a day later, unless told otherwise."""
    return {"name": name, "object": "lead", "actions": [EMAIL, CALL], **fields}


@dataclass(frozen=True)
class Cadences:
    """One account's sequences, participants and batches, seen from outside."""

    tenant: Tenant
    platform: Tenant
    resources: Resources

    @property
    def http(self) -> httpx.AsyncClient:
        return self.tenant.http

    async def ok(self, method: str, path: str, status: int = 200, **options: Any) -> Json:
        answer = await self.http.request(method, f"/v1{path}", **options)
        assert answer.status_code == status, answer.text
        found: Json = answer.json() if answer.content else {}
        return found

    async def make(self, name: str = "new-leads", **fields: Any) -> Json:
        return await self.ok("POST", "/sequences", 201, json=a_sequence(name, **fields))

    async def active(self, name: str = "new-leads", **fields: Any) -> Json:
        made = await self.make(name, **fields)
        return await self.ok("POST", f"/sequences/{made['id']}/activate")

    async def person(self, email: str | None = "ada@example.com", **fields: Any) -> Json:
        named = {"external_id": f"x-{email}"} if email is None else {"email": email}
        answer = await self.http.post("/v1/people", json={**named, **fields})
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    async def put_in(self, sequence: Json, *people: Json) -> list[Json]:
        wanted = {"participants": [{"person": person["id"]} for person in people]}
        path = f"/sequences/{sequence['id']}/participants"
        results: list[Json] = (await self.ok("POST", path, json=wanted))["results"]
        return results

    async def steps(self, sequence: Json, participant_id: str) -> list[Json]:
        path = f"/sequences/{sequence['id']}/participants/{participant_id}"
        found: list[Json] = (await self.ok("GET", path))["actions"]
        return found

    async def participants(self, sequence: Json, **filters: Any) -> list[Json]:
        path = f"/sequences/{sequence['id']}/participants"
        found: list[Json] = (await self.ok("GET", path, params=filters))["items"]
        return found

    async def today(self, **filters: Any) -> list[Json]:
        found: list[Json] = (await self.ok("GET", "/today", params=filters))["items"]
        return found

    async def runs(self, batch: str = "lead") -> list[Json]:
        found: list[Json] = (await self.ok("GET", f"/batches/{batch}/runs"))["items"]
        return found

    async def fires(self, **filters: Any) -> list[Json]:
        asked = {"owner_kind": "batch", "limit": 1000, **filters}
        found: list[Json] = (await self.ok("GET", "/fires", params=asked))["items"]
        return found

    async def mailbox(self) -> list[Json]:
        found: list[Json] = (await self.ok("GET", "/mailbox"))["items"]
        return found

    async def told(self, type_: str) -> list[Json]:
        """What the events of this type say, in their order."""
        async with self.resources.unit_of_work(self.tenant.account_id) as session:
            rows = await (await driver_of(session)).fetch(
                "SELECT data FROM events WHERE account_id = $1 AND type = $2 ORDER BY xid, id",
                *(self.tenant.account_id, type_),
            )
        return [row["data"] for row in rows]

    async def rest(self) -> None:
        """Let no batch come by any more."""
        for sequence in (await self.ok("GET", "/sequences", params={"state": "active"}))["items"]:
            await self.ok("POST", f"/sequences/{sequence['id']}/deactivate")

    async def let_a_near_batch_be_over(self) -> None:
        """Have minutes until a batch may come by: of its moments only those that a test's advance
        passes are in it, although time goes on by itself.
        """
        now = await now_of(self.resources, self.tenant)
        left = GRID - timedelta(minutes=now.minute, seconds=now.second) % GRID
        if left < NEAR:
            await self.advance(f"PT{left.total_seconds():.0f}S")

    async def advance(self, by: str) -> None:
        asked = await self.platform.http.post("/v1/clock/advance", json={"by": by})
        assert asked.status_code in (200, 202), asked.text

        async def has_arrived() -> bool:
            clock = await self.platform.http.get("/v1/clock")
            return not clock.json()["is_advancing"]

        await until(has_arrived)
