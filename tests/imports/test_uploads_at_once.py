"""An import in one call: the file is the body."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.settings import Settings
from tests.campaigns.making import make_campaign
from tests.conftest import MakeTenant, Tenant
from tests.imports.uploads_making import (
    PEOPLE,
    Json,
    an_upload,
    become,
    content_of,
    digest_of,
    files_of,
    in_chunks,
    put,
    read,
    seen_with,
)

IMPORTS = "/v1/imports"


async def send(
    http: httpx.AsyncClient, content: Any = PEOPLE, *, key: str | None = None, **wanted: Any
) -> httpx.Response:
    """An import of people, unless told; `headers` are sent beside the key."""
    headers = {**wanted.pop("headers", {}), **({"Idempotency-Key": key} if key else {})}
    params = {"object": "people", **wanted}
    return await http.post(IMPORTS, params=params, content=content, headers=headers)


async def uploads_of(http: httpx.AsyncClient) -> list[Json]:
    found: list[Json] = (await http.get("/v1/uploads")).json()["items"]
    return found


async def test_one_call_uploads_and_starts(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    campaign = await make_campaign(http)
    answer = await send(
        http,
        object="responses",
        campaign=campaign["code"],
        operation="insert",
        delimiter="semicolon",
        expected_rows=2,
        on_error="stop_after:7",
    )
    made = answer.json()

    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/runs/{made['run_id']}"
    assert (made["state"], made["size_bytes"]) == ("UploadComplete", len(PEOPLE))
    assert (made["campaign_id"], made["operation"]) == (campaign["id"], "insert")
    assert (made["expected_rows"], made["on_error"]) == (2, {"stop_after": 7})
    assert made["format"]["delimiter"] == "semicolon"
    assert await content_of(resources, tenant, made) == PEOPLE
    assert await read(http, made) == made


@pytest.mark.parametrize(
    ("content_type", "wanted", "found"),
    [
        ("application/x-www-form-urlencoded", {}, ("csv", "comma", "utf-8")),
        ("application/x-ndjson", {}, ("ndjson", "comma", "utf-8")),
        ("application/x-ndjson", {"format": "csv"}, ("csv", "comma", "utf-8")),
        ("text/tab-separated-values", {}, ("csv", "tab", "utf-8")),
        ("text/tab-separated-values", {"delimiter": "pipe"}, ("csv", "pipe", "utf-8")),
        ("text/csv; charset=windows-1252", {}, ("csv", "comma", "cp1252")),
        ("text/csv; charset=utf-16", {"encoding": "latin-1"}, ("csv", "comma", "iso8859-1")),
    ],
)
async def test_the_content_type_says_what_the_address_does_not(
    http: httpx.AsyncClient, content_type: str, wanted: Json, found: tuple[str, str, str]
) -> None:
    answer = await send(http, headers={"Content-Type": content_type}, **wanted)

    kept = answer.json()["format"]
    assert (kept["type"], kept["delimiter"], kept["encoding"]) == found


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"object": "cars"}, "?object"),
        ({"operaton": "insert"}, "?operaton"),
        ({"encoding": "klingon"}, "?encoding"),
        ({"on_error": "stop_after:0"}, "?on_error"),
        ({"object": "responses", "campaign": "none"}, "?campaign"),
        ({"campaign": "none"}, "?campaign"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_and_leaves_nothing(
    http: httpx.AsyncClient, wanted: Json, pointer: str
) -> None:
    answer = await send(http, **wanted)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert await uploads_of(http) == []


async def test_a_campaign_of_another_account_is_not_there(
    http: httpx.AsyncClient, make_tenant: MakeTenant
) -> None:
    theirs = await make_campaign((await make_tenant()).http)

    gists = [
        (answer.status_code, answer.json()["errors"])
        for name in (theirs["id"], theirs["code"], str(uuid7()))
        for answer in [await send(http, object="responses", campaign=name)]
    ]

    assert gists[0] == gists[1] == gists[2]
    assert gists[0][0] == 422


async def test_a_body_that_is_not_what_its_digest_says_starts_nothing(
    http: httpx.AsyncClient, tenant: Tenant, settings: Settings
) -> None:
    answer = await send(http, headers={"Content-Digest": digest_of(b"another")})
    (left,) = await uploads_of(http)

    assert (answer.status_code, answer.json()["code"]) == (422, "content_digest_differs")
    assert (left["state"], left["run_id"]) == ("Aborted", None)
    assert files_of(settings, tenant) == []


async def test_a_body_above_the_limit_starts_nothing(settings: Settings, tenant: Tenant) -> None:
    async with seen_with(settings, tenant, piece=1_000, max_bytes=5_000) as (http, _):
        answer = await send(http, in_chunks([bytes(900)] * 10))
        (left,) = await uploads_of(http)

    assert answer.status_code == 413
    assert left["state"] == "Aborted"
    assert files_of(settings, tenant) == []


async def test_under_the_same_key_the_same_file_is_imported_once(
    http: httpx.AsyncClient, tenant: Tenant, settings: Settings
) -> None:
    first = await send(http, key="k")
    again = await send(http, key="k")
    other = await send(http, PEOPLE + b"more", key="k")
    asked_otherwise = await send(http, key="k", operation="insert")

    assert first.status_code == again.status_code == 202
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.json(), again.headers["Location"]) == (first.json(), first.headers["Location"])
    for refused in (other, asked_otherwise):
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    states = [one["state"] for one in await uploads_of(http)]
    assert sorted(states) == ["Aborted"] * 3 + ["UploadComplete"]
    assert len(files_of(settings, tenant)) == 1
    assert len((await http.get("/v1/runs")).json()["items"]) == 1


async def test_twins_under_one_key_start_one_import(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(send(http, key="k") for _ in range(5)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len((await http.get("/v1/runs")).json()["items"]) == 1


async def test_so_many_imports_may_wait_and_no_more(settings: Settings, tenant: Tenant) -> None:
    async with seen_with(settings, tenant, waiting=3) as (http, _):
        kept = await an_upload(http)
        await put(http, kept, PEOPLE)
        started = [await send(http, key=f"k{n}") for n in range(3)]

        body_read = asyncio.Event()

        async def body() -> Any:
            body_read.set()
            yield PEOPLE

        at_once = await send(http, body())
        step_by_step = await become(http, kept, "UploadComplete")
        repeat = await send(http, key="k1")
        still = await read(http, kept)
        await become(http, started[0].json(), "Aborted")
        later = await become(http, kept, "UploadComplete")

    assert {answer.status_code for answer in started} == {202}
    for refused in (at_once, step_by_step):
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_imports")
        assert int(refused.headers["Retry-After"]) > 0
    assert not body_read.is_set()
    assert repeat.headers["Location"] == started[1].headers["Location"]
    assert (still["state"], later.status_code) == ("Open", 202)


async def test_many_that_start_at_once_do_not_pass_the_limit(
    settings: Settings, tenant: Tenant
) -> None:
    async with seen_with(settings, tenant, waiting=3) as (http, _):
        made = [await an_upload(http) for _ in range(8)]
        answers = await asyncio.gather(*(become(http, one, "UploadComplete") for one in made))

    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 5
