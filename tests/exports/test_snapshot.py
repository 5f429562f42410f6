"""An export is of one moment: what is changed or added while it is read does not appear."""

import asyncpg
import pytest
from sqlalchemy import text

from app.core.resources import Resources
from app.exports.writing import PAGE_ROWS
from tests.conftest import Tenant
from tests.exports.making import file_of, order, write
from tests.people.making import an_email, upsert

_MANY = text(
    """
    INSERT INTO people (account_id, id, kind, title, score, opted_out, email_opted_out,
                        sms_opted_out, attributes, version, created_at, updated_at)
    SELECT :account, gen_random_uuid(), 'lead', 'before', 0, false, false, false, '{}', 1,
           now(), now() FROM generate_series(1, CAST(:rows AS int))
    """
)


async def many_people(resources: Resources, tenant: Tenant, rows: int) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        connection = await session.connection()
        await connection.execute(_MANY, {"account": tenant.account_id, "rows": rows})


async def test_rows_changed_added_or_deleted_meanwhile_are_exported_as_they_were(
    tenant: Tenant, resources: Resources
) -> None:
    rows = 2 * PAGE_ROWS + 1
    await many_people(resources, tenant, rows)
    seen: list[int] = []

    async def meddle(read: int) -> None:
        seen.append(read)
        if len(seen) > 1:
            return
        async with resources.unit_of_work(tenant.account_id) as session:
            connection = await session.connection()
            await connection.execute(text("UPDATE people SET title = 'after'"))
            await connection.execute(
                text("DELETE FROM people WHERE id = (SELECT max(id::text)::uuid FROM people)")
            )
        await upsert(tenant.http, email=an_email(), title="after")

    run = await order(tenant.http, object="people", columns=["id", "title"])
    written = await write(resources, tenant, run, on_rows=meddle)
    lines = (await file_of(tenant.http, run)).text.splitlines()

    assert seen == [PAGE_ROWS, 2 * PAGE_ROWS, rows]
    assert written.rows == rows
    assert len(lines) == 1 + rows
    assert {line.partition(",")[2] for line in lines[1:]} == {"before"}
    assert len(set(lines)) == len(lines)


async def test_an_export_that_is_broken_off_leaves_nothing(
    tenant: Tenant, resources: Resources
) -> None:
    class Lost(Exception):
        pass

    async def lose(_: int) -> None:
        raise Lost

    await upsert(tenant.http, email=an_email())
    run = await order(tenant.http, object="people")

    with pytest.raises(Lost):
        await write(resources, tenant, run, on_rows=lose)

    stored_as = f"runs/{tenant.account_id}/{run['id']}/1/people.csv"
    assert not await resources.files.exists(stored_as)
    await write(resources, tenant, run)
    assert (await file_of(tenant.http, run)).text.count("\n") == 2


async def test_whoever_waits_for_a_page_says_so_and_may_be_told_to_stop(
    tenant: Tenant, resources: Resources, database_url: str
) -> None:
    class Lost(Exception):
        pass

    said: list[int] = []

    async def lose(rows: int) -> None:
        said.append(rows)
        raise Lost

    await upsert(tenant.http, email=an_email())
    run = await order(tenant.http, object="people")
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("BEGIN; LOCK TABLE people")
        with pytest.raises(Lost):
            await write(resources, tenant, run, on_rows=lose)
    finally:
        await owner.close()

    assert said == [0]
    assert (await write(resources, tenant, run)).rows == 1


async def test_what_else_a_run_keeps_in_its_details_is_no_part_of_the_order(
    tenant: Tenant, resources: Resources
) -> None:
    run = await order(tenant.http, object="runs", to="2026-01-01T00:00:00Z")
    run["details"]["progress"] = {"phase": "reading"}

    assert (await write(resources, tenant, run)).rows == 0
