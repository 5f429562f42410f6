"""Uploads kept in a bucket, and a bucket that is away."""

import os

import pytest

from app.core.files.errors import FilesUnavailable
from app.core.files.opening import is_readable, mark, store_of
from app.core.settings import Files, Settings
from app.imports.uploads.forgetting import forget
from tests.conftest import Tenant
from tests.files.making import content, whole
from tests.imports.uploads_making import an_upload, become, content_of, in_chunks, put, seen_with
from tests.ports import free_port


async def test_an_upload_is_kept_in_a_bucket_and_forgotten_there(
    settings: Settings, tenant: Tenant, in_bucket: Files
) -> None:
    in_s3, sent = settings.model_copy(update={"files": in_bucket}), os.urandom(50_000)
    async with seen_with(in_s3, tenant, piece=20_000) as (http, resources):
        made = await an_upload(http)
        answer = await put(http, made, in_chunks([sent[:30_000], sent[30_000:]]))
        kept = await content_of(resources, tenant, made)
        await become(http, made, "Aborted")
        forgotten = await forget(resources, tenant.account_id)

    assert answer.headers["Upload-Offset"] == "50000"
    assert kept == sent
    assert forgotten == 1


async def test_a_bucket_that_is_away_is_unavailable_and_no_reason_not_to_start(
    in_bucket: Files,
) -> None:
    away = store_of(in_bucket.model_copy(update={"endpoint": f"http://127.0.0.1:{free_port()}"}))

    with pytest.raises(FilesUnavailable):
        await away.write("one", content(b"1"))
    with pytest.raises(FilesUnavailable):
        await whole(away, "one")
    await mark(away)
    assert not await is_readable(away)


async def test_a_bucket_that_is_not_there_is_unavailable(in_bucket: Files) -> None:
    with pytest.raises(FilesUnavailable):
        await store_of(in_bucket.model_copy(update={"url": "s3:none"})).write("one", content(b"1"))
