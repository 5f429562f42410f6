"""Without a sound sandbox no code is run: it is refused, and health says why."""

import asyncio
from datetime import timedelta

import httpx

from app.core.resources import Resources
from app.core.settings import Code, Settings
from tests.code_runs.making import Site, error_of, published
from tests.conftest import Tenant
from workers import maintenance
from workers.bulk import Bulk
from workers.code.fitness import Fitness
from workers.work import Work


async def test_a_missing_bubblewrap_is_said_and_runs_have_failed(
    settings: Settings, tenant: Tenant, anonymous: httpx.AsyncClient
) -> None:
    code = Code(bwrap="/nowhere/bwrap", scratch=settings.code.scratch, unfit_wait=timedelta())
    async with Resources(settings.model_copy(update={"code": code})) as resources:
        work = Work(resources)
        site = Site(tenant, work)
        await work.fitness.look()
        await maintenance.beat(work)
        health = (await anonymous.get("/readyz")).json()["checks"]["code"]
        run = await site.run(await published(tenant.http))
        await maintenance.leave(work)

    assert not work.fitness.is_sound
    assert (health["state"], health["ready"]) == ("refused: no worker has a sound sandbox", True)
    assert "/nowhere/bwrap" in health["facts"]["refusals"][0]
    assert error_of(run) == ("failed", "sandbox_unavailable")
    assert run["details"]["attempts"][0]["started_at"] is None
    assert await site.log(run) == []


class Broken:
    """A driver whose self-test fails as often as it is told."""

    def __init__(self, failures: int) -> None:
        self.left = failures

    async def self_test(self) -> list[str]:
        self.left -= 1
        return ["It leaks."] if self.left >= 0 else []

    async def run(self, *_: object, **__: object) -> None:
        raise AssertionError


async def test_a_doubt_is_looked_into_at_once() -> None:
    driver = Broken(0)
    fitness = Fitness(driver)  # type: ignore[arg-type]  # it runs nothing
    before = (fitness.is_sound, fitness.said)
    await fitness.look()
    sound = (fitness.is_sound, fitness.said)
    driver.left = 1
    await fitness.look()
    still = fitness.is_sound
    fitness.doubt()
    await fitness.look()

    assert (before, sound, still) == ((False, None), (True, ""), True)
    assert (fitness.said, fitness.unfit_seconds > 0) == ("It leaks.", True)


async def test_code_is_left_to_workers_whose_sandbox_is_sound(
    site: Site, settings: Settings
) -> None:
    job = await published(site.http)
    run_id = await site.start(job)
    code = Code(bwrap="/nowhere/bwrap", scratch=settings.code.scratch, unfit_wait=timedelta())
    async with Resources(settings.model_copy(update={"code": code})) as resources:
        work = Work(resources)
        await work.fitness.look()
        await maintenance.beat(site.work)
        looking = asyncio.create_task(Bulk(work).run())
        await asyncio.sleep(0)
        work.is_stopping.set()
        await looking
        await maintenance.leave(site.work)
    waiting = (await site.read(run_id))["state"]

    assert waiting == "queued"
    assert error_of(await site.do(run_id)) == ("succeeded", None)
