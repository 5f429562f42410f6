"""Giving an import up in the middle: what is done stays, the rest is unprocessed, to the row."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from app.core.resources import Resources
from app.core.settings import Settings
from tests.conftest import Tenant
from tests.imports.imports_making import (
    Ended,
    Site,
    as_csv,
    ended,
    get,
    lines_of,
    listed,
    order_file,
    retried,
    run_of,
    site_of,
    take_in,
    until,
    working,
)
from tests.imports.uploads_making import Json, become, seen_with
from tests.people.making import upsert
from tests.responses.engine_making import a_campaign

EMAILS = [f"p{number}@example.com" for number in range(100)]
CONTENT = as_csv(["email"], [[email] for email in EMAILS])
HELD = EMAILS[55]
WAYS = ["upload", "run"]


async def abort(site: Site, upload: Json, way: str) -> httpx.Response:
    if way == "run":
        return await site.http.post(f"/v1/runs/{upload['run_id']}/cancel")
    return await become(site.http, upload, "Aborted")


async def is_accounted_for(site: Site, done: Ended) -> list[str]:
    """Every row is in exactly one file and one count, and only the good ones left anything.

    Returns:
        the addresses that succeeded.
    """
    good, bad, left = [
        [one["email"] for one in await lines_of(site, done.upload, which)]
        for which in ("successful", "failed", "unprocessed")
    ]
    assert sorted(good + bad + left) == sorted(EMAILS)
    total, succeeded, failed, skipped, unprocessed = done.counts
    assert (total, unprocessed, failed) == (len(EMAILS), len(left), len(bad))
    assert succeeded + skipped == len(good)
    assert done.run["processed"] == total - unprocessed
    assert {one["email"] for one in await listed(site, "people")} - {HELD} == set(good) - {HELD}
    assert (done.run["state"], done.upload["state"]) == ("cancelled", "Aborted")
    assert done.upload["counts"]["unprocessed"] == unprocessed
    return good


@asynccontextmanager
async def holding(database_url: str, site: Site, email: str) -> AsyncIterator[asyncpg.Connection]:
    """Keeps everybody else from a person while the block lasts; yields who looks on meanwhile."""
    connection, onlooker = [await asyncpg.connect(database_url) for _ in range(2)]
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "SELECT FROM people WHERE account_id = $1 AND email = $2 FOR UPDATE", site.account_id, email
    )
    try:
        yield onlooker
    finally:
        await transaction.rollback()
        for each in (connection, onlooker):
            await each.close()


async def waiting(onlooker: asyncpg.Connection, how_many: int) -> None:
    """Until so many transactions wait for a lock."""

    async def do_they() -> bool:
        found: int = await onlooker.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            "   AND datname = current_database()"
        )
        return found >= how_many

    await until(do_they)


@pytest.mark.parametrize("way", WAYS)
async def test_before_a_worker_has_begun(tenant: Tenant, resources: Resources, way: str) -> None:
    site = site_of(tenant, resources)
    upload = await order_file(site, CONTENT)

    answer = await abort(site, upload, way)
    other = await take_in(site, as_csv(["email"], [["other@example.com"]]))
    done = await ended(site, upload)

    assert answer.status_code == 200
    assert (done.run["state"], done.upload["state"]) == ("cancelled", "Aborted")
    assert done.run["started_at"] is None
    assert done.run["total"] is None
    assert other.counts == (1, 1, 0, 0, 0)
    assert [one["email"] for one in await listed(site, "people")] == ["other@example.com"]


@pytest.mark.parametrize("way", WAYS)
async def test_while_a_chunk_is_in_flight(
    tenant: Tenant, settings: Settings, database_url: str, way: str
) -> None:
    async with seen_with(settings, tenant, chunk_rows=10) as place:
        site = Site(place.http, place.resources, tenant.account_id)
        await upsert(site.http, email=HELD)
        upload = await order_file(site, CONTENT)
        async with working(site):
            async with holding(database_url, site, HELD) as held:
                await waiting(held, 1)
                aborting = asyncio.create_task(abort(site, upload, way))
                await waiting(held, 2)
            answer = await aborting
            done = await ended(site, upload)
            good = await is_accounted_for(site, done)
            other = await take_in(site, as_csv(["email"], [["other@example.com"]]))
            assert other.counts == (1, 1, 0, 0, 0)
        # Whatever the worker still had at hand came to nothing.
        assert {one["email"] for one in await listed(site, "people")} - {HELD} == (
            {*good, "other@example.com"} - {HELD}
        )
        assert await ended(site, upload) == done

    assert answer.status_code == 200
    assert 50 <= len(good) < 100


@pytest.mark.parametrize("way", WAYS)
async def test_between_chunks_of_several_campaigns(
    tenant: Tenant, settings: Settings, way: str
) -> None:
    async with seen_with(settings, tenant, chunk_rows=1) as place:
        site = Site(place.http, place.resources, tenant.account_id)
        codes = [(await a_campaign(site.http))["code"] for _ in range(4)]
        rows = [[codes[at % 4], email] for at, email in enumerate(EMAILS)]
        terms = {"object": "responses"}
        upload = await order_file(site, as_csv(["campaign", "email"], rows), **terms)

        async def is_under_way() -> bool:
            return bool(await listed(site, "people"))

        async with working(site, hands=3):
            await until(is_under_way)
            answer = await abort(site, upload, way)
            done = await ended(site, upload)
        good = await is_accounted_for(site, done)
        assert len(await listed(site, "responses")) == len(good)

    assert answer.status_code == 200
    assert 0 < len(good) < 100


async def test_what_was_aborted_can_be_retried_to_its_end(
    tenant: Tenant, settings: Settings, database_url: str
) -> None:
    async with seen_with(settings, tenant, chunk_rows=10) as place:
        site = Site(place.http, place.resources, tenant.account_id)
        await upsert(site.http, email=HELD)
        upload = await order_file(site, CONTENT)
        async with working(site), holding(database_url, site, HELD) as held:
            await waiting(held, 1)
            aborting = asyncio.create_task(abort(site, upload, "upload"))
            await waiting(held, 2)
        await aborting
        first = await ended(site, upload)
        good = await is_accounted_for(site, first)

        child = await retried(site, first.run)

        assert child.counts[0] == 100 - len(good)
        assert child.counts[4] == 0
        numbers = [int(one["row"]) for one in await lines_of(site, child.upload, "successful")]
        assert numbers == list(range(len(good) + 1, 101))
        assert {one["email"] for one in await listed(site, "people")} == set(EMAILS)


async def test_what_has_ended_cannot_be_aborted(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    done = await take_in(site, CONTENT)

    answers = [await abort(site, done.upload, way) for way in WAYS]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (409, "wrong_upload_state"),
        (409, "import_over"),
    ]
    assert (await run_of(site, done.upload)) == done.run


async def test_an_abort_can_be_repeated_and_a_cancel_cannot(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    upload = await order_file(site, CONTENT)
    await abort(site, upload, "run")

    again = [await abort(site, upload, way) for way in WAYS]

    assert [one.status_code for one in again] == [200, 409]
    assert again[0].json()["state"] == "Aborted"
    assert again[1].json()["code"] == "import_over"
    assert (await get(site, f"runs/{upload['run_id']}"))["details"]["cancelled_by"] == "marketo"
