"""Orders of exports, the deed that a worker does for one, and what is in the files."""

import csv
import json
from collections.abc import Awaitable, Callable
from io import StringIO
from typing import Any
from uuid import UUID

import httpx

from app.core import clock
from app.core.resources import Resources
from app.exports.queries import add_files
from app.exports.writing import Exported, write_export
from tests.conftest import Tenant

Json = dict[str, Any]
OnRows = Callable[[int], Awaitable[None]]


async def order(http: httpx.AsyncClient, **wanted: Any) -> Json:
    """The run of an export that was ordered."""
    answer = await http.post("/v1/exports", json=wanted)
    assert answer.status_code == 202, answer.text
    run: Json = answer.json()
    return run


async def write(
    resources: Resources, tenant: Tenant, run: Json, *, on_rows: OnRows | None = None
) -> Exported:
    """Do what was ordered, and list what came of it."""

    async def go_on(_: int) -> None:
        pass

    account_id, run_id = tenant.account_id, UUID(run["id"])
    async with resources.unit_of_work(account_id) as session:
        now = clock.business_now(session)
    written = await write_export(
        resources, account_id, run_id, run["details"], token=1, now=now, on_rows=on_rows or go_on
    )
    async with resources.unit_of_work(account_id) as session:
        await add_files(session, account_id, run_id, written.files, now=now)
    return written


async def file_of(http: httpx.AsyncClient, run: Json) -> httpx.Response:
    """The only file that the run has left."""
    answer = await http.get(f"/v1/runs/{run['id']}/files")
    assert answer.status_code == 200, answer.text
    (file,) = answer.json()["items"]
    found = await http.get(file["href"])
    assert found.status_code == 200, found.text
    return found


async def exported(resources: Resources, tenant: Tenant, **wanted: Any) -> str:
    """The text of an export, from the order to the file."""
    run = await order(tenant.http, **wanted)
    await write(resources, tenant, run)
    return (await file_of(tenant.http, run)).text


async def rows_of(resources: Resources, tenant: Tenant, **wanted: Any) -> list[dict[str, str]]:
    """The rows of an export as CSV."""
    text = await exported(resources, tenant, **wanted)
    return list(csv.DictReader(StringIO(text, newline="")))


async def objects_of(resources: Resources, tenant: Tenant, **wanted: Any) -> list[Json]:
    """The rows of an export as NDJSON."""
    text = await exported(resources, tenant, **wanted, format="ndjson")
    return [json.loads(line) for line in text.split("\n") if line]
