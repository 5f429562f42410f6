"""While a newer version is rolled out beside this one, its runs fail no page of this one's."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import Session, driver_url
from app.core.ids import uuid7
from app.core.pages import position
from app.runs import queries
from app.runs.errors import RunNotFound
from app.runs.schemas import RunFilters
from tests.conftest import Tenant

_ADD = text(
    """
    INSERT INTO runs (account_id, id, kind, state, trigger, attempt, token, queued_at)
    VALUES (:account, :id, :kind, 'queued', :trigger, 0, 0, clock_timestamp())
    """
)


@pytest.mark.parametrize(
    ("kind", "trigger"), [("import", "a new word"), ("a new word", "api"), ("new", "newer")]
)
async def test_a_run_with_words_of_a_newer_version_is_not_there_yet(
    tenant: Tenant, database_url: str, kind: str, trigger: str
) -> None:
    account, known, newer = tenant.account_id, uuid7(), uuid7()
    engine = create_async_engine(driver_url(database_url))
    # What the newer version's migration has widened, and its first run; rolled back.
    async with engine.connect() as connection, connection.begin() as everything:
        for column in ("kind", "trigger"):
            await connection.execute(text(f"ALTER TABLE runs DROP CONSTRAINT ck_runs_{column}"))
        for id_, words in ((known, ("import", "api")), (newer, (kind, trigger))):
            facts = {"account": account, "id": id_, "kind": words[0], "trigger": words[1]}
            await connection.execute(_ADD, facts)
        async with Session(bind=connection) as session:
            at = position(account, "runs", None, 10)

            listed = await queries.list_runs(session, account, at, RunFilters())

            assert [run.id for run in listed] == [known]
            assert (await queries.get_run(session, account, known)).id == known
            with pytest.raises(RunNotFound):
                await queries.get_run(session, account, newer)
        await everything.rollback()
    await engine.dispose()
