"""What the clients of a storm do all the time: every way to send, for few people who meet."""

import asyncio
import random
from itertools import count

from tests.faults.clients import Client, Improper
from tests.faults.ground import USERS
from tests.faults.ledger import MARK, Json, Ledger
from tests.faults.storm.programmers import Programmers
from tests.faults.storm.site import Site

CAMPAIGNS = {"spring": 100, "summer": 60, "autumn": 20, "winter": 0}
PEOPLE = 400
CLIENTS_OF_EACH_USER = 3
LOADERS, MOST_ROWS = 2, 120
_LONGEST_PAUSE_SECONDS = 0.03
# How often each happens; the rest are single requests.
_PROMPT, _KEYED, _AGAIN, _TWIN, _READ = 0.05, 0.05, 0.03, 0.02, 0.05
_BATCH, _LARGE_BATCH = 0.04, 0.01
_BAD, _LOOK_SECONDS = 0.02, 0.2
_RULES: Json = {
    "name": "storm",
    "rules": [
        {
            "name": "came back",
            "points": 15,
            "criteria": {"field": "response.repeat_number", "op": "gt", "value": 1},
        }
    ],
}


class Load:
    """The clients, what they have sent, and when they are to end."""

    def __init__(self, site: Site, seed: int) -> None:
        self.ledger = Ledger()
        self._chance = random.Random(f"load {seed}")
        self._is_over = asyncio.Event()
        self._numbers = count()
        self._operators = {
            account: self._client(site, account, "marketo") for account in ("acme", "globex")
        }
        self._senders = [
            self._client(site, account, user)
            for account, user in USERS
            for _ in range(CLIENTS_OF_EACH_USER)
        ]
        # Not of the other account, where lanes alone score what is not synchronous.
        self._loaders = [self._client(site, "globex", "marketo") for _ in range(LOADERS)]
        ground = site.ground
        platform = Client(self.ledger, site.doors, ground.keys.platform, account="", user="op")
        self._programmers = Programmers(
            self.ledger, self._client(site, "globex", "marketo"), platform, f"code {seed}"
        )

    async def prepare(self) -> None:
        """Campaigns and rules of both accounts."""
        for operator in self._operators.values():
            for code, score in CAMPAIGNS.items():
                body = {"code": code, "name": code, "score": score, "repeat_limit": 10_000}
                await operator.ask("POST", "/v1/campaigns", body, key=f"campaign {code}")
            rules = await operator.ask("POST", "/v1/scoring/rulesets", _RULES, key="rules")
            await operator.ask("POST", f"/v1/scoring/rulesets/{rules['id']}/activate")
            await self.change_settings()
        await self._programmers.prepare()

    async def change_settings(self) -> None:
        """Other modes, portions and owners for one of the accounts."""
        chance = self._chance
        document: Json = {
            "evaluate_score_immediately": chance.random() < 0.2,
            "evaluate_score_asynchronously": True,
            "scoring_batch_size": chance.choice([1, 7, 50, 200]),
            "evaluation_batch_size": chance.choice([1, 7, 50, 200]),
            "async_users": [{"user": "marketo", "threshold": 1, "delay": "PT2S"}],
            "threshold": chance.choice([50, 80, 110]),
            "score_grace": chance.choice(["PT0S", "PT1S"]),
            "owners": chance.choice([[], ["ada"], ["ada", "grace", "edsger"]]),
        }
        operator = self._operators[chance.choice(list(self._operators))]
        await operator.ask("PUT", "/v1/scoring/settings", document)

    async def run(self) -> None:
        """Send until told to end; whatever is under way then is brought to its answer."""
        async with asyncio.TaskGroup() as together:
            for sender in self._senders:
                together.create_task(self._send(sender))
            for loader in self._loaders:
                together.create_task(self._load(loader))
            together.create_task(self._programmers.run(self._is_over))
        for client in (*self._senders, *self._loaders, *self._operators.values()):
            await client.leave()

    def end(self) -> None:
        self._is_over.set()

    async def _send(self, client: Client) -> None:
        mine: list[Json] = []
        while not self._is_over.is_set():
            try:
                await self._act(client, mine)
            except Improper:  # the ledger has it
                await asyncio.sleep(1)
            await asyncio.sleep(self._chance.uniform(0, _LONGEST_PAUSE_SECONDS))

    async def _load(self, client: Client) -> None:
        """One file after the other, each once the one before it has ended."""
        while not self._is_over.is_set():
            try:
                rows = [self._row(client) for _ in range(self._chance.randint(1, MOST_ROWS))]
                upload = await client.file(rows, key=f"file {next(self._numbers)}")
                run = {"state": "queued"}
                while run["state"] in ("queued", "running") and not self._is_over.is_set():
                    await asyncio.sleep(_LOOK_SECONDS)
                    run = await client.ask("GET", f"/v1/runs/{upload['run_id']}")
            except Improper:  # the ledger has it
                await asyncio.sleep(1)

    async def _act(self, client: Client, mine: list[Json]) -> None:
        chance = self._chance
        (deed,) = chance.choices(
            ("single", "prompt", "keyed", "again", "twin", "read", "batch", "large"),
            (1, _PROMPT, _KEYED, _AGAIN, _TWIN, _READ, _BATCH, _LARGE_BATCH),
        )
        if deed == "batch":
            await client.batch([self._item(client) for _ in range(chance.randint(2, 20))])
        elif deed == "large":
            await client.batch([self._item(client) for _ in range(chance.randint(21, 300))])
        elif deed == "again" and mine:
            await client.single(chance.choice(mine))
        elif deed == "twin":
            await self._twins(client)
        elif deed == "read" and mine:
            await client.ask("GET", f"/v1/responses/{await self._id_of(client, mine)}")
        elif deed == "keyed":
            await client.single(self._keyed(client))
        else:
            item = self._item(client, response_prompt=deed == "prompt")
            await client.single(item)
            mine.append(item)

    async def _twins(self, client: Client) -> None:
        """The same item over two connections at once."""
        item, twin = self._item(client), client.twin()
        try:
            await asyncio.gather(client.single(item), twin.single(item))
        finally:
            await twin.leave()

    async def _id_of(self, client: Client, mine: list[Json]) -> str:
        """An acknowledged response of this client: it must be there, at once and for ever."""
        return str((await client.single(self._chance.choice(mine)))["id"])

    def _item(self, client: Client, **fields: object) -> Json:
        chance = self._chance
        person: Json = {"email": f"p{chance.randrange(PEOPLE)}@example.com"}
        if chance.random() < 0.2:
            person["external_id"] = f"x{chance.randrange(PEOPLE)}"
        if chance.random() < 0.2:
            person["score"] = chance.randrange(60)
        item: Json = {
            "external_id": f"e{next(self._numbers)}",
            "campaign": chance.choice(list(CAMPAIGNS)),
            "person": person,
        }
        if chance.random() < 0.1:
            item["member_status"] = "Sent"
        return item | fields

    def _row(self, client: Client) -> Json:
        """A row of a file; now and then one that cannot be taken in."""
        chance = self._chance.random()
        if chance < _BAD:
            return self._item(client, campaign="nowhere")
        return self._item(client, **({"person": {"email": "nobody"}} if chance < 2 * _BAD else {}))

    def _keyed(self, client: Client) -> Json:
        item = self._item(client, member_status="Responded")
        item["attributes"] = {MARK: item.pop("external_id")}
        return item

    def _client(self, site: Site, account: str, user: str) -> Client:
        key = site.ground.keys.of[account, user]
        return Client(self.ledger, site.doors, key, account=account, user=user)
