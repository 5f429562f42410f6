"""Files taken in as a worker does it, within the test's own process, and what became of them."""

import asyncio
import contextlib
import csv
import gzip
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import httpx

from app.core.resources import Resources
from app.responses.intake.desk import IntakeBusy
from app.runs import queue
from tests.conftest import Tenant
from tests.imports.uploads_making import Json
from workers.imports import due_import_lanes, import_lane
from workers.runs import work_on_run
from workers.work import Work

ENDED = {"succeeded", "succeeded_with_warnings", "failed", "cancelled"}
COUNTS = ("total", "succeeded", "failed", "skipped", "unprocessed")
_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.02
_ALL = 10_000


class Site(NamedTuple):
    """An account, and the application through which it is seen."""

    http: httpx.AsyncClient
    resources: Resources
    account_id: UUID


class Ended(NamedTuple):
    """A run that has ended, and its upload."""

    run: Json
    upload: Json

    @property
    def counts(self) -> tuple[int, ...]:
        """Total, succeeded, failed, skipped, unprocessed."""
        return tuple(self.run[name] for name in COUNTS)


def site_of(tenant: Tenant, resources: Resources) -> Site:
    return Site(tenant.http, resources, tenant.account_id)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it holds; fail when that takes too long."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110  (the database has no event to wait for)
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def working(site: Site, *, hands: int = 1) -> AsyncIterator[None]:
    """So many workers, for this account's runs and lanes only, while the block lasts."""
    works = [Work(site.resources) for _ in range(hands)]
    at_work = [asyncio.create_task(_work(work, site.account_id)) for work in works]
    try:
        yield
    finally:
        for work in works:
            work.is_stopping.set()
        await asyncio.gather(*at_work)


async def _work(work: Work, account_id: UUID) -> None:
    runs: dict[UUID, asyncio.Task[None]] = {}
    async with work.resources.line() as line:
        while not work.is_stopping.is_set():
            work.bulk_wanted.clear()
            async with work.resources.look_everywhere() as connection:
                places = work.settings.imports.running
                due = await queue.due_runs(connection, places=places, most=_ALL)
                lanes = await due_import_lanes(connection, most=_ALL)
            for owner, run_id in due:
                if owner == account_id and (run_id not in runs or runs[run_id].done()):
                    runs[run_id] = asyncio.create_task(work_on_run(work, owner, run_id))
            for owner, lane_id in lanes:
                if owner == account_id and not work.is_stopping.is_set():
                    # Somebody holds what the rows want; they stay pending, as with any worker.
                    with contextlib.suppress(IntakeBusy):
                        await import_lane(work, line, owner, lane_id)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await work.bulk_wanted.wait()
    await asyncio.gather(*runs.values())


async def order_file(site: Site, content: bytes, **query: Any) -> Json:
    """The upload of a file whose run waits for a worker; of people, unless told."""
    params = {"object": "people", **query}
    answer = await site.http.post("/v1/imports", params=params, content=content)
    assert answer.status_code == 202, answer.text
    upload: Json = answer.json()
    return upload


async def order_upload(site: Site, content: bytes, **fields: Any) -> Json:
    """The same in three calls, for what an address cannot say."""
    made = await site.http.post("/v1/uploads", json=fields)
    assert made.status_code == 201, made.text
    place = made.headers["Location"]
    if "source" not in fields:
        assert (await site.http.put(f"{place}/content", content=content)).status_code == 204
    done = await site.http.patch(place, json={"state": "UploadComplete"})
    assert done.status_code == 202, done.text
    upload: Json = done.json()
    return upload


async def take_in(site: Site, content: bytes, *, hands: int = 1, **query: Any) -> Ended:
    """Send a file in one call, and work until its run has ended."""
    upload = await order_file(site, content, **query)
    async with working(site, hands=hands):
        return await ended(site, upload)


async def take_in_upload(site: Site, content: bytes, **fields: Any) -> Ended:
    upload = await order_upload(site, content, **fields)
    async with working(site):
        return await ended(site, upload)


async def ended(site: Site, upload: Json) -> Ended:
    """The upload and its run once that has ended."""

    async def is_over() -> bool:
        return str((await run_of(site, upload))["state"]) in ENDED

    await until(is_over)
    return Ended(await run_of(site, upload), await get(site, f"uploads/{upload['id']}"))


async def run_of(site: Site, upload: Json) -> Json:
    return await get(site, f"runs/{upload['run_id']}")


async def get(site: Site, path: str, **params: Any) -> Json:
    answer = await site.http.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def listed(site: Site, path: str) -> list[Json]:
    """Everything there is of it, page by page."""
    found: list[Json] = []
    cursor: Json = {}
    while True:
        page = await get(site, path, limit=1000, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def retried(site: Site, run: Json) -> Ended:
    """Run the failed and unprocessed rows of a run again, to the end."""
    answer = await site.http.post(f"/v1/runs/{run['id']}/retry-failed")
    assert answer.status_code == 202, answer.text
    child = answer.json()
    upload = await get(site, f"uploads/{child['upload_id']}")
    async with working(site):
        return await ended(site, upload)


async def text_of(site: Site, upload: Json, which: str, **params: Any) -> str:
    """One of the three files."""
    answer = await site.http.get(f"/v1/uploads/{upload['id']}/{which}", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return answer.text


async def lines_of(site: Site, upload: Json, which: str, **params: Any) -> list[dict[str, str]]:
    """Its rows, by the names of the columns."""
    return list(csv.DictReader(io.StringIO(await text_of(site, upload, which, **params))))


async def failures(site: Site, upload: Json) -> list[tuple[str, str, str]]:
    """Code, column and sentence of each failed row."""
    found = await lines_of(site, upload, "failed")
    return [(one["error_code"], one["error_column"], one["error"]) for one in found]


def line_in(sentence: str) -> int:
    """The line that a sentence begins with."""
    found = re.match(r"line ([0-9]+)[:,]", sentence)
    assert found is not None, sentence
    return int(found[1])


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([columns, *rows])
    return written.getvalue().encode()


def as_table(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Rows with different fields as one file; absent ones are empty cells."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return as_csv(columns, [[row.get(name, "") for name in columns] for row in rows])


def packed(content: bytes) -> bytes:
    # Without a time in it: what is collected twice has to be the same.
    return gzip.compress(content, 1, mtime=0)
