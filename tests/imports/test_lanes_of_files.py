"""Rows of one campaign never in two chunks at once; single requests go before those of files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from app.core.settings import Settings
from app.models.states import ResponseStatus
from tests.conftest import Tenant
from tests.imports.imports_making import (
    Site,
    as_csv,
    failures,
    listed,
    order_file,
    run_of,
    take_in,
    until,
)
from tests.imports.uploads_making import seen_with
from tests.people.making import an_email
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    a_campaign,
    as_owner,
    configure,
    post,
    status_of,
)
from workers.imports import do_imports
from workers.runs import work_on_run
from workers.sweep import Sweep
from workers.work import Work


@asynccontextmanager
async def alone_in_a_campaign(database_url: str, tenant: Tenant) -> AsyncIterator[None]:
    """Makes a row fail whose campaign another transaction is writing to; notes who wrote it."""
    name = f"alone_{tenant.account_id.hex}"
    await as_owner(
        database_url,
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NOT pg_try_advisory_xact_lock(hashtextextended(NEW.campaign_id::text, 7)) THEN "
        f"RAISE EXCEPTION 'two at once'; END IF; "
        f"NEW.attributes := jsonb_build_object('writer', pg_backend_pid()); RETURN NEW; END $$",
        f"CREATE TRIGGER {name} BEFORE INSERT ON responses FOR EACH ROW "
        f"WHEN (NEW.account_id = '{tenant.account_id}') EXECUTE FUNCTION {name}()",
    )
    try:
        yield
    finally:
        await as_owner(database_url, f"DROP TRIGGER {name} ON responses", f"DROP FUNCTION {name}()")


async def test_no_two_chunks_of_one_campaign_at_once(
    tenant: Tenant, settings: Settings, database_url: str
) -> None:
    async with (
        seen_with(settings, tenant, chunk_rows=20) as place,
        alone_in_a_campaign(database_url, tenant),
    ):
        site = Site(place.http, place.resources, tenant.account_id)
        codes = [(await a_campaign(site.http))["code"] for _ in range(3)]
        rows = [[codes[n % 3], f"p{n % 400}@example.com"] for n in range(3_000)]
        done = await take_in(site, as_csv(["campaign", "email"], rows), object="responses", hands=4)

        assert await failures(site, done.upload) == []
        assert done.counts == (3_000, 3_000, 0, 0, 0)
        found = await listed(site, "responses")
        assert len({one["attributes"]["writer"] for one in found}) > 1
        engaged = [one for one in found if one["status"] == ResponseStatus.OPEN]
        assert len(engaged) == len({one["person_id"] for one in engaged}) == 400


async def test_two_files_of_one_campaign_at_once(
    tenant: Tenant, settings: Settings, database_url: str
) -> None:
    async with (
        seen_with(settings, tenant, chunk_rows=20) as place,
        alone_in_a_campaign(database_url, tenant),
    ):
        site = Site(place.http, place.resources, tenant.account_id)
        terms = {"object": "responses", "campaign": (await a_campaign(site.http))["code"]}
        contents = [
            as_csv(["email"], [[f"{name}{number}@example.com"] for number in range(500)])
            for name in ("a", "b")
        ]
        both = await asyncio.gather(*(take_in(site, each, **terms) for each in contents))

    assert [done.counts for done in both] == [(500, 500, 0, 0, 0)] * 2


async def test_single_requests_do_not_wait_for_the_end_of_a_file(
    tenant: Tenant, settings: Settings
) -> None:
    async with seen_with(settings, tenant, chunk_rows=50) as place:
        site = Site(place.http, place.resources, tenant.account_id)
        await configure(site.http, ASYNCHRONOUS)
        campaign = await a_campaign(site.http)
        rows = [[f"p{number}@example.com"] for number in range(20_000)]
        terms = {"object": "responses", "campaign": campaign["code"]}
        upload = await order_file(site, as_csv(["email"], rows), **terms)
        work = Work(site.resources)

        async def importing() -> None:
            while not work.is_stopping.is_set():
                await do_imports(work)
                await asyncio.sleep(0)

        at_work = [
            asyncio.create_task(work_on_run(work, site.account_id, UUID(upload["run_id"]))),
            asyncio.create_task(importing()),
            asyncio.create_task(importing()),
            asyncio.create_task(Sweep(work).run()),
        ]
        try:

            async def is_loading() -> bool:
                return bool((await run_of(site, upload))["processed"])

            await until(is_loading)
            single = await post(site.http, campaign, person={"email": an_email()})

            async def is_resolved() -> bool:
                return await status_of(site.http, single) == ResponseStatus.OPEN

            await until(is_resolved)
            run = await run_of(site, upload)
        finally:
            work.is_stopping.set()
            await asyncio.gather(*at_work)

    assert run["state"] == "running"
    assert run["unprocessed"] > 0
