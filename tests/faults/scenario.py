"""One story that comes by every failpoint: whatever a transaction can be for happens in it.

definitions, an endpoint ─▶ synchronous items ─▶ held, asynchronous, keyed, prompts, a batch,
    two bad rows ─▶ a file of rows, an export, a job with a schedule and an end, a sequence, a group
    ─▶ one window flushed
    ─▶ workers start, the clock is advanced over the end of the other window
"""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.faults.clients import Client
from tests.faults.ground import Ground
from tests.faults.ledger import MARK, Json, Ledger
from tests.faults.services import Door

SMALL = {"scoring_batch_size": 5, "evaluation_batch_size": 5, "owners": ["ada", "grace"]}
HELD: Json = SMALL | {
    "evaluate_score_immediately": False,
    "evaluate_score_asynchronously": True,
    "async_users": [{"user": "marketo", "threshold": 1, "delay": "PT10M"}],
}
RULES: Json = {
    "name": "rules",
    "rules": [
        {
            "name": "came back",
            "points": 7,
            "criteria": {"field": "response.repeat_number", "op": "gt", "value": 1},
        }
    ],
}
CAMPAIGNS = {"spring": 100, "autumn": 40}
ROWS = 200
CADENCE: Json = {
    "name": "hello",
    "object": "lead",
    "enrolment": "automatic",
    "entrance": {"field": "person.email", "op": "is_not_empty"},
    "actions": [
        {
            "type": "email",
            "automatic": True,
            "template": {"subject": "Hello", "body": "Hello {{person.email}}."},
        },
        {"type": "call"},
    ],
}
# No chunk can take what is called so: it fails on its data, at the stage that the name says.
_POISON = (
    """
    CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'cannot be taken'; END $$
    """,
    """
    CREATE TRIGGER poison BEFORE UPDATE ON responses FOR EACH ROW
        WHEN (NEW.external_id = 'poison scoring' AND NEW.scored_at IS NOT NULL
              OR NEW.external_id = 'poison resolution' AND NEW.resolved_at IS NOT NULL)
        EXECUTE FUNCTION poison()
    """,
)


class Story:
    """The clients of one ground, and what they do."""

    def __init__(self, ground: Ground, door: Door, *, hook: str) -> None:
        """Args:
        hook: where events of one account are posted to.
        """
        self.ledger = Ledger()
        self._ground = ground
        self._hook = hook
        self._numbers = count()
        self._held = self._client(door, "acme", "marketo")
        self._other = self._client(door, "acme", "eloqua")
        self._elsewhere = self._client(door, "globex", "marketo")
        self._operator = Client(
            self.ledger, [door], ground.keys.platform, account="", user="operator"
        )

    async def before_the_workers(self) -> None:
        """Everything that needs no worker; it leaves work of every kind behind."""
        for statement in _POISON:
            await self._ground.fetch(statement)
        for client in (self._held, self._elsewhere):
            await self._define(client)
        await self._elsewhere.ask("POST", "/v1/webhook-endpoints", {"url": self._hook}, key="hook")
        await self._synchronous()
        for client in (self._held, self._elsewhere):
            await client.ask("PUT", "/v1/scoring/settings", HELD)
        await self._later()
        await self._elsewhere.file([self._row(number) for number in range(ROWS)], key="file")
        await self._elsewhere.ask("POST", "/v1/exports", {"object": "people"}, key="people")
        await self._plan()
        await self._cadence()
        await self._group()
        await self._flush("spring")

    async def with_the_workers(self) -> None:
        """Move the clock over the end of the window that was not flushed."""
        await self._operator.ask("POST", "/v1/clock/advance", {"by": "PT11M"}, key="eleven minutes")

    async def end(self) -> None:
        for client in (self._held, self._other, self._elsewhere, self._operator):
            await client.leave()

    async def _define(self, client: Client) -> None:
        for code, score in CAMPAIGNS.items():
            body = {"code": code, "name": code, "score": score}
            await client.ask("POST", "/v1/campaigns", body, key=f"campaign {code}")
        rules = await client.ask("POST", "/v1/scoring/rulesets", RULES, key="rules")
        await client.ask("POST", f"/v1/scoring/rulesets/{rules['id']}/activate")
        await client.ask("PUT", "/v1/scoring/settings", SMALL)

    async def _synchronous(self) -> None:
        for number in range(4):
            await self._other.single(self._item("spring", number % 2))
        await self._other.batch([self._item("autumn", number) for number in range(4)])
        await self._elsewhere.single(self._item("spring", 0, member_status="Sent"))

    async def _later(self) -> None:
        singles = [self._held.single(self._item("spring", number)) for number in range(4, 8)]
        await asyncio.gather(*singles[:1])  # alone, so that the window is there
        for single in singles[1:]:
            await single
        await self._held.single(self._item("autumn", 8))
        await self._held.single(self._keyed("spring", 9))
        await self._held.single(self._keyed("autumn", 10, response_prompt=True))
        await self._other.single(self._item("spring", 5, response_prompt=True))
        await self._other.batch([self._item("spring", number % 12) for number in range(30)])
        for stage in ("scoring", "resolution"):
            bad = self._item("autumn", 50, external_id=f"poison {stage}")
            await self._other.batch([self._item("autumn", 51), bad, self._item("autumn", 52)])
        await self._elsewhere.batch([self._item("autumn", number) for number in range(7)])

    async def _plan(self) -> None:
        """A job that is due on the clock's way, and of whose end somebody is to be told."""
        now = datetime.now(UTC)
        job = {
            "name": "nightly",
            "kind": "export",
            "config": {"object": "people"},
            "schedule": {
                "type": "interval",
                "every": "PT1H",
                "starts_at": (now + timedelta(minutes=5)).isoformat(),
            },
            "expires_at": (now + timedelta(days=1)).isoformat(),
            "alert": {"emails": ["ops@example.com"], "on": ["failure", "success", "recovery"]},
        }
        made = await self._elsewhere.ask("POST", "/v1/jobs", job, key="job")
        await self._elsewhere.ask("POST", f"/v1/jobs/{made['id']}/publish", key="publish")

    async def _cadence(self) -> None:
        """A sequence whose batch comes by on the clock's way, and writes to all of them."""
        client = self._elsewhere
        made = await client.ask("POST", "/v1/sequences", CADENCE, key="sequence")
        await client.ask("POST", f"/v1/sequences/{made['id']}/activate", key="activate")
        await client.ask("PATCH", "/v1/batches/lead", {"interval": "PT5M"})

    async def _group(self) -> None:
        """Two jobs one after the other, and what they launch."""
        client = self._elsewhere
        ids = []
        for name in ("first", "second"):
            job = {"name": name, "kind": "export", "config": {"object": "people"}, "ad_hoc": True}
            made = await client.ask("POST", "/v1/jobs", job | {"never_expires": True}, key=name)
            await client.ask("POST", f"/v1/jobs/{made['id']}/publish", key=f"publish {name}")
            ids.append(made["id"])
        campaigns = (await client.ask("GET", "/v1/campaigns"))["items"]
        group = {
            "name": "both",
            "jobs": ids,
            "launch_campaigns": [campaigns[0]["id"]],
            "recipients": ["ops@example.com"],
            "never_expires": True,
        }
        made = await client.ask("POST", "/v1/groups", group, key="group")
        await client.ask("POST", f"/v1/groups/{made['id']}/activate", key="activate group")
        await client.ask("POST", f"/v1/groups/{made['id']}/runs", key="run group")

    async def _flush(self, code: str) -> None:
        campaigns = (await self._held.ask("GET", "/v1/campaigns"))["items"]
        (wanted,) = [campaign["id"] for campaign in campaigns if campaign["code"] == code]
        found = await self._held.ask("GET", f"/v1/windows?open=true&campaign={wanted}")
        for window in found["items"]:
            await self._held.ask("POST", f"/v1/windows/{window['id']}/flush", key=window["id"])

    def _client(self, door: Door, account: str, user: str) -> Client:
        key = self._ground.keys.of[account, user]
        return Client(self.ledger, [door], key, account=account, user=user)

    def _item(self, campaign: str, person: int, **fields: object) -> Json:
        """A response of one of few people, so that they meet."""
        who = {"email": f"p{person}@example.com", "score": person}
        given = {"external_id": f"e{next(self._numbers)}", "campaign": campaign, "person": who}
        return given | fields

    def _row(self, number: int) -> Json:
        """A row of a file: of either campaign, now and then one that cannot be taken in."""
        campaign = "nowhere" if number % 50 == 7 else list(CAMPAIGNS)[number % 2]
        row = self._item(campaign, number % 12)
        return row | ({"person": {"email": "nobody"}} if number % 50 == 9 else {})

    def _keyed(self, campaign: str, person: int, **fields: object) -> Json:
        """One without an external id, to be repeated under an `Idempotency-Key`."""
        item = self._item(campaign, person, attributes={MARK: f"k{person}"}, **fields)
        del item["external_id"]
        return item
