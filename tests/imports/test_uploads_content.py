"""How content arrives: whole, in parts, broken off, twice at once, damaged, too much of it."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from starlette.requests import ClientDisconnect

from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.settings import Settings
from app.imports.uploads.errors import OtherWriter, SenderSilent
from app.imports.uploads.receiving import open_content
from tests.conftest import MakeTenant, Tenant
from tests.imports.uploads_making import (
    PEOPLE,
    an_upload,
    become,
    broken_off,
    content_of,
    digest_of,
    files_of,
    held_back,
    id_of,
    in_chunks,
    offset_of,
    pieces_of,
    put,
    read,
    seen_with,
)

KIB = 1024


async def test_content_is_kept_in_pieces_and_reads_back_as_it_came(
    settings: Settings, tenant: Tenant
) -> None:
    sent = os.urandom(100 * KIB + 17)
    async with seen_with(settings, tenant, piece=16 * KIB) as (http, resources):
        made = await an_upload(http)
        answer = await put(
            http, made, in_chunks([sent[at : at + 5000] for at in range(0, len(sent), 5000)])
        )
        pieces = await pieces_of(resources, tenant, made)

        assert answer.headers["Upload-Offset"] == str(len(sent))
        assert [piece.size_bytes for piece in pieces] == [16 * KIB] * 6 + [4 * KIB + 17]
        assert await content_of(resources, tenant, made) == sent


async def test_content_goes_on_at_its_offset_and_nowhere_else(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    made = await an_upload(http)

    for wrong in ("1", "999999999"):
        refused = await put(http, made, b"x", upload_offset=wrong)
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_offset")
        assert refused.headers["Upload-Offset"] == "0"
    await put(http, made, b"email\n", upload_offset="0")
    await put(http, made, b"ada@", upload_offset="6")
    behind = await put(http, made, b"x", upload_offset="6")
    last = await put(http, made, b"example.com\n", upload_offset="10")

    assert (behind.status_code, behind.headers["Upload-Offset"]) == (409, "10")
    assert last.headers["Upload-Offset"] == "22" == str(await offset_of(http, made))
    assert await content_of(resources, tenant, made) == b"email\nada@example.com\n"


async def test_without_an_offset_the_content_begins_anew(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    made = await an_upload(http)
    await put(http, made, b"the wrong file")
    (before,) = await pieces_of(resources, tenant, made)
    await put(http, made, PEOPLE)

    assert await content_of(resources, tenant, made) == PEOPLE
    assert not await resources.files.exists(before.name)

    await put(http, made, b"")
    assert await offset_of(http, made) == 0
    assert await pieces_of(resources, tenant, made) == []


async def test_what_came_before_a_sender_broke_off_is_kept(
    settings: Settings, tenant: Tenant
) -> None:
    async with seen_with(settings, tenant, piece=4 * KIB) as (_, resources):
        http = tenant.http
        made = await an_upload(http)
        content = await open_content(resources, tenant.account_id, id_of(made), offset=None)
        with pytest.raises(ClientDisconnect):
            await content.take(broken_off(bytes(3 * KIB), bytes(3 * KIB)), digest=None)

        assert await offset_of(http, made) == 6 * KIB
        assert await content_of(resources, tenant, made) == bytes(6 * KIB)


async def test_a_request_that_breaks_off_before_its_first_byte_replaces_nothing(
    resources: Resources, tenant: Tenant
) -> None:
    made = await an_upload(tenant.http)
    await put(tenant.http, made, PEOPLE)
    content = await open_content(resources, tenant.account_id, id_of(made), offset=None)
    with pytest.raises(ClientDisconnect):
        await content.take(broken_off(), digest=None)

    assert await content_of(resources, tenant, made) == PEOPLE


async def test_a_sender_that_falls_silent_has_its_part_kept(
    settings: Settings, tenant: Tenant
) -> None:
    silence = timedelta(milliseconds=50)
    async with seen_with(settings, tenant, silence=silence) as (http, resources):
        made = await an_upload(http)
        content = await open_content(resources, tenant.account_id, id_of(made), offset=0)
        with pytest.raises(SenderSilent):
            await content.take(held_back(b"first", asyncio.Event()), digest=None)

        assert await content_of(resources, tenant, made) == b"first"


async def test_of_two_writers_one_goes_on(settings: Settings, tenant: Tenant) -> None:
    async with seen_with(settings, tenant, piece=KIB) as (http, resources):
        made = await an_upload(http)
        sent = [os.urandom(40 * KIB) for _ in range(6)]
        answers = await asyncio.gather(
            *(put(http, made, in_chunks([one[:KIB], one[KIB:]]), upload_offset="0") for one in sent)
        )

        codes = [answer.status_code for answer in answers]
        assert sorted(codes) == [204] + [409] * 5
        assert await content_of(resources, tenant, made) == sent[codes.index(204)]
        assert len(files_of(settings, tenant)) == len(await pieces_of(resources, tenant, made))


async def test_one_that_began_anew_and_came_as_far_is_not_written_behind(
    resources: Resources, tenant: Tenant
) -> None:
    """The length alone would tell the first writer that nothing had happened."""
    made = await an_upload(tenant.http)
    await put(tenant.http, made, b"first")
    first = await open_content(resources, tenant.account_id, id_of(made), offset=5)
    await put(tenant.http, made, b"other")

    with pytest.raises(OtherWriter):
        await first.take(in_chunks([b" and last"]), digest=None)

    assert await content_of(resources, tenant, made) == b"other"


async def test_an_upload_completed_meanwhile_takes_no_more(
    resources: Resources, tenant: Tenant, settings: Settings
) -> None:
    made = await an_upload(tenant.http)
    is_read, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> AsyncIterator[bytes]:
        yield b"first"
        # Asked for more, so that its writer has begun.
        is_read.set()
        await go_on.wait()

    writing = asyncio.create_task(put(tenant.http, made, first()))
    await is_read.wait()
    await become(tenant.http, made, "UploadComplete")
    go_on.set()
    answer = await writing

    assert (answer.status_code, answer.json()["code"]) == (409, "upload_not_open")
    assert await pieces_of(resources, tenant, made) == []


@pytest.mark.parametrize("form", ["Content-Digest", "Digest"])
async def test_content_that_is_not_what_its_digest_says_is_not_kept(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources, form: str
) -> None:
    made = await an_upload(http)
    await put(http, made, b"email\n", **{form: digest_of(b"email\n")})
    right = digest_of(b"ada@example.com\n").replace(":", "" if form == "Digest" else ":")
    damaged = await put(http, made, b"adam@example.com\n", upload_offset="6", **{form: right})
    sound = await put(http, made, b"ada@example.com\n", upload_offset="6", **{form: right})

    assert (damaged.status_code, damaged.json()["code"]) == (422, "content_digest_differs")
    assert damaged.headers["Upload-Offset"] == "6"
    assert sound.status_code == 204
    assert await content_of(resources, tenant, made) == b"email\nada@example.com\n"


@pytest.mark.parametrize("digest", ["", "md5=:abcd:", "sha-256=:abcd:", "sha-256"])
async def test_a_digest_is_one_that_is_known(http: httpx.AsyncClient, digest: str) -> None:
    made = await an_upload(http)
    answer = await put(http, made, b"x", content_digest=digest)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?Content-Digest"
    assert await offset_of(http, made) == 0


async def test_packed_content_is_kept_packed_if_the_format_knows(http: httpx.AsyncClient) -> None:
    packed, plain = await an_upload(http), await an_upload(http, format={"compression": "none"})

    assert (await put(http, packed, b"x", content_encoding="gzip")).status_code == 204
    for upload, encoding in ((plain, "gzip"), (packed, "br")):
        refused = await put(http, upload, b"x", content_encoding=encoding)
        assert (refused.status_code, refused.json()["code"]) == (415, "content_encoding_refused")


@pytest.mark.parametrize("is_declared", [True, False])
async def test_more_than_an_upload_may_hold_is_refused(
    settings: Settings, tenant: Tenant, is_declared: bool
) -> None:
    async with seen_with(settings, tenant, piece=KIB, max_bytes=10 * KIB) as (http, resources):
        made = await an_upload(http)
        await put(http, made, bytes(8 * KIB))
        sent = bytes(3 * KIB)
        answer = await put(
            http,
            made,
            sent if is_declared else in_chunks([sent[:KIB], sent[KIB:]]),
            upload_offset=str(8 * KIB),
        )

        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert len(await content_of(resources, tenant, made)) <= 10 * KIB


async def test_the_limit_of_other_bodies_is_not_that_of_content(
    settings: Settings, tenant: Tenant
) -> None:
    assert settings.http.max_body == 32 * 2**20
    made = await an_upload(tenant.http)

    answer = await put(tenant.http, made, in_chunks([bytes(2**20)] * 33))

    assert answer.headers["Upload-Offset"] == str(33 * 2**20)


async def test_an_upload_that_something_comes_for_does_not_expire(
    settings: Settings, tenant: Tenant
) -> None:
    made = await an_upload(tenant.http)
    async with seen_with(settings, tenant, open_for=timedelta(days=9)) as (http, _):
        await put(http, made, PEOPLE)

    assert (await read(tenant.http, made))["expires_at"] > made["expires_at"]


async def test_clients_of_tus_are_understood(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    made = await an_upload(http)
    path = f"/v1/uploads/{made['id']}/content"
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}

    first = await http.patch(path, content=b"email\n", headers={**tus, "Upload-Offset": "0"})
    second = await http.patch(path, content=b"ada@x.org", headers={**tus, "Upload-Offset": "6"})
    nowhere = await http.patch(path, content=b"x", headers=tus)
    other = await http.patch(
        path, content=b"x", headers={**tus, "Upload-Offset": "15", "Tus-Resumable": "0.2"}
    )
    typed = await http.patch(
        path, content=b"x", headers={"Upload-Offset": "15", "Content-Type": "text/csv"}
    )

    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "6")
    assert first.headers["Tus-Resumable"] == "1.0.0"
    assert second.headers["Upload-Offset"] == "15"
    assert (nowhere.status_code, nowhere.headers["Upload-Offset"]) == (409, "15")
    assert (other.status_code, other.headers["Tus-Version"]) == (412, "1.0.0")
    assert (typed.status_code, typed.json()["code"]) == (415, "not_offset_content")
    assert await content_of(resources, tenant, made) == b"email\nada@x.org"


async def test_what_another_account_has_takes_nothing(
    http: httpx.AsyncClient, make_tenant: MakeTenant
) -> None:
    made = await an_upload((await make_tenant()).http)

    for upload in (made, {"id": str(uuid7())}):
        answer = await put(http, upload, PEOPLE)
        assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")
        assert (await http.head(f"/v1/uploads/{upload['id']}/content")).status_code == 404
