"""Those who have code run all the time: some of it fails, some of it takes longer than a fault."""

import asyncio
import random

from tests.code_runs.making import zipped
from tests.faults.clients import Client, Improper
from tests.faults.ledger import Json, Ledger

# By name: how often it is tried again.
JOBS = {"twice": 1, "once": 0}
RUNS_OF_EACH = 3
_LOOK_SECONDS = 0.2
_ROOM: Json = {
    "executions_per_day": 100_000,
    "invocations_per_job": 100_000,
    "minutes_per_day": 1_000_000,
}
_CODE = zipped("""
    import time

    def main(event):
        print("attempt", event["retry_attempt"], flush=True)
        time.sleep(event["body"]["seconds"])
        if event["retry_attempt"] < event["body"]["failures"]:
            raise ValueError("it is to fail")
        return {"total": 1, "succeeded": 1}
""")


class Programmers:
    """One account's jobs of code, with and without retries, a few runs of each at a time."""

    def __init__(self, ledger: Ledger, client: Client, platform: Client, seed: str) -> None:
        self._ledger = ledger
        self._platform = platform
        self._chance = random.Random(seed)
        self._client = client
        self._ids: dict[str, str] = {}

    async def prepare(self) -> None:
        """Room in the plan, and the jobs, published."""
        client = self._client
        account = await client.ask("GET", "/v1/account")
        await self._platform.ask("PATCH", f"/v1/accounts/{account['id']}/plan", _ROOM)
        for name, retries in JOBS.items():
            told = {"name": name, "kind": "code", "ad_hoc": True, "never_expires": True}
            told["retries"] = retries
            made = await client.ask("POST", "/v1/jobs", told, key=f"job {name}")
            path = f"/v1/jobs/{made['id']}"
            await client.ask("PUT", f"{path}/code", content=_CODE)
            await client.ask("POST", f"{path}/publish", key=f"publish {name}")
            self._ids[name] = made["id"]

    async def run(self, is_over: asyncio.Event) -> None:
        """Start one run after the other of each job, until told to end."""
        async with asyncio.TaskGroup() as together:
            for name in JOBS:
                for place in range(RUNS_OF_EACH):
                    together.create_task(self._run(name, place, is_over))
        for client in (self._platform, self._client):
            await client.leave()

    async def _run(self, name: str, place: int, is_over: asyncio.Event) -> None:
        client, number = self._client.twin(), 0
        while not is_over.is_set():
            number += 1
            body = {
                "seconds": self._chance.choice([0, 0.3, 1.5]),
                "failures": self._chance.choice([0, 0, 1, 2]),
            }
            try:
                path = f"/v1/jobs/{self._ids[name]}/runs"
                run = await client.ask("POST", path, {"body": body}, key=f"{name} {place} {number}")
                await self._follow(client, run, is_over)
            except Improper:  # the ledger has it
                await asyncio.sleep(1)
        await client.leave()

    async def _follow(self, client: Client, run: Json, is_over: asyncio.Event) -> None:
        """Wait for its end; what it has said then, no attempt said twice."""
        while run["state"] in ("queued", "running") and not is_over.is_set():
            await asyncio.sleep(_LOOK_SECONDS)
            run = await client.ask("GET", f"/v1/runs/{run['id']}")
        self._ledger.code.update(one["ending"] for one in run["details"].get("attempts", ()))
        log = await client.ask("GET", f"/v1/runs/{run['id']}/log")
        # Two attempts that fail alike say the same, each for itself.
        said = [(line["attempt"], line["text"]) for line in log["items"]]
        if len(set(said)) < len(said):
            raise client.improper(f"a run said more than its attempts: {run} {said}")
