"""The files of a run: listed, downloaded, and nobody else's."""

import gzip

import httpx
import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.exports.making import exported, file_of, order, write
from tests.people.making import an_email, upsert


async def test_an_order_is_answered_with_the_run_that_will_do_it(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/exports", json={"object": "people", "format": "ndjson"})

    run = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/runs/{run['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert (run["kind"], run["state"], run["trigger"]) == ("export", "queued", "api")
    assert (await http.get(answer.headers["Location"])).json()["requested_by"] == "marketo"
    assert (await http.get(f"/v1/runs/{run['id']}/files")).json() == {
        "items": [],
        "next_cursor": None,
    }


async def test_an_order_under_a_key_is_one_order(http: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": uuid7().hex}
    once, again = [
        await http.post("/v1/exports", json={"object": "people"}, headers=key) for _ in range(2)
    ]

    assert (again.status_code, again.json()["id"]) == (202, once.json()["id"])
    assert again.headers["Location"] == once.headers["Location"]


async def test_reading_is_enough_to_export(make_tenant: MakeTenant) -> None:
    reader = await make_tenant(Scope.READ)

    await order(reader.http, object="people")


@pytest.mark.parametrize(
    ("wanted", "name", "media_type"),
    [
        ({}, "people.csv", "text/csv; charset=utf-8"),
        ({"format": "ndjson"}, "people.ndjson", "application/x-ndjson"),
        ({"gzip": True}, "people.csv.gz", "application/gzip"),
        ({"format": "ndjson", "gzip": True}, "people.ndjson.gz", "application/gzip"),
    ],
)
async def test_a_file_is_listed_and_downloaded_as_what_it_is(
    tenant: Tenant, resources: Resources, wanted: dict[str, object], name: str, media_type: str
) -> None:
    await upsert(tenant.http, email=an_email())
    run = await order(tenant.http, object="people", **wanted)
    await write(resources, tenant, run)

    listed = (await tenant.http.get(f"/v1/runs/{run['id']}/files")).json()
    answer = await file_of(tenant.http, run)

    assert listed["next_cursor"] is None
    (file,) = listed["items"]
    assert file == {
        "name": name,
        "media_type": media_type,
        "size_bytes": len(answer.content),
        "created_at": file["created_at"],
        "href": f"/v1/runs/{run['id']}/files/{name}",
    }
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers
    content = gzip.decompress(answer.content) if "gzip" in wanted else answer.content
    assert content.count(b"\n") == (1 if "format" in wanted else 2)


async def test_packed_and_plain_are_the_same(tenant: Tenant, resources: Resources) -> None:
    for _ in range(3):
        await upsert(tenant.http, email=an_email(), title="VP")
    plain = await exported(resources, tenant, object="people")
    run = await order(tenant.http, object="people", gzip=True)
    await write(resources, tenant, run)

    packed = await file_of(tenant.http, run)

    assert gzip.decompress(packed.content).decode() == plain


async def test_what_is_not_there_is_not_found(tenant: Tenant, resources: Resources) -> None:
    run = await order(tenant.http, object="people")
    await write(resources, tenant, run)
    unknown = uuid7()

    for path, code in (
        (f"/v1/runs/{unknown}/files", "run_not_found"),
        (f"/v1/runs/{unknown}/files/people.csv", "run_not_found"),
        (f"/v1/runs/{run['id']}/files/people.json", "run_file_not_found"),
        (f"/v1/runs/{run['id']}/files/..%2Fpeople.csv", "run_file_not_found"),
    ):
        answer = await tenant.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, code), path


async def test_a_file_that_the_store_has_forgotten_is_not_found(
    tenant: Tenant, resources: Resources
) -> None:
    run = await order(tenant.http, object="people")
    written = await write(resources, tenant, run)
    await resources.files.delete(written.files[0].stored_as)

    answer = await tenant.http.get(f"/v1/runs/{run['id']}/files/people.csv")

    assert (answer.status_code, answer.json()["code"]) == (404, "file_gone")


async def test_another_account_finds_neither_the_run_nor_its_file(
    tenant: Tenant, resources: Resources, make_tenant: MakeTenant
) -> None:
    run = await order(tenant.http, object="people")
    await write(resources, tenant, run)
    stranger = await make_tenant()

    for path in (f"/v1/runs/{run['id']}/files", f"/v1/runs/{run['id']}/files/people.csv"):
        answer = await stranger.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
