"""The second wall: row-level security, as seen by the connections the service works with."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import sqlstate_of
from app.core.ids import uuid7
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant

DENIED = "42501"
SWEPT = {
    *("pending_scoring", "pending_resolution", "windows", "lanes", "runs", "status_deltas"),
    *("pending_imports", "pending_runs", "pending_expiries", "pending_copies"),
    *("pending_groups", "pending_deliveries", "webhook_cursors"),
    *("business_clock", "heartbeats", "alembic_version"),
}
_TABLES = text(
    "SELECT relname::text FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
)
_OWNED = text(
    """
    SELECT c.relname::text AS name, c.relrowsecurity AS is_walled,
           (SELECT array_agg(coalesce(p.qual, '')) FROM pg_policies p
             WHERE p.tablename = c.relname AND 'penstock_app' = ANY (p.roles)
               AND p.permissive = 'PERMISSIVE' AND p.cmd = 'ALL') AS conditions
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (a.attname = 'account_id' OR (c.relname = 'accounts' AND a.attname = 'id'))
    """
)
_ROLE = text(
    """
    SELECT r.rolname::text AS name, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcanlogin,
           ARRAY (SELECT c.relname::text FROM pg_class c
                   WHERE c.relnamespace = 'public'::regnamespace
                     AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owned
      FROM pg_roles r WHERE r.rolname = current_user
    """
)


@pytest.fixture
async def sweep(resources: Resources) -> AsyncIterator[AsyncConnection]:
    async with resources.look_everywhere() as connection:
        yield connection


async def test_every_table_of_an_account_is_behind_the_wall(resources: Resources) -> None:
    async with resources.look() as connection:
        tables = (await connection.execute(_OWNED)).all()

    assert len(tables) > 20
    for table in tables:
        assert table.is_walled, table.name
        assert table.conditions is not None, table.name
        assert len(table.conditions) == 1, table.name
        assert "app.account_ids" in table.conditions[0], table.name


async def test_the_wall_is_a_filter_that_no_index_is_taken_for(resources: Resources) -> None:
    """Bare, it misleads the planner; see the migration that put `IS TRUE` around it."""
    async with resources.look() as connection:
        tables = (await connection.execute(_OWNED)).all()

    bare = {table.name for table in tables if not table.conditions[0].endswith("IS TRUE)")}
    assert bare == {"accounts"}


async def test_the_service_works_in_roles_that_cannot_climb_the_wall(resources: Resources) -> None:
    async with resources.look() as app, resources.look_everywhere() as sweep:
        roles = [(await connection.execute(_ROLE)).one() for connection in (app, sweep)]

    assert [role.name for role in roles] == ["penstock_app", "penstock_sweep"]
    for role in roles:
        assert not role.rolsuper
        assert not role.rolbypassrls
        assert not role.rolcreaterole
        assert not role.rolcanlogin
        assert role.owned == []


async def test_a_query_that_forgets_the_account_sees_only_its_own(
    resources: Resources, make_tenant: MakeTenant
) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    people = {tenant.account_id: await a_person(tenant) for tenant in (mine, theirs)}

    async with resources.unit_of_work(mine.account_id) as session:
        connection = await session.connection()
        seen = set((await connection.scalars(text("SELECT id::text FROM people"))).all())
    async with resources.unit_of_work(mine.account_id, theirs.account_id) as session:
        connection = await session.connection()
        both = set((await connection.scalars(text("SELECT id::text FROM people"))).all())

    assert seen == {people[mine.account_id]}
    assert both == set(people.values())


async def test_without_an_account_nothing_is_seen(
    resources: Resources, make_tenant: MakeTenant
) -> None:
    await a_person(await make_tenant())

    async with resources.unit_of_work() as session:
        connection = await session.connection()
        counts = [
            await connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("accounts", "people", "users", "api_keys")
        ]

    assert counts == [0, 0, 0, 0]


async def test_a_write_that_forgets_the_account_changes_only_its_own(
    resources: Resources, make_tenant: MakeTenant
) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    for tenant in (mine, theirs):
        await a_person(tenant)

    async with resources.unit_of_work(mine.account_id) as session:
        connection = await session.connection()
        changed = (await connection.execute(text("UPDATE people SET title = 'VP'"))).rowcount
        deleted = (await connection.execute(text("DELETE FROM people"))).rowcount

    assert (changed, deleted) == (1, 1)
    assert (await theirs.http.get("/v1/people")).json()["items"][0]["title"] is None


async def test_nobody_writes_into_another_account(
    resources: Resources, make_tenant: MakeTenant
) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    row = {"account": theirs.account_id, "id": uuid7()}
    insert = text(
        "INSERT INTO users (account_id, id, name, kind) VALUES (:account, :id, 'eve', 'person')"
    )

    with pytest.raises(ProgrammingError) as refused:
        async with resources.unit_of_work(mine.account_id) as session:
            await (await session.connection()).execute(insert, row)

    assert sqlstate_of(refused.value) == DENIED


async def test_the_sweep_reads_pending_work_and_nothing_else(sweep: AsyncConnection) -> None:
    tables = (await sweep.scalars(_TABLES)).all()

    readable = {table for table in tables if await is_readable(sweep, table)}

    assert readable == SWEPT


@pytest.mark.parametrize("table", ["people", "responses", "api_keys", "campaigns", "users"])
async def test_the_sweep_is_denied_what_people_are(sweep: AsyncConnection, table: str) -> None:
    with pytest.raises(ProgrammingError) as refused:
        await sweep.execute(text(f"SELECT account_id FROM {table} LIMIT 1"))

    assert sqlstate_of(refused.value) == DENIED


async def test_the_sweep_knows_accounts_by_their_id_alone(sweep: AsyncConnection) -> None:
    assert (await sweep.execute(text("SELECT id FROM accounts LIMIT 1"))).one()
    with pytest.raises(ProgrammingError):
        await sweep.execute(text("SELECT name FROM accounts LIMIT 1"))


async def test_the_sweep_knows_of_timetables_when_they_are_due(sweep: AsyncConnection) -> None:
    await sweep.execute(text("SELECT account_id, owner_kind, owner_id, next_at FROM timetables"))
    await sweep.execute(text("SELECT try_again_at FROM timetables"))
    for column in ("schedule", "skip_reason", "pause_reason"):
        with pytest.raises(ProgrammingError):
            await sweep.execute(text(f"SELECT {column} FROM timetables LIMIT 1"))


async def test_the_sweep_knows_of_events_and_endpoints_that_they_are_there(
    sweep: AsyncConnection,
) -> None:
    await sweep.execute(text("SELECT account_id, xid, id FROM events LIMIT 1"))
    await sweep.execute(text("SELECT account_id, id, enabled FROM webhook_endpoints LIMIT 1"))
    for column in ("events.data", "webhook_endpoints.url", "webhook_endpoints.secret"):
        with pytest.raises(ProgrammingError):
            await sweep.execute(text(f"SELECT {column} FROM {column.partition('.')[0]} LIMIT 1"))


@pytest.mark.parametrize("table", sorted(SWEPT))
async def test_the_sweep_writes_nothing(sweep: AsyncConnection, table: str) -> None:
    with pytest.raises(ProgrammingError) as refused:
        await sweep.execute(text(f"DELETE FROM {table}"))

    assert sqlstate_of(refused.value) == DENIED


async def is_readable(connection: AsyncConnection, table: str) -> bool:
    try:
        await connection.execute(text(f"SELECT * FROM {table} LIMIT 1"))
    except ProgrammingError as error:
        if sqlstate_of(error) != DENIED:
            raise
        return False
    return True


async def a_person(tenant: Tenant) -> str:
    made = await tenant.http.post("/v1/people", json={"email": f"{uuid7().hex}@example.com"})
    person: str = made.json()["id"]
    return person
