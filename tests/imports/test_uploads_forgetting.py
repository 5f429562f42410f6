"""Uploads that nobody comes back for, and content that nobody needs any more."""

from datetime import timedelta

import asyncpg
import httpx

from app.core.resources import Resources
from app.core.settings import Settings
from app.imports.uploads.forgetting import forget
from app.models.states import RunState
from tests.conftest import Tenant
from tests.imports.uploads_making import (
    PEOPLE,
    Json,
    an_upload,
    become,
    content_of,
    end_run,
    files_of,
    id_of,
    pieces_of,
    put,
    read,
    seen_with,
)


async def test_an_upload_that_was_forgotten_is_aborted_and_its_content_deleted(
    settings: Settings, tenant: Tenant, resources: Resources
) -> None:
    async with seen_with(settings, tenant, open_for=timedelta()) as (http, _):
        forgotten = await an_upload(http)
        await put(http, forgotten, PEOPLE)
    kept = await an_upload(tenant.http)
    await put(tenant.http, kept, PEOPLE)

    assert await forget(resources, tenant.account_id) == 1
    assert await forget(resources, tenant.account_id) == 0

    assert (await read(tenant.http, forgotten))["state"] == "Aborted"
    assert await pieces_of(resources, tenant, forgotten) == []
    assert (await become(tenant.http, forgotten, "UploadComplete")).status_code == 409
    assert await content_of(resources, tenant, kept) == PEOPLE
    assert len(files_of(settings, tenant)) == 1


async def test_files_whose_rows_were_never_written_go_with_the_upload(
    settings: Settings, tenant: Tenant, resources: Resources
) -> None:
    """As a process leaves them that dies between the two."""
    async with seen_with(settings, tenant, open_for=timedelta()) as (http, _):
        made = await an_upload(http)
        await put(http, made, PEOPLE)
    (piece,) = files_of(settings, tenant)
    (piece.parent / "000000000000000-left").write_bytes(b"nobody knows")

    await forget(resources, tenant.account_id)

    assert files_of(settings, tenant) == []


async def test_rows_of_aborted_uploads_are_forgotten(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    made = await an_upload(http)
    await put(http, made, PEOPLE)
    await become(http, made, "Aborted")

    assert await forget(resources, tenant.account_id) == 1
    assert await pieces_of(resources, tenant, made) == []


async def test_content_stays_for_30_days_after_its_run(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources, database_url: str
) -> None:
    made = await an_upload(http)
    await put(http, made, PEOPLE)
    await become(http, made, "UploadComplete")
    waiting = await forget(resources, tenant.account_id)
    await end_run(resources, tenant, made, RunState.SUCCEEDED)

    await age(database_url, made, days=29)
    early = await forget(resources, tenant.account_id)
    kept = await content_of(resources, tenant, made)
    await age(database_url, made, days=2)
    late = await forget(resources, tenant.account_id)

    assert (waiting, early, late) == (0, 0, 1)
    assert kept == PEOPLE
    assert await pieces_of(resources, tenant, made) == []
    assert (await read(http, made))["size_bytes"] == len(PEOPLE)


async def age(database_url: str, upload: Json, *, days: int) -> None:
    """Let the upload's run have ended so many days earlier."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "UPDATE runs SET finished_at = finished_at - $2::interval WHERE subject_id = $1",
            id_of(upload),
            timedelta(days=days),
        )
    finally:
        await connection.close()
