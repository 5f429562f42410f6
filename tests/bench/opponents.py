"""The rivals put up: each on a database of its own, served by the same server as ours."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BytesIO

from tests.bench import penstock
from tests.bench.errors import Wrong
from tests.bench.sample import CAMPAIGN_SCORE, THRESHOLD
from tests.bench.service import Service
from tests.bench.stand import TEMPLATE, Stand

_SERVED = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
_COLUMNS = """
SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
 WHERE attrelid = 'responses'::regclass AND attnum > 0 AND NOT attisdropped
"""
_NEW_IDS = {"id": "uuidv7() AS id", "person_id": "uuidv7() AS person_id"}
_NAIVE_CAMPAIGN = """
INSERT INTO campaign (code, score, threshold, responses) VALUES ($1, $2, $3, 0)
"""
NAIVE_PENDING = "SELECT EXISTS (SELECT FROM response WHERE status = 'Pending')"
NAIVE_TAKEN_IN = "SELECT count(*) FROM response"
NAIVE_OPEN = "SELECT count(*) FROM response WHERE status LIKE 'Open%' AND external_id = ANY ($1)"


@asynccontextmanager
async def one_insert(stand: Stand) -> AsyncIterator[Service]:
    """A1, frozen: it inserts into a table that is ours, column by column and index by index."""
    await penstock.prepare(stand)
    async with stand.database(template=TEMPLATE) as url:
        service = Service(stand, url)
        async with service.living():
            _serve(service, "tests.bench.rivals.insert:app", {"RIVAL_DATABASE_URL": url})
            await service.until_answering("/docs")
            service.freeze()
            yield service


@asynccontextmanager
async def naive(stand: Stand, campaigns: Sequence[str]) -> AsyncIterator[Service]:
    """A2 and its worker, frozen, with these campaigns."""
    async with stand.database() as url:
        service = Service(stand, url)
        settings = {"RIVAL_DATABASE_URL": url, "RIVAL_REDIS_URL": stand.redis_url()}
        async with service.living():
            _serve(service, "tests.bench.rivals.naive:app", settings)
            service.start(
                "worker", "arq", "tests.bench.rivals.naive_worker.WorkerSettings", settings=settings
            )
            await service.until_answering("/docs")
            for code in campaigns:
                await stand.ask(url, _NAIVE_CAMPAIGN, code, CAMPAIGN_SCORE, THRESHOLD)
            service.freeze()
            yield service


class Copier:
    """A0: COPY of rows that ours has resolved into the same table with the same indexes."""

    def __init__(self, stand: Stand, database_url: str) -> None:
        self._stand = stand
        self._url = database_url

    async def copy(self, of: Service, how_many: int) -> float:
        """Seconds to copy as many of the arm's newest rows; only their ids are new."""
        rows = BytesIO()
        async with self._stand.owner(of.database_url) as source:
            names = await source.fetchval(_COLUMNS)
            chosen = ", ".join(_NEW_IDS.get(name, name) for name in names)
            newest = f"SELECT {chosen} FROM responses ORDER BY responses.id DESC LIMIT {how_many}"
            await source.copy_from_query(newest, output=rows, format="binary")
        rows.seek(0)
        await self._stand.quiet()
        async with self._stand.owner(self._url) as target:
            began = time.perf_counter()
            done = await target.copy_to_table(
                "responses", source=rows, columns=names, format="binary"
            )
            seconds = time.perf_counter() - began
        if done != f"COPY {how_many}":
            raise Wrong(f"{done} instead of {how_many}")
        return seconds


@asynccontextmanager
async def copier(stand: Stand) -> AsyncIterator[Copier]:
    await penstock.prepare(stand)
    async with stand.database(template=TEMPLATE) as url:
        yield Copier(stand, url)


def _serve(service: Service, application: str, settings: dict[str, str]) -> None:
    where = ("--host", "127.0.0.1", "--port", str(service.port))
    service.start("rival", "uvicorn", application, *where, *_SERVED, settings=settings)
